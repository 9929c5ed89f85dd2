// `kvick call`: any method, its requests and, of a pipeline, its answers in JSON.
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <iostream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "client/cli/interrupts.h"
#include "client/cli/session.h"
#include "kvick/error.h"
#include "storage/base/status_macros.h"

namespace kvick::cli {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// A name whatever its style: `GetAndDelete`, `get-and-delete` and `get_and_delete` are one.
std::string Plain(const std::string& name) {
  return absl::AsciiStrToLower(absl::StrReplaceAll(name, {{"-", ""}, {"_", ""}}));
}

// `ListService/Push`, `kvick.v1.ListService/Push`, `list/push`, `list.push`.
const MethodDescriptor* FindByPath(const std::string& path) {
  const size_t split = path.find_last_of("/.");
  if (split == std::string::npos) return nullptr;
  const std::string given = Plain(path.substr(0, split));
  const std::string service_name(
      absl::StripSuffix(absl::StripPrefix(given, "kvick.v1."), "service"));
  const std::string name = Plain(path.substr(split + 1));
  for (const auto* service : AllServices()) {
    if (Plain(std::string(service->name())) != service_name + "service") continue;
    for (int i = 0; i < service->method_count(); ++i) {
      if (Plain(std::string(service->method(i)->name())) == name) return service->method(i);
    }
  }
  return nullptr;
}

absl::Status ParseJson(const std::string& json, Message* request) {
  const auto status = google::protobuf::util::JsonStringToMessage(json, request);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the request is no ", request->GetDescriptor()->name(), ": ", std::string(status.message())));
}

// Where the frames of a pipeline come from: arguments, or the lines of the standard input.
class Frames {
 public:
  // Arguments are read at once, so that none is sent when one is wrong.
  static absl::StatusOr<Frames> From(const std::vector<std::string>& arguments) {
    Frames frames;
    frames.from_input_ = arguments == std::vector<std::string>{"-"};
    if (arguments.empty()) return absl::InvalidArgumentError("a pipeline needs its frames");
    for (size_t i = 0; !frames.from_input_ && i < arguments.size(); ++i) {
      RETURN_IF_ERROR(ParseJson(arguments[i], &frames.parsed_.emplace_back()));
    }
    return frames;
  }

  // Goes on to the next frame; false when there is none.
  absl::StatusOr<bool> Next(v1::PipelineRequest* frame) {
    if (!from_input_) {
      if (next_ == parsed_.size()) return false;
      *frame = std::move(parsed_[next_++]);
      return true;
    }
    std::string line;
    do {
      if (!std::getline(std::cin, line)) return false;
    } while (absl::StripAsciiWhitespace(line).empty());
    frame->Clear();
    RETURN_IF_ERROR(ParseJson(line, frame));
    return true;
  }

 private:
  bool from_input_ = false;
  std::vector<v1::PipelineRequest> parsed_;
  size_t next_ = 0;
};

// What the exit code of a call of its own would be.
ExitCode ResultCode(const v1::PipelineResult& result) {
  if (result.has_status()) return CodeOf(StatusFromOperation(result.status()));
  const auto* reflection = result.reply().GetReflection();
  const auto* field = reflection->GetOneofFieldDescriptor(
      result.reply(), v1::Reply::descriptor()->FindOneofByName("response"));
  // A reply that is newer than this program says nothing that it could read.
  if (field == nullptr) return kSuccess;
  return CodeOf(reflection->GetMessage(result.reply(), field));
}

// One call of the pipeline.
class PipelineCall {
 public:
  PipelineCall(Session& session, std::unique_ptr<PipelineStream> stream)
      : session_(session), stream_(std::move(stream)) {}

  // Sends a frame and waits for all of its results; false when there is no more to do.
  bool Run(const v1::PipelineRequest& frame) {
    const Interruptible interruptible(this);
    unanswered_ += frame.operations_size();
    if (!stream_->Write(frame)) return false;
    while (unanswered_ > 0) {
      if (!Read()) return false;
    }
    return session_.out().good();
  }

  // Prints what comes until the end of the stream; how it ended.
  absl::Status Finish() {
    const Interruptible interruptible(this);
    stream_->WritesDone();
    while (Read()) continue;
    absl::Status status = stream_->Finish();
    const bool whole = !status.ok() || unanswered_ <= 0;
    return whole ? status : absl::UnavailableError("the server ended the pipeline");
  }

  // True once Ctrl-C ended it.
  bool interrupted() const { return interrupted_; }
  // That of the last operation that was not simply done.
  ExitCode code() const { return code_; }

 private:
  // Lets Ctrl-C end the wait for the server; the wait for input it ends by itself.
  class Interruptible {
   public:
    explicit Interruptible(PipelineCall* call)
        : call_(call), handler_([call] { call->stream_->Cancel(); }) {}
    ~Interruptible() { call_->interrupted_ |= handler_.interrupted(); }

   private:
    PipelineCall* const call_;
    const InterruptHandler handler_;
  };

  bool Read() {
    v1::PipelineResponse response;
    if (!stream_->Read(&response)) return false;
    unanswered_ -= response.results_size();
    session_.out() << ToJson(response) << "\n" << std::flush;
    for (const v1::PipelineResult& result : response.results()) {
      if (const ExitCode code = ResultCode(result); code != kSuccess) code_ = code;
    }
    return true;
  }

  Session& session_;
  const std::unique_ptr<PipelineStream> stream_;  // Cancel: own synchronisation.
  int64_t unanswered_ = 0;
  ExitCode code_ = kSuccess;
  bool interrupted_ = false;
};

ExitCode RunPipeline(Session& session, const std::vector<std::string>& arguments) {
  const std::string& usage = FindProgram("call")->usage;
  auto frames = Frames::From(arguments);
  if (!frames.ok()) return session.UsageError(std::string(frames.status().message()), usage);
  const absl::StatusOr<Caller> caller = session.GetCaller();
  if (!caller.ok()) return session.CallError(caller.status());
  auto stream = caller->connection()->OpenPipeline(caller->options());
  if (!stream.ok()) return session.CallError(stream.status());
  PipelineCall call(session, *std::move(stream));
  v1::PipelineRequest frame;
  absl::StatusOr<bool> more = frames->Next(&frame);
  while (more.ok() && *more && call.Run(frame) && !call.interrupted()) more = frames->Next(&frame);
  const absl::Status status = call.Finish();
  if (call.interrupted()) return kInterrupted;
  if (!status.ok()) return session.CallError(status, usage);
  if (!more.ok()) return session.UsageError(std::string(more.status().message()), usage);
  return call.code();
}

}  // namespace

ExitCode RunRawCall(Session& session, const std::vector<std::string>& arguments) {
  const std::string& usage = FindProgram("call")->usage;
  if (arguments.empty()) return session.UsageError("name a method and its request", usage);
  const MethodDescriptor* method = FindByPath(arguments[0]);
  if (method == nullptr) {
    return session.UsageError(absl::StrCat("there is no method `", arguments[0], "`"), usage);
  }
  if (method->client_streaming()) {
    return RunPipeline(session, {arguments.begin() + 1, arguments.end()});
  }
  if (arguments.size() > 2) return session.UsageError("this method takes one request", usage);
  std::string json = arguments.size() > 1 ? arguments[1] : "{}";
  if (json == "-") json.assign(std::istreambuf_iterator<char>(std::cin), {});
  const auto request = NewMessage(method->input_type());
  if (const absl::Status status = ParseJson(json, request.get()); !status.ok()) {
    return session.UsageError(std::string(status.message()), usage);
  }
  return session.Call(method, *request, usage);
}

}  // namespace kvick::cli
