// What the server holds and has done, gathered when somebody asks: /metrics and
// AdminService.GetStatistics show the same figures.
#ifndef KVICK_SERVER_METRICS_SERVER_STATISTICS_H_
#define KVICK_SERVER_METRICS_SERVER_STATISTICS_H_

#include <cstdint>
#include <functional>

namespace kvick::server {

// Counters count from the start of the server; all else is what is now. Sizes are bytes.
struct ServerStatistics {
  double uptime_seconds = 0;

  uint64_t keys = 0;
  uint64_t keys_with_expiry = 0;
  uint64_t data_bytes = 0;      // keys and values
  uint64_t index_bytes = 0;     // tables that find them
  uint64_t unfreed_bytes = 0;   // deleted, and not yet freed
  uint64_t resident_bytes = 0;  // of the process
  uint64_t max_memory_bytes = 0;
  uint64_t expired = 0;       // counter
  uint64_t hits = 0;          // counter
  uint64_t misses = 0;        // counter
  uint64_t last_version = 0;  // counter: the version of the last write

  uint64_t connections = 0;
  uint64_t accepted_connections = 0;  // counter
  uint64_t refused_connections = 0;   // counter: over max_connections
  uint64_t shut_connections = 0;      // counter: over max_unread_bytes
  uint64_t unread_bytes = 0;          // of answers that clients have not taken

  uint64_t subscribers = 0;
  uint64_t channels = 0;            // with subscribers
  uint64_t published_messages = 0;  // counter
  uint64_t delivered_messages = 0;  // counter: for each receiver
  uint64_t dropped_messages = 0;    // counter: because a subscriber was slow
  uint64_t buffered_bytes = 0;      // of messages, for subscribers that have yet to take them
  uint64_t message_bytes = 0;       // what they take: shared ones count once
  uint64_t waiters = 0;             // calls that wait for an element
};

// Fills in the statistics; called from any thread.
using StatisticsSource = std::function<ServerStatistics()>;

}  // namespace kvick::server

#endif  // KVICK_SERVER_METRICS_SERVER_STATISTICS_H_
