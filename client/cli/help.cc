// `kvick help`, the table of programs, and completion.
#include <algorithm>
#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/docs.h"
#include "client/cli/session.h"
#include "client/cli/text.h"

namespace kvick::cli {
namespace {

constexpr char kValues[] = R"(Values are text unless they say otherwise:
  int:5  num:1.5  hex:00ff  @file  @- (standard input)  text:int:5 (the text "int:5")
Durations are 30s, 1h30m, 250ms; moments 2030-01-31T12:00:00Z. Pairs are name=value.
After a word -- nothing is a flag. Every field of a request is a flag:
see `kvick help <family> <command>`.
)";

constexpr char kExitCodes[] = R"(Exit codes:
  0 done   1 the call failed   2 wrong arguments   3 the server cannot be reached
  4 too slow (--timeout)   5 the precondition did not hold   6 nothing there   130 interrupted
)";

constexpr char kBashCompletion[] = R"(# bash: source <(kvick completion bash)
_kvick() {
  local IFS=$'\n'
  COMPREPLY=($(kvick __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _kvick kvick
)";

constexpr char kZshCompletion[] = R"(# zsh: source <(kvick completion zsh)
_kvick() {
  local -a candidates
  candidates=("${(@f)$(kvick __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a candidates
}
compdef _kvick kvick
)";

constexpr char kSubscribeHelp[] =
    R"(A line a message: the channel, the payload, its attributes, separated by tabs. With --json a
message a line, and {"gap":{"dropped":"5"}} where messages were dropped; without it that goes to the
error stream.

  --pattern             channels by pattern; as often as need be
  --overflow            what the server does when this reads too slowly [drop-oldest]
  --max-buffered-bytes  how much the server keeps for it meanwhile [1 MiB]
)";

constexpr char kScanHelp[] =
    R"(A line a key. With --limit the token to go on with comes at the end: on the error stream, or
with --json as a last line {"nextPageToken":"..."}.
)";

constexpr char kCallHelp[] =
    R"(The request is a message in protobuf's JSON; - reads it from the standard input.
CommandService/Pipeline takes any number of frames, or with - one a line, and prints the frames of
its answer as JSON. A frame is sent when the one before is answered. The exit code is that of the
last operation that was not done.
)";

std::string Column(const std::string& text, size_t width) {
  return absl::StrCat("  ", text, std::string(text.size() < width ? width - text.size() : 1, ' '));
}

void HelpOverview(Session& session) {
  const Style& style = session.style();
  std::ostream& out = session.out();
  out << "kvick: talks to a Kvick server. Without a command it is interactive.\n\n"
      << style.Bold("usage: kvick [options] <family> <command> [arguments]") << "\n\n";
  out << style.Bold("Families") << " (`kvick help <family>` lists the commands):\n";
  std::string family;
  for (const Command& command : AllCommands()) {
    if (command.family() == family) continue;
    family = command.family();
    out << Column(family, 12) << FirstSentence(DocOf(command.method()->service())) << "\n";
  }
  out << "\n" << style.Bold("Besides:") << "\n";
  for (const Program& program : AllPrograms()) {
    if (!program.summary.empty()) out << Column(program.name, 12) << program.summary << "\n";
  }
  out << "\n"
      << style.Bold("Options:") << "\n"
      << SettingsHelp() << "\n"
      << kValues << "\n"
      << kExitCodes;
}

bool HelpFamily(Session& session, const std::string& family) {
  bool found = false;
  for (const Command& command : AllCommands()) {
    if (!absl::EqualsIgnoreCase(command.family(), family)) continue;
    if (!found) session.out() << DocOf(command.method()->service()) << "\n\n";
    found = true;
    session.out() << Column(command.name(), 18) << FirstSentence(DocOf(command.method())) << "\n";
  }
  return found;
}

void HelpCommand(Session& session, const Command& command) {
  const Style& style = session.style();
  std::ostream& out = session.out();
  out << style.Bold(absl::StrCat("kvick ", command.Usage())) << "\n\n"
      << DocOf(command.method()) << "\n\n";
  for (const Parameter& parameter : command.parameters()) {
    const std::string name = parameter.positional ? absl::StrCat("<", parameter.short_name, ">",
                                                                 parameter.repeated() ? "..." : "")
                                                  : absl::StrCat("--", parameter.short_name);
    out << Column(name, 22) << DocOf(parameter.field());
    if (parameter.field()->enum_type() != nullptr) out << " " << parameter.Placeholder();
    out << "\n";
  }
}

// Those of the candidates that start with a prefix.
std::vector<std::string> StartingWith(const std::string& prefix,
                                      const std::vector<std::string>& candidates) {
  std::vector<std::string> found;
  for (const std::string& candidate : candidates) {
    const bool known = std::find(found.begin(), found.end(), candidate) != found.end();
    if (absl::StartsWith(candidate, prefix) && !known) found.push_back(candidate);
  }
  return found;
}

// The values that a parameter takes when it is an enum.
std::vector<std::string> EnumValues(const Parameter& parameter) {
  std::vector<std::string> names;
  const auto* type = parameter.field()->enum_type();
  for (int i = 0; type != nullptr && i < type->value_count(); ++i) {
    if (type->value(i)->number() != 0) names.push_back(ShortName(type->value(i)));
  }
  return names;
}

