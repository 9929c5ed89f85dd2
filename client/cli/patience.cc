#include "client/cli/patience.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "kvick/error.h"
#include "kvick/retry.h"
#include "kvick/value.h"
#include "storage/base/status_macros.h"

namespace kvick::cli {
namespace {

using google::protobuf::Message;

// Calls a function once when a wait takes too long.
class Watchdog {
 public:
  explicit Watchdog(std::function<void()> on_timeout)
      : on_timeout_(std::move(on_timeout)), thread_([this](std::stop_token stop) { Loop(stop); }) {}

  // Runs `wait`; the function is called when that takes longer than `timeout`, unless that is 0.
  template <class Wait>
  auto During(absl::Duration timeout, Wait wait) {
    if (timeout <= absl::ZeroDuration()) return wait();
    Set(Clock::now() + absl::ToChronoNanoseconds(timeout));
    const auto result = wait();
    Set(std::nullopt);
    return result;
  }

  bool fired() const {
    std::lock_guard lock(mutex_);
    return fired_;
  }

 private:
  using Clock = std::chrono::steady_clock;
  using Moment = std::optional<Clock::time_point>;

  void Set(Moment until) {
    std::lock_guard lock(mutex_);
    until_ = until;
    condition_.notify_all();
  }

  void Loop(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      const Moment until = until_;
      const auto changed = [&] { return until_ != until; };
      if (!until.has_value()) {
        condition_.wait(lock, stop, changed);
      } else if (!condition_.wait_until(lock, stop, *until, changed) && !stop.stop_requested()) {
        fired_ = true;
        until_ = std::nullopt;
        on_timeout_();
      }
    }
  }

  const std::function<void()> on_timeout_;
  mutable std::mutex mutex_;
  std::condition_variable_any condition_;
  Moment until_;         // When to fire; guarded by mutex_, as the next.
  bool fired_ = false;   // Once and for all.
  std::jthread thread_;  // Last: stops before the others go.
};

// How long the server may wait for what one operation asks for.
absl::Duration MaxWait(const v1::Command& command) {
  if (command.has_list_pop_any()) return FromProto(command.list_pop_any().max_wait());
  if (command.has_list_move()) return FromProto(command.list_move().max_wait());
  return absl::ZeroDuration();
}

// Writing and reading are one thread's here.
class PatientPipelineStream : public PipelineStream {
 public:
  PatientPipelineStream(std::unique_ptr<PipelineStream> inner, absl::Duration timeout)
      : inner_(std::move(inner)), timeout_(timeout), watchdog_([this] { inner_->Cancel(); }) {}

  bool Write(const v1::PipelineRequest& frame) override {
    for (const v1::PipelineOperation& operation : frame.operations()) {
      max_wait_ += MaxWait(operation.command());
    }
    unanswered_ += frame.operations_size();
    return watchdog_.During(timeout(), [&] { return inner_->Write(frame); });
  }

  void WritesDone() override {
    watchdog_.During(timeout(), [&] {
      inner_->WritesDone();
      return true;
    });
  }

  bool Read(v1::PipelineResponse* frame) override {
    const bool read = watchdog_.During(timeout(), [&] { return inner_->Read(frame); });
    if (read) unanswered_ -= frame->results_size();
    if (unanswered_ == 0) max_wait_ = absl::ZeroDuration();
    return read;
  }

  absl::Status Finish() override {
    absl::Status status = inner_->Finish();
    if (!watchdog_.fired()) return status;
    return absl::DeadlineExceededError(
        absl::StrCat("no answer from the server for ", absl::FormatDuration(timeout())));
  }

  void Cancel() override { inner_->Cancel(); }

 private:
  absl::Duration timeout() const {
    return timeout_ > absl::ZeroDuration() ? timeout_ + max_wait_ : timeout_;
  }

