#include "server/rpc/bytes.h"

#include <memory>
#include <utility>
#include <vector>

#include "storage/base/error.h"

namespace kvick::server {
namespace {

// Copying less than this costs less than sharing it.
constexpr size_t kCopiedBytesMax = 256;

// What a slice refers to.
struct HeldBytes {
  std::string bytes;
  UnreadReplies::Hold hold;
};

}  // namespace

grpc::Slice ToSlice(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.TrySingleSlice(&slice).ok()) {
    buffer.DumpToSingleSlice(&slice);
  }
  return slice;
}

absl::Status ParseMessage(const grpc::ByteBuffer& buffer, google::protobuf::Message* message) {
  if (!buffer.Valid()) {  // the stream of the call ended before its message did
    return storage::InvalidArgument(
        "MALFORMED_REQUEST",
        "The call brought no request message, or a part of one: send a whole one, empty if need "
        "be.");
  }
  const grpc::Slice slice = ToSlice(buffer);
  if (!message->ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
    return storage::InvalidArgument(
        "MALFORMED_REQUEST",
        "The request is not the message of its method, or text in it is not UTF-8.");
  }
  return absl::OkStatus();
}

grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message, UnreadReplies& unread,
                          const grpc::CallbackServerContext& call) {
  const size_t size = message.ByteSizeLong();
  if (size >= UnreadReplies::kCountedBytesMin) {
    return ToBuffer(message, unread.MakeHold(call.peer()));
  }
  grpc::Slice slice(size);
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message, UnreadReplies::Hold hold) {
  std::string bytes;
  // Requests that came before their connection was shut are many at times.
  if (!hold.is_shut()) {
    bytes = message.SerializeAsString();
  }
  return ToBuffer(std::move(bytes), std::move(hold));
}

grpc::ByteBuffer ToBuffer(std::string bytes, UnreadReplies::Hold hold) {
  if (bytes.capacity() >= UnreadReplies::kCountedBytesMin) {
    hold.Resize(bytes.capacity());
  }
  auto* owner = new HeldBytes{std::move(bytes), std::move(hold)};
  const grpc::Slice slice(
      owner->bytes.data(), owner->bytes.size(),
      [](void* held) { delete static_cast<HeldBytes*>(held); }, owner);
  return grpc::ByteBuffer(&slice, 1);
}

grpc::ByteBuffer ToBuffer(const absl::Cord& cord) {
  std::vector<grpc::Slice> slices;
  // All slices share one owner, which keeps the cord's memory.
  std::shared_ptr<absl::Cord> owner;
  for (const absl::string_view chunk : cord.Chunks()) {
    if (chunk.size() <= kCopiedBytesMax) {
      slices.emplace_back(chunk.data(), chunk.size());
      continue;
    }
    if (owner == nullptr) {
      owner = std::make_shared<absl::Cord>(cord);
    }
    slices.emplace_back(
        const_cast<char*>(chunk.data()), chunk.size(),
        [](void* held) { delete static_cast<std::shared_ptr<absl::Cord>*>(held); },
        new std::shared_ptr<absl::Cord>(owner));
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

}  // namespace kvick::server
