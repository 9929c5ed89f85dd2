// ListService, command by command, with Redis's edges. What waits is in processor/waiting_test.cc.
#include <gtest/gtest.h>

#include <limits>

#include "absl/strings/str_cat.h"
#include "kvick/v1/key.pb.h"
#include "kvick/v1/list.pb.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

using absl::StatusCode;
using Strings = std::vector<std::string>;

class ListsTest : public ProcessorFixture {
 protected:
  v1::ListPushResponse Push(const std::string& key, const Strings& values,
                            v1::Side side = v1::SIDE_RIGHT) {
    v1::ListPushRequest request;
    request.set_key(key);
    request.set_side(side);
    for (const std::string& value : values) *request.add_values() = Text(value);
    return Must<v1::ListPushResponse>(request);
  }
  static Strings Texts(const google::protobuf::RepeatedPtrField<v1::Value>& values) {
    Strings texts;
    for (const auto& value : values) texts.push_back(value.text());
    return texts;
  }
  Strings Range(const std::string& key, int64_t start = 0, int64_t stop = -1) {
    v1::ListRangeRequest request;
    request.set_key(key);
    request.set_start(start);
    request.set_stop(stop);
    return Texts(Must<v1::ListRangeResponse>(request).values());
  }
  v1::ListPopRequest PopRequest(const std::string& key, int64_t count) {
    v1::ListPopRequest request;
    request.set_key(key);
    request.set_side(v1::SIDE_LEFT);
    request.set_count(count);
    return request;
  }
  std::vector<int64_t> Find(const std::string& value, int64_t rank, int64_t count,
                            int64_t max_length = 0) {
    v1::ListFindRequest request;
    request.set_key("l");
    *request.mutable_value() = Text(value);
    request.set_rank(rank);
    request.set_count(count);
    request.set_max_length(max_length);
    const auto response = Must<v1::ListFindResponse>(request);
    return {response.indexes().begin(), response.indexes().end()};
  }
  v1::ListMoveResponse Move(const std::string& from, v1::Side from_side, const std::string& to,
                            v1::Side to_side) {
    v1::ListMoveRequest request;
    request.set_source(from);
    request.set_destination(to);
    request.set_from_side(from_side);
    request.set_to_side(to_side);
    return Must<v1::ListMoveResponse>(request);
  }
  int64_t Length(const std::string& key) {
    v1::ListLengthRequest request;
    request.set_key(key);
    return Must<v1::ListLengthResponse>(request).length();
  }
};

TEST_F(ListsTest, PushAddsOneAfterTheOtherAtEitherEnd) {
  EXPECT_EQ(Push("l", {"a", "b"}).length(), 2);
  const auto response = Push("l", {"c", "d"}, v1::SIDE_LEFT);
  EXPECT_EQ(response.length(), 4);
  EXPECT_EQ(response.mutation().version(), store_.last_version());
  EXPECT_EQ(Range("l"), (Strings{"d", "c", "a", "b"}));
}

TEST_F(ListsTest, BadPushesAreRefusedWhole) {
  v1::ListPushRequest request;
  request.set_key("l");
  request.set_side(v1::SIDE_LEFT);
  MustRefuse<v1::ListPushResponse>(request, StatusCode::kInvalidArgument, "VALUE_MISSING");
  *request.add_values() = Text("good");
  request.add_values()->set_number(std::numeric_limits<double>::quiet_NaN());
  MustRefuse<v1::ListPushResponse>(request, StatusCode::kInvalidArgument, "NOT_A_NUMBER");
  request.mutable_values(1)->Clear();
  MustRefuse<v1::ListPushResponse>(request, StatusCode::kInvalidArgument, "VALUE_MISSING");
  request.mutable_values(1)->set_data(std::string((1 << 20) + 1, 'x'));
  MustRefuse<v1::ListPushResponse>(request, StatusCode::kResourceExhausted, "VALUE_TOO_LARGE");
  request.mutable_values()->RemoveLast();
  for (const int side : {0, 3, -1}) {
    request.set_side(static_cast<v1::Side>(side));
    MustRefuse<v1::ListPushResponse>(request, StatusCode::kInvalidArgument, "UNKNOWN_ENUM_VALUE");
  }
  EXPECT_EQ(Length("l"), 0);
}

