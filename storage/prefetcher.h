// Prefetcher: brings what several keys lead to closer to the processor core before commands ask for
// them one by one. A lookup in a large keyspace mostly waits for memory: shard, bucket, entry, each
// known only when the one before has come. Here the waits of all keys pass side by side.
#ifndef KVICK_STORAGE_PREFETCHER_H_
#define KVICK_STORAGE_PREFETCHER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/store.h"

namespace kvick::storage {

// Changes nothing, promises nothing and waits for no lock. Not thread safe.
class Prefetcher {
 public:
  // The most keys of one run; further ones are ignored.
  static constexpr size_t kKeysMax = 32;

  // `store` outlives this.
  explicit Prefetcher(Store& store) : store_(store) {}

  // Adds a key and asks for its shard.
  void Add(std::string_view key);
  // Asks for the buckets of all keys added, then for their entries; forgets the keys.
  void Run();

 private:
  struct Place {
    Shard* shard;
    uint64_t hash;
  };

  Store& store_;
  std::array<Place, kKeysMax> places_;
  size_t count_ = 0;
};

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_PREFETCHER_H_
