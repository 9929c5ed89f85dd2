#include "client/cli/settings.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/command.h"
#include "client/cli/text.h"
#include "kvick/value.h"
#include "storage/base/status_macros.h"

namespace kvick::cli {
namespace {

// What CLI11 fills in before it is checked.
struct Raw {
  Settings settings;
  TlsOptions tls = {};
  bool use_tls = false;
  std::string timeout = "";
};

std::unique_ptr<CLI::App> MakeApp(Raw* raw, bool use_environment) {
  auto app = std::make_unique<CLI::App>();
  app->set_help_flag();
  const auto add = [&](const char* name, auto& target, const char* text, const char* variable) {
    CLI::Option* option = app->add_option(name, target, text);
    if (use_environment && variable != nullptr) option->envname(variable);
  };
  add("--address", raw->settings.client.target, "the server, host:port [127.0.0.1:5825]",
      "KVICK_ADDRESS");
  add("--timeout", raw->timeout, "how long a call, or a wait of a stream, may take [10s]",
      "KVICK_TIMEOUT");
  add("--color", raw->settings.color,
      "auto, always or never [auto: on a terminal without NO_COLOR]", nullptr);
  add("--tls-ca", raw->tls.ca_file, "PEM file of the certificates to trust; switches TLS on",
      "KVICK_TLS_CA");
  add("--tls-cert", raw->tls.cert_file, "PEM file of the own certificate, for mutual TLS",
      "KVICK_TLS_CERT");
  add("--tls-key", raw->tls.key_file, "PEM file of its key", "KVICK_TLS_KEY");
  add("--tls-server-name", raw->tls.server_name,
      "the name in the server's certificate, where it differs from the address",
      "KVICK_TLS_SERVER_NAME");
  app->add_flag("--tls", raw->use_tls, "use TLS and trust the system's certificates");
  app->add_flag("--json", raw->settings.json, "print answers as JSON, one document a line");
  app->add_flag("--help,-h", raw->settings.help, "show help, also of a command");
  app->add_flag("--version", raw->settings.version, "print the version");
  return app;
}

std::string OptionName(const std::string& word) { return word.substr(0, word.find('=')); }

// Where a flag would be looked up first.
const Command* CommandOf(const std::vector<std::string>& words) {
  return words.size() < 2 ? nullptr : FindCommand(words[0], words[1]);
}

absl::Status Check(Raw* raw) {
  const bool any_file = !raw->tls.ca_file.empty() || !raw->tls.cert_file.empty() ||
                        !raw->tls.key_file.empty() || !raw->tls.server_name.empty();
  if (raw->use_tls || any_file) raw->settings.client.tls = raw->tls;
  if (!raw->timeout.empty()) {
    ASSIGN_OR_RETURN(const auto timeout, ParseDuration(raw->timeout));
    raw->settings.client.default_timeout = FromProto(timeout);
    if (raw->settings.client.default_timeout <= absl::ZeroDuration()) {
      return absl::InvalidArgumentError("--timeout must be more than 0");
    }
  }
  const std::string& color = raw->settings.color;
  if (color != "auto" && color != "always" && color != "never") {
    return absl::InvalidArgumentError("--color is auto, always or never");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments,
                                             const Settings& defaults, bool use_environment) {
  Raw raw{.settings = defaults, .tls = defaults.client.tls.value_or(TlsOptions())};
  const std::unique_ptr<CLI::App> app = MakeApp(&raw, use_environment);
  CommandLine line;
  std::vector<std::string> options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--") {
      line.words.insert(line.words.end(), arguments.begin() + i, arguments.end());
      break;
    }
    const Command* command = CommandOf(line.words);
    const bool own = command != nullptr && command->HasFlag(word);
    const bool is_flag = absl::StartsWith(word, "--") || word == "-h";
    const CLI::Option* option =
        is_flag && !own ? app->get_option_no_throw(OptionName(word)) : nullptr;
    std::vector<std::string>& target = option != nullptr ? options : line.words;
    target.push_back(word);
    const bool takes_word = option != nullptr
                                ? option->get_items_expected() > 0 && !absl::StrContains(word, "=")
                                : own && command->FlagTakesWord(word);
    if (takes_word && i + 1 < arguments.size()) target.push_back(arguments[++i]);
  }
  try {
    std::reverse(options.begin(), options.end());  // As CLI11 wants them.
    app->parse(options);
  } catch (const CLI::Error& error) {
    return absl::InvalidArgumentError(error.what());
  }
  RETURN_IF_ERROR(Check(&raw));
  line.settings = std::move(raw.settings);
  return line;
}

std::string SettingsHelp() {
  Raw raw;
  const auto app = MakeApp(&raw, true);
  std::string help;
  for (const CLI::Option* option : app->get_options()) {
    const std::string variable = option->get_envname();
    absl::StrAppend(
        &help, "  ", option->get_name(),
        std::string(option->get_name().size() < 20 ? 20 - option->get_name().size() : 1, ' '),
        option->get_description(), variable.empty() ? "" : absl::StrCat(" (", variable, ")"), "\n");
  }
  return help;
}

}  // namespace kvick::cli