TEST_F(ListsTest, PushToWhatIsThereOnly) {
  v1::ListPushRequest request;
  request.set_key("l");
  request.set_side(v1::SIDE_RIGHT);
  *request.add_values() = Text("a");
  request.mutable_precondition()->set_present(true);
  const auto refused = Must<v1::ListPushResponse>(request);
  EXPECT_FALSE(refused.mutation().applied());
  EXPECT_EQ(refused.length(), 0);
  EXPECT_EQ(Length("l"), 0);
  Push("l", {"b"});
  EXPECT_EQ(Must<v1::ListPushResponse>(request).length(), 2) << "as LPUSHX and RPUSHX";
}

TEST_F(ListsTest, PopTakesFromEitherEndAndTheLastOneDeletesTheKey) {
  Push("l", {"a", "b", "c", "d", "e"});
  auto request = PopRequest("l", 2);
  EXPECT_EQ(Texts(Must<v1::ListPopResponse>(request).values()), (Strings{"a", "b"}));
  request.set_side(v1::SIDE_RIGHT);
  EXPECT_EQ(Texts(Must<v1::ListPopResponse>(request).values()), (Strings{"e", "d"}));
  request.clear_count();
  EXPECT_EQ(Texts(Must<v1::ListPopResponse>(request).values()), Strings{"c"});
  EXPECT_EQ(store_.Statistics().keys, 0u);
  const auto nothing = Must<v1::ListPopResponse>(request);
  EXPECT_EQ(nothing.values_size(), 0);
  EXPECT_EQ(nothing.mutation().version(), 0);
}

TEST_F(ListsTest, PopCountsAtTheirExtremes) {
  const int64_t version = Push("l", {"a", "b"}).mutation().version();
  for (const int64_t count : {int64_t{-1}, std::numeric_limits<int64_t>::min()}) {
    MustRefuse<v1::ListPopResponse>(PopRequest("l", count), StatusCode::kInvalidArgument,
                                    "ARGUMENT_OUT_OF_RANGE");
  }
  const auto none = Must<v1::ListPopResponse>(PopRequest("l", 0));
  EXPECT_EQ(none.values_size(), 0);
  EXPECT_EQ(none.mutation().version(), version) << "nothing changed";
  EXPECT_EQ(store_.last_version(), version);
  const auto all = Must<v1::ListPopResponse>(PopRequest("l", std::numeric_limits<int64_t>::max()));
  EXPECT_EQ(all.values_size(), 2);
  EXPECT_EQ(all.mutation().version(), version + 1);
}

