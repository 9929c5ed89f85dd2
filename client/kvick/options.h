// How a client connects and what its calls do by default.
#ifndef KVICK_CLIENT_KVICK_OPTIONS_H_
#define KVICK_CLIENT_KVICK_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace kvick {

// TLS towards the server. All fields are paths of PEM files.
struct TlsOptions {
  // The certificates to trust; empty: the system's.
  std::string ca_file = "";
  // The client's own certificate, for mutual TLS; empty: none. Goes with `key_file`.
  std::string cert_file = "";
  // The key of `cert_file`.
  std::string key_file = "";
  // The name that the server's certificate must carry, where it differs from the target's.
  std::string server_name = "";
};

// When a failed call is tried again, and how long after. Only calls that are safe to repeat are:
// reads after UNAVAILABLE, and every call that provably was not executed (see NothingExecuted). A
// write whose connection broke halfway is not repeated, since it may have been executed; nor does a
// precondition make it safe: the state would be right, but the second answer would say "not
// applied" of a write that was.
struct RetryPolicy {
  // Tries altogether; 1: no retry.
  int max_attempts = 5;
  // The wait before the second try is drawn between 0 and this...
  absl::Duration initial_backoff = absl::Milliseconds(50);
  // ...then grows by this factor each time...
  double multiplier = 2.0;
  // ...but not beyond this. A server's own retry delay is waited for in any case.
  absl::Duration max_backoff = absl::Seconds(2);
};

// What applies to single calls: see Client::With.
struct CallOptions {
  // How long a call may take, retries included; 0: the client's default. A call that waits on the
  // server (`max_wait`) gets that time on top. InfiniteDuration(): no limit. For streams: the whole
  // stream; 0: the stream may last, but see `read_timeout`.
  absl::Duration timeout = absl::ZeroDuration();
  // When the call must have ended. Filled in from `timeout`; the earlier of the two counts.
  absl::Time deadline = absl::InfiniteFuture();
  // How long a stream of answers (a scan, DeleteMatching) may let its reader wait for the next one,
  // and a subscription for its registration; then it ends with DEADLINE_EXCEEDED. A subscription
  // may be silent afterwards, a pipeline at any time. 0: the client's default, unless `timeout` is
  // given. InfiniteDuration(): no limit.
  absl::Duration read_timeout = absl::ZeroDuration();
  // Ends the call as CANCELLED once a stop is requested, and before that its waiting for a
  // connection and for another try. Any thread may request it.
  std::stop_token stop = {};
  // Metadata sent along, lower-case names.
  std::vector<std::pair<std::string, std::string>> metadata = {};
  // True: these calls may be executed twice, so a write too may be repeated after a broken
  // connection.
  bool repeatable = false;
};

// How a client is made.
struct ClientOptions {
  // The server: `host:port`, or any target that gRPC understands (`dns:///kvick:5825`).
  std::string target = "127.0.0.1:5825";
  // TLS; unset: plain text.
  std::optional<TlsOptions> tls = std::nullopt;
  // How long a call may take unless it says otherwise, retries included; of a stream, how long each
  // wait for an answer may take. See CallOptions.
  absl::Duration default_timeout = absl::Seconds(10);
  // How long to wait for a connection before a try of a call gives up.
  absl::Duration connect_timeout = absl::Seconds(5);
  // At most this many connections, each made when first needed: every thread keeps to one of them,
  // so one thread makes one connection. From 1 to 64.
  int max_connections = 4;
  // The largest answer that is accepted, in bytes.
  int max_receive_bytes = 256 << 20;
  // A connection that is silent for this long is checked; without an answer its calls fail.
  absl::Duration keepalive_time = absl::Seconds(30);
  // When failed calls are tried again.
  RetryPolicy retry = {};
};

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_OPTIONS_H_
