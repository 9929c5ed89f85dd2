// Hash: what it adds to Dictionary, which has its own tests.
#include "storage/types/hash.h"

#include <gtest/gtest.h>

#include <string>

namespace kvick::storage {
namespace {

TEST(HashTest, SetsReplacesAndDeletes) {
  for (const int size : {1, 500}) {
    auto hash = std::make_unique<Hash>();
    for (int i = 0; i < size; ++i) {
      EXPECT_TRUE(hash->Set("field " + std::to_string(i), {"old", ValueKind::kText}));
    }
    EXPECT_FALSE(hash->Set("field 0", {"new", ValueKind::kData})) << "of the same length";
    EXPECT_EQ(hash->Get("field 0")->bytes, "new");
    EXPECT_EQ(hash->Get("field 0")->kind, ValueKind::kData);
    EXPECT_FALSE(hash->Set("field 0", {std::string(100, 'x'), ValueKind::kNumber}));
    EXPECT_EQ(hash->Get("field 0")->bytes, std::string(100, 'x'));
    EXPECT_EQ(hash->encoding(), Encoding::kHashTable) << "a long value is not packed";
    EXPECT_FALSE(hash->Set("field 0", {"", ValueKind::kText}));
    EXPECT_EQ(hash->Get("field 0")->bytes, "");
    EXPECT_FALSE(hash->Get("old").has_value()) << "values are no fields";
    EXPECT_TRUE(hash->Delete("field 0"));
    EXPECT_FALSE(hash->Get("field 0").has_value());
    EXPECT_EQ(hash->size(), static_cast<size_t>(size - 1));
  }
}

TEST(HashTest, ClonesShareNothing) {
  for (const int size : {10, 1000}) {
    auto hash = std::make_unique<Hash>();
    for (int i = 0; i < size; ++i) hash->Set(std::to_string(i), {"v", ValueKind::kText});
    const std::unique_ptr<Object> copy = hash->Clone();
    EXPECT_EQ(copy->type(), ObjectType::kHash);
    hash->Set("7", {"w", ValueKind::kText});
    EXPECT_EQ(static_cast<Hash&>(*copy).Get("7")->bytes, "v");
    EXPECT_EQ(copy->size(), static_cast<size_t>(size));
  }
}

}  // namespace
}  // namespace kvick::storage
