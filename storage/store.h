// Store: all shards of the keyspace, their limits, and the work that goes on over all of them. What
// a command does to keys it does through a Keyspace (keyspace.h).
#ifndef KVICK_STORAGE_STORE_H_
#define KVICK_STORAGE_STORE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "storage/base/slot.h"
#include "storage/reclaimer.h"
#include "storage/shard.h"

namespace kvick::storage {

// Limits on what clients may send and get.
struct Limits {
  size_t max_key_bytes = 64 << 10;
  size_t max_value_bytes = 64 << 20;
  size_t max_reply_bytes = 64 << 20;
  size_t max_items = 1'000'000;  // keys, values, members or fields of one request
};

// Milliseconds since 1970; a seam, so that tests can hold the time still.
using Clock = std::function<TimeMs()>;
// The clock of the machine.
TimeMs SystemTimeMs();

struct StoreOptions {
  size_t shards = 1024;         // a power of two, at most kSlots
  size_t max_memory_bytes = 0;  // 0: no limit
  Limits limits;
  Clock clock = SystemTimeMs;
};

// Sums over all shards.
struct StoreStatistics {
  size_t keys = 0;
  size_t keys_with_expiry = 0;
  size_t data_bytes = 0;
  size_t index_bytes = 0;
  size_t unfreed_bytes = 0;
  uint64_t expired = 0;
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t commands = 0;
};

// Shard numbers, ascending, each once: the order in which shards are locked.
using ShardSet = absl::InlinedVector<uint32_t, 4>;

// Thread safe. Lock order: shards by ascending number, then the reclaimer.
class Store {
 public:
  explicit Store(StoreOptions options);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const StoreOptions& options() const { return options_; }
  TimeMs Now() const { return options_.clock(); }

  size_t shard_count() const { return shards_.size(); }
  uint32_t ShardOf(std::string_view key) const {
    return SlotOf(key) & static_cast<uint32_t>(shards_.size() - 1);
  }
  Shard& shard(uint32_t number) { return shards_[number]; }

  // Locks and unlocks the shards of a set.
  void Lock(const ShardSet& shards) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (const uint32_t number : shards) {
      shards_[number].mu.Lock();
    }
  }
  void Unlock(const ShardSet& shards) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (const uint32_t number : shards) {
      shards_[number].mu.Unlock();
    }
  }

  // The version of the next write: one more than the last. Call with the shards of the write
  // locked.
  int64_t TakeVersion() { return last_version_.fetch_add(1, std::memory_order_relaxed) + 1; }
  int64_t last_version() const { return last_version_.load(std::memory_order_relaxed); }

  // Bytes that count against max_memory: data, index and what waits to be freed.
  size_t used_bytes() const {
    return accounted_bytes_.load(std::memory_order_relaxed) + reclaimer_.unfreed_bytes();
  }
  // False when a write that needs memory must be refused.
  bool HasRoom() const {
    return options_.max_memory_bytes == 0 || used_bytes() < options_.max_memory_bytes;
  }
  // The same for a write that is known to need so many bytes.
  bool HasRoomFor(size_t bytes) const {
    return options_.max_memory_bytes == 0 ||
           (HasRoom() && bytes <= options_.max_memory_bytes - used_bytes());
  }
  // Tells the store what a write did to a shard's data and index. Costs nothing without a limit.
  void Account(ptrdiff_t bytes) {
    if (options_.max_memory_bytes != 0 && bytes != 0) {
      accounted_bytes_.fetch_add(static_cast<size_t>(bytes), std::memory_order_relaxed);
    }
  }

  Reclaimer& reclaimer() { return reclaimer_; }

  StoreStatistics Statistics();

  // Deletes everything at one moment. Returns how many keys there were, and the version of it.
  struct FlushResult {
    size_t deleted;
    int64_t version;
  };
  FlushResult Flush();

  // Removes expired entries of a shard, at most about `limit`. Returns whether more may be due.
  // Each removal is a write with a version of its own.
  bool ExpireSome(uint32_t shard_number, TimeMs now, size_t limit);

 private:
  const StoreOptions options_;
  std::vector<Shard> shards_;  // never resized; each protects itself
  std::atomic<int64_t> last_version_{0};
  std::atomic<size_t> accounted_bytes_{0};
  Reclaimer reclaimer_;
};

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_STORE_H_
