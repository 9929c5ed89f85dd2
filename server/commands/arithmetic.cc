#include "server/commands/arithmetic.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "fmt/format.h"
#include "storage/base/error.h"
#include "storage/base/value.h"

namespace kvick::server {

using storage::MakeError;

absl::StatusOr<int64_t> IntegerOf(std::optional<std::string_view> bytes) {
  if (!bytes.has_value()) {
    return 0;
  }
  if (const auto integer = storage::ParseInteger(*bytes); integer.has_value()) {
    return *integer;
  }
  return MakeError(absl::StatusCode::kFailedPrecondition, "NOT_AN_INTEGER",
                   "The value is not a whole number of 64 bits: set it to one first.");
}

absl::StatusOr<int64_t> AddWithin(int64_t value, const IncrementBounds& bounds) {
  if (bounds.minimum > bounds.maximum) {
    return storage::InvalidArgument("ARGUMENT_OUT_OF_RANGE",
                                    "The field minimum must not be above maximum.");
  }
  int64_t sum = 0;
  const bool overflows = __builtin_add_overflow(value, bounds.delta, &sum);
  if (!overflows && sum >= bounds.minimum && sum <= bounds.maximum) {
    return sum;
  }
  if (bounds.saturate) {
    if (overflows) {
      return bounds.delta > 0 ? bounds.maximum : bounds.minimum;
    }
    return std::clamp(sum, bounds.minimum, bounds.maximum);
  }
  return MakeError(
      absl::StatusCode::kOutOfRange, "OVERFLOW",
      fmt::format("{} + {} is not between {} and {}: use saturate to stop at the bound.", value,
                  bounds.delta, bounds.minimum, bounds.maximum),
      {{"minimum", std::to_string(bounds.minimum)}, {"maximum", std::to_string(bounds.maximum)}});
}

namespace {

// The number that a decimal stands for, closer than a double comes. ParseNumber took it already.
long double DecimalOf(std::string_view bytes) {
  bytes.remove_prefix(bytes.starts_with('+') ? 1 : 0);
  // For a long double GCC 12's std::from_chars reads past the end of "inf", up to a zero.
  const std::string text(bytes);
  long double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

absl::StatusOr<double> AddNumber(std::optional<std::string_view> bytes, double delta) {
  if (!std::isfinite(delta)) {
    return storage::InvalidArgument("NOT_A_NUMBER", "The field delta must be a finite number.");
  }
  long double before = 0;
  if (bytes.has_value()) {
    if (!storage::ParseNumber(*bytes).has_value()) {
      return MakeError(absl::StatusCode::kFailedPrecondition, "NOT_A_FLOAT",
                       "The value is not a number: set it to one first.");
    }
    before = DecimalOf(*bytes);
  }
  const auto sum = static_cast<double>(before + DecimalOf(storage::NumberText(delta).view()));
  if (!std::isfinite(sum)) {
    return MakeError(absl::StatusCode::kOutOfRange, "OVERFLOW",
                     "The result would not be a finite number.");
  }
  return sum;
}

}  // namespace kvick::server
