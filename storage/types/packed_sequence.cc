#include "storage/types/packed_sequence.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "storage/types/item.h"

namespace kvick::storage {
namespace {

// memmove and memcpy that take null with a length of 0.
void Move(char* to, const char* from, size_t length) {
  if (length != 0) {
    std::memmove(to, from, length);
  }
}

size_t BackLengthBytes(size_t item_bytes) {
  size_t bytes = 1;
  for (item_bytes >>= 7; item_bytes != 0; item_bytes >>= 7) {
    ++bytes;
  }
  return bytes;
}

void WriteEntry(ValueView value, char* to) {
  const char* start = to;
  to = WriteItem(value, to);
  size_t rest = static_cast<size_t>(to - start);
  for (char* at = to + BackLengthBytes(rest) - 1; at >= to; --at) {
    *at = static_cast<char>((rest & 0x7F) | (rest >= 0x80 ? 0x80 : 0));
    rest >>= 7;
  }
}

// Reads the entry at `from`; returns where it ends.
const char* ReadEntry(const char* from, ValueView* value) {
  const char* end = ReadItem(from, value);
  return end + BackLengthBytes(static_cast<size_t>(end - from));
}

// Where the entry begins that ends at `end`.
const char* EntryBefore(const char* end) {
  size_t item_bytes = 0;
  int shift = 0;
  uint8_t next;
  do {
    next = static_cast<uint8_t>(*--end);
    item_bytes |= static_cast<size_t>(next & 0x7F) << shift;
    shift += 7;
  } while ((next & 0x80) != 0);
  return end - item_bytes;
}

}  // namespace

PackedSequence::~PackedSequence() { std::free(data_); }

size_t PackedSequence::EntryBytes(size_t length) {
  const size_t item_bytes = ItemBytes(length);
  return item_bytes + BackLengthBytes(item_bytes);
}

ValueView PackedSequence::Get(Offset at) const { return Read(at); }

ValueView PackedSequence::Read(Offset& at) const {
  ValueView value;
  at = static_cast<size_t>(ReadEntry(first() + at, &value) - first());
  return value;
}

ValueView PackedSequence::ReadBack(Offset& at) const {
  const char* entry = EntryBefore(first() + at);
  at = static_cast<size_t>(entry - first());
  ValueView value;
  ReadItem(entry, &value);
  return value;
}

PackedSequence::Offset PackedSequence::OffsetOf(size_t index) const {
  Offset at = 0;
  if (index <= count_ / 2) {
    for (; index > 0; --index) {
      Read(at);
    }
    return at;
  }
  at = end();
  for (size_t back = count_ - index; back > 0; --back) {
    at = static_cast<size_t>(EntryBefore(first() + at) - first());
  }
  return at;
}

PackedSequence::Offset PackedSequence::Find(std::string_view bytes, size_t stride) const {
  Offset at = 0;
  while (at != end()) {
    const Offset here = at;
    if (Read(at).bytes == bytes) {
      return here;
    }
    for (size_t skipped = 1; skipped < stride && at != end(); ++skipped) {
      Read(at);
    }
  }
  return at;
}

void PackedSequence::Insert(Offset at, ValueView value) {
  WriteEntry(value, MakeRoom(at, EntryBytes(value.bytes.size())));
  ++count_;
}

void PackedSequence::Replace(Offset at, ValueView value) {
  Offset next = at;
  Read(next);
  const size_t old_bytes = next - at;
  const size_t new_bytes = EntryBytes(value.bytes.size());
  if (new_bytes > old_bytes) {
    MakeRoom(at, new_bytes - old_bytes);
  } else if (new_bytes < old_bytes) {
    CloseRoom(at, old_bytes - new_bytes);
  }
  WriteEntry(value, data_ + begin_ + at);
  ShrinkWhenSparse();
}

void PackedSequence::Erase(Offset at, size_t count) {
  Offset to = at;
  for (size_t i = 0; i < count; ++i) {
    Read(to);
  }
  CloseRoom(at, to - at);
  count_ -= static_cast<uint32_t>(count);
  ShrinkWhenSparse();
}

size_t PackedSequence::EraseEqual(std::string_view bytes, size_t limit, bool from_back) {
  Offset start = 0;
  if (from_back) {
    // Goes back to the first one to remove; from there on all go.
    start = end();
    Offset at = end();
    for (size_t found = 0; at != 0 && found < limit;) {
      if (ReadBack(at).bytes == bytes) {
        start = at;
        ++found;
      }
    }
  }
  // What stays moves towards the front, run by run.
  size_t removed = 0;
  char* to = data_ + begin_ + start;
  Offset kept = start;  // the run that stays starts here
  for (Offset at = start; at != end() && removed < limit;) {
    const Offset here = at;
    if (Read(at).bytes == bytes) {
      Move(to, first() + kept, here - kept);
      to += here - kept;
      kept = at;
      ++removed;
    }
  }
  if (removed == 0) {
    return 0;
  }
  Move(to, first() + kept, end() - kept);
  to += end() - kept;
  end_ = static_cast<uint32_t>(to - data_);
  count_ -= static_cast<uint32_t>(removed);
  ShrinkWhenSparse();
  return removed;
}

void PackedSequence::AppendAll(const PackedSequence& other) {
  if (other.empty()) {
    return;
  }
  Move(MakeRoom(end(), other.bytes()), other.first(), other.bytes());
  count_ += other.count_;
}

PackedSequence PackedSequence::SplitOff(size_t index) {
  PackedSequence rest;
  const Offset at = OffsetOf(index);
  if (at == end()) {
    return rest;
  }
  Move(rest.MakeRoom(0, end() - at), first() + at, end() - at);
  rest.count_ = count_ - static_cast<uint32_t>(index);
  CloseRoom(at, end() - at);
  count_ = static_cast<uint32_t>(index);
  ShrinkWhenSparse();
  return rest;
}

PackedSequence PackedSequence::Clone() const {
  PackedSequence copy;
  copy.AppendAll(*this);
  return copy;
}

void PackedSequence::ShrinkToFit() {
  // Allocators round up: a few bytes are not worth a move.
  if (capacity_ > bytes() + bytes() / 16 + 16) {
    Relocate(0, 0, bytes(), false);
  }
}

void PackedSequence::ShrinkWhenSparse() {
  constexpr size_t kWorthShrinking = 128;
  if (capacity_ > kWorthShrinking && capacity_ / 4 > bytes()) {
    Relocate(0, 0, bytes() + bytes() / 2, false);
  }
}

char* PackedSequence::MakeRoom(size_t at, size_t room) {
  const size_t size = bytes();
  const bool front_is_nearer = at < size - at;
  if (front_is_nearer && begin_ >= room) {
    Move(data_ + begin_ - room, data_ + begin_, at);
    begin_ -= static_cast<uint32_t>(room);
  } else if (!front_is_nearer && capacity_ - end_ >= room) {
    Move(data_ + begin_ + at + room, data_ + begin_ + at, size - at);
    end_ += static_cast<uint32_t>(room);
  } else {
    const size_t needed = size + room;
    size_t capacity = capacity_;
    if (capacity < needed + needed / 4) {
      // A first value gets what it needs: it may stay the only one, and be large.
      const size_t spare =
          std::min(size / 2, kSpareCapacityMax - std::min(kSpareCapacityMax, needed));
      capacity = needed + spare;
    }
    Relocate(at, room, capacity, front_is_nearer);
  }
  return data_ + begin_ + at;
}

void PackedSequence::CloseRoom(size_t at, size_t length) {
  const size_t size = bytes();
  if (at < size - at - length) {
    Move(data_ + begin_ + length, data_ + begin_, at);
    begin_ += static_cast<uint32_t>(length);
  } else {
    Move(data_ + begin_ + at, data_ + begin_ + at + length, size - at - length);
    end_ -= static_cast<uint32_t>(length);
  }
}

void PackedSequence::Relocate(size_t at, size_t room, size_t capacity, bool spare_in_front) {
  constexpr size_t kGranularity = 8;  // what allocators round up to
  const size_t size = bytes();
  const size_t needed = size + room;
  if (needed == 0) {
    std::free(data_);
    data_ = nullptr;
    capacity_ = begin_ = end_ = 0;
    return;
  }
  capacity = (capacity + kGranularity - 1) / kGranularity * kGranularity;
  auto* data = static_cast<char*>(std::malloc(capacity));
  if (data == nullptr) {
    std::abort();  // the process has no memory left
  }
  const size_t spare = capacity - needed;
  const size_t other_side = spare_in_front ? capacity_ - end_ : begin_;
  const size_t kept_there = std::min(other_side, spare / 4);
  const size_t begin = spare_in_front ? spare - kept_there : kept_there;
  Move(data + begin, data_ + begin_, at);
  Move(data + begin + at + room, data_ + begin_ + at, size - at);
  std::free(data_);
  data_ = data;
  capacity_ = static_cast<uint32_t>(capacity);
  begin_ = static_cast<uint32_t>(begin);
  end_ = static_cast<uint32_t>(begin + needed);
}

}  // namespace kvick::storage
