// Config: everything that an operator can set. One table (flag_table.cc) gives each setting its
// name, meaning, unit, default and limits; the flags, the variables KVICK_<NAME>, the lines
// `name: value` of the file named by --config, the text of --help and docs/configuration.md all
// come from it. A flag wins over the environment, that over the file, that over the default.
#ifndef KVICK_SERVER_CONFIG_CONFIG_H_
#define KVICK_SERVER_CONFIG_CONFIG_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kvick::server {

// One field per setting, under the setting's name; the defaults stand here. Sizes are in bytes.
// flag_table.cc says what each means.
struct Config {
  std::string config;
  std::string listen = "127.0.0.1:5825";
  std::string http_listen = "127.0.0.1:5826";
  std::string address_file;
  std::string transport = "grpcpp";
  int64_t threads = 0;

  int64_t shards = 1024;
  int64_t max_memory = 0;
  std::string data_dir;
  std::string fsync = "none";
  absl::Duration fsync_interval = absl::Seconds(1);
  std::string snapshot_schedule;

  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;
  bool allow_plaintext = false;

  int64_t max_key_bytes = int64_t{64} << 10;
  int64_t max_value_bytes = int64_t{64} << 20;
  int64_t max_reply_bytes = int64_t{64} << 20;
  int64_t max_unread_bytes = 0;
  int64_t max_message_bytes = 0;
  int64_t max_metadata_bytes = int64_t{16} << 10;
  int64_t max_connections = 10'000;
  int64_t max_concurrent_streams = 1'000;
  int64_t max_waiters = 100'000;
  int64_t max_subscribers = 100'000;
  int64_t max_subscriber_bytes = int64_t{64} << 20;
  int64_t max_published_bytes = 0;
  int64_t grpc_memory_quota = 0;

  absl::Duration handshake_timeout = absl::Seconds(10);
  absl::Duration keepalive_time = absl::Hours(2);
  absl::Duration keepalive_timeout = absl::Seconds(20);
  absl::Duration keepalive_min_client_interval = absl::Seconds(10);
  absl::Duration max_connection_age = absl::ZeroDuration();
  absl::Duration max_connection_age_grace = absl::Seconds(30);
  absl::Duration max_connection_idle = absl::ZeroDuration();
  absl::Duration drain_timeout = absl::Seconds(10);
  absl::Duration progress_interval = absl::Seconds(10);

  std::string log_format = "text";
  std::string log_level = "info";

  // Asked for by --help and --version: print and leave. Nothing else is checked then.
  bool show_help = false;
  bool show_version = false;

  bool has_tls() const { return !tls_cert.empty(); }
  // max_memory, or what stands for its 0: half of the machine's.
  int64_t memory_bytes() const;
  // max_unread_bytes, or what stands for its 0.
  int64_t unread_bytes() const;
  // max_published_bytes, or what stands for its 0.
  int64_t published_bytes() const;
  // max_message_bytes, or what stands for its 0: a value of the greatest size and its envelope.
  int64_t message_bytes() const {
    return max_message_bytes != 0 ? max_message_bytes : max_value_bytes + (int64_t{1} << 20);
  }
};

// Variables of a process by name.
using Environment = std::map<std::string, std::string>;
// Takes them from an array like `environ`.
Environment EnvironmentFrom(const char* const* variables);

// Reads flags, environment and file, and checks them. An error names the flag, variable or line,
// what is wrong with it and what to do.
absl::StatusOr<Config> ParseConfig(int argc, const char* const* argv,
                                   const Environment& environment);

// Checks what needs more than one setting: TLS files go together, plain text stays on loopback.
// ParseConfig calls it.
absl::Status ValidateConfig(const Config& config);

// What --help prints.
std::string HelpText();
// What docs/configuration.md holds.
std::string ConfigurationPage();

// "1.2.3".
std::string_view ServerVersion();

}  // namespace kvick::server

#endif  // KVICK_SERVER_CONFIG_CONFIG_H_
