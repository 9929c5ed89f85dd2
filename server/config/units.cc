#include "server/config/units.h"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

namespace kvick::server {
namespace {

constexpr std::array<std::pair<char, int>, 4> kUnits = {{{'k', 1}, {'m', 2}, {'g', 3}, {'t', 4}}};

absl::Status NotASize(std::string_view text) {
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is not a size; give bytes, or a number with Ki, Mi, Gi, Ti (powers of "
                  "1024) or k, m, g, t (powers of 1000), like 64Mi",
                  text));
}

// Splits a number from the unit after it; false when there is no number or it is too big.
bool SplitNumber(std::string_view text, int64_t* number, std::string_view* unit) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  *unit = text.substr(static_cast<size_t>(end - text.data()));
  return error == std::errc() && *number >= 0;
}

// The factor of a unit, or 0 for an unknown one.
int64_t UnitFactor(std::string_view unit) {
  if (!unit.empty() && absl::ascii_tolower(static_cast<unsigned char>(unit.back())) == 'b') {
    unit.remove_suffix(1);
  }
  if (unit.empty()) {
    return 1;
  }
  const bool binary = unit.size() == 2 && (unit[1] == 'i' || unit[1] == 'I');
  if (unit.size() > 1 && !binary) {
    return 0;
  }
  for (const auto& [letter, power] : kUnits) {
    if (absl::ascii_tolower(static_cast<unsigned char>(unit[0])) != letter) {
      continue;
    }
    int64_t factor = 1;
    for (int i = 0; i < power; ++i) {
      factor *= binary ? 1024 : 1000;
    }
    return factor;
  }
  return 0;
}

}  // namespace

absl::StatusOr<int64_t> ParseCount(std::string_view text) {
  int64_t number = 0;
  std::string_view rest;
  if (!SplitNumber(text, &number, &rest) || !rest.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is not a number; give digits only, like 1000", text));
  }
  return number;
}

absl::StatusOr<int64_t> ParseBytes(std::string_view text) {
  int64_t number = 0;
  std::string_view unit;
  if (!SplitNumber(text, &number, &unit)) {
    return NotASize(text);
  }
  const int64_t factor = UnitFactor(unit);
  if (factor == 0 || number > std::numeric_limits<int64_t>::max() / factor) {
    return NotASize(text);
  }
  return number * factor;
}

std::string BytesText(int64_t bytes) {
  static constexpr std::string_view kNames[] = {"", "Ki", "Mi", "Gi", "Ti"};
  size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < std::size(kNames)) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, kNames[unit]);
}

absl::StatusOr<absl::Duration> ParseDuration(std::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(std::string(text), &duration) || duration < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\" is not a duration; give a number and a unit, like 10s, 250ms or 1h30m", text));
  }
  return duration;
}

std::string DurationText(absl::Duration duration) { return absl::FormatDuration(duration); }

}  // namespace kvick::server
