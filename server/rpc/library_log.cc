#include "server/rpc/library_log.h"

#include <google/protobuf/message.h>
#include <grpcpp/version_info.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "server/config/log.h"

#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 66
#include <grpc/support/log.h>
#endif
#if GOOGLE_PROTOBUF_VERSION < 4022000
#include <google/protobuf/stubs/logging.h>
#else
#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/log/initialize.h"
#include "absl/log/log_entry.h"
#include "absl/log/log_sink.h"
#include "absl/log/log_sink_registry.h"
#endif

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

[[maybe_unused]] void LogForLibrary(LogLevel level, std::string_view library, std::string detail,
                                    const char* file, int line) {
  if (IsLogged(level) && MayLog()) {
    Log(level, library,
        {{"detail", std::move(detail)}, {"source", fmt::format("{}:{}", file, line)}});
  }
}

#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 66
// gRPC calls an error what may be a client's doing, so that none is more than a warning here.
void LogForGrpc(gpr_log_func_args* line) {
  LogForLibrary(line->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kWarning : LogLevel::kDebug,
                "grpc", line->message, line->file, line->line);
}

void RouteGrpcLog() { gpr_set_log_function(LogForGrpc); }
#else  // it logs by Abseil
void RouteGrpcLog() { setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0); }
#endif

#if GOOGLE_PROTOBUF_VERSION < 4022000
// Its errors are requests that are not UTF-8, whose senders are told. What is fatal ends the
// process when this returns.
void LogForProtobuf(google::protobuf::LogLevel level, const char* file, int line,
                    const std::string& message) {
  LogForLibrary(level == google::protobuf::LOGLEVEL_FATAL ? LogLevel::kError : LogLevel::kDebug,
                "protobuf", message, file, line);
}

void RouteProtobufLog() { google::protobuf::SetLogHandler(LogForProtobuf); }
#else  // it logs by Abseil, and newer versions of gRPC do too
class AbseilLog final : public absl::LogSink {
 public:
  void Send(const absl::LogEntry& entry) override {
    LogForLibrary(
        entry.log_severity() == absl::LogSeverity::kFatal ? LogLevel::kError : LogLevel::kDebug,
        "abseil", std::string(entry.text_message()), std::string(entry.source_filename()).c_str(),
        entry.source_line());
  }
};

void RouteProtobufLog() {
  absl::InitializeLog();
  absl::SetStderrThreshold(absl::LogSeverityAtLeast::kInfinity);
  absl::AddLogSink(new AbseilLog);  // until the process ends
}
#endif

}  // namespace

void RouteLibraryLogs() {
  static std::once_flag once;
  std::call_once(once, [] {
    RouteGrpcLog();
    RouteProtobufLog();
  });
}

}  // namespace kvick::server
