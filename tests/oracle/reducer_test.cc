#include "tests/oracle/reducer.h"

#include <gtest/gtest.h>

#include <numeric>

namespace kvick::oracle {
namespace {

using Numbers = std::vector<int>;

Numbers UpTo(int count) {
  Numbers numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

bool Contains(const Numbers& numbers, int number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

TEST(ReducerTest, FindsTheFewThatMatterFarApart) {
  int calls = 0;
  const auto reduced = ReduceToFailing<int>(UpTo(1000), [&](const Numbers& numbers) {
    ++calls;
    return Contains(numbers, 3) && Contains(numbers, 500) && Contains(numbers, 999);
  });
  EXPECT_EQ(reduced, (Numbers{3, 500, 999}));
  EXPECT_LT(calls, 200);
}

TEST(ReducerTest, LeavesNothingThatCouldGo) {
  // Three of them fail, whichever.
  const auto reduced =
      ReduceToFailing<int>(UpTo(100), [](const Numbers& numbers) { return numbers.size() >= 3; });
  EXPECT_EQ(reduced.size(), 3u);
}

TEST(ReducerTest, KeepsTheOrder) {
  const auto reduced = ReduceToFailing<int>({5, 1, 4, 2}, [](const Numbers& numbers) {
    return Contains(numbers, 5) && Contains(numbers, 2);
  });
  EXPECT_EQ(reduced, (Numbers{5, 2}));
}

TEST(ReducerTest, AFailureOfAllStaysWhole) {
  EXPECT_EQ(
      ReduceToFailing<int>(UpTo(7), [](const Numbers& numbers) { return numbers.size() == 7; }),
      UpTo(7));
}

TEST(ReducerTest, AFailureOfNothingBecomesEmpty) {
  EXPECT_TRUE(ReduceToFailing<int>(UpTo(7), [](const Numbers&) { return true; }).empty());
}

}  // namespace
}  // namespace kvick::oracle
