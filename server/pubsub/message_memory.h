// MessageMemory: what messages take that subscribers have yet to read, and what a subscription may
// have of it when that is too much.
#ifndef KVICK_SERVER_PUBSUB_MESSAGE_MEMORY_H_
#define KVICK_SERVER_PUBSUB_MESSAGE_MEMORY_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>

namespace kvick::server {

// Thread safe.
class MessageMemory {
 public:
  explicit MessageMemory(int64_t limit) : limit_(limit) {}

  // A message counts once, from its publication until nobody holds it any more, and each buffer's
  // reference to it besides.
  void Add(int64_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  // How large the buffer of each of so many subscribers may be now, whatever it asked for: as large
  // as can be within the limit, and an even share of that beyond it.
  int64_t BufferBytesMax(int64_t subscribers) const {
    return bytes() <= limit_ ? std::numeric_limits<int64_t>::max()
                             : limit_ / std::max<int64_t>(subscribers, 1);
  }

 private:
  const int64_t limit_;
  std::atomic<int64_t> bytes_{0};
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PUBSUB_MESSAGE_MEMORY_H_
