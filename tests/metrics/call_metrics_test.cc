#include "server/metrics/call_metrics.h"

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <thread>

namespace kvick::server {
namespace {

TEST(CallMetricsTest, CountsByMethodCodeAndTime) {
  CallMetrics metrics;
  const uint32_t get = metrics.AddCall({"S", "Get", CallKind::kUnary});
  const uint32_t set = metrics.AddCall({"S", "Set", CallKind::kUnary});
  const uint32_t command = metrics.AddCommand("StringGet");
  metrics.Started(get);
  metrics.Started(set);
  metrics.Started(set);
  EXPECT_TRUE(metrics.HasCallsUnderWay());
  metrics.Handled(set, 0, 10e-6);  // on a bound: belongs to its bucket
  metrics.Handled(set, 5, 11e-6);
  metrics.Ran(command);
  metrics.Ran(command, 9);
  const auto sums = metrics.SumCalls();
  EXPECT_EQ(sums[get].started, 1u);
  EXPECT_EQ(sums[get].handled[0], 0u);
  EXPECT_EQ(sums[set].started, 2u);
  EXPECT_EQ(sums[set].handled[0], 1u);
  EXPECT_EQ(sums[set].handled[5], 1u);
  EXPECT_EQ(sums[set].buckets[0], 1u);
  EXPECT_EQ(sums[set].buckets[1], 1u);
  EXPECT_NEAR(static_cast<double>(sums[set].nanoseconds), 21'000, 2);
  EXPECT_EQ(metrics.SumCommands()[command], 10u);
  EXPECT_TRUE(metrics.HasCallsUnderWay());
  metrics.Handled(get, 0, 1e-6);
  EXPECT_FALSE(metrics.HasCallsUnderWay());
}

TEST(CallMetricsTest, ExtremesLandSomewhere) {
  CallMetrics metrics;
  const uint32_t call = metrics.AddCall({"S", "Get", CallKind::kUnary});
  metrics.Handled(call, 17, 1e6);
  metrics.Handled(call, -1, -1.0);
  metrics.Handled(call, 1000, 0);
  const auto sums = metrics.SumCalls();
  EXPECT_EQ(sums[call].handled[2], 3u);
  EXPECT_EQ(sums[call].buckets.back(), 1u);
  EXPECT_EQ(sums[call].buckets.front(), 2u);
}

TEST(CallMetricsTest, CountsOfEndedThreadsStayAndTheirBlocksServeAgain) {
  CallMetrics metrics;
  const uint32_t call = metrics.AddCall({"S", "Get", CallKind::kUnary});
  for (int i = 0; i < 50; ++i) {
    std::thread([&] { metrics.Started(call); }).join();
  }
  EXPECT_EQ(metrics.SumCalls()[call].started, 50u);
  EXPECT_EQ(metrics.block_count(), 1u);
}

TEST(CallMetricsTest, ManyThreadsAndScrapesAtOnce) {
  CallMetrics metrics;
  const uint32_t call = metrics.AddCall({"S", "Get", CallKind::kUnary});
  const uint32_t command = metrics.AddCommand("C");
  std::latch begin(5);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      begin.arrive_and_wait();
      for (int i = 0; i < 20'000; ++i) {
        metrics.Started(call);
        metrics.Handled(call, 0, 1e-5);
        metrics.Ran(command);
      }
    });
  }
  begin.arrive_and_wait();
  uint64_t last = 0;
  for (int i = 0; i < 100; ++i) {
    const uint64_t now = metrics.SumCalls()[call].started;
    EXPECT_GE(now, last);
    last = now;
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(metrics.SumCalls()[call].started, 80'000u);
  EXPECT_EQ(metrics.SumCalls()[call].handled[0], 80'000u);
  EXPECT_EQ(metrics.SumCommands()[command], 80'000u);
  EXPECT_LE(metrics.block_count(), 4u);
}

TEST(CallMetricsTest, InstancesAreApartAndMayGoBeforeTheirThreads) {
  auto first = std::make_unique<CallMetrics>();
  CallMetrics second;
  const uint32_t in_first = first->AddCall({"S", "A", CallKind::kUnary});
  const uint32_t in_second = second.AddCall({"S", "B", CallKind::kUnary});
  std::latch counted(2);
  std::latch gone(2);
  std::thread thread([&] {
    for (int i = 0; i < 3; ++i) {
      first->Started(in_first);
      second.Started(in_second);
    }
    counted.arrive_and_wait();
    gone.arrive_and_wait();
    second.Started(in_second);
  });
  counted.arrive_and_wait();
  EXPECT_EQ(first->SumCalls()[in_first].started, 3u);
  first.reset();
  gone.arrive_and_wait();
  thread.join();
  EXPECT_EQ(second.SumCalls()[in_second].started, 4u);
}

}  // namespace
}  // namespace kvick::server
