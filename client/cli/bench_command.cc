// `kvick bench`: options, and the result as a table or JSON.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/bench/load.h"
#include "client/cli/session.h"
#include "client/cli/text.h"
#include "storage/base/status_macros.h"

namespace kvick::cli {
namespace {

// What CLI11 fills in before it is checked.
struct Raw {
  bench::LoadOptions load;
  std::string duration = "10s";
  std::string warmup = "1s";
  std::string expiry;
  bool no_prefill = false;
};

std::unique_ptr<CLI::App> MakeApp(Raw* raw) {
  auto app = std::make_unique<CLI::App>();
  app->set_help_flag();
  bench::LoadOptions& load = raw->load;
  app->add_flag("--pipeline", load.pipeline, "pipelines instead of unary calls");
  app->add_option("--connections", load.connections, "connections [10]");
  app->add_option("--concurrency", load.concurrency, "calls at a time on each connection [1]");
  app->add_option("--depth", load.depth, "operations in a frame of a pipeline [100]");
  app->add_option("--frames", load.frames, "frames on their way on each pipeline [2]");
  app->add_option("--threads", load.threads, "threads of the load [1]");
  app->add_flag("--spin", load.spin,
                "threads of the load stay on their processors while they wait");
  app->add_option("--set-ratio", load.set_ratio, "share of Set, the others are Get, 0 to 1 [0.5]");
  app->add_option("--keys", load.keys, "different keys [100000]");
  app->add_option("--key-size", load.key_bytes, "bytes of a key [16]");
  app->add_option("--value-size", load.value_bytes, "bytes of a value [64]");
  app->add_option("--duration", raw->duration, "how long to measure [10s]");
  app->add_option("--count", load.count, "operations to make, instead of a duration");
  app->add_option("--warmup", raw->warmup, "how long to run before the measurement [1s]");
  app->add_option("--expiry", raw->expiry, "what a Set lets its key live, instead of for ever");
  app->add_flag("--no-prefill", raw->no_prefill, "do not set every key before");
  app->add_option("--seed", load.seed, "what random choices start from [1]");
  return app;
}

absl::StatusOr<bench::LoadOptions> ParseBench(std::vector<std::string> arguments) {
  Raw raw;
  try {
    std::reverse(arguments.begin(), arguments.end());  // As CLI11 wants them.
    MakeApp(&raw)->parse(arguments);
  } catch (const CLI::Error& error) {
    return absl::InvalidArgumentError(error.what());
  }
  ASSIGN_OR_RETURN(const auto duration, ParseDuration(raw.duration));
  ASSIGN_OR_RETURN(const auto warmup, ParseDuration(raw.warmup));
  raw.load.duration = FromProto(duration);
  raw.load.warmup = FromProto(warmup);
  if (!raw.expiry.empty()) {
    ASSIGN_OR_RETURN(const auto expiry, ParseDuration(raw.expiry));
    raw.load.expiry = FromProto(expiry);
  }
  raw.load.prefill = !raw.no_prefill;
  RETURN_IF_ERROR(raw.load.Check());
  return raw.load;
}

double Microseconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1000; }

void PrintText(const bench::LoadOptions& load, const bench::LoadResult& result, Session& session) {
  std::ostream& out = session.out();
  out << absl::StrFormat("%s, %d connections x %d", load.pipeline ? "pipeline" : "unary",
                         load.connections, load.concurrency);
  if (load.pipeline) out << absl::StrFormat(", %d x %d operations", load.frames, load.depth);
  out << absl::StrFormat(", %.0f%% Set, %d keys of %d bytes, values of %d bytes\n",
                         load.set_ratio * 100, load.keys, load.key_bytes, load.value_bytes);
  out << session.style().Bold(absl::StrFormat("%.0f operations/s", result.OperationsPerSecond()))
      << absl::StrFormat("  (%d in %s, %d failed)\n", result.operations,
                         absl::FormatDuration(result.elapsed), result.errors);
  out << "latency in microseconds\n";
  out << absl::StrFormat("  min %10.1f\n  mean%10.1f\n", Microseconds(result.latency.minimum()),
                         result.latency.Mean() / 1000);
  for (const double percent : {50.0, 90.0, 99.0, 99.9, 99.99}) {
    out << absl::StrFormat("  p%-6g%7.1f\n", percent,
                           Microseconds(result.latency.Percentile(percent)));
  }
  out << absl::StrFormat("  max %10.1f\n", Microseconds(result.latency.maximum()));
}

void PrintJson(const bench::LoadOptions& load, const bench::LoadResult& result, std::ostream& out) {
  out << absl::StrFormat(
      "{\"mode\":\"%s\",\"connections\":%d,\"concurrency\":%d,\"depth\":%d,\"frames\":%d,"
      "\"threads\":%d,\"set_ratio\":%g,\"keys\":%d,\"key_size\":%d,\"value_size\":%d,",
      load.pipeline ? "pipeline" : "unary", load.connections, load.concurrency,
      load.pipeline ? load.depth : 1, load.pipeline ? load.frames : 1, load.threads, load.set_ratio,
      load.keys, load.key_bytes, load.value_bytes);
  out << absl::StrFormat(
      "\"operations\":%d,\"errors\":%d,\"seconds\":%.6f,\"operations_per_second\":%.1f,"
      "\"latency_us\":{\"min\":%.3f,\"mean\":%.3f",
      result.operations, result.errors, absl::ToDoubleSeconds(result.elapsed),
      result.OperationsPerSecond(), Microseconds(result.latency.minimum()),
      result.latency.Mean() / 1000);
  for (const double percent : {50.0, 90.0, 99.0, 99.9, 99.99}) {
    out << absl::StrFormat(",\"p%g\":%.3f", percent,
                           Microseconds(result.latency.Percentile(percent)));
  }
  out << absl::StrFormat(",\"max\":%.3f}}\n", Microseconds(result.latency.maximum()));
}

}  // namespace

std::string BenchHelp() {
  Raw raw;
  const auto app = MakeApp(&raw);
  std::string help = "A closed loop: every call waits for its answer before the next.\n\n";
  for (const CLI::Option* option : app->get_options()) {
    absl::StrAppendFormat(&help, "  %-16s%s\n", option->get_name(), option->get_description());
  }
  return help;
}

std::vector<std::string> BenchFlags() {
  Raw raw;
  const auto app = MakeApp(&raw);
  std::vector<std::string> flags;
  for (const CLI::Option* option : app->get_options()) {
    flags.push_back(option->get_name());
  }
  return flags;
}

ExitCode RunBench(Session& session, const std::vector<std::string>& arguments) {
  auto load = ParseBench(arguments);
  if (!load.ok()) {
    return session.UsageError(std::string(load.status().message()), FindProgram("bench")->usage);
  }
  load->client = session.settings().client;
  const auto result = bench::RunLoad(*load);
  if (!result.ok()) return session.CallError(result.status());
  if (session.style().json) {
    PrintJson(*load, *result, session.out());
  } else {
    PrintText(*load, *result, session);
  }
  if (result->errors == 0) return kSuccess;
  session.errors() << session.style().Red("first error") << ": " << result->first_error << "\n";
  return kFailed;
}

}  // namespace kvick::cli
