// Credentials of the server: plain text, or TLS from files that are read again when they change.
#ifndef KVICK_SERVER_RPC_CREDENTIALS_H_
#define KVICK_SERVER_RPC_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/config.h"

namespace kvick::server {

// Checks the files that the settings name: they can be read, hold what they should, and the key is
// the certificate's. The error names the file and says what to do.
absl::Status CheckTlsFiles(const Config& config);

// The credentials that the settings ask for. Checks the files first.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const Config& config);

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_CREDENTIALS_H_
