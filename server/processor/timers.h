// Timers: runs functions after a while, on one thread of its own.
#ifndef KVICK_SERVER_PROCESSOR_TIMERS_H_
#define KVICK_SERVER_PROCESSOR_TIMERS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/processor/alarm_clock.h"

namespace kvick::server {

// Thread safe.
class Timers {
 public:
  using Key = std::pair<AlarmClock::Time, uint64_t>;
  // Names a function that waits for its moment; empty: none.
  using Handle = std::optional<Key>;

  // `clock` is for these timers alone.
  explicit Timers(std::shared_ptr<AlarmClock> clock = std::make_shared<AlarmClock>());
  // Functions whose moment has not come are dropped.
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  // Runs `function` after `delay`, a year at most, or soon after, without any lock held. It should
  // be quick: the others wait for it. O(log timers).
  Handle Add(absl::Duration delay, std::function<void()> function);
  // Drops a function unless it has been taken to run. O(log timers).
  void Remove(const Handle& handle);

 private:
  void Run();

  const std::shared_ptr<AlarmClock> clock_;
  absl::Mutex mu_;  // a leaf: nothing else is locked while it is held
  std::map<Key, std::function<void()>> functions_ ABSL_GUARDED_BY(mu_);
  uint64_t last_id_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // started last, constant after construction
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_TIMERS_H_
