// The two servers of a comparison and the connections to them.
#ifndef KVICK_TESTS_ORACLE_SESSION_H_
#define KVICK_TESTS_ORACLE_SESSION_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kvick/client.h"
#include "tests/integration/server_process.h"
#include "tests/oracle/redis_process.h"

namespace kvick::oracle {

// Starts both servers and holds what calls need. Not thread safe.
class Session {
 public:
  // Both servers empty, with the same limit on a value.
  static absl::StatusOr<std::unique_ptr<Session>> Start();

  // Deletes every key on both sides.
  absl::Status Flush();

  const Client& client() const { return *client_; }
  Pipeline& pipeline() { return *pipeline_; }
  RedisProcess& redis() { return *redis_; }
  testing::ServerProcess& kvick() { return *kvick_; }

 private:
  Session() = default;

  // In this order: the pipeline goes before the servers do.
  std::unique_ptr<testing::ServerProcess> kvick_;
  std::unique_ptr<RedisProcess> redis_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace kvick::oracle

#endif  // KVICK_TESTS_ORACLE_SESSION_H_
