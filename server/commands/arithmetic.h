// Adding to numbers kept as bytes: what the increments of strings and of hash fields share.
#ifndef KVICK_SERVER_COMMANDS_ARITHMETIC_H_
#define KVICK_SERVER_COMMANDS_ARITHMETIC_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"

namespace kvick::server {

// What an increment asks for.
struct IncrementBounds {
  int64_t delta = 1;
  int64_t minimum = std::numeric_limits<int64_t>::min();
  int64_t maximum = std::numeric_limits<int64_t>::max();
  bool saturate = false;
};

// Reads the fields delta, minimum, maximum and saturate.
template <typename Request>
IncrementBounds BoundsOf(const Request& request) {
  IncrementBounds bounds;
  bounds.delta = request.has_delta() ? request.delta() : bounds.delta;
  bounds.minimum = request.has_minimum() ? request.minimum() : bounds.minimum;
  bounds.maximum = request.has_maximum() ? request.maximum() : bounds.maximum;
  bounds.saturate = request.saturate();
  return bounds;
}

// The whole number that bytes stand for, 0 for none; NOT_AN_INTEGER when they do not.
absl::StatusOr<int64_t> IntegerOf(std::optional<std::string_view> bytes);

// value + delta; OVERFLOW when it leaves int64 or the bounds, unless it is to stop there.
// ARGUMENT_OUT_OF_RANGE when minimum is above maximum.
absl::StatusOr<int64_t> AddWithin(int64_t value, const IncrementBounds& bounds);

// The number that bytes stand for (0 for none) + delta. NOT_A_FLOAT when they are no number,
// NOT_A_NUMBER for a delta that is not finite, OVERFLOW when the result is not. Adds the decimals
// that both are shown as, in extended precision as Redis does: 0.1 + 0.2 is 0.3.
absl::StatusOr<double> AddNumber(std::optional<std::string_view> bytes, double delta);

}  // namespace kvick::server

#endif  // KVICK_SERVER_COMMANDS_ARITHMETIC_H_
