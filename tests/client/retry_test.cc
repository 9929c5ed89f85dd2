#include "kvick/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stop_token>
#include <vector>

#include "absl/time/clock.h"
#include "kvick/client.h"
#include "kvick/internal/wire_status.h"
#include "kvick/mock_connection.h"

namespace kvick {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::Return;

absl::Status ServerRefuses(int code, const std::string& reason, int retry_seconds) {
  v1::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("kvick");
  v1::ErrorStatus status;
  google::protobuf::Any* any = status.add_details();
  any->set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  any->set_value(info.SerializeAsString());
  if (retry_seconds > 0) {
    v1::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(retry_seconds);
    any = status.add_details();
    any->set_type_url("type.googleapis.com/google.rpc.RetryInfo");
    any->set_value(retry.SerializeAsString());
  }
  return internal::StatusFromWire(code, "no", status.SerializeAsString());
}

class RetryTest : public ::testing::Test {
 protected:
  Client MakeClient(RetryPolicy policy = {}) {
    RetryEnvironment environment{.now = [this] { return now_; },
                                 .sleep =
                                     [this](absl::Duration duration, const std::stop_token&) {
                                       sleeps_.push_back(duration);
                                       now_ += duration;
                                     },
                                 .random = [] { return 1.0; }};
    return Client(MakeRetryConnection(mock_, policy, environment));
  }

