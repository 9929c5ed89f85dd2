// What the services of the client share: where a call goes, and what applies to it.
#ifndef KVICK_CLIENT_KVICK_CALLER_H_
#define KVICK_CLIENT_KVICK_CALLER_H_

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "kvick/connection.h"
#include "kvick/method.h"
#include "kvick/value.h"

namespace kvick {

// A connection with the options of the calls made through it. Thread safe and cheap to copy.
class Caller {
 public:
  // `connection` must not be null.
  Caller(std::shared_ptr<Connection> connection, CallOptions options, RetryPolicy retry)
      : connection_(std::move(connection)), options_(std::move(options)), retry_(retry) {}

  // Makes the unary call that takes `request`.
  template <class Request>
  absl::StatusOr<ResponseFor<Request>> Call(const Request& request) const {
    absl::StatusOr<ResponseFor<Request>> response{ResponseFor<Request>()};
    absl::Status status =
        connection_->Call(MethodFor<Request>(), request, options_, &response.value());
    if (!status.ok()) response = std::move(status);
    return response;
  }

  // Where calls go; never null.
  const std::shared_ptr<Connection>& connection() const { return connection_; }
  // What applies to calls.
  const CallOptions& options() const { return options_; }
  // When a broken scan goes on.
  const RetryPolicy& retry() const { return retry_; }

 private:
  std::shared_ptr<Connection> connection_;  // Own synchronisation; the rest is constant.
  CallOptions options_;
  RetryPolicy retry_;
};

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_CALLER_H_
