#include "kvick/pipeline.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <stop_token>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "kvick/error.h"

namespace kvick {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using FieldsByType = std::unordered_map<const Descriptor*, const FieldDescriptor*>;

FieldsByType IndexFields(const Descriptor* message) {
  FieldsByType fields;
  for (int i = 0; i < message->field_count(); ++i) {
    fields.emplace(message->field(i)->message_type(), message->field(i));
  }
  return fields;
}

const FieldDescriptor* FindField(const FieldsByType& fields, const Descriptor* type) {
  const auto it = fields.find(type);
  return it == fields.end() ? nullptr : it->second;
}

}  // namespace

// Two threads: the writer makes frames of what is queued, opens streams and joins the reader of a
// broken one; the reader, one for each stream, completes what is on its way. Completions are called
// without the lock.
class Pipeline::Engine {
 public:
  Engine(Caller caller, PipelineOptions options)
      : caller_(std::move(caller)),
        options_(options),
        call_options_(Stoppable(caller_.options(), stop_.get_token())),
        on_stop_(caller_.options().stop, [this] { stop_.request_stop(); }),
        writer_([this] { WriteLoop(); }) {}

  ~Engine() {
    const absl::Time give_up = absl::Now() + options_.close_timeout;
    std::shared_ptr<PipelineStream> stream;
    {
      absl::MutexLock lock(&mutex_);
      const auto answered = [this]()
                                ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return completed_ == added_; };
      mutex_.AwaitWithDeadline(absl::Condition(&answered), give_up);
      closing_ = true;
      // A server that has answered all still has to take its leave.
      mutex_.AwaitWithDeadline(absl::Condition(&ended_), give_up);
      stream = stream_;
    }
    stop_.request_stop();
    if (stream != nullptr) stream->Cancel();
    writer_.join();
  }

  void Add(v1::Command command, Completion completion) {
    v1::PipelineOperation operation;
    *operation.mutable_command() = std::move(command);
    const auto bytes = static_cast<int64_t>(operation.ByteSizeLong());
    absl::MutexLock lock(&mutex_);
    // A callback that waited for room would wait for itself.
    if (!InCallback()) {
      const auto has_room = [this, bytes]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return added_ == completed_ || (added_ - completed_ < options_.max_unanswered &&
                                        bytes_ + bytes <= options_.max_unanswered_bytes);
      };
      mutex_.Await(absl::Condition(&has_room));
    }
    operation.set_id(static_cast<uint64_t>(++added_));
    bytes_ += bytes;
    queue_.push_back({std::move(operation), bytes, std::move(completion)});
  }

  void SendFailed(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    send_status_.Update(status);
  }

  absl::Status Wait(absl::Duration timeout) {
    absl::MutexLock lock(&mutex_);
    if (InCallback()) {
      return absl::FailedPreconditionError("a pipeline's callback must not wait for the pipeline");
    }
    const int64_t target = added_;
    const auto reached = [this, target]()
                             ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return completed_ >= target; };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&reached), timeout)) {
      return absl::DeadlineExceededError(absl::StrCat(
          target - completed_, " operations had no answer within ", absl::FormatDuration(timeout)));
    }
    return std::exchange(send_status_, absl::OkStatus());
  }

 private:
  struct Queued {
    v1::PipelineOperation operation;
    int64_t bytes;
    Completion completion;
  };
  struct Sent {
    uint64_t id;
    int64_t bytes;
    Completion completion;
  };

  static CallOptions Stoppable(CallOptions options, std::stop_token stop) {
    options.stop = std::move(stop);
    return options;
  }

  bool closing() {
    absl::MutexLock lock(&mutex_);
    return closing_;
  }

  // Both threads of the library call back: the reader with answers, the writer when it has no
  // stream.
  bool InCallback() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    const std::thread::id self = std::this_thread::get_id();
    return self == reader_id_ || self == writer_.get_id();
  }

  void WriteLoop() {
    v1::PipelineRequest frame;
    while (WaitForWork()) {
      if (!HaveStream()) continue;
      frame.Clear();
      std::shared_ptr<PipelineStream> stream = FillFrame(&frame);
      if (stream != nullptr) stream->Write(frame);  // A failure shows at the reader.
    }
    CloseStream();
    // What fails may add more, which shall not be left without an outcome.
    while (FailQueue(absl::CancelledError("the pipeline was destroyed"))) continue;
    absl::MutexLock lock(&mutex_);
    ended_ = true;
  }

  // False when the pipeline closes.
  bool WaitForWork() {
    absl::MutexLock lock(&mutex_);
    const auto has_work = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return closing_ || !queue_.empty();
    };
    mutex_.Await(absl::Condition(&has_work));
    return !closing_;
  }

  // Opens a stream unless there is one; fails what is queued when that is not possible. False also
  // when the pipeline closes meanwhile: nothing is sent any more then.
  bool HaveStream() {
    {
      absl::MutexLock lock(&mutex_);
      if (stream_ != nullptr && !broken_) return true;
    }
    CloseStream();
    auto stream = caller_.connection()->OpenPipeline(call_options_);
    if (!stream.ok()) {
      if (!closing()) FailQueue(stream.status());
      return false;
    }
    absl::MutexLock lock(&mutex_);
    if (closing_) {
      (*stream)->Cancel();
      return false;
    }
    stream_ = *std::move(stream);
    broken_ = false;
    reader_ = std::thread([this, stream = stream_] { ReadLoop(stream.get()); });
    reader_id_ = reader_.get_id();
    return true;
  }

  // Ends the stream gracefully if it still lives, and its reader.
  void CloseStream() {
    std::shared_ptr<PipelineStream> stream;
    {
      absl::MutexLock lock(&mutex_);
      stream = stream_;
    }
    if (stream == nullptr) return;
    stream->WritesDone();
    reader_.join();
    absl::MutexLock lock(&mutex_);
    stream_ = nullptr;
    reader_id_ = std::thread::id();
  }

  // Moves operations from the queue into a frame; null when the stream has broken meanwhile or the
  // pipeline closes.
  std::shared_ptr<PipelineStream> FillFrame(v1::PipelineRequest* frame) {
    absl::MutexLock lock(&mutex_);
    if (broken_ || closing_) return nullptr;
    int64_t bytes = 0;
    while (!queue_.empty() && frame->operations_size() < options_.max_frame_operations &&
           bytes < options_.max_frame_bytes) {
      Queued& next = queue_.front();
      // One large operation travels alone, so that a frame stays within the server's limit.
      if (bytes > 0 && bytes + next.bytes > options_.max_frame_bytes) break;
      bytes += next.bytes;
      sent_.push_back({next.operation.id(), next.bytes, std::move(next.completion)});
      *frame->add_operations() = std::move(next.operation);
      queue_.pop_front();
    }
    return stream_;
  }

  void ReadLoop(PipelineStream* stream) {
    v1::PipelineResponse frame;
    absl::Status problem;
    while (problem.ok() && stream->Read(&frame)) {
      problem = Complete(&frame);
      frame.Clear();
    }
    if (!problem.ok()) stream->Cancel();
    while (stream->Read(&frame)) continue;
    absl::Status status = stream->Finish();
    if (!problem.ok()) status = problem;
    if (status.ok()) status = absl::UnavailableError("the server ended the pipeline");
    FailSent(status);
  }

  absl::Status Complete(v1::PipelineResponse* frame) {
    std::vector<Sent> sent;
    {
      absl::MutexLock lock(&mutex_);
      const size_t count = std::min<size_t>(frame->results_size(), sent_.size());
      sent.assign(std::move_iterator(sent_.begin()), std::move_iterator(sent_.begin() + count));
      sent_.erase(sent_.begin(), sent_.begin() + count);
    }
    absl::Status problem;
    int64_t bytes = 0;
    for (size_t i = 0; i < sent.size(); ++i) {
      v1::PipelineResult& result = *frame->mutable_results(static_cast<int>(i));
      bytes += sent[i].bytes;
      if (result.id() != sent[i].id) problem.Update(absl::InternalError("results out of order"));
      absl::Status status = problem;
      if (result.has_status()) status.Update(StatusFromOperation(result.status()));
      sent[i].completion(status, result.mutable_reply());
    }
    if (static_cast<size_t>(frame->results_size()) > sent.size()) {
      problem.Update(absl::InternalError("a result without an operation"));
    }
    Completed(static_cast<int64_t>(sent.size()), bytes);
    return problem;
  }

  void Completed(int64_t count, int64_t bytes) {
    absl::MutexLock lock(&mutex_);
    completed_ += count;
    bytes_ -= bytes;
  }

  // No operation can join the sent ones after this: the writer looks at broken_ first.
  void FailSent(const absl::Status& status) {
    std::deque<Sent> sent;
    {
      absl::MutexLock lock(&mutex_);
      broken_ = true;
      sent.swap(sent_);
    }
    Fail(std::move(sent), status);
  }

  // False when nothing was queued.
  bool FailQueue(const absl::Status& status) {
    std::deque<Queued> queue;
    {
      absl::MutexLock lock(&mutex_);
      queue.swap(queue_);
    }
    if (queue.empty()) return false;
    Fail(std::move(queue), status);
    return true;
  }

  template <class Operations>
  void Fail(Operations operations, const absl::Status& status) {
    int64_t bytes = 0;
    for (auto& operation : operations) {
      bytes += operation.bytes;
      operation.completion(status, nullptr);
    }
    Completed(static_cast<int64_t>(operations.size()), bytes);
  }

  const Caller caller_;
  const PipelineOptions options_;
  std::stop_source stop_;  // Own synchronisation.
  const CallOptions call_options_;
  const std::stop_callback<std::function<void()>> on_stop_;  // The caller's stop is ours too.

  absl::Mutex mutex_;
  std::deque<Queued> queue_ ABSL_GUARDED_BY(mutex_);  // Not sent yet.
  std::deque<Sent> sent_ ABSL_GUARDED_BY(mutex_);     // On their way, in order.
  int64_t added_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t completed_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // Of unanswered requests.
  absl::Status send_status_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;   // The writer has nothing more to do.
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;  // The reader of stream_ has ended or is about to.
  std::shared_ptr<PipelineStream> stream_ ABSL_GUARDED_BY(mutex_);  // Own synchronisation.
  std::thread::id reader_id_ ABSL_GUARDED_BY(mutex_);
  std::thread reader_;  // The writer's.
  std::thread writer_;  // Constant; last, since it starts when all else is there.
};

