#include "client/cli/patience.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "kvick/error.h"
#include "kvick/mock_connection.h"
#include "kvick/value.h"
#include "tests/client/fake_streams.h"

namespace kvick::cli {
namespace {

using ::kvick::testing::FakePipelineStream;
using ::kvick::testing::FakeReadStream;
using ::testing::_;

constexpr absl::Duration kTimeout = absl::Milliseconds(100);
constexpr absl::Duration kLong = absl::Seconds(30);

class PatienceTest : public ::testing::Test {
 protected:
  const std::shared_ptr<MockConnection> wire_ = std::make_shared<MockConnection>();
  const std::shared_ptr<Connection> connection_ =
      MakePatientConnection(wire_, {.retry = {.initial_backoff = absl::Milliseconds(1)}});
};

TEST_F(PatienceTest, AStreamHasItsTimeoutForEachWait) {
  for (const absl::Duration timeout : {kTimeout, absl::ZeroDuration()}) {
    EXPECT_CALL(*wire_, OpenStream)
        .WillOnce([=](const Method&, const google::protobuf::Message&, const CallOptions& options) {
          EXPECT_EQ(options.read_timeout, timeout);
          EXPECT_EQ(options.timeout, absl::ZeroDuration()) << "the stream itself may take long";
          EXPECT_EQ(options.deadline, absl::InfiniteFuture());
          return std::make_unique<FakeReadStream<v1::KeyScanResponse>>(
              std::vector<v1::KeyScanResponse>(), absl::OkStatus());
        });
    EXPECT_TRUE(connection_
                    ->OpenStream(MethodFor<v1::KeyScanRequest>(), v1::KeyScanRequest(),
                                 {.timeout = timeout})
                    .ok());
  }
}

TEST_F(PatienceTest, ConnectingIsTriedAgainWithinTheTimeout) {
  int tries = 0;
  EXPECT_CALL(*wire_, OpenPipeline).WillRepeatedly([&](const CallOptions&) {
    ++tries;
    absl::SleepFor(kTimeout * 0.4);
    return NotConnectedError("there", "no answer in time");
  });
  EXPECT_TRUE(absl::IsDeadlineExceeded(connection_->OpenPipeline({.timeout = kTimeout}).status()));
  EXPECT_GE(tries, 2);
  EXPECT_LE(tries, 3);
  EXPECT_TRUE(absl::IsUnavailable(connection_->OpenPipeline({.timeout = kLong}).status()))
      << "that is no question of time";
}

v1::PipelineRequest Frame(absl::Duration max_wait) {
  v1::PipelineRequest frame;
  auto* pop = frame.add_operations()->mutable_command()->mutable_list_pop_any();
  *pop->mutable_max_wait() = ToProto(max_wait);
  return frame;
}

TEST_F(PatienceTest, APipelineWaitsAsLongAsItsOperationsMay) {
  EXPECT_CALL(*wire_, OpenPipeline).WillOnce([](const CallOptions&) {
    return std::make_unique<FakePipelineStream>(
        [](const v1::PipelineRequest& frame, v1::PipelineResponse* response) {
          absl::SleepFor(2 * kTimeout);
          for (int i = 0; i < frame.operations_size(); ++i) response->add_results();
          return absl::OkStatus();
        });
  });
  const auto stream = *connection_->OpenPipeline({.timeout = kTimeout});
  v1::PipelineResponse response;
  EXPECT_TRUE(stream->Write(Frame(kLong)));
  EXPECT_TRUE(stream->Read(&response));
  stream->Write(Frame(absl::ZeroDuration()));  // What waited before counts no more.
  while (stream->Read(&response)) continue;
  EXPECT_TRUE(absl::IsDeadlineExceeded(stream->Finish()));
}

TEST_F(PatienceTest, CallsHaveTheirTimeoutAsEver) {
  EXPECT_CALL(
      *wire_,
      Call(_, _, ::testing::Field(&CallOptions::deadline, ::testing::Lt(absl::Now() + kLong)), _));
  v1::StringGetResponse response;
  EXPECT_TRUE(connection_
                  ->Call(MethodFor<v1::StringGetRequest>(), v1::StringGetRequest(),
                         {.timeout = kTimeout}, &response)
                  .ok());
}

}  // namespace
}  // namespace kvick::cli
