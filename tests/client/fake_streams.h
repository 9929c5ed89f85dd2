// Streams for tests that stand in for the wire.
#ifndef KVICK_TESTS_CLIENT_FAKE_STREAMS_H_
#define KVICK_TESTS_CLIENT_FAKE_STREAMS_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "kvick/connection.h"

namespace kvick::testing {

// Answers from a list, then ends with a status, or waits for Cancel when there is none.
template <class Response>
class FakeReadStream : public ReadStream {
 public:
  // `end` unset: after the answers Read waits until Cancel.
  FakeReadStream(std::vector<Response> answers, std::optional<absl::Status> end)
      : answers_(answers.begin(), answers.end()), end_(std::move(end)) {}

  bool Read(google::protobuf::Message* response) override {
    std::unique_lock lock(mutex_);
    if (!answers_.empty()) {
      response->CopyFrom(answers_.front());
      answers_.pop_front();
      return true;
    }
    condition_.wait(lock, [this] { return end_.has_value(); });
    return false;
  }

  absl::Status Finish() override {
    std::lock_guard lock(mutex_);
    return *end_;
  }

  void Cancel() override {
    std::lock_guard lock(mutex_);
    if (!end_.has_value()) end_ = absl::CancelledError("cancelled");
    condition_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  std::deque<Response> answers_;
  std::optional<absl::Status> end_;
};

// A server of pipelines: answers every frame with what `serve` makes of it. When `serve` gives an
// error the stream breaks with it.
class FakePipelineStream : public PipelineStream {
 public:
  using Serve = std::function<absl::Status(const v1::PipelineRequest&, v1::PipelineResponse*)>;

  explicit FakePipelineStream(Serve serve) : serve_(std::move(serve)) {}

  bool Write(const v1::PipelineRequest& frame) override {
    std::lock_guard lock(mutex_);
    if (ended_) return false;
    v1::PipelineResponse response;
    status_ = serve_(frame, &response);
    ended_ = !status_.ok();
    if (!ended_) responses_.push_back(std::move(response));
    condition_.notify_all();
    return !ended_;
  }

  void WritesDone() override {
    std::lock_guard lock(mutex_);
    ended_ = true;
    condition_.notify_all();
  }

  bool Read(v1::PipelineResponse* frame) override {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [this] { return ended_ || !responses_.empty(); });
    if (responses_.empty()) return false;
    *frame = std::move(responses_.front());
    responses_.pop_front();
    return true;
  }

  absl::Status Finish() override {
    std::lock_guard lock(mutex_);
    return status_;
  }

  void Cancel() override {
    std::lock_guard lock(mutex_);
    if (!ended_) status_ = absl::CancelledError("cancelled");
    ended_ = true;
    condition_.notify_all();
  }

 private:
  const Serve serve_;
  std::mutex mutex_;
  std::condition_variable condition_;
  std::deque<v1::PipelineResponse> responses_;
  absl::Status status_;
  bool ended_ = false;
};

}  // namespace kvick::testing

#endif  // KVICK_TESTS_CLIENT_FAKE_STREAMS_H_
