// HashTable: finds nodes by hash, for the keyspace and for large sets and hashes. Nodes are
// somebody else's single allocations; the table keeps pointers to them.
//
// Shape: extendible hashing (Fagin et al. 1979) over buckets of one cache line.
//
//   directory  2^directory_bits_ entries, indexed by the top bits of the hash
//     segment  up to 64 buckets, indexed by the next bits; several neighbouring directory entries
//              share a segment that is less deep than the directory
//       bucket 7 nodes with 8 bits of their hash each; when all 7 are taken a chained bucket
//       follows
//
// A full segment splits in two and a sparse one merges with its neighbour, so no insertion or
// removal moves more than a few hundred nodes however large the table is. Everything is ordered by
// the top bits of the hash; therefore a position in hash order is a cursor that stays right while
// the table grows and shrinks: Scan() visits all nodes of the range that it moves over.
//
// Thread compatible: readers may share it, a writer needs it alone.
#ifndef KVICK_STORAGE_BASE_HASH_TABLE_H_
#define KVICK_STORAGE_BASE_HASH_TABLE_H_

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/random/bit_gen_ref.h"
#include "absl/random/uniform_int_distribution.h"
#include "storage/base/allocation.h"
#include "storage/base/prefetch.h"
#include "storage/base/strings.h"

namespace kvick::storage {

// The hash of a name or value; differs from run to run, so nobody can choose names that collide.
inline uint64_t HashBytes(std::string_view bytes) {
  // absl::Hash mixes its low bits best; the table goes by the high ones.
  return static_cast<uint64_t>(absl::Hash<absl::string_view>{}(ToAbsl(bytes))) *
         0x9E3779B97F4A7C15u;
}

// Traits: `using Node = ...;` and `static uint64_t Hash(const Node&)`, the HashBytes of its name.
// Predicates take `const Node&` and tell whether it is the one that is looked for; they are asked
// only of nodes whose hashes agree in the stored bits.
template <typename Traits>
class HashTable {
 public:
  using Node = typename Traits::Node;

