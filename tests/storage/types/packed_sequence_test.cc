// PackedSequence against std::vector.
#include "storage/types/packed_sequence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/storage/types/random_values.h"

namespace kvick::storage {
namespace {

using Model = std::vector<OwnedValue>;

void ExpectSame(const PackedSequence& sequence, const Model& model) {
  ASSERT_EQ(sequence.count(), model.size());
  PackedSequence::Offset at = 0;
  size_t bytes = 0;
  for (const OwnedValue& value : model) {
    ASSERT_EQ(value, sequence.Get(at));
    ASSERT_EQ(value, sequence.Read(at));
    bytes += PackedSequence::EntryBytes(value.bytes.size());
    ASSERT_EQ(at, bytes);
  }
  ASSERT_EQ(at, sequence.end());
  for (auto value = model.rbegin(); value != model.rend(); ++value) {
    ASSERT_EQ(*value, sequence.ReadBack(at));
  }
  ASSERT_EQ(at, 0u);
}

ptrdiff_t Index(size_t index) { return static_cast<ptrdiff_t>(index); }

size_t EraseEqual(Model& model, const std::string& bytes, size_t limit, bool from_back) {
  size_t removed = 0;
  if (from_back) std::reverse(model.begin(), model.end());
  std::erase_if(model, [&](const OwnedValue& value) {
    return value.bytes == bytes && removed < limit && ++removed > 0;
  });
  if (from_back) std::reverse(model.begin(), model.end());
  return removed;
}

class Both {
 public:
  explicit Both(uint64_t seed) : random_(seed) {}

  void Step(bool growing) {
    const OwnedValue value = random_() % 2 == 0 ? RandomValue(random_) : RandomTwin(random_);
    const size_t index = model_.empty() ? 0 : random_() % model_.size();
    switch (random_() % (growing ? 7 : 11)) {
      case 0:
      case 1:
        sequence_.Append(value.view());
        model_.push_back(value);
        break;
      case 2:
        sequence_.Prepend(value.view());
        model_.insert(model_.begin(), value);
        break;
      case 3:
      case 4:
        sequence_.Insert(sequence_.OffsetOf(index), value.view());
        model_.insert(model_.begin() + Index(index), value);
        break;
      case 5:
        if (!model_.empty()) {
          sequence_.Replace(sequence_.OffsetOf(index), value.view());
          model_[index] = value;
        }
        break;
      case 6: {
        const size_t limit = 1 + random_() % 3;
        const bool back = random_() % 2 == 0;
        ASSERT_EQ(sequence_.EraseEqual(value.bytes, limit, back),
                  EraseEqual(model_, value.bytes, limit, back));
        break;
      }
      default: {
        const size_t count = std::min<size_t>(random_() % 3, model_.size() - index);
        sequence_.Erase(sequence_.OffsetOf(index), count);
        model_.erase(model_.begin() + Index(index), model_.begin() + Index(index + count));
      }
    }
  }

  Random random_;
  PackedSequence sequence_;
  Model model_;
};

TEST(PackedSequenceTest, AgreesWithAModelInRandomSequences) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    Both both(seed);
    for (int step = 0; step < 1500; ++step) {
      both.Step(step % 300 < 150);
      if (step % 7 == 0) {
        ASSERT_NO_FATAL_FAILURE(ExpectSame(both.sequence_, both.model_)) << seed << " " << step;
      }
      ASSERT_EQ(both.sequence_.memory_bytes() == 0 && !both.model_.empty(), false);
    }
  }
}

TEST(PackedSequenceTest, FindsWithAStride) {
  PackedSequence sequence;
  for (const char* bytes : {"a", "b", "b", "a", "c", "a"}) {
    sequence.Append({bytes, ValueKind::kText});
  }
  EXPECT_EQ(sequence.Find("b"), sequence.OffsetOf(1));
  EXPECT_EQ(sequence.Find("b", 2), sequence.OffsetOf(2));
  EXPECT_EQ(sequence.Find("c", 2), sequence.OffsetOf(4));
  EXPECT_EQ(sequence.Find("d"), sequence.end());
  EXPECT_EQ(sequence.Find("", 2), sequence.end());
}

TEST(PackedSequenceTest, SplitsJoinsAndClones) {
  for (size_t cut = 0; cut <= 40; ++cut) {
    Both both(cut + 100);
    while (both.model_.size() < 40) both.Step(true);
    PackedSequence rest = both.sequence_.SplitOff(std::min(cut, both.model_.size()));
    const auto middle = both.model_.begin() + Index(std::min(cut, both.model_.size()));
    ExpectSame(both.sequence_, Model(both.model_.begin(), middle));
    ExpectSame(rest, Model(middle, both.model_.end()));
    both.sequence_.AppendAll(rest);
    ExpectSame(both.sequence_, both.model_);
    both.sequence_.ShrinkToFit();
    ExpectSame(both.sequence_, both.model_);
    ExpectSame(both.sequence_.Clone(), both.model_);
  }
}

TEST(PackedSequenceTest, GivesMemoryBack) {
  PackedSequence sequence;
  EXPECT_EQ(sequence.memory_bytes(), 0u);
  for (int i = 0; i < 1000; ++i) sequence.Append({"12345678", ValueKind::kText});
  EXPECT_GE(sequence.memory_bytes(), 10'000u);
  sequence.Erase(0, 990);
  EXPECT_LT(sequence.memory_bytes(), 500u);
  sequence.Erase(0, 10);
  EXPECT_LT(sequence.memory_bytes(), 500u);
  const std::string large(1 << 20, 'x');
  PackedSequence one;
  one.Append({large, ValueKind::kData});
  EXPECT_LT(one.memory_bytes(), large.size() + 8192) << "a single value has no room for growth";
}

TEST(PackedSequenceTest, QueuesStayBounded) {
  PackedSequence sequence;
  for (int i = 0; i < 100; ++i) sequence.Append({"0123456789", ValueKind::kText});
  for (int i = 0; i < 100'000; ++i) {
    sequence.Append({"0123456789", ValueKind::kText});
    sequence.Erase(0, 1);
  }
  EXPECT_EQ(sequence.count(), 100u);
  EXPECT_LT(sequence.memory_bytes(), 4096u);
  for (int i = 0; i < 100'000; ++i) {
    sequence.Prepend({"0123456789", ValueKind::kText});
    sequence.Erase(sequence.OffsetOf(100), 1);
  }
  EXPECT_LT(sequence.memory_bytes(), 4096u);
}

}  // namespace
}  // namespace kvick::storage
