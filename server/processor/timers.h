// Timers: runs functions at moments, on one thread of its own.
#ifndef KVICK_SERVER_PROCESSOR_TIMERS_H_
#define KVICK_SERVER_PROCESSOR_TIMERS_H_

#include <functional>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace kvick::server {

// Thread safe.
class Timers {
 public:
  using Key = std::pair<absl::Time, uint64_t>;
  // Names a function that waits for its moment; empty: none.
  using Handle = std::optional<Key>;

  Timers();
  // Functions whose moment has not come are dropped.
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  // Runs `function` at `when` or soon after, without any lock held. O(log timers).
  Handle Add(absl::Time when, std::function<void()> function);
  // Drops a function unless it has been taken to run. O(log timers).
  void Remove(const Handle& handle);

 private:
  void Run();

  absl::Mutex mu_;  // a leaf: nothing else is locked while it is held
  std::map<Key, std::function<void()>> functions_ ABSL_GUARDED_BY(mu_);
  uint64_t last_id_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool earlier_ ABSL_GUARDED_BY(mu_) = false;  // the first moment has come closer
  std::thread thread_;                         // started last, constant after construction
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_TIMERS_H_
