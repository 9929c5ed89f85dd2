// List: values in order, fast at both ends.
//
// A list is a sequence of blocks, each a PackedSequence of at most kBlockBytesMax, so that a small
// list is one block and a large one costs two bytes a value over the values themselves. A value
// that does not fit into a block has one of its own. Invariants:
//   - no block is empty;
//   - two neighbouring blocks together hold more than kMergeBytes, so that a list does not
//   fragment.
#ifndef KVICK_STORAGE_TYPES_LIST_H_
#define KVICK_STORAGE_TYPES_LIST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "storage/base/object.h"
#include "storage/base/value.h"
#include "storage/types/packed_sequence.h"

namespace kvick::storage {

// An end of a list.
enum class ListEnd { kFront, kBack };

// Lives on the heap. Thread compatible. Values handed in must not point into the list itself;
// values handed out are good until the next change.
class List final : public Object {
 public:
  static constexpr ObjectType kType = ObjectType::kList;
  // The longest block, unless a single value is longer.
  static constexpr size_t kBlockBytesMax = 8192;
  // Neighbouring blocks that together are not longer become one.
  static constexpr size_t kMergeBytes = kBlockBytesMax / 2;

  List() = default;

  ObjectType type() const override { return kType; }
  size_t size() const override { return size_; }
  Encoding encoding() const override {
    return block_count() <= 1 ? Encoding::kPacked : Encoding::kBlocks;
  }
  size_t memory_bytes() const override;
  std::unique_ptr<Object> Clone() const override;
  bool FreeSome() override;

  // Adds a value at an end. O(length of the value) amortised.
  void Push(ListEnd end, ValueView value);
  // Removes `count` values, at most size(), from an end. O(count), whole blocks at once.
  void Pop(ListEnd end, size_t count);

  // The value at `index`, which is below size(). O(blocks to the nearer end).
  ValueView At(size_t index) const;
  // Calls `visit` for up to `count` values, walking away from `from` and leaving out the first
  // `skip`, until it answers false. O(blocks to the nearer end + values visited).
  void Visit(ListEnd from, size_t skip, size_t count,
             absl::FunctionRef<bool(ValueView)> visit) const;

  // Puts another value at `index`, which is below size(). O(blocks to the nearer end).
  void Set(size_t index, ValueView value);
  // Inserts a value before or after the first one whose bytes are those of the pivot; false when
  // there is none. O(size).
  bool InsertBeside(std::string_view pivot, bool after, ValueView value);
  // Removes up to `limit` values with these bytes, the first from an end; returns how many.
  // O(size).
  size_t Remove(std::string_view bytes, size_t limit, ListEnd from);

  // True when the invariants hold; for tests. O(size).
  bool IsSound() const;

 private:
  using Blocks = absl::InlinedVector<PackedSequence, 1>;

  // A value: which block, and where in it.
  struct Position {
    size_t block;
    PackedSequence::Offset offset;
  };

  size_t block_count() const { return blocks_.size() - first_; }
  PackedSequence& block(size_t index) { return blocks_[first_ + index]; }
  const PackedSequence& block(size_t index) const { return blocks_[first_ + index]; }
  static bool Fits(const PackedSequence& block, ValueView value);

  Position Locate(size_t index) const;
  // Runs `change(block)` and keeps account of what the block takes.
  template <typename Change>
  void ChangeBlock(size_t index, Change&& change);
  void InsertBlock(size_t index, PackedSequence block);
  void EraseBlock(size_t index);
  // Makes room and inserts a value, which is not counted yet, at a position.
  void InsertAt(Position position, ValueView value);
  // Merges the blocks from `index` - 1 to `index` + 3 as far as they are small: a block that was
  // split around a value has become three.
  void MergeNear(size_t index);
  // Restores the invariants after removals anywhere. O(blocks).
  void Compact();
  // Forgets places in blocks_ that are worth it.
  void TidyBlocks();

  Blocks blocks_;  // from first_ on; what is before that is empty
  size_t first_ = 0;
  size_t size_ = 0;
  size_t block_bytes_ = 0;  // what the blocks' sequences take from the allocator
};

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_TYPES_LIST_H_
