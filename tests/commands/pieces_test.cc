// What the commands are made of: values, expiry, arithmetic, page tokens, samples' budgets.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "server/commands/arithmetic.h"
#include "server/commands/expiry.h"
#include "server/commands/page_token.h"
#include "server/commands/samples.h"
#include "server/commands/values.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

using absl::StatusCode;
using storage::ValueKind;

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string Bytes(const v1::Value& value) {
  const auto canonical = Canonical(value, storage::Limits());
  return canonical.ok() ? std::string(canonical->view().bytes) : canonical.status().ToString();
}

TEST(ValuesTest, CanonicalBytesAreTheShortestDecimals) {
  v1::Value value;
  value.set_integer(kMin);
  EXPECT_EQ(Bytes(value), "-9223372036854775808");
  const std::pair<double, const char*> numbers[] = {{0.0, "0"},
                                                    {-0.0, "0"},
                                                    {0.1, "0.1"},
                                                    {1e21, "1e+21"},
                                                    {5.0, "5"},
                                                    {kInfinity, "inf"},
                                                    {-kInfinity, "-inf"},
                                                    {5e-324, "5e-324"},
                                                    {1.0 / 3, "0.3333333333333333"},
                                                    {123456789.0, "123456789"}};
  for (const auto& [number, text] : numbers) {
    value.set_number(number);
    EXPECT_EQ(Bytes(value), text);
  }
}

TEST(ValuesTest, NumbersReadBackAsThemselves) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 10'000; ++i) {
    const uint64_t bits = random();
    double number;
    std::memcpy(&number, &bits, sizeof(number));
    if (std::isnan(number)) continue;
    v1::Value value;
    value.set_number(number);
    const std::string bytes = Bytes(value);
    v1::Value shown;
    FillValue({bytes, ValueKind::kNumber}, &shown);
    ASSERT_EQ(shown.number(), number) << bytes;
  }
}

TEST(ValuesTest, TheLimitCountsCanonicalBytes) {
  storage::Limits limits;
  limits.max_value_bytes = 4;
  v1::Value value;
  value.set_text("1234");
  EXPECT_TRUE(Canonical(value, limits).ok());
  value.set_text("12345");
  ExpectError(Canonical(value, limits).status(), StatusCode::kResourceExhausted, "VALUE_TOO_LARGE");
  EXPECT_EQ(storage::ErrorFactsOf(Canonical(value, limits).status()).at("limit_bytes"), "4");
  value.set_integer(12345);
  ExpectError(Canonical(value, limits).status(), StatusCode::kResourceExhausted, "VALUE_TOO_LARGE");
}

TEST(ValuesTest, BytesThatAreNotOfTheirKindAreShownAsData) {
  v1::Value value;
  FillValue({"05", ValueKind::kInteger}, &value);
  EXPECT_EQ(value.data(), "05");
  FillValue({"x", ValueKind::kNumber}, &value);
  EXPECT_EQ(value.data(), "x");
  FillValue({"7", ValueKind::kInteger}, &value);
  EXPECT_EQ(value.integer(), 7);
  EXPECT_EQ(KindOfBytes("\xC3\xA9", false), ValueKind::kText);
  EXPECT_EQ(KindOfBytes("\xC3", false), ValueKind::kData);
  EXPECT_EQ(KindOfBytes("a", true), ValueKind::kData);
}

std::string Resolved(const v1::Expiry& expiry, storage::TimeMs now = 1000) {
  const auto due = ResolveExpiry(expiry, now);
  if (!due.ok()) return storage::ErrorReasonOf(due.status());
  return due->has_value() ? std::to_string(**due) : "never";
}

