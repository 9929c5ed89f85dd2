#include "server/processor/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"

namespace kvick::server {
namespace {

TEST(ExecutorTest, RunsInOrderOnAnotherThread) {
  std::vector<int> ran;
  {
    Executor executor(1);
    for (int i = 0; i < 1000; ++i) {
      executor.Add([&ran, i, adder = std::this_thread::get_id()] {
        EXPECT_NE(std::this_thread::get_id(), adder);
        ran.push_back(i);
      });
    }
  }
  ASSERT_EQ(ran.size(), 1000u) << "what was added runs before the end";
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ran[static_cast<size_t>(i)], i);
}

TEST(ExecutorTest, AFunctionThatIsBusyDoesNotHoldUpTheNext) {
  Executor executor(2);
  absl::Notification next;
  executor.Add([&] { next.WaitForNotification(); });
  executor.Add([&] { next.Notify(); });
  next.WaitForNotification();
}

TEST(ExecutorTest, FunctionsMayAddOthersAndThoseRunTooAtTheEnd) {
  std::atomic<int> ran{0};
  std::function<void()> again;
  {
    Executor executor(2);
    again = [&] {
      if (++ran < 5000) executor.Add(again);
    };
    executor.Add(again);
  }
  EXPECT_EQ(ran, 5000);
}

TEST(ExecutorTest, ManyThreadsMayAdd) {
  std::atomic<int> ran{0};
  {
    Executor executor;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 1000; ++j) executor.Add([&] { ++ran; });
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(ran, 4000);
}

}  // namespace
}  // namespace kvick::server
