#include "kvick/subscription.h"

#include <atomic>
#include <utility>

#include "storage/base/status_macros.h"

namespace kvick {
namespace {

absl::StatusOr<v1::SubscriptionCreated> ReadCreated(ReadStream* stream) {
  v1::PubSubSubscribeResponse response;
  if (!stream->Read(&response)) {
    absl::Status status = stream->Finish();
    return status.ok() ? absl::InternalError("the server ended the subscription at once") : status;
  }
  if (!response.has_created()) {
    return absl::InternalError("the server's first event was not `created`");
  }
  return response.created();
}

}  // namespace

struct Subscription::State {
  const std::shared_ptr<ReadStream> stream;  // Cancel: own synchronisation; the rest the reader's.
  std::atomic<bool> cancelled = false;
};

Subscription::Subscription(std::shared_ptr<ReadStream> stream, v1::SubscriptionCreated created)
    : state_(new State{.stream = std::move(stream)}), created_(std::move(created)) {}

Subscription::~Subscription() {
  if (state_ != nullptr) Cancel();
}

void Subscription::Cancel() {
  state_->cancelled = true;
  state_->stream->Cancel();
}

std::optional<Subscription::value_type> Subscription::Next() {
  while (!done_) {
    if (next_ < batch_.messages_size()) {
      return SubscriptionEvent(std::move(*batch_.mutable_messages(next_++)));
    }
    v1::PubSubSubscribeResponse response;
    if (!state_->stream->Read(&response)) {
      done_ = true;
      absl::Status status = state_->stream->Finish();
      if (state_->cancelled) return std::nullopt;
      if (status.ok()) status = absl::UnavailableError("the server ended the subscription");
      return value_type(std::move(status));
    }
    if (response.has_batch()) {
      batch_ = std::move(*response.mutable_batch());
      next_ = 0;
    } else if (response.has_gap()) {
      return SubscriptionEvent(std::move(*response.mutable_gap()));
    } else if (response.has_progress()) {
      return SubscriptionEvent(std::move(*response.mutable_progress()));
    }
  }
  return std::nullopt;
}

std::optional<absl::StatusOr<v1::PubSubMessage>> Subscription::NextMessage() {
  while (auto event = Next()) {
    if (!event->ok()) return event->status();
    if (auto* message = std::get_if<v1::PubSubMessage>(&**event)) return std::move(*message);
  }
  return std::nullopt;
}

Listener::Listener(Subscription subscription, SubscriptionHandlers handlers)
    : subscription_(std::make_shared<Subscription>(std::move(subscription))) {
  // The thread owns all that it uses, so that a handler may destroy the listener.
  thread_ = std::thread([subscription = subscription_, handlers = std::move(handlers)] {
    if (handlers.on_created) handlers.on_created(subscription->created());
    absl::Status end;
    while (auto event = subscription->Next()) {
      if (!event->ok()) {
        end = event->status();
      } else if (auto* message = std::get_if<v1::PubSubMessage>(&**event)) {
        if (handlers.on_message) handlers.on_message(*message);
      } else if (auto* gap = std::get_if<v1::SubscriptionGap>(&**event)) {
        if (handlers.on_gap) handlers.on_gap(*gap);
      } else if (auto* progress = std::get_if<v1::SubscriptionProgress>(&**event)) {
        if (handlers.on_progress) handlers.on_progress(*progress);
      }
    }
    if (handlers.on_end) handlers.on_end(end);
  });
}

Listener::~Listener() {
  Cancel();
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void Listener::Cancel() { subscription_->Cancel(); }

absl::StatusOr<v1::PubSubPublishResponse> PubSubClient::Publish(
    std::string_view channel, Value payload,
    std::vector<std::pair<std::string, std::string>> attributes) const {
  v1::PubSubPublishRequest request;
  request.set_channel(channel.data(), channel.size());
  *request.mutable_payload() = std::move(payload).proto();
  for (auto& [name, value] : attributes) {
    (*request.mutable_attributes())[name] = std::move(value);
  }
  return caller_.Call(request);
}

absl::StatusOr<Subscription> PubSubClient::Subscribe(const SubscribeOptions& options) const {
  v1::PubSubSubscribeRequest request;
  request.mutable_channels()->Assign(options.channels.begin(), options.channels.end());
  request.mutable_patterns()->Assign(options.patterns.begin(), options.patterns.end());
  request.set_overflow(options.overflow);
  request.set_max_buffered_bytes(options.max_buffered_bytes);
  ASSIGN_OR_RETURN(std::shared_ptr<ReadStream> stream,
                   caller_.connection()->OpenStream(MethodFor<v1::PubSubSubscribeRequest>(),
                                                    request, caller_.options()));
  ASSIGN_OR_RETURN(auto created, ReadCreated(stream.get()));
  return Subscription(std::move(stream), std::move(created));
}

absl::StatusOr<std::unique_ptr<Listener>> PubSubClient::Listen(
    const SubscribeOptions& options, SubscriptionHandlers handlers) const {
  ASSIGN_OR_RETURN(auto subscription, Subscribe(options));
  return std::make_unique<Listener>(std::move(subscription), std::move(handlers));
}

absl::StatusOr<v1::PubSubListChannelsResponse> PubSubClient::ListChannels(
    std::string_view glob, int64_t limit, std::string_view after) const {
  v1::PubSubListChannelsRequest request;
  request.set_glob(glob.data(), glob.size());
  request.set_limit(limit);
  request.set_after(after.data(), after.size());
  return caller_.Call(request);
}

absl::StatusOr<v1::PubSubCountSubscribersResponse> PubSubClient::CountSubscribers(
    const std::vector<std::string>& channels) const {
  v1::PubSubCountSubscribersRequest request;
  request.mutable_channels()->Assign(channels.begin(), channels.end());
  return caller_.Call(request);
}

}  // namespace kvick
