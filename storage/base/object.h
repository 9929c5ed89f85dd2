// Object: what a key holds when it holds a collection. One subclass per data type, under
// storage/types/. Objects are not thread safe: the shard that holds them is locked.
#ifndef KVICK_STORAGE_BASE_OBJECT_H_
#define KVICK_STORAGE_BASE_OBJECT_H_

#include <cstddef>
#include <cstdint>
#include <memory>

namespace kvick::storage {

// The type of what a key holds. The numbers are part of the encodings in memory, and the same as in
// value.proto.
enum class ObjectType : uint8_t {
  kString = 1,
  kList = 2,
  kSet = 3,
  kHash = 4,
  kSortedSet = 5,
  kStream = 6,
};

// How a value is kept; the same numbers as in value.proto.
enum class Encoding : uint8_t {
  kInline = 1,
  kPacked = 2,
  kBlocks = 3,
  kHashTable = 4,
};

// The name of a type as messages show it: "list".
const char* ObjectTypeName(ObjectType type);

// A collection. Every subclass T has `static constexpr ObjectType kType` and a default constructor
// that makes it empty.
class Object {
 public:
  virtual ~Object() = default;

  // The type, equal to T::kType.
  virtual ObjectType type() const = 0;
  // Elements. O(1).
  virtual size_t size() const = 0;
  // How it is kept now. O(1).
  virtual Encoding encoding() const = 0;
  // Bytes that the object takes from the allocator, itself included, counted by what the allocator
  // really handed out. O(1).
  virtual size_t memory_bytes() const = 0;
  // A copy that shares nothing. O(size).
  virtual std::unique_ptr<Object> Clone() const = 0;
  // Frees some elements, a bounded number, and tells whether any are left. For the background:
  // after the first call the object is good for nothing else. The destructor frees what is left.
  virtual bool FreeSome() = 0;
};

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_BASE_OBJECT_H_
