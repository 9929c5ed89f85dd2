// Frames put together by hand are what Protobuf would have made of the same message.
#include "server/pubsub/wire.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/cord.h"
#include "kvick/v1/pubsub.pb.h"

namespace kvick::server {
namespace {

const absl::Time kTime = absl::FromUnixMillis(1'700'000'000'987);

std::shared_ptr<MessageMemory> Memory() { return std::make_shared<MessageMemory>(INT64_MAX); }

v1::PubSubPublishRequest Request(const std::string& channel, const std::string& text) {
  v1::PubSubPublishRequest request;
  request.set_channel(channel);
  request.mutable_payload()->set_text(text);
  return request;
}

v1::PubSubMessage Expected(const v1::PubSubPublishRequest& request, int64_t epoch,
                           int64_t sequence) {
  v1::PubSubMessage message;
  message.set_channel(request.channel());
  *message.mutable_payload() = request.payload();
  *message.mutable_attributes() = request.attributes();
  message.mutable_position()->set_epoch(epoch);
  message.mutable_position()->set_sequence(sequence);
  message.mutable_publish_time()->set_seconds(1'700'000'000);
  message.mutable_publish_time()->set_nanos(987'000'000);
  return message;
}

v1::PubSubSubscribeResponse Parsed(const absl::Cord& frame) {
  v1::PubSubSubscribeResponse response;
  EXPECT_TRUE(response.ParseFromString(std::string(frame)));
  return response;
}

// Fields in another order are the same message: compared by what Protobuf itself would write.
void ExpectSame(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  EXPECT_EQ(a.SerializeAsString().size(), b.SerializeAsString().size());
  EXPECT_EQ(a.ShortDebugString(), b.ShortDebugString());
}

TEST(WireTest, ABatchIsWhatProtobufWouldHaveMade) {
  std::mt19937_64 random(7);
  for (const size_t count : {1, 2, 3, 50}) {
    std::vector<absl::Cord> elements;
    v1::PubSubSubscribeResponse expected;
    for (size_t i = 0; i < count; ++i) {
      auto request = Request(std::string(1 + random() % 300, 'c'),
                             std::string(random() % (i % 5 == 0 ? 100'000 : 1000), 'x'));
      if (i % 2 == 0) (*request.mutable_attributes())["name"] = "value";
      const auto epoch = static_cast<int64_t>(random() >> 1);
      const auto sequence = static_cast<int64_t>(random() >> (random() % 63 + 1));
      elements.push_back(MessageDraft(request).Seal(epoch, sequence, kTime, Memory()));
      *expected.mutable_batch()->add_messages() = Expected(request, epoch, sequence);
    }
    const absl::Cord frame = BatchFrame(elements);
    EXPECT_EQ(frame.size(), expected.ByteSizeLong());
    ExpectSame(Parsed(frame), expected);
  }
}

TEST(WireTest, EveryLengthAroundTheLimitsOfAVarint) {
  for (const size_t length : {0, 1, 30, 60, 80, 100, 126, 127, 128, 129, 900, 1000, 1024, 1100,
                              16'200, 16'383, 16'384, 2'097'100, 2'097'152}) {
    const auto request = Request("c", std::string(length, 'x'));
    std::vector<absl::Cord> elements{MessageDraft(request).Seal(1, 2, kTime, Memory())};
    v1::PubSubSubscribeResponse expected;
    *expected.mutable_batch()->add_messages() = Expected(request, 1, 2);
    const absl::Cord frame = BatchFrame(elements);
    ASSERT_EQ(frame.size(), expected.ByteSizeLong()) << length;
    ExpectSame(Parsed(frame), expected);
  }
}

TEST(WireTest, PositionsAtTheirExtremes) {
  for (const int64_t epoch : {int64_t{0}, int64_t{-1}, INT64_MAX, INT64_MIN}) {
    for (const int64_t sequence : {int64_t{1}, int64_t{-1}, INT64_MAX, INT64_MIN}) {
      std::vector<absl::Cord> elements{
          MessageDraft(Request("c", "x"))
              .Seal(epoch, sequence, absl::FromUnixMillis(-1), Memory())};
      const auto frame = Parsed(BatchFrame(elements));
      const auto& message = frame.batch().messages(0);
      EXPECT_EQ(message.position().epoch(), epoch);
      EXPECT_EQ(message.position().sequence(), sequence);
      EXPECT_EQ(message.publish_time().seconds(), -1);
      EXPECT_EQ(message.publish_time().nanos(), 999'000'000);
    }
  }
}

TEST(WireTest, APublisherCannotForgeThePosition) {
  // Bytes of a PubSubMessage with a position, which a PubSubPublishRequest does not know.
  v1::PubSubMessage forged;
  forged.set_channel("c");
  forged.mutable_payload()->set_text("x");
  forged.mutable_position()->set_sequence(999);
  forged.mutable_publish_time()->set_seconds(1);
  v1::PubSubPublishRequest request;
  ASSERT_TRUE(request.ParseFromString(forged.SerializeAsString()));
  std::vector<absl::Cord> elements{MessageDraft(request).Seal(1, 2, kTime, Memory())};
  ExpectSame(Parsed(BatchFrame(elements)).batch().messages(0), Expected(Request("c", "x"), 1, 2));
}

TEST(WireTest, CopiesShareTheBytesOfALongMessage) {
  absl::Cord element =
      MessageDraft(Request("c", std::string(100'000, 'x'))).Seal(1, 1, kTime, Memory());
  absl::Cord copy = element;
  EXPECT_EQ(element.Flatten().data(), copy.Flatten().data());
  EXPECT_LT(element.EstimatedMemoryUsage(), 101'000u);
}

TEST(WireTest, AMessageCountsOnceForAsLongAsItIsHeld) {
  for (const size_t length : {1, 100'000}) {
    const auto memory = Memory();
    absl::Cord element =
        MessageDraft(Request("c", std::string(length, 'x'))).Seal(1, 1, kTime, memory);
    const int64_t bytes = memory->bytes();
    EXPECT_GE(bytes, static_cast<int64_t>(element.size()));
    EXPECT_LE(bytes, static_cast<int64_t>(element.size()) + 300);
    absl::Cord copy = element;
    element.Clear();
    EXPECT_EQ(memory->bytes(), bytes);
    copy.Clear();
    EXPECT_EQ(memory->bytes(), 0);
  }
}

TEST(WireTest, TheOtherFrames) {
  const auto created = Parsed(CreatedFrame(kTime));
  EXPECT_EQ(created.created().create_time().nanos(), 987'000'000);
  const auto progress = Parsed(ProgressFrame(kTime));
  EXPECT_EQ(progress.progress().time().seconds(), 1'700'000'000);
  EXPECT_EQ(Parsed(GapFrame(INT64_MAX)).gap().dropped(), INT64_MAX);
}

}  // namespace
}  // namespace kvick::server
