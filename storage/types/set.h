// Set: distinct values without order; a Dictionary of names alone.
#ifndef KVICK_STORAGE_TYPES_SET_H_
#define KVICK_STORAGE_TYPES_SET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "storage/base/allocation.h"
#include "storage/base/object.h"
#include "storage/base/value.h"
#include "storage/types/dictionary.h"

namespace kvick::storage {

// Lives on the heap. Thread compatible.
class Set final : public Object {
 public:
  static constexpr ObjectType kType = ObjectType::kSet;
  using Members = Dictionary<false>;

  ObjectType type() const override { return kType; }
  size_t size() const override { return members_.size(); }
  Encoding encoding() const override { return members_.encoding(); }
  size_t memory_bytes() const override { return AllocatedBytes(this) + members_.memory_bytes(); }
  std::unique_ptr<Object> Clone() const override {
    auto copy = std::make_unique<Set>();
    members_.CopyTo(copy->members_);
    return copy;
  }
  bool FreeSome() override { return members_.FreeSome(); }

  // Adds a member, which keeps the kind that it is added with first; whether it was none before.
  // O(1).
  bool Add(ValueView member) { return members_.Put(member); }
  // Removes a member; whether it was one. O(1).
  bool Remove(std::string_view member) { return members_.Erase(member); }
  // Whether a value is a member. O(1).
  bool Contains(std::string_view member) const { return members_.Find(member).has_value(); }

  // The members, as elements with names only: to iterate, scan and sample.
  const Members& members() const { return members_; }
  Members& members() { return members_; }

 private:
  Members members_;
};

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_TYPES_SET_H_
