#include "storage/prefetcher.h"

#include "storage/base/prefetch.h"

namespace kvick::storage {

void Prefetcher::Add(std::string_view key) {
  if (count_ == kKeysMax) {
    return;
  }
  Shard& shard = store_.shard(store_.ShardOf(key));
  for (size_t line = 0; line < sizeof(Shard); line += kCacheLineBytes) {
    PrefetchLine(reinterpret_cast<const char*>(&shard) + line);
  }
  places_[count_++] = {&shard, HashBytes(key)};
}

void Prefetcher::Run() {
  for (size_t i = 0; i < count_; ++i) {
    Shard& shard = *places_[i].shard;
    if (shard.mu.TryLock()) {
      shard.table.Prefetch(places_[i].hash);
      shard.mu.Unlock();
    }
  }
  for (size_t i = 0; i < count_; ++i) {
    Shard& shard = *places_[i].shard;
    if (shard.mu.TryLock()) {
      shard.table.PrefetchNodes(places_[i].hash);
      shard.mu.Unlock();
    }
  }
  count_ = 0;
}

}  // namespace kvick::storage
