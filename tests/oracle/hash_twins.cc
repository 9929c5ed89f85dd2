// HashService and its twins.
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "kvick/value.h"
#include "tests/oracle/number_twins.h"
#include "tests/oracle/twin.h"

namespace kvick::oracle {
namespace {

template <class Request>
Request ForKey(Random& random) {
  Request request;
  request.set_key(random.Key(Family::kHash));
  return request;
}

template <class Request>
Request ForFields(Random& random) {
  auto request = ForKey<Request>(random);
  for (int count = random.ElementCount(); count > 0; --count) request.add_fields(random.Field());
  return request;
}

template <class Request>
Request ForField(Random& random) {
  auto request = ForKey<Request>(random);
  request.set_field(random.Field());
  return request;
}

void AddSet(TwinTable& table) {
  table.Add<v1::HashSetRequest>({
      .redis = "HSET, HSETNX",
      .weight = 20,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::HashSetRequest>(random);
            const bool none = random.OneIn(4);
            for (int count = none ? 1 : random.ElementCount(); count > 0; --count) {
              (*q.mutable_fields())[random.Field()] = random.StringValue();
            }
            if (none) q.set_field_condition(v1::FIELD_CONDITION_IF_NONE_EXIST);
            if (random.OneIn(15)) *q.mutable_expiry() = RandomExpiry(random);
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            const bool none = q.field_condition() == v1::FIELD_CONDITION_IF_NONE_EXIST;
            Call call = {none ? "HSETNX" : "HSET", q.key()};
            for (const auto& [field, value] : q.fields()) {
              call.push_back(field);
              call.push_back(ToString(value));
            }
            return std::vector<Call>{call};
          },
      .kvick =
          [](const auto& q, const auto& a) {
            if (q.field_condition() != v1::FIELD_CONDITION_IF_NONE_EXIST) return Show(a.added());
            return Show(int64_t{a.fields_set()});
          },
      .after =
          [](const auto& q, const auto& a) {
            // A condition that fails changes nothing.
            return q.has_expiry() && a.fields_set() ? ExpiryCalls(q.expiry(), WrittenKeys(q))
                                                    : std::vector<Call>();
          },
      .maps_expiry = true,
  });
}

void AddFields(TwinTable& table) {
  table.Add<v1::HashGetRequest>({
      .redis = "HMGET",
      .weight = 4,
      .generate = ForFields<v1::HashGetRequest>,
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{WithArguments({"HMGET", q.key()}, q.fields())};
          },
      .kvick =
          [](const auto&, const auto& a) {
            std::vector<Answer> parts;
            for (const auto& item : a.items()) {
              parts.push_back(item.has_value() ? Show(item.value()) : kNil);
            }
            return ShowList(parts);
          },
  });
  table.Add<v1::HashDeleteRequest>({
      .redis = "HDEL",
      .weight = 7,
      .generate = ForFields<v1::HashDeleteRequest>,
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{WithArguments({"HDEL", q.key()}, q.fields())};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.deleted()); },
  });
  table.Add<v1::HashExistsRequest>({
      .redis = "HEXISTS",
      .weight = 3,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::HashExistsRequest>(random);
            for (uint64_t count = 1 + random.Below(4); count > 0; --count) {
              q.add_fields(random.Field());
            }
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            std::vector<Call> calls;
            for (const std::string& field : q.fields()) {
              calls.push_back({"HEXISTS", q.key(), field});
            }
            return calls;
          },
      .kvick =
          [](const auto&, const auto& a) {
            std::vector<Answer> parts;
            for (const bool exists : a.exists()) parts.push_back(Show(int64_t{exists}));
            return ShowList(parts);
          },
      .answer =
          [](const auto&, const auto*, const Replies& replies) {
            std::vector<Answer> parts;
            for (const RedisReply& reply : replies) parts.push_back(Show(reply));
            return ShowList(parts);
          },
  });
}

void AddWholes(TwinTable& table) {
  table.Add<v1::HashGetAllRequest>({
      .redis = "HGETALL",
      .weight = 3,
      .generate = ForKey<v1::HashGetAllRequest>,
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{"HGETALL", q.key()}};
          },
      .kvick =
          [](const auto&, const auto& a) {
            std::vector<Answer> pairs;
            for (const auto& [field, value] : a.fields()) {
              pairs.push_back(absl::StrCat(Show(field), "=", Show(value)));
            }
            return ShowSorted(pairs);
          },
      .answer = [](const auto&, const auto*,
                   const Replies& replies) { return ShowSorted(ShowPairs(replies[0])); },
  });
  table.Add<v1::HashLengthRequest>({
      .redis = "HLEN",
      .weight = 2,
      .generate = ForKey<v1::HashLengthRequest>,
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{"HLEN", q.key()}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.length()); },
  });
  table.Add<v1::HashScanRequest>({
      .redis = "HSCAN MATCH",
      .weight = 1,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::HashScanRequest>(random);
            if (!random.OneIn(3)) q.set_glob(random.Glob());
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            const std::string pattern = q.glob().empty() ? "*" : q.glob();
            return std::vector<Call>{{"HSCAN", q.key(), "0", "COUNT", "100000", "MATCH", pattern}};
          },
      .kvick =
          [](const auto&, const auto& a) {
            std::set<Answer> pairs;  // Some may come twice.
            for (const v1::HashField& field : a.fields()) {
              pairs.insert(absl::StrCat(Show(field.field()), "=", Show(field.value())));
            }
            return ShowSorted({pairs.begin(), pairs.end()});
          },
      .answer =
          [](const auto&, const auto*, const Replies& replies) {
            return ShowSorted(ShowPairs(replies[0].elements[1]));
          },
  });
}

