#include "kvick/grpc_connection.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "kvick/error.h"
#include "kvick/internal/credentials.h"
#include "kvick/internal/wire_status.h"
#include "kvick/v1/command.grpc.pb.h"
#include "storage/base/status_macros.h"

namespace kvick {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageLite;

// A channel without a call for longer than this is looked at before it is used...
constexpr absl::Duration kRest = absl::Milliseconds(500);
// ...for so long while it seems connected...
constexpr absl::Duration kLook = absl::Milliseconds(1);
// ...and for so long when it has failed before, since it may be on its way up again.
constexpr absl::Duration kReconnectWait = absl::Milliseconds(200);
// A caller that stops waiting for a connection is noticed within this.
constexpr absl::Duration kStopWait = absl::Milliseconds(100);

absl::Status FromGrpc(const grpc::Status& status) {
  return internal::StatusFromWire(status.error_code(), status.error_message(),
                                  status.error_details());
}

void Prepare(const CallOptions& options, grpc::ClientContext* context) {
  if (options.deadline != absl::InfiniteFuture()) {
    context->set_deadline(absl::ToChronoTime(options.deadline));
  }
  for (const auto& [name, value] : options.metadata) context->AddMetadata(name, value);
}

// Ends a call when its caller requests a stop.
using StopCallback = std::stop_callback<std::function<void()>>;

std::function<void()> Canceller(grpc::ClientContext* context) {
  return [context] { context->TryCancel(); };
}

// The stub takes any message, since here the method is only known at run time.
using Stub = grpc::TemplatedGenericStub<MessageLite, MessageLite>;

// The steps of one call, taken one at a time: each is waited for before the next one begins.
class Steps {
 public:
  ~Steps() {
    queue_.Shutdown();
    while (Wait()) continue;
  }

  // Where the steps are told.
  grpc::CompletionQueue* queue() { return &queue_; }

  // True when the step succeeded.
  bool Wait() {
    void* tag = nullptr;
    bool success = false;
    return queue_.Next(&tag, &success) && success;
  }

  // The same, or nothing when the step has not ended by then and has still to be waited for.
  std::optional<bool> WaitUntil(absl::Time give_up) {
    void* tag = nullptr;
    bool success = false;
    const auto outcome = queue_.AsyncNext(&tag, &success, absl::ToChronoTime(give_up));
    if (outcome == grpc::CompletionQueue::TIMEOUT) return std::nullopt;
    return success;
  }

 private:
  grpc::CompletionQueue queue_;  // Own synchronisation.
};

class GrpcReadStream : public ReadStream {
 public:
  GrpcReadStream(std::shared_ptr<grpc::Channel> channel, const Method& method,
                 const Message& request, const CallOptions& options)
      : endless_(method.endless),
        read_timeout_(options.read_timeout > absl::ZeroDuration() ? options.read_timeout
                                                                  : absl::InfiniteDuration()),
        on_stop_(options.stop, Canceller(&context_)) {
    Prepare(options, &context_);
    context_.set_initial_metadata_corked(true);  // Metadata and request travel together.
    stream_ = Stub(std::move(channel)).PrepareCall(&context_, method.path, steps_.queue());
    stream_->StartCall(nullptr);
    stream_->WriteLast(request, grpc::WriteOptions(), nullptr);
    WaitForStep(read_timeout_);  // A failure shows at Read.
  }

  ~GrpcReadStream() override {
    if (finished_) return;
    context_.TryCancel();
    Finish().IgnoreError();
  }

  bool Read(Message* response) override {
    stream_->Read(response, nullptr);
    const bool read = WaitForStep(may_be_silent_ ? absl::InfiniteDuration() : read_timeout_);
    may_be_silent_ = endless_;
    return read;
  }

  absl::Status Finish() override {
    finished_ = true;
    grpc::Status status;
    stream_->Finish(&status, nullptr);
    steps_.Wait();
    if (!timed_out_) return FromGrpc(status);
    return absl::DeadlineExceededError(
        absl::StrCat("no answer from the server for ", absl::FormatDuration(read_timeout_)));
  }

