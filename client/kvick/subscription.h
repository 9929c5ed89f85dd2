// Subscriptions: messages as they are published.
#ifndef KVICK_CLIENT_KVICK_SUBSCRIPTION_H_
#define KVICK_CLIENT_KVICK_SUBSCRIPTION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kvick/caller.h"

namespace kvick {

// What to subscribe to; at least one channel or pattern.
struct SubscribeOptions {
  // Channels by name.
  std::vector<std::string> channels = {};
  // Channels by pattern; see Selector.glob.
  std::vector<std::string> patterns = {};
  // What the server does when this subscriber reads too slowly.
  v1::Overflow overflow = v1::OVERFLOW_DROP_OLDEST;
  // How much the server keeps for it meanwhile; 0: the server's default of 1 MiB.
  int64_t max_buffered_bytes = 0;
};

// One thing that happened: a message, messages that were dropped, or a sign of life.
using SubscriptionEvent =
    std::variant<v1::PubSubMessage, v1::SubscriptionGap, v1::SubscriptionProgress>;

// A subscription that is read by its owner. It exists from PubSubClient::Subscribe on, so nothing
// published after that call is missed without a gap. Delivery is at most once: a broken connection
// ends it, with the error in the last place, and it is not made anew behind your back, since
// messages would be lost without a word. Reading is for one thread; Cancel may come from any.
class Subscription {
 public:
  // An event, or in the last place the error that ended the subscription.
  using value_type = absl::StatusOr<SubscriptionEvent>;

  // Reads once, from the front to the end.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Subscription::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    // The end.
    iterator() = default;
    // The front of `subscription`.
    explicit iterator(Subscription* subscription) : subscription_(subscription) { ++*this; }

    // The event here.
    reference operator*() const { return *event_; }
    pointer operator->() const { return &*event_; }
    // Waits for the next one.
    iterator& operator++() {
      event_ = subscription_->Next();
      if (!event_.has_value()) subscription_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    // True when both are at the end, or both are not.
    friend bool operator==(const iterator& a, const iterator& b) {
      return (a.subscription_ == nullptr) == (b.subscription_ == nullptr);
    }

   private:
    Subscription* subscription_ = nullptr;
    std::optional<value_type> event_;
  };

  // Made by PubSubClient::Subscribe.
  Subscription(std::shared_ptr<ReadStream> stream, v1::SubscriptionCreated created);
  // Unsubscribes.
  ~Subscription();
  Subscription(Subscription&&) = default;
  Subscription& operator=(Subscription&&) = delete;

  // What the server said when it registered the subscription.
  const v1::SubscriptionCreated& created() const { return created_; }

  // Waits for the next event; nothing once the subscription was cancelled. After an error there is
  // nothing more.
  std::optional<value_type> Next();
  // Waits for the next message, passing over gaps and signs of life.
  std::optional<absl::StatusOr<v1::PubSubMessage>> NextMessage();

  // Starts the walk; once.
  iterator begin() { return iterator(this); }
  // Where every walk ends.
  iterator end() { return iterator(); }

  // Unsubscribes: a waiting Next returns. Any thread, any number of times.
  void Cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;     // Constant; shared by the reading thread and Cancel.
  v1::SubscriptionCreated created_;  // Constant.
  // The reading thread's: messages that came together, the first `next_` of them taken, and whether
  // the end has been reached.
  v1::PubSubEventBatch batch_;
  int next_ = 0;
  bool done_ = false;
};

// What a Listener calls; each may be empty. All calls come one after the other from one thread of
// the library, `on_end` last, so a slow one makes the subscriber slow.
struct SubscriptionHandlers {
  // A message came.
  std::function<void(const v1::PubSubMessage&)> on_message = {};
  // Messages were dropped.
  std::function<void(const v1::SubscriptionGap&)> on_gap = {};
  // The subscription lives though nothing came.
  std::function<void(const v1::SubscriptionProgress&)> on_progress = {};
  // The subscription is registered.
  std::function<void(const v1::SubscriptionCreated&)> on_created = {};
  // It ended: OK after Cancel, otherwise why.
  std::function<void(const absl::Status&)> on_end = {};
};

// A subscription that calls its owner. Destroying it unsubscribes and waits for the handler that is
// running; a handler may itself destroy it.
class Listener {
 public:
  // Made by PubSubClient::Listen: starts calling `handlers`.
  Listener(Subscription subscription, SubscriptionHandlers handlers);
  // Unsubscribes; no handler runs any more once it returns (unless called from one).
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Unsubscribes without waiting. Any thread, any number of times.
  void Cancel();

 private:
  const std::shared_ptr<Subscription> subscription_;  // The thread reads it, Cancel is for any.
  std::thread thread_;                                // Constant; ended by the destructor.
};

// Calls of PubSubService; what each does, answers and costs is said at the method of the same name
// in kvick/v1/pubsub.proto. Thread safe, cheap to copy.
class PubSubClient {
 public:
  // Made by Client::PubSub.
  explicit PubSubClient(Caller caller) : caller_(std::move(caller)) {}

  // Sends a message to a channel.
  absl::StatusOr<v1::PubSubPublishResponse> Publish(
      std::string_view channel, Value payload,
      std::vector<std::pair<std::string, std::string>> attributes = {}) const;
  // Subscribes; returns once the server has registered it, which CallOptions.read_timeout bounds.
  absl::StatusOr<Subscription> Subscribe(const SubscribeOptions& options) const;
  // Subscribes and calls `handlers` from a thread of its own; returns once registered.
  absl::StatusOr<std::unique_ptr<Listener>> Listen(const SubscribeOptions& options,
                                                   SubscriptionHandlers handlers) const;
  // The channels with subscribers that match a pattern (empty: all) and come after `after` by name.
  absl::StatusOr<v1::PubSubListChannelsResponse> ListChannels(std::string_view glob = "",
                                                              int64_t limit = 0,
                                                              std::string_view after = "") const;
  // How many subscribers channels have.
  absl::StatusOr<v1::PubSubCountSubscribersResponse> CountSubscribers(
      const std::vector<std::string>& channels) const;

 private:
  Caller caller_;
};

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_SUBSCRIPTION_H_
