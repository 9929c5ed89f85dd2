// The table of docs/observability.md against the metrics that the server shows.
#include <gtest/gtest.h>

#include <string>

#include "server/metrics/exposition.h"
#include "tests/docs/page.h"

namespace kvick::server {
namespace {

std::string TypeName(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return "counter";
    case prometheus::MetricType::Histogram:
      return "histogram";
    default:
      return "gauge";
  }
}

std::string LabelNames(const prometheus::MetricFamily& family) {
  std::string names;
  if (!family.metric.empty()) {
    for (const auto& label : family.metric.front().label) {
      names += (names.empty() ? "`" : ", `") + label.name + "`";
    }
  }
  return names;
}

TEST(MetricsPageTest, TableIsWhatTheServerShows) {
  CallMetrics calls;
  calls.AddCall({"kvick.v1.StringService", "Get", CallKind::kUnary});
  calls.AddCommand("StringService.Get");
  const Exposition exposition(&calls, [] { return ServerStatistics(); },
                              {{"version", ""}, {"grpc_version", ""}});
  std::string table = "| metric | type | labels | meaning |\n|---|---|---|---|\n";
  for (const auto& family : exposition.Collect()) {
    table += "| `" + family.name + "` | " + TypeName(family.type) + " | " + LabelNames(family) +
             " | " + family.help + " |\n";
  }
  testing::ExpectPart("docs/observability.md", "metrics", table);
}

}  // namespace
}  // namespace kvick::server
