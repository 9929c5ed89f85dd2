// The options of `kvick` that hold for every command.
#ifndef KVICK_CLIENT_CLI_SETTINGS_H_
#define KVICK_CLIENT_CLI_SETTINGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kvick/options.h"

namespace kvick::cli {

// What the options say.
struct Settings {
  // Where the server is, how to speak to it, how long calls may take.
  ClientOptions client;
  // Print JSON.
  bool json = false;
  // `auto`, `always` or `never`.
  std::string color = "auto";
  // Show the help of what the words name instead of doing it.
  bool help = false;
  // Print the version.
  bool version = false;
};

// The command line in two parts.
struct CommandLine {
  Settings settings;
  // The command and its own arguments.
  std::vector<std::string> words;
};

// Sorts out the options, which may stand before, among and behind the words of the command: a flag
// of the command of the same name comes first, and after a word `--` everything is the command's.
// What is not given is taken from `defaults`; the environment (KVICK_ADDRESS, ...) comes before
// those when `use_environment`. INVALID_ARGUMENT when an option is wrong.
absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments,
                                             const Settings& defaults, bool use_environment);

// The help text of the options.
std::string SettingsHelp();

}  // namespace kvick::cli

#endif  // KVICK_CLIENT_CLI_SETTINGS_H_
