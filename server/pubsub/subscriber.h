// Subscriber: the buffer between those who publish and one subscriber's stream.
#ifndef KVICK_SERVER_PUBSUB_SUBSCRIBER_H_
#define KVICK_SERVER_PUBSUB_SUBSCRIBER_H_

#include <deque>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "kvick/v1/pubsub.pb.h"
#include "server/commands/frame_source.h"
#include "server/pubsub/counters.h"
#include "server/pubsub/message_memory.h"

namespace kvick::server {

// Thread safe. Its mutex is a leaf.
class Subscriber {
 public:
  // What a frame of messages may grow to, unless a single message is longer.
  static constexpr size_t kFrameBytesMax = 64 << 10;

  // `counters` and `memory` outlive this.
  Subscriber(v1::Overflow overflow, int64_t buffer_bytes_max, WakeUp wake_up,
             PubSubCounters& counters, MessageMemory& memory);
  ~Subscriber();

  // Puts a message into the buffer. Sets `wake` when the stream should be woken. Returns whether
  // the message is in the buffer: not when the stream has ended, nor when there is no room for it,
  // in the buffer or within `bytes_max`, which is for now.
  bool Enqueue(const absl::Cord& element, int64_t bytes_max, bool* wake);
  // Makes the buffer as small as `bytes_max`, as when a message comes for which there is no room.
  void Shrink(int64_t bytes_max);
  // Ends the stream with a status. Returns whether it should be woken.
  bool Close(const absl::Status& status);
  // Makes a progress frame due when nothing has happened since `before`. Returns whether the stream
  // should be woken.
  bool MakeProgressDue(absl::Time before);
  // Tells the stream that there is something; call it without any lock.
  void Wake() const { wake_up_(); }

  // The next frame; see FrameSource::Next.
  FrameSource::State Next(absl::Time now, absl::Cord* frame, absl::Status* status);

 private:
  // Drops messages from the front until no more than `bytes_left` are left.
  void DropOldest(int64_t bytes_left) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Drops everything and ends the stream, whose reader is too slow.
  void Disconnect() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Counts a change of the buffer.
  void Count(const PubSubCounts& counts, int64_t references) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void TakeBatch(absl::Cord* frame) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Whether the stream, which found nothing, is to be woken now.
  bool TakeIdle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const v1::Overflow overflow_;
  const int64_t buffer_bytes_max_;
  const WakeUp wake_up_;
  PubSubCounters& counters_;  // its own synchronisation
  MessageMemory& memory_;     // its own synchronisation

  absl::Mutex mu_;
  std::deque<absl::Cord> buffer_ ABSL_GUARDED_BY(mu_);
  int64_t buffer_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t dropped_ ABSL_GUARDED_BY(mu_) = 0;  // since the last gap, before what is in the buffer
  bool created_ ABSL_GUARDED_BY(mu_) = false;
  bool idle_ ABSL_GUARDED_BY(mu_) = false;  // the stream has found nothing and waits
  bool progress_due_ ABSL_GUARDED_BY(mu_) = false;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mu_);  // of a closed stream
  absl::Time last_frame_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
};

using SubscriberPtr = std::shared_ptr<Subscriber>;

}  // namespace kvick::server

#endif  // KVICK_SERVER_PUBSUB_SUBSCRIBER_H_
