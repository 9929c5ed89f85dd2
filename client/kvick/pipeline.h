// Many operations over one stream.
#ifndef KVICK_CLIENT_KVICK_PIPELINE_H_
#define KVICK_CLIENT_KVICK_PIPELINE_H_

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kvick/caller.h"
#include "kvick/v1/command.pb.h"

namespace kvick {

// How a pipeline batches and how much it holds.
struct PipelineOptions {
  // At most so many operations in a frame, from 1 to 10,000.
  int max_frame_operations = 500;
  // A frame is sent when it has this many bytes, even if more could follow.
  int64_t max_frame_bytes = 1 << 20;
  // At most so many operations unanswered; adding another waits.
  int64_t max_unanswered = 20'000;
  // At most so many bytes of unanswered requests; adding another waits.
  int64_t max_unanswered_bytes = 64 << 20;
  // How long its destruction waits for outcomes; what has none by then fails as CANCELLED.
  absl::Duration close_timeout = absl::Seconds(10);
};

// Runs operations in the order in which they are added, each on its own: one that fails fails
// alone. Operations go out at once while the wire is free, and together while it is busy: the
// busier, the larger the frames, without a timer and without a flush.
//
// Thread safe: all threads share the one stream, and operations of one thread keep their order.
// When the stream breaks, the operations on their way fail with UNAVAILABLE, since nobody knows
// whether they were executed; those not yet sent go out on a new stream. An operation is never sent
// twice.
class Pipeline {
 public:
  // Called once with the outcome of an operation, from a thread of the library. It must be quick,
  // must not destroy the pipeline and must not wait for it. It may add operations, which then do
  // not wait for room; but not for ever what fails as CANCELLED, since the pipeline ends only when
  // nothing is left. A request that cannot travel in a pipeline is told at once, by the caller's
  // thread.
  template <class Request>
  using Callback = std::function<void(absl::StatusOr<ResponseFor<Request>>)>;

  // Made by Client::OpenPipeline. The stream is opened with the first operation.
  Pipeline(Caller caller, PipelineOptions options);
  // Waits for the outcome of what was added, up to PipelineOptions.close_timeout; the rest fails as
  // CANCELLED, and whether the server executes what was on its way is unknown.
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Adds an operation; the future has its outcome.
  template <class Request>
  [[nodiscard]] std::future<absl::StatusOr<ResponseFor<Request>>> Run(Request request) {
    auto promise = std::make_shared<std::promise<absl::StatusOr<ResponseFor<Request>>>>();
    auto future = promise->get_future();
    Run(std::move(request), [promise](absl::StatusOr<ResponseFor<Request>> response) {
      promise->set_value(std::move(response));
    });
    return future;
  }

  // Adds an operation; `callback` gets its outcome.
  template <class Request>
  void Run(Request request, Callback<Request> callback) {
    v1::Command command;
    if (!Pack(&request, &command)) return callback(NotACommand(Request::descriptor()));
    Add(std::move(command),
        [callback = std::move(callback)](const absl::Status& status, v1::Reply* reply) {
          if (!status.ok()) return callback(status);
          auto* response =
              static_cast<ResponseFor<Request>*>(Unpack(ResponseFor<Request>::descriptor(), reply));
          if (response == nullptr)
            return callback(absl::InternalError("the reply has no response"));
          callback(std::move(*response));
        });
  }

  // Adds an operation whose answer nobody needs; Wait tells if one of these failed.
  template <class Request>
  void Send(Request request) {
    v1::Command command;
    if (!Pack(&request, &command)) return SendFailed(NotACommand(Request::descriptor()));
    Add(std::move(command), [this](const absl::Status& status, v1::Reply*) { SendFailed(status); });
  }

  // Waits until all that was added before has its outcome, and answers the first error of a Send
  // since the last Wait; DEADLINE_EXCEEDED when that takes longer than `timeout`. From a callback
  // it is FAILED_PRECONDITION.
  absl::Status Wait(absl::Duration timeout = absl::InfiniteDuration());

 private:
  class Engine;
  using Completion = std::function<void(const absl::Status&, v1::Reply*)>;

  static bool Pack(google::protobuf::Message* request, v1::Command* command);
  static google::protobuf::Message* Unpack(const google::protobuf::Descriptor* response,
                                           v1::Reply* reply);
  static absl::Status NotACommand(const google::protobuf::Descriptor* request);
  void Add(v1::Command command, Completion completion);
  void SendFailed(const absl::Status& status);

  const std::unique_ptr<Engine> engine_;  // Own synchronisation.
};

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_PIPELINE_H_
