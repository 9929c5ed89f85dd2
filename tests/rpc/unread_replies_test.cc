// The bytes of answers that clients leave unread, and which connection is shut when they are too
// many.
#include "server/rpc/unread_replies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kvick/v1/string.pb.h"
#include "server/rpc/bytes.h"

namespace kvick::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Hold = UnreadReplies::Hold;

constexpr size_t kLimit = 1000;

class UnreadRepliesTest : public testing::Test {
 protected:
  Hold Holding(std::string_view peer, size_t bytes) {
    Hold hold = unread_.MakeHold(peer);
    hold.Resize(bytes);
    return hold;
  }

  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  std::vector<UnreadReplies::Peers> shut_;  // in the order of the looks
  UnreadReplies unread_{kLimit,
                        [this](const UnreadReplies::Peers& peers) { shut_.push_back(peers); },
                        [this] { return now_; }};
};

TEST_F(UnreadRepliesTest, CountsWhatIsHeld) {
  Hold first = Holding("ipv4:10.0.0.1:1", 100);
  {
    const Hold second = Holding("ipv4:10.0.0.1:1", 50);
    EXPECT_EQ(unread_.bytes(), 150u);
  }
  EXPECT_EQ(unread_.bytes(), 100u);
  first.Resize(30);
  EXPECT_EQ(unread_.bytes(), 30u);
  Hold moved = std::move(first);
  EXPECT_EQ(unread_.bytes(), 30u);
  moved = Holding("ipv4:10.0.0.2:1", 7);
  EXPECT_EQ(unread_.bytes(), 7u);
  moved = Hold();
  EXPECT_EQ(unread_.bytes(), 0u);
  EXPECT_THAT(shut_, IsEmpty());
}

TEST_F(UnreadRepliesTest, AnotherHoldIsOfTheSameConnection) {
  const Hold small = Holding("ipv4:10.0.0.2:1", 500);
  Hold one = Holding("ipv4:10.0.0.1:1", 300);
  Hold other = one.Another();
  EXPECT_EQ(unread_.bytes(), 800u);
  other.Resize(300);
  EXPECT_THAT(shut_, ElementsAre(ElementsAre("10.0.0.1:1")));
}

TEST_F(UnreadRepliesTest, OverTheLimitTheConnectionWithMostIsShut) {
  const Hold small = Holding("ipv4:10.0.0.1:1", 300);
  const Hold large = Holding("ipv6:%5B::1%5D:2", 600);
  EXPECT_THAT(shut_, IsEmpty());
  const Hold exact = Holding("ipv4:10.0.0.3:3", 100);
  EXPECT_THAT(shut_, IsEmpty()) << "the limit itself is allowed";
  const Hold more = Holding("ipv4:10.0.0.3:3", 200);
  EXPECT_THAT(shut_, ElementsAre(ElementsAre("[::1]:2")));
  EXPECT_EQ(unread_.shut_connections(), 1u);
  EXPECT_TRUE(large.is_shut());
  EXPECT_TRUE(unread_.MakeHold("ipv6:%5B::1%5D:2").is_shut());
  EXPECT_FALSE(more.is_shut());
}

// Many that take nothing must not have those shut who have more on its way, and read.
TEST_F(UnreadRepliesTest, ThoseThatTakeNothingAreShutFirst) {
  std::vector<Hold> stalled;
  for (int i = 0; i < 6; ++i) {
    stalled.push_back(Holding("ipv4:10.0.0.1:" + std::to_string(i), 100 + static_cast<size_t>(i)));
  }
  Hold reading = Holding("ipv4:10.0.0.2:1", 300);
  now_ += absl::Seconds(2);
  reading.Resize(200);
  Hold more = reading.Another();
  more.Resize(600);
  // 1,415 bytes: 415 too many, and the four largest of the others are 414.
  EXPECT_THAT(shut_, ElementsAre(UnorderedElementsAre("10.0.0.1:5", "10.0.0.1:4", "10.0.0.1:3",
                                                      "10.0.0.1:2", "10.0.0.1:1")));
  EXPECT_EQ(unread_.shut_connections(), 5u);
}

// Whoever had nothing to take has not stalled.
TEST_F(UnreadRepliesTest, AnIdleConnectionIsNoStalledOne) {
  Hold was_idle = unread_.MakeHold("ipv4:10.0.0.1:1");
  const Hold stalled = Holding("ipv4:10.0.0.2:1", 100);
  now_ += absl::Seconds(2);
  was_idle.Resize(950);
  EXPECT_THAT(shut_, ElementsAre(ElementsAre("10.0.0.2:1")));
}

