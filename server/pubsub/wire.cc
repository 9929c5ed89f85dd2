#include "server/pubsub/wire.h"

#include <cstring>
#include <string_view>
#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/util/time_util.h"
#include "google/protobuf/wire_format_lite.h"
#include "storage/base/strings.h"

namespace kvick::server {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

constexpr uint32_t LengthDelimitedTag(int field) {
  return static_cast<uint32_t>(field) << 3 | WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
}

constexpr uint32_t kBatchTag = LengthDelimitedTag(v1::PubSubSubscribeResponse::kBatchFieldNumber);
constexpr uint32_t kElementTag = LengthDelimitedTag(v1::PubSubEventBatch::kMessagesFieldNumber);

// A request is serialised as if it were the message: the fields that both have must agree.
static_assert(int{v1::PubSubPublishRequest::kChannelFieldNumber} ==
              int{v1::PubSubMessage::kChannelFieldNumber});
static_assert(int{v1::PubSubPublishRequest::kPayloadFieldNumber} ==
              int{v1::PubSubMessage::kPayloadFieldNumber});
static_assert(int{v1::PubSubPublishRequest::kAttributesFieldNumber} ==
              int{v1::PubSubMessage::kAttributesFieldNumber});

// Room before the fields of the request: the element's tag and length (at most 6 bytes), position
// (2 + 22) and time (2 + 17).
constexpr size_t kRoomBytes = 64;

// The bytes of a message, and what counts them.
class CountedBytes {
 public:
  CountedBytes(std::string bytes, std::shared_ptr<MessageMemory> memory)
      : bytes_(std::move(bytes)), memory_(std::move(memory)) {
    memory_->Add(cost());
  }
  ~CountedBytes() { memory_->Add(-cost()); }
  std::string_view bytes() const { return bytes_; }

 private:
  int64_t cost() const { return static_cast<int64_t>(sizeof(*this) + bytes_.capacity()); }

  const std::string bytes_;
  const std::shared_ptr<MessageMemory> memory_;
};

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return google::protobuf::util::TimeUtil::MillisecondsToTimestamp(absl::ToUnixMillis(time));
}

// Room for a tag of one byte and a length.
struct Header {
  char bytes[1 + 5];
  size_t size = 0;

  Header(uint32_t tag, size_t length) {
    auto* const begin = reinterpret_cast<uint8_t*>(bytes);
    uint8_t* end = CodedOutputStream::WriteTagToArray(tag, begin);
    end = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(length), end);
    size = static_cast<size_t>(end - begin);
  }

  std::string_view view() const { return {bytes, size}; }
};

absl::Cord Serialised(const v1::PubSubSubscribeResponse& response) {
  return absl::Cord(response.SerializeAsString());
}

}  // namespace

MessageDraft::MessageDraft(const v1::PubSubPublishRequest& request) {
  const v1::PubSubPublishRequest* source = &request;
  v1::PubSubPublishRequest known;
  if (!request.GetReflection()->GetUnknownFields(request).empty()) {
    known = request;
    known.DiscardUnknownFields();
    source = &known;
  }
  buffer_.resize(kRoomBytes + source->ByteSizeLong());
  source->SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(buffer_.data()) + kRoomBytes);
}

absl::Cord MessageDraft::Seal(int64_t epoch, int64_t sequence, absl::Time publish_time,
                              std::shared_ptr<MessageMemory> memory) && {
  v1::PubSubMessage place;
  place.mutable_position()->set_epoch(epoch);
  place.mutable_position()->set_sequence(sequence);
  *place.mutable_publish_time() = ToTimestamp(publish_time);
  const size_t place_bytes = place.ByteSizeLong();
  const Header header(kElementTag, place_bytes + buffer_.size() - kRoomBytes);
  const size_t start = kRoomBytes - place_bytes - header.size;
  std::memcpy(buffer_.data() + start, header.bytes, header.size);
  place.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(buffer_.data()) + start +
                                        header.size);
  auto* const owner = new CountedBytes(std::move(buffer_), std::move(memory));
  return absl::MakeCordFromExternal(storage::ToAbsl(owner->bytes().substr(start)),
                                    [owner] { delete owner; });
}

absl::Cord BatchFrame(std::vector<absl::Cord>& elements) {
  size_t bytes = 0;
  for (const absl::Cord& element : elements) {
    bytes += element.size();
  }
  absl::Cord frame(storage::ToAbsl(Header(kBatchTag, bytes).view()));
  for (absl::Cord& element : elements) {
    // Short elements are copied, long ones shared: Cord knows where that pays.
    frame.Append(std::move(element));
  }
  return frame;
}

absl::Cord CreatedFrame(absl::Time create_time) {
  v1::PubSubSubscribeResponse response;
  *response.mutable_created()->mutable_create_time() = ToTimestamp(create_time);
  return Serialised(response);
}

absl::Cord ProgressFrame(absl::Time time) {
  v1::PubSubSubscribeResponse response;
  *response.mutable_progress()->mutable_time() = ToTimestamp(time);
  return Serialised(response);
}

absl::Cord GapFrame(int64_t dropped) {
  v1::PubSubSubscribeResponse response;
  response.mutable_gap()->set_dropped(dropped);
  return Serialised(response);
}

}  // namespace kvick::server
