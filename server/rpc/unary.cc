#include "server/rpc/unary.h"

#include <chrono>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/arena.h"
#include "server/rpc/bytes.h"
#include "server/rpc/call_timer.h"
#include "server/rpc/status.h"

namespace kvick::server {
namespace {

using google::protobuf::Message;

// A call whose command may wait. Deletes itself when gRPC is done with it.
class WaitingReactor final : public grpc::ServerUnaryReactor {
 public:
  WaitingReactor(const UnaryMethod& method, const RpcContext& context,
                 const grpc::CallbackServerContext& call, grpc::ByteBuffer* response)
      : method_(method),
        context_(context),
        call_(call),
        last_moment_(LastMoment(call)),
        timer_(context.metrics, method.call_metric),
        request_(method.command->NewRequest(nullptr)),
        reply_(method.command->NewResponse(nullptr)),
        response_(response) {}

  void Start(const grpc::ByteBuffer& request) {
    if (absl::Status status = ParseMessage(request, request_.get()); !status.ok()) {
      Answer(status);
      Release();
      return;
    }
    auto waiter = context_.processor.ExecuteOrWait(
        *method_.command, *request_, reply_.get(),
        [this](const absl::Status& status) {
          context_.metrics.Ran(method_.command_metric);
          Answer(status);
        },
        [this] { return IsGone(); });
    if (waiter == nullptr) {
      Release();
      return;
    }
    bool cancelled = false;
    {
      absl::MutexLock lock(&mu_);
      waiter_ = waiter;
      cancelled = cancelled_;
    }
    if (cancelled) {
      context_.processor.Cancel(waiter);
    }
    Release();
  }

  void OnCancel() override {
    std::shared_ptr<Waiter> waiter;
    {
      absl::MutexLock lock(&mu_);
      cancelled_ = true;
      waiter = waiter_;
    }
    if (waiter != nullptr) {
      context_.processor.Cancel(waiter);
    }
  }

  void OnDone() override { Release(); }

 private:
  using Clock = std::chrono::system_clock;  // which gRPC tells deadlines by

  // The client's deadline comes before ours: its clock started earlier, and gRPC rounds the time
  // that is left up, by a hundredth at most. Nothing is taken for a call that ends meanwhile.
  static Clock::time_point LastMoment(const grpc::CallbackServerContext& call) {
    constexpr Clock::duration kOnTheWay = std::chrono::milliseconds(10);
    const Clock::time_point deadline = call.deadline();
    return deadline == Clock::time_point::max()
               ? deadline
               : deadline - kOnTheWay - (deadline - Clock::now()) / 100;
  }
  bool IsGone() const { return call_.IsCancelled() || Clock::now() >= last_moment_; }

  void Answer(const absl::Status& status) {
    if (status.ok()) {
      *response_ = ToBuffer(*reply_, context_.unread, call_);
    }
    // Until the client has taken the answer, only its bytes are needed.
    request_.reset();
    reply_.reset();
    timer_.Finish(status.code());
    Finish(ToGrpcStatus(status));
  }

  // The call may be done before Start() has returned; whoever of the two comes last deletes this.
  void Release() {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

  const UnaryMethod& method_;
  const RpcContext& context_;
  const grpc::CallbackServerContext& call_;
  const Clock::time_point last_moment_;
  const CallTimer timer_;
  std::unique_ptr<Message> request_;
  std::unique_ptr<Message> reply_;
  grpc::ByteBuffer* const response_;
  std::atomic<int> holders_{2};

  absl::Mutex mu_;  // a leaf
  std::shared_ptr<Waiter> waiter_ ABSL_GUARDED_BY(mu_);
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
};

absl::Status RunAtOnce(const UnaryMethod& method, const RpcContext& context,
                       const grpc::CallbackServerContext& call, const grpc::ByteBuffer& request,
                       grpc::ByteBuffer* response) {
  // Small messages need no allocation of their own.
  alignas(8) char block[1024];
  google::protobuf::ArenaOptions options;
  options.initial_block = block;
  options.initial_block_size = sizeof(block);
  google::protobuf::Arena arena(options);
  Message* message = method.command->NewRequest(&arena);
  Message* reply = method.command->NewResponse(&arena);
  absl::Status status = ParseMessage(request, message);
  if (!status.ok()) {
    return status;
  }
  status = context.processor.Execute(*method.command, *message, reply);
  context.metrics.Ran(method.command_metric);
  if (status.ok()) {
    *response = ToBuffer(*reply, context.unread, call);
  }
  return status;
}

}  // namespace

grpc::ServerUnaryReactor* ServeUnary(const UnaryMethod& method, const RpcContext& context,
                                     grpc::CallbackServerContext* call,
                                     const grpc::ByteBuffer& request, grpc::ByteBuffer* response) {
  if (method.command->may_wait()) {
    auto* reactor = new WaitingReactor(method, context, *call, response);
    reactor->Start(request);
    return reactor;
  }
  const CallTimer timer(context.metrics, method.call_metric);
  const absl::Status status = RunAtOnce(method, context, *call, request, response);
  timer.Finish(status.code());
  grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

}  // namespace kvick::server
