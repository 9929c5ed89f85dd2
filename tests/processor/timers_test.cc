// What happens after a while, by a clock that the test moves.
#include "server/processor/timers.h"

#include <gtest/gtest.h>

#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

using std::chrono::milliseconds;

class TimersTest : public testing::Test {
 protected:
  // Runs what is due now, and nothing else.
  void RunDue() {
    const auto ran = std::make_shared<absl::Notification>();  // may be waited for in vain
    timers_.Add(absl::ZeroDuration(), [ran] { ran->Notify(); });
    ASSERT_TRUE(ran->WaitForNotificationWithTimeout(absl::Seconds(30)))
        << "what is due does not run";
  }

  std::shared_ptr<StillClock> clock_ = std::make_shared<StillClock>();
  std::vector<int> ran_;  // written by the timers' thread, read after RunDue()
  Timers timers_{clock_};
};

TEST_F(TimersTest, RunInTheOrderOfTheirMomentsAndNoneBefore) {
  timers_.Add(absl::Seconds(2), [this] { ran_.push_back(2); });
  timers_.Add(absl::Seconds(1), [this] { ran_.push_back(1); });
  timers_.Add(absl::Seconds(1), [this] { ran_.push_back(3); });
  RunDue();
  EXPECT_EQ(ran_, std::vector<int>());
  clock_->Advance(milliseconds(999));
  RunDue();
  EXPECT_EQ(ran_, std::vector<int>());
  clock_->Advance(milliseconds(1));
  RunDue();
  EXPECT_EQ(ran_, std::vector<int>({1, 3}));
  clock_->Advance(milliseconds(1000));
  RunDue();
  EXPECT_EQ(ran_, std::vector<int>({1, 3, 2}));
}

TEST_F(TimersTest, WhatIsRemovedDoesNotRun) {
  const auto first = timers_.Add(absl::Seconds(1), [this] { ran_.push_back(1); });
  timers_.Add(absl::Seconds(1), [this] { ran_.push_back(2); });
  timers_.Remove(first);
  timers_.Remove(std::nullopt);
  clock_->Advance(milliseconds(1000));
  RunDue();
  EXPECT_EQ(ran_, std::vector<int>({2}));
  timers_.Remove(first);  // again: nothing
}

TEST_F(TimersTest, OneThatIsRunningMayAddAnother) {
  absl::Notification last;
  timers_.Add(absl::ZeroDuration(),
              [&] { timers_.Add(absl::ZeroDuration(), [&] { last.Notify(); }); });
  last.WaitForNotification();
}

TEST_F(TimersTest, WhatIsNotDueIsDroppedAtTheEnd) {
  const auto kept = std::make_shared<int>();
  {
    Timers timers(std::make_shared<StillClock>());
    timers.Add(absl::Hours(1), [kept] {});
    EXPECT_EQ(kept.use_count(), 2);
  }
  EXPECT_EQ(kept.use_count(), 1);
}

// The real clock: a sleeper is woken by what comes earlier than what it sleeps for.
TEST(RealTimersTest, AnEarlierOneIsNotHeldUpByALaterOne) {
  Timers timers;
  absl::Notification ran;
  timers.Add(absl::Hours(1), [] { ADD_FAILURE(); });
  timers.Add(absl::Milliseconds(1), [&] { ran.Notify(); });
  ran.WaitForNotification();
}

}  // namespace
}  // namespace kvick::server
