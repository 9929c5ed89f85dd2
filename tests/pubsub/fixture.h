// A hub whose time the test holds, and readers of its subscriptions.
#ifndef KVICK_TESTS_PUBSUB_FIXTURE_H_
#define KVICK_TESTS_PUBSUB_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "kvick/v1/pubsub.pb.h"
#include "server/pubsub/hub.h"
#include "storage/base/error.h"

namespace kvick::server {

inline const absl::Time kStartTime = absl::FromUnixMillis(1'700'000'000'123);

// One subscription, read by the test.
struct Reader {
  std::shared_ptr<std::atomic<int>> wake_ups = std::make_shared<std::atomic<int>>(0);
  std::unique_ptr<FrameSource> source;
  absl::Status status;  // of a stream that has ended

  // The next frame; unset when nothing is there or the stream has ended.
  v1::PubSubSubscribeResponse Next() {
    absl::Cord frame;
    v1::PubSubSubscribeResponse response;
    if (source->Next(&frame, &status) == FrameSource::State::kFrame) {
      EXPECT_TRUE(response.ParseFromString(std::string(frame)));
      EXPECT_NE(response.event_case(), v1::PubSubSubscribeResponse::EVENT_NOT_SET);
    }
    return response;
  }
  // Every message that is there, batches joined. Nothing but batches may come.
  std::vector<v1::PubSubMessage> Messages() {
    std::vector<v1::PubSubMessage> messages;
    for (v1::PubSubSubscribeResponse frame = Next(); frame.has_batch(); frame = Next()) {
      EXPECT_GT(frame.batch().messages_size(), 0);
      messages.insert(messages.end(), frame.batch().messages().begin(),
                      frame.batch().messages().end());
    }
    return messages;
  }
  std::vector<std::string> Texts() {
    std::vector<std::string> texts;
    for (const auto& message : Messages()) texts.push_back(message.payload().text());
    return texts;
  }
};

class HubFixture : public testing::Test {
 protected:
  explicit HubFixture(PubSubOptions options = {}) : hub_(WithClock(std::move(options))) {}

  PubSubOptions WithClock(PubSubOptions options) {
    options.clock = [this] { return kStartTime + absl::Milliseconds(now_ms_.load()); };
    return options;
  }
  static v1::PubSubSubscribeRequest SubscribeRequest(const std::vector<std::string>& channels,
                                                     const std::vector<std::string>& patterns) {
    v1::PubSubSubscribeRequest request;
    for (const std::string& channel : channels) request.add_channels(channel);
    for (const std::string& pattern : patterns) request.add_patterns(pattern);
    return request;
  }
  Reader Subscribe(const v1::PubSubSubscribeRequest& request) {
    Reader reader;
    auto source = hub_.Subscribe(request, [wakes = reader.wake_ups] { ++*wakes; });
    EXPECT_TRUE(source.ok()) << source.status();
    if (source.ok()) reader.source = std::move(*source);
    return reader;
  }
  // Subscribes and takes `created` off.
  Reader Listen(const std::vector<std::string>& channels,
                const std::vector<std::string>& patterns = {}) {
    Reader reader = Subscribe(SubscribeRequest(channels, patterns));
    EXPECT_TRUE(reader.Next().has_created());
    return reader;
  }
  v1::PubSubPublishResponse Publish(const std::string& channel, const std::string& text) {
    v1::PubSubPublishRequest request;
    request.set_channel(channel);
    request.mutable_payload()->set_text(text);
    v1::PubSubPublishResponse response;
    const absl::Status status = hub_.Publish(request, &response);
    EXPECT_TRUE(status.ok()) << status;
    return response;
  }
  std::vector<int64_t> Count(const std::vector<std::string>& channels) {
    v1::PubSubCountSubscribersRequest request;
    for (const std::string& channel : channels) request.add_channels(channel);
    v1::PubSubCountSubscribersResponse response;
    EXPECT_TRUE(hub_.CountSubscribers(request, &response).ok());
    return {response.subscribers().begin(), response.subscribers().end()};
  }

  std::atomic<int64_t> now_ms_{0};
  PubSubHub hub_;
};

// Expects an error with a code and a reason.
inline void ExpectRefused(const absl::Status& status, absl::StatusCode code,
                          const std::string& reason) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_EQ(storage::ErrorReasonOf(status), reason) << status;
}

}  // namespace kvick::server

#endif  // KVICK_TESTS_PUBSUB_FIXTURE_H_
