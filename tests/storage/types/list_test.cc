// List against std::deque, across its encodings.
#include "storage/types/list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>

#include "tests/storage/types/random_values.h"

namespace kvick::storage {
namespace {

using Model = std::deque<OwnedValue>;

ptrdiff_t Index(size_t index) { return static_cast<ptrdiff_t>(index); }

void ExpectSame(const List& list, const Model& model) {
  ASSERT_TRUE(list.IsSound());
  ASSERT_EQ(list.size(), model.size());
  auto forward = model.begin();
  list.Visit(ListEnd::kFront, 0, list.size(), [&](ValueView value) {
    EXPECT_EQ(*forward, value);
    return *forward++ == value;
  });
  ASSERT_EQ(forward, model.end());
  auto backward = model.rbegin();
  list.Visit(ListEnd::kBack, 0, list.size() + 5,
             [&](ValueView value) { return *backward++ == value; });
  ASSERT_EQ(backward, model.rend());
}

class ListTest : public testing::Test {
 protected:
  void Push(bool front, const OwnedValue& value) {
    list_->Push(front ? ListEnd::kFront : ListEnd::kBack, value.view());
    model_.insert(front ? model_.begin() : model_.end(), value);
  }
  void Pop(bool front, size_t count) {
    list_->Pop(front ? ListEnd::kFront : ListEnd::kBack, count);
    const auto from = front ? model_.begin() : model_.end() - Index(count);
    model_.erase(from, from + Index(count));
  }
  void InsertBeside(const OwnedValue& pivot, bool after, const OwnedValue& value) {
    const auto found = std::find_if(model_.begin(), model_.end(), [&](const OwnedValue& other) {
      return other.bytes == pivot.bytes;
    });
    const bool present = found != model_.end();
    ASSERT_EQ(list_->InsertBeside(pivot.bytes, after, value.view()), present);
    if (present) {
      model_.insert(after ? found + 1 : found, value);
    }
  }
  void Remove(const OwnedValue& value, size_t limit, bool front) {
    size_t removed = 0;
    const auto matches = [&](const OwnedValue& other) {
      return other.bytes == value.bytes && removed < limit && ++removed > 0;
    };
    if (!front) std::reverse(model_.begin(), model_.end());
    std::erase_if(model_, matches);
    if (!front) std::reverse(model_.begin(), model_.end());
    ASSERT_EQ(list_->Remove(value.bytes, limit, front ? ListEnd::kFront : ListEnd::kBack), removed);
  }
  void CheckPart() {
    const size_t skip = random_() % (model_.size() + 2);
    const size_t count = random_() % 20;
    for (const bool front : {true, false}) {
      std::vector<OwnedValue> seen;
      list_->Visit(front ? ListEnd::kFront : ListEnd::kBack, skip, count, [&](ValueView value) {
        seen.push_back({std::string(value.bytes), value.kind});
        return true;
      });
      const size_t left = model_.size() - std::min(skip, model_.size());
      ASSERT_EQ(seen.size(), std::min(count, left));
      for (size_t i = 0; i < seen.size(); ++i) {
        ASSERT_EQ(model_[front ? skip + i : model_.size() - 1 - skip - i], seen[i].view());
      }
    }
  }
  void Step(bool growing) {
    const bool side = random_() % 2 == 0;
    const OwnedValue value = random_() % 3 == 0 ? RandomTwin(random_) : RandomValue(random_);
    const size_t index = model_.empty() ? 0 : random_() % model_.size();
    switch (random_() % (growing ? 9 : 13)) {
      case 6:
        if (!model_.empty()) {
          ASSERT_EQ(model_[index], list_->At(index));
          list_->Set(index, value.view());
          model_[index] = value;
        }
        break;
      case 7:
        InsertBeside(RandomTwin(random_), side, value);
        break;
      case 8:
        Remove(RandomTwin(random_), 1 + random_() % 5, side);
        break;
      case 9:
      case 10:
        if (!model_.empty()) {
          // Beside a value of this very place, so that insertions come everywhere.
          InsertBeside(model_[index], side, value);
        }
        break;
      case 11:
      case 12:
        Pop(side, std::min<size_t>(model_.size(), random_() % 25));
        break;
      default:
        Push(side, value);
    }
  }

