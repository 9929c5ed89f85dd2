// SetService, command by command, with Redis's edges.
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "kvick/v1/key.pb.h"
#include "kvick/v1/set.pb.h"
#include "kvick/v1/string.pb.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

using absl::StatusCode;
using Strings = std::set<std::string>;

class SetsTest : public ProcessorFixture {
 protected:
  v1::SetAddResponse Add(const std::string& key, const Strings& members) {
    v1::SetAddRequest request;
    request.set_key(key);
    for (const std::string& member : members) *request.add_members() = Text(member);
    return Must<v1::SetAddResponse>(request);
  }
  static Strings Numbered(int from, int to) {
    Strings members;
    for (int i = from; i < to; ++i) members.insert(absl::StrCat("member", i));
    return members;
  }
  // Each member once, or the test fails.
  static Strings Texts(const google::protobuf::RepeatedPtrField<v1::Value>& values) {
    Strings texts;
    for (const auto& value : values) {
      EXPECT_TRUE(texts.insert(value.text()).second) << value.text() << " comes twice";
    }
    return texts;
  }
  Strings Combine(v1::SetOperation operation, const std::vector<std::string>& keys,
                  int64_t limit = 0) {
    v1::SetCombineRequest request;
    v1::SetCombineCountRequest count;
    request.set_operation(operation);
    count.set_operation(operation);
    request.set_limit(limit);
    count.set_limit(limit);
    for (const std::string& key : keys) {
      request.add_keys(key);
      count.add_keys(key);
    }
    const Strings members = Texts(Must<v1::SetCombineResponse>(request).members());
    EXPECT_EQ(Must<v1::SetCombineCountResponse>(count).count(),
              static_cast<int64_t>(members.size()));
    return members;
  }
  Strings Members(const std::string& key) { return Combine(v1::SET_OPERATION_UNION, {key}); }
  v1::SetMoveResponse Move(const std::string& from, const std::string& to,
                           const std::string& member) {
    v1::SetMoveRequest request;
    request.set_source(from);
    request.set_destination(to);
    *request.mutable_member() = Text(member);
    return Must<v1::SetMoveResponse>(request);
  }
  bool HasExpiry(const std::string& key) {
    v1::KeyDescribeRequest request;
    request.set_key(key);
    return Must<v1::KeyDescribeResponse>(request).description().has_expire_time();
  }
};

TEST_F(SetsTest, MembersAreTheSameWhenTheirBytesAre) {
  v1::SetAddRequest request;
  request.set_key("s");
  request.add_members()->set_integer(5);
  request.add_members()->set_text("5");
  request.add_members()->set_data("5");
  request.add_members()->set_number(5);
  request.add_members()->set_text("");
  EXPECT_EQ(Must<v1::SetAddResponse>(request).added(), 2);
  v1::SetContainsRequest contains;
  contains.set_key("s");
  *contains.add_members() = Text("5");
  contains.add_members()->set_number(5.5);
  contains.add_members()->set_data("");
  const auto response = Must<v1::SetContainsResponse>(contains);
  EXPECT_TRUE(response.contains(0) && !response.contains(1) && response.contains(2));
  v1::SetSampleRequest sample;
  sample.set_key("s");
  sample.set_distinct(true);
  sample.set_count(10);
  bool seen = false;
  const auto all = Must<v1::SetSampleResponse>(sample);
  for (const auto& member : all.members()) {
    seen |= member.has_integer() && member.integer() == 5;
  }
  EXPECT_TRUE(seen) << "the kind that came first stays";
}

TEST_F(SetsTest, AddingWhatIsThereChangesNothing) {
  const int64_t version = Add("s", {"a", "b"}).mutation().version();
  const auto again = Add("s", {"a", "b"});
  EXPECT_EQ(again.added(), 0);
  EXPECT_TRUE(again.mutation().applied());
  EXPECT_EQ(again.mutation().version(), version);
  EXPECT_EQ(store_.last_version(), version);
  EXPECT_EQ(Add("s", {"b", "c"}).mutation().version(), version + 1);
}

