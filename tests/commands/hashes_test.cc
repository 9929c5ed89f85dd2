// HashService, command by command, with Redis's edges.
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "kvick/v1/hash.pb.h"
#include "kvick/v1/key.pb.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

using absl::StatusCode;
using Fields = std::map<std::string, std::string>;

class HashesTest : public ProcessorFixture {
 protected:
  static v1::HashSetRequest SetRequest(const std::string& key, const Fields& fields) {
    v1::HashSetRequest request;
    request.set_key(key);
    for (const auto& [field, value] : fields) (*request.mutable_fields())[field] = Text(value);
    return request;
  }
  v1::HashSetResponse Set(const std::string& key, const Fields& fields) {
    return Must<v1::HashSetResponse>(SetRequest(key, fields));
  }
  static Fields Numbered(int count) {
    Fields fields;
    for (int i = 0; i < count; ++i) fields[absl::StrCat("f", i)] = std::to_string(i);
    return fields;
  }
  v1::HashGetAllResponse GetAll(const std::string& key, int64_t max_bytes = 0) {
    v1::HashGetAllRequest request;
    request.set_key(key);
    request.set_max_bytes(max_bytes);
    return Must<v1::HashGetAllResponse>(request);
  }
  Fields All(const std::string& key) {
    Fields fields;
    const auto response = GetAll(key);
    for (const auto& [field, value] : response.fields()) fields[field] = value.text();
    return fields;
  }
  v1::HashIncrementRequest IncrementRequest(int64_t delta) {
    v1::HashIncrementRequest request;
    request.set_key("h");
    request.set_field("n");
    request.set_delta(delta);
    return request;
  }
  v1::Value Get(const std::string& field) {
    v1::HashGetRequest request;
    request.set_key("h");
    request.add_fields(field);
    return Must<v1::HashGetResponse>(request).items(0).value();
  }
};

TEST_F(HashesTest, SetCountsNewFieldsAndOverwrites) {
  auto response = Set("h", {{"a", "1"}, {"b", "2"}});
  EXPECT_EQ(response.added(), 2);
  EXPECT_TRUE(response.fields_set());
  response = Set("h", {{"b", "3"}, {"c", ""}});
  EXPECT_EQ(response.added(), 1);
  EXPECT_EQ(response.mutation().version(), store_.last_version());
  EXPECT_EQ(All("h"), (Fields{{"a", "1"}, {"b", "3"}, {"c", ""}}));
  EXPECT_EQ(GetAll("h").version(), response.mutation().version());
}

TEST_F(HashesTest, FieldConditionsAreAllOrNone) {
  auto request = SetRequest("h", {{"a", "1"}, {"b", "2"}});
  request.set_field_condition(v1::FIELD_CONDITION_IF_ALL_EXIST);
  EXPECT_FALSE(Must<v1::HashSetResponse>(request).fields_set());
  EXPECT_EQ(store_.Statistics().keys, 0u);
  request.set_field_condition(v1::FIELD_CONDITION_IF_NONE_EXIST);
  EXPECT_TRUE(Must<v1::HashSetResponse>(request).fields_set());
  const int64_t version = store_.last_version();
  (*request.mutable_fields())["c"] = Text("3");
  auto refused = Must<v1::HashSetResponse>(request);
  EXPECT_FALSE(refused.fields_set());
  EXPECT_EQ(refused.added(), 0);
  EXPECT_TRUE(refused.mutation().applied()) << "the precondition of the key held";
  EXPECT_EQ(refused.mutation().version(), version);
  request.set_field_condition(v1::FIELD_CONDITION_IF_ALL_EXIST);
  EXPECT_FALSE(Must<v1::HashSetResponse>(request).fields_set());
  EXPECT_EQ(store_.last_version(), version);
  EXPECT_EQ(All("h").size(), 2u);
  request.mutable_fields()->erase("c");
  EXPECT_TRUE(Must<v1::HashSetResponse>(request).fields_set());
  request.set_field_condition(static_cast<v1::FieldCondition>(9));
  MustRefuse<v1::HashSetResponse>(request, StatusCode::kInvalidArgument, "UNKNOWN_ENUM_VALUE");
}

