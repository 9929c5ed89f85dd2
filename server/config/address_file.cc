#include "server/config/address_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "fmt/format.h"

namespace kvick::server {

absl::Status WriteAddressFile(const std::string& path, const std::vector<std::string>& grpc,
                              const std::vector<std::string>& http) {
  const std::string beside = fmt::format("{}.{}.tmp", path, getpid());
  std::ofstream file(beside, std::ios::trunc);
  for (const std::string& address : grpc) {
    file << "grpc=" << address << '\n';
  }
  for (const std::string& address : http) {
    file << "http=" << address << '\n';
  }
  file.close();
  if (!file || std::rename(beside.c_str(), path.c_str()) != 0) {
    const int error = errno;
    std::remove(beside.c_str());
    return absl::UnavailableError(
        fmt::format("address_file: cannot write {} ({}); check its folder and the rights to it",
                    path, std::strerror(error)));
  }
  return absl::OkStatus();
}

}  // namespace kvick::server