  void Cancel() override { context_.TryCancel(); }

 private:
  // True when the step succeeded. One that takes longer than `limit` fails, and the call with it.
  bool WaitForStep(absl::Duration limit) {
    const std::optional<bool> success = steps_.WaitUntil(absl::Now() + limit);
    if (success.has_value()) return *success;
    timed_out_ = true;
    context_.TryCancel();
    return steps_.Wait();
  }

  const bool endless_;
  const absl::Duration read_timeout_;
  // Own synchronisation where Cancel needs it; the rest is the reading thread's.
  grpc::ClientContext context_;
  Steps steps_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<MessageLite, MessageLite>> stream_;
  bool may_be_silent_ = false;
  bool timed_out_ = false;
  bool finished_ = false;
  const StopCallback on_stop_;  // Last: the context outlives it.
};

class GrpcPipelineStream : public PipelineStream {
 public:
  GrpcPipelineStream(const std::shared_ptr<grpc::Channel>& channel, const CallOptions& options)
      : stub_(v1::CommandService::NewStub(channel)), on_stop_(options.stop, Canceller(&context_)) {
    Prepare(options, &context_);
    stream_ = stub_->Pipeline(&context_);
  }

  ~GrpcPipelineStream() override {
    if (finished_) return;
    context_.TryCancel();
    stream_->Finish();
  }

  bool Write(const v1::PipelineRequest& frame) override { return stream_->Write(frame); }
  void WritesDone() override { stream_->WritesDone(); }
  bool Read(v1::PipelineResponse* frame) override { return stream_->Read(frame); }

  absl::Status Finish() override {
    finished_ = true;
    return FromGrpc(stream_->Finish());
  }

  void Cancel() override { context_.TryCancel(); }

