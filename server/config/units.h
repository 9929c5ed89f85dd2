// Sizes and durations as text.
#ifndef KVICK_SERVER_CONFIG_UNITS_H_
#define KVICK_SERVER_CONFIG_UNITS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kvick::server {

// Reads a whole number, "1000".
absl::StatusOr<int64_t> ParseCount(std::string_view text);

// Reads a size in bytes: "1048576", "64Mi" (Ki, Mi, Gi, Ti: powers of 1024), "1g" (k, m, g, t:
// powers of 1000). Upper and lower case mean the same, and a B at the end nothing.
absl::StatusOr<int64_t> ParseBytes(std::string_view text);
// The shortest text with a binary unit: "64Mi", "1000".
std::string BytesText(int64_t bytes);

// Reads a duration of at least 0: "10s", "1h30m", "250ms", "0".
absl::StatusOr<absl::Duration> ParseDuration(std::string_view text);
// "10s", "2h", "0".
std::string DurationText(absl::Duration duration);

}  // namespace kvick::server

#endif  // KVICK_SERVER_CONFIG_UNITS_H_
