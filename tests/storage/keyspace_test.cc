// Keyspace and Store: strings, expiry, versions, accounting. Collections are tested with their
// types.
#include "storage/keyspace.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "storage/base/error.h"

namespace kvick::storage {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;

class KeyspaceTest : public testing::Test {
 protected:
  // Runs `body(Keyspace&)` with every shard locked and returns the version that it took.
  template <typename Body>
  int64_t With(Body&& body) {
    ShardSet all;
    for (uint32_t i = 0; i < store_.shard_count(); ++i) all.push_back(i);
    store_.Lock(all);
    Keyspace keyspace(store_, now_, random_);
    body(keyspace);
    const int64_t version = keyspace.version();
    store_.Unlock(all);
    return version;
  }
  int64_t Set(const std::string& key, const std::string& value) {
    return With([&](Keyspace& k) { k.SetString(key, {value, ValueKind::kText}); });
  }
  int64_t Expire(const std::string& key, std::optional<TimeMs> expiry) {
    return With([&](Keyspace& k) { k.SetExpiry(key, expiry); });
  }
  std::optional<std::string> Get(const std::string& key) {
    std::optional<std::string> value;
    With([&](Keyspace& k) {
      const Entry* entry = k.Peek(key);
      if (entry != nullptr) value = std::string(entry->value().bytes);
    });
    return value;
  }
  void ExpireAll() {
    for (uint32_t i = 0; i < store_.shard_count(); ++i) {
      while (store_.ExpireSome(i, now_, 10)) {
      }
    }
  }
  // Recounts what the shards claim.
  void CheckAccounting() {
    size_t keys = 0;
    size_t with_expiry = 0;
    size_t bytes = 0;
    for (uint32_t i = 0; i < store_.shard_count(); ++i) {
      Shard& shard = store_.shard(i);
      absl::MutexLock lock(&shard.mu);
      shard.table.ForEach([&](const Entry* entry) {
        ++keys;
        with_expiry += entry->expiry().has_value() ? 1 : 0;
        bytes += entry->memory_bytes();
      });
    }
    const StoreStatistics statistics = store_.Statistics();
    EXPECT_EQ(statistics.keys, keys);
    EXPECT_EQ(statistics.keys_with_expiry, with_expiry);
    EXPECT_EQ(statistics.data_bytes, bytes);
    EXPECT_EQ(store_.used_bytes(), bytes + statistics.index_bytes);
  }