TEST_F(HashesTest, FieldsThatWereNotSetGiveNoExpiry) {
  Set("h", {{"owner", "me"}});
  auto request = SetRequest("h", {{"owner", "you"}});
  request.set_field_condition(v1::FIELD_CONDITION_IF_NONE_EXIST);
  request.mutable_expiry()->mutable_ttl()->set_seconds(10);
  const int64_t before = store_.last_version();
  EXPECT_FALSE(Must<v1::HashSetResponse>(request).fields_set());
  v1::KeyDescribeRequest describe;
  describe.set_key("h");
  EXPECT_FALSE(Must<v1::KeyDescribeResponse>(describe).description().has_expire_time());
  EXPECT_EQ(store_.last_version(), before);
  request.set_field_condition(v1::FIELD_CONDITION_IF_ALL_EXIST);
  EXPECT_TRUE(Must<v1::HashSetResponse>(request).fields_set());
  EXPECT_TRUE(Must<v1::KeyDescribeResponse>(describe).description().has_expire_time());
}

TEST_F(HashesTest, BadFieldsAreRefusedWhole) {
  v1::HashSetRequest request;
  request.set_key("h");
  MustRefuse<v1::HashSetResponse>(request, StatusCode::kInvalidArgument, "VALUE_MISSING");
  request = SetRequest("h", {{"good", "v"}, {"", "v"}});
  MustRefuse<v1::HashSetResponse>(request, StatusCode::kInvalidArgument, "KEY_EMPTY");
  request = SetRequest("h", {{"good", "v"}, {std::string(1025, 'f'), "v"}});
  MustRefuse<v1::HashSetResponse>(request, StatusCode::kInvalidArgument, "KEY_TOO_LONG");
  request = SetRequest("h", {{"good", "v"}});
  (*request.mutable_fields())["bad"].set_number(std::numeric_limits<double>::quiet_NaN());
  MustRefuse<v1::HashSetResponse>(request, StatusCode::kInvalidArgument, "NOT_A_NUMBER");
  (*request.mutable_fields())["bad"].Clear();
  MustRefuse<v1::HashSetResponse>(request, StatusCode::kInvalidArgument, "VALUE_MISSING");
  (*request.mutable_fields())["bad"].set_data(std::string((1 << 20) + 1, 'x'));
  MustRefuse<v1::HashSetResponse>(request, StatusCode::kResourceExhausted, "VALUE_TOO_LARGE");
  EXPECT_EQ(store_.Statistics().keys, 0u);
  v1::HashGetRequest get;
  get.set_key("h");
  MustRefuse<v1::HashGetResponse>(get, StatusCode::kInvalidArgument, "KEY_EMPTY");
  get.add_fields("");
  MustRefuse<v1::HashGetResponse>(get, StatusCode::kInvalidArgument, "KEY_EMPTY");
  v1::HashDeleteRequest remove;
  remove.set_key("h");
  MustRefuse<v1::HashDeleteResponse>(remove, StatusCode::kInvalidArgument, "KEY_EMPTY");
  v1::HashExistsRequest exists;
  exists.set_key("h");
  exists.add_fields(std::string(1025, 'f'));
  MustRefuse<v1::HashExistsResponse>(exists, StatusCode::kInvalidArgument, "KEY_TOO_LONG");
}

TEST_F(HashesTest, GetAndExistsAnswerFieldByField) {
  Set("h", {{"a", "1"}, {"empty", ""}});
  v1::HashGetRequest get;
  v1::HashExistsRequest exists;
  get.set_key("h");
  exists.set_key("h");
  for (const char* field : {"a", "none", "empty", "a"}) {
    get.add_fields(field);
    exists.add_fields(field);
  }
  const auto values = Must<v1::HashGetResponse>(get);
  ASSERT_EQ(values.items_size(), 4);
  EXPECT_EQ(values.items(0).value().text(), "1");
  EXPECT_FALSE(values.items(1).has_value());
  EXPECT_TRUE(values.items(2).value().has_text()) << "empty is not missing";
  EXPECT_EQ(values.items(3).value().text(), "1");
  const auto found = Must<v1::HashExistsResponse>(exists);
  EXPECT_EQ(std::vector<bool>(found.exists().begin(), found.exists().end()),
            (std::vector<bool>{true, false, true, true}));
  get.set_key("missing");
  EXPECT_EQ(Must<v1::HashGetResponse>(get).items_size(), 4);
}

