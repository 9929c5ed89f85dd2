// Retries as a wrapper of a connection.
#ifndef KVICK_CLIENT_KVICK_RETRY_H_
#define KVICK_CLIENT_KVICK_RETRY_H_

#include <functional>
#include <memory>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kvick/connection.h"
#include "kvick/options.h"

namespace kvick {

// Time and chance as retries see them; tests put their own in. The members must be thread safe.
struct RetryEnvironment {
  // The time now.
  std::function<absl::Time()> now;
  // Waits, but no longer than until a stop is requested.
  std::function<void(absl::Duration, const std::stop_token&)> sleep;
  // A number from 0 to 1, drawn anew each time.
  std::function<double()> random;
  // The real ones.
  static RetryEnvironment Real();
};

// The tries of one call, for wrappers of one's own. Not thread safe; make one for each call.
class RetryLoop {
 public:
  // `policy` and `environment` must outlive it.
  RetryLoop(const RetryPolicy& policy, const RetryEnvironment& environment, absl::Time deadline,
            std::stop_token stop = {})
      : policy_(policy),
        environment_(environment),
        deadline_(deadline),
        stop_(std::move(stop)),
        backoff_(policy.initial_backoff) {}

  // Called after a failed try: true once it is time for the next one, false when there shall be
  // none. It waits as long as the policy and the server say, never past the deadline, and no longer
  // once a stop is requested. `repeatable`: executing the call twice does no harm.
  bool TryAgain(const absl::Status& status, bool repeatable);
  // Whether there would have been another try, had the deadline been later.
  bool out_of_time() const { return out_of_time_; }

 private:
  const RetryPolicy& policy_;
  const RetryEnvironment& environment_;
  const absl::Time deadline_;
  const std::stop_token stop_;
  absl::Duration backoff_;
  int attempts_ = 1;
  bool out_of_time_ = false;
};

// Wraps `inner` so that what may be tried again is.
std::shared_ptr<Connection> MakeRetryConnection(std::shared_ptr<Connection> inner,
                                                RetryPolicy policy, RetryEnvironment environment);

// Wraps `inner` so that every call has a deadline: `default_timeout` where it says none, and a
// waiting call's `max_wait` on top. A stream has one only when it asks; otherwise `default_timeout`
// bounds each wait for an answer, as CallOptions.read_timeout says.
std::shared_ptr<Connection> MakeDeadlineConnection(std::shared_ptr<Connection> inner,
                                                   absl::Duration default_timeout);

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_RETRY_H_
