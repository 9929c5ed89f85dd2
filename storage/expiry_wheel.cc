#include "storage/expiry_wheel.h"

#include <algorithm>

namespace kvick::storage {

void ExpiryWheel::Add(Ref ref, TimeMs due) {
  // Rounded up: what is in a slot is due when the slot's tick has come.
  const int64_t due_tick = ((due - 1) >> kTickBits) + 1;
  ++size_;
  if (tick_ < 0 || due_tick <= tick_) {
    ready_.push_back(ref);
    return;
  }
  Put(ref, due_tick);
}

void ExpiryWheel::Put(Ref ref, int64_t due_tick) {
  int level = 0;
  while (level < kLevels - 1 &&
         (due_tick >> (kSlotBits * level)) - (tick_ >> (kSlotBits * level)) >= kSlots) {
    ++level;
  }
  const int shift = kSlotBits * level;
  const int64_t farthest = (tick_ >> shift) + kSlots - 1;
  const int64_t position = std::min(due_tick >> shift, farthest);
  if (levels_[level].empty()) {
    levels_[level].resize(kSlots);
  }
  levels_[level][position % kSlots].push_back(ref);
  ++level_sizes_[level];
}

int64_t ExpiryWheel::NextTick() const {
  int level = 0;
  while (level < kLevels - 1 && level_sizes_[level] == 0) {
    ++level;
  }
  const int shift = kSlotBits * level;
  return ((tick_ >> shift) + 1) << shift;
}

void ExpiryWheel::OpenSlots() {
  for (int level = 0; level < kLevels; ++level) {
    const int shift = kSlotBits * level;
    // A slot of a higher level is opened when its first tick comes.
    if ((tick_ & ((int64_t{1} << shift) - 1)) != 0) {
      return;
    }
    if (!levels_[level].empty()) {
      Slot& slot = levels_[level][(tick_ >> shift) % kSlots];
      ready_.insert(ready_.end(), slot.begin(), slot.end());
      level_sizes_[level] -= slot.size();
      slot = Slot();
    }
  }
}

bool ExpiryWheel::Take(TimeMs now, size_t limit, std::vector<Ref>* out) {
  const int64_t now_tick = now >> kTickBits;
  if (tick_ < 0) {
    tick_ = now_tick;
  }
  if (size_ == ready_.size()) {
    tick_ = std::max(tick_, now_tick);  // nothing in the slots to step over
  }
  while (tick_ < now_tick && ready_.size() < limit) {
    const int64_t next = NextTick();
    if (next > now_tick) {
      tick_ = now_tick;
      break;
    }
    tick_ = next;
    OpenSlots();
  }
  const size_t taken = std::min(limit, ready_.size());
  out->insert(out->end(), ready_.end() - static_cast<ptrdiff_t>(taken), ready_.end());
  ready_.resize(ready_.size() - taken);
  if (ready_.empty()) {
    ready_ = Slot();
  }
  size_ -= taken;
  return !ready_.empty() || tick_ < now_tick;
}

void ExpiryWheel::Clear() { *this = ExpiryWheel(); }

}  // namespace kvick::storage
