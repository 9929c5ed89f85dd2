#include "server/processor/pipeline_session.h"

#include <algorithm>
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
// Operations that are read together: enough that their waits for memory overlap, so few that all
// they touch stays in the nearest caches.
constexpr size_t kGroupOperations = 16;
// A group ends early when its requests have so many bytes.
constexpr size_t kGroupBytesMax = 64 << 10;
// A response larger than this is freed before the end of its group.
constexpr size_t kKeptResponseBytesMax = 64 << 10;

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

PipelineSession::PipelineSession(const CommandTable& table, Processor& processor,
                                 Executor& executor, Observer observer,
                                 std::function<void()> resume)
    : table_(table),
      processor_(processor),
      executor_(executor),
      observer_(std::move(observer)),
      resume_(std::move(resume)),
      prefetcher_(processor.MakePrefetcher()) {
  group_.reserve(kGroupOperations);
}

PipelineSession::~PipelineSession() = default;

void PipelineSession::Begin(std::string_view frame) {
  frame_ = frame;
  WireField field;
  frame_is_broken_ = false;
  while (!frame_is_broken_ && !frame.empty()) {
    frame_is_broken_ = !TakeField(&frame, &field);
  }
  operations_ = 0;
  results_.reserve(std::min(last_results_bytes_, kResultsBytesMax));
}

std::string PipelineSession::TakeResults() {
  last_results_bytes_ = results_.size();
  return std::exchange(results_, std::string());
}

std::optional<std::string_view> PipelineSession::NextOperation() {
  WireField field;
  while (!frame_.empty() && TakeField(&frame_, &field)) {
    if (field.number == v1::PipelineRequest::kOperationsFieldNumber &&
        field.type == WireType::kLengthDelimited) {
      return field.content;
    }
  }
  return std::nullopt;  // only unknown fields were left
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
    Finish(group_[next_ - 1], answer);
  }
  if (frame_is_broken_) {
    status_ = Malformed("A frame of the pipeline is not a PipelineRequest: send whole messages.");
    return State::kBroken;
  }
  now_ = processor_.Now();
  for (;;) {
    if (cancelled_.load(std::memory_order_relaxed)) {
      return State::kCancelled;
    }
    if (next_ < group_.size()) {
      if (results_.size() >= kResultsBytesMax) {
        return State::kResults;
      }
      if (!RunOperation(group_[next_++])) {
        return State::kWaiting;
      }
      continue;
    }
    if (frame_.empty()) {
      ForgetGroup();
      return State::kFrameEnd;
    }
    ReadGroup();
  }
}

void PipelineSession::ForgetGroup() {
  group_.clear();
  next_ = 0;
  requests_.arena.Reset();
  responses_.arena.Reset();
}

uint64_t PipelineSession::KeptBytes() const {
  return requests_.arena.SpaceAllocated() + responses_.arena.SpaceAllocated();
}

void PipelineSession::ReadGroup() {
  // By the thread that allocates from the arenas next.
  ForgetGroup();
  size_t bytes = 0;
  while (group_.size() < kGroupOperations && bytes < kGroupBytesMax && !frame_.empty()) {
    if (const auto operation = NextOperation(); operation.has_value()) {
      ReadOperation(*operation);
      bytes += operation->size();
    }
  }
  prefetcher_.Run();
  now_ = processor_.Now();
}

void PipelineSession::ReadOperation(std::string_view bytes) {
  Operation& operation = group_.emplace_back();
  operation.error = Parse(bytes, &operation);
  if (!operation.error.ok()) {
    return;
  }
  if (++operations_ > kPipelineOperationsMax) {
    operation.error = InvalidArgument(
        "TOO_MANY_ITEMS", "A frame of the pipeline carries more than 10,000 operations: split it.");
    return;
  }
  operation.message = operation.command->NewRequest(&requests_.arena);
  if (!operation.message->ParseFromArray(operation.request.data(),
                                         static_cast<int>(operation.request.size()))) {
    operation.error =
        Malformed("The request is not the message of its method, or text in it is not UTF-8.");
    return;
  }
  operation.command->VisitKeys(*operation.message,
                               [this](const std::string& key) { prefetcher_.Add(key); });
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

bool PipelineSession::RunOperation(Operation& operation) {
  if (!operation.error.ok()) {
    AppendError(operation.id, operation.error);
    return true;
  }
  operation.response = operation.command->NewResponse(&responses_.arena);
  if (operation.command->may_wait()) {
    return RunWaitingOperation(operation);
  }
  Finish(operation,
         processor_.Execute(*operation.command, *operation.message, operation.response, now_));
  return true;
}

bool PipelineSession::RunWaitingOperation(Operation& operation) {
  {
    absl::MutexLock lock(&mu_);
    pending_ = Pending::kRunning;
  }
  auto waiter = processor_.ExecuteOrWait(
      *operation.command, *operation.message, operation.response,
      [this](const absl::Status& status) { Answer(status); },
      [this] { return cancelled_.load(std::memory_order_relaxed); });
  absl::Status answer;
  bool cancelled = false;
  {
    absl::MutexLock lock(&mu_);
    if (pending_ == Pending::kAnswered) {
      pending_ = Pending::kNone;
      answer = answer_;
      waiter = nullptr;
    } else {
      pending_ = Pending::kSuspended;
      waiter_ = waiter;
      cancelled = cancelled_.load(std::memory_order_relaxed);
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

void PipelineSession::Answer(const absl::Status& status) {
  bool suspended = false;
  {
    absl::MutexLock lock(&mu_);
    answer_ = status;
    suspended = pending_ == Pending::kSuspended;
    pending_ = Pending::kAnswered;
  }
  if (suspended) {
    executor_.Add(resume_);
  }
}

void PipelineSession::Finish(const Operation& operation, const absl::Status& status) {
  observer_(*operation.command, status.code());
  const size_t before = results_.size();
  if (status.ok()) {
    AppendReply(operation.id, *operation.command, *operation.response);
  } else {
    AppendError(operation.id, status);
  }
  // How large an answer was when it was given up is not known.
  if (!status.ok() || results_.size() - before > kKeptResponseBytesMax) {
    responses_.arena.Reset();
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
    cancelled_.store(true, std::memory_order_relaxed);
    waiter = waiter_;
  }
  if (waiter != nullptr) {
    processor_.Cancel(waiter);
  }
}

}  // namespace kvick::server
