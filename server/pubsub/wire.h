// The bytes of subscribers' frames. A message is serialised once, as an element of
// PubSubEventBatch.messages; a frame is a short header and such elements one after another, which
// is what a serialised PubSubSubscribeResponse with a batch is.
#ifndef KVICK_SERVER_PUBSUB_WIRE_H_
#define KVICK_SERVER_PUBSUB_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "kvick/v1/pubsub.pb.h"
#include "server/pubsub/message_memory.h"

namespace kvick::server {

// A message whose place in its channel is not known yet. The long part of the work, which grows
// with the payload, is done by the constructor; Seal() does the rest under a channel's lock.
class MessageDraft {
 public:
  // Of the request its channel, payload and attributes, and no fields unknown to this server: they
  // could pass for the position.
  explicit MessageDraft(const v1::PubSubPublishRequest& request);

  // The element with its position and time. May be called once. Copies of the Cord share its bytes,
  // which count in `memory` for as long as there is one.
  absl::Cord Seal(int64_t epoch, int64_t sequence, absl::Time publish_time,
                  std::shared_ptr<MessageMemory> memory) &&;

 private:
  std::string buffer_;  // room for what Seal() writes, then the serialised fields of the request
};

// The frame of a batch of elements, not empty, which are moved from.
absl::Cord BatchFrame(std::vector<absl::Cord>& elements);
// The other frames.
absl::Cord CreatedFrame(absl::Time create_time);
absl::Cord ProgressFrame(absl::Time time);
absl::Cord GapFrame(int64_t dropped);

}  // namespace kvick::server

#endif  // KVICK_SERVER_PUBSUB_WIRE_H_
