#include "server/processor/key_sample.h"

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "absl/random/uniform_int_distribution.h"

namespace kvick::server {

using storage::Entry;
using storage::Shard;
using storage::Store;

namespace {

size_t Draw(size_t below, absl::BitGenRef random) {
  return absl::uniform_int_distribution<size_t>(0, below - 1)(random);
}

// How many keys each shard has, expired ones with them.
std::vector<size_t> KeysOfShards(Store& store) {
  std::vector<size_t> keys(store.shard_count());
  for (uint32_t number = 0; number < keys.size(); ++number) {
    Shard& shard = store.shard(number);
    absl::MutexLock lock(&shard.mu);
    keys[number] = shard.table.size();
  }
  return keys;
}

// The shard of the key of a number, counting all keys shard by shard.
uint32_t ShardOfKey(const std::vector<size_t>& keys, size_t key_number) {
  uint32_t shard = 0;
  while (key_number >= keys[shard]) {
    key_number -= keys[shard++];
  }
  return shard;
}

// A key by chance of those that have not expired, from a walk over all: the n-th of them takes the
// place of the one before it with a probability of 1/n.
std::optional<std::string> SampleByWalking(Store& store, absl::BitGenRef random) {
  constexpr int kBucketsPerStep = 512;
  std::optional<std::string> chosen;
  size_t seen = 0;
  for (uint32_t number = 0; number < store.shard_count(); ++number) {
    Shard& shard = store.shard(number);
    uint64_t cursor = 0;
    do {
      absl::MutexLock lock(&shard.mu);
      const storage::TimeMs now = store.Now();
      for (int buckets = 0; buckets < kBucketsPerStep; ++buckets) {
        cursor = shard.table.Scan(cursor, [&](const Entry* entry) {
          if (!entry->IsExpired(now) && Draw(++seen, random) == 0) {
            chosen = std::string(entry->key());
          }
        });
        if (cursor == 0) {
          break;
        }
      }
    } while (cursor != 0);
  }
  return chosen;
}

}  // namespace

std::optional<std::string> SampleKey(Store& store, absl::BitGenRef random) {
  // Even when nine keys in ten have expired, no more than one call in five walks.
  constexpr int kTriesMax = 16;
  const std::vector<size_t> keys = KeysOfShards(store);
  const size_t sum = std::accumulate(keys.begin(), keys.end(), size_t{0});
  for (int tries = 0; tries < kTriesMax && sum > 0; ++tries) {
    Shard& shard = store.shard(ShardOfKey(keys, Draw(sum, random)));
    absl::MutexLock lock(&shard.mu);
    const Entry* entry = shard.table.Sample(random);
    if (entry != nullptr && !entry->IsExpired(store.Now())) {
      return std::string(entry->key());
    }
  }
  return sum == 0 ? std::nullopt : SampleByWalking(store, random);
}

}  // namespace kvick::server
