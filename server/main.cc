// kvick-server: settings and wiring.
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "fmt/format.h"
#include "server/assembly.h"
#include "server/config/address_file.h"
#include "server/config/config.h"
#include "server/config/log.h"
#include "server/config/signals.h"
#include "server/metrics/exposition.h"
#include "server/metrics/http_server.h"
#include "server/rpc/library_log.h"
#include "server/rpc/server.h"
#include "storage/base/status_macros.h"
#include "storage/base/strings.h"

namespace kvick::server {
namespace {

// Exit statuses.
constexpr int kFailed = 1;
constexpr int kBadSettings = 2;

// Tells the world where the server listens.
absl::Status Announce(const Config& config, const GrpcServer& grpc,
                      const std::vector<std::string>& http) {
  if (!config.address_file.empty()) {
    RETURN_IF_ERROR(WriteAddressFile(config.address_file, grpc.addresses(), http));
  }
  LogFields fields;
  for (const std::string& address : grpc.addresses()) {
    fields.emplace_back("grpc", address);
  }
  for (const std::string& address : http) {
    fields.emplace_back("http", address);
  }
  fields.emplace_back("version", std::string(ServerVersion()));
  Log(LogLevel::kInfo, "ready", fields);
  return absl::OkStatus();
}

void WaitForEnd(const GrpcServer& grpc, const EndSignals& signals) {
  const int number = signals.Wait();
  signals.EndAtOnceOnNext();
  Log(LogLevel::kInfo, "draining",
      {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"},
       {"connections", std::to_string(grpc.connections().count())}});
}

// Serves until a signal ends it.
absl::Status Serve(const Config& config, const EndSignals& signals) {
  ASSIGN_OR_RETURN(const std::unique_ptr<GrpcServer> grpc, GrpcServer::Create(config));
  Assembly assembly(config, *grpc);
  std::unique_ptr<HttpServer> http;
  if (!config.http_listen.empty()) {
    const auto exposition = std::make_shared<Exposition>(
        &assembly.metrics(), [&assembly] { return assembly.Gather(); },
        std::map<std::string, std::string>{{"version", std::string(ServerVersion())},
                                           {"grpc_version", GrpcVersion()}});
    ASSIGN_OR_RETURN(http,
                     HttpServer::Start(config.http_listen, exposition,
                                       {[] { return true; }, [&grpc] { return grpc->serving(); }}));
  }
  // From here on nothing returns before it has drained, since the services go first.
  RETURN_IF_ERROR(grpc->Start(assembly.services()));
  const absl::Status announced =
      Announce(config, *grpc, http == nullptr ? std::vector<std::string>() : http->addresses());
  if (announced.ok()) {
    WaitForEnd(*grpc, signals);
  }
  grpc->Drain(
      announced.ok() ? config.drain_timeout : absl::ZeroDuration(),
      [&assembly] { assembly.EndStreams(); },
      [&assembly] { return assembly.metrics().HasCallsUnderWay(); });
  Log(LogLevel::kInfo, "stopped");
  return announced;
}

int Main(int argc, char** argv) {
  // Builds of Abseil that check the order of locks, like Debian's, do so on every lock; our order
  // is checked by the tests.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const EndSignals signals;
  const absl::StatusOr<Config> config = ParseConfig(argc, argv, EnvironmentFrom(environ));
  if (!config.ok()) {
    fmt::print(stderr, "kvick-server: {}\n", storage::FromAbsl(config.status().message()));
    return kBadSettings;
  }
  if (config->show_help) {
    fmt::print("{}", HelpText());
    return 0;
  }
  if (config->show_version) {
    fmt::print("kvick-server {} (gRPC {})\n", ServerVersion(), GrpcVersion());
    return 0;
  }
  StartLog(*ParseLogFormat(config->log_format), *ParseLogLevel(config->log_level));
  RouteLibraryLogs();
  const absl::Status status = Serve(*config, signals);
  if (!status.ok()) {
    Log(LogLevel::kError, storage::FromAbsl(status.message()));
    return kFailed;
  }
  return 0;
}

}  // namespace
}  // namespace kvick::server

int main(int argc, char** argv) { return kvick::server::Main(argc, argv); }
