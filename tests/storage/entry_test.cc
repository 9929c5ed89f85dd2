// Entries: layout at every boundary of lengths, replacement in place, access statistics.
#include "storage/entry.h"

#include <gtest/gtest.h>

#include <string>

namespace kvick::storage {
namespace {

TEST(EntryTest, HoldsEveryMixOfLengthsAndExpiry) {
  for (const size_t key_size : {1u, 2u, 16u, 255u, 256u, 65536u}) {
    for (const size_t value_size : {0u, 1u, 32u, 255u, 256u, 100000u}) {
      for (const std::optional<TimeMs> expiry :
           {std::optional<TimeMs>(), std::optional<TimeMs>(0), std::optional<TimeMs>(kExpiryMax)}) {
        const std::string key(key_size, 'k');
        const std::string value(value_size, 'v');
        Entry* entry = Entry::NewString(key, {value, ValueKind::kData}, expiry);
        EXPECT_EQ(entry->key(), key);
        EXPECT_EQ(entry->value().bytes, value);
        EXPECT_EQ(entry->value().kind, ValueKind::kData);
        EXPECT_EQ(entry->expiry(), expiry);
        EXPECT_EQ(entry->type(), ObjectType::kString);
        EXPECT_EQ(entry->length(), value_size);
        EXPECT_GE(entry->memory_bytes(), key_size + value_size);
        Entry::Destroy(entry);
      }
    }
  }
}

TEST(EntryTest, ReplacesInPlaceWhatFits) {
  Entry* entry = Entry::NewString("key", {std::string(40, 'a'), ValueKind::kText}, 1234);
  entry->set_version(77);
  EXPECT_TRUE(entry->ReplaceInPlace({std::string(38, 'b'), ValueKind::kInteger}));
  EXPECT_EQ(entry->value().bytes, std::string(38, 'b'));
  EXPECT_EQ(entry->value().kind, ValueKind::kInteger);
  EXPECT_EQ(entry->key(), "key");
  EXPECT_EQ(entry->expiry(), 1234);
  EXPECT_EQ(entry->version(), 77);
  EXPECT_FALSE(entry->ReplaceInPlace({std::string(4000, 'c'), ValueKind::kText}));
  EXPECT_EQ(entry->value().bytes, std::string(38, 'b'));
  Entry::Destroy(entry);

  entry = Entry::NewString("key", {std::string(4000, 'a'), ValueKind::kText}, std::nullopt);
  EXPECT_FALSE(entry->ReplaceInPlace({"small", ValueKind::kText})) << "would waste the allocation";
  Entry::Destroy(entry);
}

TEST(EntryTest, VersionsUpTo48Bits) {
  Entry* entry = Entry::NewString("k", {"v", ValueKind::kText}, std::nullopt);
  constexpr int64_t kLast = (int64_t{1} << 48) - 1;
  entry->set_version(kLast);
  EXPECT_EQ(entry->version(), kLast);
  EXPECT_EQ(entry->value().bytes, "v");
  Entry::Destroy(entry);
}

TEST(EntryTest, FrequencyGrowsWithUseAndDecaysWithout) {
  Entry* entry = Entry::NewString("k", {"v", ValueKind::kText}, std::nullopt);
  entry->Touch(1000, 0);
  const int once = entry->Frequency(1000);
  for (int i = 0; i < 50; ++i) entry->Touch(1000, 0);  // chance 0 always counts
  const int often = entry->Frequency(1000);
  EXPECT_GT(often, once);
  EXPECT_EQ(entry->Frequency(1000 + 120), often - 2);
  EXPECT_EQ(entry->IdleSeconds(1000 + 120), 120u);
  for (int i = 0; i < 500; ++i) entry->Touch(1000, 0);
  EXPECT_EQ(entry->Frequency(1000), 255);
  EXPECT_EQ(entry->Frequency(1000 + 3600 * 24), 0);
  Entry::Destroy(entry);
}

}  // namespace
}  // namespace kvick::storage