Pipeline::Pipeline(Caller caller, PipelineOptions options)
    : engine_([&] {
        options.max_frame_operations = std::clamp(options.max_frame_operations, 1, 10'000);
        return std::make_unique<Engine>(std::move(caller), options);
      }()) {}

Pipeline::~Pipeline() = default;

absl::Status Pipeline::Wait(absl::Duration timeout) { return engine_->Wait(timeout); }

bool Pipeline::Pack(google::protobuf::Message* request, v1::Command* command) {
  static const auto* const fields = new FieldsByType(IndexFields(v1::Command::descriptor()));
  const FieldDescriptor* field = FindField(*fields, request->GetDescriptor());
  if (field == nullptr) return false;
  google::protobuf::Message* target = command->GetReflection()->MutableMessage(command, field);
  target->GetReflection()->Swap(target, request);
  return true;
}

google::protobuf::Message* Pipeline::Unpack(const Descriptor* response, v1::Reply* reply) {
  static const auto* const fields = new FieldsByType(IndexFields(v1::Reply::descriptor()));
  const FieldDescriptor* field = FindField(*fields, response);
  const auto* reflection = reply->GetReflection();
  if (field == nullptr || !reflection->HasField(*reply, field)) return nullptr;
  return reflection->MutableMessage(reply, field);
}

absl::Status Pipeline::NotACommand(const Descriptor* request) {
  return absl::InvalidArgumentError(
      absl::StrCat(request->name(), " cannot travel in a pipeline; make a call of its own"));
}

void Pipeline::Add(v1::Command command, Completion completion) {
  engine_->Add(std::move(command), std::move(completion));
}

void Pipeline::SendFailed(const absl::Status& status) { engine_->SendFailed(status); }

}  // namespace kvick
