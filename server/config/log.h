// The server's log: one line per event on standard error, with its level, the time in UTC, a
// message and facts by name; as text or as JSON.
//
//   Log(LogLevel::kInfo, "ready", {{"grpc", "127.0.0.1:5825"}});
//   2030-01-02T03:04:05.678Z info ready grpc=127.0.0.1:5825
//   {"time":"2030-01-02T03:04:05.678Z","level":"info","message":"ready","grpc":"127.0.0.1:5825"}
#ifndef KVICK_SERVER_CONFIG_LOG_H_
#define KVICK_SERVER_CONFIG_LOG_H_

#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace kvick::server {

// From the least important up.
enum class LogLevel { kDebug, kInfo, kWarning, kError };
// How a line is written.
enum class LogFormat { kText, kJson };

// "debug", "info", "warning", "error".
absl::StatusOr<LogLevel> ParseLogLevel(std::string_view name);
// "text", "json".
absl::StatusOr<LogFormat> ParseLogFormat(std::string_view name);

// Facts of an event: name, value. Names are our own: lower case and underscores.
using LogFields = std::vector<std::pair<std::string_view, std::string>>;

// Sets up the log of the process; before it, Log writes text from kInfo up to standard error. Call
// before other threads log. `output`: for tests, instead of standard error; kept until the next
// call.
void StartLog(LogFormat format, LogLevel least, std::ostream* output = nullptr);

// True when lines of this level are written.
bool IsLogged(LogLevel level);
// Writes a line. Thread safe. Any text may stand in message and values: it stays one line.
void Log(LogLevel level, std::string_view message, const LogFields& fields = {});

// The part of a JSON line after time and level; what Log writes. For tests.
std::string JsonLogText(std::string_view message, const LogFields& fields);
// The part of a text line after time and level.
std::string PlainLogText(std::string_view message, const LogFields& fields);

}  // namespace kvick::server

#endif  // KVICK_SERVER_CONFIG_LOG_H_
