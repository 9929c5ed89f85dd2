#include "server/processor/timers.h"

namespace kvick::server {

Timers::Timers(std::shared_ptr<AlarmClock> clock)
    : clock_(std::move(clock)), thread_([this] { Run(); }) {}

Timers::~Timers() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  clock_->Wake();
  thread_.join();
}

Timers::Handle Timers::Add(absl::Duration delay, std::function<void()> function) {
  const AlarmClock::Time when = clock_->Now() + absl::ToChronoNanoseconds(delay);
  Key key;
  bool is_first = false;
  {
    absl::MutexLock lock(&mu_);
    key = {when, ++last_id_};
    const auto position = functions_.emplace(key, std::move(function)).first;
    is_first = position == functions_.begin();
  }
  if (is_first) {
    clock_->Wake();
  }
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
    AlarmClock::Time next = AlarmClock::Time::max();
    {
      absl::MutexLock lock(&mu_);
      if (stopping_) {
        return;
      }
      const auto first = functions_.begin();
      if (first != functions_.end()) {
        next = first->first.first;
        if (next <= clock_->Now()) {
          function = std::move(first->second);
          functions_.erase(first);
        }
      }
    }
    if (function) {
      function();
    } else {
      clock_->SleepUntil(next);
    }
  }
}

}  // namespace kvick::server
