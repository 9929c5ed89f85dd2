// A load on a server: many calls at once, counted and timed.
#ifndef KVICK_CLIENT_BENCH_LOAD_H_
#define KVICK_CLIENT_BENCH_LOAD_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/bench/histogram.h"
#include "kvick/options.h"

namespace kvick::bench {

// What to do. Check() says whether it makes sense.
struct LoadOptions {
  // The server, and TLS towards it.
  ClientOptions client;
  // CommandService.Pipeline instead of unary calls.
  bool pipeline = false;
  // Connections, from 1 to 10,000.
  int connections = 10;
  // Calls at a time on each connection: unary calls, or pipelines. From 1 to 1,000.
  int concurrency = 1;
  // Operations in a frame of a pipeline, from 1 to 10,000.
  int depth = 100;
  // Frames on their way on each pipeline, from 1 to 100.
  int frames = 2;
  // Threads of the load, from 1 to 256; each has its own share of the connections.
  int threads = 1;
  // Whether threads that wait for answers stay on their processors. The server then spends no time
  // on waking them, which on a machine that both share is not its own cost.
  bool spin = false;
  // The share of Set among the operations, from 0 to 1; the others are Get.
  double set_ratio = 0.5;
  // Different keys, from 1 to 1,000,000,000.
  int64_t keys = 100'000;
  // Bytes of a key, at least as many as its number takes.
  int64_t key_bytes = 16;
  // Bytes of a value.
  int64_t value_bytes = 64;
  // What each Set lets its key live; 0: for ever.
  absl::Duration expiry = absl::ZeroDuration();
  // Set every key before, so that each Get finds something.
  bool prefill = true;
  // How long to measure...
  absl::Duration duration = absl::Seconds(10);
  // ...or, when more than 0, how many operations to make, without warm-up.
  int64_t count = 0;
  // How long to run before the measurement.
  absl::Duration warmup = absl::Seconds(1);
  // What random choices start from.
  uint64_t seed = 1;

  // INVALID_ARGUMENT with the first option that is out of its range.
  absl::Status Check() const;
};

// What came of it. Latencies are in nanoseconds; an operation of a pipeline has that of its frame.
struct LoadResult {
  // Operations that ended within the measurement, failed ones included.
  int64_t operations = 0;
  // Those that failed.
  int64_t errors = 0;
  // The first error; empty when there was none.
  std::string first_error;
  // How long was measured.
  absl::Duration elapsed;
  // How long operations took.
  Histogram latency;

  // Operations in a second.
  double OperationsPerSecond() const;
};

// Runs a load to its end. An error when the options make no sense or the server cannot be reached.
absl::StatusOr<LoadResult> RunLoad(const LoadOptions& options);

}  // namespace kvick::bench

#endif  // KVICK_CLIENT_BENCH_LOAD_H_
