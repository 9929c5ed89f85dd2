// The bytes of answers that clients leave unread, and which connection is shut when they are too
// many.
#include "server/rpc/unread_replies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace kvick::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Hold = UnreadReplies::Hold;

constexpr size_t kLimit = 1000;

class UnreadRepliesTest : public testing::Test {
 protected:
  Hold Holding(std::string_view peer, size_t bytes) {
    Hold hold = unread_.MakeHold(peer);
    hold.Resize(bytes);
    return hold;
  }

  std::vector<std::string> shut_;
  UnreadReplies unread_{kLimit, [this](const std::string& peer) { shut_.push_back(peer); }};
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
  EXPECT_THAT(shut_, ElementsAre("10.0.0.1:1"));
}

TEST_F(UnreadRepliesTest, OverTheLimitTheConnectionWithMostIsShut) {
  const Hold small = Holding("ipv4:10.0.0.1:1", 300);
  const Hold large = Holding("ipv6:%5B::1%5D:2", 600);
  EXPECT_THAT(shut_, IsEmpty());
  const Hold exact = Holding("ipv4:10.0.0.3:3", 100);
  EXPECT_THAT(shut_, IsEmpty()) << "the limit itself is allowed";
  const Hold more = Holding("ipv4:10.0.0.3:3", 200);
  EXPECT_THAT(shut_, ElementsAre("[::1]:2"));
  EXPECT_EQ(unread_.shut_connections(), 1u);
}

TEST_F(UnreadRepliesTest, AsManyAreShutAsNeedBe) {
  std::vector<Hold> holds;
  for (int i = 0; i < 10; ++i) {
    holds.push_back(Holding("ipv4:10.0.0.1:" + std::to_string(i), 100));
  }
  EXPECT_THAT(shut_, IsEmpty());
  // One large one is worth all the others.
  holds.push_back(Holding("ipv4:10.0.0.2:1", 1500));
  EXPECT_THAT(shut_, ElementsAre("10.0.0.2:1"));
  // What is shut and not yet freed is no reason to shut others.
  holds.push_back(unread_.MakeHold("ipv4:10.0.0.2:1"));
  holds.back().Resize(100);
  EXPECT_THAT(shut_, ElementsAre("10.0.0.2:1"));
  // But what comes from others meanwhile is.
  holds.push_back(Holding("ipv4:10.0.0.3:1", 400));
  EXPECT_THAT(shut_, ElementsAre("10.0.0.2:1", "10.0.0.3:1"));
}

TEST_F(UnreadRepliesTest, AfterReliefItLooksAtOnceAgain) {
  Hold first = Holding("ipv4:10.0.0.1:1", 2000);
  EXPECT_THAT(shut_, ElementsAre("10.0.0.1:1"));
  first = Hold();
  const Hold second = Holding("ipv4:10.0.0.2:1", 1001);
  EXPECT_THAT(shut_, ElementsAre("10.0.0.1:1", "10.0.0.2:1"));
}

// A client that comes back by the same port is another one.
TEST_F(UnreadRepliesTest, APeerIsForgottenWithItsLastHold) {
  Hold first = Holding("ipv4:10.0.0.1:1", 2000);
  first = Hold();
  const Hold again = Holding("ipv4:10.0.0.1:1", 2000);
  EXPECT_THAT(shut_, ElementsAre("10.0.0.1:1", "10.0.0.1:1"));
}

TEST(UnreadRepliesLifetimeTest, HoldsMayOutliveIt) {
  Hold hold;
  {
    UnreadReplies unread(kLimit, [](const std::string&) {});
    hold = unread.MakeHold("ipv4:10.0.0.1:1");
    hold.Resize(10);
  }
  hold.Resize(20);
}

TEST(UnreadRepliesConcurrencyTest, ManyThreadsLeaveNothingBehind) {
  std::atomic<int> shut{0};
  UnreadReplies unread(10'000, [&](const std::string&) { ++shut; });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&unread, t] {
      for (int i = 0; i < 2000; ++i) {
        Hold hold = unread.MakeHold("ipv4:10.0.0.1:" + std::to_string((t + i) % 5));
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
  EXPECT_EQ(unread.shut_connections(), static_cast<uint64_t>(shut.load()));
}

}  // namespace
}  // namespace kvick::server
