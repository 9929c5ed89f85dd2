// `kvick stat`: what the server does, a line for each interval.
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/cli/interrupts.h"
#include "client/cli/session.h"
#include "client/cli/text.h"
#include "kvick/admin.h"

namespace kvick::cli {
namespace {

constexpr int kHeaderEvery = 20;

struct StatOptions {
  absl::Duration interval = absl::Seconds(1);
  int64_t count = 0;  // 0: until interrupted.
};

absl::StatusOr<StatOptions> ParseStat(const std::vector<std::string>& arguments) {
  StatOptions options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const size_t equals = arguments[i].find('=');
    const std::string flag = arguments[i].substr(0, equals);
    std::string value = equals == std::string::npos ? "" : arguments[i].substr(equals + 1);
    if (equals == std::string::npos && ++i < arguments.size()) value = arguments[i];
    if (flag == "--interval") {
      const auto interval = ParseDuration(value);
      if (!interval.ok()) return interval.status();
      options.interval = FromProto(*interval);
    } else if (flag != "--count" || !absl::SimpleAtoi(value, &options.count)) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", flag, " ", value, "` means nothing here"));
    }
  }
  if (options.interval < absl::Milliseconds(10) || options.count < 0) {
    return absl::InvalidArgumentError("the interval is 10ms or more, the count 0 or more");
  }
  return options;
}

std::string Bytes(int64_t bytes) {
  const char* const units[] = {"B", "Ki", "Mi", "Gi", "Ti"};
  double size = static_cast<double>(bytes);
  size_t unit = 0;
  for (; size >= 1000 && unit + 1 < std::size(units); ++unit) size /= 1024;
  return absl::StrFormat("%.*f%s", unit == 0 ? 0 : 1, size, units[unit]);
}

std::string Header() {
  return absl::StrFormat("%12s %11s %7s %9s %9s %8s %6s %6s %10s %8s %7s", "commands/s", "keys",
                         "hits", "data", "resident", "expired", "conns", "subs", "messages/s",
                         "dropped", "waiters");
}

std::string Row(const v1::AdminGetStatisticsResponse& now,
                const v1::AdminGetStatisticsResponse& before, double seconds) {
  const int64_t hits = now.hits() - before.hits();
  const int64_t reads = hits + now.misses() - before.misses();
  const std::string ratio = reads > 0
                                ? absl::StrFormat("%.1f%%", 100.0 * static_cast<double>(hits) /
                                                                static_cast<double>(reads))
                                : "-";
  return absl::StrFormat(
      "%12.0f %11d %7s %9s %9s %8d %6d %6d %10.0f %8d %7d",
      static_cast<double>(now.commands() - before.commands()) / seconds, now.keys(), ratio,
      Bytes(now.data_bytes()), Bytes(now.resident_bytes()),
      now.expired_keys() - before.expired_keys(), now.connections(), now.subscribers(),
      static_cast<double>(now.published_messages() - before.published_messages()) / seconds,
      now.dropped_messages() - before.dropped_messages(), now.waiters());
}

// A pause that Ctrl-C ends.
class Pause {
 public:
  void Interrupt() {
    std::lock_guard lock(mutex_);
    interrupted_ = true;
    condition_.notify_all();
  }
  // False when it was interrupted.
  bool For(absl::Duration duration) {
    std::unique_lock lock(mutex_);
    return !condition_.wait_for(lock, absl::ToChronoMilliseconds(duration),
                                [this] { return interrupted_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool interrupted_ = false;  // Guarded by mutex_.
};

}  // namespace

ExitCode RunStat(Session& session, const std::vector<std::string>& arguments) {
  const auto options = ParseStat(arguments);
  if (!options.ok()) {
    return session.UsageError(std::string(options.status().message()), FindProgram("stat")->usage);
  }
  const absl::StatusOr<Caller> caller = session.GetCaller();
  if (!caller.ok()) return session.CallError(caller.status());
  const AdminClient admin(*caller);
  auto before = admin.GetStatistics();
  if (!before.ok()) return session.CallError(before.status());
  absl::Time before_time = absl::Now();
  Pause pause;
  InterruptHandler interrupts([&] { pause.Interrupt(); });
  for (int64_t line = 0; options->count == 0 || line < options->count; ++line) {
    if (!pause.For(options->interval)) return kInterrupted;
    const auto now = admin.GetStatistics();
    if (!now.ok()) return session.CallError(now.status());
    const absl::Time time = absl::Now();
    if (session.style().json) {
      session.out() << ToJson(*now) << "\n";
    } else {
      if (line % kHeaderEvery == 0) session.out() << session.style().Bold(Header()) << "\n";
      session.out() << Row(*now, *before, absl::ToDoubleSeconds(time - before_time)) << "\n";
    }
    session.out().flush();
    if (!session.out()) break;
    before = now;
    before_time = time;
  }
  return kSuccess;
}

}  // namespace kvick::cli
