// Addresses as text: host:port.
#ifndef KVICK_SERVER_CONFIG_ADDRESS_H_
#define KVICK_SERVER_CONFIG_ADDRESS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kvick::server {

// A host, which may be a name, and a port.
struct HostPort {
  std::string host;  // without brackets
  uint16_t port = 0;
};

// Reads "host:port", "[::1]:port".
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);
// Reads several, separated by commas. Empty text is an error.
absl::StatusOr<std::vector<HostPort>> ParseHostPorts(std::string_view text);
// The text that ParseHostPort reads.
std::string HostPortText(const HostPort& address);

// True for 127.0.0.0/8, ::1 and the name localhost. No name is looked up.
bool IsLoopback(std::string_view host);

}  // namespace kvick::server

#endif  // KVICK_SERVER_CONFIG_ADDRESS_H_
