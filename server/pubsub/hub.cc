#include "server/pubsub/hub.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/hash/hash.h"
#include "fmt/format.h"
#include "server/pubsub/checks.h"
#include "server/pubsub/wire.h"
#include "storage/base/error.h"
#include "storage/base/glob.h"
#include "storage/base/status_macros.h"
#include "storage/base/strings.h"

namespace kvick::server {
namespace {

absl::Status ShuttingDown() {
  return storage::MakeError(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                            "The server is shutting down: subscribe again, elsewhere or later.", {},
                            absl::Seconds(1));
}

}  // namespace

// The stream of one subscriber; unsubscribes when it goes.
class PubSubHub::Subscription final : public FrameSource {
 public:
  Subscription(PubSubHub& hub, SubscriberPtr subscriber)
      : hub_(hub), subscriber_(std::move(subscriber)) {}
  ~Subscription() override { hub_.Unregister(subscriber_); }

  State Next(absl::Cord* frame, absl::Status* status) override {
    return subscriber_->Next(hub_.options_.clock(), frame, status);
  }

 private:
  PubSubHub& hub_;
  const SubscriberPtr subscriber_;
};

PubSubHub::PubSubHub(PubSubOptions options)
    : options_(std::move(options)),
      epoch_base_(absl::ToUnixMicros(options_.clock())),
      shards_(std::max<size_t>(options_.shards, 1)) {}

PubSubHub::~PubSubHub() = default;

PubSubHub::Shard& PubSubHub::ShardOf(std::string_view channel) {
  return shards_[absl::Hash<absl::string_view>{}(storage::ToAbsl(channel)) % shards_.size()];
}

PubSubHub::Channel& PubSubHub::Use(Shard& shard, const std::string& name) {
  const auto [found, created] = shard.channels.try_emplace(name);
  Channel& channel = found->second;
  if (created) {
    channel.epoch = epoch_base_ + epochs_.fetch_add(1, std::memory_order_relaxed);
  } else if (channel.subscribers.empty()) {
    shard.idle_bytes -= name.size();
    shard.idle.erase(channel.idle);
  }
  return channel;
}

void PubSubHub::MakeIdle(Shard& shard, const std::string& name, Channel& channel) {
  shard.idle.push_back(name);
  shard.idle_bytes += name.size();
  channel.idle = std::prev(shard.idle.end());
  while (shard.idle.size() > options_.max_idle_channels / shards_.size() + 1 ||
         shard.idle_bytes > options_.max_idle_channel_bytes / shards_.size() + name.size()) {
    shard.idle_bytes -= shard.idle.front().size();
    shard.channels.erase(shard.idle.front());
    shard.idle.pop_front();
  }
}

absl::Status PubSubHub::Publish(const v1::PubSubPublishRequest& request,
                                v1::PubSubPublishResponse* response) {
  RETURN_IF_ERROR(CheckPublish(request, options_));
  MessageDraft draft(request);
  std::vector<SubscriberPtr> to_wake;
  int64_t receivers = 0;
  {
    Shard& shard = ShardOf(request.channel());
    absl::MutexLock lock(&shard.mu);
    Channel& channel = Use(shard, request.channel());
    response->mutable_position()->set_epoch(channel.epoch);
    response->mutable_position()->set_sequence(++channel.sequence);
    const absl::Cord element =
        std::move(draft).Seal(channel.epoch, channel.sequence, options_.clock());
    const auto deliver = [&](const SubscriberPtr& subscriber) {
      ++receivers;
      if (subscriber->Enqueue(element)) {
        to_wake.push_back(subscriber);
      }
    };
    for (const SubscriberPtr& subscriber : channel.subscribers) {
      deliver(subscriber);
    }
    {
      absl::ReaderMutexLock patterns_lock(&patterns_mu_);
      for (const SubscriberPtr& subscriber : with_patterns_) {
        if (!subscriber->HasChannel(request.channel()) &&
            subscriber->HasMatchingPattern(request.channel())) {
          deliver(subscriber);
        }
      }
    }
    if (channel.subscribers.empty()) {
      MakeIdle(shard, request.channel(), channel);
    }
  }
  response->set_receivers(receivers);
  counters_.Add({.published = 1});
  for (const SubscriberPtr& subscriber : to_wake) {
    subscriber->Wake();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FrameSource>> PubSubHub::Subscribe(
    const v1::PubSubSubscribeRequest& request, WakeUp wake_up) {
  RETURN_IF_ERROR(CheckSubscribe(request, options_));
  const int64_t bytes =
      request.max_buffered_bytes() != 0
          ? request.max_buffered_bytes()
          : std::min(options_.default_subscriber_bytes, options_.max_subscriber_bytes);
  auto subscriber = std::make_shared<Subscriber>(request, bytes, std::move(wake_up), counters_);
  {
    absl::MutexLock lock(&registry_mu_);
    if (closed_) {
      return ShuttingDown();
    }
    if (static_cast<int64_t>(subscribers_.size()) >= options_.max_subscribers) {
      return storage::MakeError(
          absl::StatusCode::kResourceExhausted, "TOO_MANY_SUBSCRIBERS",
          "The server has as many subscribers as it may: try again later, or start it with a "
          "greater --max_subscribers.",
          {{"limit", std::to_string(options_.max_subscribers)}}, absl::Seconds(1));
    }
    subscribers_.insert(subscriber);
  }
  Register(subscriber);
  return std::make_unique<Subscription>(*this, std::move(subscriber));
}

void PubSubHub::Register(const SubscriberPtr& subscriber) {
  for (const std::string& name : subscriber->channels()) {
    Shard& shard = ShardOf(name);
    absl::MutexLock lock(&shard.mu);
    Use(shard, name).subscribers.insert(subscriber);
  }
  if (!subscriber->patterns().empty()) {
    absl::MutexLock lock(&patterns_mu_);
    with_patterns_.insert(subscriber);
  }
}

void PubSubHub::Unregister(const SubscriberPtr& subscriber) {
  for (const std::string& name : subscriber->channels()) {
    Shard& shard = ShardOf(name);
    absl::MutexLock lock(&shard.mu);
    Channel& channel = shard.channels.find(name)->second;
    channel.subscribers.erase(subscriber);
    if (channel.subscribers.empty()) {
      MakeIdle(shard, name, channel);
    }
  }
  if (!subscriber->patterns().empty()) {
    absl::MutexLock lock(&patterns_mu_);
    with_patterns_.erase(subscriber);
  }
  absl::MutexLock lock(&registry_mu_);
  subscribers_.erase(subscriber);
}

absl::Status PubSubHub::ListChannels(const v1::PubSubListChannelsRequest& request,
                                     v1::PubSubListChannelsResponse* response) {
  constexpr int64_t kLimitDefault = 1'000;
  RETURN_IF_ERROR(CheckListChannels(request));
  const auto limit = static_cast<size_t>(request.limit() == 0 ? kLimitDefault : request.limit());
  std::vector<std::string> names;
  for (Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mu);
    for (const auto& [name, channel] : shard.channels) {
      if (!channel.subscribers.empty() && name > request.after() &&
          (request.glob().empty() || storage::Glob(request.glob()).Matches(name))) {
        names.push_back(name);
      }
    }
  }
  std::sort(names.begin(), names.end());
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
    Shard& shard = ShardOf(name);
    absl::MutexLock lock(&shard.mu);
    const auto found = shard.channels.find(name);
    response->add_subscribers(
        found == shard.channels.end() ? 0 : static_cast<int64_t>(found->second.subscribers.size()));
  }
  return absl::OkStatus();
}

void PubSubHub::Tick(absl::Time now) {
  std::vector<SubscriberPtr> to_wake;
  {
    absl::MutexLock lock(&registry_mu_);
    for (const SubscriberPtr& subscriber : subscribers_) {
      if (subscriber->MakeProgressDue(now - options_.progress_interval)) {
        to_wake.push_back(subscriber);
      }
    }
  }
  for (const SubscriberPtr& subscriber : to_wake) {
    subscriber->Wake();
  }
}

void PubSubHub::Close() {
  std::vector<SubscriberPtr> all;
  {
    absl::MutexLock lock(&registry_mu_);
    closed_ = true;
    all.assign(subscribers_.begin(), subscribers_.end());
  }
  for (const SubscriberPtr& subscriber : all) {
    if (subscriber->Close(ShuttingDown())) {
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
  for (Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mu);
    statistics.channels += static_cast<int64_t>(shard.channels.size() - shard.idle.size());
  }
  absl::MutexLock lock(&registry_mu_);
  statistics.subscribers = static_cast<int64_t>(subscribers_.size());
  return statistics;
}

}  // namespace kvick::server
