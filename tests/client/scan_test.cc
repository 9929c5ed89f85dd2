#include "kvick/scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kvick/client.h"
#include "kvick/mock_connection.h"
#include "tests/client/fake_streams.h"

namespace kvick {
namespace {

using ::testing::ElementsAre;
using OpenedStream = absl::StatusOr<std::unique_ptr<ReadStream>>;
using Stream = testing::FakeReadStream<v1::KeyScanResponse>;

v1::KeyScanResponse Batch(const std::vector<std::string>& keys, const std::string& token) {
  v1::KeyScanResponse batch;
  for (const std::string& key : keys) batch.add_keys()->set_key(key);
  batch.set_next_page_token(token);
  return batch;
}

// A stream that answers `batches` and ends with `end`; `seen` gets the request.
auto Answer(std::vector<v1::KeyScanResponse> batches, absl::Status end, v1::KeyScanRequest* seen) {
  return [=](const Method&, const google::protobuf::Message& request,
             const CallOptions&) -> OpenedStream {
    seen->CopyFrom(request);
    return std::make_unique<Stream>(batches, end);
  };
}

struct Walk {
  std::vector<std::string> keys;
  absl::Status status;
};

Walk WalkAll(KeyClient::Range range) {
  Walk walk;
  for (const auto& key : range) {
    if (key.ok()) {
      walk.keys.push_back(key->key());
    } else {
      walk.status = key.status();
    }
  }
  return walk;
}

class ScanTest : public ::testing::Test {
 protected:
  KeyClient Keys() {
    return KeyClient(
        Caller(mock_, {}, {.max_attempts = 3, .initial_backoff = absl::Milliseconds(1)}));
  }

  std::shared_ptr<MockConnection> mock_ = std::make_shared<MockConnection>();
  v1::KeyScanRequest first_;
  v1::KeyScanRequest second_;
};

TEST_F(ScanTest, WalksOverBatchesAndEmptyOnes) {
  EXPECT_CALL(*mock_, OpenStream)
      .WillOnce(Answer({Batch({"a", "b"}, "t1"), Batch({}, "t2"), Batch({"c"}, "")},
                       absl::OkStatus(), &first_));
  const Walk walk = WalkAll(Keys().Scan({.prefix = "x"}));
  EXPECT_THAT(walk.keys, ElementsAre("a", "b", "c"));
  EXPECT_TRUE(walk.status.ok());
  EXPECT_EQ(first_.selector().prefix(), "x");
}

TEST_F(ScanTest, GoesOnAfterTheLastBatchOfABrokenStream) {
  EXPECT_CALL(*mock_, OpenStream)
      .WillOnce(Answer({Batch({"a"}, "t1")}, absl::UnavailableError("gone"), &first_))
      .WillOnce(Answer({Batch({"b"}, "")}, absl::OkStatus(), &second_));
  const Walk walk = WalkAll(Keys().Scan());
  EXPECT_THAT(walk.keys, ElementsAre("a", "b"));
  EXPECT_TRUE(walk.status.ok());
  EXPECT_EQ(first_.page().token(), "");
  EXPECT_EQ(second_.page().token(), "t1");
}

TEST_F(ScanTest, KeepsTheLimitOverABrokenStream) {
  EXPECT_CALL(*mock_, OpenStream)
      .WillOnce(Answer({Batch({"a", "b"}, "t1")}, absl::UnavailableError("gone"), &first_))
      .WillOnce(Answer({Batch({"c"}, "t2")}, absl::OkStatus(), &second_));
  EXPECT_THAT(WalkAll(Keys().Scan({.limit = 3})).keys, ElementsAre("a", "b", "c"));
  EXPECT_EQ(second_.page().limit(), 1);
}

TEST_F(ScanTest, AStreamThatBreaksAfterTheLastBatchIsComplete) {
  EXPECT_CALL(*mock_, OpenStream)
      .WillOnce(Answer({Batch({"a"}, "")}, absl::UnavailableError("gone"), &first_));
  const Walk walk = WalkAll(Keys().Scan());
  EXPECT_THAT(walk.keys, ElementsAre("a"));
  EXPECT_TRUE(walk.status.ok());
}

TEST_F(ScanTest, TheErrorIsTheLastItem) {
  EXPECT_CALL(*mock_, OpenStream)
      .WillOnce(Answer({Batch({"a"}, "t1")}, absl::InvalidArgumentError("no"), &first_));
  const Walk walk = WalkAll(Keys().Scan());
  EXPECT_THAT(walk.keys, ElementsAre("a"));
  EXPECT_EQ(walk.status.code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ScanTest, GivesUpWhenNothingHelps) {
  EXPECT_CALL(*mock_, OpenStream)
      .Times(3)
      .WillRepeatedly(Answer({}, absl::UnavailableError("gone"), &first_));
  EXPECT_EQ(WalkAll(Keys().Scan()).status.code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace kvick
