// Assembly: the parts of one server put together, from the store to the services, without anything
// of sockets. main.cc makes one from the settings.
#ifndef KVICK_SERVER_ASSEMBLY_H_
#define KVICK_SERVER_ASSEMBLY_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "kvick/v1/admin.pb.h"
#include "server/commands/command_table.h"
#include "server/config/config.h"
#include "server/metrics/call_metrics.h"
#include "server/metrics/server_statistics.h"
#include "server/processor/executor.h"
#include "server/processor/expirer.h"
#include "server/processor/processor.h"
#include "server/processor/timers.h"
#include "server/pubsub/hub.h"
#include "server/rpc/pipeline_registry.h"
#include "server/rpc/server.h"
#include "server/rpc/service.h"
#include "storage/store.h"

namespace kvick::server {

// Thread safe after construction. Outlives every call of its services.
class Assembly {
 public:
  // `grpc`, which has been created and not yet started, outlives this.
  Assembly(const Config& config, const GrpcServer& grpc);
  Assembly(const Assembly&) = delete;
  Assembly& operator=(const Assembly&) = delete;

  // The services, to be given to GrpcServer::Start.
  std::vector<NamedService> services() const;
  const CallMetrics& metrics() const { return metrics_; }
  // What /metrics shows.
  ServerStatistics Gather();
  // Ends the calls that would go on for ever, for GrpcServer::Drain: those that wait, those that
  // subscribe and, between two frames, pipelines get UNAVAILABLE `SHUTTING_DOWN`.
  void EndStreams();

 private:
  void RegisterCommands();
  void RegisterPubSub();
  void FillServerInfo(v1::AdminGetServerInfoResponse* response) const;
  void FillStatistics(v1::AdminGetStatisticsResponse* response);
  std::vector<v1::Connection> Connections(int64_t after, size_t limit) const;
  void Tick();

  const Config config_;
  const GrpcServer& grpc_;
  const absl::Time start_;
  const std::string run_id_;

  storage::Store store_;
  Processor processor_;
  PubSubHub hub_;
  CommandTable table_;
  CallMetrics metrics_;
  PipelineRegistry pipelines_;
  const RpcContext rpc_context_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  Executor executor_;  // uses what is above, even after the last call has ended
  Expirer expirer_;
  Timers timers_;  // last: its thread uses everything above
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_ASSEMBLY_H_