TEST_F(SetsTest, BadMembersAreRefusedWhole) {
  v1::SetAddRequest add;
  add.set_key("s");
  MustRefuse<v1::SetAddResponse>(add, StatusCode::kInvalidArgument, "VALUE_MISSING");
  *add.add_members() = Text("good");
  add.add_members();
  MustRefuse<v1::SetAddResponse>(add, StatusCode::kInvalidArgument, "VALUE_MISSING");
  add.mutable_members(1)->set_number(std::numeric_limits<double>::quiet_NaN());
  MustRefuse<v1::SetAddResponse>(add, StatusCode::kInvalidArgument, "NOT_A_NUMBER");
  add.mutable_members(1)->set_text(std::string((1 << 20) + 1, 'x'));
  MustRefuse<v1::SetAddResponse>(add, StatusCode::kResourceExhausted, "VALUE_TOO_LARGE");
  EXPECT_EQ(store_.Statistics().keys, 0u);
  v1::SetRemoveRequest remove;
  remove.set_key("s");
  MustRefuse<v1::SetRemoveResponse>(remove, StatusCode::kInvalidArgument, "VALUE_MISSING");
  v1::SetContainsRequest contains;
  contains.set_key("s");
  MustRefuse<v1::SetContainsResponse>(contains, StatusCode::kInvalidArgument, "VALUE_MISSING");
}

TEST_F(SetsTest, RemoveCountsAndTheLastOneDeletesTheKey) {
  Add("s", {"a", "b", "c"});
  v1::SetRemoveRequest request;
  request.set_key("s");
  for (const char* member : {"a", "none", "a"}) *request.add_members() = Text(member);
  EXPECT_EQ(Must<v1::SetRemoveResponse>(request).removed(), 1);
  const int64_t before = store_.last_version();
  EXPECT_EQ(Must<v1::SetRemoveResponse>(request).removed(), 0);
  EXPECT_EQ(store_.last_version(), before);
  *request.add_members() = Text("b");
  *request.add_members() = Text("c");
  EXPECT_EQ(Must<v1::SetRemoveResponse>(request).removed(), 2);
  EXPECT_EQ(store_.Statistics().keys, 0u);
}

