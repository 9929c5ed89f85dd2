#include "server/processor/alarm_clock.h"

#include <algorithm>

namespace kvick::server {

void AlarmClock::SleepUntil(Time moment) {
  // Sums of moments and durations must not overflow.
  constexpr std::chrono::steady_clock::duration kSleepMax = std::chrono::hours(1);
  std::unique_lock lock(mu_);
  wake_.wait_for(lock, std::min(moment - Now(), kSleepMax), [this] { return woken_; });
  woken_ = false;
}

void AlarmClock::Wake() {
  {
    const std::lock_guard lock(mu_);
    woken_ = true;
  }
  wake_.notify_one();
}

}  // namespace kvick::server
