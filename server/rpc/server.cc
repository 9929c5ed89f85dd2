#include "server/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "server/config/log.h"
#include "server/config/machine.h"
#include "server/rpc/channel_settings.h"
#include "server/rpc/credentials.h"
#include "server/rpc/standard_protos.h"
#include "storage/base/status_macros.h"

namespace kvick::server {
namespace {

// Descriptors that are not connections of clients: listening sockets, HTTP, gRPC's own, refusals.
constexpr int64_t kOtherFiles = 512;
// A connection's socket and the second descriptor in the registry.
constexpr int64_t kFilesPerConnection = 2;

// Without calls for so long, what keeps a connection open while draining is of no use to anyone.
constexpr absl::Duration kQuiet = absl::Seconds(1);
constexpr absl::Duration kQuietPoll = absl::Milliseconds(20);

// As many connections as the limit of open files has room for.
int64_t AffordableConnections(int64_t wanted) {
  const int64_t files = RaiseOpenFileLimit(wanted * kFilesPerConnection + kOtherFiles);
  const int64_t affordable =
      std::clamp<int64_t>((files - kOtherFiles) / kFilesPerConnection, 1, wanted);
  if (affordable < wanted) {
    Log(LogLevel::kWarning,
        "the limit of open files is too low for max_connections, which is lowered; raise the limit "
        "(ulimit -n, LimitNOFILE) to twice max_connections and 512",
        {{"open_files", std::to_string(files)}, {"max_connections", std::to_string(affordable)}});
  }
  return affordable;
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Create(const Config& config) {
  std::unique_ptr<GrpcServer> server(new GrpcServer(config));
  server->config_.max_connections = AffordableConnections(config.max_connections);
  if (config.has_tls()) {
    ASSIGN_OR_RETURN(server->tls_files_, TlsFiles::Open(config));
  }
  server->credentials_ = MakeServerCredentials(server->tls_files_.get());
  ASSIGN_OR_RETURN(server->connections_, ConnectionRegistry::Create(
                                             static_cast<size_t>(server->config_.max_connections)));
  server->unread_replies_ = std::make_unique<UnreadReplies>(
      static_cast<size_t>(config.unread_bytes()),
      [registry = server->connections_.get()](const auto& peers) { registry->ShutPeers(peers); });
  ASSIGN_OR_RETURN(server->listener_, Listener::Open(config.listen));
  server->addresses_ = server->listener_->addresses();
  ASSIGN_OR_RETURN(server->refusal_, RefusalServer::Start(server->config_, server->credentials_));
  return server;
}

GrpcServer::~GrpcServer() {
  if (server_ != nullptr) {
    Drain(absl::ZeroDuration(), nullptr, nullptr);
  }
}

absl::Status GrpcServer::Start(const std::vector<NamedService>& services) {
  grpc::EnableDefaultHealthCheckService(true);
  DescribeStandardProtos();
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  ApplyChannelSettings(config_, &builder);
  for (const NamedService& service : services) {
    builder.RegisterService(service.service);
  }
  acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials_);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    return absl::InternalError("gRPC did not start; its log says why");
  }
  for (const NamedService& service : services) {
    server_->GetHealthCheckService()->SetServingStatus(service.name, true);
  }
  const absl::Status status = listener_->Start(
      [this](AcceptedConnection connection) { OnConnection(std::move(connection)); });
  if (!status.ok()) {
    Drain(absl::ZeroDuration(), nullptr, nullptr);
    return status;
  }
  serving_.store(true, std::memory_order_release);
  return absl::OkStatus();
}

void GrpcServer::OnConnection(AcceptedConnection connection) {
  if (!connections_->Add(connection.socket.get(), connection.peer)) {
    refusal_->Refuse(std::move(connection));
    return;
  }
  unread_replies_->Connected(connection.peer);
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
  parameters.listener_fd = connection.listener;
  parameters.fd = connection.socket.Release();
  acceptor_->HandleNewConnection(&parameters);
}

void GrpcServer::Drain(absl::Duration timeout, const std::function<void()>& end_streams,
                       const std::function<bool()>& has_calls) {
  serving_.store(false, std::memory_order_release);
  const absl::Time deadline = absl::Now() + timeout;
  server_->GetHealthCheckService()->Shutdown();
  listener_->Stop();
  if (end_streams) {
    end_streams();
  }
  absl::Notification ended;
  std::thread watcher;
  if (has_calls) {
    watcher = std::thread([&] { ShutWhenQuiet(has_calls, ended); });
  }
  server_->Shutdown(absl::ToChronoTime(deadline));
  server_->Wait();
  ended.Notify();
  if (watcher.joinable()) {
    watcher.join();
  }
  server_.reset();
  refusal_->Shutdown();
}

void GrpcServer::ShutWhenQuiet(const std::function<bool()>& has_calls,
                               const absl::Notification& ended) {
  absl::Time last_call = absl::Now();
  while (!ended.WaitForNotificationWithTimeout(kQuietPoll)) {
    if (has_calls()) {
      last_call = absl::Now();
    } else if (absl::Now() - last_call > kQuiet) {
      connections_->ShutAll();
      return;
    }
  }
}

std::string GrpcVersion() { return grpc::Version(); }

}  // namespace kvick::server
