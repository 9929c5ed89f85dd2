// SetService and its twins.
#include <set>

#include "absl/strings/str_cat.h"
#include "kvick/value.h"
#include "tests/oracle/twin.h"

namespace kvick::oracle {
namespace {

template <class Request>
Request ForKey(Random& random) {
  Request request;
  request.set_key(random.Key(Family::kSet));
  return request;
}

template <class Request>
Request ForMembers(Random& random) {
  auto request = ForKey<Request>(random);
  for (int count = random.ElementCount(); count > 0; --count) {
    *request.add_members() = random.Member();
  }
  return request;
}

void AddMembers(TwinTable& table) {
  table.Add<v1::SetAddRequest>({
      .redis = "SADD",
      .weight = 20,
      .generate = ForMembers<v1::SetAddRequest>,
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{WithArguments({"SADD", q.key()}, q.members())};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.added()); },
  });
  table.Add<v1::SetRemoveRequest>({
      .redis = "SREM",
      .weight = 7,
      .generate = ForMembers<v1::SetRemoveRequest>,
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{WithArguments({"SREM", q.key()}, q.members())};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.removed()); },
  });
  table.Add<v1::SetContainsRequest>({
      .redis = "SMISMEMBER",
      .weight = 4,
      .generate = ForMembers<v1::SetContainsRequest>,
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{WithArguments({"SMISMEMBER", q.key()}, q.members())};
          },
      .kvick =
          [](const auto&, const auto& a) {
            std::vector<Answer> parts;
            for (const bool contains : a.contains()) parts.push_back(Show(int64_t{contains}));
            return ShowList(parts);
          },
  });
  table.Add<v1::SetSizeRequest>({
      .redis = "SCARD",
      .weight = 2,
      .generate = ForKey<v1::SetSizeRequest>,
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{"SCARD", q.key()}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.size()); },
  });
}

void AddMove(TwinTable& table) {
  table.Add<v1::SetMoveRequest>({
      .redis = "SMOVE",
      .weight = 6,
      .generate =
          [](Random& random) {
            v1::SetMoveRequest q;
            q.set_source(random.Key(Family::kSet));
            q.set_destination(random.Key(Family::kSet));
            *q.mutable_member() = random.Member();
            if (random.OneIn(8)) *q.mutable_expiry() = RandomExpiry(random);
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{"SMOVE", q.source(), q.destination(), ToString(q.member())}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(int64_t{a.moved()}); },
      .after =
          [](const auto& q, const auto& a) {
            return q.has_expiry() && a.moved() ? ExpiryCalls(q.expiry(), WrittenKeys(q))
                                               : std::vector<Call>();
          },
      .maps_expiry = true,
  });
}

// Members by chance are compared by what must hold: how many, and that they are members.
template <class Response>
Answer SampleAnswer(const Response& response, bool distinct) {
  const std::vector<Answer> members = ShowEach(response.members());
  const std::set<Answer> different(members.begin(), members.end());
  const bool repeats = distinct && different.size() != members.size();
  return absl::StrCat(members.size(), repeats ? " members, not distinct" : " members");
}

// How many elements a reply has, which is one of bytes where no count was given.
size_t CountOf(const RedisReply& reply) {
  return reply.kind == RedisReply::Kind::kBytes ? 1 : reply.elements.size();
}

template <class Response>
Call IsMemberCall(const std::string& key, const Response& response) {
  return WithArguments({"SMISMEMBER", key}, response.members());
}

