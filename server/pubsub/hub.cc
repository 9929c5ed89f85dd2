#include "server/pubsub/hub.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/pubsub/checks.h"
#include "server/pubsub/wire.h"
#include "storage/base/error.h"
#include "storage/base/glob.h"
#include "storage/base/status_macros.h"

namespace kvick::server {
namespace {

// Keeps the first `count` of names in their order, each once.
void KeepFirst(size_t count, std::vector<std::string>* names) {
  std::sort(names->begin(), names->end());
  names->erase(std::unique(names->begin(), names->end()), names->end());
  names->resize(std::min(names->size(), count));
}

}  // namespace

// The stream of one subscriber; unsubscribes when it goes.
class PubSubHub::Subscription final : public FrameSource {
 public:
  Subscription(PubSubHub& hub, SubscriberPtr subscriber)
      : hub_(hub), subscriber_(std::move(subscriber)) {}
  ~Subscription() override;

  absl::Status Start(const v1::PubSubSubscribeRequest& request);
  State Next(absl::Cord* frame, absl::Status* status) override {
    return subscriber_->Next(hub_.options_.clock(), frame, status);
  }
  bool shares_frames() const override { return true; }

 private:
  PubSubHub& hub_;
  const SubscriberPtr subscriber_;
  // What it subscribes to. The hub keeps these, and so their names, as long as somebody does.
  std::vector<Channel*> channels_;
  std::vector<PatternTable::PatternPtr> patterns_;
};

absl::Status PubSubHub::Subscription::Start(const v1::PubSubSubscribeRequest& request) {
  RETURN_IF_ERROR(hub_.AddToRegistry(subscriber_));
  for (const std::string& name : request.channels()) {
    const uint64_t hash = storage::HashBytes(name);
    Shard& shard = hub_.ShardOf(hash);
    absl::MutexLock lock(&shard.mu);
    Channel& channel = hub_.Use(shard, hash, name);
    if (channel.subscribers.insert(subscriber_).second) {
      channels_.push_back(&channel);
    }
  }
  // After the channels: who is found by a pattern is known to the channel by then.
  return request.patterns().empty()
             ? absl::OkStatus()
             : hub_.patterns_.Add(subscriber_, request.patterns(), &patterns_);
}

PubSubHub::Subscription::~Subscription() {
  for (Channel* const channel : channels_) {
    Shard& shard = hub_.ShardOf(storage::HashBytes(channel->name));
    absl::MutexLock lock(&shard.mu);
    channel->subscribers.erase(subscriber_);
    if (channel->subscribers.empty()) {
      shard.channels.MakeIdle(*channel);
    }
  }
  if (!patterns_.empty()) {
    hub_.patterns_.Remove(subscriber_, patterns_);
  }
  absl::MutexLock lock(&hub_.registry_mu_);
  hub_.subscribers_.erase(subscriber_);
  hub_.subscriber_count_.store(static_cast<int64_t>(hub_.subscribers_.size()),
                               std::memory_order_relaxed);
}

PubSubHub::PubSubHub(PubSubOptions options)
    : options_(std::move(options)),
      epoch_base_(absl::ToUnixMicros(options_.clock())),
      patterns_(options_.max_patterns),
      memory_(std::make_shared<MessageMemory>(options_.max_published_bytes)) {
  for (size_t i = 0; i < options_.shards; ++i) {
    shards_.emplace_back(options_);
  }
}

PubSubHub::~PubSubHub() = default;

Channel& PubSubHub::Use(Shard& shard, uint64_t hash, std::string_view channel) {
  return shard.channels.Use(hash, channel, [this] {
    return epoch_base_ + epochs_.fetch_add(1, std::memory_order_relaxed);
  });
}

struct PubSubHub::Publication {
  const std::string& channel;
  MessageDraft draft;
  PatternTable::Matches matches = {};
  v1::PubSubPublishResponse* response;
  std::vector<SubscriberPtr> to_wake = {};
};

absl::Status PubSubHub::Publish(const v1::PubSubPublishRequest& request,
                                v1::PubSubPublishResponse* response) {
  RETURN_IF_ERROR(CheckPublish(request, options_));
  Publication publication{
      .channel = request.channel(), .draft = MessageDraft(request), .response = response};
  do {
    patterns_.Match(publication.channel, &publication.matches);
  } while (!Deliver(publication));
  counters_.Add({.published = 1});
  for (const SubscriberPtr& subscriber : publication.to_wake) {
    subscriber->Wake();
  }
  return absl::OkStatus();
}

bool PubSubHub::Deliver(Publication& publication) {
  const uint64_t hash = storage::HashBytes(publication.channel);
  Shard& shard = ShardOf(hash);
  absl::MutexLock lock(&shard.mu);
  // Under this lock: otherwise a subscriber could get a later message of the channel and not this
  // one, which is a hole in its sequence.
  if (!patterns_.IsCurrent(publication.matches)) {
    return false;
  }
  Channel& channel = Use(shard, hash, publication.channel);
  ++channel.sequence;
  publication.response->mutable_position()->set_epoch(channel.epoch);
  publication.response->mutable_position()->set_sequence(channel.sequence);
  const absl::Cord element =
      std::move(publication.draft).Seal(channel.epoch, channel.sequence, options_.clock(), memory_);
  int64_t receivers = 0;
  const int64_t bytes_max = BufferBytesMax();
  const auto deliver = [&](const SubscriberPtr& subscriber) {
    bool wake = false;
    receivers += subscriber->Enqueue(element, bytes_max, &wake) ? 1 : 0;
    if (wake) {
      publication.to_wake.push_back(subscriber);
    }
  };
  for (const SubscriberPtr& subscriber : channel.subscribers) {
    deliver(subscriber);
  }
  patterns_.ForEachSubscriber(publication.matches, [&](const SubscriberPtr& subscriber) {
    if (!channel.subscribers.contains(subscriber)) {
      deliver(subscriber);
    }
  });
  publication.response->set_receivers(receivers);
  if (channel.subscribers.empty()) {
    shard.channels.MakeIdle(channel);
  }
  return true;
}

absl::StatusOr<std::unique_ptr<FrameSource>> PubSubHub::Subscribe(
    const v1::PubSubSubscribeRequest& request, WakeUp wake_up) {
  RETURN_IF_ERROR(CheckSubscribe(request, options_));
  const int64_t bytes =
      request.max_buffered_bytes() != 0
          ? request.max_buffered_bytes()
          : std::min(options_.default_subscriber_bytes, options_.max_subscriber_bytes);
  auto subscription = std::make_unique<Subscription>(
      *this, std::make_shared<Subscriber>(request.overflow(), bytes, std::move(wake_up), counters_,
                                          *memory_));
  RETURN_IF_ERROR(subscription->Start(request));
  return subscription;
}

absl::Status PubSubHub::AddToRegistry(const SubscriberPtr& subscriber) {
  absl::MutexLock lock(&registry_mu_);
  if (closed_) {
    return storage::ShuttingDown();
  }
  if (static_cast<int64_t>(subscribers_.size()) >= options_.max_subscribers) {
    return storage::MakeError(
        absl::StatusCode::kResourceExhausted, "TOO_MANY_SUBSCRIBERS",
        "The server has as many subscribers as it may: try again later, or start it with a "
        "greater --max_subscribers.",
        {{"limit", std::to_string(options_.max_subscribers)}}, absl::Seconds(1));
  }
  subscribers_.insert(subscriber);
  subscriber_count_.store(static_cast<int64_t>(subscribers_.size()), std::memory_order_relaxed);
  return absl::OkStatus();
}

absl::Status PubSubHub::ListChannels(const v1::PubSubListChannelsRequest& request,
                                     v1::PubSubListChannelsResponse* response) {
  constexpr int64_t kLimitDefault = 1'000;
  RETURN_IF_ERROR(CheckListChannels(request));
  const auto limit = static_cast<size_t>(request.limit() == 0 ? kLimitDefault : request.limit());
  const storage::Glob glob(request.glob().empty() ? "*" : request.glob());
  std::vector<std::string> names;
  for (Shard& shard : shards_) {
    uint64_t cursor = 0;
    do {
      absl::MutexLock lock(&shard.mu);
      cursor = shard.channels.ListSome(cursor, glob, request.after(), &names);
    } while (cursor != 0);
    if (names.size() > 2 * limit) {
      KeepFirst(limit + 1, &names);
    }
  }
  KeepFirst(limit + 1, &names);
  response->set_more(names.size() > limit);
  names.resize(std::min(names.size(), limit));
  for (std::string& name : names) {
    response->add_channels(std::move(name));
  }
  return absl::OkStatus();
}

absl::Status PubSubHub::CountSubscribers(const v1::PubSubCountSubscribersRequest& request,
                                         v1::PubSubCountSubscribersResponse* response) {
  if (request.channels().empty()) {
    return storage::InvalidArgument("KEY_EMPTY",
                                    "The request names no channel: give at least one.");
  }
  for (const std::string& name : request.channels()) {
    RETURN_IF_ERROR(CheckChannel(name, options_));
    const uint64_t hash = storage::HashBytes(name);
    Shard& shard = ShardOf(hash);
    absl::MutexLock lock(&shard.mu);
    const Channel* channel = shard.channels.Find(hash, name);
    response->add_subscribers(
        channel == nullptr ? 0 : static_cast<int64_t>(channel->subscribers.size()));
  }
  return absl::OkStatus();
}

std::vector<SubscriberPtr> PubSubHub::AllSubscribers() {
  absl::MutexLock lock(&registry_mu_);
  return {subscribers_.begin(), subscribers_.end()};
}

void PubSubHub::Tick(absl::Time now) {
  for (const SubscriberPtr& subscriber : AllSubscribers()) {
    subscriber->Shrink(BufferBytesMax());
    if (subscriber->MakeProgressDue(now - options_.progress_interval)) {
      subscriber->Wake();
    }
  }
}

void PubSubHub::Close() {
  {
    absl::MutexLock lock(&registry_mu_);
    closed_ = true;
  }
  for (const SubscriberPtr& subscriber : AllSubscribers()) {
    if (subscriber->Close(storage::ShuttingDown())) {
      subscriber->Wake();
    }
  }
}

PubSubStatistics PubSubHub::Statistics() {
  const PubSubCounts counts = counters_.Sum();
  PubSubStatistics statistics;
  statistics.published = counts.published;
  statistics.delivered = counts.delivered;
  statistics.dropped = counts.dropped;
  statistics.buffered_bytes = counts.buffered_bytes;
  statistics.memory_bytes = memory_->bytes();
  for (Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mu);
    statistics.channels += static_cast<int64_t>(shard.channels.used());
  }
  absl::MutexLock lock(&registry_mu_);
  statistics.subscribers = static_cast<int64_t>(subscribers_.size());
  return statistics;
}

}  // namespace kvick::server
