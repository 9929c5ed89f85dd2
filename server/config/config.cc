#include "server/config/config.h"

#include <fstream>
#include <optional>
#include <regex>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "server/config/address.h"
#include "server/config/flag_table.h"
#include "server/config/machine.h"
#include "storage/base/status_macros.h"
#include "storage/base/strings.h"

namespace kvick::server {
namespace {

constexpr std::string_view kVariablePrefix = "KVICK_";
// CLI11 takes the word after `--name=` for the value that is missing there; this stands in for
// the empty value that is meant.
constexpr std::string_view kEmptyValue = "\x01";

// A setting as somebody gave it.
struct Given {
  std::string origin;  // "--shards", "KVICK_SHARDS", "kvick.conf:3: shards"
  std::string text;
};
using GivenByName = std::map<std::string, Given, std::less<>>;

absl::Status Located(const absl::Status& status, std::string_view origin) {
  return absl::Status(status.code(),
                      fmt::format("{}: {}", origin, storage::FromAbsl(status.message())));
}

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(storage::ToAbsl(text)); }

std::string_view Strip(std::string_view text) {
  return storage::FromAbsl(absl::StripAsciiWhitespace(storage::ToAbsl(text)));
}

// Words of the command line without the program's name, in the reversed order that CLI11 takes.
std::vector<std::string> Words(int argc, const char* const* argv) {
  std::vector<std::string> words;
  for (int i = argc - 1; i > 0; --i) {
    words.emplace_back(argv[i]);
    if (words.back().size() > 3 && words.back().rfind("--", 0) == 0 &&
        words.back().find('=') == words.back().size() - 1) {
      words.back() += kEmptyValue;
    }
  }
  return words;
}

absl::StatusOr<GivenByName> ReadFlags(int argc, const char* const* argv, Config* config) {
  CLI::App app;
  app.set_help_flag();
  app.add_flag("-h,--help", config->show_help);
  app.add_flag("--version", config->show_version);
  std::map<std::string, std::string, std::less<>> texts;
  std::vector<std::pair<std::string, CLI::Option*>> options;
  for (const FlagGroup& group : FlagGroups()) {
    for (const Flag& flag : group.flags) {
      const std::string name(flag.name);
      CLI::Option* option = flag.kind == FlagKind::kSwitch
                                ? app.add_flag("--" + name, texts[name])
                                : app.add_option("--" + name, texts[name]);
      options.emplace_back(name, option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast));
    }
  }
  try {
    app.parse(Words(argc, argv));
  } catch (const CLI::Error& error) {
    return absl::InvalidArgumentError(
        fmt::format("{}; kvick-server --help lists the flags", error.what()));
  }
  GivenByName given;
  for (const auto& [name, option] : options) {
    if (option->count() != 0) {
      std::string text = option->results().back() == kEmptyValue ? "" : option->results().back();
      given[name] = {"--" + name, std::move(text)};
    }
  }
  return given;
}

// Variables under our prefix that are not settings: what Kubernetes sets in every pod for a Service
// named kvick or kvick-something, and what the command line (client/cli/settings.cc) and the tests
// of Kvick read. A person who has told kvick its server in the shell starts servers there as well.
bool IsForeignVariable(const std::string& name) {
  static const std::regex* const service = new std::regex(
      "KVICK_(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_.*)?)?)");
  return std::regex_match(name, *service) || name.rfind("KVICK_CLIENT_", 0) == 0 ||
         name == "KVICK_ADDRESS" || name == "KVICK_TIMEOUT" || name == "KVICK_TLS_CA" ||
         name == "KVICK_TLS_SERVER_NAME" || name == "KVICK_HISTORY" ||
         name.rfind("KVICK_TEST_", 0) == 0 || name == "KVICK_BIN_DIR" || name == "KVICK_SOURCE_DIR";
}

absl::StatusOr<GivenByName> ReadEnvironment(const Environment& environment) {
  GivenByName given;
  for (const auto& [variable, text] : environment) {
    if (variable.rfind(kVariablePrefix, 0) != 0 || IsForeignVariable(variable)) {
      continue;
    }
    const std::string name = Lower(std::string_view(variable).substr(kVariablePrefix.size()));
    if (FindFlag(name) == nullptr) {
      return absl::InvalidArgumentError(fmt::format(
          "{} in the environment names no setting; unset it, or see kvick-server --help "
          "for the names",
          variable));
    }
    given[name] = {variable, text};
  }
  return given;
}

// The part of a line before its comment. A # inside a word is no comment.
std::string_view WithoutComment(std::string_view line) {
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#' &&
        (i == 0 || absl::ascii_isspace(static_cast<unsigned char>(line[i - 1])))) {
      return Strip(line.substr(0, i));
    }
  }
  return Strip(line);
}

absl::Status ReadLine(std::string_view line, const std::string& place, GivenByName* given) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return absl::InvalidArgumentError(
        fmt::format("{}: \"{}\" is not a setting; write name: value", place, line));
  }
  const std::string name(Strip(line.substr(0, colon)));
  std::string_view text = Strip(line.substr(colon + 1));
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  if (FindFlag(name) == nullptr) {
    return absl::InvalidArgumentError(
        fmt::format("{}: there is no setting \"{}\"; kvick-server --help lists them", place, name));
  }
  if (name == "config") {
    return absl::InvalidArgumentError(
        fmt::format("{}: a configuration file cannot name another; remove this line", place));
  }
  const auto [it, fresh] =
      given->try_emplace(name, Given{fmt::format("{}: {}", place, name), std::string(text)});
  if (!fresh) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {} was set before, in {}; keep one", place, name, it->second.origin));
  }
  return absl::OkStatus();
}

