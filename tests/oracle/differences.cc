#include "tests/oracle/differences.h"

#include "absl/strings/str_cat.h"
#include "kvick/value.h"

namespace kvick::oracle {
namespace {

// The answer to the last of some calls of Redis.
Answer LastReply(Session& session, const std::vector<Call>& calls) {
  const auto replies = session.redis().Run(calls);
  return replies.ok() ? Show(replies->back()) : replies.status().ToString();
}

constexpr int64_t kFarAheadMs = 4'102'444'800'000;  // 2100

Contrast SetKeepsExpiry(Session& session) {
  const StringClient strings = session.client().Strings();
  strings.Set("k", "1", {.expire_time = absl::FromUnixMillis(kFarAheadMs)}).IgnoreError();
  strings.Set("k", "2").IgnoreError();
  const auto described = session.client().Keys().Describe("k");
  return {described->description().has_expire_time() ? "expires" : "does not expire",
          LastReply(session, {{"SET", "k", "1", "PXAT", absl::StrCat(kFarAheadMs)},
                              {"SET", "k", "2"},
                              {"PEXPIRETIME", "k"}}) == "-1"
              ? "does not expire"
              : "expires"};
}

Contrast GetRangeMissing(Session& session) {
  v1::StringGetRangeRequest request;
  request.set_key("k");
  const auto answer = session.client().Call(request);
  return {ShowEntry(answer->has_entry(), answer->entry()),
          LastReply(session, {{"GETRANGE", "k", "0", "-1"}})};
}

Contrast RenameMissing(Session& session) {
  const auto answer = session.client().Keys().Rename("k", "new", true);
  return {Show(int64_t{answer->renamed()}), LastReply(session, {{"RENAME", "k", "new"}})};
}

Contrast CopyToItself(Session& session) {
  session.client().Strings().Set("k", "1").IgnoreError();
  const auto answer = session.client().Keys().Copy("k", "k", true);
  return {Show(int64_t{answer->copied()}),
          LastReply(session, {{"SET", "k", "1"}, {"COPY", "k", "k", "REPLACE"}})};
}

Contrast SetAtMissing(Session& session) {
  v1::ListSetAtRequest request;
  request.set_key("k");
  request.mutable_value()->set_text("v");
  return {ShowError(session.client().Call(request).status()),
          LastReply(session, {{"LSET", "k", "0", "v"}})};
}

Contrast InsertWithoutPivot(Session& session) {
  v1::ListPushRequest push;
  push.set_key("k");
  push.set_side(v1::SIDE_LEFT);
  push.add_values()->set_text("v");
  session.client().Call(push).IgnoreError();
  v1::ListInsertRequest insert;
  insert.set_key("k");
  insert.set_position(v1::INSERT_POSITION_AFTER);
  insert.mutable_pivot()->set_text("no");
  insert.mutable_value()->set_text("w");
  return {Show(session.client().Call(insert)->length()),
          LastReply(session, {{"LPUSH", "k", "v"}, {"LINSERT", "k", "AFTER", "no", "w"}})};
}

Contrast ShortestNumbers(Session& session) {
  v1::StringIncrementNumberRequest request;
  request.set_key("k");
  request.set_delta(1e21);
  session.client().Call(request).IgnoreError();
  return {Show(session.client().Strings().Get("k")->entry().value()),
          LastReply(session, {{"INCRBYFLOAT", "k", "1e21"}})};
}

Contrast NumbersAsText(const char* text, Session& session) {
  session.client().Strings().Set("k", text).IgnoreError();
  v1::StringIncrementNumberRequest request;
  request.set_key("k");
  request.set_delta(1);
  const auto answer = session.client().Call(request);
  const Answer redis = LastReply(session, {{"SET", "k", text}, {"INCRBYFLOAT", "k", "1"}});
  return {answer.ok() ? "a number" : ShowError(answer.status()),
          IsError(redis) ? redis : "a number"};
}

Contrast HexNumbers(Session& session) { return NumbersAsText("0x10", session); }

Contrast NumberRange(Session& session) { return NumbersAsText("1e400", session); }

Contrast ExpiryRange(Session& session) {
  constexpr int64_t kTooLateMs = int64_t{1} << 50;  // the year 37648
  session.client().Strings().Set("k", "1").IgnoreError();
  const auto answer =
      session.client().Keys().Expire("k", {.expire_time = absl::FromUnixMillis(kTooLateMs)});
  return {ShowError(answer.status()),
          LastReply(session, {{"SET", "k", "1"}, {"PEXPIREAT", "k", absl::StrCat(kTooLateMs)}})};
}

Contrast ExpiryBefore1970(Session& session) {
  v1::StringSetRequest request;
  request.set_key("k");
  request.mutable_value()->set_text("v");
  request.mutable_expiry()->mutable_expire_time()->set_seconds(-5);
  const auto answer = session.client().Call(request);
  const Answer redis = LastReply(session, {{"SET", "k", "v", "PXAT", "-5000"}});
  return {answer.ok() ? kOk : ShowError(answer.status()), IsError(redis) ? "an error" : redis};
}

Contrast EmptyKey(Session& session) {
  return {ShowError(session.client().Strings().Set("", "v").status()),
          LastReply(session, {{"SET", "", "v"}})};
}

Contrast SampleSaysDistinct(Session& session) {
  return {ShowError(session.client().Sets().Sample("k", -2).status()),
          LastReply(session, {{"SADD", "k", "m"}, {"SRANDMEMBER", "k", "-2"}})};
}

}  // namespace

const std::vector<Difference>& Differences() {
  static const auto* const differences = new std::vector<Difference>{
      {"set-keeps-expiry", {"expires", "does not expire"}, SetKeepsExpiry},
      {"getrange-missing", {"nil", "\"\""}, GetRangeMissing},
      {"rename-missing", {"0", "error NO_SUCH_KEY"}, RenameMissing},
      {"copy-to-itself", {"0", "error SAME_KEY"}, CopyToItself},
      {"setat-missing", {"error INDEX_OUT_OF_RANGE", "error NO_SUCH_KEY"}, SetAtMissing},
      {"insert-without-pivot", {"1", "-1"}, InsertWithoutPivot},
      {"sample-says-distinct",
       {"error ARGUMENT_OUT_OF_RANGE", "[\"m\" \"m\"]"},
       SampleSaysDistinct},
      {"shortest-numbers", {"\"1e+21\"", "\"1000000000000000000000\""}, ShortestNumbers},
      {"hex-numbers", {"error NOT_A_FLOAT", "a number"}, HexNumbers},
      {"number-range", {"error NOT_A_FLOAT", "a number"}, NumberRange},
      {"expiry-range", {"error EXPIRY_INVALID", "1"}, ExpiryRange},
      {"expiry-before-1970", {"OK", "an error"}, ExpiryBefore1970},
      {"empty-key", {"error KEY_EMPTY", "\"OK\""}, EmptyKey},
  };
  return *differences;
}

}  // namespace kvick::oracle
