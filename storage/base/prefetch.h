// PrefetchLine: asks the processor for memory that will be needed soon.
#ifndef KVICK_STORAGE_BASE_PREFETCH_H_
#define KVICK_STORAGE_BASE_PREFETCH_H_

#include <cstddef>

namespace kvick::storage {

inline constexpr size_t kCacheLineBytes = 64;

// Asks for the cache line of an address, which may be any. Costs a few instructions and waits for
// nothing.
inline void PrefetchLine(const void* address) {
  __builtin_prefetch(address);
  // GCC drops calls of functions that do nothing but prefetch (it takes them for pure): this says
  // that there is an effect.
  asm volatile("" : : "r"(address));
}

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_BASE_PREFETCH_H_