TEST_F(HashesTest, KindsOfValuesAreRemembered) {
  for (const int size : {0, 500}) {
    Fields filler = Numbered(size);
    if (!filler.empty()) Set("h", filler);
    v1::HashSetRequest request;
    request.set_key("h");
    (*request.mutable_fields())["integer"].set_integer(INT64_MIN);
    (*request.mutable_fields())["number"].set_number(-0.25);
    (*request.mutable_fields())["data"].set_data(std::string("\0\xFF", 2));
    Must<v1::HashSetResponse>(request);
    EXPECT_EQ(Get("integer").integer(), INT64_MIN);
    EXPECT_EQ(Get("number").number(), -0.25);
    EXPECT_EQ(Get("data").data(), std::string("\0\xFF", 2));
  }
}

TEST_F(HashesTest, GetAllStopsAtTheLimits) {
  EXPECT_EQ(GetAll("missing").version(), 0);
  Set("h", {{"ab", "cd"}, {"ef", "gh"}});
  EXPECT_EQ(GetAll("h", 8).fields_size(), 2);
  v1::HashGetAllRequest request;
  request.set_key("h");
  request.set_max_bytes(7);
  MustRefuse<v1::HashGetAllResponse>(request, StatusCode::kResourceExhausted, "REPLY_TOO_LARGE");
  request.set_max_bytes(-1);
  MustRefuse<v1::HashGetAllResponse>(request, StatusCode::kInvalidArgument,
                                     "ARGUMENT_OUT_OF_RANGE");
  Set("h", {{"a", std::string(600'000, 'x')}, {"b", std::string(600'000, 'x')}});
  for (const int64_t limit : {int64_t{0}, INT64_MAX}) {
    request.set_max_bytes(limit);
    MustRefuse<v1::HashGetAllResponse>(request, StatusCode::kResourceExhausted, "REPLY_TOO_LARGE");
  }
  v1::HashGetRequest get;
  get.set_key("h");
  get.add_fields("a");
  get.add_fields("a");
  MustRefuse<v1::HashGetResponse>(get, StatusCode::kResourceExhausted, "REPLY_TOO_LARGE");
}

TEST_F(HashesTest, DeleteCountsAndTheLastOneDeletesTheKey) {
  for (const int size : {3, 500}) {
    Set("h", Numbered(size));
    v1::HashDeleteRequest request;
    request.set_key("h");
    for (const char* field : {"f0", "none", "f0"}) request.add_fields(field);
    EXPECT_EQ(Must<v1::HashDeleteResponse>(request).deleted(), 1);
    const int64_t before = store_.last_version();
    const auto nothing = Must<v1::HashDeleteResponse>(request);
    EXPECT_EQ(nothing.deleted(), 0);
    EXPECT_EQ(nothing.mutation().version(), before);
    EXPECT_EQ(store_.last_version(), before);
    v1::HashLengthRequest length;
    length.set_key("h");
    EXPECT_EQ(Must<v1::HashLengthResponse>(length).length(), size - 1);
    const Fields fields = Numbered(size);
    for (const auto& [field, value] : fields) request.add_fields(field);
    EXPECT_EQ(Must<v1::HashDeleteResponse>(request).deleted(), size - 1);
    EXPECT_EQ(store_.Statistics().keys, 0u);
  }
}

