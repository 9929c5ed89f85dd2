// RpcService: one service of the API on grpcpp. It walks the service's descriptor and binds each
// method to the command table, as generated code would bind it to a class; a method that nothing
// answers ends the process at startup. The only place that touches grpc::internal.
#ifndef KVICK_SERVER_RPC_SERVICE_H_
#define KVICK_SERVER_RPC_SERVICE_H_

#include <grpcpp/impl/service_type.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/commands/command_table.h"
#include "server/metrics/call_metrics.h"
#include "server/processor/executor.h"
#include "server/processor/processor.h"
#include "server/rpc/pipeline_registry.h"
#include "server/rpc/unread_replies.h"

namespace kvick::server {

// What all adapters need. Everything outlives the services.
struct RpcContext {
  const CommandTable& table;
  Processor& processor;
  CallMetrics& metrics;
  Executor& executor;           // for pipelines whose operation has waited
  PipelineRegistry& pipelines;  // those that are open
  UnreadReplies& unread;        // answers that clients have not taken
};

class RpcService final : public grpc::Service {
 public:
  // `name` is the full name of the service.
  RpcService(std::string_view name, const RpcContext& context,
             const std::vector<uint32_t>& command_metrics);

 private:
  void Bind(int index, const google::protobuf::MethodDescriptor& method, const RpcContext& context,
            const std::vector<uint32_t>& command_metrics);

  std::deque<std::string> method_names_;  // "/kvick.v1.ListService/Push"; grpcpp keeps pointers
};

// All services of the table. Registers every method and command with the metrics.
std::vector<std::unique_ptr<grpc::Service>> MakeServices(const RpcContext& context);

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_SERVICE_H_