void AddSample(TwinTable& table) {
  table.Add<v1::SetSampleRequest>({
      .redis = "SRANDMEMBER",
      .weight = 4,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::SetSampleRequest>(random);
            q.set_distinct(random.OneIn(2));
            if (!random.OneIn(3)) q.set_count(random.Below(random.OneIn(4) ? 300 : 6));
            return q;
          },
      .calls =
          [](const auto& q, const auto* a) {
            Call call = {"SRANDMEMBER", q.key()};
            if (q.has_count()) call.push_back(RedisCount(q.distinct(), q.count()));
            std::vector<Call> calls = {call};
            if (a != nullptr && a->members_size() > 0) calls.push_back(IsMemberCall(q.key(), *a));
            return calls;
          },
      .kvick = [](const auto& q, const auto& a) { return SampleAnswer(a, q.distinct()); },
      .answer =
          [](const auto&, const auto*, const Replies& replies) {
            const bool right = replies.size() < 2 || AllOnes(replies[1].elements);
            return right ? absl::StrCat(CountOf(replies[0]), " members")
                         : Answer("some are no members");
          },
      .differences = {"sample-says-distinct"},
  });
}

void AddPop(TwinTable& table) {
  table.Add<v1::SetPopRequest>({
      .redis = "SPOP, SCARD and SREM",
      .weight = 5,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::SetPopRequest>(random);
            if (!random.OneIn(3)) q.set_count(random.OneIn(10) ? -1 : random.Count());
            return q;
          },
      .calls =
          [](const auto& q, const auto* a) {
            // What Redis would take are other members, so it takes those that Kvick took.
            if (a == nullptr) {
              Call call = {"SPOP", q.key()};
              if (q.has_count()) call.push_back(absl::StrCat(q.count()));
              return std::vector<Call>{call};
            }
            std::vector<Call> calls = {{"SCARD", q.key()}};
            if (a->members_size() > 0) {
              calls.push_back(IsMemberCall(q.key(), *a));
              calls.push_back(WithArguments({"SREM", q.key()}, a->members()));
            }
            return calls;
          },
      .kvick = [](const auto&, const auto& a) { return SampleAnswer(a, true); },
      .answer =
          [](const auto& q, const auto*, const Replies& replies) {
            if (replies.size() > 1 && !AllOnes(replies[1].elements)) {
              return Answer("some are no members");
            }
            const int64_t wanted = q.has_count() ? q.count() : 1;
            return absl::StrCat(std::min(wanted, replies[0].integer), " members");
          },
  });
}

const char* OperationName(v1::SetOperation operation) {
  static constexpr const char* kNames[] = {"", "SINTER", "SUNION", "SDIFF"};
  return kNames[operation];
}

template <class Request>
Request ForCombination(Random& random) {
  Request request;
  request.set_operation(static_cast<v1::SetOperation>(1 + random.Below(3)));
  for (const auto& key : random.Keys(Family::kSet, 4)) request.add_keys(key);
  return request;
}

// With a limit any members of the combination will do.
Answer LimitedAnswer(const v1::SetCombineRequest& q, const v1::SetCombineResponse& a,
                     const RedisReply& reply) {
  const std::vector<Answer> all = ShowEach(reply);
  const std::set<Answer> members(all.begin(), all.end());
  for (const v1::Value& member : a.members()) {
    if (!members.contains(Show(member))) return "some are no members";
  }
  return absl::StrCat(std::min<int64_t>(q.limit(), static_cast<int64_t>(all.size())), " members");
}

// Redis drops the expiry of the destination: it is read before, and put back where something was
// stored.
Call StoreCall(const v1::SetCombineStoreRequest& q) {
  Call call = {"EVAL",
               "local expiry = redis.call('PEXPIRETIME', KEYS[1]) "
               "local size = redis.call(ARGV[1], unpack(KEYS)) "
               "if expiry > 0 and size > 0 then redis.call('PEXPIREAT', KEYS[1], expiry) end "
               "return size",
               absl::StrCat(1 + q.keys_size()), q.destination()};
  call = WithArguments(std::move(call), q.keys());
  call.push_back(absl::StrCat(OperationName(q.operation()), "STORE"));
  return call;
}

