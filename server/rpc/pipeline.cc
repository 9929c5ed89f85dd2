#include "server/rpc/pipeline.h"

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/processor/pipeline_session.h"
#include "server/rpc/bytes.h"
#include "server/rpc/call_timer.h"
#include "server/rpc/pipeline_registry.h"
#include "server/rpc/status.h"
#include "storage/base/error.h"

namespace kvick::server {
namespace {

absl::Status ShuttingDown() {
  return storage::MakeError(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                            "The server is shutting down; operations without a result have not "
                            "been run: try again, elsewhere or later.",
                            {}, absl::Seconds(1));
}

// Moves frames between a call and a PipelineSession. One frame is run while the next is being read
// and the results of the last are on their way; nothing more is kept, so a client that sends
// without reading is stopped by flow control.
//
// Events come on any thread. They are noted, and handled by one thread at a time, which then owns
// everything that is not guarded by the mutex. What has waited is handled by the executor, one
// round at a time.
//
// The registry owns this from Start() to OnDone(), which gRPC calls when nothing of its own is
// under way. What is queued in the executor holds on to this, or is the announced end of a wait
// (`waiting_`), before which the call does not end.
class PipelineReactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                              public OpenPipeline,
                              public std::enable_shared_from_this<PipelineReactor> {
 public:
  PipelineReactor(uint32_t call_metric, const std::vector<uint32_t>& command_metrics,
                  const RpcContext& context, UnreadReplies::Hold hold)
      : context_(context),
        timer_(context.metrics, call_metric),
        session_(
            context.table, context.processor, context.executor,
            [&context, &command_metrics](const Command& command, absl::StatusCode) {
              context.metrics.Ran(command_metrics[command.index()]);
            },
            [this] { shared_from_this()->HandleInTurn({.resumed = true}); }),
        hold_(std::move(hold)) {}

  void Start() {
    StartRead(&incoming_);
    context_.pipelines.Add(shared_from_this());
  }

  void OnReadDone(bool ok) override { Handle({.frame_read = ok, .reads_done = !ok}); }
  void OnWriteDone(bool ok) override { Handle({.written = true, .broken = !ok}); }
  void OnCancel() override {
    // First, so that nothing of the frame runs any more once the wait has ended.
    session_.Cancel();
    Handle({.broken = true});
  }
  void OnDone() override { context_.pipelines.Remove(this); }

  void EndSoon() override {
    context_.executor.Add([self = shared_from_this()] { self->HandleInTurn({.draining = true}); });
  }

 private:
  struct Events {
    bool frame_read = false;  // incoming_ holds a frame
    bool reads_done = false;  // the client sends no more
    bool written = false;     // the write on its way has ended
    bool resumed = false;     // the operation that waited has its answer
    bool broken = false;      // the client is gone
    bool draining = false;    // the server shuts down

    bool any() const {
      return frame_read || reads_done || written || resumed || broken || draining;
    }
    void Add(const Events& other) {
      frame_read |= other.frame_read;
      reads_done |= other.reads_done;
      written |= other.written;
      resumed |= other.resumed;
      broken |= other.broken;
      draining |= other.draining;
    }
  };

  // Handles an event, or leaves it to the thread that is handling others.
  void Handle(const Events& happened) {
    if (Note(happened)) {
      while (HandleOneRound()) {
      }
    }
  }

  // The same on a thread of the executor, which a busy pipeline must not keep: after each round it
  // goes behind the others.
  void HandleInTurn(const Events& happened) {
    if (Note(happened)) {
      TakeTurn();
    }
  }
  void TakeTurn() {
    if (HandleOneRound()) {
      context_.executor.Add([self = shared_from_this()] { self->TakeTurn(); });
    }
  }

  // Notes an event. True when the caller is the one to handle it.
  bool Note(const Events& happened) {
    absl::MutexLock lock(&mu_);
    events_.Add(happened);
    return !std::exchange(handling_, true);
  }

  // Handles what has been noted: at most the rest of a frame and another. True when more has
  // happened meanwhile, which is then the caller's to handle.
  bool HandleOneRound() {
    Events events;
    {
      absl::MutexLock lock(&mu_);
      events = std::exchange(events_, Events());
    }
    // After the end nobody handles anything any more: `handling_` stays, and this may be gone.
    if (!Take(events)) {
      return false;
    }
    absl::MutexLock lock(&mu_);
    handling_ = events_.any();
    return handling_;
  }

  // Takes events in and moves on as far as possible. False when the call has ended.
  bool Take(const Events& events) {
    frame_ready_ |= events.frame_read;
    no_more_frames_ |= events.reads_done;
    if (events.written) {
      writing_ = false;
      outgoing_.Clear();
    }
    waiting_ = waiting_ && !events.resumed;
    broken_ |= events.broken;
    draining_ |= events.draining;
    if (!broken_) {
      MoveOn();
    }
    if (broken_) {
      // The session must stay until its operation has been taken back.
      return waiting_ || !End(absl::CancelledError("The call was cancelled."));
    }
    const bool last_frame = ending_ || ((no_more_frames_ || draining_) && !frame_ready_);
    if (running_ || writing_ || !last_frame) {
      return true;
    }
    return !End(no_more_frames_ || ending_ ? session_.status() : ShuttingDown());
  }

  void MoveOn() {
    do {
      if (CanBegin()) {
        BeginFrame();
      }
      if (CanRun()) {
        RunFrame();
      }
      WriteResults();
    } while (!broken_ && (CanRun() || CanBegin()));
  }

  bool CanBegin() const { return !running_ && frame_ready_ && !ending_; }
  bool CanRun() const { return running_ && !waiting_ && !stalled_; }

  void BeginFrame() {
    frame_ = ToSlice(incoming_);
    incoming_.Clear();
    frame_ready_ = false;
    running_ = true;
    session_.Begin({reinterpret_cast<const char*>(frame_.begin()), frame_.size()});
    if (!draining_) {
      StartRead(&incoming_);
    }
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
      case PipelineSession::State::kCancelled:
        broken_ = true;
        return;
    }
  }

