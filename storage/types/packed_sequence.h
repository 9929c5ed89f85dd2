// PackedSequence: values one after the other in one allocation, for collections while they are
// small and for the blocks of large lists.
//
//   sequence := entry*
//   entry    := item (item.h), then the item's length in 7-bit groups, most significant first, with
//               the top bit set in all but the first, so that it is read from its end backwards
//
// The entries lie somewhere inside the allocation with room before and behind them, so that both
// ends grow and shrink without moving the rest. A place in the sequence is an Offset, in bytes from
// the first entry: it must be that of an entry, or end(), and is good until the next change.
//
// Every operation moves at most the bytes on the shorter side of the place that it changes, or all
// of them when there is no room: amortised over a quarter of the sequence's length.
//
// Thread compatible.
#ifndef KVICK_STORAGE_TYPES_PACKED_SEQUENCE_H_
#define KVICK_STORAGE_TYPES_PACKED_SEQUENCE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "storage/base/allocation.h"
#include "storage/base/value.h"

namespace kvick::storage {

// Values handed in must not lie in the sequence itself. All values together stay below 4 GiB, which
// is the caller's to see to.
class PackedSequence {
 public:
  using Offset = size_t;

  // Room for growth is not added beyond this, in bytes.
  static constexpr size_t kSpareCapacityMax = 8192;

  PackedSequence() = default;
  PackedSequence(const PackedSequence&) = delete;
  PackedSequence& operator=(const PackedSequence&) = delete;
  PackedSequence(PackedSequence&& other) noexcept { Swap(other); }
  PackedSequence& operator=(PackedSequence&& other) noexcept {
    PackedSequence taken(std::move(other));
    Swap(taken);
    return *this;
  }
  ~PackedSequence();

  // Values. O(1).
  size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // Length of the entries in bytes. O(1).
  size_t bytes() const { return end_ - begin_; }
  // Bytes taken from the allocator; not the object itself. O(1).
  size_t memory_bytes() const { return AllocatedBytes(data_); }
  // What a value of `length` bytes adds to bytes().
  static size_t EntryBytes(size_t length);

  // Behind the last entry.
  Offset end() const { return bytes(); }
  // The value at `at`, which is not end(). O(1).
  ValueView Get(Offset at) const;
  // The same, and moves `at` to the next entry. O(1).
  ValueView Read(Offset& at) const;
  // Moves `at`, which is not 0, to the entry before it and returns that value. O(1).
  ValueView ReadBack(Offset& at) const;
  // Where the value number `index` is; end() for count(). O(distance from the nearer end).
  Offset OffsetOf(size_t index) const;
  // The first value with these bytes among number 0, `stride`, 2 * `stride`...; end() when there is
  // none. O(bytes()).
  Offset Find(std::string_view bytes, size_t stride = 1) const;

  // Adds behind the last value. O(length) amortised.
  void Append(ValueView value) { Insert(end(), value); }
  // Adds before the first value. O(length) amortised.
  void Prepend(ValueView value) { Insert(0, value); }
  // Adds before the entry at `at`. O(bytes()).
  void Insert(Offset at, ValueView value);
  // Puts another value in the place of the one at `at`. O(bytes()).
  void Replace(Offset at, ValueView value);
  // Removes `count` values from `at` on. O(bytes()).
  void Erase(Offset at, size_t count);
  // Removes up to `limit` values with these bytes, the first ones or the last ones; returns how
  // many. O(bytes()).
  size_t EraseEqual(std::string_view bytes, size_t limit, bool from_back);
  // Adds all of another sequence. O(other.bytes()) amortised.
  void AppendAll(const PackedSequence& other);
  // Cuts off the values from number `index` on and returns them. O(bytes()).
  PackedSequence SplitOff(size_t index);
  // Gives back the room for growth when it is worth it. O(bytes()).
  void ShrinkToFit();

  // A copy without room for growth. O(bytes()).
  PackedSequence Clone() const;

 private:
  const char* first() const { return data_ + begin_; }
  // Opens a gap of `room` bytes before `at` and returns where it is.
  char* MakeRoom(size_t at, size_t room);
  // Removes `length` bytes at `at`.
  void CloseRoom(size_t at, size_t length);
  // Moves everything to an allocation of `capacity` bytes with a gap of `room` bytes before `at`.
  // The spare bytes go to the front or the back; the other side keeps some when it had some.
  void Relocate(size_t at, size_t room, size_t capacity, bool spare_in_front);
  void ShrinkWhenSparse();

  void Swap(PackedSequence& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(count_, other.count_);
  }

  char* data_ = nullptr;  // from malloc; null without capacity
  uint32_t capacity_ = 0;
  uint32_t begin_ = 0;  // the entries are data_[begin_, end_)
  uint32_t end_ = 0;
  uint32_t count_ = 0;
};

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_TYPES_PACKED_SEQUENCE_H_
