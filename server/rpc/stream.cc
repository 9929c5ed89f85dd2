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
// the end of the write; whoever sets it owns the source until he clears it. Deletes itself.
class StreamReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  StreamReactor(const StreamCommand& command, uint32_t call_metric, const RpcContext& context)
      : command_(command),
        timer_(context.metrics, call_metric),
        request_(command.NewRequest(nullptr)) {}

  void Start(const grpc::ByteBuffer& request) {
    absl::Status status = ParseMessage(request, request_.get());
    if (status.ok()) {
      auto source = command_.Start(*request_, [this] { Pump(); });
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

  void OnDone() override { delete this; }

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

  absl::Mutex mu_;  // a leaf
  bool busy_ ABSL_GUARDED_BY(mu_) = false;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  // Last, so that it goes first: until then it may call Pump().
  std::unique_ptr<FrameSource> source_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* ServeStream(const StreamCommand& command,
                                                        uint32_t call_metric,
                                                        const RpcContext& context,
                                                        const grpc::ByteBuffer& request) {
  auto* reactor = new StreamReactor(command, call_metric, context);
  reactor->Start(request);
  return reactor;
}

}  // namespace kvick::server
