#include <grpcpp/generic/generic_stub.h>

#include <algorithm>
#include <deque>

#include "client/bench/worker.h"
#include "client/bench/workload.h"

namespace kvick::bench {
namespace {

constexpr char kPath[] = "/kvick.v1.CommandService/Pipeline";

class PipelineWorker;

// What a tag of the completion queue means.
enum class Step { kStarted, kWritten, kRead, kFinished };

// One stream. At most one write and one read are under way, as gRPC demands.
struct Stream {
  struct Tag {
    Stream* stream;
    Step step;
  };
  struct Frame {
    Clock::time_point start;
    int64_t left;  // Operations without a result.
  };

  Tag started{this, Step::kStarted};
  Tag written{this, Step::kWritten};
  Tag read{this, Step::kRead};
  Tag finished{this, Step::kFinished};
  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call;
  std::deque<Frame> frames;  // On their way, in order.
  grpc::ByteBuffer response;
  grpc::Status status;
  bool writing = false;
  bool closing = false;
};

class PipelineWorker : public Worker {
 public:
  PipelineWorker(const LoadOptions& options, const Channels& channels,
                 const std::vector<Request>& frames)
      : options_(options), frames_(frames), next_(options.seed % frames.size()) {
    for (const auto& channel : channels) {
      for (int i = 0; i < options.concurrency; ++i) {
        Stream& stream = streams_.emplace_back();
        stream.call = grpc::GenericStub(channel).PrepareCall(&stream.context, kPath, &queue_);
      }
    }
  }

  void Run(Meter* meter) override {
    meter_ = meter;
    for (Stream& stream : streams_) stream.call->StartCall(&stream.started);
    auto open = std::ssize(streams_);
    void* tag = nullptr;
    bool ok = false;
    while (open > 0 && NextEvent(queue_, options_.spin, &tag, &ok)) {
      const auto* step = static_cast<Stream::Tag*>(tag);
      if (Advance(step->stream, step->step, ok)) --open;
    }
    queue_.Shutdown();
    while (queue_.Next(&tag, &ok)) continue;
  }

 private:
  // True when the stream has ended.
  bool Advance(Stream* stream, Step step, bool ok) {
    const auto now = Clock::now();
    switch (step) {
      case Step::kStarted:
        if (ok) {
          stream->call->Read(&stream->response, &stream->read);
          Write(stream, now);
        } else {
          stream->call->Finish(&stream->status, &stream->finished);
        }
        break;
      case Step::kWritten:
        stream->writing = false;
        if (ok) Write(stream, now);
        break;
      case Step::kRead:
        if (ok) {
          TakeResults(stream, now);
          stream->call->Read(&stream->response, &stream->read);
          Write(stream, now);
        } else {
          stream->call->Finish(&stream->status, &stream->finished);
        }
        break;
      case Step::kFinished:
        ReportLost(stream, now);
        return true;
    }
    return false;
  }

  void Write(Stream* stream, Clock::time_point now) {
    if (stream->writing || stream->closing) return;
    if (!meter_->running(now)) {
      // All answers are here: the stream has no further use.
      if (stream->frames.empty()) {
        stream->closing = true;
        stream->context.TryCancel();
      }
      return;
    }
    if (std::ssize(stream->frames) >= options_.frames) return;
    meter_->Start(options_.depth);
    stream->frames.push_back({now, options_.depth});
    stream->writing = true;
    stream->call->Write(frames_[next_].bytes, &stream->written);
    next_ = next_ + 1 == frames_.size() ? 0 : next_ + 1;
  }

  void TakeResults(Stream* stream, Clock::time_point now) {
    grpc::Slice slice;
    if (!stream->response.TrySingleSlice(&slice).ok()) {
      stream->response.DumpToSingleSlice(&slice).ok();
    }
    FrameSummary summary =
        SummarizeFrame(reinterpret_cast<const char*>(slice.begin()), slice.size());
    if (summary.errors > 0) meter_->Fail(summary.errors, "an operation failed", now);
    if (!summary.valid) meter_->Fail(1, "the server's frame is no PipelineResponse", now);
    while (summary.results > 0 && !stream->frames.empty()) {
      Stream::Frame& frame = stream->frames.front();
      const int64_t taken = std::min(frame.left, summary.results);
      meter_->End(frame.start, now, taken);
      frame.left -= taken;
      summary.results -= taken;
      if (frame.left == 0) stream->frames.pop_front();
    }
  }

  // A stream that broke takes its unanswered operations with it.
  void ReportLost(Stream* stream, Clock::time_point now) {
    for (const Stream::Frame& frame : stream->frames) {
      meter_->End(frame.start, now, frame.left);
      meter_->Fail(frame.left, stream->status.error_message(), now);
    }
    if (stream->frames.empty() && !stream->closing) {
      meter_->Fail(1, stream->status.error_message(), now);
    }
    stream->frames.clear();
  }

  const LoadOptions& options_;
  const std::vector<Request>& frames_;
  size_t next_;
  Meter* meter_ = nullptr;
  grpc::CompletionQueue queue_;
  std::deque<Stream> streams_;
};

}  // namespace

std::unique_ptr<Worker> MakePipelineWorker(const LoadOptions& options, const Channels& channels,
                                           const std::vector<Request>& frames) {
  return std::make_unique<PipelineWorker>(options, channels, frames);
}

}  // namespace kvick::bench
