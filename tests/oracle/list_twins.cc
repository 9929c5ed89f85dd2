// ListService and its twins.
#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "kvick/value.h"
#include "tests/oracle/twin.h"

namespace kvick::oracle {
namespace {

template <class Request>
Request ForKey(Random& random) {
  Request request;
  request.set_key(random.Key(Family::kList));
  return request;
}

v1::Side RandomSide(Random& random) { return random.OneIn(2) ? v1::SIDE_LEFT : v1::SIDE_RIGHT; }

const char* SideName(v1::Side side) { return side == v1::SIDE_LEFT ? "LEFT" : "RIGHT"; }

// LPUSH or RPUSH and the like.
std::string AtSide(v1::Side side, const char* command) {
  return absl::StrCat(side == v1::SIDE_LEFT ? "L" : "R", command);
}

void AddPush(TwinTable& table) {
  table.Add<v1::ListPushRequest>({
      .redis = "LPUSH, RPUSH, LPUSHX, RPUSHX",
      .weight = 20,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::ListPushRequest>(random);
            q.set_side(RandomSide(random));
            for (int count = random.ElementCount(); count > 0; --count) {
              *q.add_values() = random.ListValue();
            }
            if (random.OneIn(5)) q.mutable_precondition()->set_present(true);
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            const char* command = q.precondition().has_present() ? "PUSHX" : "PUSH";
            return std::vector<Call>{
                WithArguments({AtSide(q.side(), command), q.key()}, q.values())};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.length()); },
      .maps_precondition = [](const auto& q) { return q.precondition().has_present(); },
  });
}

void AddPops(TwinTable& table) {
  table.Add<v1::ListPopRequest>({
      .redis = "LPOP, RPOP",
      .weight = 8,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::ListPopRequest>(random);
            q.set_side(RandomSide(random));
            if (!random.OneIn(3)) q.set_count(random.OneIn(10) ? random.Index() : random.Count());
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            Call call = {AtSide(q.side(), "POP"), q.key()};
            if (q.has_count()) call.push_back(absl::StrCat(q.count()));
            return std::vector<Call>{call};
          },
      .kvick = [](const auto&, const auto& a) { return ShowList(ShowEach(a.values())); },
      .answer =
          [](const auto&, const auto*, const Replies& replies) {
            return replies[0].kind == RedisReply::Kind::kBytes ? ShowList({Show(replies[0])})
                                                               : ShowList(ShowEach(replies[0]));
          },
  });
  table.Add<v1::ListPopAnyRequest>({
      .redis = "LMPOP",
      .weight = 4,
      .generate =
          [](Random& random) {
            v1::ListPopAnyRequest q;
            for (const auto& key : random.Keys(Family::kList, 3)) q.add_keys(key);
            q.set_side(RandomSide(random));
            if (!random.OneIn(3)) q.set_count(random.OneIn(10) ? random.Index() : random.Count());
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            Call call = WithArguments({"LMPOP", absl::StrCat(q.keys_size())}, q.keys());
            call.push_back(SideName(q.side()));
            if (q.has_count()) {
              call.push_back("COUNT");
              call.push_back(absl::StrCat(q.count()));
            }
            return std::vector<Call>{call};
          },
      .kvick =
          [](const auto&, const auto& a) {
            return a.has_key() ? ShowList({Show(a.key()), ShowList(ShowEach(a.values()))}) : kNil;
          },
  });
}

void AddMove(TwinTable& table) {
  table.Add<v1::ListMoveRequest>({
      .redis = "LMOVE",
      .weight = 6,
      .generate =
          [](Random& random) {
            v1::ListMoveRequest q;
            q.set_source(random.Key(Family::kList));
            q.set_destination(random.Key(Family::kList));
            q.set_from_side(RandomSide(random));
            q.set_to_side(RandomSide(random));
            if (random.OneIn(8)) *q.mutable_expiry() = RandomExpiry(random);
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{"LMOVE", q.source(), q.destination(), SideName(q.from_side()),
                                      SideName(q.to_side())}};
          },
      .kvick = [](const auto&, const auto& a) { return a.has_value() ? Show(a.value()) : kNil; },
      .after =
          [](const auto& q, const auto& a) {
            return q.has_expiry() && a.has_value() ? ExpiryCalls(q.expiry(), WrittenKeys(q))
                                                   : std::vector<Call>();
          },
      .maps_expiry = true,
  });
}

