#include "storage/store.h"

#include <chrono>
#include <numeric>
#include <utility>

namespace kvick::storage {

TimeMs SystemTimeMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Store::Store(StoreOptions options) : options_(std::move(options)), shards_(options_.shards) {}

StoreStatistics Store::Statistics() {
  StoreStatistics sum;
  for (Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mu);
    sum.keys += shard.table.size();
    sum.keys_with_expiry += shard.entries_with_expiry;
    sum.data_bytes += shard.data_bytes;
    sum.index_bytes += shard.table.memory_bytes();
    sum.expired += shard.expired;
    sum.hits += shard.hits;
    sum.misses += shard.misses;
    sum.commands += shard.commands;
  }
  sum.unfreed_bytes = reclaimer_.unfreed_bytes();
  return sum;
}

Store::FlushResult Store::Flush() {
  ShardSet all(shards_.size());
  std::iota(all.begin(), all.end(), 0);
  std::vector<std::pair<HashTable<EntryTraits>, size_t>> taken;
  taken.reserve(shards_.size());
  Lock(all);
  FlushResult result{0, TakeVersion()};
  for (Shard& shard : shards_) {
    shard.mu.AssertHeld();
    result.deleted += shard.table.size();
    const size_t bytes = shard.data_bytes + shard.table.memory_bytes();
    taken.emplace_back(std::move(shard.table), bytes);
    Account(-static_cast<ptrdiff_t>(bytes));
    shard.wheel.Clear();
    shard.entries_with_expiry = 0;
    shard.data_bytes = 0;
  }
  Unlock(all);
  for (auto& [table, bytes] : taken) {
    reclaimer_.Free(std::move(table), bytes);
  }
  return result;
}

bool Store::ExpireSome(uint32_t shard_number, TimeMs now, size_t limit) {
  Shard& shard = shards_[shard_number];
  absl::MutexLock lock(&shard.mu);
  if (shard.wheel.size() == 0) {
    return false;
  }
  std::vector<ExpiryWheel::Ref> refs;
  const bool more = shard.wheel.Take(now, limit, &refs);
  const size_t index_before = shard.table.memory_bytes();
  ptrdiff_t freed = 0;
  for (const ExpiryWheel::Ref ref : refs) {
    const uint64_t hash = uint64_t{ref} << 32;
    // Looks at every entry that the reference may mean: removes one that is due, and adds the
    // others again.
    Entry* due = shard.table.Erase(hash, [&](const Entry& entry) ABSL_NO_THREAD_SAFETY_ANALYSIS {
      const auto expiry = entry.expiry();
      if (!expiry.has_value() || ExpiryWheel::RefOf(EntryTraits::Hash(entry)) != ref) {
        return false;
      }
      if (*expiry > now) {
        shard.wheel.Add(ref, *expiry);
        return false;
      }
      return true;
    });
    if (due != nullptr) {
      const size_t bytes = due->memory_bytes();
      freed += static_cast<ptrdiff_t>(bytes);
      shard.data_bytes -= bytes;
      --shard.entries_with_expiry;
      ++shard.expired;
      TakeVersion();
      if (due->type() != ObjectType::kString) {
        reclaimer_.Free(due->ReleaseObject());
      }
      Entry::Destroy(due);
    }
  }
  Account(static_cast<ptrdiff_t>(shard.table.memory_bytes()) -
          static_cast<ptrdiff_t>(index_before) - freed);
  return more;
}

}  // namespace kvick::storage
