// What the exit code of `kvick` says; part of its interface, also shown by `kvick help`.
#ifndef KVICK_CLIENT_CLI_EXIT_CODES_H_
#define KVICK_CLIENT_CLI_EXIT_CODES_H_

namespace kvick::cli {

// The codes.
enum ExitCode : int {
  kSuccess = 0,
  // The server refused the call, or it failed in another way.
  kFailed = 1,
  // The command line is wrong; nothing was sent.
  kUsage = 2,
  // The server cannot be reached, or is shutting down.
  kUnavailable = 3,
  // The call, or one wait of a stream, took longer than `--timeout`.
  kTimeout = 4,
  // The precondition did not hold: nothing was changed.
  kNotApplied = 5,
  // There is nothing at this key, field or index: of several at none of them.
  kNothingThere = 6,
  // Ended by Ctrl-C.
  kInterrupted = 130,
};

}  // namespace kvick::cli

#endif  // KVICK_CLIENT_CLI_EXIT_CODES_H_
