#include "server/metrics/exposition.h"

#include <string_view>
#include <utility>

namespace kvick::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

MetricFamily Family(std::string_view name, std::string_view help, MetricType type) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

void AddSample(MetricFamily* family, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (family->type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family->metric.push_back(std::move(metric));
}

std::string_view KindName(CallKind kind) {
  switch (kind) {
    case CallKind::kUnary:
      return "unary";
    case CallKind::kClientStream:
      return "client_stream";
    case CallKind::kServerStream:
      return "server_stream";
    case CallKind::kBidiStream:
      return "bidi_stream";
  }
  return "";
}

Labels CallLabels(const CallName& name) {
  return {{"grpc_type", std::string(KindName(name.kind))},
          {"grpc_service", name.service},
          {"grpc_method", name.method}};
}

ClientMetric Durations(const CallName& name, const CallCounts& counts) {
  ClientMetric metric;
  metric.label = CallLabels(name);
  uint64_t total = 0;
  for (size_t i = 0; i < kCallSeconds.size(); ++i) {
    total += counts.buckets[i];
    metric.histogram.bucket.push_back({total, kCallSeconds[i]});
  }
  // The bucket +Inf is made by the serializer from the count.
  metric.histogram.sample_count = total + counts.buckets.back();
  metric.histogram.sample_sum = static_cast<double>(counts.nanoseconds) * 1e-9;
  return metric;
}

// A statistic that is one number.
struct Statistic {
  std::string_view name;
  MetricType type;
  uint64_t ServerStatistics::*field;
  std::string_view help;
};

constexpr MetricType kGauge = MetricType::Gauge;
constexpr MetricType kCounter = MetricType::Counter;

constexpr Statistic kStatistics[] = {
    {"kvick_keys", kGauge, &ServerStatistics::keys,
     "Keys, expired ones that are not yet removed included."},
    {"kvick_keys_with_expiry", kGauge, &ServerStatistics::keys_with_expiry, "Keys with an expiry."},
    {"kvick_memory_limit_bytes", kGauge, &ServerStatistics::max_memory_bytes,
     "The limit of memory for keys and values, in bytes."},
    {"kvick_expired_keys_total", kCounter, &ServerStatistics::expired, "Keys that expired."},
    {"kvick_key_hits_total", kCounter, &ServerStatistics::hits, "Reads that found their key."},
    {"kvick_key_misses_total", kCounter, &ServerStatistics::misses,
     "Reads that did not find their key."},
    {"kvick_last_version", kGauge, &ServerStatistics::last_version,
     "The version of the last write."},
    {"kvick_connections", kGauge, &ServerStatistics::connections, "Connections of clients."},
    {"kvick_connections_accepted_total", kCounter, &ServerStatistics::accepted_connections,
     "Connections of clients that were accepted."},
    {"kvick_connections_refused_total", kCounter, &ServerStatistics::refused_connections,
     "Connections of clients that were refused because there were max_connections."},
    {"kvick_connections_shut_total", kCounter, &ServerStatistics::shut_connections,
     "Connections that were closed because answers over max_unread_bytes were unread."},
    {"kvick_unread_bytes", kGauge, &ServerStatistics::unread_bytes,
     "Bytes of answers that clients have not taken; small answers are not counted."},
    {"kvick_subscribers", kGauge, &ServerStatistics::subscribers, "Subscriptions."},
    {"kvick_channels", kGauge, &ServerStatistics::channels, "Channels with subscribers."},
    {"kvick_messages_published_total", kCounter, &ServerStatistics::published_messages,
     "Messages published."},
    {"kvick_messages_delivered_total", kCounter, &ServerStatistics::delivered_messages,
     "Messages delivered, counted for each receiver."},
    {"kvick_messages_dropped_total", kCounter, &ServerStatistics::dropped_messages,
     "Messages dropped because a subscriber was slow."},
    {"kvick_subscriber_buffer_bytes", kGauge, &ServerStatistics::buffered_bytes,
     "Bytes of messages that subscribers have yet to take."},
    {"kvick_subscriber_message_bytes", kGauge, &ServerStatistics::message_bytes,
     "Memory of messages that subscribers have yet to take, each counted once."},
    {"kvick_waiters", kGauge, &ServerStatistics::waiters, "Calls that wait for an element."},
};

MetricFamily Memory(const ServerStatistics& statistics) {
  MetricFamily family = Family(
      "kvick_memory_bytes",
      "Memory in bytes by class: data (keys and values), index (tables that find them), unfreed "
      "(deleted, not yet freed), resident (the whole process; contains the others).",
      kGauge);
  AddSample(&family, {{"class", "data"}}, static_cast<double>(statistics.data_bytes));
  AddSample(&family, {{"class", "index"}}, static_cast<double>(statistics.index_bytes));
  AddSample(&family, {{"class", "unfreed"}}, static_cast<double>(statistics.unfreed_bytes));
  AddSample(&family, {{"class", "resident"}}, static_cast<double>(statistics.resident_bytes));
  return family;
}

}  // namespace

