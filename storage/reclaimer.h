// Reclaimer: frees what was deleted in the background, so that deleting a large collection costs
// the caller nothing. One thread, one queue.
#ifndef KVICK_STORAGE_RECLAIMER_H_
#define KVICK_STORAGE_RECLAIMER_H_

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/base/hash_table.h"
#include "storage/base/object.h"
#include "storage/entry.h"

namespace kvick::storage {

// Thread safe. Its mutex is a leaf: nothing else is locked while it is held.
class Reclaimer {
 public:
  Reclaimer();
  // Frees everything that is left before it returns.
  ~Reclaimer();
  Reclaimer(const Reclaimer&) = delete;
  Reclaimer& operator=(const Reclaimer&) = delete;

  // Frees a collection: at once when it is small, otherwise in the background. O(1).
  void Free(std::unique_ptr<Object> object);
  // Frees all entries of a table, and the table, in the background. `bytes`: what they take.
  void Free(HashTable<EntryTraits> table, size_t bytes);

  // Bytes that wait to be freed.
  size_t unfreed_bytes() const { return unfreed_bytes_.load(std::memory_order_relaxed); }
  // Waits until everything handed over so far is freed. For tests and the end of the process.
  void WaitUntilIdle();

 private:
  struct Garbage {
    std::unique_ptr<Object> object;
    HashTable<EntryTraits> table;
    size_t bytes = 0;
  };

  void Enqueue(Garbage garbage);
  void Run();
  static void FreeAll(Garbage garbage);

  std::atomic<size_t> unfreed_bytes_{0};
  absl::Mutex mu_;
  std::deque<Garbage> queue_ ABSL_GUARDED_BY(mu_);
  bool busy_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // started last, constant after construction
};

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_RECLAIMER_H_
