// The part of the Processor that lets calls wait and serves them. A writer serves, under its own
// locks, the calls that its write made possible; so nobody gets between. For that it locks the
// shards of those calls too: see LockForWrite.
#include <algorithm>
#include <deque>
#include <iterator>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "server/processor/processor.h"
#include "server/processor/thread_random.h"
#include "storage/base/error.h"
#include "storage/base/status_macros.h"

namespace kvick::server {

using storage::Keyspace;
using storage::MakeError;
using storage::ShardSet;

namespace {

// How many waiting calls of one key, and in all, a writer looks at, to lock their shards. Those
// behind are served right after, under locks of their own. Each may name a thousand keys, and all
// the while what is locked stays locked.
constexpr size_t kLookAhead = 16;
constexpr size_t kLookAheadInAll = 64;
// How many keys it follows through calls that move elements from key to key.
constexpr size_t kChainMax = 64;

bool Includes(const ShardSet& locked, const ShardSet& wanted) {
  return std::includes(locked.begin(), locked.end(), wanted.begin(), wanted.end());
}

void Unite(const ShardSet& more, ShardSet* shards) {
  if (!Includes(*shards, more)) {
    ShardSet both;
    std::set_union(shards->begin(), shards->end(), more.begin(), more.end(),
                   std::back_inserter(both));
    *shards = std::move(both);
  }
}

}  // namespace

ShardSet Processor::WaitersShards(const Command& command, const Message& request,
                                  const ShardSet& locked) const {
  ShardSet wanted = locked;
  std::deque<std::string> keys;
  absl::flat_hash_set<std::string> seen;
  const auto follow = [&](const std::string& key) {
    // First what costs nothing: a waiting call may name many keys.
    if (seen.size() < kChainMax && Includes(locked, {store_.ShardOf(key)}) &&
        seen.insert(key).second) {
      keys.push_back(key);
    }
  };
  command.VisitKeys(request, follow);
  size_t looked_at = 0;
  for (; !keys.empty() && looked_at < kLookAheadInAll; keys.pop_front()) {
    const WaiterTable::Queue* queue = waiters_.Find(keys.front());
    if (queue == nullptr) {
      continue;
    }
    size_t of_key = 0;
    for (const auto& waiter : *queue) {
      if (++of_key > kLookAhead || ++looked_at > kLookAheadInAll) {
        break;
      }
      Unite(waiter->shards, &wanted);
      waiter->command->VisitKeys(*waiter->request, follow);
    }
  }
  return wanted;
}

const ShardSet& Processor::LockForWrite(const Command& command, const Message& request,
                                        const ShardSet& shards, ShardSet* more) {
  store_.Lock(shards);
  const bool anybody_waits = std::any_of(shards.begin(), shards.end(), [this](uint32_t number) {
    storage::Shard& shard = store_.shard(number);
    shard.mu.AssertHeld();
    return shard.waiting_calls > 0;
  });
  if (!anybody_waits) {
    return shards;
  }
  *more = shards;
  for (;;) {
    // The set only grows, so this ends.
    ShardSet wanted = WaitersShards(command, request, *more);
    if (wanted == *more) {
      return *more;
    }
    store_.Unlock(*more);
    *more = std::move(wanted);
    store_.Lock(*more);
  }
}

bool Processor::TryServe(const std::shared_ptr<Waiter>& waiter,
                         std::vector<std::string>* signalled) {
  if (waiter->gone != nullptr && waiter->gone()) {
    waiter->result = absl::DeadlineExceededError("The call has no time left; nothing was done.");
    waiters_.Remove(waiter);
    return true;
  }
  waiter->response->Clear();
  Keyspace keyspace(store_, store_.Now(), ThreadRandom::Get());
  keyspace.set_has_waited();
  waiter->result = RunLocked(*waiter->command, *waiter->request, waiter->response, keyspace);
  if (waiter->result.ok() && keyspace.would_wait()) {
    return false;
  }
  waiters_.Remove(waiter);
  signalled->assign(keyspace.signalled_keys().begin(), keyspace.signalled_keys().end());
  return true;
}

void Processor::ServeWaiters(std::deque<std::string> keys, const ShardSet& locked, Served* served) {
  while (!keys.empty()) {
    const std::string key = std::move(keys.front());
    keys.pop_front();
    const WaiterTable::Queue* queue = nullptr;
    while ((queue = waiters_.Find(key)) != nullptr) {
      const std::shared_ptr<Waiter> waiter = queue->front();
      Keyspace now(store_, store_.Now(), ThreadRandom::Get());
      const storage::Entry* entry = now.Peek(key);
      if (entry == nullptr || entry->type() != waiter->command->awaited_type()) {
        break;
      }
      if (!Includes(locked, waiter->shards)) {
        served->leftover.push_back(key);
        break;
      }
      std::vector<std::string> signalled;
      if (!TryServe(waiter, &signalled)) {
        break;
      }
      served->waiters.push_back(waiter);
      keys.insert(keys.end(), signalled.begin(), signalled.end());
    }
  }
}

void Processor::Complete(Served served) {
  // A loop, since a chain of waiting moves may be as long as there are waiting calls.
  std::deque<std::string> leftover;
  for (;;) {
    for (const auto& waiter : served.waiters) {
      timers_.Remove(waiter->timer);
      waiter->done(waiter->result);
    }
    leftover.insert(leftover.end(), served.leftover.begin(), served.leftover.end());
    if (leftover.empty()) {
      return;
    }
    served = ServeLeftover(leftover.front());
    leftover.pop_front();
  }
}

Processor::Served Processor::ServeLeftover(const std::string& key) {
  Served served;
  for (ShardSet shards{store_.ShardOf(key)};;) {
    const ShardSet locked = shards;
    store_.Lock(locked);
    const WaiterTable::Queue* queue = waiters_.Find(key);
    const bool enough = queue == nullptr || Includes(locked, queue->front()->shards);
    if (enough) {
      ServeWaiters({key}, locked, &served);
    } else {
      Unite(queue->front()->shards, &shards);
    }
    store_.Unlock(locked);
    if (enough) {
      return served;
    }
  }
}

absl::Status Processor::CheckMayWait() const {
  if (stopped_.load(std::memory_order_acquire)) {
    return storage::ShuttingDown();
  }
  if (waiters_.size() >= options_.max_waiters ||
      waiters_.bytes() >= options_.max_waiters * options_.max_bytes_per_waiter) {
    return MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_WAITERS",
                     "The server keeps as many waiting calls, or as much for them, as it may: try "
                     "again later, or start it with a greater --max_waiters.",
                     {{"limit", std::to_string(options_.max_waiters)}}, absl::Seconds(1));
  }
  return absl::OkStatus();
}

