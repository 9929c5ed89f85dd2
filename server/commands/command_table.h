// CommandTable: every call that the server answers, by method and by its field in Command. A
// command is a plain function; Add() deduces everything else from its signature and from the
// descriptors of its messages, and ends the process at startup, with a name, when something does
// not fit:
//
//   absl::Status ListPush(Keyspace&, const v1::ListPushRequest&, v1::ListPushResponse*);
//   absl::Status ListRange(const Keyspace&, const v1::ListRangeRequest&, v1::ListRangeResponse*);
//   table.Add(ListPush);
//
// `const Keyspace&` is what makes a command read-only.
#ifndef KVICK_SERVER_COMMANDS_COMMAND_TABLE_H_
#define KVICK_SERVER_COMMANDS_COMMAND_TABLE_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/message.h"
#include "server/commands/frame_source.h"
#include "server/commands/request_traits.h"
#include "storage/keyspace.h"

namespace kvick::server {

// Whether a command may need memory. One that does not (it takes away) runs at max_memory too.
enum class Growth { kPossible, kNone };

// One unary call, its types forgotten. Constant after construction; thread safe.
class Command {
 public:
  using Message = google::protobuf::Message;
  using KeyVisitor = absl::FunctionRef<void(const std::string&)>;

  virtual ~Command() = default;

  // "kvick.v1.ListService", "Push".
  const google::protobuf::MethodDescriptor& method() const { return *method_; }
  // The number of the field of Command and Reply that carries this call; 0: it cannot be carried.
  int field_number() const { return field_number_; }
  // True for a function of `const Keyspace&`.
  virtual bool read_only() const = 0;
  // True when its request has `max_wait`.
  virtual bool may_wait() const = 0;
  // What the keys that it waits for must hold.
  virtual storage::ObjectType awaited_type() const = 0;
  // False for a call that is not about keys: it runs without any lock.
  virtual bool uses_keyspace() const = 0;
  Growth growth() const { return growth_; }
  // Counts up from 0 in the order of registration.
  size_t index() const { return index_; }

  // Messages of the right types, on an arena or, without one, for the caller to delete.
  virtual Message* NewRequest(google::protobuf::Arena* arena) const = 0;
  virtual Message* NewResponse(google::protobuf::Arena* arena) const = 0;

  // All keys of a request; the written ones; those that `expiry` is for; the awaited ones. See
  // request_traits.h.
  virtual void VisitKeys(const Message& request, KeyVisitor visit) const = 0;
  virtual void VisitWrittenKeys(const Message& request, KeyVisitor visit) const = 0;
  virtual void VisitExpiringKeys(const Message& request, KeyVisitor visit) const = 0;
  virtual void VisitAwaitedKeys(const Message& request, KeyVisitor visit) const = 0;
  // Fields that the processor handles for all commands; null where the request has none.
  virtual const v1::Precondition* PreconditionOf(const Message& request) const = 0;
  virtual const v1::Expiry* ExpiryOf(const Message& request) const = 0;
  virtual const google::protobuf::Duration* MaxWaitOf(const Message& request) const = 0;
  virtual v1::Mutation* MutationOf(Message* response) const = 0;

  // Runs the function. The shards of all keys are locked, unless it does not use the keyspace.
  virtual absl::Status Run(storage::Keyspace* keyspace, const Message& request,
                           Message* response) const = 0;
  // Fills what is answered although the precondition failed.
  virtual absl::Status RunRefused(const storage::Keyspace& keyspace, const Message& request,
                                  Message* response) const = 0;

 protected:
  Command(const google::protobuf::Descriptor* request, const google::protobuf::Descriptor* response,
          Growth growth);

