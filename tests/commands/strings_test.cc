// StringService and KeyService, command by command, with Redis's edges.
#include <gtest/gtest.h>

#include <limits>

#include "kvick/v1/key.pb.h"
#include "kvick/v1/set.pb.h"
#include "kvick/v1/string.pb.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

using absl::StatusCode;

class StringsTest : public ProcessorFixture {
 protected:
  void Set(const std::string& key, const std::string& value) {
    v1::StringSetRequest request;
    request.set_key(key);
    *request.mutable_value() = Text(value);
    ASSERT_TRUE(Run<v1::StringSetResponse>(request).ok());
  }
  v1::Value Get(const std::string& key) {
    v1::StringGetRequest request;
    request.set_key(key);
    return Run<v1::StringGetResponse>(request)->entry().value();
  }
  absl::StatusOr<v1::StringIncrementResponse> Increment(const std::string& key, int64_t delta) {
    v1::StringIncrementRequest request;
    request.set_key(key);
    request.set_delta(delta);
    return Run<v1::StringIncrementResponse>(request);
  }
  std::string Range(const std::string& key, int64_t start, int64_t end) {
    v1::StringGetRangeRequest request;
    request.set_key(key);
    request.set_start(start);
    request.set_end(end);
    return Run<v1::StringGetRangeResponse>(request)->entry().value().text();
  }
};

TEST_F(StringsTest, KindsAreRemembered) {
  v1::StringSetRequest request;
  request.set_key("k");
  request.mutable_value()->set_integer(-7);
  ASSERT_TRUE(Run<v1::StringSetResponse>(request).ok());
  EXPECT_EQ(Get("k").integer(), -7);
  request.mutable_value()->set_number(0.1);
  ASSERT_TRUE(Run<v1::StringSetResponse>(request).ok());
  EXPECT_EQ(Get("k").number(), 0.1);
  request.mutable_value()->set_number(-std::numeric_limits<double>::infinity());
  ASSERT_TRUE(Run<v1::StringSetResponse>(request).ok());
  EXPECT_EQ(Get("k").number(), -std::numeric_limits<double>::infinity());
  request.mutable_value()->set_data(std::string("\0\xFF", 2));
  ASSERT_TRUE(Run<v1::StringSetResponse>(request).ok());
  EXPECT_EQ(Get("k").data(), std::string("\0\xFF", 2));
  request.mutable_value()->set_text("");
  ASSERT_TRUE(Run<v1::StringSetResponse>(request).ok());
  EXPECT_EQ(Get("k").kind_case(), v1::Value::kText);
}

TEST_F(StringsTest, AppendJoinsKinds) {
  v1::StringAppendRequest request;
  request.set_key("k");
  request.mutable_value()->set_integer(5);
  EXPECT_EQ(Run<v1::StringAppendResponse>(request)->length(), 1);
  EXPECT_EQ(Get("k").integer(), 5) << "appending to nothing keeps the kind";
  request.mutable_value()->set_text("\xC3\xA9");
  EXPECT_EQ(Run<v1::StringAppendResponse>(request)->length(), 3);
  EXPECT_EQ(Get("k").text(), "5\xC3\xA9");
  request.mutable_value()->set_data("\xC3");
  EXPECT_EQ(Run<v1::StringAppendResponse>(request)->length(), 4);
  EXPECT_EQ(Get("k").data(), "5\xC3\xA9\xC3");
  request.mutable_value()->set_data(std::string(1 << 20, 'x'));
  ExpectError(Run<v1::StringAppendResponse>(request).status(), StatusCode::kResourceExhausted,
              "VALUE_TOO_LARGE");
  EXPECT_EQ(Get("k").data().size(), 4u);
}

TEST_F(StringsTest, RangesFollowRedis) {
  Set("k", "Hello World");
  EXPECT_EQ(Range("k", 0, 4), "Hello");
  EXPECT_EQ(Range("k", -5, -1), "World");
  EXPECT_EQ(Range("k", 0, -1), "Hello World");
  EXPECT_EQ(Range("k", 5, 3), "");
  EXPECT_EQ(Range("k", -3, -5), "");
  EXPECT_EQ(Range("k", -100, 100), "Hello World");
  EXPECT_EQ(Range("k", 50, 100), "");
  EXPECT_EQ(Range("k", INT64_MIN, INT64_MAX), "Hello World");
  EXPECT_EQ(Range("k", INT64_MAX, INT64_MIN), "");
  EXPECT_EQ(Range("k", 0, -100), "H");
  Set("e", "\xC3\xA9");
  v1::StringGetRangeRequest cut;
  cut.set_key("e");
  EXPECT_EQ(Run<v1::StringGetRangeResponse>(cut)->entry().value().data(), "\xC3")
      << "half a character is no text";
}

