// Runs commands against one server.
#ifndef KVICK_CLIENT_CLI_SESSION_H_
#define KVICK_CLIENT_CLI_SESSION_H_

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/command.h"
#include "client/cli/exit_codes.h"
#include "client/cli/output.h"
#include "client/cli/settings.h"
#include "kvick/caller.h"

namespace kvick::cli {

// One server, one output. Not thread safe.
class Session {
 public:
  // `terminal`: somebody looks at `out`.
  Session(Settings settings, bool terminal, std::ostream& out, std::ostream& errors);

  // Runs the words of one command, with options among them; answers its exit code. An empty command
  // does nothing.
  ExitCode Run(const CommandLine& line);

  // The settings of the session.
  const Settings& settings() const { return settings_; }
  // How output looks now.
  const Style& style() const { return style_; }
  // Where answers go.
  std::ostream& out() { return out_; }
  // Where errors go.
  std::ostream& errors() { return errors_; }

  // Where calls go, with the timeout of the line; see MakePatientConnection for what that means to
  // streams. The connection is made when first needed.
  absl::StatusOr<Caller> GetCaller();

  // Prints a wrong use of the program; kUsage.
  ExitCode UsageError(const std::string& message, const std::string& usage);
  // Prints an error of a call.
  ExitCode CallError(const absl::Status& status, const std::string& usage = "");

  // Calls a method with a request and prints what comes, streams until their end or Ctrl-C.
  ExitCode Call(const google::protobuf::MethodDescriptor* method,
                const google::protobuf::Message& request, const std::string& usage);

 private:
  ExitCode RunWords(const std::vector<std::string>& words);
  ExitCode RunCommand(const Command& command, const std::vector<std::string>& arguments);
  ExitCode CallStream(const Caller& caller, const Method& method,
                      const google::protobuf::Message& request, const std::string& usage);

  Settings settings_;
  const bool terminal_;
  std::ostream& out_;
  std::ostream& errors_;
  Style style_;
  std::shared_ptr<Connection> connection_;  // Null until needed.
};

// A command that is not one method: `subscribe`, `stat`, ...
struct Program {
  // Its word.
  std::string name;
  // How to use it, without `kvick`.
  std::string usage;
  // What it does, one sentence.
  std::string summary;
  // The rest of its help.
  std::string help;
  // Its flags, `--pattern`.
  std::vector<std::string> flags;
  // Does it.
  ExitCode (*run)(Session& session, const std::vector<std::string>& arguments);
};

// All of them, in the order of the help.
const std::vector<Program>& AllPrograms();
// The one of this name; null when there is none.
const Program* FindProgram(const std::string& name);

// The programs, each in a file of its own.
ExitCode RunSubscribe(Session& session, const std::vector<std::string>& arguments);
ExitCode RunScan(Session& session, const std::vector<std::string>& arguments);
ExitCode RunStat(Session& session, const std::vector<std::string>& arguments);
ExitCode RunBench(Session& session, const std::vector<std::string>& arguments);
ExitCode RunRawCall(Session& session, const std::vector<std::string>& arguments);
ExitCode RunHelp(Session& session, const std::vector<std::string>& arguments);
ExitCode RunCompletion(Session& session, const std::vector<std::string>& arguments);
ExitCode RunComplete(Session& session, const std::vector<std::string>& arguments);

// The help of the bench options; in bench_command.cc, beside what reads them.
std::string BenchHelp();
// The names of these options, `--depth`.
std::vector<std::string> BenchFlags();

// What may stand in the place of the last of these words (which may be empty): families, methods,
// programs, flags, values of enums. Sorted as declared.
std::vector<std::string> Completions(const std::vector<std::string>& words);

}  // namespace kvick::cli

#endif  // KVICK_CLIENT_CLI_SESSION_H_
