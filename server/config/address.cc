#include "server/config/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "storage/base/status_macros.h"
#include "storage/base/strings.h"

namespace kvick::server {

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  const absl::Status error = absl::InvalidArgumentError(fmt::format(
      "\"{}\" is not an address; give host:port, like 127.0.0.1:5825 or [::1]:5825", text));
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return error;
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    return error;
  }
  HostPort address{std::string(host), 0};
  const char* end = port_text.data() + port_text.size();
  const auto result = std::from_chars(port_text.data(), end, address.port);
  if (host.empty() || port_text.empty() || result.ec != std::errc() || result.ptr != end) {
    return error;
  }
  return address;
}

absl::StatusOr<std::vector<HostPort>> ParseHostPorts(std::string_view text) {
  std::vector<HostPort> addresses;
  for (absl::string_view part : absl::StrSplit(storage::ToAbsl(text), ',')) {
    ASSIGN_OR_RETURN(HostPort address,
                     ParseHostPort(storage::FromAbsl(absl::StripAsciiWhitespace(part))));
    addresses.push_back(std::move(address));
  }
  return addresses;
}

std::string HostPortText(const HostPort& address) {
  return address.host.find(':') == std::string::npos
             ? fmt::format("{}:{}", address.host, address.port)
             : fmt::format("[{}]:{}", address.host, address.port);
}

bool IsLoopback(std::string_view host) {
  const std::string text(host);
  in_addr ipv4;
  if (inet_pton(AF_INET, text.c_str(), &ipv4) == 1) {
    return (ntohl(ipv4.s_addr) >> 24) == 127;
  }
  in6_addr ipv6;
  if (inet_pton(AF_INET6, text.c_str(), &ipv6) == 1) {
    return IN6_IS_ADDR_LOOPBACK(&ipv6) || (IN6_IS_ADDR_V4MAPPED(&ipv6) && ipv6.s6_addr[12] == 127);
  }
  return text == "localhost";
}

}  // namespace kvick::server