TEST_F(SetsTest, SampleDrawsDistinctOrNot) {
  for (const int size : {10, 1000}) {
    const Strings members = Numbered(0, size);
    Add("s", members);
    v1::SetSampleRequest request;
    request.set_key("s");
    EXPECT_EQ(Must<v1::SetSampleResponse>(request).members_size(), 1);
    request.set_distinct(true);
    request.set_count(7);
    EXPECT_EQ(Texts(Must<v1::SetSampleResponse>(request).members()).size(), 7u);
    request.set_count(INT64_MAX);
    EXPECT_EQ(Texts(Must<v1::SetSampleResponse>(request).members()), members);
    request.set_distinct(false);
    MustRefuse<v1::SetSampleResponse>(request, StatusCode::kInvalidArgument,
                                      "ARGUMENT_OUT_OF_RANGE");
    request.set_count(2000);
    const auto drawn = Must<v1::SetSampleResponse>(request);
    EXPECT_EQ(drawn.members_size(), 2000);
    for (const auto& member : drawn.members()) EXPECT_TRUE(members.contains(member.text()));
    request.set_count(0);
    EXPECT_EQ(Must<v1::SetSampleResponse>(request).members_size(), 0);
    request.set_count(-1);
    MustRefuse<v1::SetSampleResponse>(request, StatusCode::kInvalidArgument,
                                      "ARGUMENT_OUT_OF_RANGE");
  }
  v1::SetSampleRequest request;
  request.set_key("s");
  request.set_count(500'000);
  MustRefuse<v1::SetSampleResponse>(request, StatusCode::kResourceExhausted, "REPLY_TOO_LARGE");
}

TEST_F(SetsTest, PopTakesDifferentMembersUntilNoneIsLeft) {
  for (const int size : {10, 1000}) {
    Add("s", Numbered(0, size));
    v1::SetPopRequest request;
    request.set_key("s");
    Strings taken = Texts(Must<v1::SetPopResponse>(request).members());
    EXPECT_EQ(taken.size(), 1u);
    const int64_t before = store_.last_version();
    request.set_count(0);
    EXPECT_EQ(Must<v1::SetPopResponse>(request).members_size(), 0);
    EXPECT_EQ(store_.last_version(), before);
    request.set_count(size / 2);
    taken.merge(Texts(Must<v1::SetPopResponse>(request).members()));
    request.set_count(INT64_MAX);
    taken.merge(Texts(Must<v1::SetPopResponse>(request).members()));
    EXPECT_EQ(taken, Numbered(0, size));
    EXPECT_EQ(store_.Statistics().keys, 0u);
    request.set_count(-1);
    MustRefuse<v1::SetPopResponse>(request, StatusCode::kInvalidArgument, "ARGUMENT_OUT_OF_RANGE");
  }
}

TEST_F(SetsTest, AnswersOverTheLimitAreRefusedBeforeAnythingIsTaken) {
  Add("s", {std::string(400'000, 'a'), std::string(400'000, 'b'), std::string(400'000, 'c')});
  v1::SetPopRequest pop;
  pop.set_key("s");
  pop.set_count(3);
  MustRefuse<v1::SetPopResponse>(pop, StatusCode::kResourceExhausted, "REPLY_TOO_LARGE");
  v1::SetSampleRequest sample;
  sample.set_key("s");
  sample.set_count(3);
  sample.set_distinct(true);
  MustRefuse<v1::SetSampleResponse>(sample, StatusCode::kResourceExhausted, "REPLY_TOO_LARGE");
  v1::SetCombineRequest combine;
  combine.add_keys("s");
  combine.set_operation(v1::SET_OPERATION_UNION);
  MustRefuse<v1::SetCombineResponse>(combine, StatusCode::kResourceExhausted, "REPLY_TOO_LARGE");
  combine.set_limit(2);
  EXPECT_EQ(Must<v1::SetCombineResponse>(combine).members_size(), 2);
  v1::SetSizeRequest size;
  size.set_key("s");
  EXPECT_EQ(Must<v1::SetSizeResponse>(size).size(), 3);
}

TEST_F(SetsTest, MoveFollowsRedis) {
  Add("a", {"1", "2"});
  Add("b", {"2"});
  const auto moved = Move("a", "b", "1");
  EXPECT_TRUE(moved.moved());
  EXPECT_EQ(moved.mutation().version(), store_.last_version());
  EXPECT_EQ(Members("b"), (Strings{"1", "2"}));
  EXPECT_TRUE(Move("a", "b", "2").moved()) << "leaves the source although the other has it";
  EXPECT_EQ(Members("a"), Strings{});
  EXPECT_EQ(store_.Statistics().keys, 1u);
  const int64_t before = store_.last_version();
  EXPECT_FALSE(Move("a", "b", "1").moved());
  EXPECT_FALSE(Move("b", "c", "none").moved());
  EXPECT_TRUE(Move("b", "b", "1").moved());
  EXPECT_FALSE(Move("b", "b", "none").moved());
  EXPECT_EQ(store_.last_version(), before);
  EXPECT_EQ(store_.Statistics().keys, 1u) << "no empty set is left at c";
}

TEST_F(SetsTest, AMoveThatDidNotHappenGivesNoExpiry) {
  Add("a", {"1"});
  Add("b", {"2"});
  v1::SetMoveRequest request;
  request.set_source("a");
  request.set_destination("b");
  *request.mutable_member() = Text("none");
  request.mutable_expiry()->mutable_ttl()->set_seconds(10);
  const int64_t before = store_.last_version();
  EXPECT_FALSE(Must<v1::SetMoveResponse>(request).moved());
  request.set_source("missing");
  EXPECT_FALSE(Must<v1::SetMoveResponse>(request).moved());
  EXPECT_FALSE(HasExpiry("b"));
  EXPECT_EQ(store_.last_version(), before);
  request.set_source("a");
  *request.mutable_member() = Text("1");
  EXPECT_TRUE(Must<v1::SetMoveResponse>(request).moved());
  EXPECT_TRUE(HasExpiry("b"));
}

TEST_F(SetsTest, CombinationsOfSmallAndLargeSets) {
  for (const int size : {10, 1000}) {
    store_.Flush();
    Add("a", Numbered(0, size));
    Add("b", Numbered(size / 2, size * 3 / 2));
    Add("c", Numbered(size / 2, size));
    EXPECT_EQ(Combine(v1::SET_OPERATION_UNION, {"a", "b", "missing"}), Numbered(0, size * 3 / 2));
    EXPECT_EQ(Combine(v1::SET_OPERATION_INTERSECTION, {"a", "b"}), Numbered(size / 2, size));
    EXPECT_EQ(Combine(v1::SET_OPERATION_DIFFERENCE, {"a", "b"}), Numbered(0, size / 2));
    EXPECT_EQ(Combine(v1::SET_OPERATION_DIFFERENCE, {"a", "b", "c", "c", "c"}),
              Numbered(0, size / 2));
    EXPECT_EQ(Combine(v1::SET_OPERATION_INTERSECTION, {"a", "missing"}), Strings{});
    EXPECT_EQ(Combine(v1::SET_OPERATION_DIFFERENCE, {"missing", "a"}), Strings{});
    EXPECT_EQ(Combine(v1::SET_OPERATION_DIFFERENCE, {"a", "missing"}), Numbered(0, size));
    for (const auto operation : {v1::SET_OPERATION_UNION, v1::SET_OPERATION_INTERSECTION}) {
      EXPECT_EQ(Combine(operation, {"a", "b"}, 3).size(), 3u);
      EXPECT_EQ(Combine(operation, {"a"}, INT64_MAX), Numbered(0, size));
    }
  }
}

TEST_F(SetsTest, ASetNamedTwiceCountsOnce) {
  for (const int size : {3, 1000}) {
    Add("a", Numbered(0, size));
    Add("b", {"other"});
    for (const auto& keys :
         {std::vector<std::string>{"a", "a"}, {"a", "b", "a"}, {"b", "a", "a"}}) {
      Strings expected = Numbered(0, size);
      if (keys.size() > 2) expected.insert("other");
      EXPECT_EQ(Combine(v1::SET_OPERATION_UNION, keys), expected);
    }
    EXPECT_EQ(Combine(v1::SET_OPERATION_INTERSECTION, {"a", "a"}), Numbered(0, size));
    EXPECT_EQ(Combine(v1::SET_OPERATION_DIFFERENCE, {"a", "a"}), Strings{});
  }
}

// 100,000 times 100,000 look-ups, if each name counted, would take minutes.
TEST_F(SetsTest, NamesThatAreRepeatedCostNothing) {
  Add("a", Numbered(0, 100'000));
  Add("b", Numbered(1, 100'001));
  const std::vector<std::pair<v1::SetOperation, int64_t>> sizes = {
      {v1::SET_OPERATION_INTERSECTION, 99'999},
      {v1::SET_OPERATION_UNION, 100'001},
      {v1::SET_OPERATION_DIFFERENCE, 1}};
  for (const auto& [operation, size] : sizes) {
    v1::SetCombineCountRequest request;
    request.set_operation(operation);
    request.add_keys("a");
    for (int i = 0; i < 100'000; ++i) request.add_keys("b");
    EXPECT_EQ(Must<v1::SetCombineCountResponse>(request).count(), size);
  }
}

TEST_F(SetsTest, MembersOverTheLimitAreRefused) {
  v1::SetAddRequest request;
  request.set_key("k");
  for (size_t i = 0; i <= storage::Limits().max_items; ++i) request.add_members()->set_integer(1);
  MustRefuse<v1::SetAddResponse>(request, StatusCode::kInvalidArgument, "TOO_MANY_ITEMS");
  request.mutable_members()->RemoveLast();
  EXPECT_EQ(Must<v1::SetAddResponse>(request).added(), 1);
}

TEST_F(SetsTest, BadCombinationsAreRefused) {
  Add("a", {"1"});
  v1::SetCombineRequest request;
  request.add_keys("a");
  for (const int operation : {0, 4, -1}) {
    request.set_operation(static_cast<v1::SetOperation>(operation));
    MustRefuse<v1::SetCombineResponse>(request, StatusCode::kInvalidArgument, "UNKNOWN_ENUM_VALUE");
  }
  request.set_operation(v1::SET_OPERATION_UNION);
  request.set_limit(-1);
  MustRefuse<v1::SetCombineResponse>(request, StatusCode::kInvalidArgument,
                                     "ARGUMENT_OUT_OF_RANGE");
  v1::SetCombineStoreRequest store;
  store.set_destination("d");
  store.set_operation(v1::SET_OPERATION_UNION);
  MustRefuse<v1::SetCombineStoreResponse>(store, StatusCode::kInvalidArgument, "KEY_EMPTY");
  v1::StringSetRequest set;
  set.set_key("string");
  *set.mutable_value() = Text("no set");
  Must<v1::StringSetResponse>(set);
  store.add_keys("a");
  store.add_keys("string");
  MustRefuse<v1::SetCombineStoreResponse>(store, StatusCode::kFailedPrecondition, "WRONG_TYPE");
}

TEST_F(SetsTest, CombineStoreReplacesWhateverWasThere) {
  const auto store = [&](v1::SetOperation operation, const std::string& destination,
                         const std::vector<std::string>& keys) {
    v1::SetCombineStoreRequest request;
    request.set_operation(operation);
    request.set_destination(destination);
    for (const std::string& key : keys) request.add_keys(key);
    return Must<v1::SetCombineStoreResponse>(request);
  };
  Add("a", {"1", "2", "3"});
  Add("b", {"2", "3", "4"});
  EXPECT_EQ(store(v1::SET_OPERATION_INTERSECTION, "a", {"a", "b"}).size(), 2)
      << "the destination may be one of the sets";
  EXPECT_EQ(Members("a"), (Strings{"2", "3"}));
  v1::StringSetRequest set;
  set.set_key("d");
  *set.mutable_value() = Text("no set");
  set.mutable_expiry()->mutable_ttl()->set_seconds(10);
  Must<v1::StringSetResponse>(set);
  const auto response = store(v1::SET_OPERATION_UNION, "d", {"a", "b", "b"});
  EXPECT_EQ(response.size(), 3);
  EXPECT_EQ(response.mutation().version(), store_.last_version());
  EXPECT_TRUE(HasExpiry("d")) << "an unset expiry keeps what the key has";
  EXPECT_EQ(Members("d"), (Strings{"2", "3", "4"}));
  EXPECT_EQ(store(v1::SET_OPERATION_DIFFERENCE, "d", {"a", "b"}).size(), 0);
  EXPECT_EQ(store_.Statistics().keys, 2u) << "an empty result deletes the destination";
  const auto nothing = store(v1::SET_OPERATION_DIFFERENCE, "d", {"a", "b"});
  EXPECT_EQ(nothing.mutation().version(), 0);
}

TEST_F(SetsTest, CombineStoreTakesAnExpiryOrKeepsIt) {
  Add("a", {"1"});
  v1::SetCombineStoreRequest store;
  store.set_operation(v1::SET_OPERATION_UNION);
  store.set_destination("d");
  store.add_keys("a");
  Must<v1::SetCombineStoreResponse>(store);
  EXPECT_FALSE(HasExpiry("d"));
  store.mutable_expiry()->mutable_ttl()->set_seconds(10);
  Must<v1::SetCombineStoreResponse>(store);
  EXPECT_TRUE(HasExpiry("d"));
  store.clear_expiry();
  Must<v1::SetCombineStoreResponse>(store);
  EXPECT_TRUE(HasExpiry("d"));
  store.mutable_expiry()->set_persist(true);
  Must<v1::SetCombineStoreResponse>(store);
  EXPECT_FALSE(HasExpiry("d"));
  EXPECT_FALSE(HasExpiry("a")) << "of the destination alone";
}

}  // namespace
}  // namespace kvick::server
