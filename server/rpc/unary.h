// Unary calls on grpcpp.
#ifndef KVICK_SERVER_RPC_UNARY_H_
#define KVICK_SERVER_RPC_UNARY_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "server/rpc/service.h"

namespace kvick::server {

// A method and what counts it.
struct UnaryMethod {
  const Command* command;
  uint32_t call_metric;
  uint32_t command_metric;
};

// Answers a call: at once on this thread, or later when it waits.
grpc::ServerUnaryReactor* ServeUnary(const UnaryMethod& method, const RpcContext& context,
                                     grpc::CallbackServerContext* call,
                                     const grpc::ByteBuffer& request, grpc::ByteBuffer* response);

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_UNARY_H_
