// StringService and its twins.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "kvick/value.h"
#include "tests/oracle/number_twins.h"
#include "tests/oracle/twin.h"

namespace kvick::oracle {
namespace {

template <class Request>
Request ForKey(Random& random) {
  Request request;
  request.set_key(random.Key(Family::kString));
  return request;
}

void AddGets(TwinTable& table) {
  table.Add<v1::StringGetRequest>({
      .redis = "GET",
      .weight = 6,
      .generate = ForKey<v1::StringGetRequest>,
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{"GET", q.key()}};
          },
      .kvick = [](const auto&, const auto& a) { return ShowEntry(a.has_entry(), a.entry()); },
  });
  table.Add<v1::StringGetAndDeleteRequest>({
      .redis = "GETDEL",
      .weight = 3,
      .generate = ForKey<v1::StringGetAndDeleteRequest>,
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{"GETDEL", q.key()}};
          },
      .kvick = [](const auto&, const auto& a) { return ShowEntry(a.has_entry(), a.entry()); },
  });
  table.Add<v1::StringGetAndExpireRequest>({
      .redis = "GETEX",
      .weight = 4,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::StringGetAndExpireRequest>(random);
            *q.mutable_expiry() = RandomExpiry(random);
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{q.expiry().has_persist()
                                         ? Call{"GETEX", q.key(), "PERSIST"}
                                         : Call{"GETEX", q.key(), "PXAT", PxAt(q.expiry())}};
          },
      .kvick = [](const auto&, const auto& a) { return ShowEntry(a.has_entry(), a.entry()); },
      .maps_expiry = true,
  });
}

void AddLengths(TwinTable& table) {
  table.Add<v1::StringLengthRequest>({
      .redis = "STRLEN",
      .weight = 3,
      .generate = ForKey<v1::StringLengthRequest>,
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{"STRLEN", q.key()}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.length()); },
  });
  table.Add<v1::StringGetRangeRequest>({
      .redis = "GETRANGE",
      .weight = 6,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::StringGetRangeRequest>(random);
            q.set_start(random.Index());
            q.set_end(random.Index());
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{
                {"GETRANGE", q.key(), absl::StrCat(q.start()), absl::StrCat(q.end())}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.entry().value()); },
      .differences = {"getrange-missing"},
  });
  table.Add<v1::StringBatchGetRequest>({
      .redis = "MGET",
      .weight = 3,
      .generate =
          [](Random& random) {
            v1::StringBatchGetRequest q;
            for (const auto& key : random.Keys(Family::kString, 4)) q.add_keys(key);
            return q;
          },
      .calls = [](const auto& q,
                  const auto*) { return std::vector<Call>{WithArguments({"MGET"}, q.keys())}; },
      .kvick =
          [](const auto&, const auto& a) {
            std::vector<Answer> parts;
            for (const auto& item : a.items()) {
              parts.push_back(ShowEntry(item.has_entry(), item.entry()));
            }
            return ShowList(parts);
          },
  });
}

bool AsksForKey(const v1::Precondition& precondition) {
  return precondition.has_absent() || precondition.has_present();
}

Call SetCall(const v1::StringSetRequest& q) {
  Call call = {"SET", q.key(), ToString(q.value())};
  if (q.precondition().has_absent()) call.push_back("NX");
  if (q.precondition().has_present()) call.push_back("XX");
  if (q.return_previous()) call.push_back("GET");
  if (!q.has_expiry()) call.push_back("KEEPTTL");
  if (q.expiry().has_expire_time()) {
    call.push_back("PXAT");
    call.push_back(PxAt(q.expiry()));
  }
  return call;
}

void AddSet(TwinTable& table) {
  table.Add<v1::StringSetRequest>({
      .redis = "SET NX XX GET KEEPTTL PXAT",
      .weight = 14,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::StringSetRequest>(random);
            *q.mutable_value() = random.StringValue();
            if (random.OneIn(2)) *q.mutable_expiry() = RandomExpiry(random);
            if (random.OneIn(4)) q.mutable_precondition()->set_absent(true);
            if (random.OneIn(4)) q.mutable_precondition()->set_present(true);
            q.set_return_previous(random.OneIn(3));
            return q;
          },
      .calls = [](const auto& q, const auto*) { return std::vector<Call>{SetCall(q)}; },
      .kvick =
          [](const auto& q, const auto& a) {
            if (q.return_previous()) return ShowEntry(a.has_previous(), a.previous());
            return a.mutation().applied() ? Show(kOk) : kNil;
          },
      .maps_precondition = [](const auto& q) { return AsksForKey(q.precondition()); },
      .maps_expiry = true,
      .differences = {"set-keeps-expiry"},
  });
}

