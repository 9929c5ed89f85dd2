// Values as the engine sees them: bytes with a remembered kind. Two values are the same when their
// bytes are; the kind only decides how a value is shown.
#ifndef KVICK_STORAGE_BASE_VALUE_H_
#define KVICK_STORAGE_BASE_VALUE_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace kvick::storage {

// How a value is shown. The numbers are part of the encodings in memory.
enum class ValueKind : uint8_t { kText = 0, kData = 1, kInteger = 2, kNumber = 3 };

// A value somewhere else: canonical bytes and their kind. Does not own the bytes.
struct ValueView {
  std::string_view bytes;
  ValueKind kind = ValueKind::kText;
};

// The canonical bytes of a number, in a buffer of its own.
class NumberText {
 public:
  // Decimal digits.
  explicit NumberText(int64_t integer);
  // The shortest decimal that reads back as the same number, with an exponent only below 1e-6 and
  // from 1e21 on; "inf" and "-inf"; "0" for -0. `number` is not NaN.
  explicit NumberText(double number);

  std::string_view view() const { return {buffer_, size_}; }

 private:
  char buffer_[32];
  uint8_t size_;
};

// The number that canonical bytes of a whole number stand for: an optional '-', then digits without
// leading zeros. Anything else, "+5" or " 5" or "-0" too, is none.
std::optional<int64_t> ParseInteger(std::string_view bytes);

// The number that bytes stand for: decimal with or without fraction and exponent, or infinity
// ("inf", "+inf", "-inf", "infinity"). All of the bytes must belong to it. NaN is none.
std::optional<double> ParseNumber(std::string_view bytes);

// True when the bytes are UTF-8 as Protobuf's `string` wants it.
bool IsUtf8(std::string_view bytes);

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_BASE_VALUE_H_
