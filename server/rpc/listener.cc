#include "server/rpc/listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "fmt/format.h"
#include "server/config/log.h"
#include "storage/base/status_macros.h"

namespace kvick::server {
namespace {

constexpr int kBacklog = 4096;
// Connections taken from one socket before the others are looked at.
constexpr int kBatch = 64;
// How long to wait when there is no file descriptor left, and between lines of the log about it.
constexpr auto kBackOff = std::chrono::milliseconds(100);
constexpr auto kLogInterval = std::chrono::seconds(10);

// The text of a socket's address.
std::string AddressText(const sockaddr_storage& address, socklen_t length) {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&address), length, host, sizeof(host), port,
                  sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown";
  }
  std::string_view text = host;
  if (text.starts_with("::ffff:")) {  // IPv4 that came by a socket of IPv6
    text.remove_prefix(7);
  }
  return text.find(':') == std::string_view::npos ? fmt::format("{}:{}", text, port)
                                                  : fmt::format("[{}]:{}", text, port);
}

std::string LocalAddress(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return "unknown";
  }
  return AddressText(address, length);
}

absl::Status CannotListen(const HostPort& address, int error) {
  const char* advice = "check that it is an address of this machine";
  if (error == EADDRINUSE) {
    advice = "end the program that listens there, or give another port (0 takes a free one)";
  } else if (error == EACCES) {
    advice = "give a port from 1024 up";
  }
  return absl::UnavailableError(fmt::format("listen: cannot listen on {} ({}); {}",
                                            HostPortText(address), std::strerror(error), advice));
}

// Opens a socket on one address; 0 or the error's number.
int OpenSocket(const addrinfo& address, bool only_ipv6, UniqueFd* result) {
  UniqueFd fd(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) {
    return errno;
  }
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address.ai_family == AF_INET6) {
    const int only = only_ipv6 ? 1 : 0;
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
  }
  if (bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0 || listen(fd.get(), kBacklog) != 0) {
    return errno;
  }
  *result = std::move(fd);
  return 0;
}

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

absl::StatusOr<Addresses> Resolve(const HostPort& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError(
        fmt::format("listen: cannot find the host {} ({}); give a name or address of this machine",
                    address.host, gai_strerror(error)));
  }
  return Addresses(found);
}

bool IsOutOfFiles(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

UniqueFd OpenSpare() { return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(std::string_view addresses) {
  ASSIGN_OR_RETURN(const std::vector<HostPort> wanted, ParseHostPorts(addresses));
  std::unique_ptr<Listener> listener(new Listener);
  for (const HostPort& address : wanted) {
    // A socket of IPv6 would take the port from one of IPv4 that is wanted beside it.
    const bool only_ipv6 = std::any_of(wanted.begin(), wanted.end(), [&](const HostPort& other) {
      return other.port == address.port && other.port != 0 && other.host != address.host;
    });
    RETURN_IF_ERROR(listener->OpenAll(address, only_ipv6));
  }
  return listener;
}

absl::Status Listener::OpenAll(const HostPort& address, bool only_ipv6) {
  ASSIGN_OR_RETURN(const Addresses found, Resolve(address));
  int error = 0;
  size_t opened = 0;
  for (const addrinfo* one = found.get(); one != nullptr; one = one->ai_next) {
    UniqueFd socket;
    const int failure = OpenSocket(*one, only_ipv6 || found->ai_next != nullptr, &socket);
    if (failure != 0) {
      error = failure;
      // A name may have an address of a family that this machine does not have.
      if (failure == EADDRNOTAVAIL || failure == EAFNOSUPPORT) {
        continue;
      }
      return CannotListen(address, failure);
    }
    addresses_.push_back(LocalAddress(socket.get()));
    sockets_.push_back(std::move(socket));
    ++opened;
    if (address.port == 0) {
      break;  // the others would get other ports
    }
  }
  return opened != 0 ? absl::OkStatus() : CannotListen(address, error);
}

absl::Status Listener::Start(OnConnection on_connection) {
  on_connection_ = std::move(on_connection);
  epoll_.Reset(epoll_create1(EPOLL_CLOEXEC));
  stop_event_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  spare_ = OpenSpare();
  bool ready = epoll_.valid() && stop_event_.valid();
  const auto watch = [this](int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  };
  ready = ready && watch(stop_event_.get());
  for (const UniqueFd& socket : sockets_) {
    ready = ready && watch(socket.get());
  }
  if (!ready) {
    return absl::ResourceExhaustedError(fmt::format(
        "listen: cannot watch the sockets ({}); raise the limit of open files", strerror(errno)));
  }
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void Listener::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    while (write(stop_event_.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    thread_.join();
  }
  sockets_.clear();
}

void Listener::Run() {
  std::array<epoll_event, 16> events;
  while (true) {
    const int count =
        epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), /*timeout=*/-1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == stop_event_.get()) {
        return;
      }
      if (!AcceptAll(fd)) {
        RelieveFileLimit(fd);
      }
    }
  }
}

bool Listener::AcceptAll(int listener) {
  for (int i = 0; i < kBatch; ++i) {
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    UniqueFd socket(accept4(listener, reinterpret_cast<sockaddr*>(&address), &length,
                            SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid()) {
      // Anything else is the end of one connection before it was accepted, or nothing to accept.
      return !IsOutOfFiles(errno);
    }
    // A client may have gone again; gRPC would complain about it in its log.
    if (getpeername(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      continue;
    }
    const int on = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    on_connection_({std::move(socket), listener, AddressText(address, length)});
  }
  return true;
}

void Listener::RelieveFileLimit(int listener) {
  spare_.Reset();
  UniqueFd refused(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  refused.Reset();
  spare_ = OpenSpare();
  static thread_local std::chrono::steady_clock::time_point last_logged{};
  const auto now = std::chrono::steady_clock::now();
  if (now - last_logged > kLogInterval) {
    last_logged = now;
    Log(LogLevel::kError,
        "no file descriptor is left for a connection; raise the limit of open "
        "files or lower max_connections");
  }
  std::this_thread::sleep_for(kBackOff);
}

}  // namespace kvick::server
