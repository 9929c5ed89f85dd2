// PubSubHub: channels and who listens to them. Knows nothing of the transport: a subscription is a
// FrameSource. A message is serialised once; subscribers share its bytes.
//
// Publishing matches patterns without a lock; it then holds the lock of one part of the channels
// and, one after the other, those of the subscribers' buffers. A subscriber that does not read
// holds up nobody.
#ifndef KVICK_SERVER_PUBSUB_HUB_H_
#define KVICK_SERVER_PUBSUB_HUB_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "kvick/v1/pubsub.pb.h"
#include "server/commands/frame_source.h"
#include "server/pubsub/channels.h"
#include "server/pubsub/counters.h"
#include "server/pubsub/message_memory.h"
#include "server/pubsub/options.h"
#include "server/pubsub/patterns.h"
#include "server/pubsub/subscriber.h"

namespace kvick::server {

// Sums for metrics.
struct PubSubStatistics {
  int64_t subscribers = 0;
  int64_t channels = 0;  // with subscribers by name
  int64_t published = 0;
  int64_t delivered = 0;
  int64_t dropped = 0;
  int64_t buffered_bytes = 0;
  int64_t memory_bytes = 0;  // see MessageMemory
};

// Thread safe. The order of its locks is in server/README.md.
class PubSubHub {
 public:
  explicit PubSubHub(PubSubOptions options);
  // All subscriptions have been destroyed by then.
  ~PubSubHub();
  PubSubHub(const PubSubHub&) = delete;
  PubSubHub& operator=(const PubSubHub&) = delete;

  // The calls of PubSubService; see pubsub.proto.
  absl::Status Publish(const v1::PubSubPublishRequest& request,
                       v1::PubSubPublishResponse* response);
  absl::Status ListChannels(const v1::PubSubListChannelsRequest& request,
                            v1::PubSubListChannelsResponse* response);
  absl::Status CountSubscribers(const v1::PubSubCountSubscribersRequest& request,
                                v1::PubSubCountSubscribersResponse* response);
  // The hub outlives the source.
  absl::StatusOr<std::unique_ptr<FrameSource>> Subscribe(const v1::PubSubSubscribeRequest& request,
                                                         WakeUp wake_up);

  // Lets subscribers without events know that they live, and frees memory when messages take too
  // much of it. To be called about once a second.
  void Tick(absl::Time now);
  // Ends all subscriptions, those to come as well, with UNAVAILABLE `SHUTTING_DOWN`.
  void Close();

  PubSubStatistics Statistics();

 private:
  // A part of the channels with a mutex of its own. Aligned so that neighbours do not share a cache
  // line.
  struct alignas(64) Shard {
    explicit Shard(const PubSubOptions& options)
        : channels(options.max_idle_channels / options.shards + 1,
                   options.max_idle_channel_bytes / options.shards) {}
    absl::Mutex mu;
    ChannelTable channels ABSL_GUARDED_BY(mu);
  };
  // What one Publish is about.
  struct Publication;
  class Subscription;

  Shard& ShardOf(uint64_t hash) { return shards_[hash % shards_.size()]; }
  Channel& Use(Shard& shard, uint64_t hash, std::string_view channel)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu);
  // Gives a message its place and puts it out; false, and nothing done, when patterns have come
  // that its channel is not matched against yet.
  bool Deliver(Publication& publication);
  // See MessageMemory.
  int64_t BufferBytesMax() const {
    return memory_->BufferBytesMax(subscriber_count_.load(std::memory_order_relaxed));
  }
  absl::Status AddToRegistry(const SubscriberPtr& subscriber);
  std::vector<SubscriberPtr> AllSubscribers();

  const PubSubOptions options_;
  const int64_t epoch_base_;
  std::atomic<int64_t> epochs_{0};
  std::deque<Shard> shards_;                     // never resized; each protects itself
  PatternTable patterns_;                        // its own synchronisation
  PubSubCounters counters_;                      // its own synchronisation
  const std::shared_ptr<MessageMemory> memory_;  // frames on their way hold it too
  std::atomic<int64_t> subscriber_count_{0};     // of subscribers_, read without its lock

  absl::Mutex registry_mu_;
  absl::flat_hash_set<SubscriberPtr> subscribers_ ABSL_GUARDED_BY(registry_mu_);
  bool closed_ ABSL_GUARDED_BY(registry_mu_) = false;
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PUBSUB_HUB_H_
