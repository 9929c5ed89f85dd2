#include "server/rpc/refusal_server.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "server/rpc/channel_settings.h"
#include "server/rpc/status.h"
#include "storage/base/error.h"
#include "storage/base/status_macros.h"

namespace kvick::server {
namespace {

// Connections to explain it to at one time; the rest is closed without a word.
constexpr size_t kExplained = 64;
// How long such a connection lives.
constexpr absl::Duration kAge = absl::Seconds(1);
// When it is worth another try.
constexpr absl::Duration kRetryAfter = absl::Seconds(1);

grpc::Status TooManyConnections(int64_t limit) {
  return ToGrpcStatus(storage::MakeError(
      absl::StatusCode::kResourceExhausted, "TOO_MANY_CONNECTIONS",
      fmt::format("the server has its {} connections already; share connections between calls, try "
                  "again later, or have max_connections raised",
                  limit),
      {{"max_connections", std::to_string(limit)}}, kRetryAfter));
}

class Refusal : public grpc::ServerGenericBidiReactor {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

class RefusalServer::Service : public grpc::CallbackGenericService {
 public:
  explicit Service(grpc::Status status) : status_(std::move(status)) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new Refusal(status_);
  }

 private:
  const grpc::Status status_;
};

absl::StatusOr<std::unique_ptr<RefusalServer>> RefusalServer::Start(
    const Config& config, std::shared_ptr<grpc::ServerCredentials> credentials) {
  std::unique_ptr<RefusalServer> refusal(new RefusalServer);
  ASSIGN_OR_RETURN(refusal->connections_, ConnectionRegistry::Create(kExplained));
  refusal->service_ = std::make_unique<Service>(TooManyConnections(config.max_connections));
  grpc::ServerBuilder builder;
  Config short_lived = config;
  short_lived.max_connection_age = kAge;
  short_lived.max_connection_age_grace = kAge;
  short_lived.handshake_timeout = std::min(config.handshake_timeout, kAge);
  ApplyChannelSettings(short_lived, &builder);
  builder.RegisterCallbackGenericService(refusal->service_.get());
  refusal->acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      std::move(credentials));
  refusal->server_ = builder.BuildAndStart();
  if (refusal->server_ == nullptr) {
    return absl::InternalError("gRPC did not start; its log says why");
  }
  return refusal;
}

RefusalServer::~RefusalServer() { Shutdown(); }

void RefusalServer::Refuse(AcceptedConnection connection) {
  refused_.fetch_add(1, std::memory_order_relaxed);
  if (!connections_->Add(connection.socket.get(), std::move(connection.peer))) {
    return;
  }
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
  parameters.listener_fd = connection.listener;
  parameters.fd = connection.socket.Release();
  acceptor_->HandleNewConnection(&parameters);
}

void RefusalServer::Shutdown() {
  if (server_ != nullptr) {
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
  }
}

}  // namespace kvick::server
