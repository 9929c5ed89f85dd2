#include "server/processor/waiters.h"

#include <algorithm>

#include "storage/base/strings.h"

namespace kvick::server {

namespace {

// A place, the entry in the queue, the key's own entry and the string of the request.
constexpr size_t kPlaceBytes = 200;

}  // namespace

void WaiterTable::Add(const std::shared_ptr<Waiter>& waiter,
                      const std::vector<std::string_view>& keys) {
  for (const std::string_view key : keys) {
    const uint32_t number = store_.ShardOf(key);
    storage::Shard& shard = store_.shard(number);
    shard.mu.AssertHeld();
    Queue& queue = queues_[number][std::string(key)];
    waiter->places.push_back({key, number, queue.insert(queue.end(), waiter)});
    ++shard.waiting_calls;
  }
  waiter->waiting = true;
  // The keys are there twice: in the request, and in the table.
  waiter->bytes = sizeof(Waiter) + 2 * waiter->request->ByteSizeLong() + kPlaceBytes * keys.size();
  size_.fetch_add(1, std::memory_order_relaxed);
  bytes_.fetch_add(waiter->bytes, std::memory_order_relaxed);
}

void WaiterTable::Remove(const std::shared_ptr<Waiter>& waiter) {
  for (const Waiter::Place& place : waiter->places) {
    storage::Shard& shard = store_.shard(place.shard);
    shard.mu.AssertHeld();
    const auto found = queues_[place.shard].find(storage::ToAbsl(place.key));
    found->second.erase(place.at);
    if (found->second.empty()) {
      queues_[place.shard].erase(found);
    }
    --shard.waiting_calls;
  }
  waiter->places.clear();
  waiter->waiting = false;
  size_.fetch_sub(1, std::memory_order_relaxed);
  bytes_.fetch_sub(waiter->bytes, std::memory_order_relaxed);
}

const WaiterTable::Queue* WaiterTable::Find(std::string_view key) const {
  const uint32_t number = store_.ShardOf(key);
  store_.shard(number).mu.AssertHeld();
  const auto found = queues_[number].find(storage::ToAbsl(key));
  return found == queues_[number].end() ? nullptr : &found->second;
}

std::vector<std::shared_ptr<Waiter>> WaiterTable::All() {
  std::vector<std::shared_ptr<Waiter>> all;
  for (uint32_t number = 0; number < queues_.size(); ++number) {
    absl::MutexLock lock(&store_.shard(number).mu);
    for (const auto& [key, queue] : queues_[number]) {
      all.insert(all.end(), queue.begin(), queue.end());
    }
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace kvick::server
