#include "kvick/subscription.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "kvick/client.h"
#include "kvick/mock_connection.h"
#include "tests/client/fake_streams.h"

namespace kvick {
namespace {

using OpenedStream = absl::StatusOr<std::unique_ptr<ReadStream>>;
using Stream = testing::FakeReadStream<v1::PubSubSubscribeResponse>;

v1::PubSubSubscribeResponse Created() {
  v1::PubSubSubscribeResponse response;
  response.mutable_created()->mutable_create_time()->set_seconds(5);
  return response;
}

v1::PubSubSubscribeResponse Messages(const std::vector<std::string>& texts) {
  v1::PubSubSubscribeResponse response;
  for (const std::string& text : texts) {
    response.mutable_batch()->add_messages()->mutable_payload()->set_text(text);
  }
  return response;
}

v1::PubSubSubscribeResponse Gap(int64_t dropped) {
  v1::PubSubSubscribeResponse response;
  response.mutable_gap()->set_dropped(dropped);
  return response;
}

v1::PubSubSubscribeResponse Progress() {
  v1::PubSubSubscribeResponse response;
  response.mutable_progress();
  return response;
}

class SubscriptionTest : public ::testing::Test {
 protected:
  void Answer(std::vector<v1::PubSubSubscribeResponse> answers, std::optional<absl::Status> end) {
    EXPECT_CALL(*mock_, OpenStream)
        .WillOnce([=](const Method&, const google::protobuf::Message&,
                      const CallOptions&) -> OpenedStream {
          return std::make_unique<Stream>(answers, end);
        });
  }
  PubSubClient PubSub() { return Client(mock_).PubSub(); }

  std::shared_ptr<MockConnection> mock_ = std::make_shared<MockConnection>();
};

TEST_F(SubscriptionTest, GivesEveryEventInOrder) {
  Answer({Created(), Messages({"a", "b"}), Gap(3), Progress(), Messages({"c"})},
         absl::UnavailableError("gone"));
  auto subscription = PubSub().Subscribe({.channels = {"x"}});
  ASSERT_TRUE(subscription.ok());
  EXPECT_EQ(subscription->created().create_time().seconds(), 5);
  std::vector<std::string> seen;
  for (const auto& event : *subscription) {
    if (!event.ok()) {
      seen.push_back(std::string(event.status().message()));
    } else if (const auto* message = std::get_if<v1::PubSubMessage>(&*event)) {
      seen.push_back(message->payload().text());
    } else {
      seen.push_back(std::holds_alternative<v1::SubscriptionGap>(*event) ? "gap" : "progress");
    }
  }
  EXPECT_THAT(seen, ::testing::ElementsAre("a", "b", "gap", "progress", "c", "gone"));
}

TEST_F(SubscriptionTest, NextMessagePassesOverTheRest) {
  Answer({Created(), Progress(), Messages({"a"}), Gap(1)}, absl::UnavailableError("gone"));
  auto subscription = PubSub().Subscribe({.channels = {"x"}});
  ASSERT_TRUE(subscription.ok());
  EXPECT_EQ((*subscription->NextMessage())->payload().text(), "a");
  EXPECT_FALSE(subscription->NextMessage()->ok());
  EXPECT_FALSE(subscription->NextMessage().has_value());
}

TEST_F(SubscriptionTest, CancelFromAnotherThreadEndsAWaitingNext) {
  Answer({Created()}, std::nullopt);
  auto subscription = PubSub().Subscribe({.channels = {"x"}});
  ASSERT_TRUE(subscription.ok());
  std::thread other([&] { subscription->Cancel(); });
  EXPECT_FALSE(subscription->Next().has_value());
  other.join();
}

TEST_F(SubscriptionTest, AServerThatRefusesIsAnError) {
  Answer({}, absl::ResourceExhaustedError("too many"));
  EXPECT_EQ(PubSub().Subscribe({.channels = {"x"}}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(SubscriptionTest, AListenerCallsForEveryEvent) {
  Answer({Created(), Messages({"a"}), Gap(3), Progress()}, absl::UnavailableError("gone"));
  std::vector<std::string> seen;
  std::promise<void> ended;
  auto listener = PubSub().Listen(
      {.channels = {"x"}},
      {.on_message = [&](const v1::PubSubMessage& m) { seen.push_back(m.payload().text()); },
       .on_gap = [&](const v1::SubscriptionGap&) { seen.push_back("gap"); },
       .on_progress = [&](const v1::SubscriptionProgress&) { seen.push_back("progress"); },
       .on_created = [&](const v1::SubscriptionCreated&) { seen.push_back("created"); },
       .on_end =
           [&](const absl::Status& status) {
             seen.push_back(std::string(status.message()));
             ended.set_value();
           }});
  ASSERT_TRUE(listener.ok());
  ended.get_future().wait();
  EXPECT_THAT(seen, ::testing::ElementsAre("created", "a", "gap", "progress", "gone"));
}

TEST_F(SubscriptionTest, DestroyingAListenerEndsItsThread) {
  Answer({Created()}, std::nullopt);
  absl::Status end = absl::UnknownError("");
  auto listener = PubSub().Listen({.channels = {"x"}},
                                  {.on_end = [&](const absl::Status& status) { end = status; }});
  ASSERT_TRUE(listener.ok());
  listener->reset();
  EXPECT_TRUE(end.ok());
}

TEST_F(SubscriptionTest, AHandlerMayDestroyItsListener) {
  Answer({Created(), Messages({"a"})}, std::nullopt);
  std::promise<void> ready;
  // Shared: the thread that sets it outlives the listener.
  const auto ended = std::make_shared<std::promise<void>>();
  std::unique_ptr<Listener> owner;
  auto listener = PubSub().Listen({.channels = {"x"}},
                                  {.on_message =
                                       [&](const v1::PubSubMessage&) {
                                         ready.get_future().wait();
                                         owner.reset();
                                       },
                                   .on_end = [ended](const absl::Status&) { ended->set_value(); }});
  ASSERT_TRUE(listener.ok());
  owner = *std::move(listener);
  ready.set_value();
  ended->get_future().wait();
}

}  // namespace
}  // namespace kvick
