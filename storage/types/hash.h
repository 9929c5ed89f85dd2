// Hash: fields with values; a Dictionary of names with values.
#ifndef KVICK_STORAGE_TYPES_HASH_H_
#define KVICK_STORAGE_TYPES_HASH_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "storage/base/allocation.h"
#include "storage/base/object.h"
#include "storage/base/value.h"
#include "storage/types/dictionary.h"

namespace kvick::storage {

// Lives on the heap. Thread compatible.
class Hash final : public Object {
 public:
  static constexpr ObjectType kType = ObjectType::kHash;
  using Fields = Dictionary<true>;

  ObjectType type() const override { return kType; }
  size_t size() const override { return fields_.size(); }
  Encoding encoding() const override { return fields_.encoding(); }
  size_t memory_bytes() const override { return AllocatedBytes(this) + fields_.memory_bytes(); }
  std::unique_ptr<Object> Clone() const override {
    auto copy = std::make_unique<Hash>();
    fields_.CopyTo(copy->fields_);
    return copy;
  }
  bool FreeSome() override { return fields_.FreeSome(); }

  // Sets a field; whether it did not exist before. O(1).
  bool Set(std::string_view field, ValueView value) {
    return fields_.Put({field, ValueKind::kText}, value);
  }
  // What a field holds. O(1).
  std::optional<ValueView> Get(std::string_view field) const {
    const std::optional<Element> found = fields_.Find(field);
    return found.has_value() ? std::optional(found->value) : std::nullopt;
  }
  // Deletes a field; whether it existed. O(1).
  bool Delete(std::string_view field) { return fields_.Erase(field); }

  // The fields, as elements: to iterate, scan and sample.
  const Fields& fields() const { return fields_; }

 private:
  Fields fields_;
};

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_TYPES_HASH_H_