absl::StatusOr<GivenByName> ReadFile(const Given& config) {
  std::ifstream file(config.text);
  if (!file) {
    return absl::NotFoundError(fmt::format(
        "{}: cannot read {}; check that it exists and may be read", config.origin, config.text));
  }
  GivenByName given;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string_view content = WithoutComment(line);
    if (!content.empty()) {
      RETURN_IF_ERROR(ReadLine(content, fmt::format("{}:{}", config.text, number), &given));
    }
  }
  if (file.bad()) {
    return absl::UnavailableError(
        fmt::format("{}: reading {} failed; is it a file?", config.origin, config.text));
  }
  return given;
}

absl::Status CheckTls(const Config& config) {
  if (config.tls_cert.empty() != config.tls_key.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("tls_cert and tls_key go together, and {} is missing; give both or neither",
                    config.tls_cert.empty() ? "tls_cert" : "tls_key"));
  }
  if (!config.tls_client_ca.empty() && !config.has_tls()) {
    return absl::InvalidArgumentError(
        "tls_client_ca checks the certificates of clients and needs TLS; give tls_cert and tls_key "
        "too");
  }
  return absl::OkStatus();
}

absl::Status CheckAddresses(const Config& config) {
  const auto addresses = ParseHostPorts(config.listen);
  if (!addresses.ok()) {
    return Located(addresses.status(), "listen");
  }
  for (const HostPort& address : *addresses) {
    if (!config.has_tls() && !config.allow_plaintext && !IsLoopback(address.host)) {
      return absl::InvalidArgumentError(fmt::format(
          "listen: {} is not a loopback address, and without TLS anyone on the network could read "
          "and change everything; give tls_cert and tls_key, or allow_plaintext if that is meant",
          HostPortText(address)));
    }
  }
  if (!config.http_listen.empty()) {
    const auto http = ParseHostPorts(config.http_listen);
    if (!http.ok()) {
      return Located(http.status(), "http_listen");
    }
  }
  return absl::OkStatus();
}

}  // namespace

Environment EnvironmentFrom(const char* const* variables) {
  Environment environment;
  for (; *variables != nullptr; ++variables) {
    const std::string_view variable = *variables;
    const size_t equals = variable.find('=');
    if (equals != std::string_view::npos) {
      environment.emplace(variable.substr(0, equals), variable.substr(equals + 1));
    }
  }
  return environment;
}

absl::StatusOr<Config> ParseConfig(int argc, const char* const* argv,
                                   const Environment& environment) {
  Config config;
  ASSIGN_OR_RETURN(GivenByName given, ReadFlags(argc, argv, &config));
  if (config.show_help || config.show_version) {
    return config;
  }
  ASSIGN_OR_RETURN(GivenByName from_environment, ReadEnvironment(environment));
  given.merge(from_environment);
  if (const auto it = given.find("config"); it != given.end() && !it->second.text.empty()) {
    ASSIGN_OR_RETURN(GivenByName from_file, ReadFile(it->second));
    given.merge(from_file);
  }
  for (const auto& [name, setting] : given) {
    const absl::Status status = SetFlag(*FindFlag(name), setting.text, &config);
    if (!status.ok()) {
      return Located(status, setting.origin);
    }
  }
  RETURN_IF_ERROR(ValidateConfig(config));
  return config;
}

int64_t Config::memory_bytes() const {
  return max_memory != 0 ? max_memory : MachineMemoryBytes() / 2;
}

int64_t Config::unread_bytes() const {
  return max_unread_bytes != 0 ? max_unread_bytes
                               : std::max(memory_bytes() / 8, 4 * max_reply_bytes);
}

int64_t Config::published_bytes() const {
  return max_published_bytes != 0 ? max_published_bytes
                                  : std::max(memory_bytes() / 8, 4 * max_subscriber_bytes);
}

absl::Status ValidateConfig(const Config& config) {
  if (!config.data_dir.empty()) {
    return absl::InvalidArgumentError(
        "data_dir: this version keeps data in memory only and would write nothing there; leave it "
        "empty");
  }
  if (!config.snapshot_schedule.empty()) {
    return absl::InvalidArgumentError(
        "snapshot_schedule: this version keeps data in memory only and writes no snapshots; leave "
        "it empty");
  }
  if (config.threads != 0) {
    return absl::InvalidArgumentError(
        "threads: transport grpcpp sizes its threads itself, by the number of cores; leave it 0");
  }
  if ((config.shards & (config.shards - 1)) != 0) {
    return absl::InvalidArgumentError(fmt::format(
        "shards: {} is not a power of two; give one from 1 to 16384, like 1024", config.shards));
  }
  if (config.max_unread_bytes != 0 && config.max_unread_bytes < 2 * config.max_reply_bytes) {
    return absl::InvalidArgumentError(fmt::format(
        "max_unread_bytes: {} is less than two answers of max_reply_bytes ({}), so that "
        "who reads a large one could be disconnected; raise it, or leave it 0",
        config.max_unread_bytes, config.max_reply_bytes));
  }
  if (config.max_message_bytes != 0 && config.max_message_bytes < config.max_value_bytes) {
    return absl::InvalidArgumentError(fmt::format(
        "max_message_bytes: {} is less than max_value_bytes, {}, so that such a value could not be "
        "sent; raise it, or give 0",
        config.max_message_bytes, config.max_value_bytes));
  }
  RETURN_IF_ERROR(CheckTls(config));
  return CheckAddresses(config);
}

std::string_view ServerVersion() { return KVICK_VERSION; }

}  // namespace kvick::server
