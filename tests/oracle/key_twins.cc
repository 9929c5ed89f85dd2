// KeyService and its twins.
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/oracle/twin.h"

namespace kvick::oracle {
namespace {

template <class Request>
Request ForKeys(Random& random) {
  Request request;
  for (uint64_t count = 1 + random.Below(3); count > 0; --count) {
    request.add_keys(random.AnyKey());
  }
  return request;
}

template <class Request>
Request ForTwoKeys(Random& random) {
  Request request;
  const auto family = static_cast<Family>(random.Below(4));
  request.set_key(random.Key(family));
  request.set_new_key(random.Key(family));
  request.set_overwrite(!random.OneIn(3));
  if (random.OneIn(6)) *request.mutable_expiry() = RandomExpiry(random);
  return request;
}

// The expiry of the new key, once it is there.
template <class Request>
std::vector<Call> NewKeysExpiry(const Request& request, bool moved) {
  return request.has_expiry() && moved ? ExpiryCalls(request.expiry(), {request.new_key()})
                                       : std::vector<Call>();
}

std::vector<Call> EachKey(const char* command,
                          const google::protobuf::RepeatedPtrField<std::string>& keys) {
  std::vector<Call> calls;
  for (const std::string& key : keys) calls.push_back({command, key});
  return calls;
}

const char* TypeName(v1::KeyType type) {
  static constexpr const char* kNames[] = {"none", "string", "list", "set", "hash"};
  return type >= 0 && type <= v1::KEY_TYPE_HASH ? kNames[type] : "unknown";
}

void AddQuestions(TwinTable& table) {
  table.Add<v1::KeyExistsRequest>({
      .redis = "EXISTS",
      .weight = 4,
      .generate = ForKeys<v1::KeyExistsRequest>,
      .calls = [](const auto& q, const auto*) { return EachKey("EXISTS", q.keys()); },
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
  table.Add<v1::KeyTouchRequest>({
      .redis = "TOUCH",
      .weight = 2,
      .generate = ForKeys<v1::KeyTouchRequest>,
      .calls = [](const auto& q,
                  const auto*) { return std::vector<Call>{WithArguments({"TOUCH"}, q.keys())}; },
      .kvick = [](const auto&, const auto& a) { return Show(a.touched()); },
  });
}

void AddDescriptions(TwinTable& table) {
  table.Add<v1::KeyDescribeRequest>({
      .redis = "TYPE, PEXPIRETIME, STRLEN, LLEN, SCARD, HLEN",
      .weight = 4,
      .generate =
          [](Random& random) {
            v1::KeyDescribeRequest q;
            q.set_key(random.AnyKey());
            return q;
          },
      .calls =
          [](const auto& q, const auto* a) {
            static constexpr const char* kLength[] = {"EXISTS", "STRLEN", "LLEN", "SCARD", "HLEN"};
            const int type = a == nullptr ? 0 : a->description().type();
            return std::vector<Call>{{"TYPE", q.key()},
                                     {"PEXPIRETIME", q.key()},
                                     {kLength[type <= v1::KEY_TYPE_HASH ? type : 0], q.key()}};
          },
      .kvick =
          [](const auto&, const auto& a) {
            if (!a.has_description()) return kNil;
            const auto& about = a.description();
            return absl::StrCat(
                TypeName(about.type()), " of length ", about.length(), " expires ",
                about.has_expire_time() ? Milliseconds(about.expire_time()) : int64_t{-1});
          },
      .answer =
          [](const auto&, const auto*, const Replies& replies) {
            if (replies[0].bytes == "none") return kNil;
            return absl::StrCat(replies[0].bytes, " of length ", replies[2].integer, " expires ",
                                replies[1].integer);
          },
  });
  table.Add<v1::KeySampleRequest>({
      .redis = "RANDOMKEY",
      .weight = 2,
      .generate = [](Random&) { return v1::KeySampleRequest(); },
      .calls =
          [](const auto&, const auto* a) {
            std::vector<Call> calls = {{"RANDOMKEY"}};
            if (a != nullptr && a->has_key()) calls.push_back({"EXISTS", a->key()});
            return calls;
          },
      .kvick = [](const auto&, const auto& a) { return a.has_key() ? "one of the keys" : kNil; },
      .answer =
          [](const auto&, const auto*, const Replies& replies) {
            if (replies[0].kind == RedisReply::Kind::kNil) return kNil;
            const bool exists = replies.size() < 2 || replies[1].integer == 1;
            return Answer(exists ? "one of the keys" : "a key that is not there");
          },
  });
}

void AddExpiry(TwinTable& table) {
  table.Add<v1::KeyExpireRequest>({
      .redis = "PEXPIREAT NX XX GT LT",
      .weight = 8,
      .generate =
          [](Random& random) {
            v1::KeyExpireRequest q;
            q.set_key(random.AnyKey());
            q.set_condition(static_cast<v1::ExpireCondition>(random.Below(6)));
            const int64_t time = random.OneIn(20) ? -5000 : random.ExpireTimeMs();
            q.mutable_expiry()->mutable_expire_time()->set_seconds(time / 1000);
            q.mutable_expiry()->mutable_expire_time()->set_nanos(static_cast<int32_t>(time % 1000) *
                                                                 1'000'000);
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            static constexpr const char* kConditions[] = {"", "", "NX", "XX", "GT", "LT"};
            Call call = {"PEXPIREAT", q.key(), PxAt(q.expiry())};
            const std::string condition = kConditions[q.condition()];
            if (!condition.empty()) call.push_back(condition);
            return std::vector<Call>{call};
          },
      .kvick = [](const auto&, const auto& a) { return Show(int64_t{a.changed()}); },
      .maps_expiry = true,
  });
  table.Add<v1::KeyPersistRequest>({
      .redis = "PERSIST",
      .weight = 3,
      .generate =
          [](Random& random) {
            v1::KeyPersistRequest q;
            q.set_key(random.AnyKey());
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{"PERSIST", q.key()}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(int64_t{a.changed()}); },
  });
}

void AddMoves(TwinTable& table) {
  table.Add<v1::KeyDeleteRequest>({
      .redis = "UNLINK",
      .weight = 1,
      .generate = ForKeys<v1::KeyDeleteRequest>,
      .calls = [](const auto& q,
                  const auto*) { return std::vector<Call>{WithArguments({"UNLINK"}, q.keys())}; },
      .kvick = [](const auto&, const auto& a) { return Show(a.deleted()); },
  });
  table.Add<v1::KeyRenameRequest>({
      .redis = "RENAME, RENAMENX",
      .weight = 3,
      .generate = ForTwoKeys<v1::KeyRenameRequest>,
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{{q.overwrite() ? "RENAME" : "RENAMENX", q.key(), q.new_key()}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(int64_t{a.renamed()}); },
      .answer =
          [](const auto& q, const auto*, const Replies& replies) {
            return q.overwrite() ? Show(int64_t{1}) : Show(replies[0]);
          },
      .after = [](const auto& q, const auto& a) { return NewKeysExpiry(q, a.renamed()); },
      .maps_expiry = true,
      .adapted = {{"rename-missing", "error NO_SUCH_KEY", "0"}},
  });
  table.Add<v1::KeyCopyRequest>({
      .redis = "COPY",
      .weight = 4,
      .generate = ForTwoKeys<v1::KeyCopyRequest>,
      .calls =
          [](const auto& q, const auto*) {
            Call call = {"COPY", q.key(), q.new_key()};
            if (q.overwrite()) call.push_back("REPLACE");
            return std::vector<Call>{call};
          },
      .kvick = [](const auto&, const auto& a) { return Show(int64_t{a.copied()}); },
      .after = [](const auto& q, const auto& a) { return NewKeysExpiry(q, a.copied()); },
      .maps_expiry = true,
      .adapted = {{"copy-to-itself", "error SAME_KEY", "0"}},
  });
}

v1::Selector RandomSelector(Random& random) {
  v1::Selector selector;
  switch (random.Below(4)) {
    case 0:
      selector.set_all(true);
      break;
    case 1:
      selector.set_key(random.AnyKey());
      break;
    case 2:
      selector.set_prefix(random.Pick({"set", "hash:1", "l", "nothing"}));
      break;
    default:
      selector.set_glob(random.Glob());
      break;
  }
  return selector;
}

// The pattern that selects the same keys.
std::string PatternOf(const v1::Selector& selector) {
  if (selector.has_glob()) return selector.glob();
  if (selector.has_prefix()) return selector.prefix() + "*";
  return selector.has_key() ? selector.key() : "*";
}

void AddScans(TwinTable& table) {
  table.Add<v1::KeyScanRequest>({
      .redis = "SCAN MATCH TYPE",
      .weight = 1,
      .generate =
          [](Random& random) {
            v1::KeyScanRequest q;
            *q.mutable_selector() = RandomSelector(random);
            if (random.OneIn(2)) q.set_type(static_cast<v1::KeyType>(random.Below(5)));
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            Call call = {"SCAN", "0", "COUNT", "100000", "MATCH", PatternOf(q.selector())};
            if (q.type() != v1::KEY_TYPE_UNSPECIFIED) {
              call.push_back("TYPE");
              call.push_back(TypeName(q.type()));
            }
            return std::vector<Call>{call};
          },
      .kvick =
          [](const auto&, const auto& a) {
            std::set<Answer> keys;  // A key may be answered twice.
            for (const v1::ScannedKey& key : a.keys()) keys.insert(Show(key.key()));
            return ShowSorted({keys.begin(), keys.end()});
          },
      .answer = [](const auto&, const auto*,
                   const Replies& replies) { return ShowSorted(ShowEach(replies[0].elements[1])); },
  });
  table.Add<v1::KeyDeleteMatchingRequest>({
      .redis = "KEYS and UNLINK",
      .weight = 1,
      .generate =
          [](Random& random) {
            v1::KeyDeleteMatchingRequest q;
            *q.mutable_selector() = RandomSelector(random);
            if (q.selector().has_all()) q.mutable_selector()->set_prefix("set:");
            return q;
          },
      .calls =
          [](const auto& q, const auto*) {
            return std::vector<Call>{
                {"EVAL",
                 "local keys = redis.call('KEYS', ARGV[1]) "
                 "return #keys == 0 and 0 or redis.call('UNLINK', unpack(keys))",
                 "0", PatternOf(q.selector())}};
          },
      .kvick = [](const auto&, const auto& a) { return Show(a.deleted()); },
  });
}

}  // namespace

void AddKeyTwins(TwinTable& table) {
  AddQuestions(table);
  AddDescriptions(table);
  AddExpiry(table);
  AddMoves(table);
  AddScans(table);
}

}  // namespace kvick::oracle
