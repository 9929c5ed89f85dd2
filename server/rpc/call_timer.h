// CallTimer: counts one call of gRPC from its start to its end.
#ifndef KVICK_SERVER_RPC_CALL_TIMER_H_
#define KVICK_SERVER_RPC_CALL_TIMER_H_

#include <chrono>
#include <cstdint>

#include "absl/status/status.h"
#include "server/metrics/call_metrics.h"

namespace kvick::server {

class CallTimer {
 public:
  CallTimer(CallMetrics& metrics, uint32_t call)
      : metrics_(metrics), call_(call), start_(std::chrono::steady_clock::now()) {
    metrics_.Started(call_);
  }
  // Call once.
  void Finish(absl::StatusCode code) const {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
    metrics_.Handled(call_, static_cast<int>(code), took.count());
  }

 private:
  CallMetrics& metrics_;
  const uint32_t call_;
  const std::chrono::steady_clock::time_point start_;
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_CALL_TIMER_H_
