// PubSubHub: channels and who listens to them. Knows nothing of the transport: a subscription is a
// FrameSource. A message is serialised once; subscribers share its bytes.
//
// Publishing holds the lock of one part of the channels and, one after the other, those of the
// subscribers' buffers; a subscriber that does not read holds up nobody.
#ifndef KVICK_SERVER_PUBSUB_HUB_H_
#define KVICK_SERVER_PUBSUB_HUB_H_

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "kvick/v1/pubsub.pb.h"
#include "server/commands/frame_source.h"
#include "server/pubsub/counters.h"
#include "server/pubsub/options.h"
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
};

// Thread safe. Lock order: a shard, then the patterns, then a subscriber; the registry by itself.
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

  // Lets subscribers without events know that they live. To be called about once a second.
  void Tick(absl::Time now);
  // Ends all subscriptions, those to come as well, with UNAVAILABLE `SHUTTING_DOWN`.
  void Close();

  PubSubStatistics Statistics();

 private:
  using SubscriberPtr = std::shared_ptr<Subscriber>;

  struct Channel {
    int64_t epoch = 0;
    int64_t sequence = 0;
    absl::flat_hash_set<SubscriberPtr> subscribers;
    std::list<std::string>::iterator idle;  // its place in Shard::idle, while nobody subscribes
  };
  // Channels without subscribers keep their position until there are too many of them.
  struct alignas(64) Shard {
    absl::Mutex mu;
    absl::flat_hash_map<std::string, Channel> channels ABSL_GUARDED_BY(mu);
    std::list<std::string> idle ABSL_GUARDED_BY(mu);  // the one unused longest comes first
    size_t idle_bytes ABSL_GUARDED_BY(mu) = 0;
  };
  class Subscription;

  Shard& ShardOf(std::string_view channel);
  // The state of a channel; made when there is none.
  Channel& Use(Shard& shard, const std::string& channel) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu);
  void MakeIdle(Shard& shard, const std::string& name, Channel& channel)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu);
  void Register(const SubscriberPtr& subscriber);
  void Unregister(const SubscriberPtr& subscriber);

  const PubSubOptions options_;
  const int64_t epoch_base_;
  std::atomic<int64_t> epochs_{0};
  std::vector<Shard> shards_;  // never resized
  PubSubCounters counters_;

  absl::Mutex patterns_mu_;
  absl::flat_hash_set<SubscriberPtr> with_patterns_ ABSL_GUARDED_BY(patterns_mu_);

  absl::Mutex registry_mu_;
  absl::flat_hash_set<SubscriberPtr> subscribers_ ABSL_GUARDED_BY(registry_mu_);
  bool closed_ ABSL_GUARDED_BY(registry_mu_) = false;
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PUBSUB_HUB_H_
