// ExpiryWheel against a plain list: nothing comes late by more than a tick, nothing is lost.
#include "storage/expiry_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace kvick::storage {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;
constexpr TimeMs kTick = 256;

// Takes everything as a shard would: what is not due yet goes back.
void Take(ExpiryWheel& wheel, TimeMs now, std::map<ExpiryWheel::Ref, TimeMs>& due,
          size_t limit = 100) {
  bool more = true;
  while (more) {
    std::vector<ExpiryWheel::Ref> refs;
    more = wheel.Take(now, limit, &refs);
    ASSERT_LE(refs.size(), limit + 1000);
    for (const ExpiryWheel::Ref ref : refs) {
      ASSERT_TRUE(due.contains(ref)) << "came twice";
      if (due[ref] <= now) {
        due.erase(ref);
      } else {
        wheel.Add(ref, due[ref]);
      }
    }
  }
}

TEST(ExpiryWheelTest, EverythingComesInTime) {
  std::mt19937_64 random(99);
  ExpiryWheel wheel;
  std::map<ExpiryWheel::Ref, TimeMs> due;
  TimeMs now = kStart;
  ExpiryWheel::Ref next = 1;
  for (int step = 0; step < 4000; ++step) {
    for (int i = 0; i < 5; ++i) {
      // From at once to a year, on a logarithmic scale.
      const TimeMs ttl = static_cast<TimeMs>(random() >> (29 + random() % 34));
      due[next] = now + ttl;
      wheel.Add(next++, now + ttl);
    }
    now += static_cast<TimeMs>(random() % (step % 100 == 0 ? 50'000'000 : 3000));
    Take(wheel, now, due);
    for (const auto& [ref, when] : due) {
      ASSERT_GT(when, now - kTick) << "late";
    }
    ASSERT_EQ(wheel.size(), due.size());
  }
  now += TimeMs{1000} * 3600 * 24 * 400;
  Take(wheel, now, due);
  EXPECT_TRUE(due.empty());
  EXPECT_EQ(wheel.size(), 0u);
}

TEST(ExpiryWheelTest, WhatIsFarAwayWaits) {
  ExpiryWheel wheel;
  std::map<ExpiryWheel::Ref, TimeMs> due{{7, kExpiryMax}};
  std::vector<ExpiryWheel::Ref> refs;
  wheel.Take(kStart, 10, &refs);
  wheel.Add(7, kExpiryMax);
  for (int year = 1; year < 30; ++year) {
    Take(wheel, kStart + TimeMs{1000} * 3600 * 24 * 365 * year, due);
    ASSERT_EQ(wheel.size(), 1u);
  }
}

TEST(ExpiryWheelTest, ManyAtOnceComeInSteps) {
  ExpiryWheel wheel;
  std::vector<ExpiryWheel::Ref> refs;
  wheel.Take(kStart, 10, &refs);
  for (ExpiryWheel::Ref ref = 0; ref < 1000; ++ref) wheel.Add(ref, kStart + 1000);
  EXPECT_TRUE(wheel.Take(kStart + 5000, 128, &refs));
  EXPECT_EQ(refs.size(), 128u);
  while (wheel.Take(kStart + 5000, 128, &refs)) {
  }
  EXPECT_EQ(refs.size(), 1000u);
}

}  // namespace
}  // namespace kvick::storage
