// Listener: the sockets that clients connect to, and the thread that accepts. gRPC gets accepted
// connections handed over, since it has no limit on how many it would accept itself.
#ifndef KVICK_SERVER_RPC_LISTENER_H_
#define KVICK_SERVER_RPC_LISTENER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/address.h"
#include "server/rpc/unique_fd.h"

namespace kvick::server {

// A connection that a client made.
struct AcceptedConnection {
  UniqueFd socket;    // non-blocking, closed on exec, without Nagle's delay
  int listener = -1;  // the socket that it came by
  std::string peer;   // "127.0.0.1:40000"
};

// Start and Stop are called from one thread.
class Listener {
 public:
  using OnConnection = std::function<void(AcceptedConnection)>;

  // Opens sockets on `addresses`, as --listen takes them. A name is listened to on all of its
  // addresses, [::] on IPv4 as well. Clients can connect from here on; they wait for Start.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(std::string_view addresses);

  ~Listener() { Stop(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Where it listens, with the chosen ports.
  const std::vector<std::string>& addresses() const { return addresses_; }

  // Begins to accept: `on_connection` is called on a thread of the listener's own.
  absl::Status Start(OnConnection on_connection);
  // Closes the sockets. No call of `on_connection` is under way when it returns.
  void Stop();

 private:
  Listener() = default;

  absl::Status OpenAll(const HostPort& address, bool only_ipv6);
  void Run();
  // Accepts what waits at a socket. Returns false when the process has no file descriptor left.
  bool AcceptAll(int listener);
  // Tells one waiting client so, by closing its connection, and waits a little.
  void RelieveFileLimit(int listener);

  std::vector<UniqueFd> sockets_;       // changed before Start and by Stop only
  std::vector<std::string> addresses_;  // constant once open
  OnConnection on_connection_;          // constant while the thread runs
  UniqueFd stop_event_;                 // constant while the thread runs
  UniqueFd epoll_;                      // constant while the thread runs
  UniqueFd spare_;      // the thread's: a descriptor to accept with when none is left
  std::thread thread_;  // of Start and Stop, which are called from one thread
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_LISTENER_H_