TEST(ExpiryTest, ResolvesAllThree) {
  v1::Expiry expiry;
  EXPECT_EQ(Resolved(expiry), "EXPIRY_INVALID");
  expiry.set_persist(true);
  EXPECT_EQ(Resolved(expiry), "never");
  expiry.set_persist(false);
  EXPECT_EQ(Resolved(expiry), "EXPIRY_INVALID");
  expiry.mutable_ttl()->set_seconds(2);
  expiry.mutable_ttl()->set_nanos(999'999'999);
  EXPECT_EQ(Resolved(expiry), "3999") << "rounded down to milliseconds";
  expiry.mutable_ttl()->set_seconds(0);
  expiry.mutable_ttl()->set_nanos(1);
  EXPECT_EQ(Resolved(expiry), "1001") << "at least one";
  expiry.mutable_expire_time()->set_seconds(5);
  expiry.mutable_expire_time()->set_nanos(7'999'999);
  EXPECT_EQ(Resolved(expiry), "5007");
  expiry.mutable_expire_time()->set_seconds(-62'135'596'800);
  EXPECT_EQ(Resolved(expiry), "0") << "before 1970 is past like any other";
}

TEST(ExpiryTest, TheLatestMomentIsTheLast) {
  constexpr int64_t kLastSecond = storage::kExpiryMax / 1000;
  v1::Expiry expiry;
  expiry.mutable_expire_time()->set_seconds(kLastSecond - 1);
  EXPECT_EQ(Resolved(expiry), std::to_string((kLastSecond - 1) * 1000));
  for (const int64_t seconds : {kLastSecond, kMax}) {
    expiry.mutable_expire_time()->set_seconds(seconds);
    EXPECT_EQ(Resolved(expiry), "EXPIRY_INVALID");
    expiry.mutable_ttl()->set_seconds(seconds);
    EXPECT_EQ(Resolved(expiry, kStart), "EXPIRY_INVALID");
  }
  for (const auto& [seconds, nanos] :
       {std::pair<int64_t, int>{0, 0}, {-1, 0}, {1, -1}, {kMin, 0}, {1, 1'000'000'000}}) {
    expiry.mutable_ttl()->set_seconds(seconds);
    expiry.mutable_ttl()->set_nanos(nanos);
    EXPECT_EQ(Resolved(expiry), "EXPIRY_INVALID") << seconds << " " << nanos;
  }
  expiry.mutable_expire_time()->set_seconds(1);
  for (const int nanos : {-1, 1'000'000'000}) {
    expiry.mutable_expire_time()->set_nanos(nanos);
    EXPECT_EQ(Resolved(expiry), "EXPIRY_INVALID");
  }
}

TEST(ArithmeticTest, IntegersAreCanonicalDecimals) {
  EXPECT_EQ(*IntegerOf(std::nullopt), 0);
  EXPECT_EQ(*IntegerOf("-9223372036854775808"), kMin);
  EXPECT_EQ(*IntegerOf("0"), 0);
  for (const char* text :
       {"", " 1", "1 ", "+1", "01", "-0", "--1", "1.0", "0x1", "1e3", "9223372036854775808", "-"}) {
    ExpectError(IntegerOf(text).status(), StatusCode::kFailedPrecondition, "NOT_AN_INTEGER");
  }
}

TEST(ArithmeticTest, AddsWithinBounds) {
  EXPECT_EQ(*AddWithin(kMax - 1, {.delta = 1}), kMax);
  EXPECT_EQ(*AddWithin(kMin, {.delta = kMax}), -1);
  ExpectError(AddWithin(kMax, {.delta = 1}).status(), StatusCode::kOutOfRange, "OVERFLOW");
  ExpectError(AddWithin(kMin, {.delta = -1}).status(), StatusCode::kOutOfRange, "OVERFLOW");
  EXPECT_EQ(*AddWithin(kMax, {.delta = kMax, .saturate = true}), kMax);
  EXPECT_EQ(*AddWithin(kMin, {.delta = kMin, .minimum = -5, .saturate = true}), -5);
  EXPECT_EQ(*AddWithin(3, {.delta = 9, .minimum = 0, .maximum = 10, .saturate = true}), 10);
  EXPECT_EQ(*AddWithin(3, {.delta = -9, .minimum = 0, .maximum = 10, .saturate = true}), 0);
  EXPECT_EQ(*AddWithin(50, {.delta = 0, .minimum = 0, .maximum = 10, .saturate = true}), 10);
  const absl::Status status = AddWithin(3, {.delta = 9, .minimum = 0, .maximum = 10}).status();
  ExpectError(status, StatusCode::kOutOfRange, "OVERFLOW");
  EXPECT_EQ(storage::ErrorFactsOf(status).at("maximum"), "10");
  ExpectError(AddWithin(0, {.minimum = 1, .maximum = 0}).status(), StatusCode::kInvalidArgument,
              "ARGUMENT_OUT_OF_RANGE");
}

TEST(ArithmeticTest, AddsNumbersAsTheyAreShown) {
  EXPECT_EQ(*AddNumber(std::nullopt, 0.5), 0.5);
  EXPECT_EQ(*AddNumber("0.1", 0.2), 0.3);
  EXPECT_EQ(*AddNumber("+5e-1", 0.25), 0.75);
  EXPECT_EQ(*AddNumber("3.0e3", 200), 3200);
  // Nothing behind the bytes is read: the address sanitizer would see it.
  const std::vector<char> exact{'-', 'i', 'n', 'f'};
  EXPECT_FALSE(AddNumber(std::string_view(exact.data(), exact.size()), 0).ok());
  EXPECT_EQ(*AddNumber("1", -1), 0);
  EXPECT_FALSE(std::signbit(*AddNumber("-1", 1)));
  for (const char* text : {"", "abc", "1 ", " 1", "+-1", "nan", "1e999", "0x10", "1,5", "1.5.5"}) {
    ExpectError(AddNumber(text, 1).status(), StatusCode::kFailedPrecondition, "NOT_A_FLOAT");
  }
  ExpectError(AddNumber("inf", 1).status(), StatusCode::kOutOfRange, "OVERFLOW");
  ExpectError(AddNumber("1.7e308", 1.7e308).status(), StatusCode::kOutOfRange, "OVERFLOW");
  for (const double delta : {kInfinity, -kInfinity, std::nan("")}) {
    ExpectError(AddNumber("1", delta).status(), StatusCode::kInvalidArgument, "NOT_A_NUMBER");
  }
}

TEST(PageTokenTest, GoesThereAndBack) {
  std::mt19937_64 random(5);
  for (const ScanKind kind : {ScanKind::kKeys, ScanKind::kSet, ScanKind::kHash}) {
    EXPECT_EQ(*ParsePageToken(kind, ""), 0u);
    for (uint64_t cursor : {uint64_t{1}, ~uint64_t{0}, random(), random()}) {
      EXPECT_EQ(*ParsePageToken(kind, MakePageToken(kind, cursor)), cursor);
    }
  }
}

TEST(PageTokenTest, WhatThisRunDidNotMakeIsRefused) {
  const std::string good = MakePageToken(ScanKind::kSet, 0x123456789abcdefu);
  const auto refused = [](const std::string& token) {
    const auto cursor = ParsePageToken(ScanKind::kSet, token);
    return storage::ErrorReasonOf(cursor.status()) == "PAGE_TOKEN_INVALID";
  };
  EXPECT_FALSE(refused(good));
  EXPECT_TRUE(refused(MakePageToken(ScanKind::kHash, 0x123456789abcdefu)));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == '0' ? '1' : '0';
    EXPECT_TRUE(refused(bad)) << bad;
    EXPECT_TRUE(refused(good.substr(0, i)) || i == 0);
  }
  for (const std::string& token : {good + "0", std::string("s"), std::string(1000, 's'),
                                   std::string("\0\xFF", 2), std::string("S") + good.substr(1)}) {
    EXPECT_TRUE(refused(token)) << token;
  }
}

TEST(BudgetTest, AnAnswerEndsAtTheLimit) {
  storage::Limits limits;
  limits.max_reply_bytes = 100;
  ReplyBudget budget(limits);
  EXPECT_TRUE(budget.Take(90).ok());
  ExpectError(budget.Take(10), StatusCode::kResourceExhausted, "REPLY_TOO_LARGE");
  ReplyBudget many(limits);
  int taken = 0;
  while (many.Take(0).ok()) ++taken;
  EXPECT_LE(taken, 100) << "empty elements cost something too";
}

}  // namespace
}  // namespace kvick::server
