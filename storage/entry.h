// Entry: a key and what it holds, in one allocation:
//
//   head  8  version, type, kind, flags, access frequency
//   clock 3  second of the last access, modulo 2^24
//   [expiry 6]  milliseconds since 1970, when the entry expires
//   key length and value length, 1 byte each, or 4 each when one of them needs more
//   key bytes
//   value bytes of a string, or the pointer to an Object
//
// An entry is owned by the table of its shard, and protected by that shard's mutex.
#ifndef KVICK_STORAGE_ENTRY_H_
#define KVICK_STORAGE_ENTRY_H_

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "storage/base/hash_table.h"
#include "storage/base/object.h"
#include "storage/base/value.h"

namespace kvick::storage {

// Milliseconds since 1970.
using TimeMs = int64_t;

// The latest moment that an expiry can name: 48 bits, the year 10889.
inline constexpr TimeMs kExpiryMax = (TimeMs{1} << 48) - 1;

class Entry {
 public:
  // Makes entries; Destroy() frees one with what it holds.
  static Entry* NewString(std::string_view key, ValueView value, std::optional<TimeMs> expiry);
  static Entry* NewObject(std::string_view key, std::unique_ptr<Object> object,
                          std::optional<TimeMs> expiry);
  static void Destroy(Entry* entry);

  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  std::string_view key() const { return {Body() + LengthBytes(), key_length()}; }
  ObjectType type() const { return static_cast<ObjectType>(head_.type); }

  // The value of a string; type() is kString.
  ValueView value() const {
    return {{Body() + LengthBytes() + key_length(), value_length()},
            static_cast<ValueKind>(head_.kind)};
  }
  // Overwrites the value of a string where it is; false, and nothing done, when the allocation does
  // not fit it well.
  bool ReplaceInPlace(ValueView value);

  // The collection; type() is not kString.
  Object* object() const {
    Object* object;
    std::memcpy(&object, Body() + LengthBytes() + key_length(), sizeof(object));
    return object;
  }
  // Gives the collection away; the entry is then only good for Destroy().
  std::unique_ptr<Object> ReleaseObject();

  // When it expires.
  std::optional<TimeMs> expiry() const {
    if (head_.has_expiry == 0) {
      return std::nullopt;
    }
    uint64_t time = 0;
    std::memcpy(&time, Tail(), kExpiryBytes);
    return static_cast<TimeMs>(time);
  }
  // Changes the expiry of an entry that has one.
  void ReplaceExpiry(TimeMs expiry) { std::memcpy(Tail(), &expiry, kExpiryBytes); }
  bool IsExpired(TimeMs now) const { return head_.has_expiry != 0 && *expiry() <= now; }

  int64_t version() const { return static_cast<int64_t>(head_.version); }
  void set_version(int64_t version) {
    head_.version = static_cast<uint64_t>(version) & kVersionMask;
  }

  // Notes an access at this second of the store's clock. `chance` is any random number.
  void Touch(uint32_t second, uint32_t chance);
  // Seconds since the last access, modulo 2^24 (194 days).
  uint32_t IdleSeconds(uint32_t second) const { return (second - clock()) & kClockMask; }
  // 0 to 255: grows with the logarithm of the accesses, decays by one a minute.
  uint8_t Frequency(uint32_t second) const;
  // Takes access history and version over from the entry that this one replaces.
  void InheritFrom(const Entry& other);

  // Elements of a collection, bytes of a string.
  size_t length() const {
    return type() == ObjectType::kString ? value_length() : object()->size();
  }
  Encoding encoding() const {
    return type() == ObjectType::kString ? Encoding::kInline : object()->encoding();
  }
  // Bytes from the allocator, those of the object included. O(1).
  size_t memory_bytes() const;

 private:
  static constexpr uint64_t kVersionMask = (uint64_t{1} << 48) - 1;
  static constexpr uint32_t kClockMask = (uint32_t{1} << 24) - 1;
  static constexpr size_t kExpiryBytes = 6;
  static constexpr size_t kClockBytes = 3;
  static constexpr size_t kTailOffset = 8 + kClockBytes;

  Entry() = default;
  static Entry* New(ObjectType type, std::string_view key, ValueView value,
                    std::optional<TimeMs> expiry);

  size_t LengthBytes() const { return head_.wide != 0 ? 8 : 2; }
  const char* Tail() const { return reinterpret_cast<const char*>(this) + kTailOffset; }
  char* Tail() { return reinterpret_cast<char*>(this) + kTailOffset; }
  const char* Body() const { return Tail() + (head_.has_expiry != 0 ? kExpiryBytes : 0); }
  char* Body() { return Tail() + (head_.has_expiry != 0 ? kExpiryBytes : 0); }
  size_t Length(int which) const {
    if (head_.wide == 0) {
      return static_cast<uint8_t>(Body()[which]);
    }
    uint32_t length;
    std::memcpy(&length, Body() + 4 * which, sizeof(length));
    return length;
  }
  size_t key_length() const { return Length(0); }
  size_t value_length() const { return Length(1); }

  uint32_t clock() const {
    uint32_t clock = 0;
    std::memcpy(&clock, clock_and_tail_, kClockBytes);
    return clock;
  }
  void set_clock(uint32_t second) { std::memcpy(clock_and_tail_, &second, kClockBytes); }

  struct Head {
    uint64_t version : 48;
    uint64_t type : 3;
    uint64_t kind : 2;
    uint64_t has_expiry : 1;
    uint64_t wide : 1;  // lengths take 4 bytes each
    uint64_t unused : 1;
    uint64_t frequency : 8;
  };
  static_assert(sizeof(Head) == 8);

  Head head_;
  // The clock, then the beginning of the tail: expiry, lengths, key and value, which go on past the
  // end of the struct.
  char clock_and_tail_[8];
};

// How the table of a shard finds entries.
struct EntryTraits {
  using Node = Entry;
  static uint64_t Hash(const Entry& entry) { return HashBytes(entry.key()); }
};

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_ENTRY_H_
