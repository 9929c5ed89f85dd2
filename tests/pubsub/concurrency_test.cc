// Publishers at full speed while subscribers come, read, lag and go: nothing is lost without a gap,
// nothing comes twice or out of order. Meant for ThreadSanitizer too.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "tests/pubsub/fixture.h"

namespace kvick::server {
namespace {

constexpr int kPublishers = 3;
constexpr int kMessages = 1500;  // a publisher
constexpr int kChannels = 4;

std::string ChannelName(int number) { return absl::StrCat("channel", number); }

class ConcurrencyTest : public HubFixture {
 protected:
  ConcurrencyTest() : HubFixture({.shards = 4}) {}

  void PublishAll() {
    std::vector<std::thread> publishers;
    for (int p = 0; p < kPublishers; ++p) {
      publishers.emplace_back([this] {
        for (int i = 0; i < kMessages; ++i) Publish(ChannelName(i % kChannels), "message");
      });
    }
    for (auto& publisher : publishers) publisher.join();
    done_ = true;
  }
  // Reads what is there, checking the order of each channel. `dropped` counts gaps.
  void Drain(Reader& reader, std::map<std::string, int64_t>* last, int64_t* received,
             int64_t* dropped) {
    for (;;) {
      const auto frame = reader.Next();
      if (frame.has_gap()) *dropped += frame.gap().dropped();
      for (const auto& message : frame.batch().messages()) {
        const int64_t sequence = message.position().sequence();
        ASSERT_GT(sequence, (*last)[message.channel()]);
        (*last)[message.channel()] = sequence;
        ++*received;
      }
      if (frame.event_case() == v1::PubSubSubscribeResponse::EVENT_NOT_SET) return;
    }
  }

  std::atomic<bool> done_{false};
};

TEST_F(ConcurrencyTest, WhatIsNotReceivedIsReported) {
  std::vector<std::thread> readers;
  std::atomic<int> ready{0};
  std::atomic<int64_t> accounted{0};
  for (const int64_t buffer : {0, 4096}) {
    readers.emplace_back([&, buffer] {
      auto request = SubscribeRequest({}, {"channel*"});
      request.set_max_buffered_bytes(buffer);
      Reader reader = Subscribe(request);
      ++ready;
      std::map<std::string, int64_t> last;
      int64_t received = 0;
      int64_t dropped = 0;
      while (!done_) Drain(reader, &last, &received, &dropped);
      Drain(reader, &last, &received, &dropped);
      EXPECT_EQ(received + dropped, kPublishers * kMessages) << buffer;
      accounted += received + dropped;
    });
  }
  while (ready < 2) std::this_thread::yield();
  PublishAll();
  for (auto& reader : readers) reader.join();
  const auto statistics = hub_.Statistics();
  EXPECT_EQ(statistics.published, kPublishers * kMessages);
  EXPECT_EQ(statistics.delivered + statistics.dropped, accounted);
  EXPECT_EQ(statistics.buffered_bytes, 0);
  EXPECT_EQ(statistics.subscribers, 0);
}

TEST_F(ConcurrencyTest, SubscribersComeAndGo) {
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&, r] {
      for (int round = 0; !done_ || round < 5; ++round) {
        Reader reader = Subscribe(r == 0 ? SubscribeRequest({}, {absl::StrCat("*", round % 4)})
                                         : SubscribeRequest({ChannelName(round % kChannels)}, {}));
        std::map<std::string, int64_t> last;
        int64_t received = 0;
        int64_t dropped = 0;
        for (int i = 0; i < 20; ++i) Drain(reader, &last, &received, &dropped);
      }
    });
  }
  std::thread ticker([&] {
    while (!done_) {
      hub_.Tick(absl::InfiniteFuture());
      now_ms_ += 1000;
      Count({ChannelName(0)});
      v1::PubSubListChannelsResponse response;
      EXPECT_TRUE(hub_.ListChannels({}, &response).ok());
      hub_.Statistics();
    }
  });
  PublishAll();
  for (auto& reader : readers) reader.join();
  ticker.join();
  EXPECT_EQ(hub_.Statistics().subscribers, 0);
  EXPECT_EQ(hub_.Statistics().channels, 0);
  EXPECT_EQ(hub_.Statistics().buffered_bytes, 0);
}

// A name is matched before its channel is locked, and patterns may come in between: whoever got one
// message of a channel gets all that follow.
TEST_F(ConcurrencyTest, PatternsThatComeMeanwhileMissNothing) {
  const std::string channel(3000, 'a');
  std::vector<std::string> others;
  for (int i = 0; i < 300; ++i) others.push_back(absl::StrCat("*", i, "*"));
  Reader idle = Listen({}, others);  // makes matching take a while
  std::vector<std::thread> publishers;
  std::atomic<int> publishing{kPublishers};
  for (int p = 0; p < kPublishers; ++p) {
    publishers.emplace_back([&] {
      for (int i = 0; i < 300; ++i) EXPECT_GE(Publish(channel, "x").position().sequence(), 1);
      --publishing;
    });
  }
  for (int round = 0; publishing > 0; ++round) {
    Reader reader = Listen({}, {absl::StrCat("a*", std::string(round % 900, '*'))});
    int64_t last = 0;
    for (int i = 0; i < 20 || (last == 0 && publishing > 0); ++i) {
      std::this_thread::yield();
      for (const auto& message : reader.Messages()) {
        const int64_t sequence = message.position().sequence();
        EXPECT_TRUE(last == 0 || sequence == last + 1) << last << " and then " << sequence;
        last = sequence;
      }
    }
  }
  for (auto& publisher : publishers) publisher.join();
}

TEST_F(ConcurrencyTest, CloseWhileOthersSubscribe) {
  std::atomic<int> ended{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        auto woken = std::make_shared<absl::Notification>();
        auto source = hub_.Subscribe(SubscribeRequest({"c"}, {"*"}), [woken] {
          if (!woken->HasBeenNotified()) woken->Notify();
        });
        if (!source.ok()) {
          ++refused;
          return;
        }
        Reader reader;
        reader.source = std::move(*source);
        EXPECT_TRUE(reader.Next().has_created());
        if (i % 50 != 49) continue;
        reader.Next();
        if (!reader.status.ok()) {
          ++ended;
          continue;
        }
        woken->WaitForNotification();
        reader.Next();
        EXPECT_EQ(reader.status.code(), absl::StatusCode::kUnavailable);
        ++ended;
      }
    });
  }
  while (hub_.Statistics().subscribers == 0 && refused == 0) std::this_thread::yield();
  hub_.Close();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(hub_.Statistics().subscribers, 0);
}

}  // namespace
}  // namespace kvick::server
