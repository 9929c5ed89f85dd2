// The Protobuf wire format, as far as the pipeline reads and writes it by hand
// (https://protobuf.dev/programming-guides/encoding/).
#ifndef KVICK_SERVER_PROCESSOR_WIRE_H_
#define KVICK_SERVER_PROCESSOR_WIRE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace kvick::server {

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

constexpr uint32_t WireTag(int field, WireType type) {
  return static_cast<uint32_t>(field) << 3 | static_cast<uint32_t>(type);
}

// Takes a varint off the front of `bytes`; false when there is none.
inline bool TakeVarint(std::string_view* bytes, uint64_t* value) {
  // Nearly all tags and lengths take one byte.
  if (!bytes->empty() && static_cast<uint8_t>(bytes->front()) < 0x80) {
    *value = static_cast<uint8_t>(bytes->front());
    bytes->remove_prefix(1);
    return true;
  }
  uint64_t result = 0;
  for (size_t i = 0; i < bytes->size() && i < 10; ++i) {
    const auto byte = static_cast<uint8_t>((*bytes)[i]);
    result |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) {
      *value = result;
      bytes->remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

// One field off the front of a message: its number, type, and value (of a varint) or content (of
// anything else).
struct WireField {
  int number = 0;
  WireType type = WireType::kVarint;
  uint64_t value = 0;
  std::string_view content;
};

// Takes a field off the front of `bytes`; false when what stands there is none.
inline bool TakeField(std::string_view* bytes, WireField* field) {
  uint64_t tag = 0;
  if (!TakeVarint(bytes, &tag) || tag > 0xFFFFFFFFu || tag >> 3 == 0) {
    return false;
  }
  field->number = static_cast<int>(tag >> 3);
  field->type = static_cast<WireType>(tag & 7);
  uint64_t length = 0;
  switch (field->type) {
    case WireType::kVarint:
      return TakeVarint(bytes, &field->value);
    case WireType::kFixed64:
      length = 8;
      break;
    case WireType::kFixed32:
      length = 4;
      break;
    case WireType::kLengthDelimited:
      if (!TakeVarint(bytes, &length)) {
        return false;
      }
      break;
    default:
      return false;  // groups are not of proto3
  }
  if (length > bytes->size()) {
    return false;
  }
  field->content = bytes->substr(0, length);
  bytes->remove_prefix(length);
  return true;
}

constexpr size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) {
    ++size;
  }
  return size;
}

// Writes a varint and returns where it ends.
inline uint8_t* PutVarint(uint64_t value, uint8_t* at) {
  for (; value >= 0x80; value >>= 7) {
    *at++ = static_cast<uint8_t>(value | 0x80);
  }
  *at++ = static_cast<uint8_t>(value);
  return at;
}

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_WIRE_H_
