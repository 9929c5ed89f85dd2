// Processor: the one way in for every unary command, whatever brought it: authorise, check, lock,
// run, answer. Policy that is the same for all commands (preconditions, expiry, versions, the
// memory limit, waiting) is here once and in no command.
#ifndef KVICK_SERVER_PROCESSOR_PROCESSOR_H_
#define KVICK_SERVER_PROCESSOR_PROCESSOR_H_

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/commands/command_table.h"
#include "server/processor/alarm_clock.h"
#include "server/processor/timers.h"
#include "server/processor/waiters.h"
#include "storage/prefetcher.h"
#include "storage/store.h"

namespace kvick::server {

struct ProcessorOptions {
  size_t max_waiters = 100'000;         // calls that wait at one time
  size_t max_bytes_per_waiter = 2'048;  // what they keep, in all: so much for each that may wait
  size_t max_keys_of_waiting_call = 1'000;  // keys of a request that may wait
  // For the ends of waits. Tests have one that stands still.
  std::shared_ptr<AlarmClock> clock = std::make_shared<AlarmClock>();
};

// Thread safe. The order of its locks is in server/README.md.
class Processor {
 public:
  using Message = google::protobuf::Message;
  using Done = std::function<void(const absl::Status&)>;

  // `store` outlives this.
  Processor(storage::Store& store, ProcessorOptions options);
  // Everything that waits has been completed or cancelled by then.
  ~Processor();
  Processor(const Processor&) = delete;
  Processor& operator=(const Processor&) = delete;

  // Runs a command and answers at once: one that would wait answers empty. `response` is empty
  // before and, with an error, of no meaning afterwards. Whoever runs many in a row may ask Now()
  // for some of them together.
  absl::Status Execute(const Command& command, const Message& request, Message* response,
                       std::optional<storage::TimeMs> now = std::nullopt);
  storage::TimeMs Now() const { return store_.Now(); }
  // For them too: has the keys of requests that are about to run brought near.
  storage::Prefetcher MakePrefetcher() { return storage::Prefetcher(store_); }

  // Runs a command that may wait. Calls `done` exactly once, without any lock held: before this
  // returns, then the result is null; or later, from the thread of the writer that served it, of a
  // timer, or of Cancel(), until when `request` and `response` must stay. A call that has waited is
  // asked before anything is taken for it whether it is `gone`, cancelled or out of time though
  // nobody has come to Cancel() it yet; that is asked under locks, and must be quick.
  std::shared_ptr<Waiter> ExecuteOrWait(const Command& command, const Message& request,
                                        Message* response, Done done,
                                        std::function<bool()> gone = nullptr);

  // Ends a waiting call before anything is taken for it; its `done` gets CANCELLED. Does nothing
  // when it has been served already.
  void Cancel(const std::shared_ptr<Waiter>& waiter);

  // From now on calls that would wait are refused, and those that wait get UNAVAILABLE
  // `SHUTTING_DOWN`.
  void StopWaiting();

  // Calls that wait now.
  size_t waiting_calls() const { return waiters_.size(); }

 private:
  struct Prepared;
  // What a write did for calls that waited.
  struct Served {
    std::vector<std::shared_ptr<Waiter>> waiters;  // to be told
    std::vector<std::string> leftover;  // keys whose next waiter has shards that are not locked

    bool any() const { return !waiters.empty() || !leftover.empty(); }
  };

  // --- processor.cc: one command.

  // Checks everything about a request that needs no lock.
  absl::Status Check(const Command& command, const Message& request, Prepared* prepared) const;
  // Runs a command, and lets `waiter`, unless it is null, wait when there is nothing to take: then
  // sets `waits`. Without `now`, the moment is the one at which all locks are held.
  absl::Status RunOrWait(const Command& command, const Message& request, Message* response,
                         std::optional<storage::TimeMs> now, const std::shared_ptr<Waiter>& waiter,
                         bool* waits);
  // The part under the locks of all keys.
  absl::Status RunLocked(const Command& command, const Message& request, Message* response,
                         storage::Keyspace& keyspace);
  // Tells whether a precondition holds for all written keys.
  absl::Status CheckPrecondition(const Command& command, const Message& request,
                                 const v1::Precondition& precondition,
                                 const storage::Keyspace& keyspace, bool* holds) const;
  void FillMutation(const Command& command, const Message& request, bool applied,
                    const storage::Keyspace& keyspace, v1::Mutation* mutation) const;
  // Locks the shards of a request; returns what is locked: `shards`, or `more`.
  const storage::ShardSet& LockFor(const Command& command, const Message& request,
                                   const storage::ShardSet& shards, storage::ShardSet* more);
  void CountCommand(const storage::ShardSet& locked);

  // --- waiting.cc: calls that wait.

  // Locks the shards of a write and of the calls that it may serve; returns what is locked:
  // `shards` when nobody waits, otherwise `more`.
  const storage::ShardSet& LockForWrite(const Command& command, const Message& request,
                                        const storage::ShardSet& shards, storage::ShardSet* more);
  // The shards of `locked` and of the calls that wait for the keys of a request.
  storage::ShardSet WaitersShards(const Command& command, const Message& request,
                                  const storage::ShardSet& locked) const;
  // Serves those who wait for keys that were written, in the order of their arrival, as far as the
  // elements and the locks reach.
  void ServeWaiters(std::deque<std::string> keys, const storage::ShardSet& locked, Served* served);
  // Runs a waiting call; false when there is nothing for it. `signalled`: keys that it wrote.
  bool TryServe(const std::shared_ptr<Waiter>& waiter, std::vector<std::string>* signalled);
  // Tells served calls, without any lock held, and serves the leftover ones.
  void Complete(Served served);
  // Serves the calls that wait for a key, under locks of its own.
  Served ServeLeftover(const std::string& key);
  // Refuses calls that would wait when enough of them do.
  absl::Status CheckMayWait() const;
  // Makes a call wait; its shards are locked.
  absl::Status Register(const std::shared_ptr<Waiter>& waiter, absl::Duration max_wait);
  // Ends a wait, unless it has ended.
  void End(const std::shared_ptr<Waiter>& waiter, const absl::Status& status);

  storage::Store& store_;
  const ProcessorOptions options_;
  WaiterTable waiters_;  // protected by the shards' mutexes
  std::atomic<bool> stopped_{false};
  Timers timers_;  // last: its thread stops before anything that it uses goes
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_PROCESSOR_H_
