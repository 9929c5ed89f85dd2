// GrpcServer: gRPC's server with what belongs around it: our own listening sockets and limit of
// connections, TLS, health, reflection, and an orderly end.
//
//   Create -> Start -> (serving) -> Drain
#ifndef KVICK_SERVER_RPC_SERVER_H_
#define KVICK_SERVER_RPC_SERVER_H_

#include <grpcpp/impl/service_type.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "server/config/config.h"
#include "server/rpc/connections.h"
#include "server/rpc/listener.h"
#include "server/rpc/refusal_server.h"
#include "server/rpc/tls_files.h"
#include "server/rpc/unread_replies.h"

namespace kvick::server {

// A service and the name that health knows it by, "kvick.v1.KeyService".
struct NamedService {
  std::string name;
  grpc::Service* service = nullptr;  // outlives the server
};

// Create, Start and Drain are called from one thread; the rest from any.
class GrpcServer {
 public:
  // Opens the sockets and checks what TLS needs. Clients can connect from here on; they are served
  // from Start on. Lowers max_connections where the limit of open files asks for it, and logs that.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Create(const Config& config);

  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // Serves `services`, health and reflection. After an error nothing uses the services.
  absl::Status Start(const std::vector<NamedService>& services);

  // Ends: health says NOT_SERVING, nothing is accepted any more, `end_streams` is called (it should
  // end the calls that would go on for ever; may be empty), clients are asked to go elsewhere, and
  // calls may finish until `timeout` is over, when they are cancelled. Returns once all have ended.
  // `has_calls`, unless empty, tells whether calls are under way: when there have been none for a
  // second, clients that do not answer and those that only watch health are not waited for.
  void Drain(absl::Duration timeout, const std::function<void()>& end_streams,
             const std::function<bool()>& has_calls);

  // Where it listens, with the chosen ports.
  const std::vector<std::string>& addresses() const { return addresses_; }
  // True from Start to Drain.
  bool serving() const { return serving_.load(std::memory_order_acquire); }
  // Connections of clients.
  const ConnectionRegistry& connections() const { return *connections_; }
  // Answers that clients have not taken; for the services.
  UnreadReplies& unread_replies() const { return *unread_replies_; }
  // Connections refused because there were too many.
  uint64_t refused_connections() const { return refusal_->refused(); }

 private:
  explicit GrpcServer(const Config& config) : config_(config) {}

  void OnConnection(AcceptedConnection connection);
  // Shuts the connections once there have been no calls for a while; returns when that is done or
  // `ended` is.
  void ShutWhenQuiet(const std::function<bool()>& has_calls, const absl::Notification& ended);

  Config config_;                                         // constant after Create
  std::unique_ptr<TlsFiles> tls_files_;                   // constant after Create; null without TLS
  std::shared_ptr<grpc::ServerCredentials> credentials_;  // constant after Create
  std::vector<std::string> addresses_;                    // constant after Create
  std::unique_ptr<ConnectionRegistry> connections_;       // constant after Create
  std::unique_ptr<UnreadReplies> unread_replies_;         // constant after Create
  std::unique_ptr<Listener> listener_;                    // constant after Create
  std::unique_ptr<RefusalServer> refusal_;                // constant after Create
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;  // after Start
  std::unique_ptr<grpc::Server> server_;  // constant after Start
  std::atomic<bool> serving_{false};
};

// The version of the gRPC library in use.
std::string GrpcVersion();

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_SERVER_H_
