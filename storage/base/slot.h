// Where a key lives: slot = CRC16(hash tag or key) mod 16384, as in a Redis cluster, so that keys
// with the same {tag} stay together.
#ifndef KVICK_STORAGE_BASE_SLOT_H_
#define KVICK_STORAGE_BASE_SLOT_H_

#include <cstdint>
#include <string_view>

namespace kvick::storage {

// The number of slots; shards divide them evenly.
inline constexpr uint32_t kSlots = 16384;

// The slot of a key, below kSlots. What stands between the first '{' and the next '}' is hashed, if
// it is not empty; otherwise the whole key. O(length). CRC-16/XMODEM.
uint32_t SlotOf(std::string_view key);

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_BASE_SLOT_H_