 private:
  const std::unique_ptr<v1::CommandService::Stub> stub_;  // Own synchronisation, as the two below.
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::PipelineRequest, v1::PipelineResponse>> stream_;
  bool finished_ = false;       // The reading thread's.
  const StopCallback on_stop_;  // Last: the context outlives it.
};

class GrpcConnection : public Connection {
 public:
  GrpcConnection(const ClientOptions& options,
                 const std::shared_ptr<grpc::ChannelCredentials>& credentials)
      : target_(options.target), connect_timeout_(options.connect_timeout) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(options.max_receive_bytes);
    arguments.SetMaxSendMessageSize(-1);  // The server's limit is the one that counts.
    const int64_t keepalive_ms = absl::ToInt64Milliseconds(options.keepalive_time);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                     static_cast<int>(std::clamp<int64_t>(keepalive_ms, 1000, INT_MAX)));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    // Despite its name this is how long one attempt may take.
    const int64_t connect_ms = absl::ToInt64Milliseconds(options.connect_timeout);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                     static_cast<int>(std::clamp<int64_t>(connect_ms, 100, INT_MAX)));
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // Or all would share a connection.
    if (options.tls.has_value() && !options.tls->server_name.empty()) {
      arguments.SetSslTargetNameOverride(options.tls->server_name);
    }
    for (int i = 0; i < options.max_connections; ++i) {
      channels_.push_back(std::make_unique<Line>());
      channels_.back()->channel = grpc::CreateCustomChannel(options.target, credentials, arguments);
    }
  }

  absl::Status Call(const Method& method, const Message& request, const CallOptions& options,
                    Message* response) override {
    ASSIGN_OR_RETURN(auto channel, ConnectedChannel(options));
    grpc::ClientContext context;
    Prepare(options, &context);
    const StopCallback on_stop(options.stop, Canceller(&context));
    Steps steps;
    const auto call =
        Stub(std::move(channel)).PrepareUnaryCall(&context, method.path, request, steps.queue());
    call->StartCall();
    grpc::Status status;
    call->Finish(response, &status, nullptr);
    steps.Wait();
    return FromGrpc(status);
  }

  absl::StatusOr<std::unique_ptr<ReadStream>> OpenStream(const Method& method,
                                                         const Message& request,
                                                         const CallOptions& options) override {
    ASSIGN_OR_RETURN(auto channel, ConnectedChannel(options));
    return std::make_unique<GrpcReadStream>(std::move(channel), method, request, options);
  }

  absl::StatusOr<std::unique_ptr<PipelineStream>> OpenPipeline(
      const CallOptions& options) override {
    ASSIGN_OR_RETURN(const auto channel, ConnectedChannel(options));
    return std::make_unique<GrpcPipelineStream>(channel, options);
  }

 private:
  struct Line {
    std::shared_ptr<grpc::Channel> channel;  // Constant once made; own synchronisation.
    std::atomic<int64_t> used_ns = 0;        // When the last call began.
  };

  // gRPC reads a socket only while somebody waits for something. A channel that rested therefore
  // calls itself connected even when the server has said goodbye meanwhile, and a write on it would
  // break halfway though it need not; and one that failed does not see that its next attempt has
  // succeeded. Waiting makes gRPC read what has come.
  static void LookAtSocket(grpc::Channel* channel, grpc_connectivity_state state,
                           absl::Time give_up) {
    const bool failed = state == GRPC_CHANNEL_TRANSIENT_FAILURE;
    const absl::Time until = std::min(give_up, absl::Now() + (failed ? kReconnectWait : kLook));
    channel->WaitForStateChange(state, absl::ToChronoTime(until));
  }

  // This thread's channel once it is connected. A call on a channel that cannot connect would fail
  // with the same UNAVAILABLE as one that broke halfway; waiting here tells the two apart.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectedChannel(const CallOptions& options) {
    const size_t thread = std::hash<std::thread::id>()(std::this_thread::get_id());
    Line& line = *channels_[thread % channels_.size()];
    const std::shared_ptr<grpc::Channel>& channel = line.channel;
    const absl::Time now = absl::Now();
    const absl::Time give_up = std::min(options.deadline, now + connect_timeout_);
    const absl::Duration rest = now - absl::FromUnixNanos(line.used_ns.exchange(
                                          absl::ToUnixNanos(now), std::memory_order_relaxed));
    const grpc_connectivity_state before = channel->GetState(/*try_to_connect=*/false);
    if (before == GRPC_CHANNEL_TRANSIENT_FAILURE ||
        (before == GRPC_CHANNEL_READY && rest > kRest)) {
      LookAtSocket(channel.get(), before, give_up);
    }
    grpc_connectivity_state state = channel->GetState(/*try_to_connect=*/true);
    while (state != GRPC_CHANNEL_READY) {
      if (state == GRPC_CHANNEL_TRANSIENT_FAILURE) {
        return NotConnectedError(target_, "is the server running, and does it speak TLS?");
      }
      if (options.stop.stop_requested()) {
        return absl::CancelledError("stopped before it was connected; nothing was sent");
      }
      // gRPC has no way to end this wait, so it is taken in short ones.
      const absl::Time look_up = std::min(give_up, absl::Now() + kStopWait);
      if (!channel->WaitForStateChange(state, absl::ToChronoTime(look_up)) &&
          absl::Now() >= give_up) {
        if (absl::Now() >= options.deadline) {
          return absl::DeadlineExceededError(absl::StrCat(
              "not connected to ", target_, " in the time of the call; nothing was sent"));
        }
        return NotConnectedError(target_, "no answer in time");
      }
      state = channel->GetState(/*try_to_connect=*/true);
    }
    return channel;
  }

  const std::string target_;
  const absl::Duration connect_timeout_;
  std::vector<std::unique_ptr<Line>> channels_;  // Constant after construction.
};

}  // namespace

absl::StatusOr<std::shared_ptr<Connection>> MakeGrpcConnection(const ClientOptions& options) {
  if (options.target.empty()) return absl::InvalidArgumentError("the target is empty");
  if (options.max_connections < 1 || options.max_connections > 64) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_connections is ", options.max_connections, ", not from 1 to 64"));
  }
  ASSIGN_OR_RETURN(const auto credentials, internal::MakeCredentials(options.tls));
  return std::make_shared<GrpcConnection>(options, credentials);
}

}  // namespace kvick
