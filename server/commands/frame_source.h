// FrameSource: what a server-streaming call sends, seen from the side that makes it. The transport
// asks for one frame at a time, when it can send it; so a reader that is slow slows only its own
// source, and what waits for it is the source's to bound.
#ifndef KVICK_SERVER_COMMANDS_FRAME_SOURCE_H_
#define KVICK_SERVER_COMMANDS_FRAME_SOURCE_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace kvick::server {

// Called by a source, from any thread and without any lock of its own held, when Next() is worth
// another call after it answered kPending. Calls too many, or after the source is gone, do no harm.
using WakeUp = std::function<void()>;

// The transport calls Next() from one thread at a time and destroys the source when the call ends,
// for whatever reason; destruction is what cancels the work behind it.
class FrameSource {
 public:
  enum class State {
    kFrame,     // `frame` holds the bytes of one response message
    kPending,   // nothing now; the source will call its WakeUp
    kFinished,  // the stream ends with `status`; Next() is not called again
  };

  virtual ~FrameSource() = default;

  // Makes the next frame. Sets `frame` with kFrame, `status` with kFinished.
  virtual State Next(absl::Cord* frame, absl::Status* status) = 0;

  // Whether many streams send the same bytes, which are then no reader's alone.
  virtual bool shares_frames() const { return false; }
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_COMMANDS_FRAME_SOURCE_H_
