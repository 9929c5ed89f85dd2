// RefusalServer: tells clients beyond max_connections why they are refused. It takes a bounded
// number of their connections, answers every call with RESOURCE_EXHAUSTED, TOO_MANY_CONNECTIONS and
// a delay after which to try again, and closes them soon.
#ifndef KVICK_SERVER_RPC_REFUSAL_SERVER_H_
#define KVICK_SERVER_RPC_REFUSAL_SERVER_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "server/config/config.h"
#include "server/rpc/connections.h"
#include "server/rpc/listener.h"

namespace kvick::server {

// Thread safe.
class RefusalServer {
 public:
  // `credentials` are those of the server that is full: a client must be able to understand.
  static absl::StatusOr<std::unique_ptr<RefusalServer>> Start(
      const Config& config, std::shared_ptr<grpc::ServerCredentials> credentials);

  ~RefusalServer();
  RefusalServer(const RefusalServer&) = delete;
  RefusalServer& operator=(const RefusalServer&) = delete;

  // Takes a connection over, or closes it at once when there are too many to explain it to.
  void Refuse(AcceptedConnection connection);
  // Connections refused, either way.
  uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  // Ends it; no Refuse may be under way or follow.
  void Shutdown();

 private:
  class Service;

  RefusalServer() = default;

  std::atomic<uint64_t> refused_{0};
  std::unique_ptr<Service> service_;                 // constant once started
  std::unique_ptr<ConnectionRegistry> connections_;  // constant once started
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;  // likewise
  std::unique_ptr<grpc::Server> server_;                                      // likewise
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_REFUSAL_SERVER_H_
