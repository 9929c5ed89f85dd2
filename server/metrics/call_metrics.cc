#include "server/metrics/call_metrics.h"

#include <algorithm>
#include <numeric>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace kvick::server {
namespace {

using Counter = std::atomic<uint64_t>;

// Where the counters of a call lie in a block.
constexpr size_t kStarted = 0;
constexpr size_t kNanoseconds = 1;
constexpr size_t kHandled = 2;
constexpr size_t kBuckets = kHandled + kCallCodes;
constexpr size_t kCallCounters = kBuckets + kCallSeconds.size() + 1;
constexpr size_t kUnknownCode = 2;

// Counters have one writer, so that a load and a store do where others need an atomic addition.
void Add(Counter& counter, uint64_t amount) {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

std::atomic<uint64_t> next_id{1};

}  // namespace

// The blocks of all threads.
struct CallMetrics::Blocks {
  absl::Mutex mu;
  size_t counters ABSL_GUARDED_BY(mu) = 0;  // in a block
  std::vector<std::unique_ptr<Counter[]>> all ABSL_GUARDED_BY(mu);
  std::vector<Counter*> free ABSL_GUARDED_BY(mu);  // of threads that ended
};

// What a thread knows of its blocks: one in each CallMetrics that it counted in.
struct CallMetrics::ThreadBlocks {
  struct Mine {
    uint64_t id;
    Counter* counters;
    std::weak_ptr<Blocks> blocks;
  };

  ~ThreadBlocks() {
    for (const Mine& mine : all) {
      if (const auto blocks = mine.blocks.lock()) {
        absl::MutexLock lock(&blocks->mu);
        blocks->free.push_back(mine.counters);
      }
    }
  }

  static ThreadBlocks& Get() {
    thread_local ThreadBlocks blocks;
    return blocks;
  }

  std::vector<Mine> all;
};

namespace {

// The block used last, in plain thread-local variables that need no check for construction.
thread_local uint64_t last_id = 0;
thread_local Counter* last_counters = nullptr;

}  // namespace

std::string_view CallCodeName(size_t code) {
  static constexpr std::array<std::string_view, kCallCodes> kNames = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  return kNames[code < kCallCodes ? code : kUnknownCode];
}

CallMetrics::CallMetrics()
    : id_(next_id.fetch_add(1, std::memory_order_relaxed)), blocks_(std::make_shared<Blocks>()) {}

CallMetrics::~CallMetrics() = default;

uint32_t CallMetrics::AddCall(CallName name) {
  calls_.push_back(std::move(name));
  return static_cast<uint32_t>(calls_.size() - 1);
}

uint32_t CallMetrics::AddCommand(std::string name) {
  commands_.push_back(std::move(name));
  return static_cast<uint32_t>(commands_.size() - 1);
}

inline CallMetrics::Counter* CallMetrics::ThreadCounters() {
  return last_id == id_ ? last_counters : NewThreadCounters();
}

CallMetrics::Counter* CallMetrics::NewThreadCounters() {
  ThreadBlocks& thread = ThreadBlocks::Get();
  auto it = std::find_if(thread.all.begin(), thread.all.end(),
                         [this](const auto& mine) { return mine.id == id_; });
  if (it == thread.all.end()) {
    std::erase_if(thread.all, [](const auto& mine) { return mine.blocks.expired(); });
    absl::MutexLock lock(&blocks_->mu);
    if (blocks_->free.empty()) {
      blocks_->counters = calls_.size() * kCallCounters + commands_.size();
      blocks_->all.push_back(std::make_unique<Counter[]>(blocks_->counters));
      blocks_->free.push_back(blocks_->all.back().get());
    }
    thread.all.push_back({id_, blocks_->free.back(), blocks_});
    blocks_->free.pop_back();
    it = thread.all.end() - 1;
  }
  last_id = id_;
  last_counters = it->counters;
  return last_counters;
}

void CallMetrics::Started(uint32_t call) {
  Add(ThreadCounters()[call * kCallCounters + kStarted], 1);
}

void CallMetrics::Handled(uint32_t call, int code, double seconds) {
  Counter* counters = ThreadCounters() + call * kCallCounters;
  const auto known =
      static_cast<size_t>(code) < kCallCodes ? static_cast<size_t>(code) : kUnknownCode;
  Add(counters[kHandled + known], 1);
  // Most calls are short: the first buckets are the likely ones.
  size_t bucket = 0;
  while (bucket < kCallSeconds.size() && seconds > kCallSeconds[bucket]) {
    ++bucket;
  }
  Add(counters[kBuckets + bucket], 1);
  Add(counters[kNanoseconds], seconds > 0 ? static_cast<uint64_t>(seconds * 1e9) : 0);
}

void CallMetrics::Ran(uint32_t command, uint64_t count) {
  Add(ThreadCounters()[calls_.size() * kCallCounters + command], count);
}

std::vector<CallCounts> CallMetrics::SumCalls() const {
  std::vector<CallCounts> sums(calls_.size());
  absl::MutexLock lock(&blocks_->mu);
  for (const auto& block : blocks_->all) {
    const Counter* counter = block.get();
    for (CallCounts& sum : sums) {
      const auto take = [&counter] { return (counter++)->load(std::memory_order_relaxed); };
      sum.started += take();
      sum.nanoseconds += take();
      for (uint64_t& handled : sum.handled) {
        handled += take();
      }
      for (uint64_t& bucket : sum.buckets) {
        bucket += take();
      }
    }
  }
  return sums;
}

std::vector<uint64_t> CallMetrics::SumCommands() const {
  std::vector<uint64_t> sums(commands_.size());
  absl::MutexLock lock(&blocks_->mu);
  for (const auto& block : blocks_->all) {
    const Counter* counters = block.get() + calls_.size() * kCallCounters;
    for (size_t i = 0; i < sums.size(); ++i) {
      sums[i] += counters[i].load(std::memory_order_relaxed);
    }
  }
  return sums;
}

bool CallMetrics::HasCallsUnderWay() const {
  uint64_t started = 0;
  uint64_t ended = 0;
  for (const CallCounts& call : SumCalls()) {
    started += call.started;
    ended = std::accumulate(call.handled.begin(), call.handled.end(), ended);
  }
  return started > ended;
}

size_t CallMetrics::block_count() const {
  absl::MutexLock lock(&blocks_->mu);
  return blocks_->all.size();
}

}  // namespace kvick::server
