#include "storage/shard.h"

namespace kvick::storage {

Shard::~Shard() {
  absl::MutexLock lock(&mu);
  table.ForEach([](Entry* entry) { Entry::Destroy(entry); });
}

void Shard::AddExpiry(uint64_t hash, TimeMs due) {
  wheel.Add(ExpiryWheel::RefOf(hash), due);
  CompactWheel();
}

void Shard::CompactWheel() {
  constexpr size_t kSlack = 1024;
  if (wheel.size() <= 2 * entries_with_expiry + kSlack) {
    return;
  }
  wheel.Clear();
  table.ForEach([this](Entry* entry) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (const auto due = entry->expiry(); due.has_value()) {
      wheel.Add(ExpiryWheel::RefOf(EntryTraits::Hash(*entry)), *due);
    }
  });
}

}  // namespace kvick::storage
