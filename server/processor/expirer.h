// Expirer: removes expired entries in the background, so that what nobody asks for goes too.
#ifndef KVICK_SERVER_PROCESSOR_EXPIRER_H_
#define KVICK_SERVER_PROCESSOR_EXPIRER_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/store.h"

namespace kvick::server {

// Goes over all shards a few times a second, in steps that lock one shard for a small number of
// entries. Thread safe.
class Expirer {
 public:
  // Starts. `store` outlives this.
  explicit Expirer(storage::Store& store);
  // Stops.
  ~Expirer();
  Expirer(const Expirer&) = delete;
  Expirer& operator=(const Expirer&) = delete;

 private:
  void Run();
  void Sweep();

  storage::Store& store_;
  absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // started last, constant after construction
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_EXPIRER_H_
