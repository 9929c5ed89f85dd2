// Errors as a transport delivers them.
#ifndef KVICK_CLIENT_KVICK_INTERNAL_WIRE_STATUS_H_
#define KVICK_CLIENT_KVICK_INTERNAL_WIRE_STATUS_H_

#include <string_view>

#include "absl/status/status.h"

namespace kvick::internal {

// Decodes a canonical code, a message and the bytes of `grpc-status-details-bin`. Bytes that are no
// google.rpc.Status are ignored.
absl::Status StatusFromWire(int code, std::string_view message, std::string_view details);

}  // namespace kvick::internal

#endif  // KVICK_CLIENT_KVICK_INTERNAL_WIRE_STATUS_H_
