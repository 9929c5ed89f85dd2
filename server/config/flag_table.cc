#include "server/config/flag_table.h"

#include <limits>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "server/config/units.h"
#include "storage/base/status_macros.h"
#include "storage/base/strings.h"

namespace kvick::server {
namespace {

constexpr int64_t kKi = 1024;
constexpr int64_t kMi = 1024 * kKi;
constexpr int64_t kGi = 1024 * kMi;
constexpr int64_t kMillion = 1'000'000;
constexpr int64_t kNoMaximum = std::numeric_limits<int64_t>::max();
// gRPC takes milliseconds as an int.
constexpr int64_t kSecondMs = 1000;
constexpr int64_t kWeekMs = 7 * 24 * 3600 * kSecondMs;

constexpr Flag kServing[] = {
    {"config", FlagKind::kText, &Config::config,
     "A file with a line `name: value` for each setting; # begins a comment. Not allowed in the "
     "file itself."},
    {"listen", FlagKind::kText, &Config::listen,
     "Where the gRPC API listens: host:port, several separated by commas. IPv6 in brackets, "
     "[::1]:5825. Port 0 takes a free one. An address other than loopback needs tls_cert and "
     "tls_key, or allow_plaintext."},
    {"http_listen", FlagKind::kText, &Config::http_listen,
     "Where HTTP answers /metrics, /livez and /readyz: host:port, several separated by commas, "
     "port 0 for a free one; empty for none. It is plain HTTP on any address and shows no data of "
     "clients."},
    {"address_file", FlagKind::kText, &Config::address_file,
     "A file to write the chosen addresses to once the server is ready, `grpc=host:port` and "
     "`http=host:port`, a line for each."},
    {"transport", FlagKind::kChoice, &Config::transport, "What carries the calls.", 0, 0, "grpcpp"},
    {"threads", FlagKind::kCount, &Config::threads,
     "Threads that carry calls. 0, the only value of transport grpcpp, leaves it to the transport, "
     "which goes by the number of cores.",
     0, 1024},
    {"drain_timeout", FlagKind::kDuration, &Config::drain_timeout,
     "How long calls may take to finish after SIGTERM or SIGINT before they are cancelled.", 0,
     3600 * kSecondMs},
};

constexpr Flag kKeyspace[] = {
    {"max_memory", FlagKind::kBytes, &Config::max_memory,
     "Memory for keys and values; a write that needs more is refused. 0: half of the machine's (or "
     "the container's) memory.",
     0, kNoMaximum},
    {"shards", FlagKind::kCount, &Config::shards,
     "Parts of the keyspace that are locked one by one; a power of two.", 1, 16384},
    {"data_dir", FlagKind::kText, &Config::data_dir,
     "Must be empty: this version keeps data in memory only."},
    {"fsync", FlagKind::kChoice, &Config::fsync,
     "When writes are on the disk before they are answered: none, as data is in memory only.", 0, 0,
     "none"},
    {"fsync_interval", FlagKind::kDuration, &Config::fsync_interval,
     "Without effect while fsync is none.", 1, 3600 * kSecondMs},
    {"snapshot_schedule", FlagKind::kText, &Config::snapshot_schedule,
     "Must be empty: this version writes no snapshots."},
};

constexpr Flag kSecurity[] = {
    {"tls_cert", FlagKind::kText, &Config::tls_cert,
     "The PEM file of the server's certificate and those that lead from it to its authority. Goes "
     "with tls_key. A changed file is picked up without a restart."},
    {"tls_key", FlagKind::kText, &Config::tls_key,
     "The PEM file of the certificate's private key."},
    {"tls_client_ca", FlagKind::kText, &Config::tls_client_ca,
     "The PEM file of the authorities that sign clients' certificates. Clients without such a "
     "certificate are refused when it is given."},
    {"allow_plaintext", FlagKind::kSwitch, &Config::allow_plaintext,
     "Allows the gRPC API without TLS on addresses that are not loopback: anyone on the network "
     "can then read and change everything."},
};

constexpr Flag kLimits[] = {
    {"max_key_bytes", FlagKind::kBytes, &Config::max_key_bytes,
     "The longest key, hash field, channel or other name.", 1, 16 * kMi},
    {"max_value_bytes", FlagKind::kBytes, &Config::max_value_bytes, "The largest value.", 1, kGi},
    {"max_reply_bytes", FlagKind::kBytes, &Config::max_reply_bytes,
     "The largest answer of a call that does not stream.", kKi, kGi},
    {"max_unread_bytes", FlagKind::kBytes, &Config::max_unread_bytes,
     "Answers of 4 KiB and more that clients have not taken yet, in all; at least two of "
     "max_reply_bytes. Over that, connections are closed: of clients that take nothing first, and "
     "of these those with most. 0: an eighth of max_memory, and four of the largest answers at "
     "least.",
     0, kNoMaximum},
    {"max_message_bytes", FlagKind::kBytes, &Config::max_message_bytes,
     "The largest request message; at least max_value_bytes. 0: max_value_bytes and 1Mi.", 0,
     2 * kGi - 1},
    {"max_metadata_bytes", FlagKind::kBytes, &Config::max_metadata_bytes,
     "The most metadata (headers) that a call may bring.", kKi, 16 * kMi},
    {"max_connections", FlagKind::kCount, &Config::max_connections,
     "Connections of clients at one time. Each takes two file descriptors. Further ones are told "
     "RESOURCE_EXHAUSTED, TOO_MANY_CONNECTIONS, or closed.",
     1, kMillion},
    {"max_concurrent_streams", FlagKind::kCount, &Config::max_concurrent_streams,
     "Calls that a connection may have under way; clients hold further ones back.", 1, kMillion},
    {"max_waiters", FlagKind::kCount, &Config::max_waiters,
     "Calls that may wait for an element at one time; what they keep is limited to 2 KiB for each.",
     0, 100 * kMillion},
    {"max_subscribers", FlagKind::kCount, &Config::max_subscribers, "Subscriptions at one time.", 0,
     100 * kMillion},
    {"max_subscriber_bytes", FlagKind::kBytes, &Config::max_subscriber_bytes,
     "The most that one subscription may ask to have buffered.", kKi, 16 * kGi},
    {"max_published_bytes", FlagKind::kBytes, &Config::max_published_bytes,
     "Messages that subscribers have yet to read, in all, however many subscribers share one; over "
     "that, the buffer of each subscription is cut to an even share. 0: an eighth of max_memory, "
     "and four of max_subscriber_bytes at least.",
     0, kNoMaximum},
    {"grpc_memory_quota", FlagKind::kBytes, &Config::grpc_memory_quota,
     "Memory that gRPC may take for calls under way before it refuses more. 0: a quarter of the "
     "machine's (or the container's) memory, and four of the largest messages at least.",
     0, kNoMaximum},
};

constexpr Flag kConnections[] = {
    {"handshake_timeout", FlagKind::kDuration, &Config::handshake_timeout,
     "How long a new connection may take for TLS and the first words of HTTP/2 before it is "
     "closed.",
     100, 600 * kSecondMs},
    {"keepalive_time", FlagKind::kDuration, &Config::keepalive_time,
     "How long a connection may be silent before the server sends a ping.", kSecondMs, kWeekMs},
    {"keepalive_timeout", FlagKind::kDuration, &Config::keepalive_timeout,
     "How long the server waits for the answer to its ping before it closes the connection.",
     kSecondMs, kWeekMs},
    {"keepalive_min_client_interval", FlagKind::kDuration, &Config::keepalive_min_client_interval,
     "The shortest time between pings of a client, with calls under way or without; one that "
     "pings more often is disconnected.",
     0, kWeekMs},
    {"max_connection_age", FlagKind::kDuration, &Config::max_connection_age,
     "How long a connection may live before its client is asked to make a new one. 0: for ever.", 0,
     kWeekMs},
    {"max_connection_age_grace", FlagKind::kDuration, &Config::max_connection_age_grace,
     "How long calls may take to finish on a connection that is too old.", 0, kWeekMs},
    {"max_connection_idle", FlagKind::kDuration, &Config::max_connection_idle,
     "How long a connection may have no call before it is closed. 0: for ever.", 0, kWeekMs},
    {"progress_interval", FlagKind::kDuration, &Config::progress_interval,
     "How often a stream with nothing to say sends Progress.", 100, kWeekMs},
};

constexpr Flag kLogging[] = {
    {"log_format", FlagKind::kChoice, &Config::log_format,
     "How lines are written to standard error.", 0, 0, "text|json"},
    {"log_level", FlagKind::kChoice, &Config::log_level, "The least level that is written.", 0, 0,
     "debug|info|warning|error"},
};

constexpr FlagGroup kGroups[] = {
    {"Serving", kServing}, {"Keyspace", kKeyspace},       {"Security", kSecurity},
    {"Limits", kLimits},   {"Connections", kConnections}, {"Logging", kLogging},
};

std::string NumberText(const Flag& flag, int64_t number) {
  switch (flag.kind) {
    case FlagKind::kBytes:
      return BytesText(number);
    case FlagKind::kDuration:
      return DurationText(absl::Milliseconds(number));
    default:
      return fmt::format("{}", number);
  }
}

absl::Status CheckRange(const Flag& flag, int64_t number) {
  if (number >= flag.minimum && number <= flag.maximum) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("{} is out of range; give {}", NumberText(flag, number), FlagLimitsText(flag)));
}

absl::Status SetChoice(const Flag& flag, std::string_view text, std::string* field) {
  for (absl::string_view choice : absl::StrSplit(storage::ToAbsl(flag.choices), '|')) {
    if (storage::FromAbsl(choice) == text) {
      *field = text;
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is unknown; give {}", text, FlagLimitsText(flag)));
}

absl::Status SetSwitch(std::string_view text, bool* field) {
  if (text == "true" || text == "1" || text == "yes" || text == "on") {
    *field = true;
  } else if (text == "false" || text == "0" || text == "no" || text == "off") {
    *field = false;
  } else {
    return absl::InvalidArgumentError(fmt::format("\"{}\" is neither true nor false", text));
  }
  return absl::OkStatus();
}

absl::Status SetNumber(const Flag& flag, std::string_view text, int64_t* field) {
  ASSIGN_OR_RETURN(const int64_t number,
                   flag.kind == FlagKind::kBytes ? ParseBytes(text) : ParseCount(text));
  RETURN_IF_ERROR(CheckRange(flag, number));
  *field = number;
  return absl::OkStatus();
}

absl::Status SetDuration(const Flag& flag, std::string_view text, absl::Duration* field) {
  ASSIGN_OR_RETURN(const absl::Duration duration, ParseDuration(text));
  RETURN_IF_ERROR(CheckRange(flag, absl::ToInt64Milliseconds(duration)));
  *field = duration;
  return absl::OkStatus();
}

}  // namespace

std::span<const FlagGroup> FlagGroups() { return kGroups; }

const Flag* FindFlag(std::string_view name) {
  for (const FlagGroup& group : kGroups) {
    for (const Flag& flag : group.flags) {
      if (flag.name == name) {
        return &flag;
      }
    }
  }
  return nullptr;
}

absl::Status SetFlag(const Flag& flag, std::string_view text, Config* config) {
  if (const auto* field = std::get_if<std::string Config::*>(&flag.field)) {
    if (flag.kind == FlagKind::kChoice) {
      return SetChoice(flag, text, &(config->**field));
    }
    config->** field = text;
    return absl::OkStatus();
  }
  if (const auto* field = std::get_if<bool Config::*>(&flag.field)) {
    return SetSwitch(text, &(config->**field));
  }
  if (const auto* field = std::get_if<int64_t Config::*>(&flag.field)) {
    return SetNumber(flag, text, &(config->**field));
  }
  return SetDuration(flag, text, &(config->*std::get<absl::Duration Config::*>(flag.field)));
}

std::string FlagText(const Flag& flag, const Config& config) {
  if (const auto* field = std::get_if<std::string Config::*>(&flag.field)) {
    return config.**field;
  }
  if (const auto* field = std::get_if<bool Config::*>(&flag.field)) {
    return config.**field ? "true" : "false";
  }
  if (const auto* field = std::get_if<int64_t Config::*>(&flag.field)) {
    return NumberText(flag, config.**field);
  }
  return DurationText(config.*std::get<absl::Duration Config::*>(flag.field));
}

std::string FlagKindText(const Flag& flag) {
  switch (flag.kind) {
    case FlagKind::kText:
      return "text";
    case FlagKind::kChoice:
      return std::string(flag.choices);
    case FlagKind::kSwitch:
      return "true|false";
    case FlagKind::kCount:
      return "number";
    case FlagKind::kBytes:
      return "size";
    case FlagKind::kDuration:
      return "duration";
  }
  return "";
}

std::string FlagLimitsText(const Flag& flag) {
  switch (flag.kind) {
    case FlagKind::kText:
    case FlagKind::kSwitch:
      return "";
    case FlagKind::kChoice: {
      std::string text(flag.choices);
      for (size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at)) {
        text.replace(at, 1, " or ");
      }
      return text;
    }
    default:
      break;
  }
  if (flag.maximum == kNoMaximum) {
    return fmt::format("{} or more", NumberText(flag, flag.minimum));
  }
  return fmt::format("{} to {}", NumberText(flag, flag.minimum), NumberText(flag, flag.maximum));
}

}  // namespace kvick::server
