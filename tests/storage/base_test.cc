// Values, slots and errors.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "storage/base/error.h"
#include "storage/base/slot.h"
#include "storage/base/value.h"

namespace kvick::storage {
namespace {

TEST(ValueTest, NumbersHaveTheirShortestForm) {
  EXPECT_EQ(NumberText(int64_t{0}).view(), "0");
  EXPECT_EQ(NumberText(std::numeric_limits<int64_t>::min()).view(), "-9223372036854775808");
  EXPECT_EQ(NumberText(0.1).view(), "0.1");
  EXPECT_EQ(NumberText(-0.0).view(), "0");
  EXPECT_EQ(NumberText(5.0).view(), "5") << "integer 5 and number 5 are one value";
  EXPECT_EQ(NumberText(std::numeric_limits<double>::infinity()).view(), "inf");
  EXPECT_EQ(NumberText(-std::numeric_limits<double>::infinity()).view(), "-inf");
  EXPECT_EQ(NumberText(100000.0).view(), "100000") << "whole numbers look like integers";
  EXPECT_EQ(NumberText(9007199254740992.0).view(), "9007199254740992");
  EXPECT_EQ(NumberText(1e20).view(), "100000000000000000000");
  EXPECT_EQ(NumberText(1e21).view(), "1e+21");
  EXPECT_EQ(NumberText(-0.000001).view(), "-0.000001");
  EXPECT_EQ(NumberText(0.00000012).view(), "1.2e-07");
  EXPECT_EQ(NumberText(1e300).view(), "1e+300");
}

TEST(ValueTest, IntegersAreParsedOnlyInTheirCanonicalForm) {
  EXPECT_EQ(ParseInteger("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(ParseInteger("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(ParseInteger("0"), 0);
  for (const char* text :
       {"", "-", "+5", " 5", "5 ", "05", "-0", "--5", "9223372036854775808", "1.0", "1e3", "-05"}) {
    EXPECT_EQ(ParseInteger(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseInteger(std::string_view("5\0", 2)), std::nullopt);
}

TEST(ValueTest, NumbersAreParsedWhole) {
  EXPECT_EQ(ParseNumber("3.0e3"), 3000.0);
  EXPECT_EQ(ParseNumber("+1.5"), 1.5);
  EXPECT_EQ(ParseNumber("-inf"), -std::numeric_limits<double>::infinity());
  for (const char* text : {"", "nan", "-nan", "1.5x", " 1", "1 ", "+-1", "e5"}) {
    EXPECT_EQ(ParseNumber(text), std::nullopt) << text;
  }
}

TEST(ValueTest, Utf8IsWhatProtobufTakes) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("plain and long enough for the fast path"));
  EXPECT_TRUE(IsUtf8("h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"));
  EXPECT_FALSE(IsUtf8("\xC3"));
  EXPECT_FALSE(IsUtf8("\xC0\x80")) << "overlong";
  EXPECT_FALSE(IsUtf8("\xED\xA0\x80")) << "surrogate";
  EXPECT_FALSE(IsUtf8("\xF4\x90\x80\x80")) << "beyond Unicode";
  EXPECT_FALSE(IsUtf8("1234567\xFF"));
  EXPECT_FALSE(IsUtf8("\x80"));
}

TEST(SlotTest, EqualsRedisCluster) {
  // The values of CLUSTER KEYSLOT of a Redis 7.0.
  EXPECT_EQ(SlotOf("foo"), 12182u);
  EXPECT_EQ(SlotOf("bar"), 5061u);
  EXPECT_EQ(SlotOf("123456789"), 12739u);
  EXPECT_EQ(SlotOf("{user1000}.following"), SlotOf("user1000"));
  EXPECT_EQ(SlotOf("foo{}{bar}"), SlotOf("foo{}{bar}"));
  EXPECT_NE(SlotOf("foo{}{bar}"), SlotOf("bar")) << "an empty tag is no tag";
  EXPECT_EQ(SlotOf("foo{{bar}}zap"), SlotOf("{bar"));
  EXPECT_EQ(SlotOf(""), 0u);
}

TEST(ErrorTest, CarriesReasonFactsAndDelay) {
  const absl::Status status =
      MakeError(absl::StatusCode::kResourceExhausted, "MEMORY_LIMIT", "Full.",
                {{"limit", "5"}, {"empty", ""}}, absl::Milliseconds(1500));
  EXPECT_EQ(ErrorReasonOf(status), "MEMORY_LIMIT");
  EXPECT_EQ(ErrorFactsOf(status), (ErrorFacts{{"limit", "5"}, {"empty", ""}}));
  EXPECT_EQ(RetryDelayOf(status), absl::Milliseconds(1500));
  EXPECT_EQ(ErrorReasonOf(absl::InternalError("x")), "");
  EXPECT_TRUE(ErrorFactsOf(absl::InternalError("x")).empty());
  EXPECT_EQ(RetryDelayOf(absl::InternalError("x")), std::nullopt);
}

}  // namespace
}  // namespace kvick::storage