TEST_F(StringsTest, SetRangePadsAndIsBounded) {
  v1::StringSetRangeRequest request;
  request.set_key("k");
  request.set_offset(3);
  request.mutable_value()->set_text("ab");
  EXPECT_EQ(Run<v1::StringSetRangeResponse>(request)->length(), 5);
  EXPECT_EQ(Get("k").text(), std::string("\0\0\0ab", 5));
  request.mutable_value()->set_text("");
  request.set_offset(100);
  EXPECT_EQ(Run<v1::StringSetRangeResponse>(request)->length(), 5) << "empty changes nothing";
  request.mutable_value()->set_text("x");
  for (const int64_t offset : {int64_t{1} << 20, INT64_MAX}) {
    request.set_offset(offset);
    ExpectError(Run<v1::StringSetRangeResponse>(request).status(), StatusCode::kResourceExhausted,
                "VALUE_TOO_LARGE");
  }
  request.set_offset(-1);
  ExpectError(Run<v1::StringSetRangeResponse>(request).status(), StatusCode::kInvalidArgument,
              "ARGUMENT_OUT_OF_RANGE");
  request.set_key("missing");
  request.set_offset(5);
  request.mutable_value()->set_text("");
  EXPECT_EQ(Run<v1::StringSetRangeResponse>(request)->length(), 0);
  EXPECT_EQ(Get("missing").kind_case(), v1::Value::KIND_NOT_SET);
}

TEST_F(StringsTest, IncrementsStayInBounds) {
  v1::StringIncrementRequest plain;
  plain.set_key("n");
  EXPECT_EQ(Run<v1::StringIncrementResponse>(plain)->value(), 1);
  EXPECT_EQ(Increment("n", -5)->value(), -4);
  Set("n", std::to_string(INT64_MAX));
  ExpectError(Increment("n", 1).status(), StatusCode::kOutOfRange, "OVERFLOW");
  EXPECT_EQ(Get("n").text(), std::to_string(INT64_MAX)) << "nothing changed";
  Set("n", "5 ");
  ExpectError(Increment("n", 1).status(), StatusCode::kFailedPrecondition, "NOT_AN_INTEGER");

  v1::StringIncrementRequest bounded;
  bounded.set_key("b");
  bounded.set_delta(7);
  bounded.set_maximum(10);
  EXPECT_EQ(Run<v1::StringIncrementResponse>(bounded)->value(), 7);
  ExpectError(Run<v1::StringIncrementResponse>(bounded).status(), StatusCode::kOutOfRange,
              "OVERFLOW");
  bounded.set_saturate(true);
  EXPECT_EQ(Run<v1::StringIncrementResponse>(bounded)->value(), 10);
  bounded.set_delta(INT64_MIN);
  bounded.set_minimum(-3);
  EXPECT_EQ(Run<v1::StringIncrementResponse>(bounded)->value(), -3);
  EXPECT_EQ(Run<v1::StringIncrementResponse>(bounded)->value(), -3)
      << "past int64, still the bound";
  bounded.set_minimum(11);
  ExpectError(Run<v1::StringIncrementResponse>(bounded).status(), StatusCode::kInvalidArgument,
              "ARGUMENT_OUT_OF_RANGE");
}

TEST_F(StringsTest, InitialExpiryIsForNewKeysOnly) {
  v1::StringIncrementRequest request;
  request.set_key("n");
  request.mutable_initial_expiry()->mutable_ttl()->set_seconds(10);
  ASSERT_TRUE(Run<v1::StringIncrementResponse>(request).ok());
  now_ += 4000;
  ASSERT_TRUE(Run<v1::StringIncrementResponse>(request).ok());
  v1::StringGetRequest get;
  get.set_key("n");
  const auto entry = Run<v1::StringGetResponse>(get)->entry();
  EXPECT_EQ(entry.value().integer(), 2);
  EXPECT_EQ(entry.expire_time().seconds(), kStart / 1000 + 10) << "a window that does not slide";
  request.mutable_expiry()->mutable_ttl()->set_seconds(1);
  ExpectError(Run<v1::StringIncrementResponse>(request).status(), StatusCode::kInvalidArgument,
              "EXPIRY_INVALID");
}