TEST_F(UnreadRepliesTest, WhatIsShutAndNotYetFreedIsNoReasonToShutOthers) {
  std::vector<Hold> holds;
  for (int i = 0; i < 10; ++i) {
    holds.push_back(Holding("ipv4:10.0.0.1:" + std::to_string(i), 100));
  }
  EXPECT_THAT(shut_, IsEmpty());
  holds.push_back(Holding("ipv4:10.0.0.2:1", 1500));
  EXPECT_THAT(shut_, ElementsAre(ElementsAre("10.0.0.2:1")));
  holds.push_back(unread_.MakeHold("ipv4:10.0.0.2:1"));
  holds.back().Resize(100);
  EXPECT_EQ(shut_.size(), 1u);
  // But what comes from others meanwhile is.
  holds.push_back(Holding("ipv4:10.0.0.3:1", 400));
  ASSERT_EQ(shut_.size(), 2u);
  EXPECT_THAT(shut_[1], ElementsAre("10.0.0.3:1"));
}

TEST_F(UnreadRepliesTest, AfterReliefItLooksAtOnceAgain) {
  Hold first = Holding("ipv4:10.0.0.1:1", 2000);
  EXPECT_EQ(shut_.size(), 1u);
  first = Hold();
  const Hold second = Holding("ipv4:10.0.0.2:1", 1001);
  EXPECT_EQ(shut_.size(), 2u);
}

// Others must not grow unseen while what was shut is freed bit by bit.
TEST_F(UnreadRepliesTest, WhereToLookAgainFollowsWhatIsHeld) {
  Hold freed = Holding("ipv4:10.0.0.1:1", 9000);
  ASSERT_EQ(shut_.size(), 1u);
  freed.Resize(300);
  std::vector<Hold> holds;
  for (int i = 0; i < 11; ++i) {
    holds.push_back(Holding("ipv4:10.0.0.2:" + std::to_string(i), 100));
    freed.Resize(freed.bytes() - 20);
  }
  EXPECT_EQ(shut_.size(), 2u);
}

// A client that comes by the port of one that was shut is another one.
TEST_F(UnreadRepliesTest, AConnectionDoesNotInheritThatItsLastOneWasShut) {
  const Hold old = Holding("ipv6:%5Bfe80::1%252%5D:7", 2000);
  EXPECT_THAT(shut_, ElementsAre(ElementsAre("[fe80::1]:7")));
  unread_.Connected("[fe80::1%eth0]:7");
  const Hold fresh = Holding("ipv6:%5Bfe80::1%252%5D:7", 2000);
  EXPECT_EQ(shut_.size(), 2u);
}

TEST_F(UnreadRepliesTest, NoAnswerIsMadeForAConnectionThatIsShut) {
  v1::StringGetResponse response;
  response.mutable_entry()->mutable_value()->set_text(std::string(kLimit, 'x'));
  const Hold other = Holding("ipv4:10.0.0.2:1", 1);
  EXPECT_GT(ToBuffer(response, unread_.MakeHold("ipv4:10.0.0.1:1")).Length(), kLimit);
  const Hold large = Holding("ipv4:10.0.0.1:1", 2 * kLimit);
  ASSERT_TRUE(large.is_shut());
  EXPECT_EQ(ToBuffer(response, unread_.MakeHold("ipv4:10.0.0.1:1")).Length(), 0u);
  EXPECT_GT(ToBuffer(response, unread_.MakeHold("ipv4:10.0.0.2:1")).Length(), kLimit);
}

TEST_F(UnreadRepliesTest, APeerIsForgottenWithItsLastHold) {
  Hold first = Holding("ipv4:10.0.0.1:1", 2000);
  first = Hold();
  const Hold again = Holding("ipv4:10.0.0.1:1", 2000);
  EXPECT_EQ(shut_.size(), 2u);
}

TEST(UnreadRepliesLifetimeTest, HoldsMayOutliveIt) {
  Hold hold;
  {
    UnreadReplies unread(kLimit, [](const UnreadReplies::Peers&) {});
    hold = unread.MakeHold("ipv4:10.0.0.1:1");
    hold.Resize(10);
  }
  hold.Resize(20);
}

TEST(UnreadRepliesConcurrencyTest, ManyThreadsLeaveNothingBehind) {
  std::atomic<size_t> shut{0};
  UnreadReplies unread(10'000, [&](const UnreadReplies::Peers& peers) { shut += peers.size(); });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&unread, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string port = std::to_string((t + i) % 5);
        if (i % 100 == 0) {
          unread.Connected("10.0.0.1:" + port);
        }
        Hold hold = unread.MakeHold("ipv4:10.0.0.1:" + port);
        hold.Resize(static_cast<size_t>(i) * 4);
        Hold more = hold.Another();
        more.Resize(10);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(unread.bytes(), 0u);
  EXPECT_EQ(unread.shut_connections(), shut.load());
}

TEST(PeerTest, InterfacesAreLeftOut) {
  EXPECT_EQ(WithoutInterface("[fe80::1%eth0]:1"), "[fe80::1]:1");
  EXPECT_EQ(WithoutInterface("[::1]:1"), "[::1]:1");
  EXPECT_EQ(WithoutInterface("10.0.0.1:1"), "10.0.0.1:1");
  EXPECT_EQ(WithoutInterface("unknown"), "unknown");
}

}  // namespace
}  // namespace kvick::server
