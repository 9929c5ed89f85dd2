#include "kvick/retry.h"

#include <algorithm>
#include <random>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "google/protobuf/duration.pb.h"
#include "kvick/error.h"
#include "kvick/value.h"

namespace kvick {
namespace {

// True when a call that failed like this may be tried again.
bool ShouldRetry(const absl::Status& status, bool repeatable) {
  if (absl::IsUnavailable(status)) return repeatable || NothingExecuted(status);
  // The server refused before it did anything and says that waiting helps.
  return absl::IsResourceExhausted(status) && DetailsOf(status).retry_delay.has_value();
}

class RetryConnection : public Connection {
 public:
  RetryConnection(std::shared_ptr<Connection> inner, RetryPolicy policy,
                  RetryEnvironment environment)
      : inner_(std::move(inner)), policy_(policy), environment_(std::move(environment)) {}

  absl::Status Call(const Method& method, const google::protobuf::Message& request,
                    const CallOptions& options, google::protobuf::Message* response) override {
    RetryLoop loop(policy_, environment_, options.deadline, options.stop);
    absl::Status status;
    do {
      status = inner_->Call(method, request, options, response);
    } while (!status.ok() && loop.TryAgain(status, method.repeatable || options.repeatable));
    return status;
  }

  absl::StatusOr<std::unique_ptr<ReadStream>> OpenStream(const Method& method,
                                                         const google::protobuf::Message& request,
                                                         const CallOptions& options) override {
    return Open(options, [&] { return inner_->OpenStream(method, request, options); });
  }

  absl::StatusOr<std::unique_ptr<PipelineStream>> OpenPipeline(
      const CallOptions& options) override {
    return Open(options, [&] { return inner_->OpenPipeline(options); });
  }

 private:
  // What is not open yet was not sent, so it is safe to try again whatever it is.
  template <class Function>
  std::invoke_result_t<Function> Open(const CallOptions& options, Function open) {
    RetryLoop loop(policy_, environment_, options.deadline, options.stop);
    auto result = open();
    while (!result.ok() && loop.TryAgain(result.status(), true)) result = open();
    return result;
  }

  const std::shared_ptr<Connection> inner_;  // Own synchronisation.
  const RetryPolicy policy_;
  const RetryEnvironment environment_;
};

// What the request itself allows the server to wait.
absl::Duration MaxWait(const google::protobuf::Message& request) {
  const auto* field = request.GetDescriptor()->FindFieldByName("max_wait");
  if (field == nullptr || field->message_type() != google::protobuf::Duration::descriptor() ||
      !request.GetReflection()->HasField(request, field)) {
    return absl::ZeroDuration();
  }
  const auto& wait = static_cast<const google::protobuf::Duration&>(
      request.GetReflection()->GetMessage(request, field));
  return std::max(absl::ZeroDuration(), FromProto(wait));
}

class DeadlineConnection : public Connection {
 public:
  DeadlineConnection(std::shared_ptr<Connection> inner, absl::Duration default_timeout)
      : inner_(std::move(inner)), default_timeout_(default_timeout) {}

  absl::Status Call(const Method& method, const google::protobuf::Message& request,
                    const CallOptions& options, google::protobuf::Message* response) override {
    CallOptions bounded = options;
    const bool own = options.timeout > absl::ZeroDuration();
    const absl::Duration timeout = (own ? options.timeout : default_timeout_) + MaxWait(request);
    bounded.deadline = std::min(options.deadline, absl::Now() + timeout);
    return inner_->Call(method, request, bounded, response);
  }

  absl::StatusOr<std::unique_ptr<ReadStream>> OpenStream(const Method& method,
                                                         const google::protobuf::Message& request,
                                                         const CallOptions& options) override {
    return inner_->OpenStream(method, request, WithTimeout(options));
  }

  absl::StatusOr<std::unique_ptr<PipelineStream>> OpenPipeline(
      const CallOptions& options) override {
    return inner_->OpenPipeline(WithTimeout(options));
  }

 private:
  CallOptions WithTimeout(const CallOptions& options) const {
    CallOptions bounded = options;
    if (options.timeout > absl::ZeroDuration()) {
      bounded.deadline = std::min(options.deadline, absl::Now() + options.timeout);
    } else if (options.read_timeout <= absl::ZeroDuration()) {
      bounded.read_timeout = default_timeout_;
    }
    return bounded;
  }

  const std::shared_ptr<Connection> inner_;  // Own synchronisation.
  const absl::Duration default_timeout_;
};

}  // namespace

RetryEnvironment RetryEnvironment::Real() {
  return {.now = [] { return absl::Now(); },
          .sleep =
              [](absl::Duration duration, const std::stop_token& stop) {
                absl::Notification stopped;
                const std::stop_callback on_stop(stop, [&] { stopped.Notify(); });
                stopped.WaitForNotificationWithTimeout(duration);
              },
          .random =
              [] {
                thread_local std::minstd_rand generator{std::random_device{}()};
                return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
              }};
}

bool RetryLoop::TryAgain(const absl::Status& status, bool repeatable) {
  if (attempts_ >= policy_.max_attempts || !ShouldRetry(status, repeatable)) return false;
  // Full jitter: clients that failed together do not come back together.
  const absl::Duration jittered = backoff_ * environment_.random();
  const absl::Duration asked = DetailsOf(status).retry_delay.value_or(absl::ZeroDuration());
  const absl::Duration delay = std::max(jittered, asked);
  out_of_time_ = environment_.now() + delay >= deadline_;
  if (out_of_time_) return false;
  environment_.sleep(delay, stop_);
  if (stop_.stop_requested()) return false;
  ++attempts_;
  backoff_ = std::min(backoff_ * policy_.multiplier, policy_.max_backoff);
  return true;
}

std::shared_ptr<Connection> MakeRetryConnection(std::shared_ptr<Connection> inner,
                                                RetryPolicy policy, RetryEnvironment environment) {
  return std::make_shared<RetryConnection>(std::move(inner), policy, std::move(environment));
}

std::shared_ptr<Connection> MakeDeadlineConnection(std::shared_ptr<Connection> inner,
                                                   absl::Duration default_timeout) {
  return std::make_shared<DeadlineConnection>(std::move(inner), default_timeout);
}

}  // namespace kvick
