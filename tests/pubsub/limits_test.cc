// PubSubHub: what it refuses, and what it forgets so that nothing grows without bound.
#include <gtest/gtest.h>

#include <limits>

#include "absl/strings/str_cat.h"
#include "tests/pubsub/fixture.h"

namespace kvick::server {
namespace {

using absl::StatusCode;

class LimitsTest : public HubFixture {
 protected:
  LimitsTest()
      : HubFixture({.max_key_bytes = 100,
                    .max_value_bytes = 1000,
                    .max_subscription_names_bytes = 100'000,
                    .max_patterns = 20,
                    .max_subscribers = 3,
                    .max_subscriber_bytes = 10'000,
                    .max_idle_channels = 50,
                    .max_idle_channel_bytes = 100'000,
                    .shards = 1}) {}
  absl::Status PublishStatus(const v1::PubSubPublishRequest& request) {
    v1::PubSubPublishResponse response;
    return hub_.Publish(request, &response);
  }
  absl::Status SubscribeStatus(const v1::PubSubSubscribeRequest& request) {
    return hub_.Subscribe(request, [] {}).status();
  }
};

TEST_F(LimitsTest, BadMessagesAreRefused) {
  v1::PubSubPublishRequest request;
  const auto refused = [&](StatusCode code, const std::string& reason) {
    ExpectRefused(PublishStatus(request), code, reason);
  };
  request.mutable_payload()->set_text("x");
  refused(StatusCode::kInvalidArgument, "KEY_EMPTY");
  request.set_channel(std::string(101, 'c'));
  refused(StatusCode::kInvalidArgument, "KEY_TOO_LONG");
  request.set_channel("c");
  request.clear_payload();
  refused(StatusCode::kInvalidArgument, "VALUE_MISSING");
  request.mutable_payload()->set_number(std::numeric_limits<double>::quiet_NaN());
  refused(StatusCode::kInvalidArgument, "NOT_A_NUMBER");
  request.mutable_payload()->set_text(std::string(1001, 'x'));
  refused(StatusCode::kResourceExhausted, "VALUE_TOO_LARGE");
  request.mutable_payload()->set_data(std::string(1001, 'x'));
  refused(StatusCode::kResourceExhausted, "VALUE_TOO_LARGE");
  request.mutable_payload()->set_data(std::string(1000, 'x'));
  EXPECT_TRUE(PublishStatus(request).ok());
  for (int i = 0; i < 64; ++i) (*request.mutable_attributes())[std::to_string(i)] = "v";
  EXPECT_TRUE(PublishStatus(request).ok());
  (*request.mutable_attributes())["0"] = std::string(101, 'v');
  refused(StatusCode::kInvalidArgument, "KEY_TOO_LONG");
  (*request.mutable_attributes())["0"] = "v";
  (*request.mutable_attributes())["64"] = "v";
  refused(StatusCode::kInvalidArgument, "TOO_MANY_ITEMS");
  EXPECT_EQ(hub_.Statistics().published, 2);
}

TEST_F(LimitsTest, BadSubscriptionsAreRefusedAndLeaveNothing) {
  v1::PubSubSubscribeRequest request;
  const auto refused = [&](const std::string& reason) {
    ExpectRefused(SubscribeStatus(request), StatusCode::kInvalidArgument, reason);
  };
  refused("KEY_EMPTY");
  request.add_channels("good");
  request.add_channels("");
  refused("KEY_EMPTY");
  request.set_channels(1, std::string(101, 'c'));
  refused("KEY_TOO_LONG");
  request.set_channels(1, "c");
  request.add_patterns("");
  refused("KEY_EMPTY");
  request.set_patterns(0, std::string(1025, '*'));
  refused("PATTERN_INVALID");
  request.set_patterns(0, "*");
  request.set_overflow(static_cast<v1::Overflow>(3));
  refused("UNKNOWN_ENUM_VALUE");
  request.set_overflow(v1::OVERFLOW_UNSPECIFIED);
  for (const int64_t bytes :
       {int64_t{-1}, int64_t{1023}, int64_t{10'001}, std::numeric_limits<int64_t>::max(),
        std::numeric_limits<int64_t>::min()}) {
    request.set_max_buffered_bytes(bytes);
    refused("ARGUMENT_OUT_OF_RANGE");
  }
  request.set_max_buffered_bytes(10'000);
  for (int i = 0; i < 9'998; ++i) request.add_channels(absl::StrCat("c", i));
  refused("TOO_MANY_ITEMS");
  EXPECT_EQ(hub_.Statistics().subscribers, 0);
  EXPECT_EQ(hub_.Statistics().channels, 0);
  request.mutable_channels()->RemoveLast();
  EXPECT_TRUE(SubscribeStatus(request).ok());
}

TEST_F(LimitsTest, BadQuestionsAreRefused) {
  v1::PubSubListChannelsRequest list;
  v1::PubSubListChannelsResponse listed;
  for (const int64_t limit : {int64_t{-1}, int64_t{10'001}}) {
    list.set_limit(limit);
    ExpectRefused(hub_.ListChannels(list, &listed), StatusCode::kInvalidArgument,
                  "ARGUMENT_OUT_OF_RANGE");
  }
  list.set_limit(0);
  list.set_glob(std::string(1025, '?'));
  ExpectRefused(hub_.ListChannels(list, &listed), StatusCode::kInvalidArgument, "PATTERN_INVALID");
  v1::PubSubCountSubscribersRequest count;
  v1::PubSubCountSubscribersResponse counted;
  ExpectRefused(hub_.CountSubscribers(count, &counted), StatusCode::kInvalidArgument, "KEY_EMPTY");
  count.add_channels("");
  ExpectRefused(hub_.CountSubscribers(count, &counted), StatusCode::kInvalidArgument, "KEY_EMPTY");
}

TEST_F(LimitsTest, SubscribersAreCounted) {
  std::vector<Reader> readers;
  for (int i = 0; i < 3; ++i) readers.push_back(Listen({"c"}));
  const absl::Status status = SubscribeStatus(SubscribeRequest({"c"}, {}));
  ExpectRefused(status, StatusCode::kResourceExhausted, "TOO_MANY_SUBSCRIBERS");
  EXPECT_TRUE(storage::RetryDelayOf(status).has_value());
  EXPECT_EQ(Count({"c"}), std::vector<int64_t>{3});
  readers.pop_back();
  EXPECT_TRUE(SubscribeStatus(SubscribeRequest({"c"}, {})).ok());
}

TEST_F(LimitsTest, IdleChannelsAreForgottenTheOldestFirst) {
  Reader reader = Listen({"kept"});
  const int64_t epoch = Publish("first", "x").position().epoch();
  EXPECT_EQ(Publish("first", "x").position().sequence(), 2);
  for (int i = 0; i < 40; ++i) Publish(absl::StrCat("c", i), "x");
  EXPECT_EQ(Publish("first", "x").position().epoch(), epoch) << "not yet: and it is young again";
  for (int i = 40; i < 85; ++i) Publish(absl::StrCat("c", i), "x");
  EXPECT_EQ(Publish("first", "x").position().sequence(), 4);
  for (int i = 0; i < 200; ++i) Publish(absl::StrCat("d", i), "x");
  const auto anew = Publish("first", "x").position();
  EXPECT_EQ(anew.sequence(), 1);
  EXPECT_NE(anew.epoch(), epoch) << "sequences that start anew say so";
  Publish("kept", "1");
  EXPECT_EQ(reader.Messages()[0].position().sequence(), 1) << "one with subscribers stays";
}

class LongNamesTest : public HubFixture {
 protected:
  LongNamesTest() : HubFixture({.max_idle_channel_bytes = 10'000, .shards = 1}) {}
};

TEST_F(LongNamesTest, TheNamesOfIdleChannelsAreBoundedTogether) {
  const std::string first = std::string(3000, 'a') + "first";
  const int64_t epoch = Publish(first, "x").position().epoch();
  EXPECT_EQ(Publish(first, "x").position().epoch(), epoch);
  for (int i = 0; i < 5; ++i) Publish(absl::StrCat(std::string(3000, 'b'), i), "x");
  EXPECT_NE(Publish(first, "x").position().epoch(), epoch);
}

TEST_F(LimitsTest, TheNamesOfASubscriptionAreBoundedTogether) {
  v1::PubSubSubscribeRequest request;
  for (int i = 0; i < 999; ++i) request.add_channels(std::string(90, 'c') + std::to_string(i % 7));
  request.add_patterns(std::string(999, 'p'));
  EXPECT_TRUE(SubscribeStatus(request).ok());
  request.set_patterns(0, request.patterns(0) + std::string(10, 'p'));
  for (int i = 0; i < 91; ++i) request.add_channels(std::string(90, 'c'));
  request.add_channels(std::string(100, 'c'));
  ExpectRefused(SubscribeStatus(request), StatusCode::kInvalidArgument, "TOO_MANY_ITEMS");
  EXPECT_EQ(hub_.Statistics().subscribers, 0);
}

// A message is matched against each pattern, in steps that Glob::Matches bounds: bounding the
// patterns, by the steps of each, bounds what one message costs.
TEST_F(LimitsTest, DifferentPatternsAreBoundedByTheirSteps) {
  const auto refused = [&](const std::vector<std::string>& patterns) {
    const absl::Status status = SubscribeStatus(SubscribeRequest({"c"}, patterns));
    ExpectRefused(status, StatusCode::kResourceExhausted, "TOO_MANY_PATTERNS");
    EXPECT_TRUE(storage::RetryDelayOf(status).has_value());
  };
  Reader costly = Listen({}, {std::string(1024, '?')});  // 16 steps a byte of a name
  refused({std::string(1023, '?')});
  refused({"1*", "2*", "3*", "4*", "5*"});
  EXPECT_EQ(hub_.Statistics().subscribers, 1) << "a refused subscription leaves nothing";
  EXPECT_EQ(hub_.Statistics().channels, 0);
  {
    Reader four = Listen({}, {"1*", "2*", "3*", "4*"});
    refused({"5*"});
    Reader same = Listen({}, {"4*", "1*", "4*"});
    EXPECT_EQ(Publish("12", "x").receivers(), 2) << "the same patterns are there once";
    EXPECT_EQ(Publish("5", "x").receivers(), 0);
  }
  Reader others = Listen({}, {"5*", "6*", "7*", "8*"});
  EXPECT_EQ(Publish("12", "x").receivers(), 0);
  EXPECT_EQ(Publish("5", "x").receivers(), 1);
}

// Subscribers that do not read keep no more in all than the limit; others get their messages.
class PublishedMemoryTest : public HubFixture {
 protected:
  static constexpr int64_t kLimit = 1'000'000;
  static constexpr size_t kMessageBytes = 10'000;

  PublishedMemoryTest() : HubFixture({.max_published_bytes = kLimit}) {}

  Reader ListenWith(const std::string& channel, v1::Overflow overflow) {
    v1::PubSubSubscribeRequest request = SubscribeRequest({channel}, {});
    request.set_max_buffered_bytes(900'000);
    request.set_overflow(overflow);
    Reader reader = Subscribe(request);
    EXPECT_TRUE(reader.Next().has_created());
    return reader;
  }
  void PublishMany(const std::string& channel, int count) {
    for (int i = 0; i < count; ++i) {
      Publish(channel, std::string(kMessageBytes, 'x'));
    }
  }
  int64_t Bytes() { return hub_.Statistics().memory_bytes; }
};

TEST_F(PublishedMemoryTest, SharedMessagesCountOnce) {
  std::vector<Reader> readers;
  for (int i = 0; i < 10; ++i) {
    readers.push_back(ListenWith("all", v1::OVERFLOW_DROP_OLDEST));
  }
  PublishMany("all", 50);
  EXPECT_GT(Bytes(), 50 * static_cast<int64_t>(kMessageBytes));
  EXPECT_LT(Bytes(), 51 * static_cast<int64_t>(kMessageBytes) + 50'000);
  for (Reader& reader : readers) {
    EXPECT_EQ(reader.Messages().size(), 50u);
  }
  EXPECT_EQ(Bytes(), 0);
}

TEST_F(PublishedMemoryTest, BuffersAreCutToAnEvenShare) {
  std::vector<Reader> greedy;
  for (int i = 0; i < 9; ++i) {
    greedy.push_back(ListenWith("own" + std::to_string(i), v1::OVERFLOW_DROP_OLDEST));
    PublishMany("own" + std::to_string(i), 80);
    EXPECT_LT(Bytes(), 3 * kLimit);
  }
  Reader good = Listen({"good"});
  PublishMany("good", 3);
  EXPECT_EQ(good.Messages().size(), 3u);
  hub_.Tick(kStartTime);
  EXPECT_LE(Bytes(), kLimit);
  // What is left of the first one's messages is the newest, and it is told of the others.
  const auto gap = greedy.front().Next();
  ASSERT_TRUE(gap.has_gap());
  const auto left = greedy.front().Messages();
  EXPECT_EQ(gap.gap().dropped() + std::ssize(left), 80);
  EXPECT_EQ(left.back().position().sequence(), 80);
}

TEST_F(PublishedMemoryTest, WhoAskedToBeDisconnectedIs) {
  Reader greedy = ListenWith("a", v1::OVERFLOW_DISCONNECT);
  PublishMany("a", 80);
  Reader other = ListenWith("b", v1::OVERFLOW_DROP_OLDEST);
  PublishMany("b", 80);
  EXPECT_GT(Bytes(), kLimit);
  hub_.Tick(kStartTime);
  EXPECT_LE(Bytes(), kLimit);
  EXPECT_TRUE(greedy.Next().has_gap());
  greedy.Next();
  ExpectRefused(greedy.status, StatusCode::kResourceExhausted, "SUBSCRIBER_TOO_SLOW");
}

}  // namespace
}  // namespace kvick::server
