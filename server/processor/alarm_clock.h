// AlarmClock: a clock that nobody sets, and sleep by it. The waits of absl::Mutex are no help here:
// they follow the clock of the wall, and a step of that one would change them.
#ifndef KVICK_SERVER_PROCESSOR_ALARM_CLOCK_H_
#define KVICK_SERVER_PROCESSOR_ALARM_CLOCK_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace kvick::server {

// Thread safe, for one sleeper.
class AlarmClock {
 public:
  using Time = std::chrono::steady_clock::time_point;

  virtual ~AlarmClock() = default;

  // Tests have one that stands still until they move it.
  virtual Time Now() const { return std::chrono::steady_clock::now(); }
  // Sleeps until a moment or until Wake() is called, be it before. It may return early.
  void SleepUntil(Time moment);
  void Wake();

 private:
  std::mutex mu_;  // a leaf; protects woken_, and waits by the steady clock
  std::condition_variable wake_;
  bool woken_ = false;
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_ALARM_CLOCK_H_
