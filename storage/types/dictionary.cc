#include "storage/types/dictionary.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/random/uniform_int_distribution.h"
#include "storage/base/allocation.h"
#include "storage/types/item.h"

namespace kvick::storage {

template <bool kWithValues>
Dictionary<kWithValues>::~Dictionary() {
  while (FreeSome()) {
  }
}

template <bool kWithValues>
size_t Dictionary<kWithValues>::size() const {
  return large_ == nullptr ? packed_.count() / kStride : large_->nodes.size() - large_->freed;
}

template <bool kWithValues>
size_t Dictionary<kWithValues>::memory_bytes() const {
  if (large_ == nullptr) {
    return packed_.memory_bytes();
  }
  return AllocatedBytes(large_.get()) + large_->nodes.memory_bytes() + large_->node_bytes;
}

template <bool kWithValues>
void Dictionary<kWithValues>::CopyTo(Dictionary& copy) const {
  if (large_ == nullptr) {
    copy.packed_ = packed_.Clone();
    return;
  }
  copy.BecomeLarge();
  ForEach([&](const Element& element) {
    copy.large_->nodes.Insert(HashBytes(element.name.bytes),
                              copy.NewNode(element.name, element.value));
    return true;
  });
}

template <bool kWithValues>
bool Dictionary<kWithValues>::FreeSome() {
  constexpr size_t kElementsPerStep = 1024;
  if (large_ == nullptr) {
    packed_ = PackedSequence();
    return false;
  }
  const size_t all = large_->nodes.size();
  const size_t stop = std::min(all, large_->freed + kElementsPerStep);
  // The table is not told: it only keeps the pointers.
  while (large_->freed < stop) {
    large_->free_cursor = large_->nodes.Scan(large_->free_cursor, [this](Node* node) {
      FreeNode(node);
      ++large_->freed;
    });
  }
  if (large_->freed < all) {
    return true;
  }
  large_.reset();
  return false;
}

template <bool kWithValues>
Element Dictionary<kWithValues>::ElementOf(const Node& node) {
  Element element;
  const char* end = ReadItem(reinterpret_cast<const char*>(&node), &element.name);
  if constexpr (kWithValues) {
    ReadItem(end, &element.value);
  }
  return element;
}

template <bool kWithValues>
Element Dictionary<kWithValues>::ReadPacked(PackedSequence::Offset& at) const {
  Element element;
  element.name = packed_.Read(at);
  if constexpr (kWithValues) {
    element.value = packed_.Read(at);
  }
  return element;
}

template <bool kWithValues>
typename Dictionary<kWithValues>::Node* Dictionary<kWithValues>::NewNode(ValueView name,
                                                                         ValueView value) {
  const size_t bytes =
      ItemBytes(name.bytes.size()) + (kWithValues ? ItemBytes(value.bytes.size()) : 0);
  void* memory = std::malloc(bytes);
  if (memory == nullptr) {
    std::abort();  // the process has no memory left
  }
  char* end = WriteItem(name, static_cast<char*>(memory));
  if constexpr (kWithValues) {
    WriteItem(value, end);
  }
  large_->node_bytes += AllocatedBytes(memory);
  return static_cast<Node*>(memory);
}

template <bool kWithValues>
void Dictionary<kWithValues>::FreeNode(Node* node) {
  large_->node_bytes -= AllocatedBytes(node);
  std::free(node);
}

template <bool kWithValues>
void Dictionary<kWithValues>::BecomeLarge() {
  const PackedSequence packed = std::move(packed_);
  large_ = std::make_unique<Large>();
  for (PackedSequence::Offset at = 0; at != packed.end();) {
    const ValueView name = packed.Read(at);
    const ValueView value = kWithValues ? packed.Read(at) : ValueView{};
    large_->nodes.Insert(HashBytes(name.bytes), NewNode(name, value));
  }
}

template <bool kWithValues>
bool Dictionary<kWithValues>::Put(ValueView name, ValueView value) {
  if (large_ != nullptr) {
    return PutLarge(name, value);
  }
  const bool parts_fit =
      name.bytes.size() <= kPackedPartBytesMax && value.bytes.size() <= kPackedPartBytesMax;
  PackedSequence::Offset at = packed_.Find(name.bytes, kStride);
  const bool found = at != packed_.end();
  if (found && !kWithValues) {
    return false;
  }
  if (!parts_fit || (!found && size() >= kPackedElementsMax)) {
    BecomeLarge();
    return PutLarge(name, value);
  }
  if (found) {
    packed_.Read(at);
    packed_.Replace(at, value);
    return false;
  }
  packed_.Append(name);
  if constexpr (kWithValues) {
    packed_.Append(value);
  }
  return true;
}

template <bool kWithValues>
bool Dictionary<kWithValues>::PutLarge(ValueView name, ValueView value) {
  const uint64_t hash = HashBytes(name.bytes);
  Node** slot = large_->nodes.FindSlot(hash, HasName(name.bytes));
  if (slot == nullptr) {
    large_->nodes.Insert(hash, NewNode(name, value));
    return true;
  }
  if constexpr (kWithValues) {
    const Element old = ElementOf(**slot);
    if (old.value.bytes.size() == value.bytes.size()) {
      // The same length: in place. The item of the value begins where the name's ends.
      WriteItem(value, const_cast<char*>(old.name.bytes.data()) + old.name.bytes.size());
    } else {
      Node* node = NewNode(old.name, value);
      FreeNode(std::exchange(*slot, node));
    }
  }
  return false;
}

template <bool kWithValues>
std::optional<Element> Dictionary<kWithValues>::Find(std::string_view name) const {
  if (large_ != nullptr) {
    const Node* node = large_->nodes.Find(HashBytes(name), HasName(name));
    return node == nullptr ? std::nullopt : std::optional(ElementOf(*node));
  }
  PackedSequence::Offset at = packed_.Find(name, kStride);
  return at == packed_.end() ? std::nullopt : std::optional(ReadPacked(at));
}

template <bool kWithValues>
bool Dictionary<kWithValues>::Erase(std::string_view name) {
  if (large_ != nullptr) {
    Node* node = large_->nodes.Erase(HashBytes(name), HasName(name));
    if (node == nullptr) {
      return false;
    }
    FreeNode(node);
    return true;
  }
  const PackedSequence::Offset at = packed_.Find(name, kStride);
  if (at == packed_.end()) {
    return false;
  }
  packed_.Erase(at, kStride);
  return true;
}

template <bool kWithValues>
void Dictionary<kWithValues>::EraseSampled(absl::Span<const Element> elements) {
  if (large_ != nullptr) {
    for (const Element& element : elements) {
      Erase(element.name.bytes);
    }
    return;
  }
  // What was sampled from a sequence is in its order.
  PackedSequence kept;
  size_t next = 0;
  for (PackedSequence::Offset at = 0; at != packed_.end();) {
    const Element element = ReadPacked(at);
    if (next < elements.size() && elements[next].name.bytes.data() == element.name.bytes.data()) {
      ++next;
      continue;
    }
    kept.Append(element.name);
    if constexpr (kWithValues) {
      kept.Append(element.value);
    }
  }
  packed_ = std::move(kept);
}

template <bool kWithValues>
void Dictionary<kWithValues>::ForEach(absl::FunctionRef<bool(const Element&)> visit) const {
  bool going_on = true;
  if (large_ == nullptr) {
    for (PackedSequence::Offset at = 0; going_on && at != packed_.end();) {
      going_on = visit(ReadPacked(at));
    }
    return;
  }
  uint64_t cursor = 0;
  do {
    cursor = large_->nodes.Scan(
        cursor, [&](const Node* node) { going_on = going_on && visit(ElementOf(*node)); });
  } while (going_on && cursor != 0);
}

template <bool kWithValues>
uint64_t Dictionary<kWithValues>::Scan(uint64_t cursor,
                                       absl::FunctionRef<bool(const Element&)> visit) const {
  if (large_ == nullptr) {
    ForEach([&](const Element& element) {
      visit(element);
      return true;
    });
    return 0;
  }
  // The table hands out whole buckets. To stop within one, its nodes are taken in the order of
  // their hashes; the cursor is then the first hash that is not visited yet.
  struct Found {
    uint64_t hash;
    const Node* node;
  };
  absl::InlinedVector<Found, 16> bucket;
  do {
    bucket.clear();
    const uint64_t next = large_->nodes.Scan(cursor, [&](const Node* node) {
      const uint64_t hash = NodeTraits::Hash(*node);
      if (hash >= cursor) {
        bucket.push_back({hash, node});
      }
    });
    std::sort(bucket.begin(), bucket.end(),
              [](const Found& a, const Found& b) { return a.hash < b.hash; });
    bool going_on = true;
    for (size_t i = 0; i < bucket.size(); ++i) {
      going_on = visit(ElementOf(*bucket[i].node)) && going_on;
      if (!going_on && i + 1 < bucket.size() && bucket[i + 1].hash != bucket[i].hash) {
        return bucket[i].hash + 1;
      }
    }
    if (!going_on) {
      return next;
    }
    cursor = next;
  } while (cursor != 0);
  return 0;
}

template <bool kWithValues>
Element Dictionary<kWithValues>::Sample(absl::BitGenRef random) const {
  if (large_ != nullptr) {
    return ElementOf(*large_->nodes.Sample(random));
  }
  const size_t index = absl::uniform_int_distribution<size_t>(0, size() - 1)(random);
  PackedSequence::Offset at = packed_.OffsetOf(index * kStride);
  return ReadPacked(at);
}

template <bool kWithValues>
std::vector<Element> Dictionary<kWithValues>::SampleDistinct(size_t count,
                                                             absl::BitGenRef random) const {
  // Drawing until enough different ones are found takes long when most are wanted.
  constexpr size_t kDrawBelowShare = 3;
  if (large_ == nullptr || count >= size() / kDrawBelowShare) {
    return SelectInOnePass(std::min(count, size()), random);
  }
  std::vector<Element> elements;
  elements.reserve(count);
  absl::flat_hash_set<const Node*> drawn;
  while (elements.size() < count) {
    const Node* node = large_->nodes.Sample(random);
    if (drawn.insert(node).second) {
      elements.push_back(ElementOf(*node));
    }
  }
  return elements;
}

template <bool kWithValues>
std::vector<Element> Dictionary<kWithValues>::SelectInOnePass(size_t count,
                                                              absl::BitGenRef random) const {
  // Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S.
  std::vector<Element> elements;
  elements.reserve(count);
  size_t left = size();
  ForEach([&](const Element& element) {
    const size_t wanted = count - elements.size();
    if (wanted == left || absl::uniform_int_distribution<size_t>(0, left - 1)(random) < wanted) {
      elements.push_back(element);
    }
    --left;
    return elements.size() < count;
  });
  return elements;
}

template class Dictionary<false>;
template class Dictionary<true>;

}  // namespace kvick::storage