TEST_F(HashesTest, IncrementsStayInBounds) {
  auto request = IncrementRequest(5);
  EXPECT_EQ(Must<v1::HashIncrementResponse>(request).value(), 5);
  EXPECT_EQ(Get("n").integer(), 5);
  request.clear_delta();
  EXPECT_EQ(Must<v1::HashIncrementResponse>(request).value(), 6);
  MustRefuse<v1::HashIncrementResponse>(IncrementRequest(INT64_MAX), StatusCode::kOutOfRange,
                                        "OVERFLOW");
  request = IncrementRequest(INT64_MAX);
  request.set_saturate(true);
  request.set_maximum(100);
  EXPECT_EQ(Must<v1::HashIncrementResponse>(request).value(), 100);
  request.set_minimum(101);
  MustRefuse<v1::HashIncrementResponse>(request, StatusCode::kInvalidArgument,
                                        "ARGUMENT_OUT_OF_RANGE");
  Set("h", {{"n", "1e3"}});
  MustRefuse<v1::HashIncrementResponse>(IncrementRequest(1), StatusCode::kFailedPrecondition,
                                        "NOT_AN_INTEGER");
  request = IncrementRequest(1);
  request.set_field("");
  MustRefuse<v1::HashIncrementResponse>(request, StatusCode::kInvalidArgument, "KEY_EMPTY");
}

TEST_F(HashesTest, ARefusedIncrementLeavesNoHashBehind) {
  auto request = IncrementRequest(5);
  request.set_maximum(4);
  MustRefuse<v1::HashIncrementResponse>(request, StatusCode::kOutOfRange, "OVERFLOW");
  v1::HashIncrementNumberRequest number;
  number.set_key("h");
  number.set_field("n");
  number.set_delta(std::numeric_limits<double>::quiet_NaN());
  MustRefuse<v1::HashIncrementNumberResponse>(number, StatusCode::kInvalidArgument, "NOT_A_NUMBER");
  EXPECT_EQ(store_.Statistics().keys, 0u);
}

TEST_F(HashesTest, NumbersAddAsDecimals) {
  Set("h", {{"n", "0.1"}, {"text", "three"}, {"big", "1.7e308"}});
  v1::HashIncrementNumberRequest request;
  request.set_key("h");
  request.set_field("n");
  request.set_delta(0.2);
  EXPECT_EQ(Must<v1::HashIncrementNumberResponse>(request).value(), 0.3);
  EXPECT_EQ(Get("n").number(), 0.3);
  request.set_field("text");
  MustRefuse<v1::HashIncrementNumberResponse>(request, StatusCode::kFailedPrecondition,
                                              "NOT_A_FLOAT");
  request.set_field("big");
  request.set_delta(1.7e308);
  MustRefuse<v1::HashIncrementNumberResponse>(request, StatusCode::kOutOfRange, "OVERFLOW");
  request.set_delta(std::numeric_limits<double>::infinity());
  MustRefuse<v1::HashIncrementNumberResponse>(request, StatusCode::kInvalidArgument,
                                              "NOT_A_NUMBER");
}

TEST_F(HashesTest, SampleDrawsFieldsWithOrWithoutValues) {
  for (const int size : {10, 1000}) {
    const Fields fields = Numbered(size);
    Set("h", fields);
    v1::HashSampleRequest request;
    request.set_key("h");
    request.set_count(INT64_MAX);
    request.set_distinct(true);
    request.set_with_values(true);
    Fields seen;
    const auto all = Must<v1::HashSampleResponse>(request);
    for (const auto& field : all.fields()) {
      EXPECT_TRUE(seen.emplace(field.field(), field.value().text()).second);
    }
    EXPECT_EQ(seen, fields);
    request.set_distinct(false);
    MustRefuse<v1::HashSampleResponse>(request, StatusCode::kInvalidArgument,
                                       "ARGUMENT_OUT_OF_RANGE");
    request.set_count(50);
    request.set_with_values(false);
    const auto drawn = Must<v1::HashSampleResponse>(request);
    EXPECT_EQ(drawn.fields_size(), 50);
    for (const auto& field : drawn.fields()) {
      EXPECT_TRUE(fields.contains(field.field()) && !field.has_value());
    }
    request.set_count(INT64_MIN);
    MustRefuse<v1::HashSampleResponse>(request, StatusCode::kInvalidArgument,
                                       "ARGUMENT_OUT_OF_RANGE");
  }
  v1::HashSampleRequest request;
  request.set_key("missing");
  EXPECT_EQ(Must<v1::HashSampleResponse>(request).fields_size(), 0);
  request.set_key("h");
  request.set_count(1'000'000);
  MustRefuse<v1::HashSampleResponse>(request, StatusCode::kResourceExhausted, "REPLY_TOO_LARGE");
}

}  // namespace
}  // namespace kvick::server
