// The meaning of an Expiry message.
#ifndef KVICK_SERVER_COMMANDS_EXPIRY_H_
#define KVICK_SERVER_COMMANDS_EXPIRY_H_

#include <optional>

#include "absl/status/statusor.h"
#include "kvick/v1/value.pb.h"
#include "storage/entry.h"

namespace kvick::server {

// When a key expires that gets this expiry at `now`; none for `persist`. EXPIRY_INVALID when it
// says nothing, is not positive or lies beyond what can be kept. A moment in the past is valid.
absl::StatusOr<std::optional<storage::TimeMs>> ResolveExpiry(const v1::Expiry& expiry,
                                                             storage::TimeMs now);

}  // namespace kvick::server

#endif  // KVICK_SERVER_COMMANDS_EXPIRY_H_