Exposition::Exposition(const CallMetrics* calls, StatisticsSource source,
                       std::map<std::string, std::string> build)
    : calls_(calls), source_(std::move(source)), build_(std::move(build)) {}

std::vector<MetricFamily> Exposition::Collect() const {
  std::vector<MetricFamily> families;
  AddCalls(&families);
  AddCommands(&families);
  AddStatistics(&families);
  return families;
}

void Exposition::AddCalls(std::vector<MetricFamily>* families) const {
  MetricFamily started =
      Family("grpc_server_started_total", "Calls that the server began to handle.", kCounter);
  MetricFamily handled =
      Family("grpc_server_handled_total",
             "Calls that the server finished, by code, whatever it was.", kCounter);
  MetricFamily seconds = Family("grpc_server_handling_seconds",
                                "How long calls took from their begin to their end, in seconds.",
                                MetricType::Histogram);
  const std::vector<CallCounts> sums = calls_->SumCalls();
  for (size_t i = 0; i < sums.size(); ++i) {
    const CallName& name = calls_->calls()[i];
    AddSample(&started, CallLabels(name), static_cast<double>(sums[i].started));
    for (size_t code = 0; code < kCallCodes; ++code) {
      // OK is there from the start, so that its rate is right from the first call on; the many
      // others come with their first call.
      if (code == 0 || sums[i].handled[code] != 0) {
        Labels labels = CallLabels(name);
        labels.push_back({"grpc_code", std::string(CallCodeName(code))});
        AddSample(&handled, std::move(labels), static_cast<double>(sums[i].handled[code]));
      }
    }
    seconds.metric.push_back(Durations(name, sums[i]));
  }
  families->push_back(std::move(started));
  families->push_back(std::move(handled));
  families->push_back(std::move(seconds));
}

void Exposition::AddCommands(std::vector<MetricFamily>* families) const {
  MetricFamily commands = Family("kvick_commands_total",
                                 "Commands run, by calls of their own and in pipelines.", kCounter);
  const std::vector<uint64_t> sums = calls_->SumCommands();
  for (size_t i = 0; i < sums.size(); ++i) {
    AddSample(&commands, {{"command", calls_->commands()[i]}}, static_cast<double>(sums[i]));
  }
  families->push_back(std::move(commands));
}

void Exposition::AddStatistics(std::vector<MetricFamily>* families) const {
  const ServerStatistics statistics = source_();
  families->push_back(Memory(statistics));
  for (const Statistic& statistic : kStatistics) {
    MetricFamily family = Family(statistic.name, statistic.help, statistic.type);
    AddSample(&family, {}, static_cast<double>(statistics.*statistic.field));
    families->push_back(std::move(family));
  }
  MetricFamily uptime = Family("kvick_uptime_seconds", "Seconds since the server started.", kGauge);
  AddSample(&uptime, {}, statistics.uptime_seconds);
  families->push_back(std::move(uptime));
  MetricFamily build = Family("kvick_build_info", "Always 1; the labels say what runs.", kGauge);
  Labels labels;
  for (const auto& [name, value] : build_) {
    labels.push_back({name, value});
  }
  AddSample(&build, std::move(labels), 1);
  families->push_back(std::move(build));
}

}  // namespace kvick::server
