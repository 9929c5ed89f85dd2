// Calls that wait for an element, by key and in the order of their arrival.
#ifndef KVICK_SERVER_PROCESSOR_WAITERS_H_
#define KVICK_SERVER_PROCESSOR_WAITERS_H_

#include <atomic>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "server/commands/command_table.h"
#include "server/processor/timers.h"
#include "storage/store.h"

namespace kvick::server {

struct Waiter;
// Those who wait for one key, first come first.
using WaiterQueue = std::list<std::shared_ptr<Waiter>>;

// One waiting call. Its fields change only while all of `shards` are locked.
struct Waiter {
  // A key that it waits for, and its place in the queue of that key.
  struct Place {
    std::string_view key;  // of the request
    uint32_t shard;
    WaiterQueue::iterator at;
  };

  const Command* command = nullptr;
  const google::protobuf::Message* request = nullptr;
  google::protobuf::Message* response = nullptr;
  std::function<void(const absl::Status&)> done;
  std::function<bool()> gone;  // may be null
  std::vector<Place> places;
  size_t bytes = 0;          // what the request and the places take, about
  storage::ShardSet shards;  // of all keys of its request
  Timers::Handle timer;      // ends the wait
  bool waiting = false;      // false once it is served or cancelled: `done` belongs to who did it
  absl::Status result;       // for `done`, when served
};

// The queues of all keys. Functions on a key want its shard locked.
class WaiterTable {
 public:
  explicit WaiterTable(storage::Store& store) : store_(store), queues_(store.shard_count()) {}

  // Adds to and removes from the queues of all of its keys, each named once; the shards of the
  // waiter are locked. O(keys).
  void Add(const std::shared_ptr<Waiter>& waiter, const std::vector<std::string_view>& keys);
  void Remove(const std::shared_ptr<Waiter>& waiter);

  using Queue = WaiterQueue;
  // Who waits for a key, first come first; null when nobody does.
  const Queue* Find(std::string_view key) const;

  // All that wait, at some moment. Locks one shard after the other.
  std::vector<std::shared_ptr<Waiter>> All();

  size_t size() const { return size_.load(std::memory_order_relaxed); }
  // What all of them take, about.
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  using Queues = absl::flat_hash_map<std::string, Queue>;

  storage::Store& store_;
  std::vector<Queues> queues_;  // by shard, each protected by the shard's mutex
  std::atomic<size_t> size_{0};
  std::atomic<size_t> bytes_{0};
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_WAITERS_H_
