// A connection that waits for a stream no longer than for a call.
#ifndef KVICK_CLIENT_CLI_PATIENCE_H_
#define KVICK_CLIENT_CLI_PATIENCE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "kvick/connection.h"
#include "kvick/options.h"

namespace kvick::cli {

// Wraps `connection`, one to a server without retries and deadlines of its own. Unary calls get
// both, as Client::Create gives them, and are DEADLINE_EXCEEDED too when connecting took all their
// time. For streams CallOptions.timeout is not the time of the whole but of each wait: for the
// connection, then for every frame, and in a pipeline with the `max_wait` of its operations on top.
// A subscription is waited for until its first frame has come; then it may be silent for ever. Too
// long a wait ends the stream with DEADLINE_EXCEEDED. Thread safe.
std::shared_ptr<Connection> MakePatientConnection(std::shared_ptr<Connection> connection,
                                                  const ClientOptions& options);

}  // namespace kvick::cli

#endif  // KVICK_CLIENT_CLI_PATIENCE_H_