// MSET for values that drop the expiry, SET KEEPTTL one by one for those that keep it.
std::vector<Call> BatchSetCalls(const v1::StringBatchSetRequest& q) {
  const bool absent = q.precondition().has_absent();
  std::vector<Call> calls;
  if (absent || q.has_expiry()) {
    Call call = {absent ? "MSETNX" : "MSET"};
    for (const auto& item : q.items()) {
      call.push_back(item.key());
      call.push_back(ToString(item.value()));
    }
    calls.push_back(std::move(call));
    return calls;
  }
  for (const auto& item : q.items()) {
    calls.push_back({"SET", item.key(), ToString(item.value()), "KEEPTTL"});
  }
  return calls;
}

void AddBatchSet(TwinTable& table) {
  table.Add<v1::StringBatchSetRequest>({
      .redis = "MSET, MSETNX",
      .weight = 4,
      .generate =
          [](Random& random) {
            v1::StringBatchSetRequest q;
            for (const auto& key : random.Keys(Family::kString, 3)) {
              auto* item = q.add_items();
              item->set_key(key);
              *item->mutable_value() = random.StringValue();
            }
            if (random.OneIn(2)) *q.mutable_expiry() = RandomExpiry(random);
            if (random.OneIn(2)) q.mutable_precondition()->set_absent(true);
            return q;
          },
      .calls = [](const auto& q, const auto*) { return BatchSetCalls(q); },
      .kvick = [](const auto&,
                  const auto& a) { return a.mutation().applied() ? Show(kOk) : Show(int64_t{0}); },
      .answer =
          [](const auto&, const auto*, const Replies& replies) {
            // MSETNX says 1, MSET and SET say OK.
            return replies[0].integer == 1 ? Show(kOk) : Show(replies[0]);
          },
      .after =
          [](const auto& q, const auto&) {
            return q.expiry().has_expire_time() ? ExpiryCalls(q.expiry(), WrittenKeys(q))
                                                : std::vector<Call>();
          },
      .maps_precondition = [](const auto& q) { return q.precondition().has_absent(); },
      .maps_expiry = true,
      .differences = {"set-keeps-expiry"},
  });
}

void AddParts(TwinTable& table) {
  table.Add<v1::StringAppendRequest>({
      .redis = "APPEND",
      .weight = 6,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::StringAppendRequest>(random);
            *q.mutable_value() = random.StringValue();
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{"APPEND", q.key(), ToString(q.value())}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.length()); },
  });
  table.Add<v1::StringSetRangeRequest>({
      .redis = "SETRANGE",
      .weight = 6,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::StringSetRangeRequest>(random);
            q.set_offset(random.Index());
            if (random.OneIn(16)) q.set_offset(random.Pick({(1 << 20) - 3, 1 << 20, 1 << 21}));
            *q.mutable_value() = random.StringValue();
            if (random.OneIn(8)) *q.mutable_expiry() = RandomExpiry(random);
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{
                {"SETRANGE", q.key(), absl::StrCat(q.offset()), ToString(q.value())}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.length()); },
      .after =
          [](const auto& q, const auto&) {
            // Nothing is written, and so no expiry either.
            return q.has_expiry() && !ToString(q.value()).empty()
                       ? ExpiryCalls(q.expiry(), WrittenKeys(q))
                       : std::vector<Call>();
          },
      .maps_expiry = true,
  });
}

void AddNumbers(TwinTable& table) {
  table.Add<v1::StringIncrementRequest>({
      .redis = "INCR, DECR, INCRBY, DECRBY",
      .weight = 8,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::StringIncrementRequest>(random);
            if (!random.OneIn(4)) q.set_delta(random.Delta());
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            Call call = {"INCR", q.key()};
            if (q.has_delta() && q.delta() < 0 && q.delta() > INT64_MIN) {
              call = {"DECRBY", q.key(), absl::StrCat(-q.delta())};
            } else if (q.has_delta()) {
              call = {"INCRBY", q.key(), absl::StrCat(q.delta())};
            }
            return std::vector<Call>{call};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.value()); },
  });
  table.Add<v1::StringIncrementNumberRequest>({
      .redis = "INCRBYFLOAT",
      .weight = 6,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::StringIncrementNumberRequest>(random);
            q.set_delta(random.NumberDelta());
            return q;
          },
      .calls =
          [](const auto& q, const auto* a) {
            const Call increment{"INCRBYFLOAT", q.key(), NumberText(q.delta())};
            return a != nullptr ? std::vector<Call>{increment}
                                : RefusedIncrement(q.key(), {"GET", q.key()}, increment);
          },
      .kvick = [](const auto&, const auto& a) { return NumberText(a.value()); },
      .answer =
          [](const auto&, const auto* a, const Replies& replies) {
            return a != nullptr ? NumberAnswer(a->value(), replies[0].bytes)
                                : RefusedIncrementAnswer(replies);
          },
      .after =
          [](const auto& q, const auto& a) {
            return std::vector<Call>{{"SET", q.key(), NumberText(a.value()), "KEEPTTL"}};
          },
      .differences = {"shortest-numbers", "number-range"},
  });
}

