// Ctrl-C ends what runs, not necessarily the program.
#ifndef KVICK_CLIENT_CLI_INTERRUPTS_H_
#define KVICK_CLIENT_CLI_INTERRUPTS_H_

#include <functional>

namespace kvick::cli {

// Takes SIGINT and SIGTERM from now on, in a thread of its own. Call once, before any other thread
// starts. Without an InterruptHandler they end the process with code 130.
void StartInterrupts();

// Makes SIGINT without an InterruptHandler do nothing: an interactive program stays.
void StayOnInterrupt();

// While it lives, SIGINT and SIGTERM call a function instead, from another thread, and count.
class InterruptHandler {
 public:
  // Only one at a time.
  explicit InterruptHandler(std::function<void()> on_interrupt);
  // The function does not run any more once this returns.
  ~InterruptHandler();
  InterruptHandler(const InterruptHandler&) = delete;
  InterruptHandler& operator=(const InterruptHandler&) = delete;

  // True once a signal came.
  bool interrupted() const;
};

}  // namespace kvick::cli

#endif  // KVICK_CLIENT_CLI_INTERRUPTS_H_
