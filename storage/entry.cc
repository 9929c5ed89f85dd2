#include "storage/entry.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <limits>

#include "storage/base/allocation.h"

namespace kvick::storage {
namespace {

// A new key starts above 0, so that it is not the first to be evicted; as Redis's LFU_INIT_VAL.
constexpr uint8_t kFrequencyStart = 5;
// How fast the counter saturates: 255 stands for about a million accesses, as Redis's
// lfu-log-factor.
constexpr uint32_t kFrequencyLogFactor = 10;
constexpr uint32_t kFrequencyDecaySeconds = 60;

void* MustAllocate(size_t bytes) {
  void* memory = std::malloc(bytes);
  if (memory == nullptr) {
    std::abort();  // max_memory is there to stop before this
  }
  return memory;
}

}  // namespace

Entry* Entry::New(ObjectType type, std::string_view key, ValueView value,
                  std::optional<TimeMs> expiry) {
  constexpr size_t kNarrowMax = std::numeric_limits<uint8_t>::max();
  const bool wide = key.size() > kNarrowMax || value.bytes.size() > kNarrowMax;
  const size_t body_bytes =
      (expiry.has_value() ? kExpiryBytes : 0) + (wide ? 8 : 2) + key.size() + value.bytes.size();
  const size_t bytes = std::max(kTailOffset + body_bytes, sizeof(Entry));
  Entry* entry = new (MustAllocate(bytes)) Entry();
  entry->head_ = Head{.version = 0,
                      .type = static_cast<uint64_t>(type),
                      .kind = static_cast<uint64_t>(value.kind),
                      .has_expiry = expiry.has_value() ? 1u : 0u,
                      .wide = wide ? 1u : 0u,
                      .unused = 0,
                      .frequency = kFrequencyStart};
  entry->set_clock(0);
  char* at = entry->Tail();
  if (expiry.has_value()) {
    std::memcpy(at, &*expiry, kExpiryBytes);
    at += kExpiryBytes;
  }
  for (const size_t length : {key.size(), value.bytes.size()}) {
    const auto wide_length = static_cast<uint32_t>(length);
    std::memcpy(at, &wide_length, wide ? 4 : 1);  // little endian: the low byte comes first
    at += wide ? 4 : 1;
  }
  std::memcpy(at, key.data(), key.size());
  if (!value.bytes.empty()) {
    std::memcpy(at + key.size(), value.bytes.data(), value.bytes.size());
  }
  return entry;
}

Entry* Entry::NewString(std::string_view key, ValueView value, std::optional<TimeMs> expiry) {
  return New(ObjectType::kString, key, value, expiry);
}

Entry* Entry::NewObject(std::string_view key, std::unique_ptr<Object> object,
                        std::optional<TimeMs> expiry) {
  const ObjectType type = object->type();
  Object* pointer = object.release();
  return New(type, key,
             {{reinterpret_cast<const char*>(&pointer), sizeof(pointer)}, ValueKind::kData},
             expiry);
}

void Entry::Destroy(Entry* entry) {
  if (entry->type() != ObjectType::kString) {
    delete entry->object();
  }
  std::free(entry);
}

std::unique_ptr<Object> Entry::ReleaseObject() {
  std::unique_ptr<Object> object(this->object());
  const Object* none = nullptr;
  std::memcpy(Body() + LengthBytes() + key_length(), &none, sizeof(none));
  return object;
}

bool Entry::ReplaceInPlace(ValueView value) {
  if (type() != ObjectType::kString) {
    return false;
  }
  const size_t before =
      static_cast<size_t>(Body() - reinterpret_cast<char*>(this)) + LengthBytes() + key_length();
  const size_t size = value.bytes.size();
  const bool length_fits = head_.wide != 0 ? true : size <= std::numeric_limits<uint8_t>::max();
  const size_t usable = AllocatedBytes(this);
  // An allocation that would be mostly slack is better made anew.
  if (!length_fits || before + size > usable || (usable > 128 && before + size < usable / 2)) {
    return false;
  }
  const auto length = static_cast<uint32_t>(size);
  std::memcpy(head_.wide != 0 ? Body() + 4 : Body() + 1, &length, head_.wide != 0 ? 4 : 1);
  if (size != 0) {
    std::memmove(reinterpret_cast<char*>(this) + before, value.bytes.data(), size);
  }
  head_.kind = static_cast<uint64_t>(value.kind);
  return true;
}

uint8_t Entry::Frequency(uint32_t second) const {
  const uint32_t idle = IdleSeconds(second);
  const uint32_t decay = idle < kFrequencyDecaySeconds ? 0 : idle / kFrequencyDecaySeconds;
  return static_cast<uint8_t>(head_.frequency > decay ? head_.frequency - decay : 0);
}

void Entry::Touch(uint32_t second, uint32_t chance) {
  uint32_t frequency = Frequency(second);
  if (frequency <= kFrequencyStart) {
    ++frequency;
  } else if (frequency < 255) {
    // One in (above * factor + 1), by a multiplication instead of a division.
    const uint64_t above = frequency - kFrequencyStart;
    if (chance * (above * kFrequencyLogFactor + 1) <= std::numeric_limits<uint32_t>::max()) {
      ++frequency;
    }
  }
  head_.frequency = frequency;
  set_clock(second & kClockMask);
}

void Entry::InheritFrom(const Entry& other) {
  head_.version = other.head_.version;
  head_.frequency = other.head_.frequency;
  set_clock(other.clock());
}

size_t Entry::memory_bytes() const {
  const Object* held = type() == ObjectType::kString ? nullptr : object();
  return AllocatedBytes(this) + (held == nullptr ? 0 : held->memory_bytes());
}

}  // namespace kvick::storage
