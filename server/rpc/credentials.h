// Credentials of the server: plain text, or TLS from files that are read again when they change.
#ifndef KVICK_SERVER_RPC_CREDENTIALS_H_
#define KVICK_SERVER_RPC_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "server/config/config.h"
#include "server/rpc/tls_files.h"

namespace kvick::server {

// The credentials that the settings ask for. `files`: the files of TLS, which outlive the
// credentials; null for plain text.
std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const TlsFiles* files);

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_CREDENTIALS_H_
