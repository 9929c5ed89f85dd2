#include "client/cli/session.h"

#include <algorithm>
#include <cstdlib>
#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/interrupts.h"
#include "client/cli/patience.h"
#include "kvick/grpc_connection.h"
#include "storage/base/status_macros.h"

namespace kvick::cli {
namespace {

Style MakeStyle(const Settings& settings, bool terminal) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool wanted = terminal && (no_color == nullptr || *no_color == '\0');
  const bool color = settings.color == "always" || (settings.color == "auto" && wanted);
  return {.json = settings.json, .color = color && !settings.json, .terminal = terminal};
}

// The token to go on with after a stream that ended at its limit.
std::string PageToken(const google::protobuf::Message& response) {
  const auto* field = response.GetDescriptor()->FindFieldByName("next_page_token");
  return field == nullptr ? "" : response.GetReflection()->GetString(response, field);
}

}  // namespace

Session::Session(Settings settings, bool terminal, std::ostream& out, std::ostream& errors)
    : settings_(std::move(settings)),
      terminal_(terminal),
      out_(out),
      errors_(errors),
      style_(MakeStyle(settings_, terminal)) {}

absl::StatusOr<Caller> Session::GetCaller() {
  // A line of its own may have another timeout than the session.
  const CallOptions call{.timeout = settings_.client.default_timeout};
  if (connection_ == nullptr) {
    ClientOptions options = settings_.client;
    options.connect_timeout = std::min(options.connect_timeout, call.timeout);
    ASSIGN_OR_RETURN(auto connection, MakeGrpcConnection(options));
    connection_ = MakePatientConnection(std::move(connection), options);
  }
  return Caller(connection_, call, settings_.client.retry);
}

ExitCode Session::UsageError(const std::string& message, const std::string& usage) {
  errors_ << style_.Red("error") << ": " << message << "\n";
  if (!usage.empty()) errors_ << "usage: kvick " << usage << "\n";
  return kUsage;
}

ExitCode Session::CallError(const absl::Status& status, const std::string& usage) {
  return PrintError(status, usage.empty() ? "" : absl::StrCat("kvick ", usage), style_, errors_);
}

ExitCode Session::Run(const CommandLine& line) {
  const Settings saved = settings_;
  settings_.json = line.settings.json;
  settings_.color = line.settings.color;
  settings_.client.default_timeout = line.settings.client.default_timeout;
  style_ = MakeStyle(settings_, terminal_);
  const bool elsewhere = line.settings.client.target != saved.client.target;
  ExitCode code = kSuccess;
  if (elsewhere && connection_ != nullptr) {
    code = UsageError("the address is fixed within a session", "");
  } else if (line.settings.help) {
    code = RunHelp(*this, line.words);
  } else {
    code = RunWords(line.words);
  }
  out_.flush();
  settings_ = saved;
  style_ = MakeStyle(settings_, terminal_);
  return code;
}

ExitCode Session::RunWords(const std::vector<std::string>& words) {
  if (words.empty()) return kSuccess;
  if (const Program* program = FindProgram(words[0]); program != nullptr) {
    return program->run(*this, {words.begin() + 1, words.end()});
  }
  bool known_family = false;
  for (const Command& command : AllCommands()) {
    known_family |= absl::EqualsIgnoreCase(command.family(), words[0]);
  }
  if (!known_family) {
    return UsageError(absl::StrCat("there is no command `", words[0], "`"), "help");
  }
  if (words.size() == 1) return RunHelp(*this, words);
  const Command* command = FindCommand(words[0], words[1]);
  if (command == nullptr) {
    return UsageError(absl::StrCat("`", words[0], "` has no command `", words[1], "`"),
                      absl::StrCat("help ", words[0]));
  }
  return RunCommand(*command, {words.begin() + 2, words.end()});
}

ExitCode Session::RunCommand(const Command& command, const std::vector<std::string>& arguments) {
  auto request = command.Parse(arguments);
  if (!request.ok()) return UsageError(std::string(request.status().message()), command.Usage());
  return Call(command.method(), **request, command.Usage());
}

ExitCode Session::Call(const google::protobuf::MethodDescriptor* descriptor,
                       const google::protobuf::Message& request, const std::string& usage) {
  const absl::StatusOr<Caller> caller = GetCaller();
  if (!caller.ok()) return CallError(caller.status());
  const Method method(descriptor);
  if (descriptor->server_streaming()) return CallStream(*caller, method, request, usage);
  const auto response = NewMessage(descriptor->output_type());
  const absl::Status status =
      caller->connection()->Call(method, request, caller->options(), response.get());
  if (!status.ok()) return CallError(status, usage);
  return PrintResponse(*response, style_, out_, errors_);
}

ExitCode Session::CallStream(const Caller& caller, const Method& method,
                             const google::protobuf::Message& request, const std::string& usage) {
  auto stream = caller.connection()->OpenStream(method, request, caller.options());
  if (!stream.ok()) return CallError(stream.status());
  InterruptHandler interrupts([&] { (*stream)->Cancel(); });
  const auto response = NewMessage(method.descriptor->output_type());
  std::string page_token;
  while ((*stream)->Read(response.get())) {
    PrintResponse(*response, style_, out_, errors_);
    out_.flush();
    page_token = PageToken(*response);
  }
  const absl::Status status = (*stream)->Finish();
  if (interrupts.interrupted()) return kInterrupted;
  if (!status.ok()) return CallError(status, usage);
  // In JSON the last answer has it.
  if (!page_token.empty() && !style_.json) {
    errors_ << style_.Dim("more: --token " + page_token) << "\n";
  }
  return kSuccess;
}

}  // namespace kvick::cli
