#include "client/cli/interrupts.h"

#include <signal.h>
#include <unistd.h>

#include <mutex>
#include <thread>
#include <utility>

#include "client/cli/exit_codes.h"

namespace kvick::cli {
namespace {

struct State {
  std::mutex mutex;
  std::function<void()> handler;  // Guarded by mutex, as the flag.
  bool interrupted = false;
  bool stays = false;
};

State& TheState() {
  static auto* const state = new State();
  return *state;
}

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

void Loop() {
  const sigset_t signals = Signals();
  while (true) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    std::lock_guard lock(TheState().mutex);
    if (!TheState().handler) {
      if (signal == SIGINT && TheState().stays) continue;
      _exit(kInterrupted);
    }
    TheState().interrupted = true;
    TheState().handler();
  }
}

}  // namespace

void StartInterrupts() {
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread(Loop).detach();
}

void StayOnInterrupt() {
  std::lock_guard lock(TheState().mutex);
  TheState().stays = true;
}

InterruptHandler::InterruptHandler(std::function<void()> on_interrupt) {
  std::lock_guard lock(TheState().mutex);
  TheState().handler = std::move(on_interrupt);
  TheState().interrupted = false;
}

InterruptHandler::~InterruptHandler() {
  std::lock_guard lock(TheState().mutex);
  TheState().handler = nullptr;
}

bool InterruptHandler::interrupted() const {
  std::lock_guard lock(TheState().mutex);
  return TheState().interrupted;
}

}  // namespace kvick::cli
