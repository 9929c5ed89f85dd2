#include "server/config/signals.h"

#include <unistd.h>

#include <thread>

#include "server/config/log.h"

namespace kvick::server {
namespace {

constexpr int kSignalStatus = 128;

}  // namespace

EndSignals::EndSignals() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  // A client that goes away while it is written to is an error of that write.
  std::signal(SIGPIPE, SIG_IGN);
}

int EndSignals::Wait() const {
  int number = 0;
  while (sigwait(&signals_, &number) != 0) {
  }
  return number;
}

void EndSignals::EndAtOnceOnNext() const {
  std::thread([signals = *this] {
    const int number = signals.Wait();
    Log(LogLevel::kWarning, "ended at once by a second signal");
    _exit(kSignalStatus + number);
  }).detach();
}

}  // namespace kvick::server
