#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "server/config/address.h"
#include "tests/rpc/grpc_fixture.h"

namespace kvick::server {

UniqueFd ConnectTcp(const std::string& address) {
  const auto target = ParseHostPort(address);
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(target->port);
  inet_pton(AF_INET, target->host.c_str(), &name.sin_addr);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof(name)) != 0) {
    fd.Reset();
  }
  return fd;
}

bool IsClosedByPeer(int socket) {
  char buffer[1024];
  while (true) {
    pollfd poll_fd{socket, POLLIN, 0};
    if (poll(&poll_fd, 1, /*timeout_ms=*/10'000) != 1) {
      return false;
    }
    if (recv(socket, buffer, sizeof(buffer), 0) <= 0) {
      return true;
    }
  }
}

}  // namespace kvick::server
