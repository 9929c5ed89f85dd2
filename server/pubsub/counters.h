// Counters of the publishing path: added to by every thread, read rarely.
#ifndef KVICK_SERVER_PUBSUB_COUNTERS_H_
#define KVICK_SERVER_PUBSUB_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace kvick::server {

// What happened, as differences or as a sum of them.
struct PubSubCounts {
  int64_t published = 0;       // messages taken
  int64_t delivered = 0;       // messages handed to the transport, once per subscriber
  int64_t dropped = 0;         // messages lost by slow subscribers, once per subscriber
  int64_t buffered_bytes = 0;  // what subscribers' buffers hold now
};

// Sums of PubSubCounts. Thread safe without a lock: each thread adds to one of a few stripes, so
// that threads seldom write to the same cache line.
class PubSubCounters {
 public:
  void Add(const PubSubCounts& counts) {
    Stripe& stripe = stripes_[StripeOfThread()];
    AddTo(stripe.published, counts.published);
    AddTo(stripe.delivered, counts.delivered);
    AddTo(stripe.dropped, counts.dropped);
    AddTo(stripe.buffered_bytes, counts.buffered_bytes);
  }

  // Exact once no other thread is adding.
  PubSubCounts Sum() const {
    PubSubCounts sum;
    for (const Stripe& stripe : stripes_) {
      sum.published += stripe.published.load(std::memory_order_relaxed);
      sum.delivered += stripe.delivered.load(std::memory_order_relaxed);
      sum.dropped += stripe.dropped.load(std::memory_order_relaxed);
      sum.buffered_bytes += stripe.buffered_bytes.load(std::memory_order_relaxed);
    }
    return sum;
  }

 private:
  static constexpr size_t kStripes = 16;

  struct alignas(64) Stripe {
    std::atomic<int64_t> published{0};
    std::atomic<int64_t> delivered{0};
    std::atomic<int64_t> dropped{0};
    std::atomic<int64_t> buffered_bytes{0};
  };

  static void AddTo(std::atomic<int64_t>& sum, int64_t difference) {
    if (difference != 0) {
      sum.fetch_add(difference, std::memory_order_relaxed);
    }
  }

  static size_t StripeOfThread() {
    static std::atomic<size_t> next{0};
    thread_local const size_t stripe = next.fetch_add(1, std::memory_order_relaxed) % kStripes;
    return stripe;
  }

  std::array<Stripe, kStripes> stripes_;
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PUBSUB_COUNTERS_H_
