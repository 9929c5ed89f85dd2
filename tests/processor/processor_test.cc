// What the processor does for every command: keys, preconditions, expiry, versions, memory.
#include "server/processor/processor.h"

#include <gtest/gtest.h>

#include "kvick/v1/hash.pb.h"
#include "kvick/v1/key.pb.h"
#include "kvick/v1/set.pb.h"
#include "kvick/v1/string.pb.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

using absl::StatusCode;

class ProcessorTest : public ProcessorFixture {
 protected:
  v1::StringSetRequest SetRequest(const std::string& key, const std::string& value) {
    v1::StringSetRequest request;
    request.set_key(key);
    *request.mutable_value() = Text(value);
    return request;
  }
  v1::StringSetResponse Set(const v1::StringSetRequest& request) {
    auto response = Run<v1::StringSetResponse>(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(v1::StringSetResponse());
  }
  v1::StringGetResponse Get(const std::string& key) {
    v1::StringGetRequest request;
    request.set_key(key);
    auto response = Run<v1::StringGetResponse>(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(v1::StringGetResponse());
  }
  absl::Status SetStatus(const v1::StringSetRequest& request) {
    return Run<v1::StringSetResponse>(request).status();
  }
};

TEST_F(ProcessorTest, KeysHaveFromOneByteToTheLimit) {
  ExpectError(SetStatus(SetRequest("", "v")), StatusCode::kInvalidArgument, "KEY_EMPTY");
  ExpectError(SetStatus(SetRequest(std::string(1025, 'k'), "v")), StatusCode::kInvalidArgument,
              "KEY_TOO_LONG");
  EXPECT_TRUE(SetStatus(SetRequest(std::string(1024, 'k'), "v")).ok());
  ExpectError(Run<v1::KeyExistsResponse>(v1::KeyExistsRequest()).status(),
              StatusCode::kInvalidArgument, "KEY_EMPTY");
  v1::KeyExistsRequest one_is_empty;
  one_is_empty.add_keys("a");
  one_is_empty.add_keys("");
  ExpectError(Run<v1::KeyExistsResponse>(one_is_empty).status(), StatusCode::kInvalidArgument,
              "KEY_EMPTY");
}

TEST_F(ProcessorTest, PreconditionsDecide) {
  auto request = SetRequest("k", "1");
  request.mutable_precondition()->set_present(true);
  auto response = Set(request);
  EXPECT_FALSE(response.mutation().applied());
  EXPECT_EQ(response.mutation().version(), 0);
  EXPECT_FALSE(Get("k").has_entry());

  request.mutable_precondition()->set_absent(true);
  response = Set(request);
  EXPECT_TRUE(response.mutation().applied());
  const int64_t version = response.mutation().version();
  EXPECT_GT(version, 0);
  EXPECT_EQ(Get("k").entry().version(), version);
  response = Set(request);
  EXPECT_FALSE(response.mutation().applied());
  EXPECT_EQ(response.mutation().version(), version) << "the current version tells what to ask for";

  request.mutable_precondition()->set_version(version + 1);
  EXPECT_FALSE(Set(request).mutation().applied());
  request.mutable_precondition()->set_version(version);
  request.mutable_value()->set_text("2");
  EXPECT_TRUE(Set(request).mutation().applied());
  EXPECT_FALSE(Set(request).mutation().applied()) << "the version has moved on";

  request.mutable_precondition()->mutable_value_equals()->set_integer(2);
  request.mutable_value()->set_text("3");
  EXPECT_TRUE(Set(request).mutation().applied()) << "equal canonical bytes, whatever the kind";
  EXPECT_FALSE(Set(request).mutation().applied());
}

TEST_F(ProcessorTest, VersionZeroMeansAbsent) {
  auto request = SetRequest("k", "1");
  request.mutable_precondition()->set_version(0);
  EXPECT_TRUE(Set(request).mutation().applied());
  EXPECT_FALSE(Set(request).mutation().applied());
}

TEST_F(ProcessorTest, PreconditionsThatSayNothingAreRefused) {
  auto request = SetRequest("k", "1");
  request.mutable_precondition();
  ExpectError(SetStatus(request), StatusCode::kInvalidArgument, "PRECONDITION_MISSING");
  request.mutable_precondition()->set_absent(false);
  ExpectError(SetStatus(request), StatusCode::kInvalidArgument, "PRECONDITION_MISSING");
  request.mutable_precondition()->set_version(-1);
  ExpectError(SetStatus(request), StatusCode::kInvalidArgument, "ARGUMENT_OUT_OF_RANGE");
  request.mutable_precondition()->mutable_value_equals();
  ExpectError(SetStatus(request), StatusCode::kInvalidArgument, "VALUE_MISSING");
  EXPECT_FALSE(Get("k").has_entry());
}

TEST_F(ProcessorTest, ValueEqualsIsForStrings) {
  v1::HashSetRequest hash;
  hash.set_key("h");
  (*hash.mutable_fields())["f"] = Text("v");
  ASSERT_TRUE(Run<v1::HashSetResponse>(hash).ok());
  hash.mutable_precondition()->mutable_value_equals()->set_text("v");
  ExpectError(Run<v1::HashSetResponse>(hash).status(), StatusCode::kFailedPrecondition,
              "WRONG_TYPE");
}

TEST_F(ProcessorTest, APreconditionOfManyKeysHoldsForAllOrNothingHappens) {
  Set(SetRequest("a", "1"));
  v1::StringBatchSetRequest batch;
  for (const char* key : {"b", "a", "c"}) {
    auto* item = batch.add_items();
    item->set_key(key);
    item->mutable_value()->set_text("new");
  }
  batch.mutable_precondition()->set_absent(true);
  auto response = Run<v1::StringBatchSetResponse>(batch);
  ASSERT_TRUE(response.ok());
  EXPECT_FALSE(response->mutation().applied());
  EXPECT_FALSE(Get("b").has_entry());
  EXPECT_EQ(Get("a").entry().value().text(), "1");
  batch.clear_precondition();
  response = Run<v1::StringBatchSetResponse>(batch);
  EXPECT_EQ(Get("a").entry().version(), response->mutation().version());
  EXPECT_EQ(Get("c").entry().version(), response->mutation().version());
}

TEST_F(ProcessorTest, ARefusedSetStillAnswersThePrevious) {
  Set(SetRequest("k", "old"));
  auto request = SetRequest("k", "new");
  request.set_return_previous(true);
  request.mutable_precondition()->set_absent(true);
  const auto response = Set(request);
  EXPECT_FALSE(response.mutation().applied());
  EXPECT_EQ(response.previous().value().text(), "old");
}

TEST_F(ProcessorTest, AWriteCanCarryAnExpiry) {
  auto request = SetRequest("k", "v");
  request.mutable_expiry()->mutable_ttl()->set_seconds(10);
  Set(request);
  EXPECT_EQ(Get("k").entry().expire_time().seconds(), kStart / 1000 + 10);
  request.clear_expiry();
  Set(request);
  EXPECT_TRUE(Get("k").entry().has_expire_time()) << "unset keeps what the key has";
  request.mutable_expiry()->set_persist(true);
  Set(request);
  EXPECT_FALSE(Get("k").entry().has_expire_time());
  request.mutable_expiry()->mutable_expire_time()->set_seconds(5);
  EXPECT_TRUE(Set(request).mutation().applied());
  EXPECT_FALSE(Get("k").has_entry()) << "a moment in the past expires the key at once";
}

TEST_F(ProcessorTest, AWriteWhoseOwnConditionFailsLeavesTheExpiry) {
  v1::HashSetRequest hash;
  hash.set_key("h");
  (*hash.mutable_fields())["f"].set_text("v");
  ASSERT_TRUE(Run<v1::HashSetResponse>(hash).ok());
  hash.set_field_condition(v1::FIELD_CONDITION_IF_NONE_EXIST);
  hash.mutable_expiry()->mutable_ttl()->set_seconds(10);
  EXPECT_FALSE(Run<v1::HashSetResponse>(hash)->fields_set());

  v1::SetAddRequest set;
  set.set_key("s");
  *set.add_members() = Text("m");
  ASSERT_TRUE(Run<v1::SetAddResponse>(set).ok());
  v1::SetMoveRequest move;
  move.set_source("h2");
  move.set_destination("s");
  *move.mutable_member() = Text("other");
  move.mutable_expiry()->mutable_ttl()->set_seconds(10);
  EXPECT_FALSE(Run<v1::SetMoveResponse>(move)->moved());

  for (const char* key : {"h", "s"}) {
    v1::KeyDescribeRequest describe;
    describe.set_key(key);
    EXPECT_FALSE(Run<v1::KeyDescribeResponse>(describe)->description().has_expire_time()) << key;
  }
}

TEST_F(ProcessorTest, ImpossibleExpiriesAreRefusedAndNothingChanges) {
  auto request = SetRequest("k", "v");
  const auto refused = [&] {
    ExpectError(SetStatus(request), StatusCode::kInvalidArgument, "EXPIRY_INVALID");
    EXPECT_FALSE(Get("k").has_entry());
  };
  request.mutable_expiry();
  refused();
  request.mutable_expiry()->mutable_ttl();
  refused();
  request.mutable_expiry()->mutable_ttl()->set_seconds(-1);
  refused();
  request.mutable_expiry()->mutable_ttl()->set_seconds(std::numeric_limits<int64_t>::max());
  refused();
  request.mutable_expiry()->mutable_ttl()->set_seconds(0);
  request.mutable_expiry()->mutable_ttl()->set_nanos(2'000'000'000);
  refused();
  request.mutable_expiry()->mutable_expire_time()->set_seconds(std::numeric_limits<int64_t>::max());
  refused();
  request.mutable_expiry()->set_persist(false);
  refused();
}

TEST_F(ProcessorTest, ATtlBelowAMillisecondIsOne) {
  auto request = SetRequest("k", "v");
  request.mutable_expiry()->mutable_ttl()->set_nanos(1);
  Set(request);
  EXPECT_TRUE(Get("k").has_entry());
  now_ += 1;
  EXPECT_FALSE(Get("k").has_entry());
}

TEST_F(ProcessorTest, WhatChangesNothingTakesNoVersion) {
  Set(SetRequest("k", "v"));
  const int64_t before = store_.last_version();
  v1::KeyDeleteRequest missing;
  missing.add_keys("missing");
  EXPECT_TRUE(Run<v1::KeyDeleteResponse>(missing)->mutation().applied());
  v1::KeyPersistRequest persist;
  persist.set_key("k");
  EXPECT_EQ(Run<v1::KeyPersistResponse>(persist)->mutation().version(), before);
  Get("k");
  EXPECT_EQ(store_.last_version(), before);
}

TEST_F(ProcessorTest, ValuesAreCheckedBeforeAnythingChanges) {
  v1::StringSetRequest request;
  request.set_key("k");
  ExpectError(SetStatus(request), StatusCode::kInvalidArgument, "VALUE_MISSING");
  request.mutable_value()->set_number(std::numeric_limits<double>::quiet_NaN());
  ExpectError(SetStatus(request), StatusCode::kInvalidArgument, "NOT_A_NUMBER");
  request.mutable_value()->set_data(std::string((1 << 20) + 1, 'x'));
  ExpectError(SetStatus(request), StatusCode::kResourceExhausted, "VALUE_TOO_LARGE");
  EXPECT_FALSE(Get("k").has_entry());
}

class FullProcessorTest : public ProcessorFixture {
 protected:
  FullProcessorTest() : ProcessorFixture(256 << 10) {}
};

TEST_F(FullProcessorTest, AtTheMemoryLimitOnlyWhatTakesAwayRuns) {
  v1::StringSetRequest set;
  set.mutable_value()->set_text(std::string(1000, 'v'));
  absl::Status status;
  int keys = 0;
  while (status.ok() && keys < 1000) {
    set.set_key("key" + std::to_string(keys++));
    status = Run<v1::StringSetResponse>(set).status();
  }
  ExpectError(status, StatusCode::kResourceExhausted, "MEMORY_LIMIT");
  EXPECT_TRUE(storage::RetryDelayOf(status).has_value());
  EXPECT_GT(keys, 150);
  EXPECT_LT(keys, 260);
  v1::StringGetRequest get;
  get.set_key("key0");
  EXPECT_TRUE(Run<v1::StringGetResponse>(get)->has_entry());
  v1::KeyDeleteRequest remove;
  for (int i = 0; i < keys; ++i) remove.add_keys("key" + std::to_string(i));
  EXPECT_EQ(Run<v1::KeyDeleteResponse>(remove)->deleted(), keys - 1);
  EXPECT_TRUE(Run<v1::StringSetResponse>(set).ok()) << "there is room again";
}

// A few bytes of request may ask for as much as there is already.
TEST_F(FullProcessorTest, WhatNeedsMoreThanThereIsRoomForIsRefusedBeforehand) {
  v1::StringSetRequest set;
  set.set_key("half");
  set.mutable_value()->set_data(std::string(150 << 10, 'v'));
  Must<v1::StringSetResponse>(set);
  const int64_t before = store_.last_version();
  v1::KeyCopyRequest copy;
  copy.set_key("half");
  copy.set_new_key("other");
  ExpectError(Run<v1::KeyCopyResponse>(copy).status(), StatusCode::kResourceExhausted,
              "MEMORY_LIMIT");
  v1::StringSetRangeRequest set_range;
  set_range.set_key("far");
  set_range.set_offset(200 << 10);
  set_range.mutable_value()->set_text("x");
  ExpectError(Run<v1::StringSetRangeResponse>(set_range).status(), StatusCode::kResourceExhausted,
              "MEMORY_LIMIT");
  v1::StringAppendRequest append;
  append.set_key("half");
  append.mutable_value()->set_data(std::string(200 << 10, 'v'));
  ExpectError(Run<v1::StringAppendResponse>(append).status(), StatusCode::kResourceExhausted,
              "MEMORY_LIMIT");
  EXPECT_EQ(store_.last_version(), before);
  set_range.set_offset(10 << 10);
  Must<v1::StringSetRangeResponse>(set_range);
}

}  // namespace
}  // namespace kvick::server
