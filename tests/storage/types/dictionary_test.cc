// Dictionary against std::map, with and without values, across its encodings; scans under change.
#include "storage/types/dictionary.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "storage/types/item.h"
#include "tests/storage/types/random_values.h"

namespace kvick::storage {
namespace {

template <typename T>
class DictionaryTest : public testing::Test {
 protected:
  static constexpr bool kWithValues = T::value;
  struct Held {
    ValueKind kind;
    OwnedValue value;
  };

  void Put(const OwnedValue& name, const OwnedValue& value) {
    const auto [held, added] = model_.try_emplace(name.bytes, Held{name.kind, value});
    ASSERT_EQ(dictionary_->Put(name.view(), kWithValues ? value.view() : ValueView{}), added);
    held->second.value = value;
  }
  void Erase(const std::string name) {  // a copy: it may be the model's own
    ASSERT_EQ(dictionary_->Erase(name), model_.erase(name) == 1);
  }
  void ExpectIsHeld(const Element& element) const {
    const auto held = model_.find(std::string(element.name.bytes));
    ASSERT_NE(held, model_.end());
    ASSERT_EQ(held->second.kind, element.name.kind);
    if (kWithValues) {
      ASSERT_EQ(held->second.value, element.value);
    }
  }
  void ExpectSame(const Dictionary<kWithValues>& dictionary) const {
    ASSERT_EQ(dictionary.size(), model_.size());
    size_t seen = 0;
    dictionary.ForEach([&](const Element& element) {
      ExpectIsHeld(element);
      ++seen;
      return true;
    });
    ASSERT_EQ(seen, model_.size());
    for (const auto& [name, held] : model_) {
      const auto found = dictionary.Find(name);
      ASSERT_TRUE(found.has_value());
      ASSERT_EQ(found->name.bytes, name);
    }
  }
  OwnedValue RandomName(size_t range) {
    const std::string bytes = "name " + std::to_string(random_() % range);
    return {bytes, static_cast<ValueKind>(random_() % 4)};
  }
  void Fill(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      Put({"element " + std::to_string(i), ValueKind::kText}, {std::to_string(i)});
    }
  }