  HashTable() = default;
  HashTable(const HashTable&) = delete;
  HashTable& operator=(const HashTable&) = delete;
  HashTable(HashTable&& other) noexcept { Swap(other); }
  HashTable& operator=(HashTable&& other) noexcept {
    HashTable taken(std::move(other));
    Swap(taken);
    return *this;
  }
  ~HashTable() { Clear(); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Bytes of buckets and directory; not of the nodes, nor of the table itself. O(1).
  size_t memory_bytes() const {
    return bucket_bytes_ + directory_.capacity() * sizeof(DirectoryEntry);
  }

  // The node, or null. O(1) expected.
  template <typename Predicate>
  Node* Find(uint64_t hash, Predicate&& is_it) const {
    Node** slot = FindSlot(hash, is_it);
    return slot == nullptr ? nullptr : *slot;
  }

  // Where the node stands, so that it can be replaced by one with the same hash; or null.
  template <typename Predicate>
  Node** FindSlot(uint64_t hash, Predicate&& is_it) const {
    if (size_ == 0) {
      return nullptr;
    }
    const uint8_t tag = TagOf(hash);
    for (Bucket* bucket = BucketOf(hash); bucket != nullptr; bucket = bucket->Next()) {
      for (int i = 0; i < bucket->count; ++i) {
        if (bucket->tags[i] == tag && is_it(std::as_const(*bucket->nodes[i]))) {
          return &bucket->nodes[i];
        }
      }
    }
    return nullptr;
  }

  // Brings what Find() will look at closer to the processor.
  void Prefetch(uint64_t hash) const {
    if (size_ != 0) {
      PrefetchLine(BucketOf(hash));
    }
  }

  // After Prefetch(): the same for the nodes that Find() will look at, with their first two cache
  // lines. Follows no chain.
  void PrefetchNodes(uint64_t hash) const {
    if (size_ == 0) {
      return;
    }
    const uint8_t tag = TagOf(hash);
    const Bucket* bucket = BucketOf(hash);
    for (int i = 0; i < bucket->count; ++i) {
      if (bucket->tags[i] == tag) {
        PrefetchLine(bucket->nodes[i]);
        PrefetchLine(reinterpret_cast<const char*>(bucket->nodes[i]) + kCacheLineBytes);
      }
    }
  }

  // Adds a node that is not there yet. O(1) amortised.
  void Insert(uint64_t hash, Node* node) {
    if (directory_.empty()) {
      directory_.resize(1);
      directory_[0].buckets = NewBuckets(1);
      root_bits_ = 0;
    }
    size_t first = FirstIndexOf(hash);
    while (directory_[first].count >= CapacityOf(directory_[first]) &&
           directory_[first].depth < kDepthMax) {
      Grow(first);
      first = FirstIndexOf(hash);
    }
    AddToBucket(BucketOf(hash), TagOf(hash), node);
    ++directory_[first].count;
    ++size_;
  }

  // Takes a node out and returns it, or null. O(1) amortised.
  template <typename Predicate>
  Node* Erase(uint64_t hash, Predicate&& is_it) {
    Node** slot = FindSlot(hash, is_it);
    if (slot == nullptr) {
      return nullptr;
    }
    Node* node = *slot;
    RemoveFromBucket(BucketOf(hash), slot);
    const size_t first = FirstIndexOf(hash);
    --directory_[first].count;
    --size_;
    Shrink(first);
    return node;
  }

  // Calls `visit(Node*)` for each node of the next bucket from `cursor` on in hash order, and
  // returns where to go on; 0 when that was the end. Start with 0. Between calls anything may
  // change: every node that stays in the table is visited.
  template <typename Visitor>
  uint64_t Scan(uint64_t cursor, Visitor&& visit) const {
    if (size_ == 0) {
      return 0;
    }
    const DirectoryEntry& entry = directory_[IndexOf(cursor)];
    VisitBucket(BucketOf(cursor), visit);
    const int prefix_bits = entry.depth + BitsOf(entry);
    if (prefix_bits == 0) {
      return 0;
    }
    const uint64_t step = uint64_t{1} << (64 - prefix_bits);
    return (cursor & ~(step - 1)) + step;  // wraps to 0 behind the last bucket
  }

  // Calls `visit(Node*)` for every node. The table must not change meanwhile. O(size).
  template <typename Visitor>
  void ForEach(Visitor&& visit) const {
    uint64_t cursor = 0;
    do {
      cursor = Scan(cursor, visit);
    } while (cursor != 0);
  }

  // A node by chance, null when there is none. A bucket is chosen evenly, then a node of it: nearly
  // even, as close as a bounded number of steps gets.
  Node* Sample(absl::BitGenRef random) const {
    if (size_ == 0) {
      return nullptr;
    }
    for (;;) {
      const uint64_t position = absl::uniform_int_distribution<uint64_t>()(random);
      Bucket* head = BucketOf(position);
      int count = 0;
      for (Bucket* bucket = head; bucket != nullptr; bucket = bucket->Next()) {
        count += bucket->count;
      }
      // Rejecting a pick beyond the bucket's nodes makes every node of ordinary buckets as likely.
      const int limit = std::max(count, kNodesPerBucket);
      int pick = absl::uniform_int_distribution<int>(0, limit - 1)(random);
      if (pick >= count) {
        continue;
      }
      for (Bucket* bucket = head;; bucket = bucket->Next()) {
        if (pick < bucket->count) {
          return bucket->nodes[pick];
        }
        pick -= bucket->count;
      }
    }
  }

  // Forgets all nodes; does not free them. O(buckets).
  void Clear() {
    for (size_t i = 0; i < directory_.size(); i += SpanOf(directory_[i])) {
      FreeBuckets(directory_[i].buckets, size_t{1} << BitsOf(directory_[i]));
    }
    directory_ = std::vector<DirectoryEntry>();
    size_ = 0;
    directory_bits_ = 0;
    root_bits_ = 0;
  }

 private:
  static constexpr int kNodesPerBucket = 7;
  static constexpr int kSegmentBits = 6;  // 64 buckets, 4 KiB
  // A segment this deep only chains: so many equal bits are no accident that splitting would undo.
  static constexpr int kDepthMax = 26;
  // Nodes a bucket holds on average before its segment grows: about one bucket in six is chained.
  static constexpr double kLoadMax = 5.5;
  // A segment merges with its neighbour when both together are below this: far from growing again.
  static constexpr double kLoadMin = 1.5;

  // `count` nodes stand first. Of a chained bucket the last place holds the next bucket.
  struct Bucket {
    Node* nodes[kNodesPerBucket];
    uint8_t tags[kNodesPerBucket];
    uint8_t count : 7;
    uint8_t chained : 1;

    Bucket* Next() const {
      return chained != 0 ? reinterpret_cast<Bucket*>(nodes[kNodesPerBucket - 1]) : nullptr;
    }
    void SetNext(Bucket* next) {
      nodes[kNodesPerBucket - 1] = reinterpret_cast<Node*>(next);
      chained = 1;
    }
    int places() const { return chained != 0 ? kNodesPerBucket - 1 : kNodesPerBucket; }
  };
  static_assert(sizeof(Bucket) == 64);

  struct DirectoryEntry {
    Bucket* buckets = nullptr;
    uint32_t count = 0;  // of the segment's nodes; kept only in the first entry of the segment
    uint8_t depth = 0;   // top bits of the hash that all nodes of the segment share
  };

  // The last bits of the upper half: a table can be searched by the upper 32 bits of a hash alone,
  // as long as it has fewer than 2^24 buckets, which the bits overlap with.
  static uint8_t TagOf(uint64_t hash) { return static_cast<uint8_t>(hash >> 32); }

  size_t IndexOf(uint64_t hash) const {
    return directory_bits_ == 0 ? 0 : hash >> (64 - directory_bits_);
  }
  size_t SpanOf(const DirectoryEntry& entry) const {
    return size_t{1} << (directory_bits_ - entry.depth);
  }
  size_t FirstIndexOf(uint64_t hash) const {
    const size_t index = IndexOf(hash);
    return index & ~(SpanOf(directory_[index]) - 1);
  }
  int BitsOf(const DirectoryEntry& /*entry*/) const {
    return directory_bits_ == 0 ? root_bits_ : kSegmentBits;
  }
  uint32_t CapacityOf(const DirectoryEntry& entry) const {
    return std::max<uint32_t>(
        kNodesPerBucket, static_cast<uint32_t>(kLoadMax * static_cast<double>(1 << BitsOf(entry))));
  }
  Bucket* BucketOf(uint64_t hash) const {
    const DirectoryEntry& entry = directory_[IndexOf(hash)];
    const int bits = BitsOf(entry);
    return bits == 0 ? entry.buckets : entry.buckets + ((hash << entry.depth) >> (64 - bits));
  }

  Bucket* NewBuckets(size_t count) {
    void* memory = std::aligned_alloc(sizeof(Bucket), count * sizeof(Bucket));
    if (memory == nullptr) {
      std::abort();  // the process has no memory left for 4 KiB
    }
    std::memset(memory, 0, count * sizeof(Bucket));
    bucket_bytes_ += AllocatedBytes(memory);
    return static_cast<Bucket*>(memory);
  }
  void FreeBucketArray(Bucket* buckets) {
    bucket_bytes_ -= AllocatedBytes(buckets);
    std::free(buckets);
  }
  // Frees an array of head buckets and all that is chained to them.
  void FreeBuckets(Bucket* buckets, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      for (Bucket* next = buckets[i].Next(); next != nullptr;) {
        Bucket* behind = next->Next();
        FreeBucketArray(next);
        next = behind;
      }
    }
    FreeBucketArray(buckets);
  }

