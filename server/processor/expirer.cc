#include "server/processor/expirer.h"

#include "absl/time/time.h"

namespace kvick::server {
namespace {

constexpr absl::Duration kSweepInterval = absl::Milliseconds(128);
// Entries a step may remove while it holds a shard: some tens of microseconds.
constexpr size_t kStepEntries = 128;

}  // namespace

Expirer::Expirer(storage::Store& store) : store_(store), thread_([this] { Run(); }) {}

Expirer::~Expirer() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

void Expirer::Run() {
  for (;;) {
    {
      absl::MutexLock lock(&mu_);
      if (mu_.AwaitWithTimeout(absl::Condition(&stopping_), kSweepInterval)) {
        return;
      }
    }
    Sweep();
  }
}

void Expirer::Sweep() {
  const storage::TimeMs now = store_.Now();
  for (uint32_t shard = 0; shard < store_.shard_count(); ++shard) {
    while (store_.ExpireSome(shard, now, kStepEntries)) {
      absl::MutexLock lock(&mu_);
      if (stopping_) {
        return;
      }
    }
  }
}

}  // namespace kvick::server
