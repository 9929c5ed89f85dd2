// Metrics as Prometheus sees them: the counts of calls and the statistics of the server.
#ifndef KVICK_SERVER_METRICS_EXPOSITION_H_
#define KVICK_SERVER_METRICS_EXPOSITION_H_

#include <map>
#include <string>
#include <vector>

#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"
#include "server/metrics/call_metrics.h"
#include "server/metrics/server_statistics.h"

namespace kvick::server {

// Makes the families anew for each scrape. Thread safe.
class Exposition : public prometheus::Collectable {
 public:
  // `calls` outlives this. `build`: labels of kvick_build_info, like the version.
  Exposition(const CallMetrics* calls, StatisticsSource source,
             std::map<std::string, std::string> build);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  void AddCalls(std::vector<prometheus::MetricFamily>* families) const;
  void AddCommands(std::vector<prometheus::MetricFamily>* families) const;
  void AddStatistics(std::vector<prometheus::MetricFamily>* families) const;

  const CallMetrics* const calls_;
  const StatisticsSource source_;
  const std::map<std::string, std::string> build_;
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_METRICS_EXPOSITION_H_