TEST_F(StringsTest, NumbersAddAsDecimals) {
  v1::StringIncrementNumberRequest request;
  request.set_key("n");
  Set("n", "0.1");
  request.set_delta(0.2);
  EXPECT_EQ(Run<v1::StringIncrementNumberResponse>(request)->value(), 0.3);
  EXPECT_EQ(Get("n").number(), 0.3);
  for (const double delta :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    request.set_delta(delta);
    ExpectError(Run<v1::StringIncrementNumberResponse>(request).status(),
                StatusCode::kInvalidArgument, "NOT_A_NUMBER");
  }
  request.set_delta(1.7e308);
  ASSERT_TRUE(Run<v1::StringIncrementNumberResponse>(request).ok());
  ExpectError(Run<v1::StringIncrementNumberResponse>(request).status(), StatusCode::kOutOfRange,
              "OVERFLOW");
  Set("n", "three");
  request.set_delta(1);
  ExpectError(Run<v1::StringIncrementNumberResponse>(request).status(),
              StatusCode::kFailedPrecondition, "NOT_A_FLOAT");
}

TEST_F(StringsTest, GetAndDeleteAndGetAndExpire) {
  Set("k", "v");
  v1::StringGetAndExpireRequest expire;
  expire.set_key("k");
  ExpectError(Run<v1::StringGetAndExpireResponse>(expire).status(), StatusCode::kInvalidArgument,
              "EXPIRY_INVALID");
  expire.mutable_expiry()->mutable_ttl()->set_seconds(5);
  auto expired = Run<v1::StringGetAndExpireResponse>(expire);
  EXPECT_EQ(expired->entry().value().text(), "v");
  EXPECT_EQ(expired->entry().expire_time().seconds(), kStart / 1000 + 5);
  EXPECT_EQ(expired->entry().version(), expired->mutation().version());
  expire.mutable_expiry()->set_persist(true);
  EXPECT_FALSE(Run<v1::StringGetAndExpireResponse>(expire)->entry().has_expire_time());
  v1::StringGetAndDeleteRequest remove;
  remove.set_key("k");
  EXPECT_EQ(Run<v1::StringGetAndDeleteResponse>(remove)->entry().value().text(), "v");
  EXPECT_FALSE(Run<v1::StringGetAndDeleteResponse>(remove)->has_entry());
  EXPECT_FALSE(Run<v1::StringGetAndExpireResponse>(expire)->has_entry());
}

TEST_F(StringsTest, ExpireConditions) {
  v1::KeyExpireRequest request;
  request.set_key("k");
  request.mutable_expiry()->mutable_ttl()->set_seconds(100);
  EXPECT_FALSE(Run<v1::KeyExpireResponse>(request)->changed()) << "no such key";
  Set("k", "v");
  const auto changes = [&](v1::ExpireCondition condition, int seconds) {
    request.set_condition(condition);
    request.mutable_expiry()->mutable_ttl()->set_seconds(seconds);
    return Run<v1::KeyExpireResponse>(request)->changed();
  };
  EXPECT_FALSE(changes(v1::EXPIRE_CONDITION_IF_ANY, 100));
  EXPECT_FALSE(changes(v1::EXPIRE_CONDITION_IF_LATER, 100)) << "no expiry is the latest";
  EXPECT_TRUE(changes(v1::EXPIRE_CONDITION_IF_SOONER, 100));
  EXPECT_FALSE(changes(v1::EXPIRE_CONDITION_IF_NONE, 50));
  EXPECT_FALSE(changes(v1::EXPIRE_CONDITION_IF_SOONER, 100));
  EXPECT_TRUE(changes(v1::EXPIRE_CONDITION_IF_LATER, 200));
  EXPECT_TRUE(changes(v1::EXPIRE_CONDITION_IF_ANY, 50));
  request.set_condition(static_cast<v1::ExpireCondition>(77));
  ExpectError(Run<v1::KeyExpireResponse>(request).status(), StatusCode::kInvalidArgument,
              "UNKNOWN_ENUM_VALUE");
  request.set_condition(v1::EXPIRE_CONDITION_ALWAYS);
  request.mutable_expiry()->mutable_expire_time()->set_seconds(1);
  EXPECT_TRUE(Run<v1::KeyExpireResponse>(request)->changed());
  EXPECT_EQ(Get("k").kind_case(), v1::Value::KIND_NOT_SET);
}

