// Set: what it adds to Dictionary, which has its own tests.
#include "storage/types/set.h"

#include <gtest/gtest.h>

#include <string>

namespace kvick::storage {
namespace {

TEST(SetTest, MembersAreTheirBytesAndKeepTheirFirstKind) {
  auto set = std::make_unique<Set>();
  EXPECT_TRUE(set->Add({"5", ValueKind::kInteger}));
  EXPECT_FALSE(set->Add({"5", ValueKind::kText}));
  EXPECT_EQ(set->members().Find("5")->name.kind, ValueKind::kInteger);
  for (int i = 0; i < 300; ++i) set->Add({std::to_string(i), ValueKind::kData});
  EXPECT_EQ(set->encoding(), Encoding::kHashTable);
  EXPECT_EQ(set->members().Find("5")->name.kind, ValueKind::kInteger) << "kept by the switch";
  EXPECT_TRUE(set->Contains("299"));
  EXPECT_TRUE(set->Remove("5"));
  EXPECT_FALSE(set->Remove("5"));
  EXPECT_FALSE(set->Contains("5"));
  EXPECT_EQ(set->size(), 299u);
}

TEST(SetTest, ClonesShareNothing) {
  for (const int size : {10, 1000}) {
    auto set = std::make_unique<Set>();
    for (int i = 0; i < size; ++i) set->Add({std::to_string(i), ValueKind::kText});
    const std::unique_ptr<Object> copy = set->Clone();
    EXPECT_EQ(copy->type(), ObjectType::kSet);
    EXPECT_EQ(copy->encoding(), set->encoding());
    for (int i = 0; i < size; ++i) set->Remove(std::to_string(i));
    EXPECT_EQ(copy->size(), static_cast<size_t>(size));
    EXPECT_TRUE(static_cast<Set&>(*copy).Contains("7"));
    EXPECT_GE(copy->memory_bytes(), set->memory_bytes());
  }
}

}  // namespace
}  // namespace kvick::storage
