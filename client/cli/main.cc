// The command line of Kvick. Wiring only.
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "client/cli/interactive.h"
#include "client/cli/interrupts.h"
#include "client/cli/session.h"
#include "client/cli/settings.h"

namespace kvick::cli {
namespace {

// What could not be written was not answered: a full disk must not look like success.
int CheckWritten(int code) {
  std::cout.flush();
  if (std::cout || code != kSuccess) return code;
  std::cerr << "error: cannot write to the standard output\n";
  return kFailed;
}

}  // namespace
}  // namespace kvick::cli

int main(int argc, char** argv) {
  using namespace kvick::cli;
  StartInterrupts();
  const auto line = ParseCommandLine({argv + 1, argv + argc}, Settings(), /*use_environment=*/true);
  if (!line.ok()) {
    std::cerr << "error: " << line.status().message() << "\nusage: kvick help\n";
    return kUsage;
  }
  if (line->settings.version) {
    std::cout << "kvick " << KVICK_VERSION << "\n";
    return kSuccess;
  }
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  Session session(line->settings, terminal, std::cout, std::cerr);
  if (line->words.empty() && !line->settings.help) {
    return RunInteractive(session, terminal && isatty(STDIN_FILENO) == 1);
  }
  return CheckWritten(session.Run(*line));
}
