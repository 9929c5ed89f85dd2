#include <grpcpp/generic/generic_stub.h>

#include <deque>
#include <optional>

#include "client/bench/worker.h"

namespace kvick::bench {
namespace {

constexpr char kGetPath[] = "/kvick.v1.StringService/Get";
constexpr char kSetPath[] = "/kvick.v1.StringService/Set";

class UnaryWorker : public Worker {
 public:
  UnaryWorker(const LoadOptions& options, const Channels& channels,
              const std::vector<Request>& requests)
      : spin_(options.spin), requests_(requests), next_(options.seed % requests.size()) {
    for (const auto& channel : channels) {
      stubs_.emplace_back(channel);
      for (int i = 0; i < options.concurrency; ++i) calls_.emplace_back().stub = &stubs_.back();
    }
  }

  void Run(Meter* meter) override {
    int64_t running = 0;
    for (Call& call : calls_) running += StartNext(&call, meter, Clock::now()) ? 1 : 0;
    void* tag = nullptr;
    bool ok = false;
    while (running > 0 && NextEvent(queue_, spin_, &tag, &ok)) {
      auto* call = static_cast<Call*>(tag);
      const auto now = Clock::now();
      meter->End(call->start, now, 1);
      if (!call->status.ok()) meter->Fail(1, call->status.error_message(), now);
      // Where there is no server any more, further calls would only fail the faster.
      const bool is_gone = call->status.error_code() == grpc::StatusCode::UNAVAILABLE;
      if (is_gone || !StartNext(call, meter, now)) --running;
    }
    queue_.Shutdown();
    while (queue_.Next(&tag, &ok)) continue;
  }

 private:
  struct Call {
    grpc::GenericStub* stub = nullptr;
    std::optional<grpc::ClientContext> context;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
    grpc::ByteBuffer response;
    grpc::Status status;
    Clock::time_point start;
  };

  bool StartNext(Call* call, Meter* meter, Clock::time_point now) {
    call->reader.reset();
    if (!meter->running(now)) return false;
    meter->Start(1);
    const Request& request = requests_[next_];
    next_ = next_ + 1 == requests_.size() ? 0 : next_ + 1;
    call->context.emplace();
    call->start = now;
    call->reader = call->stub->PrepareUnaryCall(
        &*call->context, request.is_set ? set_path_ : get_path_, request.bytes, &queue_);
    call->reader->StartCall();
    call->reader->Finish(&call->response, &call->status, call);
    return true;
  }

  const std::string get_path_ = kGetPath;
  const std::string set_path_ = kSetPath;
  const bool spin_;
  const std::vector<Request>& requests_;
  size_t next_;
  std::deque<grpc::GenericStub> stubs_;
  grpc::CompletionQueue queue_;
  std::deque<Call> calls_;
};

}  // namespace

std::unique_ptr<Worker> MakeUnaryWorker(const LoadOptions& options, const Channels& channels,
                                        const std::vector<Request>& requests) {
  return std::make_unique<UnaryWorker>(options, channels, requests);
}

}  // namespace kvick::bench
