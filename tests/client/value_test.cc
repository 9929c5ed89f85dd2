#include "kvick/value.h"

#include <gtest/gtest.h>

#include <limits>

namespace kvick {
namespace {

TEST(ValueTest, KeepsTheKindOfWhatItIsMadeFrom) {
  EXPECT_EQ(Value("text").proto().text(), "text");
  EXPECT_EQ(Value(std::string("text")).proto().text(), "text");
  EXPECT_EQ(Value(5).proto().integer(), 5);
  EXPECT_EQ(Value(int64_t{-7}).proto().integer(), -7);
  EXPECT_EQ(Value(1.5).proto().number(), 1.5);
  EXPECT_EQ(Value(Data{std::string("\xFF\0", 2)}).proto().data(), std::string("\xFF\0", 2));
}

TEST(ValueTest, IsNotMadeFromBoolsAndLargeUnsignedNumbers) {
  EXPECT_FALSE((std::is_constructible_v<Value, bool>));
  EXPECT_FALSE((ValueInteger<uint64_t>));
  EXPECT_TRUE((ValueInteger<uint32_t>));
}

TEST(ValueTest, CanonicalBytesAreTheShortestThatReadBack) {
  EXPECT_EQ(ToString(Value(std::numeric_limits<int64_t>::min()).proto()), "-9223372036854775808");
  EXPECT_EQ(ToString(Value(0.1).proto()), "0.1");
  EXPECT_EQ(ToString(Value(100000.0).proto()), "100000");
  EXPECT_EQ(ToString(Value(1e21).proto()), "1e+21");
  EXPECT_EQ(ToString(Value(1e-7).proto()), "1e-07");
  EXPECT_EQ(ToString(Value(-0.0).proto()), "0");
  EXPECT_EQ(ToString(Value(std::numeric_limits<double>::infinity()).proto()), "inf");
  EXPECT_EQ(ToString(Value(-std::numeric_limits<double>::infinity()).proto()), "-inf");
  EXPECT_EQ(ToString(v1::Value()), "");
}

TEST(ValueTest, TimesGoThereAndBack) {
  for (const absl::Duration duration :
       {absl::ZeroDuration(), absl::Milliseconds(1), absl::Hours(5) + absl::Nanoseconds(3)}) {
    EXPECT_EQ(FromProto(ToProto(duration)), duration);
  }
  const absl::Time time = absl::FromUnixNanos(1'700'000'000'123'456'789);
  EXPECT_EQ(FromProto(ToProto(time)), time);
  const absl::Time before = absl::FromUnixMillis(-1);
  EXPECT_EQ(FromProto(ToProto(before)), before);
  EXPECT_GE(ToProto(before).nanos(), 0) << "as Timestamp demands";
}

TEST(ValueTest, WhatAMessageCannotHoldBecomesItsLimit) {
  EXPECT_EQ(ToProto(absl::InfiniteDuration()).seconds(), 315'576'000'000);
  EXPECT_EQ(ToProto(absl::InfiniteDuration()).nanos(), 0);
  EXPECT_EQ(ToProto(-absl::InfiniteDuration()).seconds(), -315'576'000'000);
  EXPECT_EQ(ToProto(absl::InfiniteFuture()).seconds(), 253'402'300'799);
  EXPECT_EQ(ToProto(absl::InfiniteFuture()).nanos(), 999'999'999);
  EXPECT_EQ(ToProto(absl::InfinitePast()).seconds(), -62'135'596'800);
}

TEST(WriteOptionsTest, TakesTheFirstExpiryThatIsSaid) {
  EXPECT_FALSE(WriteOptions().has_expiry());
  const WriteOptions both{.ttl = absl::Seconds(30), .persist = true};
  EXPECT_EQ(both.expiry().ttl().seconds(), 30);
  EXPECT_TRUE(WriteOptions{.persist = true}.expiry().persist());
  const WriteOptions at{.expire_time = absl::FromUnixSeconds(5)};
  EXPECT_EQ(at.expiry().expire_time().seconds(), 5);
}

TEST(PreconditionTest, EachSetsItsCheck) {
  EXPECT_TRUE(IfAbsent().absent());
  EXPECT_TRUE(IfPresent().present());
  EXPECT_EQ(IfVersion(7).version(), 7);
  EXPECT_EQ(IfEquals("x").value_equals().text(), "x");
}

}  // namespace
}  // namespace kvick
