#include "storage/prefetcher.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "storage/keyspace.h"

namespace kvick::storage {
namespace {

class PrefetcherTest : public testing::Test {
 protected:
  Store store_{{.shards = 4, .limits = {}}};
  Prefetcher prefetcher_{store_};
};

TEST_F(PrefetcherTest, LeavesEveryShardUnlockedAndEveryKeyAsItWas) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const std::string key = "key:" + std::to_string(i);
    const ShardSet shards{store_.ShardOf(key)};
    store_.Lock(shards);
    Keyspace(store_, 0, random).SetString(key, {"value", ValueKind::kText});
    store_.Unlock(shards);
  }
  for (int i = 0; i < 2000; ++i) {  // more than fit, present and absent
    prefetcher_.Add("key:" + std::to_string(i));
  }
  prefetcher_.Run();
  prefetcher_.Run();
  // Locks every shard: would never return if one were still locked.
  const StoreStatistics statistics = store_.Statistics();
  EXPECT_EQ(statistics.keys, 1000u);
  EXPECT_EQ(statistics.hits + statistics.misses, 0u);
}

TEST_F(PrefetcherTest, DoesNotWaitForALock) {
  const ShardSet shards{store_.ShardOf("a")};
  store_.Lock(shards);
  prefetcher_.Add("a");
  prefetcher_.Run();  // would never return
  store_.Unlock(shards);
}

}  // namespace
}  // namespace kvick::storage
