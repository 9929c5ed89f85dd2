// How a client proves who it is, and knows whom it calls.
#ifndef KVICK_CLIENT_KVICK_INTERNAL_CREDENTIALS_H_
#define KVICK_CLIENT_KVICK_INTERNAL_CREDENTIALS_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "kvick/options.h"

namespace grpc {
class ChannelCredentials;
}  // namespace grpc

namespace kvick::internal {

// Credentials for TLS, or for plain text when there is none. INVALID_ARGUMENT when a file cannot be
// read or a certificate comes without its key.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const std::optional<TlsOptions>& tls);

}  // namespace kvick::internal

#endif  // KVICK_CLIENT_KVICK_INTERNAL_CREDENTIALS_H_
