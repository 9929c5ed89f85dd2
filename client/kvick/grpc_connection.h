// The connection that speaks gRPC.
#ifndef KVICK_CLIENT_KVICK_GRPC_CONNECTION_H_
#define KVICK_CLIENT_KVICK_GRPC_CONNECTION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "kvick/connection.h"
#include "kvick/options.h"

namespace kvick {

// A connection to `options.target`: no retries, no default deadlines. Nothing is sent before the
// first call. INVALID_ARGUMENT when the options make no sense.
absl::StatusOr<std::shared_ptr<Connection>> MakeGrpcConnection(const ClientOptions& options);

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_GRPC_CONNECTION_H_
