// CallMetrics: counts calls and commands without a lock or a shared cache line on their way. Each
// thread counts in a block of its own, of which it is the only writer; a scrape sums the blocks. A
// thread that ends hands its block back, and the next new thread goes on counting in it.
#ifndef KVICK_SERVER_METRICS_CALL_METRICS_H_
#define KVICK_SERVER_METRICS_CALL_METRICS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kvick::server {

// How a method of gRPC carries its messages, as the label grpc_type names it.
enum class CallKind { kUnary, kClientStream, kServerStream, kBidiStream };

// Names of a method.
struct CallName {
  std::string service;  // "kvick.v1.StringService"
  std::string method;   // "Get"
  CallKind kind = CallKind::kUnary;
};

// The canonical codes, 0 to 16.
inline constexpr size_t kCallCodes = 17;
// "OK", "NotFound": the names that the label grpc_code has in every language's gRPC metrics.
std::string_view CallCodeName(size_t code);

// Upper bounds of the buckets of call durations, seconds; one more bucket is above them all.
inline constexpr std::array<double, 19> kCallSeconds = {
    10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3,
    25e-3, 50e-3, 0.1,   0.25,   0.5,    1.0,    2.5,  5.0,    10.0};

// Sums over all threads of one method.
struct CallCounts {
  uint64_t started = 0;
  std::array<uint64_t, kCallCodes> handled{};
  std::array<uint64_t, kCallSeconds.size() + 1> buckets{};  // not cumulative
  uint64_t nanoseconds = 0;
};

// Thread safe, except that all names are added before the first is counted. May go before the
// threads that counted in it end; none may count in it any more.
class CallMetrics {
 public:
  CallMetrics();
  ~CallMetrics();
  CallMetrics(const CallMetrics&) = delete;
  CallMetrics& operator=(const CallMetrics&) = delete;

  // Registers a method of gRPC; the index names it in the calls below.
  uint32_t AddCall(CallName name);
  // Registers a command, "StringService.Set"; counted for each one run, in pipelines too.
  uint32_t AddCommand(std::string name);

  // A call begins.
  void Started(uint32_t call);
  // A call ends, `seconds` after it began. A code that is not canonical counts as UNKNOWN.
  void Handled(uint32_t call, int code, double seconds);
  // A command was run `count` times.
  void Ran(uint32_t command, uint64_t count = 1);

  const std::vector<CallName>& calls() const { return calls_; }
  const std::vector<std::string>& commands() const { return commands_; }
  // Sums of all methods, ordered as calls().
  std::vector<CallCounts> SumCalls() const;
  // Sums of all commands, ordered as commands().
  std::vector<uint64_t> SumCommands() const;
  // Whether calls have begun and not ended. Calls that begin or end meanwhile may mislead it.
  bool HasCallsUnderWay() const;
  // How many blocks there are: at most the most threads that counted at one time. For tests.
  size_t block_count() const;

 private:
  struct Blocks;
  struct ThreadBlocks;
  // Counters of one thread: kCallCounters for each call, then one for each command.
  using Counter = std::atomic<uint64_t>;

  Counter* ThreadCounters();
  Counter* NewThreadCounters();

  const uint64_t id_;                     // never used again by another instance
  std::vector<CallName> calls_;           // constant once counting begins
  std::vector<std::string> commands_;     // constant once counting begins
  const std::shared_ptr<Blocks> blocks_;  // own synchronisation; shared with threads
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_METRICS_CALL_METRICS_H_
