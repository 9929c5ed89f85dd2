// Dictionary: elements found by name, each a name alone or a name with a value; what sets and
// hashes have in common.
//
// Small ones are a PackedSequence: name after name, or name, value, name, value. One that gets more
// than kPackedElementsMax elements, or a part longer than kPackedPartBytesMax, becomes a HashTable
// of nodes and stays one. A node is one allocation:
//
//   node := item of the name [item of the value]                 (item.h)
//
// The kind of a hash's field is always text, so its two bits in the item are free to say that more
// follows the value: that is the place for an element's expiry.
#ifndef KVICK_STORAGE_TYPES_DICTIONARY_H_
#define KVICK_STORAGE_TYPES_DICTIONARY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/random/bit_gen_ref.h"
#include "absl/types/span.h"
#include "storage/base/hash_table.h"
#include "storage/base/object.h"
#include "storage/base/value.h"
#include "storage/types/packed_sequence.h"

namespace kvick::storage {

// A name and, in a dictionary with values, its value. Points into the dictionary, good until its
// next change.
struct Element {
  ValueView name;
  ValueView value;
};

// Names are the same when their bytes are. Thread compatible. What is handed in must not point into
// the dictionary itself, but where it says so.
template <bool kWithValues>
class Dictionary {
 public:
  // Above these a dictionary is a hash table.
  static constexpr size_t kPackedElementsMax = 128;
  static constexpr size_t kPackedPartBytesMax = 64;

  Dictionary() = default;
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  ~Dictionary();

  // Elements. O(1).
  size_t size() const;
  Encoding encoding() const { return large_ == nullptr ? Encoding::kPacked : Encoding::kHashTable; }
  // Bytes taken from the allocator; not the object itself. O(1).
  size_t memory_bytes() const;
  // Copies all elements into another dictionary, which is empty. O(size).
  void CopyTo(Dictionary& copy) const;
  // See Object.
  bool FreeSome();

  // Adds an element, or gives the one of this name another value; the name keeps the kind that it
  // was added with. Returns whether it was added. O(1).
  bool Put(ValueView name, ValueView value = {});
  // The element of this name. O(1).
  std::optional<Element> Find(std::string_view name) const;
  // Removes the element of this name; whether there was one. O(1).
  bool Erase(std::string_view name);
  // Removes elements that SampleDistinct returned, nothing having changed since. O(elements).
  void EraseSampled(absl::Span<const Element> elements);

  // Calls `visit` for every element until it answers false. O(size).
  void ForEach(absl::FunctionRef<bool(const Element&)> visit) const;
  // Goes on with a scan: calls `visit` from the position `cursor` on until it answers false, and
  // returns where to go on; 0 when that was the end. Start with 0. Between calls anything may
  // change: every element that stays is visited. What is packed is visited in one call whatever
  // `visit` answers. O(elements visited), up to a bucket more.
  uint64_t Scan(uint64_t cursor, absl::FunctionRef<bool(const Element&)> visit) const;

  // An element by chance; the dictionary is not empty. O(1) expected.
  Element Sample(absl::BitGenRef random) const;
  // `count` different elements by chance, all of them when there are not more; in no order.
  // O(count) expected.
  std::vector<Element> SampleDistinct(size_t count, absl::BitGenRef random) const;

 private:
  // The first byte of a node.
  struct Node {
    char first;
  };
  struct NodeTraits {
    using Node = Dictionary::Node;
    static uint64_t Hash(const Node& node) { return HashBytes(ElementOf(node).name.bytes); }
  };
  struct Large {
    HashTable<NodeTraits> nodes;
    size_t node_bytes = 0;     // taken from the allocator by the nodes
    uint64_t free_cursor = 0;  // FreeSome has freed the nodes up to here
    size_t freed = 0;          // and so many
  };
  static constexpr size_t kStride = kWithValues ? 2 : 1;

  static Element ElementOf(const Node& node);
  static auto HasName(std::string_view name) {
    return [name](const Node& node) { return ElementOf(node).name.bytes == name; };
  }
  // The packed element at `at`; moves `at` to the next one.
  Element ReadPacked(PackedSequence::Offset& at) const;
  Node* NewNode(ValueView name, ValueView value);
  void FreeNode(Node* node);
  void BecomeLarge();
  bool PutLarge(ValueView name, ValueView value);
  // Every element with the same probability, `count` of size(), in one pass.
  std::vector<Element> SelectInOnePass(size_t count, absl::BitGenRef random) const;

  PackedSequence packed_;         // while large_ is null
  std::unique_ptr<Large> large_;  // once large
};

extern template class Dictionary<false>;
extern template class Dictionary<true>;

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_TYPES_DICTIONARY_H_
