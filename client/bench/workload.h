// The requests of a load, made before it starts.
#ifndef KVICK_CLIENT_BENCH_WORKLOAD_H_
#define KVICK_CLIENT_BENCH_WORKLOAD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "client/bench/load.h"
#include "kvick/v1/string.pb.h"

namespace kvick::bench {

// A request, ready to be sent.
struct PreparedRequest {
  // True: StringService.Set, false: Get. Unused for frames, which have both.
  bool is_set = false;
  // The serialised message.
  std::string bytes;
};

// The key of a number, `key:000000000042`, as long as the options say.
std::string KeyOf(int64_t number, const LoadOptions& options);
// A value of the size that the options say; the same seed gives the same values.
std::string ValueOf(const LoadOptions& options);
// Gives a request the expiry that the options ask for.
void FillExpiry(const LoadOptions& options, v1::StringSetRequest* set);

// Single requests by the mix of the options, on keys drawn evenly from the key space. There are at
// most 256 Ki of them: a load goes round.
std::vector<PreparedRequest> PrepareUnary(const LoadOptions& options);
// Frames of `depth` operations, together at most some 64 MiB: a load goes round.
std::vector<PreparedRequest> PrepareFrames(const LoadOptions& options);

// What a frame of results says.
struct FrameSummary {
  // How many results it has.
  int64_t results = 0;
  // How many of them are errors.
  int64_t errors = 0;
  // False when the bytes are no PipelineResponse.
  bool valid = true;
};

// Counts the results of a serialised PipelineResponse without parsing what they hold: the load must
// cost less than what it measures.
FrameSummary SummarizeFrame(const char* data, size_t size);

}  // namespace kvick::bench

#endif  // KVICK_CLIENT_BENCH_WORKLOAD_H_
