// What the two kinds of load share: connections, the clock of the measurement, the counts.
#ifndef KVICK_CLIENT_BENCH_WORKER_H_
#define KVICK_CLIENT_BENCH_WORKER_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "client/bench/load.h"

namespace kvick::bench {

// Steady, in nanoseconds.
using Clock = std::chrono::steady_clock;

// When the measurement is, the same for all threads. Constant while they run.
struct Schedule {
  Clock::time_point measure_from;
  Clock::time_point measure_to;
  // Operations that one thread makes; 0: as many as fit into the time.
  int64_t count = 0;
};

// One thread's counts.
class Meter {
 public:
  explicit Meter(const Schedule& schedule) : schedule_(schedule) {}

  // True while new operations shall start.
  bool running(Clock::time_point now) const {
    return schedule_.count > 0 ? started_ < schedule_.count : now < schedule_.measure_to;
  }
  // `operations` start.
  void Start(int64_t operations) { started_ += operations; }
  // Operations that started at `start` end now.
  void End(Clock::time_point start, Clock::time_point now, int64_t operations);
  // Some of the operations that end now failed.
  void Fail(int64_t operations, const std::string& error, Clock::time_point now);

  // The counts so far.
  LoadResult& result() { return result_; }
  // When the first counted operation ended and the last: what `count` operations took.
  Clock::time_point last_end() const { return last_end_; }

 private:
  bool Counts(Clock::time_point now) const {
    return schedule_.count > 0 || (now >= schedule_.measure_from && now <= schedule_.measure_to);
  }

  const Schedule& schedule_;
  int64_t started_ = 0;
  Clock::time_point last_end_;
  LoadResult result_;
};

// One thread's share of a load.
class Worker {
 public:
  virtual ~Worker() = default;
  // Runs until the schedule ends and every call has its answer.
  virtual void Run(Meter* meter) = 0;
};

// The next event of a queue, as CompletionQueue::Next. With `spin` the thread stays on its
// processor meanwhile, so that no server has to wake it.
bool NextEvent(grpc::CompletionQueue& queue, bool spin, void** tag, bool* ok);

// The channels of one thread.
using Channels = std::vector<std::shared_ptr<grpc::Channel>>;
// Requests, ready to be sent.
struct Request {
  bool is_set = false;
  grpc::ByteBuffer bytes;
};

// Unary calls: `concurrency` at a time on each channel. The references must outlive the worker.
std::unique_ptr<Worker> MakeUnaryWorker(const LoadOptions& options, const Channels& channels,
                                        const std::vector<Request>& requests);
// Pipelines: `concurrency` on each channel, with `frames` frames on their way on each.
std::unique_ptr<Worker> MakePipelineWorker(const LoadOptions& options, const Channels& channels,
                                           const std::vector<Request>& frames);

}  // namespace kvick::bench

#endif  // KVICK_CLIENT_BENCH_WORKER_H_
