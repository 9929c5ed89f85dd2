#include "server/processor/timers.h"

#include "absl/time/clock.h"

namespace kvick::server {

Timers::Timers() : thread_([this] { Run(); }) {}

Timers::~Timers() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

Timers::Handle Timers::Add(absl::Time when, std::function<void()> function) {
  absl::MutexLock lock(&mu_);
  const Key key{when, ++last_id_};
  const auto position = functions_.emplace(key, std::move(function)).first;
  earlier_ |= position == functions_.begin();
  return key;
}

void Timers::Remove(const Handle& handle) {
  if (handle.has_value()) {
    absl::MutexLock lock(&mu_);
    functions_.erase(*handle);
  }
}

void Timers::Run() {
  for (;;) {
    std::function<void()> function;
    {
      absl::MutexLock lock(&mu_);
      const absl::Time next =
          functions_.empty() ? absl::InfiniteFuture() : functions_.begin()->first.first;
      earlier_ = false;
      mu_.AwaitWithDeadline(absl::Condition(
                                +[](Timers* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mu_) {
                                  return self->stopping_ || self->earlier_;
                                },
                                this),
                            next);
      if (stopping_) {
        return;
      }
      if (functions_.empty() || functions_.begin()->first.first > absl::Now()) {
        continue;
      }
      function = std::move(functions_.begin()->second);
      functions_.erase(functions_.begin());
    }
    function();
  }
}

}  // namespace kvick::server
