// CommandService.Pipeline on grpcpp.
#ifndef KVICK_SERVER_RPC_PIPELINE_H_
#define KVICK_SERVER_RPC_PIPELINE_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <vector>

#include "server/rpc/service.h"

namespace kvick::server {

// Serves one pipeline. `command_metrics` by Command::index().
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ServePipeline(
    uint32_t call_metric, const std::vector<uint32_t>& command_metrics, const RpcContext& context,
    const grpc::CallbackServerContext& call);

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_PIPELINE_H_
