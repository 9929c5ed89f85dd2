#include "kvick/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <stop_token>
#include <thread>

#include "absl/synchronization/notification.h"
#include "kvick/client.h"
#include "kvick/mock_connection.h"
#include "tests/client/fake_streams.h"

namespace kvick {
namespace {

using testing::FakePipelineStream;

// Answers Length with the length of the key; a key `list` holds a list.
absl::Status ServeLength(const v1::PipelineRequest& request, v1::PipelineResponse* response) {
  for (const v1::PipelineOperation& operation : request.operations()) {
    v1::PipelineResult* result = response->add_results();
    result->set_id(operation.id());
    const std::string& key = operation.command().string_length().key();
    if (key == "list") {
      result->mutable_status()->set_code(9);
      result->mutable_status()->set_reason(v1::ERROR_REASON_WRONG_TYPE);
    } else {
      result->mutable_reply()->mutable_string_length()->set_length(
          static_cast<int64_t>(key.size()));
    }
  }
  return absl::OkStatus();
}

v1::StringLengthRequest LengthOf(const std::string& key) {
  v1::StringLengthRequest request;
  request.set_key(key);
  return request;
}

class PipelineTest : public ::testing::Test {
 protected:
  // The next stream that is opened is served like this.
  void ServeNext(FakePipelineStream::Serve serve) { serves_.push_back(std::move(serve)); }

  std::unique_ptr<Pipeline> MakePipeline(PipelineOptions options = {}) {
    EXPECT_CALL(*mock_, OpenPipeline)
        .WillRepeatedly(
            [this](const CallOptions&) -> absl::StatusOr<std::unique_ptr<PipelineStream>> {
              const size_t index = opened_++;
              if (index >= serves_.size()) return NotConnectedError("host:1", "gone");
              return std::make_unique<FakePipelineStream>(serves_[index]);
            });
    return Client(mock_).OpenPipeline(options);
  }