  const std::unique_ptr<PipelineStream> inner_;
  const absl::Duration timeout_;
  absl::Duration max_wait_;  // Of all that is unanswered.
  int64_t unanswered_ = 0;   // Operations.
  Watchdog watchdog_;
};

const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <class T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// Tries again as long as there is time; that connecting took all of it is a question of time.
class Retries : public Connection {
 public:
  Retries(std::shared_ptr<Connection> inner, const RetryPolicy& policy)
      : inner_(std::move(inner)), policy_(policy), environment_(RetryEnvironment::Real()) {}

  absl::Status Call(const Method& method, const Message& request, const CallOptions& options,
                    Message* response) override {
    return Try(options, method.repeatable || options.repeatable, [&](const CallOptions& bounded) {
      return inner_->Call(method, request, bounded, response);
    });
  }
  absl::StatusOr<std::unique_ptr<ReadStream>> OpenStream(const Method& method,
                                                         const Message& request,
                                                         const CallOptions& options) override {
    return Try(options, true, [&](const CallOptions& bounded) {
      return inner_->OpenStream(method, request, ForEachWait(bounded));
    });
  }
  absl::StatusOr<std::unique_ptr<PipelineStream>> OpenPipeline(
      const CallOptions& options) override {
    return Try(options, true, [&](const CallOptions& bounded) {
      return inner_->OpenPipeline(ForEachWait(bounded));
    });
  }

 private:
  // The deadline is for opening a stream; the stream may last, and bounds its waits.
  static CallOptions ForEachWait(CallOptions options) {
    options.read_timeout = std::exchange(options.timeout, absl::ZeroDuration());
    options.deadline = absl::InfiniteFuture();
    return options;
  }

  template <class Function>
  std::invoke_result_t<Function, CallOptions> Try(const CallOptions& options, bool repeatable,
                                                  Function attempt) const {
    RetryLoop loop(policy_, environment_, options.deadline);
    auto result = attempt(options);
    while (!result.ok() && loop.TryAgain(StatusOf(result), repeatable)) result = attempt(options);
    const bool connected = DetailsOf(StatusOf(result)).reason_name != "NOT_CONNECTED";
    if (result.ok() || connected || !(loop.out_of_time() || absl::Now() >= options.deadline)) {
      return result;
    }
    return absl::DeadlineExceededError(
        absl::StrCat(StatusOf(result).message(), ", and there is no time left"));
  }

  const std::shared_ptr<Connection> inner_;  // Own synchronisation; the rest is constant.
  const RetryPolicy policy_;
  const RetryEnvironment environment_;
};

class PatientConnection : public Connection {
 public:
  PatientConnection(std::shared_ptr<Connection> inner, const ClientOptions& options)
      : retries_(std::make_shared<Retries>(std::move(inner), options.retry)),
        calls_(MakeDeadlineConnection(retries_, options.default_timeout)) {}

  absl::Status Call(const Method& method, const Message& request, const CallOptions& options,
                    Message* response) override {
    return calls_->Call(method, request, options, response);
  }

  absl::StatusOr<std::unique_ptr<ReadStream>> OpenStream(const Method& method,
                                                         const Message& request,
                                                         const CallOptions& options) override {
    return retries_->OpenStream(method, request, ToOpen(options));
  }

  absl::StatusOr<std::unique_ptr<PipelineStream>> OpenPipeline(
      const CallOptions& options) override {
    ASSIGN_OR_RETURN(auto stream, retries_->OpenPipeline(ToOpen(options)));
    return std::make_unique<PatientPipelineStream>(std::move(stream), options.timeout);
  }

 private:
  static CallOptions ToOpen(CallOptions options) {
    if (options.timeout > absl::ZeroDuration()) options.deadline = absl::Now() + options.timeout;
    return options;
  }

  const std::shared_ptr<Connection> retries_;  // Own synchronisation.
  const std::shared_ptr<Connection> calls_;    // Own synchronisation.
};

}  // namespace

std::shared_ptr<Connection> MakePatientConnection(std::shared_ptr<Connection> connection,
                                                  const ClientOptions& options) {
  return std::make_shared<PatientConnection>(std::move(connection), options);
}

}  // namespace kvick::cli