  Random random_{77};
  std::unique_ptr<List> list_ = std::make_unique<List>();
  Model model_;
};

TEST_F(ListTest, AgreesWithAModelInRandomSequences) {
  bool was_packed = false;
  bool had_blocks = false;
  for (int step = 0; step < 12000; ++step) {
    ASSERT_NO_FATAL_FAILURE(Step(step % 2000 < 1000)) << step;
    ASSERT_TRUE(list_->IsSound()) << step;
    ASSERT_EQ(list_->size(), model_.size());
    if (step % 23 == 0) {
      ASSERT_NO_FATAL_FAILURE(CheckPart()) << step;
    }
    if (step % 97 == 0) {
      ASSERT_NO_FATAL_FAILURE(ExpectSame(*list_, model_)) << step;
    }
    was_packed |= list_->encoding() == Encoding::kPacked && step > 3000;
    had_blocks |= list_->encoding() == Encoding::kBlocks;
    if (step % 3000 == 2999) {
      Pop(step % 2 == 0, model_.size() - std::min<size_t>(model_.size(), 3));
    }
  }
  EXPECT_TRUE(was_packed);
  EXPECT_TRUE(had_blocks);
}

TEST_F(ListTest, QueuesInBothDirections) {
  for (const bool front : {true, false}) {
    for (int i = 0; i < 60'000; ++i) {
      Push(front, {"value " + std::to_string(i), ValueKind::kText});
      if (i >= 5000) {
        Pop(!front, 1);
      }
    }
    ExpectSame(*list_, model_);
    EXPECT_LT(list_->memory_bytes(), size_t{5000} * 16 * 3 / 2) << "fragmented";
    Pop(front, model_.size());
    ExpectSame(*list_, model_);
  }
}

TEST_F(ListTest, RemovalsDoNotFragment) {
  for (int i = 0; i < 50'000; ++i) {
    Push(false, {i % 50 == 0 ? "keep" : "drop", ValueKind::kText});
  }
  const size_t before = list_->memory_bytes();
  Remove({"drop", ValueKind::kText}, SIZE_MAX, false);
  ExpectSame(*list_, model_);
  EXPECT_EQ(list_->size(), 1000u);
  EXPECT_LT(list_->memory_bytes(), before / 20);
}

TEST_F(ListTest, LargeValuesHaveBlocksOfTheirOwn) {
  for (int i = 0; i < 10; ++i) {
    Push(i % 2 == 0, {std::string(100'000, static_cast<char>('a' + i)), ValueKind::kData});
    Push(i % 3 == 0, {"small", ValueKind::kText});
  }
  ExpectSame(*list_, model_);
  const size_t large = list_->memory_bytes();
  EXPECT_GE(large, 1'000'000u);
  EXPECT_LT(large, 1'020'000u);
  for (size_t i = 0; i < model_.size(); ++i) {
    list_->Set(i, {"tiny", ValueKind::kText});
    model_[i] = {"tiny", ValueKind::kText};
  }
  ExpectSame(*list_, model_);
  EXPECT_EQ(list_->encoding(), Encoding::kPacked) << "merged again";
  EXPECT_LT(list_->memory_bytes(), 1000u);
}

TEST_F(ListTest, ClonesShareNothing) {
  for (int i = 0; i < 3000; ++i) Push(i % 2 == 0, RandomValue(random_));
  const std::unique_ptr<Object> copy = list_->Clone();
  Pop(true, 2000);
  Pop(false, 1000);
  const auto& list = static_cast<const List&>(*copy);
  EXPECT_EQ(list.size(), 3000u);
  EXPECT_TRUE(list.IsSound());
  EXPECT_EQ(list_->size(), 0u);
}

TEST_F(ListTest, IsFreedInSteps) {
  for (int i = 0; i < 300'000; ++i) Push(false, {std::to_string(i), ValueKind::kText});
  int steps = 1;
  size_t before = list_->memory_bytes();
  while (list_->FreeSome()) {
    ++steps;
    ASSERT_LT(list_->memory_bytes(), before);
    before = list_->memory_bytes();
  }
  EXPECT_GT(steps, 1);
  EXPECT_EQ(list_->size(), 0u);
}

}  // namespace
}  // namespace kvick::storage