  void AddToBucket(Bucket* bucket, uint8_t tag, Node* node) {
    while (bucket->count == bucket->places()) {
      Bucket* next = bucket->Next();
      if (next == nullptr) {
        next = NewBuckets(1);
        next->nodes[0] = bucket->nodes[kNodesPerBucket - 1];
        next->tags[0] = bucket->tags[kNodesPerBucket - 1];
        next->count = 1;
        bucket->count = kNodesPerBucket - 1;
        bucket->SetNext(next);
      }
      bucket = next;
    }
    bucket->nodes[bucket->count] = node;
    bucket->tags[bucket->count] = tag;
    ++bucket->count;
  }

  // Fills the hole at `slot` with the last node of the chain and drops a chained bucket left empty.
  void RemoveFromBucket(Bucket* head, Node** slot) {
    Bucket* holder = head;
    while (slot < holder->nodes || slot >= holder->nodes + kNodesPerBucket) {
      holder = holder->Next();
    }
    Bucket* before_last = nullptr;
    Bucket* last = head;
    while (last->Next() != nullptr) {
      before_last = last;
      last = last->Next();
    }
    const int hole = static_cast<int>(slot - holder->nodes);
    const int end = last->count - 1;
    holder->tags[hole] = last->tags[end];
    holder->nodes[hole] = last->nodes[end];
    --last->count;
    if (last->count == 0 && before_last != nullptr) {
      before_last->chained = 0;
      FreeBucketArray(last);
    }
  }

  template <typename Visitor>
  static void VisitBucket(const Bucket* bucket, Visitor&& visit) {
    for (; bucket != nullptr; bucket = bucket->Next()) {
      for (int i = 0; i < bucket->count; ++i) {
        visit(bucket->nodes[i]);
      }
    }
  }

  // Moves all nodes of `from` (an array of 2^bits head buckets) to where they belong now, and frees
  // it.
  void MoveAll(Bucket* from, int bits) {
    for (size_t i = 0; i < size_t{1} << bits; ++i) {
      VisitBucket(from + i, [this](Node* node) {
        const uint64_t hash = Traits::Hash(*node);
        AddToBucket(BucketOf(hash), TagOf(hash), node);
        ++directory_[FirstIndexOf(hash)].count;
      });
    }
    FreeBuckets(from, size_t{1} << bits);
  }

