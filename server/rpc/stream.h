// Server-streaming calls on grpcpp.
#ifndef KVICK_SERVER_RPC_STREAM_H_
#define KVICK_SERVER_RPC_STREAM_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "server/rpc/service.h"

namespace kvick::server {

// Answers a call with the frames of the stream command's source, one at a time.
grpc::ServerWriteReactor<grpc::ByteBuffer>* ServeStream(const StreamCommand& command,
                                                        uint32_t call_metric,
                                                        const RpcContext& context,
                                                        const grpc::CallbackServerContext& call,
                                                        const grpc::ByteBuffer& request);

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_STREAM_H_