TEST_F(StringsTest, RenameCopyTouchDescribe) {
  Set("a", "1");
  Set("b", "2");
  v1::KeyRenameRequest rename;
  rename.set_key("a");
  rename.set_new_key("b");
  EXPECT_FALSE(Run<v1::KeyRenameResponse>(rename)->renamed());
  rename.set_new_key("a");
  rename.set_overwrite(true);
  EXPECT_TRUE(Run<v1::KeyRenameResponse>(rename)->renamed());
  rename.set_new_key("b");
  EXPECT_TRUE(Run<v1::KeyRenameResponse>(rename)->renamed());
  EXPECT_EQ(Get("b").text(), "1");
  EXPECT_FALSE(Run<v1::KeyRenameResponse>(rename)->renamed()) << "a is gone";
  v1::KeyCopyRequest copy;
  copy.set_key("b");
  copy.set_new_key("b");
  copy.set_overwrite(true);
  EXPECT_FALSE(Run<v1::KeyCopyResponse>(copy)->copied());
  copy.set_new_key("c");
  EXPECT_TRUE(Run<v1::KeyCopyResponse>(copy)->copied());
  v1::KeyTouchRequest touch;
  for (const char* key : {"b", "c", "missing", "b"}) touch.add_keys(key);
  EXPECT_EQ(Run<v1::KeyTouchResponse>(touch)->touched(), 3);
  now_ += 90'000;
  v1::KeyDescribeRequest describe;
  describe.set_key("c");
  const auto description = Run<v1::KeyDescribeResponse>(describe)->description();
  EXPECT_EQ(description.type(), v1::KEY_TYPE_STRING);
  EXPECT_EQ(description.length(), 1);
  EXPECT_EQ(description.encoding(), v1::ENCODING_INLINE);
  EXPECT_EQ(description.idle_time().seconds(), 90);
  EXPECT_GT(description.memory_bytes(), 0);
  describe.set_key("missing");
  EXPECT_FALSE(Run<v1::KeyDescribeResponse>(describe)->has_description());
}