  TimeMs now_ = kStart;
  std::mt19937_64 random_{5};
  Store store_{{.shards = 8, .max_memory_bytes = size_t{1} << 30, .limits = {}, .clock = [this] {
                  return now_;
                }}};
};

TEST_F(KeyspaceTest, EveryWriteHasAVersionOfItsOwn) {
  const int64_t first = Set("a", "1");
  const int64_t second = Set("a", "2");
  EXPECT_GT(first, 0);
  EXPECT_EQ(second, first + 1);
  const int64_t both = With([&](Keyspace& k) {
    k.SetString("a", {"3", ValueKind::kText});
    k.SetString("b", {"3", ValueKind::kText});
  });
  EXPECT_EQ(both, second + 1) << "one command, one version";
  With([&](Keyspace& k) {
    EXPECT_EQ(k.Peek("a")->version(), both);
    EXPECT_EQ(k.Peek("b")->version(), both);
  });
  EXPECT_EQ(With([](Keyspace& k) { EXPECT_FALSE(k.Remove("missing")); }), 0)
      << "what changes nothing takes no version";
  EXPECT_EQ(With([](Keyspace& k) { k.Remove("a"); }), both + 1);
}

TEST_F(KeyspaceTest, ExpiryIsExactOnAccess) {
  Set("a", "1");
  Expire("a", kStart + 1000);
  now_ = kStart + 999;
  EXPECT_EQ(Get("a"), "1");
  now_ = kStart + 1000;
  EXPECT_EQ(Get("a"), std::nullopt);
  Set("a", "2");
  With([](Keyspace& k) {
    EXPECT_EQ(k.Peek("a")->expiry(), std::nullopt) << "a new key inherits nothing from a dead one";
  });
  CheckAccounting();
}

TEST_F(KeyspaceTest, ASetKeepsTheExpiry) {
  Set("a", "1");
  Expire("a", kStart + 1000);
  Set("a", std::string(500, 'x'));
  Set("a", "short");
  With([](Keyspace& k) { EXPECT_EQ(k.Peek("a")->expiry(), kStart + 1000); });
  Expire("a", std::nullopt);
  With([](Keyspace& k) { EXPECT_EQ(k.Peek("a")->expiry(), std::nullopt); });
  CheckAccounting();
}

TEST_F(KeyspaceTest, AnExpiryInThePastRemovesTheKey) {
  Set("a", "1");
  EXPECT_GT(Expire("a", kStart), 0);
  EXPECT_EQ(Get("a"), std::nullopt);
  CheckAccounting();
}

TEST_F(KeyspaceTest, TheBackgroundRemovesWhatNobodyAsksFor) {
  for (int i = 0; i < 1000; ++i) {
    const std::string key = "key" + std::to_string(i);
    Set(key, "v");
    Expire(key, kStart + 100 * i + 1);
  }
  now_ = kStart + 50'000 + 300;
  const int64_t before = store_.last_version();
  ExpireAll();
  EXPECT_EQ(store_.Statistics().keys, 500u - 3u);
  EXPECT_EQ(store_.last_version(), before + 503) << "each expiry is a write";
  EXPECT_EQ(store_.Statistics().expired, 503u);
  CheckAccounting();
}

TEST_F(KeyspaceTest, AnExpiryMovedEarlierIsNotMissed) {
  Set("a", "1");
  Expire("a", kStart + 3'600'000);
  ExpireAll();
  Expire("a", kStart + 1000);
  now_ = kStart + 1300;
  ExpireAll();
  EXPECT_EQ(store_.Statistics().keys, 0u);
}

TEST_F(KeyspaceTest, AnExpiryMovedLaterOftenCostsNothing) {
  Set("a", "1");
  for (int i = 1; i < 10'000; ++i) Expire("a", kStart + 1000 * i);
  Shard& shard = store_.shard(store_.ShardOf("a"));
  absl::MutexLock lock(&shard.mu);
  EXPECT_EQ(shard.wheel.size(), 1u);
}

TEST_F(KeyspaceTest, UselessReferencesAreSweptUp) {
  for (int i = 0; i < 20'000; ++i) {
    Set("a", "1");
    Expire("a", kStart + 3'600'000);
    With([](Keyspace& k) { k.Remove("a"); });
  }
  Shard& shard = store_.shard(store_.ShardOf("a"));
  absl::MutexLock lock(&shard.mu);
  EXPECT_LE(shard.wheel.size(), 2048u);
}

TEST_F(KeyspaceTest, RenameAndCopyTakeTheExpiryAlong) {
  Set("a", "1");
  Expire("a", kStart + 1000);
  Set("b", "old");
  With([](Keyspace& k) { k.Rename("a", "b"); });
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(Get("b"), "1");
  With([](Keyspace& k) {
    EXPECT_EQ(k.Peek("b")->expiry(), kStart + 1000);
    k.Copy("b", "c");
    EXPECT_EQ(k.Peek("c")->expiry(), kStart + 1000);
  });
  now_ = kStart + 1300;
  ExpireAll();
  EXPECT_EQ(store_.Statistics().keys, 0u);
  CheckAccounting();
}

TEST_F(KeyspaceTest, WrongTypeNamesBoth) {
  const absl::Status status = WrongType("k", ObjectType::kList, ObjectType::kString);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReasonOf(status), "WRONG_TYPE");
  EXPECT_EQ(status.message(),
            "The key \"k\" holds a list, not a string: use another key, or delete it first.");
  // A long key is cut between characters.
  const std::string message(
      WrongType(std::string(63, 'k') + "\xC3\xA9...", ObjectType::kSet, ObjectType::kHash)
          .message());
  EXPECT_NE(message.find(std::string(63, 'k') + "...\""), std::string::npos) << message;
}

TEST_F(KeyspaceTest, FlushForgetsEverythingAtOnce) {
  for (int i = 0; i < 5000; ++i) Set("key" + std::to_string(i), "value");
  Expire("key1", kStart + 1000);
  const auto result = store_.Flush();
  EXPECT_EQ(result.deleted, 5000u);
  EXPECT_EQ(result.version, store_.last_version());
  EXPECT_EQ(store_.Statistics().keys, 0u);
  store_.reclaimer().WaitUntilIdle();
  EXPECT_EQ(store_.used_bytes(), 0u);
  CheckAccounting();
}

TEST_F(KeyspaceTest, AgreesWithAModelInRandomSequences) {
  struct Held {
    std::string value;
    std::optional<TimeMs> expiry;
  };
  std::map<std::string, Held> model;
  const auto dead = [&](const std::string& key) {
    const auto found = model.find(key);
    if (found != model.end() && found->second.expiry.value_or(kExpiryMax) <= now_) {
      model.erase(found);
    }
    return !model.contains(key);
  };
  for (int step = 0; step < 60'000; ++step) {
    const std::string key = "key" + std::to_string(random_() % 300);
    const std::string other = "key" + std::to_string(random_() % 300);
    const std::string value(random_() % (step % 50 == 0 ? 1000 : 60), 'v');
    now_ += static_cast<TimeMs>(random_() % 20);
    const bool was_dead = dead(key);
    dead(other);
    switch (random_() % 7) {
      case 0:
      case 1:
        Set(key, value);
        model[key].value = value;
        break;
      case 2:
        With([&](Keyspace& k) { EXPECT_EQ(k.Remove(key), !was_dead); });
        model.erase(key);
        break;
      case 3:
        if (!was_dead) {
          const auto expiry = random_() % 4 == 0
                                  ? std::nullopt
                                  : std::optional<TimeMs>(now_ - 5 + random_() % 3000);
          Expire(key, expiry);
          model[key].expiry = expiry;
        }
        break;
      case 4:
        if (!was_dead && key != other) {
          With([&](Keyspace& k) { k.Rename(key, other); });
          model[other] = model[key];
          model.erase(key);
        }
        break;
      case 5:
        if (!was_dead && key != other) {
          With([&](Keyspace& k) { k.Copy(key, other); });
          model[other] = model[key];
        }
        break;
      default:
        ASSERT_EQ(Get(key), was_dead ? std::nullopt : std::optional(model[key].value));
    }
    if (step % 1000 == 0) {
      ExpireAll();
      CheckAccounting();
    }
  }
}

}  // namespace
}  // namespace kvick::storage