  std::shared_ptr<MockConnection> mock_ = std::make_shared<MockConnection>();
  absl::Time now_ = absl::FromUnixSeconds(1000);
  std::vector<absl::Duration> sleeps_;
};

TEST_F(RetryTest, ReadsAreRepeatedAfterABrokenConnection) {
  EXPECT_CALL(*mock_, Call)
      .WillOnce(Return(absl::UnavailableError("Socket closed")))
      .WillOnce(RespondWith(v1::StringGetResponse()));
  EXPECT_TRUE(MakeClient().Strings().Get("k").ok());
  EXPECT_THAT(sleeps_, ElementsAre(absl::Milliseconds(50)));
}

TEST_F(RetryTest, WritesAreNotRepeatedAfterABrokenConnection) {
  EXPECT_CALL(*mock_, Call).WillOnce(Return(absl::UnavailableError("Socket closed")));
  EXPECT_EQ(MakeClient().Strings().Set("k", "v").status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(RetryTest, NorAreTheyWithAPrecondition) {
  EXPECT_CALL(*mock_, Call).WillOnce(Return(absl::UnavailableError("Socket closed")));
  EXPECT_FALSE(MakeClient().Strings().Set("k", "v", {.precondition = IfVersion(3)}).ok());
}

TEST_F(RetryTest, WritesAreRepeatedWhenTheCallerSaysSo) {
  EXPECT_CALL(*mock_, Call)
      .WillOnce(Return(absl::UnavailableError("Socket closed")))
      .WillOnce(RespondWith(v1::StringSetResponse()));
  EXPECT_TRUE(MakeClient().With({.repeatable = true}).Strings().Set("k", "v").ok());
}

TEST_F(RetryTest, WritesAreRepeatedWhenNothingWasSentOrExecuted) {
  EXPECT_CALL(*mock_, Call)
      .WillOnce(Return(NotConnectedError("host:1", "refused")))
      .WillOnce(Return(ServerRefuses(14, "SHUTTING_DOWN", 0)))
      .WillOnce(RespondWith(v1::StringSetResponse()));
  EXPECT_TRUE(MakeClient().Strings().Set("k", "v").ok());
}

TEST_F(RetryTest, OtherErrorsAreFinal) {
  EXPECT_CALL(*mock_, Call).WillOnce(Return(ServerRefuses(9, "WRONG_TYPE", 0)));
  EXPECT_EQ(ReasonOf(MakeClient().Strings().Get("k").status()), v1::ERROR_REASON_WRONG_TYPE);
}

TEST_F(RetryTest, WaitsAsLongAsTheServerSays) {
  EXPECT_CALL(*mock_, Call)
      .WillOnce(Return(ServerRefuses(8, "TOO_MANY_CONNECTIONS", 4)))
      .WillOnce(RespondWith(v1::StringSetResponse()));
  EXPECT_TRUE(MakeClient().Strings().Set("k", "v").ok());
  EXPECT_THAT(sleeps_, ElementsAre(absl::Seconds(4)));
}

TEST_F(RetryTest, ExhaustionWithoutADelayIsFinal) {
  EXPECT_CALL(*mock_, Call).WillOnce(Return(ServerRefuses(8, "MEMORY_LIMIT", 0)));
  EXPECT_FALSE(MakeClient().Strings().Set("k", "v").ok());
}

TEST_F(RetryTest, BacksOffExponentiallyUpToItsLimit) {
  EXPECT_CALL(*mock_, Call).Times(6).WillRepeatedly(Return(absl::UnavailableError("x")));
  EXPECT_FALSE(MakeClient({.max_attempts = 6,
                           .initial_backoff = absl::Milliseconds(100),
                           .multiplier = 3,
                           .max_backoff = absl::Seconds(1)})
                   .Strings()
                   .Get("k")
                   .ok());
  EXPECT_THAT(sleeps_, ElementsAre(absl::Milliseconds(100), absl::Milliseconds(300),
                                   absl::Milliseconds(900), absl::Seconds(1), absl::Seconds(1)));
}

TEST_F(RetryTest, NeverWaitsPastTheDeadline) {
  EXPECT_CALL(*mock_, Call).WillOnce(Return(ServerRefuses(8, "TOO_MANY_CONNECTIONS", 60)));
  const Client client = MakeClient().With({.deadline = now_ + absl::Seconds(10)});
  EXPECT_EQ(client.Strings().Get("k").status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(sleeps_.empty());
}

TEST_F(RetryTest, AStopEndsTheTries) {
  std::stop_source stop;
  EXPECT_CALL(*mock_, Call)
      .WillOnce([&](const Method&, const google::protobuf::Message&, const CallOptions& options,
                    google::protobuf::Message*) {
        EXPECT_TRUE(options.stop.stop_possible());
        stop.request_stop();
        return absl::UnavailableError("Socket closed");
      });
  EXPECT_FALSE(MakeClient().With({.stop = stop.get_token()}).Strings().Get("k").ok());
}

TEST_F(RetryTest, AStopEndsARealSleep) {
  std::stop_source stop;
  stop.request_stop();
  RetryEnvironment::Real().sleep(absl::InfiniteDuration(), stop.get_token());
}

TEST_F(RetryTest, OpeningAStreamIsRepeatedWhateverItIs) {
  EXPECT_CALL(*mock_, OpenPipeline)
      .WillOnce([](const CallOptions&) -> absl::StatusOr<std::unique_ptr<PipelineStream>> {
        return NotConnectedError("host:1", "refused");
      })
      .WillOnce([](const CallOptions&) -> absl::StatusOr<std::unique_ptr<PipelineStream>> {
        return absl::InternalError("final");
      });
  const auto connection =
      MakeRetryConnection(mock_, {},
                          {.now = [] { return absl::Now(); },
                           .sleep = [](absl::Duration, const std::stop_token&) {},
                           .random = [] { return 0.5; }});
  EXPECT_EQ(connection->OpenPipeline({}).status().code(), absl::StatusCode::kInternal);
}

TEST(DeadlineTest, EveryCallHasOneAndWaitingCallsGetTheirWaitOnTop) {
  const auto mock = std::make_shared<MockConnection>();
  std::vector<absl::Duration> left;
  EXPECT_CALL(*mock, Call)
      .WillRepeatedly([&](const Method&, const google::protobuf::Message&,
                          const CallOptions& options, google::protobuf::Message*) {
        left.push_back(absl::Ceil(options.deadline - absl::Now(), absl::Seconds(1)));
        return absl::OkStatus();
      });
  const Client client(MakeDeadlineConnection(mock, absl::Seconds(10)));
  client.Strings().Get("k").IgnoreError();
  client.With({.timeout = absl::Seconds(3)}).Strings().Get("k").IgnoreError();
  client.Lists().PopAny({"k"}, v1::SIDE_LEFT, absl::Seconds(60)).IgnoreError();
  client.With({.deadline = absl::Now() + absl::Seconds(2)}).Strings().Get("k").IgnoreError();
  EXPECT_THAT(
      left, ElementsAre(absl::Seconds(10), absl::Seconds(3), absl::Seconds(70), absl::Seconds(2)));
}

TEST(DeadlineTest, AStreamsWaitsHaveOneUnlessTheStreamItselfHas) {
  const auto mock = std::make_shared<MockConnection>();
  std::vector<absl::Duration> waits;
  EXPECT_CALL(*mock, OpenStream)
      .WillRepeatedly(
          [&](const Method&, const google::protobuf::Message&,
              const CallOptions& options) -> absl::StatusOr<std::unique_ptr<ReadStream>> {
            waits.push_back(options.read_timeout);
            return absl::InternalError("");
          });
  const Client client(MakeDeadlineConnection(mock, absl::Seconds(10)));
  for (const CallOptions& options : std::vector<CallOptions>{
           {}, {.read_timeout = absl::Seconds(3)}, {.timeout = absl::InfiniteDuration()}}) {
    EXPECT_FALSE(client.With(options).Keys().Scan().Next()->ok());
  }
  EXPECT_THAT(waits, ElementsAre(absl::Seconds(10), absl::Seconds(3), absl::ZeroDuration()));
}

TEST(DeadlineTest, StreamsHaveNoneUnlessTheyAsk) {
  const auto mock = std::make_shared<MockConnection>();
  EXPECT_CALL(*mock, OpenPipeline)
      .WillOnce([](const CallOptions& options) -> absl::StatusOr<std::unique_ptr<PipelineStream>> {
        EXPECT_EQ(options.deadline, absl::InfiniteFuture());
        return absl::InternalError("");
      })
      .WillOnce([](const CallOptions& options) -> absl::StatusOr<std::unique_ptr<PipelineStream>> {
        EXPECT_LT(options.deadline, absl::InfiniteFuture());
        return absl::InternalError("");
      });
  const auto connection = MakeDeadlineConnection(mock, absl::Seconds(10));
  EXPECT_FALSE(connection->OpenPipeline({}).ok());
  EXPECT_FALSE(connection->OpenPipeline({.timeout = absl::Seconds(1)}).ok());
}

}  // namespace
}  // namespace kvick
