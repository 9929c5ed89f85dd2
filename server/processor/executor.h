// Executor: runs functions on a few threads of its own, first come first. It is for work that must
// not run on the thread that made it possible: that thread has work of its own, and others waiting.
#ifndef KVICK_SERVER_PROCESSOR_EXECUTOR_H_
#define KVICK_SERVER_PROCESSOR_EXECUTOR_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace kvick::server {

// Thread safe.
class Executor {
 public:
  // As many threads as there are processors, within reason.
  static size_t ThreadsByDefault();

  explicit Executor(size_t threads = ThreadsByDefault());
  // Runs what has been added and then stops. Nobody but its own functions adds any more.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Runs `function` soon, without any lock held. O(1), from any thread. The queue has no limit of
  // its own: whoever adds sees to it that what he has here is bounded.
  void Add(std::function<void()> function);

 private:
  void Run();

  absl::Mutex mu_;  // a leaf: nothing else is locked while it is held
  std::deque<std::function<void()>> functions_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;  // started last, constant after construction
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_EXECUTOR_H_