TEST_F(StringsTest, BatchesAreOneMoment) {
  v1::StringBatchSetRequest set;
  const auto add = [&](const std::string& key, const std::string& value) {
    set.add_items()->set_key(key);
    *set.mutable_items(set.items_size() - 1)->mutable_value() = Text(value);
  };
  add("a", "1");
  add("b", "2");
  add("a", "3");
  set.mutable_expiry()->mutable_ttl()->set_seconds(10);
  const auto response = Must<v1::StringBatchSetResponse>(set);
  EXPECT_EQ(response.mutation().version(), store_.last_version());
  EXPECT_EQ(store_.last_version(), 1) << "one write, one version";
  EXPECT_EQ(Get("a").text(), "3") << "the last value stays";
  v1::StringBatchGetRequest get;
  for (const char* key : {"a", "missing", "b", "a"}) get.add_keys(key);
  const auto got = Must<v1::StringBatchGetResponse>(get);
  ASSERT_EQ(got.items_size(), 4);
  EXPECT_FALSE(got.items(1).has_entry());
  EXPECT_EQ(got.items(2).entry().value().text(), "2");
  EXPECT_EQ(got.items(3).entry().expire_time().seconds(), kStart / 1000 + 10);
  add("c", "4");
  set.add_items()->set_key("d");
  MustRefuse<v1::StringBatchSetResponse>(set, StatusCode::kInvalidArgument, "VALUE_MISSING");
  set.mutable_items(4)->mutable_value()->set_data(std::string((1 << 20) + 1, 'x'));
  MustRefuse<v1::StringBatchSetResponse>(set, StatusCode::kResourceExhausted, "VALUE_TOO_LARGE");
  EXPECT_EQ(store_.Statistics().keys, 2u);
  Set("large", std::string(600'000, 'x'));
  get.add_keys("large");
  get.add_keys("large");
  MustRefuse<v1::StringBatchGetResponse>(get, StatusCode::kResourceExhausted, "REPLY_TOO_LARGE");
}

TEST_F(StringsTest, SettingTheSameValueIsAWrite) {
  Set("k", "v");
  Set("k", "v");
  EXPECT_EQ(store_.last_version(), 2);
}

TEST_F(StringsTest, SetRangeOfNothingGivesNoExpiry) {
  Set("k", "v");
  v1::StringSetRangeRequest request;
  request.set_key("k");
  *request.mutable_value() = Text("");
  request.mutable_expiry()->mutable_ttl()->set_seconds(10);
  const auto response = Must<v1::StringSetRangeResponse>(request);
  EXPECT_EQ(response.mutation().version(), 1);
  EXPECT_EQ(store_.last_version(), 1) << "empty changes nothing";
}

TEST_F(StringsTest, ASetThatAnswersThePreviousWantsAString) {
  v1::SetAddRequest add;
  add.set_key("k");
  *add.add_members() = Text("m");
  Must<v1::SetAddResponse>(add);
  v1::StringSetRequest set;
  set.set_key("k");
  *set.mutable_value() = Text("v");
  set.set_return_previous(true);
  MustRefuse<v1::StringSetResponse>(set, StatusCode::kFailedPrecondition, "WRONG_TYPE");
  set.set_return_previous(false);
  EXPECT_TRUE(Must<v1::StringSetResponse>(set).mutation().applied());
  set.set_return_previous(true);
  EXPECT_EQ(Must<v1::StringSetResponse>(set).previous().value().text(), "v");
}

// The bytes that two keys have in common, and where.
class ComparisonTest : public StringsTest {
 protected:
  static v1::StringCommonSubsequenceRequest Compare(const std::string& key,
                                                    const std::string& other) {
    v1::StringCommonSubsequenceRequest request;
    request.set_key(key);
    request.set_other_key(other);
    return request;
  }
};

TEST_F(ComparisonTest, AnswersWhatIsAskedFor) {
  Set("a", "ohmytext");
  Set("b", "mynewtext");
  auto request = Compare("a", "b");
  auto response = Must<v1::StringCommonSubsequenceResponse>(request);
  EXPECT_EQ(response.value().text(), "mytext");
  EXPECT_EQ(response.length(), 6);
  EXPECT_EQ(response.matches_size(), 0);
  request.set_with_matches(true);
  response = Must<v1::StringCommonSubsequenceResponse>(request);
  ASSERT_EQ(response.matches_size(), 2) << "the last one first";
  EXPECT_EQ(response.matches(0).start(), 4);
  EXPECT_EQ(response.matches(0).end(), 7);
  EXPECT_EQ(response.matches(0).other_start(), 5);
  EXPECT_EQ(response.matches(0).other_end(), 8);
  EXPECT_EQ(response.matches(1).start(), 2);
  request.set_min_match_length(3);
  request.set_length_only(true);
  response = Must<v1::StringCommonSubsequenceResponse>(request);
  EXPECT_EQ(response.matches_size(), 1);
  EXPECT_EQ(response.length(), 6) << "of all parts";
  EXPECT_FALSE(response.has_value());
}

TEST_F(ComparisonTest, AMissingKeyIsEmptyAndKindsJoin) {
  Set("a", "\xC3\xA9");
  auto response = Must<v1::StringCommonSubsequenceResponse>(Compare("a", "missing"));
  EXPECT_EQ(response.length(), 0);
  EXPECT_TRUE(response.has_value());
  EXPECT_EQ(response.value().text(), "");
  response = Must<v1::StringCommonSubsequenceResponse>(Compare("a", "a"));
  EXPECT_EQ(response.value().text(), "\xC3\xA9");
  Set("b", "\xC3\xA8");
  response = Must<v1::StringCommonSubsequenceResponse>(Compare("a", "b"));
  EXPECT_EQ(response.value().data(), "\xC3") << "half a character is no text";
}

TEST_F(ComparisonTest, OtherTypesAndLongValuesAreRefused) {
  v1::SetAddRequest add;
  add.set_key("set");
  *add.add_members() = Text("m");
  Must<v1::SetAddResponse>(add);
  Set("a", std::string(8192, 'a'));
  Set("b", std::string(8192, 'b'));
  for (const auto& request : {Compare("a", "set"), Compare("set", "a")}) {
    MustRefuse<v1::StringCommonSubsequenceResponse>(request, StatusCode::kFailedPrecondition,
                                                    "WRONG_TYPE");
  }
  EXPECT_EQ(Must<v1::StringCommonSubsequenceResponse>(Compare("a", "b")).length(), 0);
  Set("b", std::string(8193, 'b'));
  for (const auto& request : {Compare("a", "b"), Compare("b", "a")}) {
    MustRefuse<v1::StringCommonSubsequenceResponse>(request, StatusCode::kResourceExhausted,
                                                    "VALUE_TOO_LARGE");
  }
}

}  // namespace
}  // namespace kvick::server