v1::StringCommonSubsequenceRequest RandomComparison(Random& random) {
  auto q = ForKey<v1::StringCommonSubsequenceRequest>(random);
  q.set_other_key(random.Key(Family::kString));
  q.set_length_only(random.OneIn(4));
  q.set_with_matches(random.OneIn(2));
  if (random.OneIn(3)) q.set_min_match_length(static_cast<int64_t>(random.Below(5)) - 1);
  return q;
}

// LCS answers one thing a call. Its own limit, which is not Kvick's, is read as text.
std::vector<Call> LcsCalls(const v1::StringCommonSubsequenceRequest& q) {
  constexpr const char* kScript =
      "local answer = redis.pcall('LCS', KEYS[1], KEYS[2], unpack(ARGV)) "
      "if type(answer) == 'table' and answer.err and string.find(answer.err, 'exceeds') then "
      "return 'too long' end "
      "return answer";
  const Call call = {"EVAL", kScript, "2", q.key(), q.other_key()};
  const auto with = [&](const std::vector<std::string>& arguments) {
    Call more = call;
    more.insert(more.end(), arguments.begin(), arguments.end());
    return more;
  };
  std::vector<Call> calls = {with({"LEN"})};
  if (!q.length_only()) calls.push_back(call);
  if (q.with_matches()) {
    calls.push_back(with({"IDX", "WITHMATCHLEN", "MINMATCHLEN",
                          absl::StrCat(std::max<int64_t>(q.min_match_length(), 0))}));
  }
  return calls;
}

Answer ShowPart(const v1::StringCommonPart& part) {
  return ShowList({ShowList({Show(part.start()), Show(part.end())}),
                   ShowList({Show(part.other_start()), Show(part.other_end())}),
                   Show(part.end() - part.start() + 1)});
}

Answer KvicksComparison(const v1::StringCommonSubsequenceRequest& q,
                        const v1::StringCommonSubsequenceResponse& a) {
  std::vector<Answer> parts = {Show(a.length())};
  if (!q.length_only()) parts.push_back(a.has_value() ? Show(a.value()) : kNil);
  if (q.with_matches()) {
    std::vector<Answer> matches;
    for (const v1::StringCommonPart& part : a.matches()) matches.push_back(ShowPart(part));
    parts.push_back(ShowList(matches));
  }
  return ShowList(parts);
}

Answer RedisComparison(const v1::StringCommonSubsequenceRequest& q,
                       const v1::StringCommonSubsequenceResponse* a, const Replies& replies) {
  if (replies[0].bytes == "too long") {
    return a == nullptr ? Answer("error VALUE_TOO_LARGE") : KvicksComparison(q, *a);
  }
  std::vector<Answer> parts;
  for (const RedisReply& reply : replies) parts.push_back(Show(reply));
  // IDX answers `matches [...] len N`.
  if (q.with_matches()) parts.back() = Show(replies.back().elements[1]);
  return ShowList(parts);
}

void AddComparison(TwinTable& table) {
  table.Add<v1::StringCommonSubsequenceRequest>({
      .redis = "LCS LEN, IDX, MINMATCHLEN, WITHMATCHLEN",
      .weight = 5,
      .generate = RandomComparison,
      .calls = [](const auto& q, const auto*) { return LcsCalls(q); },
      .kvick = [](const auto& q, const auto& a) { return KvicksComparison(q, a); },
      .answer = [](const auto& q, const auto* a,
                   const Replies& replies) { return RedisComparison(q, a, replies); },
      .differences = {"comparison-limit"},
  });
}

}  // namespace

void AddStringTwins(TwinTable& table) {
  AddGets(table);
  AddLengths(table);
  AddSet(table);
  AddBatchSet(table);
  AddParts(table);
  AddNumbers(table);
  AddComparison(table);
}

}  // namespace kvick::oracle
