// ConnectionRegistry: which connections there are, and how many at most. gRPC tells nobody when a
// connection ends; so the registry keeps a second descriptor of each socket and has the kernel say
// when both directions of it are shut, which gRPC sees to when it lets go of a connection.
#ifndef KVICK_SERVER_RPC_CONNECTIONS_H_
#define KVICK_SERVER_RPC_CONNECTIONS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/rpc/unique_fd.h"
#include "server/rpc/unread_replies.h"

namespace kvick::server {

// A client's connection.
struct ConnectionInfo {
  int64_t id = 0;  // counts from 1
  std::string peer;
  absl::Time connect_time;
};

// Thread safe.
class ConnectionRegistry {
 public:
  // At most `limit` connections at one time.
  static absl::StatusOr<std::unique_ptr<ConnectionRegistry>> Create(size_t limit);

  ~ConnectionRegistry();
  ConnectionRegistry(const ConnectionRegistry&) = delete;
  ConnectionRegistry& operator=(const ConnectionRegistry&) = delete;

  // Registers a connected socket, which stays the caller's. False when there are as many as may be,
  // or no file descriptor is left.
  bool Add(int socket, std::string peer);

  // Shuts those of `peers`, which are without interfaces, as if their clients had gone.
  // O(connections).
  void ShutPeers(const UnreadReplies::Peers& peers);
  // Shuts all of them, as if their clients had gone.
  void ShutAll();

  // Connections open now.
  size_t count() const;
  // Connections registered since the start.
  uint64_t total() const;
  size_t limit() const { return limit_; }

  // Connections with an id above `after_id`, by ascending id, at most `limit`. `more`: whether
  // there are more.
  std::vector<ConnectionInfo> List(int64_t after_id, size_t limit, bool* more) const;

 private:
  struct Entry {
    UniqueFd socket;
    std::string peer;
    absl::Time connect_time;
  };

  explicit ConnectionRegistry(size_t limit) : limit_(limit) {}

  void Run();

  const size_t limit_;
  UniqueFd epoll_;       // constant after Create
  UniqueFd stop_event_;  // constant after Create
  std::thread thread_;   // started by Create, constant from then on

  mutable absl::Mutex mu_;
  int64_t last_id_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<int64_t, Entry> connections_ ABSL_GUARDED_BY(mu_);
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_CONNECTIONS_H_