void AddNumbers(TwinTable& table) {
  table.Add<v1::HashIncrementRequest>({
      .redis = "HINCRBY",
      .weight = 6,
      .generate =
          [](Random& random) {
            auto q = ForField<v1::HashIncrementRequest>(random);
            if (!random.OneIn(4)) q.set_delta(random.Delta());
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{"HINCRBY", q.key(), q.field(),
                                      absl::StrCat(q.has_delta() ? q.delta() : int64_t{1})}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.value()); },
  });
  table.Add<v1::HashIncrementNumberRequest>({
      .redis = "HINCRBYFLOAT",
      .weight = 5,
      .generate =
          [](Random& random) {
            auto q = ForField<v1::HashIncrementNumberRequest>(random);
            q.set_delta(random.NumberDelta());
            return q;
          },
      .calls =
          [](const auto& q, const auto* a) {
            const Call increment{"HINCRBYFLOAT", q.key(), q.field(), NumberText(q.delta())};
            return a != nullptr
                       ? std::vector<Call>{increment}
                       : RefusedIncrement(q.key(), {"HGET", q.key(), q.field()}, increment);
          },
      .kvick = [](const auto&, const auto& a) { return NumberText(a.value()); },
      .answer =
          [](const auto&, const auto* a, const Replies& replies) {
            return a != nullptr ? NumberAnswer(a->value(), replies[0].bytes)
                                : RefusedIncrementAnswer(replies);
          },
      .after =
          [](const auto& q, const auto& a) {
            return std::vector<Call>{{"HSET", q.key(), q.field(), NumberText(a.value())}};
          },
      .differences = {"shortest-numbers", "number-range"},
  });
}

// Fields by chance are compared by what must hold: how many, and that they have these values.
Answer HashSampleAnswer(const v1::HashSampleRequest& q, const v1::HashSampleResponse& a) {
  std::set<std::string> different;
  for (const v1::HashField& field : a.fields()) different.insert(field.field());
  const bool repeats = q.distinct() && static_cast<int>(different.size()) != a.fields_size();
  return absl::StrCat(a.fields_size(), repeats ? " fields, not distinct" : " fields");
}

// Whether the hash of Redis has the fields of the sample, with these values.
bool HasFields(const v1::HashSampleRequest& q, const v1::HashSampleResponse& a,
               const RedisReply& values) {
  for (int i = 0; i < a.fields_size(); ++i) {
    const RedisReply& value = values.elements[static_cast<size_t>(i)];
    if (value.kind == RedisReply::Kind::kNil) return false;
    if (q.with_values() != a.fields(i).has_value()) return false;
    if (q.with_values() && value.bytes != ToString(a.fields(i).value())) return false;
  }
  return true;
}

std::vector<Call> HashSampleCalls(const v1::HashSampleRequest& q, const v1::HashSampleResponse* a) {
  Call call = {"HRANDFIELD", q.key()};
  if (q.has_count()) call.push_back(RedisCount(q.distinct(), q.count()));
  std::vector<Call> calls = {call};
  if (a == nullptr || a->fields().empty()) return calls;
  Call values = {"HMGET", q.key()};
  for (const v1::HashField& field : a->fields()) values.push_back(field.field());
  calls.push_back(std::move(values));
  return calls;
}

void AddSample(TwinTable& table) {
  table.Add<v1::HashSampleRequest>({
      .redis = "HRANDFIELD",
      .weight = 4,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::HashSampleRequest>(random);
            q.set_distinct(random.OneIn(2));
            q.set_with_values(random.OneIn(2));
            if (!random.OneIn(3)) q.set_count(random.Below(random.OneIn(4) ? 300 : 6));
            return q;
          },
      .calls = [](const auto& q, const auto* a) { return HashSampleCalls(q, a); },
      .kvick = [](const auto& q, const auto& a) { return HashSampleAnswer(q, a); },
      .answer =
          [](const auto& q, const auto* a, const Replies& replies) {
            if (a != nullptr && replies.size() > 1 && !HasFields(q, *a, replies[1])) {
              return Answer("some are no fields");
            }
            const bool one = replies[0].kind == RedisReply::Kind::kBytes;
            return absl::StrCat(one ? 1 : replies[0].elements.size(), " fields");
          },
      .differences = {"sample-says-distinct"},
  });
}

}  // namespace

void AddHashTwins(TwinTable& table) {
  AddSet(table);
  AddFields(table);
  AddWholes(table);
  AddNumbers(table);
  AddSample(table);
}

}  // namespace kvick::oracle