 private:
  friend class CommandTable;
  const google::protobuf::MethodDescriptor* method_;
  int field_number_;
  Growth growth_;
  size_t index_ = 0;
};

// One server-streaming call: makes the source of its frames, or refuses.
class StreamCommand {
 public:
  virtual ~StreamCommand() = default;
  const google::protobuf::MethodDescriptor& method() const { return *method_; }
  virtual google::protobuf::Message* NewRequest(google::protobuf::Arena* arena) const = 0;
  // `request` lives as long as the source.
  virtual absl::StatusOr<std::unique_ptr<FrameSource>> Start(
      const google::protobuf::Message& request, WakeUp wake_up) const = 0;

 protected:
  explicit StreamCommand(const google::protobuf::Descriptor* request);

 private:
  const google::protobuf::MethodDescriptor* method_;
};

// Leads to this namespace's overloads of AnswerRefused: no other argument of theirs is of it.
struct Refused {};

// Commands that answer something although their precondition failed say so by an overload beside
// this one, found by the types of its arguments.
inline absl::Status AnswerRefused(Refused, const storage::Keyspace&,
                                  const google::protobuf::Message&, google::protobuf::Message*) {
  return absl::OkStatus();
}

namespace internal {

// A Command over a function object `run(Keyspace*, const Request&, Response*)`.
template <typename Request, typename Response, bool kReadOnly, bool kKeyspace, typename Function>
class TypedCommand final : public Command {
 public:
  TypedCommand(Function function, Growth growth)
      : Command(Request::descriptor(), Response::descriptor(), growth),
        function_(std::move(function)) {}

  bool read_only() const override { return kReadOnly; }
  bool may_wait() const override { return HasMaxWait<Request>; }
  storage::ObjectType awaited_type() const override { return kAwaitedType<Request>; }
  bool uses_keyspace() const override { return kKeyspace; }

  Message* NewRequest(google::protobuf::Arena* arena) const override {
    return google::protobuf::Arena::CreateMessage<Request>(arena);
  }
  Message* NewResponse(google::protobuf::Arena* arena) const override {
    return google::protobuf::Arena::CreateMessage<Response>(arena);
  }

  void VisitKeys(const Message& request, KeyVisitor visit) const override {
    server::VisitKeys(Typed(request), visit);
  }
  void VisitWrittenKeys(const Message& request, KeyVisitor visit) const override {
    server::VisitWrittenKeys(Typed(request), visit);
  }
  void VisitExpiringKeys(const Message& request, KeyVisitor visit) const override {
    server::VisitExpiringKeys(Typed(request), visit);
  }
  void VisitAwaitedKeys(const Message& request, KeyVisitor visit) const override {
    server::VisitAwaitedKeys(Typed(request), visit);
  }

  const v1::Precondition* PreconditionOf(const Message& request) const override {
    if constexpr (HasPrecondition<Request>) {
      return Typed(request).has_precondition() ? &Typed(request).precondition() : nullptr;
    }
    return nullptr;
  }
  const v1::Expiry* ExpiryOf(const Message& request) const override {
    if constexpr (HasExpiry<Request> && !kHandlesExpiryItself<Request>) {
      return Typed(request).has_expiry() ? &Typed(request).expiry() : nullptr;
    }
    return nullptr;
  }
  const google::protobuf::Duration* MaxWaitOf(const Message& request) const override {
    if constexpr (HasMaxWait<Request>) {
      return Typed(request).has_max_wait() ? &Typed(request).max_wait() : nullptr;
    }
    return nullptr;
  }
  v1::Mutation* MutationOf(Message* response) const override {
    if constexpr (HasMutation<Response>) {
      return static_cast<Response*>(response)->mutable_mutation();
    }
    return nullptr;
  }

  absl::Status Run(storage::Keyspace* keyspace, const Message& request,
                   Message* response) const override {
    return function_(keyspace, Typed(request), static_cast<Response*>(response));
  }
  absl::Status RunRefused(const storage::Keyspace& keyspace, const Message& request,
                          Message* response) const override {
    return AnswerRefused(Refused(), keyspace, Typed(request), static_cast<Response*>(response));
  }

