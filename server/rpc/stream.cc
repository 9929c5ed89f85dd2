#include "server/rpc/stream.h"

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/rpc/bytes.h"
#include "server/rpc/call_timer.h"
#include "server/rpc/status.h"

namespace kvick::server {
namespace {

// Pumps frames from a source to a call. `busy_` says that somebody is between asking the source and
// the end of the write; whoever sets it owns the source until he clears it. Owns itself until gRPC
// is done with it; a wake-up that comes late finds nobody, or keeps this until it has returned.
class StreamReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                            public std::enable_shared_from_this<StreamReactor> {
 public:
  StreamReactor(const StreamCommand& command, uint32_t call_metric, const RpcContext& context,
                UnreadReplies::Hold hold)
      : command_(command),
        timer_(context.metrics, call_metric),
        request_(command.NewRequest(nullptr)),
        hold_(std::move(hold)) {}

  void Start(const grpc::ByteBuffer& request) {
    self_ = shared_from_this();
    absl::Status status = ParseMessage(request, request_.get());
    if (status.ok()) {
      auto source = command_.Start(*request_, [weak = weak_from_this()] {
        if (const auto reactor = weak.lock(); reactor != nullptr) {
          reactor->Pump();
        }
      });
      status = source.status();
      if (source.ok()) {
        absl::MutexLock lock(&mu_);
        source_ = *std::move(source);
      }
    }
    if (!status.ok()) {
      End(status);
      return;
    }
    Pump();
  }

  void OnWriteDone(bool ok) override {
    buffer_.Clear();
    hold_.Resize(0);
    {
      absl::MutexLock lock(&mu_);
      busy_ = false;
      cancelled_ |= !ok;
    }
    Pump();
  }

  void OnCancel() override {
    {
      absl::MutexLock lock(&mu_);
      cancelled_ = true;
    }
    Pump();
  }

  void OnDone() override {
    std::unique_ptr<FrameSource> source;
    {
      absl::MutexLock lock(&mu_);
      source = std::move(source_);
    }
    source.reset();
    const std::shared_ptr<StreamReactor> last = std::move(self_);
  }

 private:
  // Moves on as far as possible.
  void Pump() {
    for (;;) {
      FrameSource* source = nullptr;
      {
        absl::MutexLock lock(&mu_);
        woken_ = true;
        if (busy_ || ended_ || source_ == nullptr) {
          return;
        }
        if (cancelled_) {
          ended_ = true;
        }
        busy_ = true;
        woken_ = false;
        source = cancelled_ ? nullptr : source_.get();
      }
      if (source == nullptr) {
        End(absl::CancelledError("The call was cancelled."));
        return;
      }
      if (!Step(source)) {
        return;
      }
    }
  }

  // Asks the source once. Returns whether it is worth asking again.
  bool Step(FrameSource* source) {
    absl::Cord frame;
    absl::Status status;
    switch (source->Next(&frame, &status)) {
      case FrameSource::State::kFrame:
        if (hold_.is_shut()) {
          absl::MutexLock lock(&mu_);
          busy_ = false;
          cancelled_ = true;
          return true;
        }
        if (!source->shares_frames()) {
          hold_.Resize(frame.size());
        }
        buffer_ = ToBuffer(frame);
        StartWrite(&buffer_);
        return false;  // busy until OnWriteDone
      case FrameSource::State::kFinished: {
        absl::MutexLock lock(&mu_);
        ended_ = true;
      }
        End(status);
        return false;
      case FrameSource::State::kPending:
        break;
    }
    absl::MutexLock lock(&mu_);
    busy_ = false;
    return woken_ || cancelled_;
  }

  void End(const absl::Status& status) {
    timer_.Finish(status.code());
    Finish(ToGrpcStatus(status));
  }

  const StreamCommand& command_;
  const CallTimer timer_;
  const std::unique_ptr<google::protobuf::Message> request_;  // outlives the source
  grpc::ByteBuffer buffer_;                                   // of the write on its way
  UnreadReplies::Hold hold_;                                  // of its bytes

  absl::Mutex mu_;  // a leaf
  bool busy_ ABSL_GUARDED_BY(mu_) = false;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  std::unique_ptr<FrameSource> source_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<StreamReactor> self_;  // until OnDone
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* ServeStream(const StreamCommand& command,
                                                        uint32_t call_metric,
                                                        const RpcContext& context,
                                                        const grpc::CallbackServerContext& call,
                                                        const grpc::ByteBuffer& request) {
  const auto reactor = std::make_shared<StreamReactor>(command, call_metric, context,
                                                       context.unread.MakeHold(call.peer()));
  reactor->Start(request);
  return reactor.get();
}

}  // namespace kvick::server
