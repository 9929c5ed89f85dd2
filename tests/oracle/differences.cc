#include "tests/oracle/differences.h"

#include "absl/strings/str_cat.h"
#include "kvick/method.h"
#include "kvick/value.h"
#include "tests/oracle/twin.h"

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

// What SetCombineStore leaves of the expiry of a destination that has one.
Contrast CombineStoreKeepsExpiry(Session& session) {
  const Client& client = session.client();
  client.Sets().Add("s", {"m"}).IgnoreError();
  client.Strings().Set("k", "1", {.expire_time = absl::FromUnixMillis(kFarAheadMs)}).IgnoreError();
  v1::SetCombineStoreRequest store;
  store.set_destination("k");
  store.set_operation(v1::SET_OPERATION_UNION);
  store.add_keys("s");
  client.Call(store).IgnoreError();
  const auto described = client.Keys().Describe("k");
  const Answer redis = LastReply(session, {{"SADD", "s", "m"},
                                           {"SET", "k", "1", "PXAT", absl::StrCat(kFarAheadMs)},
                                           {"SUNIONSTORE", "k", "s"},
                                           {"PEXPIRETIME", "k"}});
  return {described->description().has_expire_time() ? "expires" : "does not expire",
          redis == "-1" ? "does not expire" : "expires"};
}

Contrast ExpireWithoutTime(Session& session) {
  session.client().Strings().Set("k", "1").IgnoreError();
  v1::KeyExpireRequest request;
  request.set_key("k");
  request.mutable_expiry()->mutable_ttl();
  return {ShowError(session.client().Call(request).status()),
          LastReply(session, {{"SET", "k", "1"}, {"PEXPIRE", "k", "0"}, {"EXISTS", "k"}}) == "0"
              ? "deleted"
              : "kept"};
}

