// What the store says it takes, against what the allocator says it gave out.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/keyspace.h"
#include "storage/types/hash.h"
#include "storage/types/list.h"
#include "storage/types/set.h"

// The sanitizers count for themselves.
extern "C" size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));
// Is there under ThreadSanitizer.
extern "C" void __tsan_init() __attribute__((weak));

namespace kvick::storage {
namespace {

// Bytes of all allocations of this process.
size_t AllocatorBytes() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) {
    return __sanitizer_get_current_allocated_bytes();
  }
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// What glibc puts before each allocation, which malloc_usable_size does not tell.
size_t OverheadBytes() { return __sanitizer_get_current_allocated_bytes != nullptr ? 0 : 8; }

// ThreadSanitizer counts the sizes that it rounds up to, and tells those that were asked for.
double Rounding() { return __tsan_init != nullptr ? 0.2 : 0; }

class MemoryTest : public testing::Test {
 protected:
  MemoryTest() : before_(AllocatorBytes()) {}

  template <typename Body>
  void With(Body&& body) {
    ShardSet all;
    for (uint32_t i = 0; i < store_.shard_count(); ++i) all.push_back(i);
    store_.Lock(all);
    Keyspace keyspace(store_, 1'700'000'000'000, random_);
    body(keyspace);
    store_.Unlock(all);
  }
  static ValueView TextOf(const std::string& text) { return {text, ValueKind::kText}; }
  std::string Word(size_t length) { return std::string(length, 'v'); }

  // The store's own figures agree, and with the allocator within a part of it. `allocations`: about
  // how many there are.
  void ExpectTrue(size_t allocations, double tolerance = 0.03) {
    store_.reclaimer().WaitUntilIdle();
    const auto statistics = store_.Statistics();
    EXPECT_EQ(store_.used_bytes(), statistics.data_bytes + statistics.index_bytes);
    const double truth = static_cast<double>(AllocatorBytes() - before_);
    const double said = static_cast<double>(store_.used_bytes() + allocations * OverheadBytes());
    EXPECT_GT(truth, 2e6) << "too little to tell";
    EXPECT_NEAR(said / truth, 1, tolerance + Rounding()) << said << " against " << truth;
  }

  std::mt19937_64 random_{3};
  Store store_{{.shards = 16, .max_memory_bytes = size_t{1} << 40, .limits = {}, .clock = [] {
                  return TimeMs{1'700'000'000'000};
                }}};
  const size_t before_;
};

TEST_F(MemoryTest, StringsOfAllLengths) {
  constexpr size_t kKeys = 60'000;
  With([&](Keyspace& k) {
    for (size_t i = 0; i < kKeys; ++i) {
      k.SetString(absl::StrCat("key", i), TextOf(Word(random_() % 300)));
    }
  });
  ExpectTrue(kKeys);
  With([&](Keyspace& k) {
    for (size_t i = 0; i < kKeys; ++i) {
      const std::string key = absl::StrCat("key", random_() % kKeys);
      if (i % 3 == 0) k.SetString(key, TextOf(Word(random_() % 600)));
      if (i % 3 == 1) k.Remove(key);
    }
  });
  ExpectTrue(store_.Statistics().keys, 0.05);
}

TEST_F(MemoryTest, LargeCollections) {
  constexpr size_t kElements = 40'000;
  With([&](Keyspace& k) {
    auto set = k.EditOrCreate<Set>("set");
    auto hash = k.EditOrCreate<Hash>("hash");
    for (size_t i = 0; i < kElements; ++i) {
      const std::string name = absl::StrCat("member", i);
      (*set)->Add(TextOf(name));
      (*hash)->Set(name, TextOf(Word(random_() % 100)));
    }
    set->MarkChanged();
    hash->MarkChanged();
  });
  ExpectTrue(2 * kElements);
  With([&](Keyspace& k) {
    auto list = k.EditOrCreate<List>("list");
    for (size_t i = 0; i < 4 * kElements; ++i) {
      (*list)->Push(i % 2 == 0 ? ListEnd::kFront : ListEnd::kBack, TextOf(Word(random_() % 100)));
    }
    list->MarkChanged();
  });
  ExpectTrue(2 * kElements);
}

TEST_F(MemoryTest, SmallCollectionsThatGrowAndShrink) {
  constexpr size_t kKeys = 20'000;
  for (int round = 0; round < 3; ++round) {
    With([&](Keyspace& k) {
      for (size_t i = 0; i < kKeys; ++i) {
        const std::string list_key = absl::StrCat("list", i);
        const std::string hash_key = absl::StrCat("hash", i);
        auto list = k.EditOrCreate<List>(list_key);
        auto hash = k.EditOrCreate<Hash>(hash_key);
        for (int j = 0; j < 12; ++j) {
          (*list)->Push(ListEnd::kBack, TextOf(Word(random_() % 60)));
          (*hash)->Set(absl::StrCat("field", random_() % 30), TextOf(Word(random_() % 60)));
        }
        (*list)->Pop(ListEnd::kFront, random_() % 10);
        list->MarkChanged();
        hash->MarkChanged();
      }
    });
    ExpectTrue(2 * kKeys * 3, 0.05);
  }
}

TEST_F(MemoryTest, WhatIsDeletedIsGivenBack) {
  With([&](Keyspace& k) {
    for (size_t i = 0; i < 20'000; ++i) k.SetString(absl::StrCat("key", i), TextOf(Word(200)));
    auto set = k.EditOrCreate<Set>("set");
    for (size_t i = 0; i < 50'000; ++i) (*set)->Add(TextOf(absl::StrCat("member", i)));
    set->MarkChanged();
  });
  const size_t full = AllocatorBytes() - before_;
  size_t left = 0;
  With([&](Keyspace& k) {
    const size_t used = store_.used_bytes();
    k.Remove("set");
    left = store_.used_bytes();
    EXPECT_LE(left, used) << "what waits to be freed still counts, at most as before";
  });
  store_.reclaimer().WaitUntilIdle();
  EXPECT_LE(store_.used_bytes(), left);
  EXPECT_EQ(store_.reclaimer().unfreed_bytes(), 0u);
  store_.Flush();
  store_.reclaimer().WaitUntilIdle();
  EXPECT_EQ(store_.used_bytes(), 0u);
  EXPECT_LT(AllocatorBytes() - before_, full / 20);
}

}  // namespace
}  // namespace kvick::storage