  std::shared_ptr<MockConnection> mock_ = std::make_shared<MockConnection>();
  std::vector<FakePipelineStream::Serve> serves_;
  std::atomic<size_t> opened_ = 0;
};

TEST_F(PipelineTest, EachOperationHasItsOwnOutcome) {
  ServeNext(ServeLength);
  const auto pipeline = MakePipeline();
  auto first = pipeline->Run(LengthOf("a"));
  auto bad = pipeline->Run(LengthOf("list"));
  auto last = pipeline->Run(LengthOf("abc"));
  EXPECT_EQ(first.get()->length(), 1);
  EXPECT_EQ(ReasonOf(bad.get().status()), v1::ERROR_REASON_WRONG_TYPE);
  EXPECT_EQ(last.get()->length(), 3);
}

TEST_F(PipelineTest, NothingIsOpenedBeforeTheFirstOperation) {
  { const auto pipeline = MakePipeline(); }
  EXPECT_EQ(opened_, 0u);
}

TEST_F(PipelineTest, WaitTellsTheFirstErrorOfASendOnce) {
  ServeNext(ServeLength);
  const auto pipeline = MakePipeline();
  pipeline->Send(LengthOf("a"));
  pipeline->Send(LengthOf("list"));
  EXPECT_EQ(ReasonOf(pipeline->Wait()), v1::ERROR_REASON_WRONG_TYPE);
  EXPECT_TRUE(pipeline->Wait().ok());
}

TEST_F(PipelineTest, ManyThreadsShareIt) {
  ServeNext(ServeLength);
  std::atomic<int> right = 0;
  const auto pipeline = MakePipeline({.max_frame_operations = 16, .max_unanswered = 64});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string key(static_cast<size_t>((t * 2000 + i) % 50 + 1), 'x');
        pipeline->Run(LengthOf(key),
                      [&, size = key.size()](absl::StatusOr<v1::StringLengthResponse> response) {
                        if (response.ok() && response->length() == static_cast<int64_t>(size)) {
                          ++right;
                        }
                      });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(pipeline->Wait().ok());
  EXPECT_EQ(right, 8000);
  EXPECT_EQ(opened_, 1u);
}

TEST_F(PipelineTest, FramesAreBounded) {
  std::atomic<int> largest = 0;
  std::atomic<int64_t> most_bytes = 0;
  ServeNext([&](const v1::PipelineRequest& request, v1::PipelineResponse* response) {
    largest = std::max<int>(largest, request.operations_size());
    most_bytes = std::max<int64_t>(most_bytes, static_cast<int64_t>(request.ByteSizeLong()));
    return ServeLength(request, response);
  });
  const auto pipeline = MakePipeline({.max_frame_operations = 7, .max_frame_bytes = 2000});
  for (int i = 0; i < 500; ++i) pipeline->Send(LengthOf(std::string(500, 'x')));
  EXPECT_TRUE(pipeline->Wait().ok());
  EXPECT_LE(largest, 7);
  EXPECT_LE(most_bytes, 2600);
}

TEST_F(PipelineTest, AnOperationLargerThanAFrameTravelsAlone) {
  ServeNext(ServeLength);
  const auto pipeline = MakePipeline({.max_frame_bytes = 100, .max_unanswered_bytes = 100});
  auto large = pipeline->Run(LengthOf(std::string(5000, 'x')));
  EXPECT_EQ(large.get()->length(), 5000);
}

TEST_F(PipelineTest, ABrokenStreamFailsWhatIsOnItsWayAndTheNextOperationOpensAnother) {
  ServeNext([](const v1::PipelineRequest&, v1::PipelineResponse*) {
    return absl::UnavailableError("Socket closed");
  });
  ServeNext(ServeLength);
  const auto pipeline = MakePipeline();
  EXPECT_EQ(pipeline->Run(LengthOf("a")).get().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(pipeline->Run(LengthOf("ab")).get()->length(), 2);
  EXPECT_EQ(opened_, 2u);
}

TEST_F(PipelineTest, WithoutAServerOperationsFailAndNothingHangs) {
  const auto pipeline = MakePipeline();
  EXPECT_TRUE(NothingExecuted(pipeline->Run(LengthOf("a")).get().status()));
  pipeline->Send(LengthOf("b"));
  EXPECT_FALSE(pipeline->Wait().ok());
}

TEST_F(PipelineTest, ResultsOutOfOrderEndTheStream) {
  ServeNext([](const v1::PipelineRequest& request, v1::PipelineResponse* response) {
    absl::Status status = ServeLength(request, response);
    response->mutable_results(0)->set_id(999);
    return status;
  });
  const auto pipeline = MakePipeline();
  EXPECT_EQ(pipeline->Run(LengthOf("a")).get().status().code(), absl::StatusCode::kInternal);
}

TEST_F(PipelineTest, MoreResultsThanOperationsEndTheStreamWithoutHarm) {
  ServeNext([](const v1::PipelineRequest& request, v1::PipelineResponse* response) {
    absl::Status status = ServeLength(request, response);
    response->add_results()->set_id(7);
    return status;
  });
  ServeNext(ServeLength);
  const auto pipeline = MakePipeline();
  EXPECT_EQ(pipeline->Run(LengthOf("a")).get()->length(), 1);
  // The stream breaks behind this answer; whatever is added then has an outcome all the same.
  for (int i = 0; i < 10; ++i) pipeline->Run(LengthOf("b")).get().IgnoreError();
}

TEST_F(PipelineTest, AReplyOfAnotherKindIsAnError) {
  ServeNext([](const v1::PipelineRequest& request, v1::PipelineResponse* response) {
    v1::PipelineResult* result = response->add_results();
    result->set_id(request.operations(0).id());
    result->mutable_reply()->mutable_string_get();
    return absl::OkStatus();
  });
  const auto pipeline = MakePipeline();
  EXPECT_EQ(pipeline->Run(LengthOf("a")).get().status().code(), absl::StatusCode::kInternal);
}

TEST_F(PipelineTest, CallbacksMayAddButNotWait) {
  ServeNext(ServeLength);
  std::promise<absl::Status> waited;
  std::promise<int64_t> second;
  const auto pipeline = MakePipeline({.max_unanswered = 1});
  pipeline->Run(LengthOf("a"), [&](absl::StatusOr<v1::StringLengthResponse>) {
    waited.set_value(pipeline->Wait());
    pipeline->Run(LengthOf("ab"), [&](absl::StatusOr<v1::StringLengthResponse> response) {
      second.set_value(response.ok() ? response->length() : -1);
    });
  });
  EXPECT_EQ(waited.get_future().get().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(second.get_future().get(), 2);
}

TEST_F(PipelineTest, CallbacksMayAddButNotWaitWithoutAServerEither) {
  constexpr int kCalls = 10;
  const auto pipeline = MakePipeline({.max_unanswered = 2});
  std::promise<absl::Status> waited;
  std::promise<void> last;
  int calls = 0;
  std::function<void()> add = [&] {
    pipeline->Run(LengthOf("a"), [&](absl::StatusOr<v1::StringLengthResponse>) {
      if (++calls == 1) waited.set_value(pipeline->Wait());
      if (calls < kCalls) add();
      if (calls == kCalls) last.set_value();
    });
  };
  add();
  EXPECT_EQ(waited.get_future().get().code(), absl::StatusCode::kFailedPrecondition);
  last.get_future().wait();
}

// A stream to a server that takes everything and says nothing, not even goodbye.
class SilentStream : public FakePipelineStream {
 public:
  explicit SilentStream(std::atomic<int>* frames)
      : FakePipelineStream([frames](const v1::PipelineRequest&, v1::PipelineResponse*) {
          ++*frames;
          return absl::OkStatus();
        }) {}
  void WritesDone() override {}
};

TEST_F(PipelineTest, DestroyedItFailsWhatHasNoAnswerInTime) {
  std::atomic<int> frames = 0;
  EXPECT_CALL(*mock_, OpenPipeline).WillOnce([&](const CallOptions&) {
    return std::make_unique<SilentStream>(&frames);
  });
  auto pipeline = Client(mock_).OpenPipeline({.close_timeout = absl::Milliseconds(1)});
  auto outcome = pipeline->Run(LengthOf("a"));
  while (frames == 0) std::this_thread::yield();
  pipeline.reset();
  EXPECT_EQ(outcome.get().status().code(), absl::StatusCode::kCancelled);
}

TEST_F(PipelineTest, DestroyedItSendsNothingOnAStreamThatOpensLate) {
  std::atomic<int> frames = 0;
  absl::Notification opening;
  EXPECT_CALL(*mock_, OpenPipeline).WillOnce([&](const CallOptions& options) {
    opening.Notify();
    absl::Notification closing;
    const std::stop_callback on_stop(options.stop, [&] { closing.Notify(); });
    closing.WaitForNotification();
    return std::make_unique<SilentStream>(&frames);
  });
  auto pipeline = Client(mock_).OpenPipeline({.close_timeout = absl::ZeroDuration()});
  auto outcome = pipeline->Run(LengthOf("a"));
  opening.WaitForNotification();
  pipeline.reset();
  EXPECT_EQ(outcome.get().status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(frames, 0);
}

TEST_F(PipelineTest, DestroyedItFailsWhatCallbacksStillAdd) {
  std::atomic<int> frames = 0;
  EXPECT_CALL(*mock_, OpenPipeline).WillOnce([&](const CallOptions&) {
    return std::make_unique<SilentStream>(&frames);
  });
  auto pipeline = Client(mock_).OpenPipeline({.close_timeout = absl::ZeroDuration()});
  std::vector<absl::StatusCode> outcomes;
  std::function<void(Pipeline*)> add = [&](Pipeline* target) {
    target->Run(LengthOf("a"), [&, target](absl::StatusOr<v1::StringLengthResponse> response) {
      outcomes.push_back(response.status().code());
      if (outcomes.size() < 3) add(target);
    });
  };
  add(pipeline.get());
  while (frames == 0) std::this_thread::yield();
  pipeline.reset();
  EXPECT_EQ(outcomes, std::vector<absl::StatusCode>(3, absl::StatusCode::kCancelled));
}

TEST_F(PipelineTest, DestroyedItWaitsForNoGoodbyeThatDoesNotCome) {
  class NoGoodbye : public FakePipelineStream {
   public:
    NoGoodbye() : FakePipelineStream(ServeLength) {}
    void WritesDone() override {}
  };
  EXPECT_CALL(*mock_, OpenPipeline).WillOnce([](const CallOptions&) {
    return std::make_unique<NoGoodbye>();
  });
  auto pipeline = Client(mock_).OpenPipeline({.close_timeout = absl::Milliseconds(50)});
  EXPECT_EQ(pipeline->Run(LengthOf("a")).get()->length(), 1);
}

TEST_F(PipelineTest, TheCallersStopIsItsOwn) {
  std::stop_source stop;
  EXPECT_CALL(*mock_, OpenPipeline)
      .WillOnce([&](const CallOptions& options) -> absl::StatusOr<std::unique_ptr<PipelineStream>> {
        stop.request_stop();
        EXPECT_TRUE(options.stop.stop_requested());
        return absl::CancelledError("stopped");
      });
  const auto pipeline = Client(mock_).With({.stop = stop.get_token()}).OpenPipeline();
  EXPECT_EQ(pipeline->Run(LengthOf("a")).get().status().code(), absl::StatusCode::kCancelled);
}

TEST_F(PipelineTest, WhatIsNoCommandIsRefused) {
  const auto pipeline = MakePipeline();
  EXPECT_EQ(pipeline->Run(v1::AdminFlushRequest()).get().status().code(),
            absl::StatusCode::kInvalidArgument);
  pipeline->Send(v1::AdminFlushRequest());
  EXPECT_EQ(pipeline->Wait().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kvick
