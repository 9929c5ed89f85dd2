#include "server/config/log.h"

#include <atomic>
#include <memory>

#include "absl/synchronization/mutex.h"
#include "fmt/format.h"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace kvick::server {
namespace {

struct Logger {
  explicit Logger(LogFormat format, LogLevel least, std::ostream* output);

  const LogFormat format;
  spdlog::logger log;
};

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::sink_ptr MakeSink(std::ostream* output) {
  if (output != nullptr) {
    return std::make_shared<spdlog::sinks::ostream_sink_mt>(*output, /*force_flush=*/true);
  }
  return std::make_shared<spdlog::sinks::stderr_sink_mt>();
}

Logger::Logger(LogFormat log_format, LogLevel least, std::ostream* output)
    : format(log_format), log("kvick", MakeSink(output)) {
  const char* pattern = format == LogFormat::kJson
                            ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                            : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
  log.set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, "\n"));
  log.set_level(SpdlogLevel(least));
  log.flush_on(spdlog::level::debug);
}

std::atomic<Logger*> current_logger{nullptr};

// Makes a logger that is never freed, since threads may log until the process ends; it stays
// reachable, so that no leak is seen in it.
Logger* NewLogger(LogFormat format, LogLevel least, std::ostream* output) {
  static absl::Mutex* const mu = new absl::Mutex;
  static auto* const all = new std::vector<std::unique_ptr<Logger>>;
  absl::MutexLock lock(mu);
  return all->emplace_back(std::make_unique<Logger>(format, least, output)).get();
}

Logger& CurrentLogger() {
  Logger* logger = current_logger.load(std::memory_order_acquire);
  if (logger == nullptr) {
    static Logger* const initial = NewLogger(LogFormat::kText, LogLevel::kInfo, nullptr);
    logger = initial;
  }
  return *logger;
}

// The length of the valid UTF-8 sequence at the start of `text`, or 0.
size_t SequenceLength(std::string_view text) {
  const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) {
    return 0;
  }
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) {
      return 0;
    }
  }
  // Longer than needed, halves of surrogate pairs, beyond U+10FFFF.
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) ||
      (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f)) {
    return 0;
  }
  return length;
}

// Appends a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
void AppendJson(std::string_view text, std::string* out) {
  *out += '"';
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) {
      *out += "\\ufffd";
    } else if (text[0] == '"' || text[0] == '\\') {
      *out += '\\';
      *out += text[0];
    } else if (text[0] == '\n') {
      *out += "\\n";
    } else if (length == 1 && (static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7f)) {
      *out += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[0]));
    } else {
      *out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  *out += '"';
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty()) {
    return true;
  }
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '"' || c == '=' || c == '\\') {
      return true;
    }
  }
  return false;
}

bool HasControl(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return true;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<LogLevel> ParseLogLevel(std::string_view name) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    const auto text = spdlog::level::to_string_view(SpdlogLevel(level));
    if (std::string_view(text.data(), text.size()) == name) {
      return level;
    }
  }
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is no log level; give debug, info, warning or error", name));
}

absl::StatusOr<LogFormat> ParseLogFormat(std::string_view name) {
  if (name == "text") {
    return LogFormat::kText;
  }
  if (name == "json") {
    return LogFormat::kJson;
  }
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is no log format; give text or json", name));
}

void StartLog(LogFormat format, LogLevel least, std::ostream* output) {
  current_logger.store(NewLogger(format, least, output), std::memory_order_release);
}

bool IsLogged(LogLevel level) { return CurrentLogger().log.should_log(SpdlogLevel(level)); }

void Log(LogLevel level, std::string_view message, const LogFields& fields) {
  Logger& logger = CurrentLogger();
  if (!logger.log.should_log(SpdlogLevel(level))) {
    return;
  }
  const std::string text = logger.format == LogFormat::kJson ? JsonLogText(message, fields)
                                                             : PlainLogText(message, fields);
  logger.log.log(SpdlogLevel(level), spdlog::string_view_t(text.data(), text.size()));
}

std::string JsonLogText(std::string_view message, const LogFields& fields) {
  std::string text = "\"message\":";
  AppendJson(message, &text);
  for (const auto& [name, value] : fields) {
    text += ',';
    AppendJson(name, &text);
    text += ':';
    AppendJson(value, &text);
  }
  return text;
}

std::string PlainLogText(std::string_view message, const LogFields& fields) {
  std::string text;
  if (HasControl(message)) {
    AppendJson(message, &text);
  } else {
    text += message;
  }
  for (const auto& [name, value] : fields) {
    text += fmt::format(" {}=", name);
    if (NeedsQuotes(value)) {
      AppendJson(value, &text);
    } else {
      text += value;
    }
  }
  return text;
}

}  // namespace kvick::server
