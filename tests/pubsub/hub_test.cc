// PubSubHub: who gets what, in which order, and what a slow subscriber costs.
#include "server/pubsub/hub.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "tests/pubsub/fixture.h"

namespace kvick::server {
namespace {

using absl::StatusCode;
using Strings = std::vector<std::string>;

using HubTest = HubFixture;

TEST_F(HubTest, CreatedComesFirstWhateverWasPublishedMeanwhile) {
  Reader reader = Subscribe(SubscribeRequest({"news"}, {}));
  EXPECT_EQ(Publish("news", "early").receivers(), 1);
  now_ms_ = 5;
  const auto created = reader.Next();
  ASSERT_TRUE(created.has_created());
  EXPECT_EQ(created.created().create_time().seconds(), 1'700'000'000);
  EXPECT_EQ(created.created().create_time().nanos(), 128'000'000);
  EXPECT_EQ(reader.Texts(), Strings{"early"});
}

TEST_F(HubTest, AMessageArrivesWithEverythingThatItsPublisherSaid) {
  Reader reader = Listen({"news"});
  v1::PubSubPublishRequest request;
  request.set_channel("news");
  request.mutable_payload()->set_data(std::string("\0\xFF", 2));
  (*request.mutable_attributes())["from"] = "me";
  now_ms_ = 1000;
  v1::PubSubPublishResponse response;
  ASSERT_TRUE(hub_.Publish(request, &response).ok());
  const auto messages = reader.Messages();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].channel(), "news");
  EXPECT_EQ(messages[0].payload().data(), std::string("\0\xFF", 2));
  EXPECT_EQ(messages[0].attributes().at("from"), "me");
  EXPECT_EQ(messages[0].position().epoch(), response.position().epoch());
  EXPECT_EQ(messages[0].position().sequence(), 1);
  EXPECT_EQ(messages[0].publish_time().seconds(), 1'700'000'001);
  EXPECT_EQ(messages[0].publish_time().nanos(), 123'000'000);
}

TEST_F(HubTest, ChannelsAreApartAndNobodyIsNoReceiver) {
  Reader a = Listen({"a"});
  Reader both = Listen({"a", "b"});
  EXPECT_EQ(Publish("a", "1").receivers(), 2);
  EXPECT_EQ(Publish("b", "2").receivers(), 1);
  EXPECT_EQ(Publish("c", "3").receivers(), 0);
  EXPECT_EQ(Publish("A", "4").receivers(), 0);
  EXPECT_EQ(a.Texts(), Strings{"1"});
  EXPECT_EQ(both.Texts(), (Strings{"1", "2"}));
}

TEST_F(HubTest, PatternsMatchAsGlobsDo) {
  Reader reader = Listen({}, {"news.*", "h[ae]llo", "\\*"});
  for (const char* channel : {"news.", "news.art", "hallo", "*"}) {
    EXPECT_EQ(Publish(channel, channel).receivers(), 1) << channel;
  }
  for (const char* channel : {"news", "hillo", "x", "xnews.art"}) {
    EXPECT_EQ(Publish(channel, channel).receivers(), 0) << channel;
  }
  EXPECT_EQ(reader.Texts(), (Strings{"news.", "news.art", "hallo", "*"}));
}

TEST_F(HubTest, AMessageComesOnceHoweverOftenItMatches) {
  Reader reader = Listen({"news", "news"}, {"n*", "*s", "n*"});
  EXPECT_EQ(Publish("news", "1").receivers(), 1);
  EXPECT_EQ(reader.Texts(), Strings{"1"});
  EXPECT_EQ(Count({"news"}), std::vector<int64_t>{1});
}

TEST_F(HubTest, SequencesCountWithoutHolesAndSubscribersComeAndGo) {
  const auto first = Publish("c", "nobody hears");
  EXPECT_EQ(first.position().sequence(), 1);
  EXPECT_GT(first.position().epoch(), 0);
  {
    Reader reader = Listen({"c"});
    EXPECT_EQ(Publish("c", "x").position().sequence(), 2);
  }
  Reader reader = Listen({"c"});
  const auto third = Publish("c", "y");
  EXPECT_EQ(third.position().sequence(), 3);
  EXPECT_EQ(third.position().epoch(), first.position().epoch());
  EXPECT_NE(Publish("other", "z").position().epoch(), first.position().epoch());
  EXPECT_EQ(reader.Messages()[0].position().sequence(), 3);
}

TEST_F(HubTest, OrderIsKeptAcrossFrames) {
  Reader reader = Listen({"c"});
  for (int i = 0; i < 5000; ++i) Publish("c", absl::StrCat(std::string(100, 'x'), i));
  int frames = 0;
  int64_t next = 1;
  for (auto frame = reader.Next(); frame.has_batch(); frame = reader.Next(), ++frames) {
    EXPECT_LE(frame.ByteSizeLong(), Subscriber::kFrameBytesMax + 16);
    for (const auto& message : frame.batch().messages()) {
      ASSERT_EQ(message.position().sequence(), next++);
    }
  }
  EXPECT_EQ(next, 5001);
  EXPECT_GT(frames, 5);
}

TEST_F(HubTest, AMessageLongerThanAFrameHasOneOfItsOwn) {
  Reader reader = Listen({"c"});
  Publish("c", "small");
  Publish("c", std::string(200'000, 'x'));
  Publish("c", "small");
  EXPECT_EQ(reader.Next().batch().messages_size(), 1);
  EXPECT_EQ(reader.Next().batch().messages(0).payload().text().size(), 200'000u);
  EXPECT_EQ(reader.Texts(), Strings{"small"});
}

TEST_F(HubTest, AReaderIsWokenOnceWhenItHasFoundNothing) {
  Reader reader = Listen({"c"});
  Publish("c", "1");
  EXPECT_EQ(*reader.wake_ups, 0) << "it has not yet found that nothing is there";
  EXPECT_EQ(reader.Texts(), Strings{"1"});
  Publish("c", "2");
  Publish("c", "3");
  EXPECT_EQ(*reader.wake_ups, 1);
  EXPECT_EQ(reader.Texts(), (Strings{"2", "3"}));
  Publish("c", "4");
  EXPECT_EQ(*reader.wake_ups, 2);
}

TEST_F(HubTest, ASlowReaderLosesTheOldestAndIsToldExactlyHowMany) {
  auto request = SubscribeRequest({"c"}, {});
  request.set_max_buffered_bytes(4096);
  Reader slow = Subscribe(request);
  Reader fast = Listen({"c"});
  ASSERT_TRUE(slow.Next().has_created());
  constexpr int kMessages = 1000;
  for (int i = 0; i < kMessages; ++i) {
    Publish("c", "message");
    EXPECT_EQ(fast.Texts().size(), 1u) << "nobody else is slowed";
  }
  EXPECT_LE(hub_.Statistics().buffered_bytes, 4096);
  const auto gap = slow.Next();
  ASSERT_TRUE(gap.has_gap());
  const auto rest = slow.Messages();
  ASSERT_FALSE(rest.empty());
  EXPECT_EQ(gap.gap().dropped() + static_cast<int64_t>(rest.size()), kMessages);
  EXPECT_EQ(rest.front().position().sequence(), gap.gap().dropped() + 1);
  EXPECT_EQ(rest.back().position().sequence(), kMessages);
  EXPECT_EQ(hub_.Statistics().dropped, gap.gap().dropped());
  Publish("c", "after");
  EXPECT_EQ(slow.Texts(), Strings{"after"}) << "a gap is told once";
}

TEST_F(HubTest, AGapStandsWhereTheMessagesWere) {
  auto request = SubscribeRequest({"c"}, {});
  request.set_max_buffered_bytes(1024);
  Reader reader = Subscribe(request);
  ASSERT_TRUE(reader.Next().has_created());
  Publish("c", "small");
  Publish("c", std::string(2000, 'x'));  // would not fit into an empty buffer either
  auto gap = reader.Next();
  ASSERT_TRUE(gap.has_gap());
  EXPECT_EQ(gap.gap().dropped(), 2);
  EXPECT_EQ(reader.Texts(), Strings{});
  EXPECT_EQ(Publish("c", std::string(2000, 'x')).receivers(), 0);
  EXPECT_EQ(*reader.wake_ups, 1) << "a gap is worth waking for";
  gap = reader.Next();
  ASSERT_TRUE(gap.has_gap());
  EXPECT_EQ(gap.gap().dropped(), 1);
  Publish("c", "fits");
  EXPECT_EQ(reader.Texts(), Strings{"fits"});
}

TEST_F(HubTest, DisconnectEndsASlowReaderAndFreesItsBuffer) {
  auto request = SubscribeRequest({"c"}, {});
  request.set_max_buffered_bytes(1024);
  request.set_overflow(v1::OVERFLOW_DISCONNECT);
  Reader reader = Subscribe(request);
  ASSERT_TRUE(reader.Next().has_created());
  EXPECT_EQ(reader.Texts(), Strings{});
  int64_t published = 0;
  int64_t received = 0;
  while (hub_.Statistics().dropped == 0 && published < 100) {
    received += Publish("c", std::string(100, 'x')).receivers();
    ++published;
  }
  EXPECT_EQ(received, published - 1) << "the one that did not fit has no receiver";
  EXPECT_EQ(hub_.Statistics().buffered_bytes, 0);
  EXPECT_EQ(hub_.Statistics().dropped, published) << "the one that did not fit is lost too";
  Reader other = Listen({}, {"c"});
  EXPECT_EQ(Publish("c", "only the other one takes it").receivers(), 1);
  const auto gap = reader.Next();
  ASSERT_TRUE(gap.has_gap());
  EXPECT_EQ(gap.gap().dropped(), published);
  EXPECT_FALSE(reader.Next().has_batch());
  ExpectRefused(reader.status, StatusCode::kResourceExhausted, "SUBSCRIBER_TOO_SLOW");
}

TEST_F(HubTest, ProgressComesToWhoHeardNothing) {
  Reader quiet = Listen({"quiet"});
  Reader busy = Listen({"busy"});
  EXPECT_EQ(quiet.Texts(), Strings{});
  EXPECT_EQ(busy.Texts(), Strings{});
  const auto tick = [&](int64_t ms) {
    now_ms_ = ms;
    hub_.Tick(kStartTime + absl::Milliseconds(ms));
  };
  tick(9'999);
  EXPECT_EQ(*quiet.wake_ups, 0);
  Publish("busy", "x");
  EXPECT_EQ(busy.Texts(), Strings{"x"});
  tick(10'000);
  EXPECT_EQ(*quiet.wake_ups, 1);
  EXPECT_EQ(*busy.wake_ups, 1) << "woken for the message only";
  const auto progress = quiet.Next();
  ASSERT_TRUE(progress.has_progress());
  EXPECT_EQ(progress.progress().time().seconds(), 1'700'000'010);
  EXPECT_EQ(quiet.Texts(), Strings{}) << "once";
  tick(15'000);
  EXPECT_EQ(*quiet.wake_ups, 1);
  tick(20'000);
  EXPECT_EQ(*quiet.wake_ups, 2);
  Publish("quiet", "news");
  EXPECT_EQ(quiet.Texts(), Strings{"news"}) << "a message makes progress needless";
}

TEST_F(HubTest, ProgressForOneThatNeverReadsIsNotKept) {
  Reader reader = Subscribe(SubscribeRequest({"c"}, {}));
  for (int i = 1; i <= 100; ++i) hub_.Tick(kStartTime + absl::Minutes(i));
  EXPECT_EQ(*reader.wake_ups, 0);
  EXPECT_TRUE(reader.Next().has_created());
  EXPECT_EQ(reader.Next().event_case(), v1::PubSubSubscribeResponse::EVENT_NOT_SET);
}

TEST_F(HubTest, CloseEndsAllThatAreThereAndThatCome) {
  Reader idle = Listen({"c"});
  EXPECT_EQ(idle.Texts(), Strings{});
  Reader behind = Listen({"c"}, {"*"});
  Publish("c", "last");
  hub_.Close();
  EXPECT_EQ(idle.Texts(), Strings{"last"}) << "what was there still comes";
  ExpectRefused(idle.status, StatusCode::kUnavailable, "SHUTTING_DOWN");
  EXPECT_EQ(behind.Texts(), Strings{"last"});
  ExpectRefused(behind.status, StatusCode::kUnavailable, "SHUTTING_DOWN");
  EXPECT_EQ(*idle.wake_ups, 1);
  ExpectRefused(hub_.Subscribe(SubscribeRequest({"c"}, {}), [] {}).status(),
                StatusCode::kUnavailable, "SHUTTING_DOWN");
  hub_.Close();  // again: nothing
}

TEST_F(HubTest, CountsAndListsWhoSubscribesByName) {
  Reader a = Listen({"a", "b"}, {"*"});
  Reader b = Listen({"b"});
  EXPECT_EQ(Count({"b", "a", "c", "b"}), (std::vector<int64_t>{2, 1, 0, 2}));
  EXPECT_EQ(hub_.Statistics().subscribers, 2);
  EXPECT_EQ(hub_.Statistics().channels, 2);
  a.source.reset();
  EXPECT_EQ(Count({"a", "b"}), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(hub_.Statistics().channels, 1);
  EXPECT_EQ(Publish("a", "x").receivers(), 0) << "its pattern has gone with it";
  EXPECT_EQ(hub_.Statistics().subscribers, 1);
}

TEST_F(HubTest, ListsChannelsInPages) {
  std::vector<Reader> readers;
  Strings expected;
  for (int i = 100; i < 350; ++i) {
    expected.push_back(absl::StrCat("channel", i));
    readers.push_back(Listen({expected.back()}));
  }
  readers.push_back(Listen({"other"}));
  v1::PubSubListChannelsRequest request;
  request.set_glob("channel*");
  request.set_limit(100);
  Strings seen;
  bool more = true;
  for (int pages = 0; more && pages < 10; ++pages) {
    v1::PubSubListChannelsResponse response;
    ASSERT_TRUE(hub_.ListChannels(request, &response).ok());
    EXPECT_LE(response.channels_size(), 100);
    seen.insert(seen.end(), response.channels().begin(), response.channels().end());
    request.set_after(seen.back());
    more = response.more();
  }
  EXPECT_EQ(seen, expected);
  Publish("idle", "nobody");
  request.Clear();
  request.set_glob("idle");
  v1::PubSubListChannelsResponse response;
  ASSERT_TRUE(hub_.ListChannels(request, &response).ok());
  EXPECT_EQ(response.channels_size(), 0) << "a channel without subscribers is not listed";
}

TEST_F(HubTest, StatisticsAddUp) {
  Reader reader = Listen({"c"});
  for (int i = 0; i < 10; ++i) Publish("c", "x");
  EXPECT_EQ(hub_.Statistics().published, 10);
  EXPECT_EQ(hub_.Statistics().delivered, 0);
  EXPECT_GT(hub_.Statistics().buffered_bytes, 10 * 60);
  EXPECT_EQ(reader.Texts().size(), 10u);
  EXPECT_EQ(hub_.Statistics().delivered, 10);
  EXPECT_EQ(hub_.Statistics().buffered_bytes, 0);
  Publish("c", "unread");
  reader.source.reset();
  EXPECT_EQ(hub_.Statistics().buffered_bytes, 0) << "what a reader leaves behind is freed";
}

}  // namespace
}  // namespace kvick::server
