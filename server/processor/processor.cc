#include "server/processor/processor.h"

#include <algorithm>
#include <utility>

#include "server/commands/expiry.h"
#include "server/commands/values.h"
#include "server/processor/thread_random.h"
#include "storage/base/error.h"
#include "storage/base/status_macros.h"

namespace kvick::server {

using storage::InvalidArgument;
using storage::Keyspace;
using storage::MakeError;
using storage::ShardSet;

namespace {

constexpr absl::Duration kMaxWaitMax = absl::Hours(1);

void SortUnique(ShardSet* shards) {
  std::sort(shards->begin(), shards->end());
  shards->erase(std::unique(shards->begin(), shards->end()), shards->end());
}

absl::Status CheckPreconditionForm(const v1::Precondition& precondition,
                                   const storage::Limits& limits) {
  switch (precondition.check_case()) {
    case v1::Precondition::kAbsent:
      return precondition.absent()
                 ? absl::OkStatus()
                 : InvalidArgument("PRECONDITION_MISSING",
                                   "The field precondition.absent is false: say present instead.");
    case v1::Precondition::kPresent:
      return precondition.present()
                 ? absl::OkStatus()
                 : InvalidArgument("PRECONDITION_MISSING",
                                   "The field precondition.present is false: say absent instead.");
    case v1::Precondition::kVersion:
      return precondition.version() >= 0
                 ? absl::OkStatus()
                 : InvalidArgument("ARGUMENT_OUT_OF_RANGE",
                                   "The field precondition.version must not be negative.");
    case v1::Precondition::kValueEquals:
      return Canonical(precondition.value_equals(), limits).status();
    case v1::Precondition::CHECK_NOT_SET:
      break;
  }
  return InvalidArgument("PRECONDITION_MISSING",
                         "The field precondition has no check: set one of absent, present, version "
                         "and value_equals, or leave it out.");
}

absl::StatusOr<absl::Duration> CheckMaxWait(const google::protobuf::Duration& max_wait) {
  constexpr int32_t kNanosMax = 999'999'999;
  const absl::Duration wait =
      absl::Seconds(max_wait.seconds()) + absl::Nanoseconds(max_wait.nanos());
  if (max_wait.seconds() < 0 || max_wait.nanos() < 0 || max_wait.nanos() > kNanosMax ||
      wait > kMaxWaitMax) {
    return InvalidArgument("ARGUMENT_OUT_OF_RANGE",
                           "The field max_wait must be a duration from 0 to one hour.");
  }
  return wait;
}

}  // namespace

// What Check() found out about a request.
struct Processor::Prepared {
  ShardSet shards;          // of its keys, in locking order
  absl::Duration max_wait;  // none unless the request asks for it
};

Processor::Processor(storage::Store& store, ProcessorOptions options)
    : store_(store), options_(std::move(options)), waiters_(store), timers_(options_.clock) {}

Processor::~Processor() = default;

absl::Status Processor::Check(const Command& command, const Message& request,
                              Prepared* prepared) const {
  const storage::Limits& limits = store_.options().limits;
  const size_t keys_max = command.may_wait() ? options_.max_keys_of_waiting_call : limits.max_items;
  absl::Status status;
  size_t keys = 0;
  command.VisitKeys(request, [&](const std::string& key) {
    if (++keys > keys_max || !status.ok()) {
      return;
    }
    status = CheckKey(key, limits);
    prepared->shards.push_back(store_.ShardOf(key));
  });
  RETURN_IF_ERROR(status);
  if (keys == 0) {
    return InvalidArgument("KEY_EMPTY", "The request names no key: give at least one.");
  }
  if (keys > keys_max) {
    return TooManyItems(keys_max);
  }
  if (keys > 1) {
    SortUnique(&prepared->shards);
  }
  if (const auto* precondition = command.PreconditionOf(request); precondition != nullptr) {
    RETURN_IF_ERROR(CheckPreconditionForm(*precondition, limits));
  }
  if (const auto* expiry = command.ExpiryOf(request); expiry != nullptr) {
    RETURN_IF_ERROR(ResolveExpiry(*expiry, store_.Now()).status());
  }
  if (const auto* max_wait = command.MaxWaitOf(request); max_wait != nullptr) {
    ASSIGN_OR_RETURN(prepared->max_wait, CheckMaxWait(*max_wait));
  }
  return absl::OkStatus();
}

absl::Status Processor::CheckPrecondition(const Command& command, const Message& request,
                                          const v1::Precondition& precondition,
                                          const Keyspace& keyspace, bool* holds) const {
  absl::Status status;
  *holds = true;
  command.VisitWrittenKeys(request, [&](const std::string& key) {
    const storage::Entry* entry = keyspace.Peek(key);
    switch (precondition.check_case()) {
      case v1::Precondition::kAbsent:
        *holds &= entry == nullptr;
        return;
      case v1::Precondition::kPresent:
        *holds &= entry != nullptr;
        return;
      case v1::Precondition::kVersion:
        *holds &= (entry == nullptr ? 0 : entry->version()) == precondition.version();
        return;
      case v1::Precondition::kValueEquals: {
        if (entry != nullptr && entry->type() != storage::ObjectType::kString) {
          status.Update(storage::WrongType(key, entry->type(), storage::ObjectType::kString));
          return;
        }
        const auto value = Canonical(precondition.value_equals(), keyspace.limits());
        *holds &= entry != nullptr && entry->value().bytes == value->view().bytes;
        return;
      }
      case v1::Precondition::CHECK_NOT_SET:
        return;
    }
  });
  return status;
}

void Processor::FillMutation(const Command& command, const Message& request, bool applied,
                             const Keyspace& keyspace, v1::Mutation* mutation) const {
  mutation->set_applied(applied);
  if (keyspace.version() != 0) {
    mutation->set_version(keyspace.version());
    return;
  }
  command.VisitWrittenKeys(request, [&](const std::string& key) {
    const storage::Entry* entry = keyspace.Peek(key);
    if (entry != nullptr) {
      mutation->set_version(std::max(mutation->version(), entry->version()));
    }
  });
}

absl::Status Processor::RunLocked(const Command& command, const Message& request, Message* response,
                                  Keyspace& keyspace) {
  v1::Mutation* mutation = command.MutationOf(response);
  if (const auto* precondition = command.PreconditionOf(request); precondition != nullptr) {
    bool holds = false;
    RETURN_IF_ERROR(CheckPrecondition(command, request, *precondition, keyspace, &holds));
    if (!holds) {
      RETURN_IF_ERROR(command.RunRefused(keyspace, request, response));
      FillMutation(command, request, false, keyspace, mutation);
      return absl::OkStatus();
    }
  }
  if (command.growth() == Growth::kPossible && !store_.HasRoom()) {
    return MemoryLimit();
  }
  RETURN_IF_ERROR(command.Run(&keyspace, request, response));
  if (const auto* expiry = command.ExpiryOf(request);
      expiry != nullptr && !keyspace.would_wait() && !keyspace.left_unchanged()) {
    ASSIGN_OR_RETURN(const auto due, ResolveExpiry(*expiry, keyspace.now()));
    command.VisitExpiringKeys(request,
                              [&](const std::string& key) { keyspace.SetExpiry(key, due); });
  }
  if (mutation != nullptr) {
    FillMutation(command, request, true, keyspace, mutation);
  }
  return absl::OkStatus();
}

const ShardSet& Processor::LockFor(const Command& command, const Message& request,
                                   const ShardSet& shards, ShardSet* more) {
  if (!command.read_only()) {
    return LockForWrite(command, request, shards, more);
  }
  store_.Lock(shards);
  return shards;
}

absl::Status Processor::RunOrWait(const Command& command, const Message& request, Message* response,
                                  std::optional<storage::TimeMs> now,
                                  const std::shared_ptr<Waiter>& waiter, bool* waits) {
  Prepared prepared;
  RETURN_IF_ERROR(Check(command, request, &prepared));
  Served served;
  ShardSet more;
  const ShardSet& locked = LockFor(command, request, prepared.shards, &more);
  Keyspace keyspace(store_, now.has_value() ? *now : store_.Now(), ThreadRandom::Get(),
                    locked.size() == 1 ? &store_.shard(locked.front()) : nullptr);
  absl::Status status = RunLocked(command, request, response, keyspace);
  if (!keyspace.signalled_keys().empty()) {
    ServeWaiters({keyspace.signalled_keys().begin(), keyspace.signalled_keys().end()}, locked,
                 &served);
  }
  if (status.ok() && keyspace.would_wait() && waiter != nullptr &&
      prepared.max_wait > absl::ZeroDuration()) {
    waiter->shards = prepared.shards;
    status = Register(waiter, prepared.max_wait);
    *waits = status.ok();
  }
  CountCommand(locked);
  store_.Unlock(locked);
  if (served.any()) {
    Complete(std::move(served));
  }
  return status;
}

void Processor::CountCommand(const ShardSet& locked) {
  storage::Shard& first = store_.shard(locked.front());
  first.mu.AssertHeld();
  ++first.commands;
}

absl::Status Processor::Execute(const Command& command, const Message& request, Message* response,
                                std::optional<storage::TimeMs> now) {
  if (!command.uses_keyspace()) {
    return command.Run(nullptr, request, response);
  }
  return RunOrWait(command, request, response, now, nullptr, nullptr);
}

}  // namespace kvick::server