void AddCombine(TwinTable& table) {
  table.Add<v1::SetCombineRequest>({
      .redis = "SINTER, SUNION, SDIFF",
      .weight = 6,
      .generate =
          [](Random& random) {
            auto q = ForCombination<v1::SetCombineRequest>(random);
            if (random.OneIn(4)) q.set_limit(static_cast<int64_t>(1 + random.Below(8)));
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{WithArguments({OperationName(q.operation())}, q.keys())};
          },
      .kvick =
          [](const auto& q, const auto& a) {
            return q.limit() > 0 ? SampleAnswer(a, true) : ShowSorted(ShowEach(a.members()));
          },
      .answer =
          [](const auto& q, const auto* a, const Replies& replies) {
            return q.limit() > 0 && a != nullptr ? LimitedAnswer(q, *a, replies[0])
                                                 : ShowSorted(ShowEach(replies[0]));
          },
  });
  table.Add<v1::SetCombineCountRequest>({
      .redis = "SINTERCARD; the size of SUNION and SDIFF",
      .weight = 4,
      .generate =
          [](Random& random) {
            auto q = ForCombination<v1::SetCombineCountRequest>(random);
            if (random.OneIn(3)) q.set_limit(random.OneIn(10) ? -1 : random.Count());
            // SUNION and SDIFF have no limit that could be refused.
            if (q.operation() != v1::SET_OPERATION_INTERSECTION && q.limit() < 0) q.set_limit(1);
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            if (q.operation() != v1::SET_OPERATION_INTERSECTION) {
              return std::vector<Call>{WithArguments({OperationName(q.operation())}, q.keys())};
            }
            Call call = WithArguments({"SINTERCARD", absl::StrCat(q.keys_size())}, q.keys());
            call.push_back("LIMIT");
            call.push_back(absl::StrCat(q.limit()));
            return std::vector<Call>{call};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.count()); },
      .answer =
          [](const auto& q, const auto*, const Replies& replies) {
            if (replies[0].kind == RedisReply::Kind::kInteger) return Show(replies[0]);
            const auto size = static_cast<int64_t>(replies[0].elements.size());
            return Show(q.limit() > 0 ? std::min(q.limit(), size) : size);
          },
  });
  table.Add<v1::SetCombineStoreRequest>({
      .redis = "SINTERSTORE, SUNIONSTORE, SDIFFSTORE",
      .weight = 5,
      .generate =
          [](Random& random) {
            auto q = ForCombination<v1::SetCombineStoreRequest>(random);
            q.set_destination(random.Key(Family::kSet));
            return q;
          },
      .calls = [](const auto& q, const auto*) { return std::vector<Call>{StoreCall(q)}; },
      .kvick = [](const auto&, const auto& a) { return Show(a.size()); },
      .differences = {"combine-store-keeps-expiry"},
  });
}

void AddScan(TwinTable& table) {
  table.Add<v1::SetScanRequest>({
      .redis = "SSCAN MATCH, SMEMBERS",
      .weight = 1,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::SetScanRequest>(random);
            if (!random.OneIn(3)) q.set_glob(random.Glob());
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            const std::string pattern = q.glob().empty() ? "*" : q.glob();
            return std::vector<Call>{{"SSCAN", q.key(), "0", "COUNT", "100000", "MATCH", pattern}};
          },
      .kvick =
          [](const auto&, const auto& a) {
            const std::vector<Answer> all = ShowEach(a.members());
            const std::set<Answer> members(all.begin(), all.end());  // Some may come twice.
            return ShowSorted({members.begin(), members.end()});
          },
      .answer = [](const auto&, const auto*,
                   const Replies& replies) { return ShowSorted(ShowEach(replies[0].elements[1])); },
  });
}

}  // namespace

void AddSetTwins(TwinTable& table) {
  AddMembers(table);
  AddMove(table);
  AddSample(table);
  AddPop(table);
  AddCombine(table);
  AddScan(table);
}

}  // namespace kvick::oracle