  // Gives the only segment another number of buckets.
  void ResizeRoot(int bits) {
    Bucket* old = directory_[0].buckets;
    const int old_bits = root_bits_;
    root_bits_ = bits;
    directory_[0].buckets = NewBuckets(size_t{1} << bits);
    directory_[0].count = 0;
    MoveAll(old, old_bits);
  }

  // Makes room in the segment that starts at directory entry `first`.
  void Grow(size_t first) {
    if (directory_bits_ == 0 && root_bits_ < kSegmentBits) {
      ResizeRoot(root_bits_ + 1);
      return;
    }
    if (directory_[first].depth == directory_bits_) {
      DoubleDirectory();
      first *= 2;
    }
    Split(first);
  }

  void DoubleDirectory() {
    std::vector<DirectoryEntry> doubled(directory_.size() * 2);
    for (size_t i = 0; i < directory_.size(); ++i) {
      doubled[2 * i] = directory_[i];
      doubled[2 * i + 1] = directory_[i];
    }
    directory_ = std::move(doubled);
    ++directory_bits_;
    deepest_segments_ = 0;
  }

  // Splits the segment at `first`, which spans at least two directory entries.
  void Split(size_t first) {
    const DirectoryEntry old = directory_[first];
    const size_t span = SpanOf(old);
    DirectoryEntry low{NewBuckets(size_t{1} << kSegmentBits), 0,
                       static_cast<uint8_t>(old.depth + 1)};
    DirectoryEntry high{NewBuckets(size_t{1} << kSegmentBits), 0, low.depth};
    std::fill_n(directory_.begin() + static_cast<ptrdiff_t>(first), span / 2, low);
    std::fill_n(directory_.begin() + static_cast<ptrdiff_t>(first + span / 2), span / 2, high);
    MoveAll(old.buckets, kSegmentBits);
    if (low.depth == directory_bits_) {
      deepest_segments_ += 2;
    }
  }

  // Makes the segment at `first` smaller when it has become sparse.
  void Shrink(size_t first) {
    const DirectoryEntry& entry = directory_[first];
    const double floor = kLoadMin * static_cast<double>(1 << BitsOf(entry));
    if (directory_bits_ == 0) {
      if (root_bits_ > 0 && entry.count < floor) {
        ResizeRoot(root_bits_ - 1);
      }
      return;
    }
    const size_t span = SpanOf(entry);
    const size_t buddy = first ^ span;
    if (directory_[buddy].depth == entry.depth && entry.count + directory_[buddy].count < floor) {
      Merge(std::min(first, buddy), span);
    }
  }

  // Merges the two segments of `span` directory entries each that start at `first`.
  void Merge(size_t first, size_t span) {
    const DirectoryEntry low = directory_[first];
    const DirectoryEntry high = directory_[first + span];
    if (low.depth == directory_bits_) {
      deepest_segments_ -= 2;
    }
    const DirectoryEntry merged{NewBuckets(size_t{1} << kSegmentBits), 0,
                                static_cast<uint8_t>(low.depth - 1)};
    std::fill_n(directory_.begin() + static_cast<ptrdiff_t>(first), 2 * span, merged);
    MoveAll(low.buckets, kSegmentBits);
    MoveAll(high.buckets, kSegmentBits);
    while (directory_bits_ > 0 && deepest_segments_ == 0) {
      HalveDirectory();
    }
  }

  void HalveDirectory() {
    std::vector<DirectoryEntry> halved(directory_.size() / 2);
    for (size_t i = 0; i < halved.size(); ++i) {
      halved[i] = directory_[2 * i];
    }
    directory_ = std::move(halved);
    --directory_bits_;
    root_bits_ = kSegmentBits;
    for (size_t i = 0; i < directory_.size(); i += SpanOf(directory_[i])) {
      deepest_segments_ += directory_[i].depth == directory_bits_ ? 1 : 0;
    }
  }

  void Swap(HashTable& other) noexcept {
    std::swap(directory_, other.directory_);
    std::swap(size_, other.size_);
    std::swap(bucket_bytes_, other.bucket_bytes_);
    std::swap(deepest_segments_, other.deepest_segments_);
    std::swap(directory_bits_, other.directory_bits_);
    std::swap(root_bits_, other.root_bits_);
  }

  std::vector<DirectoryEntry> directory_;  // empty until the first node
  size_t size_ = 0;
  size_t bucket_bytes_ = 0;
  size_t deepest_segments_ =
      0;  // segments as deep as the directory; meaningless while that is 0 bits
  int directory_bits_ = 0;
  int root_bits_ = 0;  // log2 of the buckets of the only segment, while directory_bits_ is 0
};

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_BASE_HASH_TABLE_H_