absl::Status Processor::Register(const std::shared_ptr<Waiter>& waiter, absl::Duration max_wait) {
  RETURN_IF_ERROR(CheckMayWait());
  absl::flat_hash_set<std::string_view> keys;
  waiter->command->VisitAwaitedKeys(*waiter->request,
                                    [&](const std::string& key) { keys.insert(key); });
  waiters_.Add(waiter, {keys.begin(), keys.end()});
  waiter->timer = timers_.Add(max_wait, [this, weak = std::weak_ptr(waiter)] {
    if (const auto waiter = weak.lock(); waiter != nullptr) {
      End(waiter, absl::OkStatus());
    }
  });
  return absl::OkStatus();
}

std::shared_ptr<Waiter> Processor::ExecuteOrWait(const Command& command, const Message& request,
                                                 Message* response, Done done,
                                                 std::function<bool()> gone) {
  if (!command.uses_keyspace()) {
    done(command.Run(nullptr, request, response));
    return nullptr;
  }
  auto waiter = std::make_shared<Waiter>();
  waiter->command = &command;
  waiter->request = &request;
  waiter->response = response;
  waiter->done = std::move(done);
  waiter->gone = std::move(gone);
  bool waits = false;
  const absl::Status status = RunOrWait(command, request, response, std::nullopt, waiter, &waits);
  if (waits) {
    return waiter;
  }
  waiter->done(status);
  return nullptr;
}

void Processor::End(const std::shared_ptr<Waiter>& waiter, const absl::Status& status) {
  store_.Lock(waiter->shards);
  const bool was_waiting = waiter->waiting;
  if (was_waiting) {
    waiters_.Remove(waiter);
  }
  store_.Unlock(waiter->shards);
  if (was_waiting) {
    timers_.Remove(waiter->timer);
    waiter->done(status);
  }
}

void Processor::Cancel(const std::shared_ptr<Waiter>& waiter) {
  End(waiter, absl::CancelledError("The call was cancelled; nothing was done."));
}

void Processor::StopWaiting() {
  stopped_.store(true, std::memory_order_release);
  for (const auto& waiter : waiters_.All()) {
    End(waiter, storage::ShuttingDown());
  }
}

}  // namespace kvick::server
