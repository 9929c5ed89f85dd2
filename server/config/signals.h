// The signals that end the server.
#ifndef KVICK_SERVER_CONFIG_SIGNALS_H_
#define KVICK_SERVER_CONFIG_SIGNALS_H_

#include <csignal>

namespace kvick::server {

// Takes SIGTERM and SIGINT out of all threads that start after it, and waits for them instead.
// Created first thing in main.
class EndSignals {
 public:
  EndSignals();

  // Returns the first signal.
  int Wait() const;
  // From now on another of them ends the process at once, with the status that a shell gives to it.
  void EndAtOnceOnNext() const;

 private:
  sigset_t signals_;  // constant after construction
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_CONFIG_SIGNALS_H_