 private:
  static const Request& Typed(const Message& request) {
    return static_cast<const Request&>(request);
  }
  const Function function_;
};

template <typename Request, typename Function>
class TypedStreamCommand final : public StreamCommand {
 public:
  explicit TypedStreamCommand(Function function)
      : StreamCommand(Request::descriptor()), function_(std::move(function)) {}
  google::protobuf::Message* NewRequest(google::protobuf::Arena* arena) const override {
    return google::protobuf::Arena::CreateMessage<Request>(arena);
  }
  absl::StatusOr<std::unique_ptr<FrameSource>> Start(const google::protobuf::Message& request,
                                                     WakeUp wake_up) const override {
    return function_(static_cast<const Request&>(request), std::move(wake_up));
  }

 private:
  const Function function_;
};

}  // namespace internal

// Filled at startup, constant afterwards.
class CommandTable {
 public:
  // The full names of the services whose methods can be added.
  static const std::vector<std::string_view>& Services();

  // A command that writes.
  template <typename Request, typename Response>
  void Add(absl::Status (*function)(storage::Keyspace&, const Request&, Response*),
           Growth growth = Growth::kPossible) {
    static_assert(kHasAnyKey<Request>, "the request names no key");
    AddTyped<Request, Response, false, true>(
        [function](storage::Keyspace* keyspace, const Request& request, Response* response) {
          return function(*keyspace, request, response);
        },
        growth);
  }
  // A command that reads.
  template <typename Request, typename Response>
  void Add(absl::Status (*function)(const storage::Keyspace&, const Request&, Response*)) {
    static_assert(kHasAnyKey<Request>, "the request names no key");
    AddTyped<Request, Response, true, true>(
        [function](storage::Keyspace* keyspace, const Request& request, Response* response) {
          return function(*keyspace, request, response);
        },
        Growth::kNone);
  }
  // A call that is not about given keys; `function(const Request&, Response*)` locks for itself.
  template <typename Request, typename Response>
  void AddCall(std::function<absl::Status(const Request&, Response*)> function) {
    AddTyped<Request, Response, true, false>(
        [function = std::move(function)](storage::Keyspace* /*none*/, const Request& request,
                                         Response* response) {
          return function(request, response);
        },
        Growth::kNone);
  }
  // A call that streams; `function(const Request&, WakeUp)` makes the source of its frames.
  template <typename Request>
  void AddStream(std::function<absl::StatusOr<std::unique_ptr<FrameSource>>(const Request&, WakeUp)>
                     function) {
    AddStreamCommand(std::make_unique<internal::TypedStreamCommand<Request, decltype(function)>>(
        std::move(function)));
  }

  // The command of a method (O(commands), for startup) or of a field of Command (O(1)); null when
  // there is none.
  const Command* Find(const google::protobuf::MethodDescriptor& method) const;
  const Command* FindByField(int field_number) const {
    return static_cast<size_t>(field_number) < by_field_.size()
               ? by_field_[static_cast<size_t>(field_number)]
               : nullptr;
  }
  const StreamCommand* FindStream(const google::protobuf::MethodDescriptor& method) const;
  const std::vector<std::unique_ptr<Command>>& commands() const { return commands_; }

 private:
  template <typename Request, typename Response, bool kReadOnly, bool kKeyspace, typename Function>
  void AddTyped(Function function, Growth growth) {
    AddCommand(
        std::make_unique<internal::TypedCommand<Request, Response, kReadOnly, kKeyspace, Function>>(
            std::move(function), growth));
  }
  void AddCommand(std::unique_ptr<Command> command);
  void AddStreamCommand(std::unique_ptr<StreamCommand> stream);

  std::vector<std::unique_ptr<Command>> commands_;
  std::vector<std::unique_ptr<StreamCommand>> streams_;
  std::vector<const Command*> by_field_;
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_COMMANDS_COMMAND_TABLE_H_