Contrast GetAndExpireNeedsExpiry(Session& session) {
  session.client().Strings().Set("k", "1").IgnoreError();
  v1::StringGetAndExpireRequest request;
  request.set_key("k");
  return {ShowError(session.client().Call(request).status()),
          LastReply(session, {{"SET", "k", "1"}, {"GETEX", "k"}})};
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

Contrast WholeNumbersBeyondDoubles(Session& session) {
  constexpr const char* kGreatestExact = "9007199254740992";  // 2^53
  session.client().Strings().Set("k", kGreatestExact).IgnoreError();
  v1::StringIncrementNumberRequest request;
  request.set_key("k");
  request.set_delta(1);
  session.client().Call(request).IgnoreError();
  return {Show(session.client().Strings().Get("k")->entry().value()),
          LastReply(session, {{"SET", "k", kGreatestExact}, {"INCRBYFLOAT", "k", "1"}})};
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
  constexpr int64_t kTooLate = int64_t{1} << 40;  // the year 36812
  session.client().Strings().Set("k", "1").IgnoreError();
  v1::KeyExpireRequest request;  // by hand: the client's Keys() know no such time
  request.set_key("k");
  request.mutable_expiry()->mutable_expire_time()->set_seconds(kTooLate);
  return {ShowError(session.client().Call(request).status()),
          LastReply(session, {{"SET", "k", "1"}, {"EXPIREAT", "k", absl::StrCat(kTooLate)}})};
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

Contrast KeyText(Session& session) {
  return {ShowError(session.client().Strings().Set("\xff", "v").status()),
          LastReply(session, {{"SET", "\xff", "v"}})};
}

Contrast KeyLength(Session& session) {
  const std::string key((64 << 10) + 1, 'k');
  return {ShowError(session.client().Strings().Set(key, "v").status()),
          LastReply(session, {{"SET", key, "v"}})};
}

Contrast PatternLength(Session& session) {
  const std::string pattern(1025, '*');
  v1::SetScanRequest scan;
  scan.set_key("k");
  scan.set_glob(pattern);
  const auto outcome = ReadAll(session.client(), MethodFor<v1::SetScanRequest>(), scan,
                               std::make_unique<v1::SetScanResponse>());
  const Answer redis =
      LastReply(session, {{"SADD", "k", "m"}, {"SSCAN", "k", "0", "MATCH", pattern}});
  return {ShowError(outcome.status), redis};
}

Contrast SampleCount(Session& session) {
  constexpr int64_t kTooMany = 1'000'001;
  v1::SetSampleRequest request;
  request.set_key("k");
  request.set_count(kTooMany);
  const auto replies =
      session.redis().Run({{"SADD", "k", "m"}, {"SRANDMEMBER", "k", absl::StrCat(-kTooMany)}});
  return {ShowError(session.client().Call(request).status()),
          replies.ok() ? absl::StrCat(replies->back().elements.size(), " members")
                       : replies.status().ToString()};
}

// The Redis of the session takes strings of 1 MiB, so a quarter of that for its comparison.
Contrast ComparisonLimit(Session& session) {
  const std::string value(600, 'v');
  session.client().Strings().Set("k", value).IgnoreError();
  v1::StringCommonSubsequenceRequest request;
  request.set_key("k");
  request.set_other_key("k");
  request.set_length_only(true);
  const auto answer = session.client().Call(request);
  const Answer redis = LastReply(session, {{"SET", "k", value}, {"LCS", "k", "k", "LEN"}});
  return {answer.ok() ? Show(answer->length()) : ShowError(answer.status()),
          IsError(redis) ? "an error" : redis};
}

Contrast SampleSaysDistinct(Session& session) {
  return {ShowError(session.client().Sets().Sample("k", -2).status()),
          LastReply(session, {{"SADD", "k", "m"}, {"SRANDMEMBER", "k", "-2"}})};
}

}  // namespace

const std::vector<Difference>& Differences() {
  static const auto* const differences = new std::vector<Difference>{
      {"set-keeps-expiry", {"expires", "does not expire"}, SetKeepsExpiry},
      {"combine-store-keeps-expiry", {"expires", "does not expire"}, CombineStoreKeepsExpiry},
      {"expire-at-once", {"error EXPIRY_INVALID", "deleted"}, ExpireWithoutTime},
      {"getandexpire-needs-expiry", {"error EXPIRY_INVALID", "\"1\""}, GetAndExpireNeedsExpiry},
      {"getrange-missing", {"nil", "\"\""}, GetRangeMissing},
      {"rename-missing", {"0", "error NO_SUCH_KEY"}, RenameMissing},
      {"copy-to-itself", {"0", "error SAME_KEY"}, CopyToItself},
      {"setat-missing", {"error INDEX_OUT_OF_RANGE", "error NO_SUCH_KEY"}, SetAtMissing},
      {"insert-without-pivot", {"1", "-1"}, InsertWithoutPivot},
      {"sample-says-distinct",
       {"error ARGUMENT_OUT_OF_RANGE", "[\"m\" \"m\"]"},
       SampleSaysDistinct},
      {"shortest-numbers", {"\"1e+21\"", "\"1000000000000000000000\""}, ShortestNumbers},
      {"whole-numbers",
       {"\"9007199254740992\"", "\"9007199254740993\""},
       WholeNumbersBeyondDoubles},
      {"hex-numbers", {"error NOT_A_FLOAT", "a number"}, HexNumbers},
      {"number-range", {"error NOT_A_FLOAT", "a number"}, NumberRange},
      {"expiry-range", {"error EXPIRY_INVALID", "1"}, ExpiryRange},
      {"expiry-before-1970", {"OK", "an error"}, ExpiryBefore1970},
      {"empty-key", {"error KEY_EMPTY", "\"OK\""}, EmptyKey},
      {"key-text", {"error MALFORMED_REQUEST", "\"OK\""}, KeyText},
      {"key-length", {"error KEY_TOO_LONG", "\"OK\""}, KeyLength},
      {"pattern-length", {"error PATTERN_INVALID", "[\"0\" [\"m\"]]"}, PatternLength},
      {"sample-count", {"error ARGUMENT_OUT_OF_RANGE", "1000001 members"}, SampleCount},
      {"comparison-limit", {"600", "an error"}, ComparisonLimit},
  };
  return *differences;
}

}  // namespace kvick::oracle
