// ExpiryWheel: which entries of a shard may be due, at 4 bytes an entry. A hierarchical timing
// wheel (Varghese and Lauck, 1987) of references; a reference is the upper half of the hash of the
// entry's key, so it needs no care when the entry moves or goes: one that finds no entry, or none
// that is due, is dropped or added again. The entry alone knows when it expires.
//
// Thread compatible; protected by its shard's mutex.
#ifndef KVICK_STORAGE_EXPIRY_WHEEL_H_
#define KVICK_STORAGE_EXPIRY_WHEEL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/entry.h"

namespace kvick::storage {

class ExpiryWheel {
 public:
  // The upper half of a key's hash.
  using Ref = uint32_t;
  static Ref RefOf(uint64_t hash) { return static_cast<Ref>(hash >> 32); }

  // Adds a reference to an entry that expires at `due`. O(1).
  void Add(Ref ref, TimeMs due);

  // Moves to `out` at most about `limit` references that may be due at `now`: all that are due come
  // within one tick, 256 ms, and some of later ones, to be added again. Returns whether more are
  // waiting.
  bool Take(TimeMs now, size_t limit, std::vector<Ref>* out);

  // References held.
  size_t size() const { return size_; }
  // Forgets everything.
  void Clear();

 private:
  static constexpr int kTickBits = 8;
  static constexpr int kSlotBits = 6;
  static constexpr int kSlots = 1 << kSlotBits;
  static constexpr int kLevels = 5;  // the last spans 8.7 years; what is later waits there

  using Slot = std::vector<Ref>;

  void Put(Ref ref, int64_t due_tick);
  // The next tick at which there is anything to open: levels that are empty are stepped over.
  int64_t NextTick() const;
  // Makes ready what the slots of this tick hold.
  void OpenSlots();

  // Level k holds what is due within 64^(k+1) ticks, in 64 slots of 64^k ticks. Empty until needed.
  std::array<std::vector<Slot>, kLevels> levels_;
  std::array<size_t, kLevels> level_sizes_{};  // references in each level
  std::vector<Ref> ready_;                     // taken out of their slots, not yet handed out
  int64_t tick_ = -1;  // everything up to this tick was taken; -1: not started
  size_t size_ = 0;
};

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_EXPIRY_WHEEL_H_
