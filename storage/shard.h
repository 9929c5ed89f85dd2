// Shard: a part of the keyspace with a mutex of its own. The Store holds them all; a Keyspace works
// on those that its command has locked.
#ifndef KVICK_STORAGE_SHARD_H_
#define KVICK_STORAGE_SHARD_H_

#include <cstddef>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/base/hash_table.h"
#include "storage/entry.h"
#include "storage/expiry_wheel.h"

namespace kvick::storage {

// Everything but the mutex is protected by the mutex. Aligned so that neighbours do not share a
// cache line.
struct alignas(64) Shard {
  Shard() = default;
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Adds or removes a reference to when an entry is due. Call AddExpiry only when the entry had no
  // expiry before, or a later one: a reference that comes too early moves itself.
  void AddExpiry(uint64_t hash, TimeMs due) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // Makes the wheel anew when most of its references have become useless.
  void CompactWheel() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  absl::Mutex mu;
  HashTable<EntryTraits> table ABSL_GUARDED_BY(mu);
  ExpiryWheel wheel ABSL_GUARDED_BY(mu);
  size_t entries_with_expiry ABSL_GUARDED_BY(mu) = 0;
  size_t data_bytes ABSL_GUARDED_BY(mu) = 0;     // of entries and their objects
  size_t waiting_calls ABSL_GUARDED_BY(mu) = 0;  // that wait for keys of this shard
  uint64_t hits ABSL_GUARDED_BY(mu) = 0;
  uint64_t misses ABSL_GUARDED_BY(mu) = 0;
  uint64_t expired ABSL_GUARDED_BY(mu) = 0;
  uint64_t commands ABSL_GUARDED_BY(mu) = 0;
};

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_SHARD_H_