  void WriteResults() {
    broken_ = broken_ || hold_.is_shut();
    if (broken_ || !session_.has_results()) {
      return;
    }
    if (writing_) {
      if (session_.results_bytes() >= UnreadReplies::kCountedBytesMin) {
        hold_.Resize(session_.results_bytes());
      }
      return;
    }
    UnreadReplies::Hold next = hold_.Another();
    outgoing_ = ToBuffer(session_.TakeResults(), std::exchange(hold_, std::move(next)));
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

  const RpcContext& context_;
  const CallTimer timer_;
  PipelineSession session_;
  UnreadReplies::Hold hold_;   // of the results that wait for the end of a write
  grpc::ByteBuffer incoming_;  // of the read on its way
  grpc::ByteBuffer outgoing_;  // of the write on its way
  grpc::Slice frame_;          // that is being run
  bool frame_ready_ = false;   // incoming_ holds the next frame
  bool no_more_frames_ = false;
  bool running_ = false;  // a frame is being run
  bool waiting_ = false;  // an operation of it waits
  bool stalled_ = false;  // it goes on when its results have been taken
  bool writing_ = false;
  bool ending_ = false;    // the frame was malformed
  bool broken_ = false;    // the client is gone
  bool draining_ = false;  // no frame is read any more

  absl::Mutex mu_;  // a leaf
  Events events_ ABSL_GUARDED_BY(mu_);
  bool handling_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ServePipeline(
    uint32_t call_metric, const std::vector<uint32_t>& command_metrics, const RpcContext& context,
    const grpc::CallbackServerContext& call) {
  const auto reactor = std::make_shared<PipelineReactor>(call_metric, command_metrics, context,
                                                         context.unread.MakeHold(call.peer()));
  reactor->Start();
  return reactor.get();
}

}  // namespace kvick::server
