// The file that tells other programs where the server listens.
#ifndef KVICK_SERVER_CONFIG_ADDRESS_FILE_H_
#define KVICK_SERVER_CONFIG_ADDRESS_FILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace kvick::server {

// Writes `grpc=ADDRESS` and `http=ADDRESS`, a line for each address. Whoever reads the file finds
// all of it or none: it is written beside and then put in place.
absl::Status WriteAddressFile(const std::string& path, const std::vector<std::string>& grpc,
                              const std::vector<std::string>& http);

}  // namespace kvick::server

#endif  // KVICK_SERVER_CONFIG_ADDRESS_FILE_H_
