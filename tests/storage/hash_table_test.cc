// HashTable against std::unordered_map, in growth, shrinkage and scans under change.
#include "storage/base/hash_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <unordered_map>
#include <vector>

namespace kvick::storage {
namespace {

struct Item {
  uint64_t key;
};
struct ItemTraits {
  using Node = Item;
  static uint64_t Hash(const Item& item) { return item.key * 0x9E3779B97F4A7C15u; }
};
using Table = HashTable<ItemTraits>;

class HashTableTest : public testing::Test {
 protected:
  void Add(uint64_t key) {
    auto item = std::make_unique<Item>(Item{key});
    table_.Insert(ItemTraits::Hash(*item), item.get());
    items_[key] = std::move(item);
  }
  Item* Find(uint64_t key) const {
    return table_.Find(key * 0x9E3779B97F4A7C15u, [&](const Item& i) { return i.key == key; });
  }
  void Remove(uint64_t key) {
    Item* item =
        table_.Erase(key * 0x9E3779B97F4A7C15u, [&](const Item& i) { return i.key == key; });
    ASSERT_NE(item, nullptr);
    ASSERT_EQ(item->key, key);
    items_.erase(key);
  }

  Table table_;
  std::unordered_map<uint64_t, std::unique_ptr<Item>> items_;
};

TEST_F(HashTableTest, AgreesWithAModelInRandomSequences) {
  std::mt19937_64 random(20240601);
  for (int round = 0; round < 6; ++round) {
    // Grow phases and shrink phases in turn.
    const uint64_t add_percent = round % 2 == 0 ? 80 : 15;
    for (int step = 0; step < 30000; ++step) {
      const uint64_t key = random() % 40000;
      const bool present = items_.contains(key);
      ASSERT_EQ(Find(key) != nullptr, present);
      if (random() % 100 < add_percent) {
        if (!present) Add(key);
      } else if (present) {
        Remove(key);
      }
    }
    ASSERT_EQ(table_.size(), items_.size());
    std::set<uint64_t> seen;
    table_.ForEach([&](Item* item) { EXPECT_TRUE(seen.insert(item->key).second); });
    ASSERT_EQ(seen.size(), items_.size());
  }
  while (!items_.empty()) {
    Remove(items_.begin()->first);
  }
  EXPECT_EQ(table_.size(), 0u);
  EXPECT_LE(table_.memory_bytes(), 1024u) << "an emptied table gives its memory back";
}

TEST_F(HashTableTest, ScanMissesNothingThatStaysWhileTheTableGrowsAndShrinks) {
  std::mt19937_64 random(7);
  constexpr uint64_t kStaying = 3000;
  for (int round = 0; round < 20; ++round) {
    for (uint64_t key = 0; key < kStaying; ++key) {
      if (!items_.contains(key)) Add(key);
    }
    std::set<uint64_t> seen;
    uint64_t cursor = 0;
    int step = 0;
    do {
      cursor = table_.Scan(cursor, [&](Item* item) { seen.insert(item->key); });
      // Waves of up to 30,000 others come and go.
      const bool growing = (step++ / 300 + round) % 2 == 0;
      for (int i = 0; i < 100; ++i) {
        const uint64_t key = kStaying + random() % 30000;
        if (growing && !items_.contains(key)) Add(key);
        if (!growing && items_.contains(key)) Remove(key);
      }
    } while (cursor != 0);
    for (uint64_t key = 0; key < kStaying; ++key) {
      ASSERT_TRUE(seen.contains(key)) << "round " << round << " key " << key;
    }
  }
}

TEST_F(HashTableTest, SampleIsNearlyEven) {
  std::mt19937_64 random(11);
  constexpr int kKeys = 200;
  constexpr int kDraws = 200000;
  for (uint64_t key = 0; key < kKeys; ++key) Add(key);
  std::vector<int> drawn(kKeys);
  for (int i = 0; i < kDraws; ++i) ++drawn[table_.Sample(random)->key];
  for (int count : drawn) {
    EXPECT_GT(count, kDraws / kKeys / 3);
    EXPECT_LT(count, kDraws / kKeys * 2);
  }
}

TEST_F(HashTableTest, NodesWithOneHashAreToldApart) {
  std::vector<std::unique_ptr<Item>> same;
  for (uint64_t i = 0; i < 50; ++i) {
    same.push_back(std::make_unique<Item>(Item{i}));
    table_.Insert(42, same.back().get());
    if (i == 5) break;  // more than one bucket's worth would need equal Traits::Hash to be moved
  }
  for (const auto& item : same) {
    EXPECT_EQ(table_.Find(42, [&](const Item& i) { return &i == item.get(); }), item.get());
  }
}

TEST_F(HashTableTest, MovesWithEverything) {
  for (uint64_t key = 0; key < 1000; ++key) Add(key);
  Table other(std::move(table_));
  EXPECT_EQ(other.size(), 1000u);
  EXPECT_EQ(table_.size(), 0u);  // NOLINT(bugprone-use-after-move): moved-from is empty
  table_ = std::move(other);
  EXPECT_NE(Find(999), nullptr);
}

}  // namespace
}  // namespace kvick::storage
