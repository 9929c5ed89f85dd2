#include "storage/base/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace kvick::storage {

NumberText::NumberText(int64_t integer) {
  const auto result = std::to_chars(buffer_, buffer_ + sizeof(buffer_), integer);
  size_ = static_cast<uint8_t>(result.ptr - buffer_);
}

NumberText::NumberText(double number) {
  if (number == 0) {
    number = 0;  // -0 is shown as 0
  }
  // From 1e-6 to 1e21 without an exponent, as ECMAScript's Number::toString has it: a whole number
  // looks like one, and counts as one.
  const double size = std::abs(number);
  const bool plain = number == 0 || (size >= 1e-6 && size < 1e21);
  const auto result =
      std::to_chars(buffer_, buffer_ + sizeof(buffer_), number,
                    plain ? std::chars_format::fixed : std::chars_format::scientific);
  size_ = static_cast<uint8_t>(result.ptr - buffer_);
}

std::optional<int64_t> ParseInteger(std::string_view bytes) {
  const std::string_view digits = bytes.starts_with('-') ? bytes.substr(1) : bytes;
  if (digits.empty() || (digits[0] == '0' && (bytes.size() > 1)) || digits[0] == '-') {
    return std::nullopt;
  }
  int64_t integer = 0;
  const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), integer);
  if (error != std::errc() || end != bytes.data() + bytes.size()) {
    return std::nullopt;
  }
  return integer;
}

std::optional<double> ParseNumber(std::string_view bytes) {
  if (bytes.starts_with('+')) {
    bytes.remove_prefix(1);
    if (bytes.starts_with('-')) {
      return std::nullopt;
    }
  }
  double number = 0;
  const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), number);
  if (error != std::errc() || end != bytes.data() + bytes.size() || std::isnan(number)) {
    return std::nullopt;
  }
  return number;
}

namespace {

// Length of the well-formed sequence at the start of `bytes` (Unicode 15, table 3-7); 0 when it is
// not one.
size_t SequenceLength(std::string_view bytes) {
  const auto at = [&](size_t i) {
    return i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : uint8_t{0};
  };
  const auto continues = [&](size_t i) { return (at(i) & 0xC0) == 0x80; };
  const uint8_t first = at(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF) {
    return continues(1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const bool second_fits = first == 0xE0 ? at(1) >= 0xA0 : first == 0xED ? at(1) <= 0x9F : true;
    return continues(1) && second_fits && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool second_fits = first == 0xF0 ? at(1) >= 0x90 : first == 0xF4 ? at(1) <= 0x8F : true;
    return continues(1) && second_fits && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    uint64_t word;
    if (bytes.size() >= sizeof(word)) {
      std::memcpy(&word, bytes.data(), sizeof(word));
      if ((word & 0x8080808080808080u) == 0) {
        bytes.remove_prefix(sizeof(word));
        continue;
      }
    }
    const size_t length = SequenceLength(bytes);
    if (length == 0) {
      return false;
    }
    bytes.remove_prefix(length);
  }
  return true;
}

}  // namespace kvick::storage
