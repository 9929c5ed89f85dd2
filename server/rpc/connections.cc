#include "server/rpc/connections.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"

namespace kvick::server {
namespace {

// Stands for the stop event where connections have their ids.
constexpr uint64_t kStopId = 0;

bool Watch(int epoll, int fd, uint32_t events, uint64_t id) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ConnectionRegistry>> ConnectionRegistry::Create(size_t limit) {
  std::unique_ptr<ConnectionRegistry> registry(new ConnectionRegistry(limit));
  registry->epoll_.Reset(epoll_create1(EPOLL_CLOEXEC));
  registry->stop_event_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!registry->epoll_.valid() || !registry->stop_event_.valid() ||
      !Watch(registry->epoll_.get(), registry->stop_event_.get(), EPOLLIN, kStopId)) {
    return absl::ResourceExhaustedError(fmt::format(
        "cannot watch connections ({}); raise the limit of open files", std::strerror(errno)));
  }
  registry->thread_ = std::thread([raw = registry.get()] { raw->Run(); });
  return registry;
}

ConnectionRegistry::~ConnectionRegistry() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    while (write(stop_event_.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    thread_.join();
  }
}

bool ConnectionRegistry::Add(int socket, std::string peer) {
  absl::MutexLock lock(&mu_);
  if (connections_.size() >= limit_) {
    return false;
  }
  UniqueFd duplicate(fcntl(socket, F_DUPFD_CLOEXEC, 0));
  // No events but those that are always reported: EPOLLHUP, when both directions are shut, and
  // EPOLLERR.
  if (!duplicate.valid() ||
      !Watch(epoll_.get(), duplicate.get(), /*events=*/0, static_cast<uint64_t>(last_id_ + 1))) {
    return false;
  }
  ++last_id_;
  connections_.emplace_hint(connections_.end(), last_id_,
                            Entry{std::move(duplicate), std::move(peer), absl::Now()});
  return true;
}

void ConnectionRegistry::Run() {
  std::array<epoll_event, 64> events;
  while (true) {
    const int count =
        epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), /*timeout=*/-1);
    for (int i = 0; i < count; ++i) {
      const uint64_t id = events[static_cast<size_t>(i)].data.u64;
      if (id == kStopId) {
        return;
      }
      absl::MutexLock lock(&mu_);
      const auto found = connections_.find(static_cast<int64_t>(id));
      if (found != connections_.end()) {
        // gRPC may keep its descriptor of the socket while a call runs on, and then closing ours
        // would not end the watch.
        epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.socket.get(), nullptr);
        connections_.erase(found);
      }
    }
  }
}

void ConnectionRegistry::ShutPeers(const UnreadReplies::Peers& peers) {
  absl::MutexLock lock(&mu_);
  for (const auto& [id, entry] : connections_) {
    if (peers.contains(WithoutInterface(entry.peer))) {
      shutdown(entry.socket.get(), SHUT_RDWR);
    }
  }
}

void ConnectionRegistry::ShutAll() {
  absl::MutexLock lock(&mu_);
  for (const auto& [id, entry] : connections_) {
    shutdown(entry.socket.get(), SHUT_RDWR);
  }
}

size_t ConnectionRegistry::count() const {
  absl::MutexLock lock(&mu_);
  return connections_.size();
}

uint64_t ConnectionRegistry::total() const {
  absl::MutexLock lock(&mu_);
  return static_cast<uint64_t>(last_id_);
}

std::vector<ConnectionInfo> ConnectionRegistry::List(int64_t after_id, size_t limit,
                                                     bool* more) const {
  std::vector<ConnectionInfo> list;
  absl::MutexLock lock(&mu_);
  auto it = connections_.upper_bound(after_id);
  for (; it != connections_.end() && list.size() < limit; ++it) {
    list.push_back({it->first, it->second.peer, it->second.connect_time});
  }
  *more = it != connections_.end();
  return list;
}

}  // namespace kvick::server