TEST_F(ListsTest, AnswersOverTheLimitAreRefusedBeforeAnythingIsTaken) {
  for (int i = 0; i < 3; ++i) Push("l", {std::string(400'000, 'x')});
  MustRefuse<v1::ListPopResponse>(PopRequest("l", 3), StatusCode::kResourceExhausted,
                                  "REPLY_TOO_LARGE");
  v1::ListPopAnyRequest any;
  any.add_keys("l");
  any.set_side(v1::SIDE_LEFT);
  any.set_count(3);
  MustRefuse<v1::ListPopAnyResponse>(any, StatusCode::kResourceExhausted, "REPLY_TOO_LARGE");
  v1::ListRangeRequest range;
  range.set_key("l");
  range.set_stop(-1);
  MustRefuse<v1::ListRangeResponse>(range, StatusCode::kResourceExhausted, "REPLY_TOO_LARGE");
  EXPECT_EQ(Length("l"), 3);
  EXPECT_EQ(Must<v1::ListPopResponse>(PopRequest("l", 2)).values_size(), 2);
}

TEST_F(ListsTest, PopAnyTakesFromTheFirstThatHasAny) {
  Push("b", {"1", "2"});
  Push("c", {"3"});
  v1::ListPopAnyRequest request;
  for (const char* key : {"a", "b", "b", "c"}) request.add_keys(key);
  request.set_side(v1::SIDE_RIGHT);
  request.set_count(5);
  auto response = Must<v1::ListPopAnyResponse>(request);
  EXPECT_EQ(response.key(), "b");
  EXPECT_EQ(Texts(response.values()), (Strings{"2", "1"}));
  EXPECT_EQ(response.mutation().version(), store_.last_version());
  response = Must<v1::ListPopAnyResponse>(request);
  EXPECT_EQ(response.key(), "c");
  response = Must<v1::ListPopAnyResponse>(request);
  EXPECT_FALSE(response.has_key());
  EXPECT_EQ(response.values_size(), 0);
  EXPECT_TRUE(response.mutation().applied());
  for (const int64_t count : {int64_t{0}, int64_t{-1}}) {
    request.set_count(count);
    MustRefuse<v1::ListPopAnyResponse>(request, StatusCode::kInvalidArgument,
                                       "ARGUMENT_OUT_OF_RANGE");
  }
  request.set_side(v1::SIDE_UNSPECIFIED);
  MustRefuse<v1::ListPopAnyResponse>(request, StatusCode::kInvalidArgument, "UNKNOWN_ENUM_VALUE");
}

TEST_F(ListsTest, RangesFollowRedis) {
  Push("l", {"a", "b", "c", "d"});
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Range("l", 1, 2), (Strings{"b", "c"}));
  EXPECT_EQ(Range("l", -2, -1), (Strings{"c", "d"}));
  EXPECT_EQ(Range("l", -100, 0), Strings{"a"});
  EXPECT_EQ(Range("l", 2, 1), Strings{});
  EXPECT_EQ(Range("l", 4, 10), Strings{});
  EXPECT_EQ(Range("l", 0, -5), Strings{});
  EXPECT_EQ(Range("l", kMin, kMax).size(), 4u);
  EXPECT_EQ(Range("l", kMax, kMin), Strings{});
  EXPECT_EQ(Range("l", kMin, kMin), Strings{});
  EXPECT_EQ(Range("l", kMax, kMax), Strings{});
  EXPECT_EQ(Range("missing"), Strings{});
}

TEST_F(ListsTest, IndexesReachEveryValueOfALargeList) {
  Strings values;
  for (int i = 0; i < 5000; ++i) values.push_back(absl::StrCat("value", i));
  const int64_t version = Push("l", values).mutation().version();
  v1::ListGetAtRequest get;
  get.set_key("l");
  for (const int64_t index : {0, 1, 2499, 2500, 4999}) {
    get.set_index(index);
    const auto entry = Must<v1::ListGetAtResponse>(get).entry();
    EXPECT_EQ(entry.value().text(), values[static_cast<size_t>(index)]);
    EXPECT_EQ(entry.version(), version);
    get.set_index(index - 5000);
    EXPECT_EQ(Must<v1::ListGetAtResponse>(get).entry().value().text(),
              values[static_cast<size_t>(index)]);
  }
  for (const int64_t index : {int64_t{5000}, int64_t{-5001}, INT64_MAX, INT64_MIN}) {
    get.set_index(index);
    EXPECT_FALSE(Must<v1::ListGetAtResponse>(get).has_entry());
  }
}

TEST_F(ListsTest, SetAtReplacesAndRefusesWhatIsOutside) {
  Push("l", {"a", "b", "c"});
  v1::ListSetAtRequest request;
  request.set_key("l");
  request.set_index(-1);
  request.mutable_value()->set_integer(7);
  const auto response = Must<v1::ListSetAtResponse>(request);
  EXPECT_EQ(response.mutation().version(), store_.last_version());
  v1::ListGetAtRequest get;
  get.set_key("l");
  get.set_index(2);
  EXPECT_EQ(Must<v1::ListGetAtResponse>(get).entry().value().integer(), 7);
  for (const int64_t index : {int64_t{3}, int64_t{-4}, INT64_MAX, INT64_MIN}) {
    request.set_index(index);
    MustRefuse<v1::ListSetAtResponse>(request, StatusCode::kOutOfRange, "INDEX_OUT_OF_RANGE");
  }
  request.clear_value();
  MustRefuse<v1::ListSetAtResponse>(request, StatusCode::kInvalidArgument, "VALUE_MISSING");
}

TEST_F(ListsTest, InsertBesideThePivot) {
  Push("l", {"a", "b", "b"});
  v1::ListInsertRequest request;
  request.set_key("l");
  request.set_position(v1::INSERT_POSITION_BEFORE);
  *request.mutable_pivot() = Text("b");
  *request.mutable_value() = Text("x");
  auto response = Must<v1::ListInsertResponse>(request);
  EXPECT_TRUE(response.inserted());
  EXPECT_EQ(response.length(), 4);
  request.set_position(v1::INSERT_POSITION_AFTER);
  request.mutable_pivot()->set_data("a");
  *request.mutable_value() = Text("y");
  EXPECT_TRUE(Must<v1::ListInsertResponse>(request).inserted()) << "kinds do not matter";
  EXPECT_EQ(Range("l"), (Strings{"a", "y", "x", "b", "b"}));
  const int64_t before = store_.last_version();
  *request.mutable_pivot() = Text("none");
  response = Must<v1::ListInsertResponse>(request);
  EXPECT_FALSE(response.inserted());
  EXPECT_EQ(response.length(), 5);
  EXPECT_EQ(response.mutation().version(), before);
  request.set_key("missing");
  response = Must<v1::ListInsertResponse>(request);
  EXPECT_FALSE(response.inserted());
  EXPECT_EQ(response.mutation().version(), 0);
  EXPECT_EQ(store_.last_version(), before);
  for (const int position : {0, 3}) {
    request.set_position(static_cast<v1::InsertPosition>(position));
    MustRefuse<v1::ListInsertResponse>(request, StatusCode::kInvalidArgument, "UNKNOWN_ENUM_VALUE");
  }
}

TEST_F(ListsTest, RemoveFromEitherEnd) {
  const auto remove = [&](const std::string& value, int64_t count) {
    v1::ListRemoveRequest request;
    request.set_key("l");
    *request.mutable_value() = Text(value);
    request.set_count(count);
    return Must<v1::ListRemoveResponse>(request);
  };
  Push("l", {"a", "x", "b", "x", "c", "x"});
  EXPECT_EQ(remove("x", 1).removed(), 1);
  EXPECT_EQ(Range("l"), (Strings{"a", "b", "x", "c", "x"}));
  EXPECT_EQ(remove("x", -1).removed(), 1);
  EXPECT_EQ(Range("l"), (Strings{"a", "b", "x", "c"}));
  const int64_t before = store_.last_version();
  EXPECT_EQ(remove("none", 0).removed(), 0);
  EXPECT_EQ(remove("none", 0).mutation().version(), before);
  EXPECT_EQ(store_.last_version(), before);
  Push("l", {"x", "x"});
  EXPECT_EQ(remove("x", INT64_MIN).removed(), 3);
  EXPECT_EQ(remove("a", INT64_MAX).removed(), 1);
  EXPECT_EQ(remove("b", 0).removed() + remove("c", 0).removed(), 2);
  EXPECT_EQ(store_.Statistics().keys, 0u) << "an empty list is none";
}

TEST_F(ListsTest, TrimKeepsThePart) {
  const auto trim = [&](int64_t start, int64_t stop) {
    v1::ListTrimRequest request;
    request.set_key("l");
    request.set_start(start);
    request.set_stop(stop);
    return Must<v1::ListTrimResponse>(request);
  };
  EXPECT_EQ(trim(0, -1).length(), 0);
  Push("l", {"a", "b", "c", "d", "e"});
  const int64_t before = store_.last_version();
  EXPECT_EQ(trim(INT64_MIN, INT64_MAX).length(), 5);
  EXPECT_EQ(trim(0, -1).mutation().version(), before) << "nothing to cut, nothing changed";
  EXPECT_EQ(trim(1, -2).length(), 3);
  EXPECT_EQ(Range("l"), (Strings{"b", "c", "d"}));
  EXPECT_EQ(store_.last_version(), before + 1);
  EXPECT_EQ(trim(INT64_MAX, INT64_MIN).length(), 0);
  EXPECT_EQ(store_.Statistics().keys, 0u);
  EXPECT_EQ(store_.last_version(), before + 2);
}

TEST_F(ListsTest, FindFollowsRedis) {
  Push("l", {"a", "b", "c", "1", "2", "3", "c", "c"});
  using Indexes = std::vector<int64_t>;
  EXPECT_EQ(Find("c", 1, 1), Indexes{2});
  EXPECT_EQ(Find("c", 2, 1), Indexes{6});
  EXPECT_EQ(Find("c", -1, 1), Indexes{7});
  EXPECT_EQ(Find("c", -2, 1), Indexes{6});
  EXPECT_EQ(Find("c", 1, 2), (Indexes{2, 6}));
  EXPECT_EQ(Find("c", -1, 2), (Indexes{7, 6}));
  EXPECT_EQ(Find("c", 1, 0), (Indexes{2, 6, 7}));
  EXPECT_EQ(Find("c", 1, INT64_MAX), (Indexes{2, 6, 7}));
  EXPECT_EQ(Find("c", 1, 0, 2), Indexes{});
  EXPECT_EQ(Find("c", 1, 0, 3), Indexes{2});
  EXPECT_EQ(Find("c", -1, 0, 1), Indexes{7});
  EXPECT_EQ(Find("c", INT64_MAX, 0), Indexes{});
  EXPECT_EQ(Find("c", INT64_MIN + 1, 0, INT64_MAX), Indexes{});
  v1::ListFindRequest request;
  request.set_key("l");
  *request.mutable_value() = Text("c");
  EXPECT_EQ(Must<v1::ListFindResponse>(request).indexes(0), 2) << "unset: the first match";
  for (const int64_t rank : {int64_t{0}, INT64_MIN}) {
    request.set_rank(rank);
    MustRefuse<v1::ListFindResponse>(request, StatusCode::kInvalidArgument,
                                     "ARGUMENT_OUT_OF_RANGE");
  }
  request.set_rank(1);
  request.set_count(-1);
  MustRefuse<v1::ListFindResponse>(request, StatusCode::kInvalidArgument, "ARGUMENT_OUT_OF_RANGE");
  request.set_count(0);
  request.set_max_length(-1);
  MustRefuse<v1::ListFindResponse>(request, StatusCode::kInvalidArgument, "ARGUMENT_OUT_OF_RANGE");
}

TEST_F(ListsTest, MoveBetweenAllEnds) {
  Push("a", {"1", "2", "3"});
  EXPECT_EQ(Move("a", v1::SIDE_LEFT, "b", v1::SIDE_RIGHT).value().text(), "1");
  EXPECT_EQ(Move("a", v1::SIDE_RIGHT, "b", v1::SIDE_LEFT).value().text(), "3");
  EXPECT_EQ(Range("b"), (Strings{"3", "1"}));
  const auto last = Move("a", v1::SIDE_LEFT, "b", v1::SIDE_LEFT);
  EXPECT_EQ(Range("b"), (Strings{"2", "3", "1"}));
  EXPECT_EQ(Range("a"), Strings{});
  EXPECT_EQ(last.mutation().version(), store_.last_version());
  EXPECT_EQ(store_.Statistics().keys, 1u);
  const auto nothing = Move("a", v1::SIDE_LEFT, "b", v1::SIDE_LEFT);
  EXPECT_FALSE(nothing.has_value());
  EXPECT_EQ(nothing.mutation().version(), last.mutation().version());
}

TEST_F(ListsTest, MoveWithinOneListRotates) {
  Push("l", {"a", "b", "c"});
  Move("l", v1::SIDE_LEFT, "l", v1::SIDE_RIGHT);
  EXPECT_EQ(Range("l"), (Strings{"b", "c", "a"}));
  Move("l", v1::SIDE_RIGHT, "l", v1::SIDE_RIGHT);
  EXPECT_EQ(Range("l"), (Strings{"b", "c", "a"}));
  Push("one", {"x"});
  Move("one", v1::SIDE_LEFT, "one", v1::SIDE_LEFT);
  EXPECT_EQ(Range("one"), Strings{"x"}) << "a list that is empty for a moment stays";
}

TEST_F(ListsTest, MoveChecksBothBeforeItTakes) {
  Push("l", {"a"});
  v1::ListMoveRequest request;
  request.set_source("l");
  request.set_destination("d");
  request.set_from_side(v1::SIDE_LEFT);
  MustRefuse<v1::ListMoveResponse>(request, StatusCode::kInvalidArgument, "UNKNOWN_ENUM_VALUE");
  request.set_to_side(v1::SIDE_LEFT);
  request.mutable_precondition()->set_present(true);
  EXPECT_FALSE(Must<v1::ListMoveResponse>(request).mutation().applied());
  EXPECT_EQ(Length("l"), 1);
  request.clear_precondition();
  request.mutable_expiry()->mutable_ttl()->set_seconds(10);
  request.set_source("missing");
  Push("d", {"z"});
  EXPECT_FALSE(Must<v1::ListMoveResponse>(request).has_value());
  v1::KeyDescribeRequest describe;
  describe.set_key("d");
  EXPECT_FALSE(Must<v1::KeyDescribeResponse>(describe).description().has_expire_time())
      << "nothing moved, so nothing is given an expiry";
}

}  // namespace
}  // namespace kvick::server
