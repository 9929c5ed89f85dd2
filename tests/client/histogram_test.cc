#include "client/bench/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace kvick::bench {
namespace {

TEST(HistogramTest, AnEmptyOneIsZeroEverywhere) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0);
  EXPECT_EQ(histogram.minimum(), 0);
  EXPECT_EQ(histogram.Percentile(50), 0);
  EXPECT_EQ(histogram.Mean(), 0);
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram histogram;
  for (int i = 1; i <= 100; ++i) histogram.Record(i);
  EXPECT_EQ(histogram.Percentile(0), 1);
  EXPECT_EQ(histogram.Percentile(50), 50);
  EXPECT_EQ(histogram.Percentile(99), 99);
  EXPECT_EQ(histogram.Percentile(100), 100);
  EXPECT_DOUBLE_EQ(histogram.Mean(), 50.5);
}

TEST(HistogramTest, PercentilesAreWithinOnePercentOfSortedValues) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> distribution(12, 2);
  Histogram histogram;
  std::vector<int64_t> values;
  for (int i = 0; i < 100'000; ++i) {
    values.push_back(static_cast<int64_t>(distribution(random)));
    histogram.Record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99}) {
    const auto rank = static_cast<size_t>(std::ceil(percent / 100 * 100'000)) - 1;
    const auto exact = static_cast<double>(values[rank]);
    EXPECT_NEAR(static_cast<double>(histogram.Percentile(percent)), exact, exact * 0.01 + 1);
  }
  EXPECT_EQ(histogram.minimum(), values.front());
  EXPECT_EQ(histogram.maximum(), values.back());
}

TEST(HistogramTest, TakesTheExtremes) {
  Histogram histogram;
  histogram.Record(-5);
  histogram.Record(INT64_MAX);
  EXPECT_EQ(histogram.minimum(), 0);
  EXPECT_EQ(histogram.maximum(), INT64_MAX);
  EXPECT_EQ(histogram.Percentile(100), INT64_MAX);
}

TEST(HistogramTest, MergingIsCountingTogether) {
  Histogram all;
  Histogram low;
  Histogram high;
  for (int64_t i = 1; i < 1'000'000; i *= 3) {
    all.Record(i, 2);
    (i < 1000 ? low : high).Record(i, 2);
  }
  low.Merge(high);
  EXPECT_EQ(low.count(), all.count());
  EXPECT_EQ(low.minimum(), all.minimum());
  EXPECT_EQ(low.maximum(), all.maximum());
  EXPECT_DOUBLE_EQ(low.Mean(), all.Mean());
  for (const double percent : {10.0, 50.0, 95.0}) {
    EXPECT_EQ(low.Percentile(percent), all.Percentile(percent));
  }
}

}  // namespace
}  // namespace kvick::bench
