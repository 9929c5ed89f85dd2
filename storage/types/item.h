// Item: how a value lies in memory inside every collection: a header of one byte for values shorter
// than 32 bytes, then the bytes themselves.
//
//   item   := header bytes
//   header := first byte: kind (2 bits), more (1 bit), lowest 5 bits of the length;
//             while more: 7 further bits of the length, the top bit says whether more follow
//
// The bytes of an item are copied as they stand from one encoding of a collection to another.
#ifndef KVICK_STORAGE_TYPES_ITEM_H_
#define KVICK_STORAGE_TYPES_ITEM_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "storage/base/value.h"

namespace kvick::storage {

// Bytes of the header of a value of `length` bytes.
inline size_t ItemHeaderBytes(size_t length) {
  size_t bytes = 1;
  for (length >>= 5; length != 0; length >>= 7) {
    ++bytes;
  }
  return bytes;
}

// Bytes of the item of a value of `length` bytes.
inline size_t ItemBytes(size_t length) { return ItemHeaderBytes(length) + length; }

// Writes the item of a value, which does not overlap `to`; returns where it ends.
inline char* WriteItem(ValueView value, char* to) {
  size_t length = value.bytes.size();
  const size_t kind = static_cast<size_t>(value.kind);
  *to++ = static_cast<char>(kind << 6 | (length >= 32 ? 0x20 : 0) | (length & 0x1F));
  for (length >>= 5; length != 0; length >>= 7) {
    *to++ = static_cast<char>((length >= 0x80 ? 0x80 : 0) | (length & 0x7F));
  }
  if (!value.bytes.empty()) {
    std::memcpy(to, value.bytes.data(), value.bytes.size());
  }
  return to + value.bytes.size();
}

// Reads the item at `from`; returns where it ends. The value points into the item.
inline const char* ReadItem(const char* from, ValueView* value) {
  const auto first = static_cast<uint8_t>(*from++);
  size_t length = first & 0x1F;
  if ((first & 0x20) != 0) {
    uint8_t next;
    int shift = 5;
    do {
      next = static_cast<uint8_t>(*from++);
      length |= static_cast<size_t>(next & 0x7F) << shift;
      shift += 7;
    } while ((next & 0x80) != 0);
  }
  value->kind = static_cast<ValueKind>(first >> 6);
  value->bytes = {from, length};
  return from + length;
}

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_TYPES_ITEM_H_