  Random random_{11};
  std::unique_ptr<Dictionary<kWithValues>> dictionary_ =
      std::make_unique<Dictionary<kWithValues>>();
  std::map<std::string, Held> model_;
};

using Kinds = testing::Types<std::false_type, std::true_type>;
TYPED_TEST_SUITE(DictionaryTest, Kinds);

TYPED_TEST(DictionaryTest, AgreesWithAModelInRandomSequences) {
  for (const size_t range : {size_t{60}, size_t{400}, size_t{5000}}) {
    this->dictionary_ = std::make_unique<Dictionary<TypeParam::value>>();
    this->model_.clear();
    for (int step = 0; step < 12000; ++step) {
      const OwnedValue name = this->RandomName(range);
      OwnedValue value = RandomValue(this->random_);
      if (range == 60 && value.bytes.size() > 64) value.bytes.resize(64);
      if (this->random_() % 100 < (step % 6000 < 3000 ? 70u : 30u)) {
        ASSERT_NO_FATAL_FAILURE(this->Put(name, value));
      } else {
        ASSERT_NO_FATAL_FAILURE(this->Erase(name.bytes));
      }
      ASSERT_EQ(this->dictionary_->Find(name.bytes).has_value(), this->model_.contains(name.bytes));
      if (step % 500 == 0) {
        ASSERT_NO_FATAL_FAILURE(this->ExpectSame(*this->dictionary_)) << range << " " << step;
      }
    }
    EXPECT_EQ(this->dictionary_->encoding(),
              range == 60 ? Encoding::kPacked : Encoding::kHashTable);
  }
}

TYPED_TEST(DictionaryTest, BecomesLargeAtItsLimits) {
  this->Fill(128);
  EXPECT_EQ(this->dictionary_->encoding(), Encoding::kPacked);
  this->Put({"element 5", ValueKind::kText}, {"again"});
  EXPECT_EQ(this->dictionary_->encoding(), Encoding::kPacked) << "nothing was added";
  this->Put({"one more"}, {"value"});
  EXPECT_EQ(this->dictionary_->encoding(), Encoding::kHashTable);
  this->ExpectSame(*this->dictionary_);
  while (this->model_.size() > 1) this->Erase(this->model_.begin()->first);
  EXPECT_EQ(this->dictionary_->encoding(), Encoding::kHashTable) << "it stays one";

  Dictionary<TypeParam::value> other;
  other.Put({std::string(64, 'a'), ValueKind::kText});
  EXPECT_EQ(other.encoding(), Encoding::kPacked);
  EXPECT_FALSE(other.Find(std::string(65, 'a')).has_value());
  other.Put({std::string(65, 'a'), ValueKind::kText});
  EXPECT_EQ(other.encoding(), Encoding::kHashTable);
}

TYPED_TEST(DictionaryTest, AccountsMemoryToTheByte) {
  EXPECT_EQ(this->dictionary_->memory_bytes(), 0u);
  this->Fill(5000);
  for (int i = 0; i < 3000; ++i) {
    this->Put(this->RandomName(3000), RandomValue(this->random_));
    this->Erase(this->RandomName(3000).bytes);
  }
  // Node by node again: what differs from an empty large dictionary is table and nodes.
  Dictionary<TypeParam::value> copy;
  this->dictionary_->CopyTo(copy);
  this->ExpectSame(copy);
  EXPECT_NEAR(static_cast<double>(copy.memory_bytes()),
              static_cast<double>(this->dictionary_->memory_bytes()),
              static_cast<double>(copy.memory_bytes()) / 5);
  size_t nodes = 0;
  copy.ForEach([&](const Element& element) {
    // A node begins with the item of its name.
    nodes += AllocatedBytes(element.name.bytes.data() - ItemHeaderBytes(element.name.bytes.size()));
    return true;
  });
  const size_t rest = copy.memory_bytes() - nodes;
  for (const auto& [name, held] : this->model_) copy.Erase(name);
  EXPECT_EQ(copy.size(), 0u);
  EXPECT_GT(rest, copy.memory_bytes()) << "the table shrinks";
  EXPECT_LT(copy.memory_bytes(), 1000u) << "nothing but an empty table is left";
}

TYPED_TEST(DictionaryTest, ScanFindsWhatStays) {
  for (const size_t batch : {size_t{1}, size_t{3}, size_t{50}}) {
    this->dictionary_ = std::make_unique<Dictionary<TypeParam::value>>();
    this->model_.clear();
    this->Fill(3000);
    std::set<std::string> seen;
    uint64_t cursor = 0;
    size_t steps = 0;
    do {
      size_t taken = 0;
      cursor = this->dictionary_->Scan(cursor, [&](const Element& element) {
        seen.emplace(element.name.bytes);
        return ++taken < batch;
      });
      ASSERT_LE(taken, batch);
      // Others come and go: the table grows, then shrinks.
      for (int i = 0; i < 20; ++i) {
        const OwnedValue name = this->RandomName(20'000);
        if (steps < 200) {
          this->Put(name, {"v"});
        } else {
          this->Erase(name.bytes);
        }
      }
      ++steps;
    } while (cursor != 0);
    for (int i = 0; i < 3000; ++i) {
      ASSERT_TRUE(seen.contains("element " + std::to_string(i))) << i;
    }
  }
}

TYPED_TEST(DictionaryTest, ScanOfAPackedOneIsOneStepEvenWhenItBecomesLarge) {
  this->Fill(100);
  size_t seen = 0;
  EXPECT_EQ(this->dictionary_->Scan(0,
                                    [&](const Element&) {
                                      ++seen;
                                      return false;
                                    }),
            0u);
  EXPECT_EQ(seen, 100u);
}

TYPED_TEST(DictionaryTest, SamplesAreEvenAndDistinct) {
  for (const size_t size : {size_t{20}, size_t{128}, size_t{1000}}) {
    this->dictionary_ = std::make_unique<Dictionary<TypeParam::value>>();
    this->model_.clear();
    this->Fill(size);
    std::map<std::string, size_t> drawn;
    for (size_t i = 0; i < size * 100; ++i) {
      const Element element = this->dictionary_->Sample(this->random_);
      this->ExpectIsHeld(element);
      ++drawn[std::string(element.name.bytes)];
    }
    EXPECT_EQ(drawn.size(), size);
    for (const auto& [name, times] : drawn) {
      EXPECT_GT(times, 20u) << name;
      EXPECT_LT(times, 250u) << name;
    }
    for (const size_t count : {size_t{0}, size_t{1}, size / 4, size / 2, size, size * 2}) {
      const auto elements = this->dictionary_->SampleDistinct(count, this->random_);
      std::set<std::string_view> names;
      for (const Element& element : elements) {
        this->ExpectIsHeld(element);
        names.insert(element.name.bytes);
      }
      EXPECT_EQ(names.size(), elements.size());
      EXPECT_EQ(elements.size(), std::min(count, size));
    }
  }
}

TYPED_TEST(DictionaryTest, TakesWhatWasSampled) {
  for (const size_t size : {size_t{100}, size_t{2000}}) {
    this->dictionary_ = std::make_unique<Dictionary<TypeParam::value>>();
    this->model_.clear();
    this->Fill(size);
    while (!this->model_.empty()) {
      const auto elements = this->dictionary_->SampleDistinct(1 + size / 7, this->random_);
      for (const Element& element : elements) {
        ASSERT_EQ(this->model_.erase(std::string(element.name.bytes)), 1u);
      }
      this->dictionary_->EraseSampled(elements);
      ASSERT_NO_FATAL_FAILURE(this->ExpectSame(*this->dictionary_));
    }
  }
}

TYPED_TEST(DictionaryTest, IsFreedInSteps) {
  this->Fill(20'000);
  int steps = 1;
  size_t before = this->dictionary_->memory_bytes();
  while (this->dictionary_->FreeSome()) {
    ASSERT_LT(this->dictionary_->memory_bytes(), before);
    before = this->dictionary_->memory_bytes();
    if (++steps == 5) break;  // the destructor frees the rest
  }
  EXPECT_EQ(steps, 5);
  EXPECT_LE(this->dictionary_->size(), 16'000u);
}

}  // namespace
}  // namespace kvick::storage
