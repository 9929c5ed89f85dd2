#include "storage/types/list.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "storage/base/allocation.h"

namespace kvick::storage {

bool List::Fits(const PackedSequence& block, ValueView value) {
  return block.bytes() + PackedSequence::EntryBytes(value.bytes.size()) <= kBlockBytesMax;
}

size_t List::memory_bytes() const {
  const bool allocated = blocks_.capacity() > 1;
  return AllocatedBytes(this) + block_bytes_ + (allocated ? AllocatedBytes(blocks_.data()) : 0);
}

std::unique_ptr<Object> List::Clone() const {
  auto copy = std::make_unique<List>();
  copy->blocks_.reserve(block_count());
  for (size_t i = 0; i < block_count(); ++i) {
    copy->blocks_.push_back(block(i).Clone());
    copy->block_bytes_ += copy->blocks_.back().memory_bytes();
  }
  copy->size_ = size_;
  return copy;
}

bool List::FreeSome() {
  constexpr size_t kBlocksPerStep = 128;
  for (size_t i = 0; i < kBlocksPerStep && block_count() > 0; ++i) {
    block_bytes_ -= blocks_.back().memory_bytes();
    size_ -= blocks_.back().count();
    blocks_.pop_back();
  }
  return block_count() > 0;
}

template <typename Change>
void List::ChangeBlock(size_t index, Change&& change) {
  PackedSequence& changed = block(index);
  block_bytes_ -= changed.memory_bytes();
  change(changed);
  block_bytes_ += changed.memory_bytes();
}

void List::InsertBlock(size_t index, PackedSequence added) {
  block_bytes_ += added.memory_bytes();
  if (index == 0) {
    if (first_ == 0) {
      // Room for as many as there are: so an insertion at the front is O(1) amortised.
      const size_t room = std::max<size_t>(block_count(), 1);
      Blocks moved(room);
      moved.reserve(room + block_count() + 1);
      std::move(blocks_.begin(), blocks_.end(), std::back_inserter(moved));
      blocks_ = std::move(moved);
      first_ = room;
    }
    blocks_[--first_] = std::move(added);
    return;
  }
  blocks_.insert(blocks_.begin() + static_cast<ptrdiff_t>(first_ + index), std::move(added));
}

void List::EraseBlock(size_t index) {
  block_bytes_ -= block(index).memory_bytes();
  if (index == 0) {
    block(0) = PackedSequence();
    ++first_;
  } else {
    blocks_.erase(blocks_.begin() + static_cast<ptrdiff_t>(first_ + index));
  }
  TidyBlocks();
}

void List::TidyBlocks() {
  if (first_ > 0 && first_ >= block_count()) {
    blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<ptrdiff_t>(first_));
    first_ = 0;
  }
  if (blocks_.capacity() > 1 && blocks_.size() <= blocks_.capacity() / 4) {
    blocks_.shrink_to_fit();
  }
}

void List::Push(ListEnd end, ValueView value) {
  ++size_;
  if (block_count() == 0) {
    InsertBlock(0, PackedSequence());
  }
  const bool front = end == ListEnd::kFront;
  const size_t at_end = front ? 0 : block_count() - 1;
  if (!block(at_end).empty() && !Fits(block(at_end), value)) {
    ChangeBlock(at_end, [](PackedSequence& full) { full.ShrinkToFit(); });
    PackedSequence added;
    added.Append(value);
    InsertBlock(front ? 0 : block_count(), std::move(added));
    return;
  }
  ChangeBlock(at_end,
              [&](PackedSequence& block) { front ? block.Prepend(value) : block.Append(value); });
}

void List::Pop(ListEnd end, size_t count) {
  size_ -= count;
  const bool front = end == ListEnd::kFront;
  while (count > 0) {
    const size_t at_end = front ? 0 : block_count() - 1;
    const size_t held = block(at_end).count();
    if (held <= count) {
      EraseBlock(at_end);
      count -= held;
      continue;
    }
    ChangeBlock(at_end, [&](PackedSequence& block) {
      block.Erase(front ? 0 : block.OffsetOf(held - count), count);
    });
    break;
  }
  if (block_count() > 1) {
    MergeNear(front ? 0 : block_count() - 1);
  }
}

List::Position List::Locate(size_t index) const {
  if (index < size_ / 2) {
    size_t at = 0;
    while (index >= block(at).count()) {
      index -= block(at).count();
      ++at;
    }
    return {at, block(at).OffsetOf(index)};
  }
  size_t behind = size_ - index;  // values from this one to the end
  size_t at = block_count() - 1;
  while (behind > block(at).count()) {
    behind -= block(at).count();
    --at;
  }
  return {at, block(at).OffsetOf(block(at).count() - behind)};
}

ValueView List::At(size_t index) const {
  const Position position = Locate(index);
  return block(position.block).Get(position.offset);
}