void AddReads(TwinTable& table) {
  table.Add<v1::ListRangeRequest>({
      .redis = "LRANGE",
      .weight = 5,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::ListRangeRequest>(random);
            q.set_start(random.Index());
            q.set_stop(random.Index());
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{
                {"LRANGE", q.key(), absl::StrCat(q.start()), absl::StrCat(q.stop())}};
          },
      .kvick = [](const auto&, const auto& a) { return ShowList(ShowEach(a.values())); },
  });
  table.Add<v1::ListGetAtRequest>({
      .redis = "LINDEX",
      .weight = 5,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::ListGetAtRequest>(random);
            q.set_index(random.Index());
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{"LINDEX", q.key(), absl::StrCat(q.index())}};
          },
      .kvick = [](const auto&, const auto& a) { return ShowEntry(a.has_entry(), a.entry()); },
  });
  table.Add<v1::ListLengthRequest>({
      .redis = "LLEN",
      .weight = 2,
      .generate = ForKey<v1::ListLengthRequest>,
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{"LLEN", q.key()}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.length()); },
  });
}

void AddFind(TwinTable& table) {
  table.Add<v1::ListFindRequest>({
      .redis = "LPOS RANK COUNT MAXLEN",
      .weight = 6,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::ListFindRequest>(random);
            *q.mutable_value() = random.ListValue();
            // Of Redis's versions some refuse the least rank, as Kvick does, and some do not.
            if (random.OneIn(2)) q.set_rank(std::max(random.Index(), -INT64_MAX));
            if (random.OneIn(2)) q.set_count(random.OneIn(10) ? -1 : random.Count());
            if (random.OneIn(2)) q.set_max_length(random.OneIn(10) ? -1 : random.Count());
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            Call call = {"LPOS", q.key(), ToString(q.value())};
            const auto option = [&](const char* name, int64_t number) {
              call.push_back(name);
              call.push_back(absl::StrCat(number));
            };
            if (q.has_rank()) option("RANK", q.rank());
            if (q.has_count()) option("COUNT", q.count());
            option("MAXLEN", q.max_length());
            return std::vector<Call>{call};
          },
      .kvick =
          [](const auto& q, const auto& a) {
            std::vector<Answer> parts;
            for (const int64_t index : a.indexes()) parts.push_back(Show(index));
            if (q.has_count()) return ShowList(parts);
            return parts.empty() ? kNil : parts[0];
          },
  });
}

void AddChanges(TwinTable& table) {
  table.Add<v1::ListSetAtRequest>({
      .redis = "LSET",
      .weight = 5,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::ListSetAtRequest>(random);
            q.set_index(random.Index());
            *q.mutable_value() = random.ListValue();
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{
                {"LSET", q.key(), absl::StrCat(q.index()), ToString(q.value())}};
          },
      .kvick = [](const auto&, const auto&) { return Show(kOk); },
      .adapted = {{"setat-missing", "error NO_SUCH_KEY", "error INDEX_OUT_OF_RANGE"}},
  });
  table.Add<v1::ListInsertRequest>({
      .redis = "LINSERT",
      .weight = 6,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::ListInsertRequest>(random);
            q.set_position(random.OneIn(2) ? v1::INSERT_POSITION_BEFORE
                                           : v1::INSERT_POSITION_AFTER);
            *q.mutable_pivot() = random.ListValue();
            *q.mutable_value() = random.ListValue();
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{
                {"LINSERT", q.key(),
                 q.position() == v1::INSERT_POSITION_BEFORE ? "BEFORE" : "AFTER",
                 ToString(q.pivot()), ToString(q.value())}};
          },
      .kvick =
          [](const auto&, const auto& a) {
            return Show(a.inserted() ? a.length() : a.length() > 0 ? int64_t{-1} : int64_t{0});
          },
      .differences = {"insert-without-pivot"},
  });
}

void AddRemovals(TwinTable& table) {
  table.Add<v1::ListRemoveRequest>({
      .redis = "LREM",
      .weight = 5,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::ListRemoveRequest>(random);
            *q.mutable_value() = random.ListValue();
            q.set_count(random.Index());
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{
                {"LREM", q.key(), absl::StrCat(q.count()), ToString(q.value())}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.removed()); },
  });
  table.Add<v1::ListTrimRequest>({
      .redis = "LTRIM",
      .weight = 3,
      .generate =
          [](Random& random) {
            auto q = ForKey<v1::ListTrimRequest>(random);
            q.set_start(random.Index());
            q.set_stop(random.OneIn(2) ? -1 : random.Index());
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{
                {"LTRIM", q.key(), absl::StrCat(q.start()), absl::StrCat(q.stop())},
                {"LLEN", q.key()}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.length()); },
      .answer = [](const auto&, const auto*, const Replies& replies) { return Show(replies[1]); },
  });
}

}  // namespace

void AddListTwins(TwinTable& table) {
  AddPush(table);
  AddPops(table);
  AddMove(table);
  AddReads(table);
  AddFind(table);
  AddChanges(table);
  AddRemovals(table);
}

}  // namespace kvick::oracle
