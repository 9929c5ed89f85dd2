#include "server/rpc/pipeline.h"

#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/processor/pipeline_session.h"
#include "server/rpc/bytes.h"
#include "server/rpc/call_timer.h"
#include "server/rpc/status.h"

namespace kvick::server {
namespace {

// Moves frames between a call and a PipelineSession. One frame is run while the next is being read
// and the results of the last are on their way; nothing more is kept, so a client that sends
// without reading is stopped by flow control.
//
// Events come on any thread. They are noted, and handled by one thread at a time, which then owns
// everything that is not guarded by the mutex. Deletes itself.
class PipelineReactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  PipelineReactor(uint32_t call_metric, const std::vector<uint32_t>& command_metrics,
                  const RpcContext& context)
      : timer_(context.metrics, call_metric),
        session_(
            context.table, context.processor,
            [&context, &command_metrics](const Command& command, absl::StatusCode) {
              context.metrics.Ran(command_metrics[command.index()]);
            },
            [this] { Handle({.resumed = true}); }) {
    StartRead(&incoming_);
  }

  void OnReadDone(bool ok) override { Handle({.frame_read = ok, .reads_done = !ok}); }
  void OnWriteDone(bool ok) override { Handle({.written = true, .broken = !ok}); }
  void OnCancel() override {
    session_.Cancel();
    Handle({.broken = true});
  }
  void OnDone() override { delete this; }

 private:
  struct Events {
    bool frame_read = false;  // incoming_ holds a frame
    bool reads_done = false;  // the client sends no more
    bool written = false;     // the write on its way has ended
    bool resumed = false;     // the operation that waited has its answer
    bool broken = false;      // the client is gone

    bool any() const { return frame_read || reads_done || written || resumed || broken; }
    void Add(const Events& other) {
      frame_read |= other.frame_read;
      reads_done |= other.reads_done;
      written |= other.written;
      resumed |= other.resumed;
      broken |= other.broken;
    }
  };

  // Handles an event, or leaves it to the thread that is handling others.
  void Handle(const Events& happened) {
    {
      absl::MutexLock lock(&mu_);
      events_.Add(happened);
      if (handling_) {
        return;
      }
      handling_ = true;
    }
    for (;;) {
      Events events;
      {
        absl::MutexLock lock(&mu_);
        events = std::exchange(events_, Events());
        if (!events.any()) {
          handling_ = false;
          return;
        }
      }
      // After the end nobody handles anything any more: `handling_` stays, and this may be gone.
      if (!Take(events)) {
        return;
      }
    }
  }

  // Takes events in and moves on as far as possible. False when the call has ended.
  bool Take(const Events& events) {
    frame_ready_ |= events.frame_read;
    no_more_frames_ |= events.reads_done;
    writing_ = writing_ && !events.written;
    waiting_ = waiting_ && !events.resumed;
    broken_ |= events.broken;
    if (broken_) {
      // The session must stay until its operation has been taken back.
      return waiting_ || !End(absl::CancelledError("The call was cancelled."));
    }
    do {
      if (!running_ && frame_ready_ && !ending_) {
        BeginFrame();
      }
      if (CanRun()) {
        RunFrame();
      }
      WriteResults();
    } while (CanRun() || (!running_ && frame_ready_ && !ending_));
    const bool finished = !running_ && !writing_ && (ending_ || (no_more_frames_ && !frame_ready_));
    return !finished || !End(session_.status());
  }

  bool CanRun() const { return running_ && !waiting_ && !stalled_; }

  void BeginFrame() {
    frame_ = ToSlice(incoming_);
    incoming_.Clear();
    frame_ready_ = false;
    running_ = true;
    session_.Begin({reinterpret_cast<const char*>(frame_.begin()), frame_.size()});
    StartRead(&incoming_);
  }

  void RunFrame() {
    switch (session_.Run()) {
      case PipelineSession::State::kResults:
        stalled_ = true;
        return;
      case PipelineSession::State::kWaiting:
        waiting_ = true;
        return;
      case PipelineSession::State::kBroken:
        ending_ = true;
        running_ = false;
        return;
      case PipelineSession::State::kFrameEnd:
        running_ = false;
        return;
    }
  }

  void WriteResults() {
    if (writing_ || !session_.has_results()) {
      return;
    }
    outgoing_ = ToBuffer(session_.TakeResults());
    stalled_ = false;
    writing_ = true;
    StartWrite(&outgoing_);
  }

  // Always true.
  bool End(const absl::Status& status) {
    timer_.Finish(status.code());
    Finish(ToGrpcStatus(status));
    return true;
  }

  const CallTimer timer_;
  PipelineSession session_;
  grpc::ByteBuffer incoming_;  // of the read on its way
  grpc::ByteBuffer outgoing_;  // of the write on its way
  grpc::Slice frame_;          // that is being run
  bool frame_ready_ = false;   // incoming_ holds the next frame
  bool no_more_frames_ = false;
  bool running_ = false;  // a frame is being run
  bool waiting_ = false;  // an operation of it waits
  bool stalled_ = false;  // it goes on when its results have been taken
  bool writing_ = false;
  bool ending_ = false;  // the frame was malformed
  bool broken_ = false;

  absl::Mutex mu_;  // a leaf
  Events events_ ABSL_GUARDED_BY(mu_);
  bool handling_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ServePipeline(
    uint32_t call_metric, const std::vector<uint32_t>& command_metrics, const RpcContext& context) {
  return new PipelineReactor(call_metric, command_metrics, context);
}

}  // namespace kvick::server
