// Values by chance for the tests of the data types, of lengths around every threshold.
#ifndef KVICK_TESTS_STORAGE_TYPES_RANDOM_VALUES_H_
#define KVICK_TESTS_STORAGE_TYPES_RANDOM_VALUES_H_

#include <random>
#include <string>

#include "storage/base/value.h"

namespace kvick::storage {

// A value that owns its bytes.
struct OwnedValue {
  std::string bytes;
  ValueKind kind = ValueKind::kText;

  ValueView view() const { return {bytes, kind}; }
  friend bool operator==(const OwnedValue& a, const ValueView& b) {
    return a.bytes == b.bytes && a.kind == b.kind;
  }
};

using Random = std::mt19937_64;

// Mostly short values; now and then one with a longer header, a longer back-length, or beyond a
// block of a list.
inline OwnedValue RandomValue(Random& random) {
  size_t length = random() % 12;
  const uint64_t chance = random() % 400;
  if (chance < 40) {
    length = 28 + random() % 8;
  } else if (chance < 60) {
    length = 120 + random() % 16;
  } else if (chance < 70) {
    length = 1000 + random() % 3000;
  } else if (chance < 72) {
    length = 8180 + random() % 20;
  } else if (chance == 72) {
    length = 16380 + random() % 20;
  }
  OwnedValue value{std::string(length, 'x'), static_cast<ValueKind>(random() % 4)};
  for (size_t i = 0; i < value.bytes.size() && i < 4; ++i) {
    value.bytes[i] = static_cast<char>(random() % 256);
  }
  return value;
}

// One of a few values, so that equal ones meet.
inline OwnedValue RandomTwin(Random& random) {
  return {std::string(1 + random() % 3, static_cast<char>('a' + random() % 3)), ValueKind::kText};
}

}  // namespace kvick::storage

#endif  // KVICK_TESTS_STORAGE_TYPES_RANDOM_VALUES_H_
