#include "server/rpc/grpc_log.h"

#include <grpcpp/version_info.h>

#include <cstdlib>

#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 66
#include <grpc/support/log.h>

#include <atomic>
#include <chrono>

#include "fmt/format.h"
#include "server/config/log.h"

namespace kvick::server {
namespace {

constexpr int kLinesPerSecond = 5;

std::atomic<int64_t> current_second{0};
std::atomic<int> lines_in_second{0};

// True for the first few lines of each second.
bool MayLog() {
  const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                          std::chrono::steady_clock::now().time_since_epoch())
                          .count();
  if (current_second.exchange(now, std::memory_order_relaxed) != now) {
    lines_in_second.store(0, std::memory_order_relaxed);
  }
  return lines_in_second.fetch_add(1, std::memory_order_relaxed) < kLinesPerSecond;
}

// gRPC calls an error what may be a client's doing, so that none is more than a warning here.
void LogForGrpc(gpr_log_func_args* line) {
  const LogLevel level =
      line->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kWarning : LogLevel::kDebug;
  if (IsLogged(level) && MayLog()) {
    Log(level, "grpc",
        {{"detail", line->message}, {"source", fmt::format("{}:{}", line->file, line->line)}});
  }
}

}  // namespace

void RouteGrpcLog() { gpr_set_log_function(LogForGrpc); }

}  // namespace kvick::server

#else

namespace kvick::server {

void RouteGrpcLog() { setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0); }

}  // namespace kvick::server

#endif