void List::Visit(ListEnd from, size_t skip, size_t count,
                 absl::FunctionRef<bool(ValueView)> visit) const {
  if (skip >= size_) {
    return;
  }
  count = std::min(count, size_ - skip);
  if (from == ListEnd::kFront) {
    Position at = Locate(skip);
    for (; count > 0; --count) {
      if (at.offset == block(at.block).end()) {
        at = {at.block + 1, 0};
      }
      if (!visit(block(at.block).Read(at.offset))) {
        return;
      }
    }
    return;
  }
  Position at = Locate(size_ - 1 - skip);
  block(at.block).Read(at.offset);  // behind the first value to visit
  for (; count > 0; --count) {
    if (at.offset == 0) {
      at = {at.block - 1, block(at.block - 1).end()};
    }
    if (!visit(block(at.block).ReadBack(at.offset))) {
      return;
    }
  }
}

void List::Set(size_t index, ValueView value) {
  const Position position = Locate(index);
  PackedSequence& holder = block(position.block);
  const size_t old_bytes = PackedSequence::EntryBytes(holder.Get(position.offset).bytes.size());
  const size_t new_bytes = PackedSequence::EntryBytes(value.bytes.size());
  if (holder.count() == 1 || holder.bytes() - old_bytes + new_bytes <= kBlockBytesMax) {
    ChangeBlock(position.block,
                [&](PackedSequence& block) { block.Replace(position.offset, value); });
    MergeNear(position.block);
    return;
  }
  ChangeBlock(position.block, [&](PackedSequence& block) { block.Erase(position.offset, 1); });
  InsertAt(position, value);
}

bool List::InsertBeside(std::string_view pivot, bool after, ValueView value) {
  for (size_t i = 0; i < block_count(); ++i) {
    PackedSequence::Offset offset = block(i).Find(pivot);
    if (offset != block(i).end()) {
      if (after) {
        block(i).Read(offset);
      }
      InsertAt({i, offset}, value);
      ++size_;
      return true;
    }
  }
  return false;
}

void List::InsertAt(Position position, ValueView value) {
  const size_t index = position.block;
  const auto insert = [&](size_t into, PackedSequence::Offset offset) {
    ChangeBlock(into, [&](PackedSequence& block) { block.Insert(offset, value); });
  };
  const bool at_front = position.offset == 0;
  const bool at_back = position.offset == block(index).end();
  if (Fits(block(index), value)) {
    insert(index, position.offset);
  } else if (at_front && index > 0 && Fits(block(index - 1), value)) {
    insert(index - 1, block(index - 1).end());
  } else if (at_back && index + 1 < block_count() && Fits(block(index + 1), value)) {
    insert(index + 1, 0);
  } else {
    // A block of its own, between the halves of the one that is there.
    if (!at_front && !at_back) {
      size_t before = 0;
      for (PackedSequence::Offset at = 0; at != position.offset; block(index).Read(at)) {
        ++before;
      }
      PackedSequence rest;
      ChangeBlock(index, [&](PackedSequence& block) { rest = block.SplitOff(before); });
      InsertBlock(index + 1, std::move(rest));
    }
    PackedSequence added;
    added.Append(value);
    InsertBlock(at_front ? index : index + 1, std::move(added));
  }
  MergeNear(index);
}

void List::MergeNear(size_t index) {
  const size_t low = index == 0 ? 0 : index - 1;
  for (size_t i = std::min(index + 3, block_count() - 1); i > low; --i) {
    if (block(i - 1).bytes() + block(i).bytes() <= kMergeBytes) {
      ChangeBlock(i - 1, [&](PackedSequence& merged) { merged.AppendAll(block(i)); });
      EraseBlock(i);
    }
  }
}

size_t List::Remove(std::string_view bytes, size_t limit, ListEnd from) {
  const bool front = from == ListEnd::kFront;
  size_t removed = 0;
  for (size_t i = 0; i < block_count() && removed < limit; ++i) {
    ChangeBlock(front ? i : block_count() - 1 - i, [&](PackedSequence& block) {
      removed += block.EraseEqual(bytes, limit - removed, !front);
    });
  }
  if (removed > 0) {
    size_ -= removed;
    Compact();
  }
  return removed;
}

void List::Compact() {
  Blocks kept;
  block_bytes_ = 0;
  for (size_t i = 0; i < block_count(); ++i) {
    if (block(i).empty()) {
      continue;
    }
    if (!kept.empty() && kept.back().bytes() + block(i).bytes() <= kMergeBytes) {
      kept.back().AppendAll(block(i));
      continue;
    }
    kept.push_back(std::move(block(i)));
  }
  for (const PackedSequence& block : kept) {
    block_bytes_ += block.memory_bytes();
  }
  blocks_ = std::move(kept);
  first_ = 0;
}

bool List::IsSound() const {
  size_t values = 0;
  size_t bytes = 0;
  for (size_t i = 0; i < block_count(); ++i) {
    const PackedSequence& here = block(i);
    const bool too_long = here.count() > 1 && here.bytes() > kBlockBytesMax;
    const bool too_short = i > 0 && block(i - 1).bytes() + here.bytes() <= kMergeBytes;
    if (here.empty() || too_long || too_short) {
      return false;
    }
    values += here.count();
    bytes += here.memory_bytes();
  }
  return values == size_ && bytes == block_bytes_;
}

}  // namespace kvick::storage