// The values of the enum that the flag `word` takes.
std::vector<std::string> EnumValues(const Command& command, const std::string& word) {
  for (const Parameter& parameter : command.parameters()) {
    const bool meant = word == absl::StrCat("--", parameter.short_name) ||
                       word == absl::StrCat("--", parameter.name);
    if (meant) return EnumValues(parameter);
  }
  return {};
}

}  // namespace

const std::vector<Program>& AllPrograms() {
  static const auto* const programs = new std::vector<Program>{
      {"subscribe",
       "subscribe [<channel>...] [--pattern <glob>]... [--overflow drop-oldest|disconnect] "
       "[--max-buffered-bytes <bytes>]",
       "Prints the messages of channels as they come.",
       kSubscribeHelp,
       {"--pattern", "--overflow", "--max-buffered-bytes"},
       RunSubscribe},
      {"scan",
       "scan [<pattern>] [--type <type>] [--prefix <text>] [--limit <count>] [--token <token>]",
       "Lists keys, all or those that match a pattern.",
       kScanHelp,
       {"--type", "--prefix", "--limit", "--token"},
       RunScan},
      {"stat",
       "stat [--interval 1s] [--count <lines>]",
       "Shows what the server does, live.",
       "A line for each interval; rates are per second.\n",
       {"--interval", "--count"},
       RunStat},
      {"bench", "bench [options]", "Measures throughput and latency.", BenchHelp(), BenchFlags(),
       RunBench},
      {"call",
       "call <Service/Method> ['<request as JSON>'|-]...",
       "Calls any method with a request in JSON.",
       kCallHelp,
       {},
       RunRawCall},
      {"completion",
       "completion bash|zsh",
       "Prints a script that completes commands in a shell.",
       "Load it with: source <(kvick completion bash)\n",
       {},
       RunCompletion},
      {"help",
       "help [<family> [<command>]]",
       "Shows this, a family, or a command.",
       "",
       {},
       RunHelp},
      {"__complete", "__complete <word>...", "", "", {}, RunComplete},
  };
  return *programs;
}

const Program* FindProgram(const std::string& name) {
  for (const Program& program : AllPrograms()) {
    if (program.name == name) return &program;
  }
  return nullptr;
}

ExitCode RunHelp(Session& session, const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    HelpOverview(session);
    return kSuccess;
  }
  if (const Program* program = FindProgram(arguments[0]); program != nullptr) {
    session.out() << session.style().Bold("kvick " + program->usage) << "\n\n"
                  << program->summary << "\n"
                  << program->help;
    return kSuccess;
  }
  if (arguments.size() > 1) {
    if (const Command* command = FindCommand(arguments[0], arguments[1]); command != nullptr) {
      HelpCommand(session, *command);
      return kSuccess;
    }
  } else if (HelpFamily(session, arguments[0])) {
    return kSuccess;
  }
  return session.UsageError("there is no such command", "help");
}

ExitCode RunCompletion(Session& session, const std::vector<std::string>& arguments) {
  if (arguments.size() != 1 || (arguments[0] != "bash" && arguments[0] != "zsh")) {
    return session.UsageError("say which shell", FindProgram("completion")->usage);
  }
  session.out() << (arguments[0] == "bash" ? kBashCompletion : kZshCompletion);
  return kSuccess;
}

ExitCode RunComplete(Session& session, const std::vector<std::string>& arguments) {
  for (const std::string& candidate : Completions(arguments)) session.out() << candidate << "\n";
  return kSuccess;
}

std::vector<std::string> Completions(const std::vector<std::string>& words) {
  const std::string last = words.empty() ? "" : words.back();
  std::vector<std::string> candidates;
  if (words.size() <= 1) {
    for (const Command& command : AllCommands()) candidates.push_back(command.family());
    for (const Program& program : AllPrograms()) {
      if (!program.summary.empty()) candidates.push_back(program.name);
    }
    return StartingWith(last, candidates);
  }
  if (words[0] == "help") return Completions({words.begin() + 1, words.end()});
  if (const Program* program = FindProgram(words[0]); program != nullptr) {
    return absl::StartsWith(last, "-") ? StartingWith(last, program->flags)
                                       : std::vector<std::string>();
  }
  if (words.size() == 2) {
    for (const Command& command : AllCommands()) {
      if (command.family() == words[0]) candidates.push_back(command.name());
    }
    return StartingWith(last, candidates);
  }
  const Command* command = FindCommand(words[0], words[1]);
  if (command == nullptr) return {};
  const std::string& before = words[words.size() - 2];
  if (command->FlagTakesWord(before)) return StartingWith(last, EnumValues(*command, before));
  if (absl::StartsWith(last, "-")) return StartingWith(last, command->Flags());
  const auto left = command->Left({words.begin() + 2, words.end() - 1});
  return left.empty() ? std::vector<std::string>() : StartingWith(last, EnumValues(*left.front()));
}

}  // namespace kvick::cli
