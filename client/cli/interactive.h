// The prompt of `kvick`.
#ifndef KVICK_CLIENT_CLI_INTERACTIVE_H_
#define KVICK_CLIENT_CLI_INTERACTIVE_H_

#include <string>

#include "client/cli/session.h"

namespace kvick::cli {

// Reads commands and runs them until `exit`, Ctrl-D or the end of the input. On a terminal with
// editing, history (in `$KVICK_HISTORY`, or `~/.kvick_history`; empty: none), completion on Tab,
// and on the right a hint what is expected next. Otherwise line by line, stopping at nothing; the
// exit code is that of the last command that failed.
ExitCode RunInteractive(Session& session, bool terminal);

// What is expected behind a line that is being typed; empty when there is nothing to say.
std::string HintFor(const std::string& line);

}  // namespace kvick::cli

#endif  // KVICK_CLIENT_CLI_INTERACTIVE_H_
