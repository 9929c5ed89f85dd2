// Makes ThreadSanitizer see the locks of Abseil. A distribution's libabsl is built without it, so
// every access under an absl::Mutex would look like a race. The functions here stand before those
// of the library: each tells what happens before what, then calls the real one. Linked into every
// program of the preset `tsan`, and into nothing else.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/base/options.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

// Of ThreadSanitizer; declared in no header.
extern "C" void AnnotateIgnoreReadsBegin(const char* file, int line);
extern "C" void AnnotateIgnoreReadsEnd(const char* file, int line);

namespace {

// The library's function of a mangled name within the namespace of Abseil.
void* Real(const char* name) {
  std::string symbol = "_ZN4absl";
  std::string rest(name);
  if (rest.front() == 'K') {
    symbol = "_ZNK4absl";
    rest.erase(0, 1);
  }
#if ABSL_OPTION_USE_INLINE_NAMESPACE == 1
  const std::string inner = ABSL_INTERNAL_INLINE_NAMESPACE_STR;  // "debian3", "lts_20230125"
  symbol += std::to_string(inner.size()) + inner;
#endif
  void* function = dlsym(RTLD_NEXT, (symbol + rest).c_str());
  if (function == nullptr) {
    std::fprintf(stderr, "ThreadSanitizer's locks: libabsl has no %s%s\n", symbol.c_str(),
                 rest.c_str());
    std::abort();
  }
  return function;
}

// Conditions are evaluated by whoever unlocks, after it has told that it does: what they read then
// is still under the lock.
class IgnoreReads {
 public:
  IgnoreReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~IgnoreReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
};

void Released(const void* lock) { __tsan_release(const_cast<void*>(lock)); }
void Acquired(const void* lock) { __tsan_acquire(const_cast<void*>(lock)); }

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static const auto real = reinterpret_cast<void (*)(Mutex*)>(Real("5Mutex4LockEv"));
  {
    const IgnoreReads ignore;
    real(this);
  }
  Acquired(this);
}

void Mutex::Unlock() {
  static const auto real = reinterpret_cast<void (*)(Mutex*)>(Real("5Mutex6UnlockEv"));
  Released(this);
  const IgnoreReads ignore;
  real(this);
}

bool Mutex::TryLock() {
  static const auto real = reinterpret_cast<bool (*)(Mutex*)>(Real("5Mutex7TryLockEv"));
  const bool locked = real(this);
  if (locked) {
    Acquired(this);
  }
  return locked;
}

void Mutex::ReaderLock() {
  static const auto real = reinterpret_cast<void (*)(Mutex*)>(Real("5Mutex10ReaderLockEv"));
  {
    const IgnoreReads ignore;
    real(this);
  }
  Acquired(this);
}

void Mutex::ReaderUnlock() {
  static const auto real = reinterpret_cast<void (*)(Mutex*)>(Real("5Mutex12ReaderUnlockEv"));
  Released(this);
  const IgnoreReads ignore;
  real(this);
}

void Mutex::Await(const Condition& condition) {
  static const auto real =
      reinterpret_cast<void (*)(Mutex*, const Condition&)>(Real("5Mutex5AwaitERKNS0_9ConditionE"));
  Released(this);
  {
    const IgnoreReads ignore;
    real(this, condition);
  }
  Acquired(this);
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  return AwaitWithDeadline(condition, Now() + timeout);
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  static const auto real = reinterpret_cast<bool (*)(Mutex*, const Condition&, Time)>(
      Real("5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE"));
  Released(this);
  bool holds = false;
  {
    const IgnoreReads ignore;
    holds = real(this, condition, deadline);
  }
  Acquired(this);
  return holds;
}

void Notification::Notify() {
  static const auto real =
      reinterpret_cast<void (*)(Notification*)>(Real("12Notification6NotifyEv"));
  Released(this);
  // HasBeenNotified() is in the header and looks at the flag behind the mutex.
  Released(reinterpret_cast<const char*>(this) + sizeof(Mutex));
  real(this);
}

void Notification::WaitForNotification() const {
  static const auto real = reinterpret_cast<void (*)(const Notification*)>(
      Real("K12Notification19WaitForNotificationEv"));
  real(this);
  Acquired(this);
}

bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  static const auto real = reinterpret_cast<bool (*)(const Notification*, Duration)>(
      Real("K12Notification30WaitForNotificationWithTimeoutENS0_8DurationE"));
  const bool notified = real(this, timeout);
  Acquired(this);
  return notified;
}

ABSL_NAMESPACE_END
}  // namespace absl
