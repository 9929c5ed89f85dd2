#include "server/processor/pipeline_session.h"

#include <utility>

#include "kvick/v1/command.pb.h"
#include "server/processor/operation_status.h"
#include "server/processor/wire.h"
#include "storage/base/error.h"

namespace kvick::server {
namespace {

using google::protobuf::Message;
using storage::InvalidArgument;

// Results are sent when there are this many bytes of them, so that they fit in what any client
// takes.
constexpr size_t kResultsBytesMax = 256 << 10;
// Messages are kept for the next operation until this many bytes have gone through them: Protobuf
// keeps the memory of what is cleared, element by element, and it would add up.
constexpr size_t kKeptMessageBytesMax = 64 << 10;

absl::Status Malformed(std::string_view message) {
  return InvalidArgument("MALFORMED_REQUEST", message);
}

// The request of an operation that fills Command in more than one piece, which the wire format
// allows: put together by Protobuf itself. False when it is malformed.
bool ParseAsMessage(std::string_view bytes, int* field, std::string* request) {
  v1::PipelineOperation operation;
  if (!operation.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return false;
  }
  const v1::Command& command = operation.command();
  const auto* set = command.GetReflection()->GetOneofFieldDescriptor(
      command, command.GetDescriptor()->FindOneofByName("request"));
  *field = set == nullptr ? 0 : set->number();
  if (set != nullptr) {
    *request = command.GetReflection()->GetMessage(command, set).SerializeAsString();
  }
  return true;
}

}  // namespace

PipelineSession::PipelineSession(const CommandTable& table, Processor& processor, Observer observer,
                                 std::function<void()> resume)
    : table_(table),
      processor_(processor),
      observer_(std::move(observer)),
      resume_(std::move(resume)),
      messages_(table.commands().size()) {}

PipelineSession::~PipelineSession() = default;

void PipelineSession::Begin(std::string_view frame) {
  frame_ = frame;
  operations_ = 0;
}

std::string PipelineSession::TakeResults() { return std::exchange(results_, std::string()); }

bool PipelineSession::NextOperation(std::string_view* operation) {
  WireField field;
  while (!frame_.empty()) {
    if (!TakeField(&frame_, &field)) {
      return false;
    }
    if (field.number == v1::PipelineRequest::kOperationsFieldNumber &&
        field.type == WireType::kLengthDelimited) {
      *operation = field.content;
      return true;
    }
  }
  return true;  // only unknown fields were left
}

size_t PipelineSession::KeptBytes() const {
  size_t bytes = 0;
  for (const Messages& messages : messages_) {
    if (messages.request != nullptr) {
      bytes += messages.request->SpaceUsedLong() + messages.response->SpaceUsedLong();
    }
  }
  return bytes;
}

PipelineSession::State PipelineSession::Run() {
  absl::Status answer;
  bool answered = false;
  {
    absl::MutexLock lock(&mu_);
    if (pending_ == Pending::kSuspended) {
      return State::kWaiting;
    }
    if (pending_ == Pending::kAnswered) {
      answered = true;
      answer = answer_;
      pending_ = Pending::kNone;
      waiter_ = nullptr;
    }
  }
  if (answered) {
    Finish(waiting_operation_, answer);
  }
  while (!frame_.empty()) {
    if (results_.size() >= kResultsBytesMax) {
      return State::kResults;
    }
    std::string_view operation;
    if (!NextOperation(&operation)) {
      status_ = Malformed("A frame of the pipeline is not a PipelineRequest: send whole messages.");
      return State::kBroken;
    }
    if (operation.data() != nullptr && !RunOperation(operation)) {
      return State::kWaiting;
    }
  }
  return State::kFrameEnd;
}

absl::Status PipelineSession::Parse(std::string_view bytes, Operation* operation) const {
  const std::string_view whole = bytes;
  std::string_view command;
  WireField field;
  int commands = 0;
  int requests = 0;
  while (!bytes.empty()) {
    if (!TakeField(&bytes, &field)) {
      return Malformed("The operation is not a PipelineOperation.");
    }
    if (field.number == v1::PipelineOperation::kIdFieldNumber && field.type == WireType::kVarint) {
      operation->id = field.value;
    } else if (field.number == v1::PipelineOperation::kCommandFieldNumber &&
               field.type == WireType::kLengthDelimited) {
      command = field.content;
      ++commands;
    }
  }
  int number = 0;
  while (!command.empty()) {
    if (!TakeField(&command, &field)) {
      return Malformed("The operation's command is not a Command.");
    }
    number = field.number;
    operation->request = field.content;
    requests += field.type == WireType::kLengthDelimited ? 1 : 2;
  }
  if (commands > 1 || requests > 1) {
    if (!ParseAsMessage(whole, &number, &operation->joined_request)) {
      return Malformed("The operation is not a PipelineOperation.");
    }
    operation->request = operation->joined_request;
  }
  operation->command = table_.FindByField(number);
  if (operation->command == nullptr) {
    return InvalidArgument(
        "COMMAND_MISSING",
        "The operation carries no command that this server knows: set one of the "
        "fields of Command.");
  }
  return absl::OkStatus();
}

bool PipelineSession::RunOperation(std::string_view bytes) {
  Operation operation;
  absl::Status status = Parse(bytes, &operation);
  if (status.ok() && ++operations_ > kPipelineOperationsMax) {
    status = InvalidArgument(
        "TOO_MANY_ITEMS", "A frame of the pipeline carries more than 10,000 operations: split it.");
  }
  if (!status.ok()) {
    AppendError(operation.id, status);
    return true;
  }
  Messages& messages = MessagesFor(*operation.command);
  if (!messages.request->ParseFromArray(operation.request.data(),
                                        static_cast<int>(operation.request.size()))) {
    Finish(operation,
           Malformed("The request is not the message of its method, or text in it is not "
                     "UTF-8."));
    return true;
  }
  if (operation.command->may_wait()) {
    return RunWaitingOperation(std::move(operation), messages);
  }
  Finish(operation,
         processor_.Execute(*operation.command, *messages.request, messages.response.get()));
  return true;
}

bool PipelineSession::RunWaitingOperation(Operation operation, Messages& messages) {
  {
    absl::MutexLock lock(&mu_);
    pending_ = Pending::kRunning;
  }
  auto waiter =
      processor_.ExecuteOrWait(*operation.command, *messages.request, messages.response.get(),
                               [this](const absl::Status& status) {
                                 bool suspended = false;
                                 {
                                   absl::MutexLock lock(&mu_);
                                   answer_ = status;
                                   suspended = pending_ == Pending::kSuspended;
                                   pending_ = Pending::kAnswered;
                                 }
                                 if (suspended) {
                                   resume_();
                                 }
                               });
  absl::Status answer;
  bool cancelled = false;
  {
    absl::MutexLock lock(&mu_);
    if (pending_ == Pending::kAnswered) {
      pending_ = Pending::kNone;
      answer = answer_;
      waiter = nullptr;
    } else {
      waiting_operation_ = std::move(operation);
      pending_ = Pending::kSuspended;
      waiter_ = waiter;
      cancelled = cancelled_;
    }
  }
  if (waiter == nullptr) {
    Finish(operation, answer);
    return true;
  }
  if (cancelled) {
    processor_.Cancel(waiter);
  }
  return false;
}

PipelineSession::Messages& PipelineSession::MessagesFor(const Command& command) {
  Messages& messages = messages_[command.index()];
  if (messages.request == nullptr) {
    messages.request.reset(command.NewRequest(nullptr));
    messages.response.reset(command.NewResponse(nullptr));
  }
  return messages;
}

void PipelineSession::Finish(const Operation& operation, const absl::Status& status) {
  observer_(*operation.command, status.code());
  Messages& messages = MessagesFor(*operation.command);
  if (status.ok()) {
    AppendReply(operation.id, *operation.command, *messages.response);
  } else {
    AppendError(operation.id, status);
  }
  messages.bytes +=
      operation.request.size() + static_cast<size_t>(messages.response->GetCachedSize());
  // How large an answer was when it was given up is not known.
  if (!status.ok() || messages.bytes > kKeptMessageBytesMax) {
    messages = Messages();
  } else {
    messages.response->Clear();
  }
}

void PipelineSession::AppendReply(uint64_t id, const Command& command, const Message& response) {
  using v1::PipelineResponse;
  using v1::PipelineResult;
  constexpr auto kLengthDelimited = WireType::kLengthDelimited;
  const size_t response_size = response.ByteSizeLong();
  const uint32_t reply_tag = WireTag(command.field_number(), kLengthDelimited);
  const size_t reply_size = VarintSize(reply_tag) + VarintSize(response_size) + response_size;
  const size_t result_size =
      (id != 0 ? 1 + VarintSize(id) : 0) + 1 + VarintSize(reply_size) + reply_size;
  const size_t before = results_.size();
  results_.resize(before + 1 + VarintSize(result_size) + result_size);
  auto* at = reinterpret_cast<uint8_t*>(results_.data() + before);
  at = PutVarint(WireTag(PipelineResponse::kResultsFieldNumber, kLengthDelimited), at);
  at = PutVarint(result_size, at);
  if (id != 0) {
    at = PutVarint(WireTag(PipelineResult::kIdFieldNumber, WireType::kVarint), at);
    at = PutVarint(id, at);
  }
  at = PutVarint(WireTag(PipelineResult::kReplyFieldNumber, kLengthDelimited), at);
  at = PutVarint(reply_size, at);
  at = PutVarint(reply_tag, at);
  at = PutVarint(response_size, at);
  response.SerializeWithCachedSizesToArray(at);
}

void PipelineSession::AppendError(uint64_t id, const absl::Status& status) {
  v1::PipelineResponse response;
  v1::PipelineResult* result = response.add_results();
  result->set_id(id);
  FillOperationStatus(status, result->mutable_status());
  response.AppendToString(&results_);
}

void PipelineSession::Cancel() {
  std::shared_ptr<Waiter> waiter;
  {
    absl::MutexLock lock(&mu_);
    cancelled_ = true;
    waiter = waiter_;
  }
  if (waiter != nullptr) {
    processor_.Cancel(waiter);
  }
}

}  // namespace kvick::server
