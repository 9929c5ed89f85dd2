// What the allocator really hands out, so that memory is accounted by truth and not by request.
#ifndef KVICK_STORAGE_BASE_ALLOCATION_H_
#define KVICK_STORAGE_BASE_ALLOCATION_H_

#include <malloc.h>

#include <cstddef>

namespace kvick::storage {

// Bytes behind a pointer that malloc or operator new returned; 0 for null. O(1). tcmalloc and the
// sanitizers answer this for their own memory.
inline size_t AllocatedBytes(const void* pointer) {
  return malloc_usable_size(const_cast<void*>(pointer));
}

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_BASE_ALLOCATION_H_
