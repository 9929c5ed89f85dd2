#include "storage/reclaimer.h"

#include <utility>

namespace kvick::storage {
namespace {

// Freeing this few elements costs less than handing them to another thread.
constexpr size_t kInlineElementsMax = 64;

}  // namespace

Reclaimer::Reclaimer() : thread_([this] { Run(); }) {}

Reclaimer::~Reclaimer() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

void Reclaimer::Free(std::unique_ptr<Object> object) {
  if (object == nullptr || object->size() <= kInlineElementsMax) {
    return;
  }
  const size_t bytes = object->memory_bytes();
  Enqueue({std::move(object), {}, bytes});
}

void Reclaimer::Free(HashTable<EntryTraits> table, size_t bytes) {
  if (!table.empty()) {
    Enqueue({nullptr, std::move(table), bytes});
  }
}

void Reclaimer::Enqueue(Garbage garbage) {
  unfreed_bytes_.fetch_add(garbage.bytes, std::memory_order_relaxed);
  absl::MutexLock lock(&mu_);
  queue_.push_back(std::move(garbage));
}

void Reclaimer::FreeAll(Garbage garbage) {
  if (garbage.object != nullptr) {
    while (garbage.object->FreeSome()) {
      std::this_thread::yield();
    }
  }
  garbage.table.ForEach([](Entry* entry) { Entry::Destroy(entry); });
}

void Reclaimer::Run() {
  for (;;) {
    Garbage garbage;
    {
      absl::MutexLock lock(&mu_);
      busy_ = false;
      mu_.Await(absl::Condition(
          +[](Reclaimer* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mu_) {
            return self->stopping_ || !self->queue_.empty();
          },
          this));
      if (queue_.empty()) {
        return;
      }
      garbage = std::move(queue_.front());
      queue_.pop_front();
      busy_ = true;
    }
    const size_t bytes = garbage.bytes;
    FreeAll(std::move(garbage));
    unfreed_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  }
}

void Reclaimer::WaitUntilIdle() {
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(
      +[](Reclaimer* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mu_) {
        return self->queue_.empty() && !self->busy_;
      },
      this));
}

}  // namespace kvick::storage
