// HashService: fields with values. The end of the file lists its commands.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "kvick/v1/hash.pb.h"
#include "server/commands/arithmetic.h"
#include "server/commands/command_table.h"
#include "server/commands/page_token.h"
#include "server/commands/register.h"
#include "server/commands/samples.h"
#include "server/commands/scan_steps.h"
#include "server/commands/values.h"
#include "storage/base/error.h"
#include "storage/base/glob.h"
#include "storage/base/status_macros.h"
#include "storage/types/hash.h"

namespace kvick::server {

using storage::Element;
using storage::Hash;
using storage::InvalidArgument;
using storage::Keyspace;
using storage::NumberText;
using storage::ValueKind;
using storage::ValueView;

namespace {

absl::Status CheckField(const std::string& field, const storage::Limits& limits) {
  if (field.empty()) {
    return InvalidArgument("KEY_EMPTY", "A field is empty: give it at least one byte.");
  }
  if (field.size() > limits.max_key_bytes) {
    return InvalidArgument("KEY_TOO_LONG",
                           fmt::format("A field of {} bytes is over the limit of {}.", field.size(),
                                       limits.max_key_bytes),
                           {{"limit_bytes", std::to_string(limits.max_key_bytes)}});
  }
  return absl::OkStatus();
}

absl::Status CheckFields(const google::protobuf::RepeatedPtrField<std::string>& fields,
                         const storage::Limits& limits) {
  if (fields.empty()) {
    return InvalidArgument("KEY_EMPTY", "The field fields is empty: name at least one.");
  }
  if (static_cast<size_t>(fields.size()) > limits.max_items) {
    return TooManyItems(limits.max_items);
  }
  for (const std::string& field : fields) {
    RETURN_IF_ERROR(CheckField(field, limits));
  }
  return absl::OkStatus();
}

// Whether the condition lets the fields of a request be set.
bool ConditionHolds(const v1::HashSetRequest& request, const Hash* hash) {
  if (request.field_condition() != v1::FIELD_CONDITION_IF_NONE_EXIST &&
      request.field_condition() != v1::FIELD_CONDITION_IF_ALL_EXIST) {
    return true;
  }
  const bool wanted = request.field_condition() == v1::FIELD_CONDITION_IF_ALL_EXIST;
  for (const auto& [field, value] : request.fields()) {
    const bool exists = hash != nullptr && hash->Get(field).has_value();
    if (exists != wanted) {
      return false;
    }
  }
  return true;
}

std::optional<std::string_view> BytesOf(const Hash* hash, const std::string& field) {
  const std::optional<ValueView> value = hash == nullptr ? std::nullopt : hash->Get(field);
  return value.has_value() ? std::optional(value->bytes) : std::nullopt;
}

}  // namespace

absl::Status HashSet(Keyspace& keyspace, const v1::HashSetRequest& request,
                     v1::HashSetResponse* response) {
  if (request.fields().empty()) {
    return InvalidArgument("VALUE_MISSING", "The field fields is empty: give at least one.");
  }
  if (request.fields().size() > keyspace.limits().max_items) {
    return TooManyItems(keyspace.limits().max_items);
  }
  if (!v1::FieldCondition_IsValid(request.field_condition())) {
    return InvalidArgument("UNKNOWN_ENUM_VALUE",
                           "The field field_condition has a value that this server does not know.");
  }
  std::vector<std::pair<std::string_view, CanonicalValue>> fields;
  fields.reserve(request.fields().size());
  for (const auto& [field, value] : request.fields()) {
    RETURN_IF_ERROR(CheckField(field, keyspace.limits()));
    ASSIGN_OR_RETURN(auto canonical, Canonical(value, keyspace.limits()));
    fields.emplace_back(field, canonical);
  }
  ASSIGN_OR_RETURN(auto hash, keyspace.EditOrCreate<Hash>(request.key()));
  if (!ConditionHolds(request, hash.get())) {
    keyspace.LeaveUnchanged();
    return absl::OkStatus();
  }
  int64_t added = 0;
  for (const auto& [field, value] : fields) {
    added += hash->Set(field, value.view()) ? 1 : 0;
  }
  hash.MarkChanged();
  response->set_added(added);
  response->set_fields_set(true);
  return absl::OkStatus();
}

absl::Status HashGet(const Keyspace& keyspace, const v1::HashGetRequest& request,
                     v1::HashGetResponse* response) {
  RETURN_IF_ERROR(CheckFields(request.fields(), keyspace.limits()));
  ASSIGN_OR_RETURN(const Hash* hash, keyspace.Find<Hash>(request.key()));
  ReplyBudget budget(keyspace.limits());
  for (const std::string& field : request.fields()) {
    v1::HashGetItem* item = response->add_items();
    const auto value = hash == nullptr ? std::nullopt : hash->Get(field);
    if (value.has_value()) {
      RETURN_IF_ERROR(budget.Take(value->bytes.size()));
      FillValue(*value, item->mutable_value());
    }
  }
  return absl::OkStatus();
}

absl::Status HashGetAll(const Keyspace& keyspace, const v1::HashGetAllRequest& request,
                        v1::HashGetAllResponse* response) {
  if (request.max_bytes() < 0) {
    return InvalidArgument("ARGUMENT_OUT_OF_RANGE", "The field max_bytes must not be negative.");
  }
  ASSIGN_OR_RETURN(const Hash* hash, keyspace.Find<Hash>(request.key()));
  if (hash == nullptr) {
    return absl::OkStatus();
  }
  storage::Limits limits = keyspace.limits();
  if (request.max_bytes() > 0) {
    limits.max_reply_bytes =
        std::min(limits.max_reply_bytes, static_cast<size_t>(request.max_bytes()));
  }
  size_t bytes = 0;
  ReplyBudget budget(keyspace.limits());
  absl::Status status;
  hash->fields().ForEach([&](const Element& element) {
    const size_t more = element.name.bytes.size() + element.value.bytes.size();
    bytes += more;
    status = bytes > limits.max_reply_bytes ? ReplyTooLarge(limits) : budget.Take(more);
    if (status.ok()) {
      FillValue(element.value, &(*response->mutable_fields())[std::string(element.name.bytes)]);
    }
    return status.ok();
  });
  response->set_version(keyspace.Peek(request.key())->version());
  return status;
}

absl::Status HashDelete(Keyspace& keyspace, const v1::HashDeleteRequest& request,
                        v1::HashDeleteResponse* response) {
  RETURN_IF_ERROR(CheckFields(request.fields(), keyspace.limits()));
  ASSIGN_OR_RETURN(auto hash, keyspace.EditIfPresent<Hash>(request.key()));
  if (!hash) {
    return absl::OkStatus();
  }
  int64_t deleted = 0;
  for (const std::string& field : request.fields()) {
    deleted += hash->Delete(field) ? 1 : 0;
  }
  if (deleted > 0) {
    hash.MarkChanged();
  }
  response->set_deleted(deleted);
  return absl::OkStatus();
}

absl::Status HashExists(const Keyspace& keyspace, const v1::HashExistsRequest& request,
                        v1::HashExistsResponse* response) {
  RETURN_IF_ERROR(CheckFields(request.fields(), keyspace.limits()));
  ASSIGN_OR_RETURN(const Hash* hash, keyspace.Find<Hash>(request.key()));
  for (const std::string& field : request.fields()) {
    response->add_exists(hash != nullptr && hash->Get(field).has_value());
  }
  return absl::OkStatus();
}

absl::Status HashLength(const Keyspace& keyspace, const v1::HashLengthRequest& request,
                        v1::HashLengthResponse* response) {
  ASSIGN_OR_RETURN(const Hash* hash, keyspace.Find<Hash>(request.key()));
  response->set_length(hash == nullptr ? 0 : static_cast<int64_t>(hash->size()));
  return absl::OkStatus();
}

absl::Status HashIncrement(Keyspace& keyspace, const v1::HashIncrementRequest& request,
                           v1::HashIncrementResponse* response) {
  RETURN_IF_ERROR(CheckField(request.field(), keyspace.limits()));
  ASSIGN_OR_RETURN(auto hash, keyspace.EditOrCreate<Hash>(request.key()));
  ASSIGN_OR_RETURN(const int64_t before, IntegerOf(BytesOf(hash.get(), request.field())));
  ASSIGN_OR_RETURN(const int64_t sum, AddWithin(before, BoundsOf(request)));
  hash->Set(request.field(), {NumberText(sum).view(), ValueKind::kInteger});
  hash.MarkChanged();
  response->set_value(sum);
  return absl::OkStatus();
}

absl::Status HashIncrementNumber(Keyspace& keyspace, const v1::HashIncrementNumberRequest& request,
                                 v1::HashIncrementNumberResponse* response) {
  RETURN_IF_ERROR(CheckField(request.field(), keyspace.limits()));
  ASSIGN_OR_RETURN(auto hash, keyspace.EditOrCreate<Hash>(request.key()));
  ASSIGN_OR_RETURN(const double sum,
                   AddNumber(BytesOf(hash.get(), request.field()), request.delta()));
  hash->Set(request.field(), {NumberText(sum).view(), ValueKind::kNumber});
  hash.MarkChanged();
  response->set_value(sum);
  return absl::OkStatus();
}

absl::Status HashSample(const Keyspace& keyspace, const v1::HashSampleRequest& request,
                        v1::HashSampleResponse* response) {
  ASSIGN_OR_RETURN(const size_t count, SampleCount(request));
  ASSIGN_OR_RETURN(const Hash* hash, keyspace.Find<Hash>(request.key()));
  if (hash == nullptr) {
    return absl::OkStatus();
  }
  ReplyBudget budget(keyspace.limits());
  return Sample(hash->fields(), count, request.distinct(), keyspace.random(),
                [&](const Element& element) -> absl::Status {
                  v1::HashField* field = response->add_fields();
                  field->set_field(std::string(element.name.bytes));
                  RETURN_IF_ERROR(budget.Take(element.name.bytes.size()));
                  if (!request.with_values()) {
                    return absl::OkStatus();
                  }
                  FillValue(element.value, field->mutable_value());
                  return budget.Take(element.value.bytes.size());
                });
}

absl::Status HashScanStep(const Keyspace& keyspace, const v1::HashScanRequest& request,
                          const storage::Glob& glob, v1::HashScanResponse* response) {
  ASSIGN_OR_RETURN(const uint64_t cursor, ParsePageToken(ScanKind::kHash, request.page().token()));
  ASSIGN_OR_RETURN(const Hash* hash, keyspace.Find<Hash>(request.key()));
  if (hash == nullptr) {
    return absl::OkStatus();
  }
  ScanBudget budget(request.page().limit());
  const uint64_t next = hash->fields().Scan(cursor, [&](const Element& element) {
    size_t work = 0;
    if (glob.Matches(element.name.bytes, &work)) {
      v1::HashField* field = response->add_fields();
      field->set_field(std::string(element.name.bytes));
      size_t value_bytes = 0;
      if (!request.fields_only()) {
        FillValue(element.value, field->mutable_value());
        value_bytes = element.value.bytes.size();
      }
      budget.Answer(element.name.bytes.size() + value_bytes);
    }
    budget.Look(work);
    return budget.GoOn();
  });
  if (next != 0) {
    response->set_next_page_token(MakePageToken(ScanKind::kHash, next));
  }
  return absl::OkStatus();
}

void RegisterHashes(CommandTable& table) {
  table.Add(HashSet);
  table.Add(HashGet);
  table.Add(HashGetAll);
  table.Add(HashDelete, Growth::kNone);
  table.Add(HashExists);
  table.Add(HashLength);
  table.Add(HashIncrement);
  table.Add(HashIncrementNumber);
  table.Add(HashSample);
}

}  // namespace kvick::server
