// StringService: one value a key. The end of the file lists its commands.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "fmt/format.h"
#include "kvick/v1/string.pb.h"
#include "server/commands/arithmetic.h"
#include "server/commands/command_table.h"
#include "server/commands/expiry.h"
#include "server/commands/register.h"
#include "server/commands/values.h"
#include "storage/base/common_subsequence.h"
#include "storage/base/error.h"
#include "storage/base/status_macros.h"

namespace kvick::server {

using storage::Entry;
using storage::InvalidArgument;
using storage::Keyspace;
using storage::NumberText;
using storage::ValueKind;
using storage::ValueView;

absl::Status StringGet(const Keyspace& keyspace, const v1::StringGetRequest& request,
                       v1::StringGetResponse* response) {
  ASSIGN_OR_RETURN(const Entry* entry, keyspace.FindString(request.key()));
  if (entry != nullptr) {
    FillEntry(*entry, response->mutable_entry());
  }
  return absl::OkStatus();
}

// A failed precondition leaves the previous value worth knowing. Found by CommandTable.
absl::Status AnswerRefused(Refused, const Keyspace& keyspace, const v1::StringSetRequest& request,
                           v1::StringSetResponse* response) {
  if (!request.return_previous()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Entry* entry, keyspace.FindString(request.key()));
  if (entry != nullptr) {
    FillEntry(*entry, response->mutable_previous());
  }
  return absl::OkStatus();
}

absl::Status StringSet(Keyspace& keyspace, const v1::StringSetRequest& request,
                       v1::StringSetResponse* response) {
  ASSIGN_OR_RETURN(const CanonicalValue value, Canonical(request.value(), keyspace.limits()));
  RETURN_IF_ERROR(AnswerRefused(Refused(), keyspace, request, response));
  keyspace.SetString(request.key(), value.view());
  return absl::OkStatus();
}

absl::Status StringGetAndDelete(Keyspace& keyspace, const v1::StringGetAndDeleteRequest& request,
                                v1::StringGetAndDeleteResponse* response) {
  ASSIGN_OR_RETURN(const Entry* entry, keyspace.FindString(request.key()));
  if (entry != nullptr) {
    FillEntry(*entry, response->mutable_entry());
    keyspace.Remove(request.key());
  }
  return absl::OkStatus();
}

absl::Status StringGetAndExpire(Keyspace& keyspace, const v1::StringGetAndExpireRequest& request,
                                v1::StringGetAndExpireResponse* response) {
  ASSIGN_OR_RETURN(const auto expiry, ResolveExpiry(request.expiry(), keyspace.now()));
  ASSIGN_OR_RETURN(const Entry* entry, keyspace.FindString(request.key()));
  if (entry == nullptr) {
    return absl::OkStatus();
  }
  FillEntry(*entry, response->mutable_entry());
  keyspace.SetExpiry(request.key(), expiry);
  if (const Entry* changed = keyspace.Peek(request.key()); changed != nullptr) {
    FillEntry(*changed, response->mutable_entry());
    if (!changed->expiry().has_value()) {
      response->mutable_entry()->clear_expire_time();
    }
  }
  return absl::OkStatus();
}

absl::Status StringAppend(Keyspace& keyspace, const v1::StringAppendRequest& request,
                          v1::StringAppendResponse* response) {
  ASSIGN_OR_RETURN(const CanonicalValue value, Canonical(request.value(), keyspace.limits()));
  ASSIGN_OR_RETURN(const Entry* entry, keyspace.FindString(request.key()));
  if (entry == nullptr) {
    keyspace.SetString(request.key(), value.view());
    response->set_length(static_cast<int64_t>(value.view().bytes.size()));
    return absl::OkStatus();
  }
  const ValueView before = entry->value();
  const size_t size = before.bytes.size() + value.view().bytes.size();
  if (size > keyspace.limits().max_value_bytes) {
    return ValueTooLarge(size, keyspace.limits());
  }
  if (!keyspace.HasRoomFor(value.view().bytes.size())) {
    return MemoryLimit();
  }
  std::string joined;
  joined.reserve(size);
  joined.append(before.bytes).append(value.view().bytes);
  const bool data = before.kind == ValueKind::kData || value.view().kind == ValueKind::kData;
  keyspace.SetString(request.key(), {joined, KindOfBytes(joined, data)});
  response->set_length(static_cast<int64_t>(size));
  return absl::OkStatus();
}

absl::Status StringLength(const Keyspace& keyspace, const v1::StringLengthRequest& request,
                          v1::StringLengthResponse* response) {
  ASSIGN_OR_RETURN(const Entry* entry, keyspace.FindString(request.key()));
  response->set_length(entry == nullptr ? 0 : static_cast<int64_t>(entry->length()));
  return absl::OkStatus();
}

absl::Status StringGetRange(const Keyspace& keyspace, const v1::StringGetRangeRequest& request,
                            v1::StringGetRangeResponse* response) {
  ASSIGN_OR_RETURN(const Entry* entry, keyspace.FindString(request.key()));
  if (entry == nullptr) {
    return absl::OkStatus();
  }
  const std::string_view bytes = entry->value().bytes;
  const auto size = static_cast<int64_t>(bytes.size());
  int64_t start = request.start();
  int64_t end = request.end();
  const bool both_before = start < 0 && end < 0 && start > end;  // empty, before -1 means the last
  start = std::max<int64_t>(start < 0 ? start + size : start, 0);
  end = std::min<int64_t>(std::max<int64_t>(end < 0 ? end + size : end, 0), size - 1);
  const bool empty = both_before || start > end || size == 0;
  const std::string_view part =
      empty ? std::string_view()
            : bytes.substr(static_cast<size_t>(start), static_cast<size_t>(end - start + 1));
  FillEntry({part, KindOfBytes(part, entry->value().kind == ValueKind::kData)}, *entry,
            response->mutable_entry());
  return absl::OkStatus();
}

absl::Status StringSetRange(Keyspace& keyspace, const v1::StringSetRangeRequest& request,
                            v1::StringSetRangeResponse* response) {
  ASSIGN_OR_RETURN(const CanonicalValue value, Canonical(request.value(), keyspace.limits()));
  if (request.offset() < 0) {
    return InvalidArgument("ARGUMENT_OUT_OF_RANGE", "The field offset must not be negative.");
  }
  ASSIGN_OR_RETURN(const Entry* entry, keyspace.FindString(request.key()));
  const std::string_view part = value.view().bytes;
  const ValueView before = entry == nullptr ? ValueView{} : entry->value();
  if (part.empty()) {
    keyspace.LeaveUnchanged();
    response->set_length(static_cast<int64_t>(before.bytes.size()));
    return absl::OkStatus();
  }
  const auto offset = static_cast<size_t>(request.offset());
  const size_t limit = keyspace.limits().max_value_bytes;
  if (offset > limit || offset + part.size() > limit) {
    return ValueTooLarge(offset > limit ? offset : offset + part.size(), keyspace.limits());
  }
  const size_t size = std::max(before.bytes.size(), offset + part.size());
  if (!keyspace.HasRoomFor(size - before.bytes.size())) {
    return MemoryLimit();
  }
  std::string bytes(before.bytes);
  bytes.resize(size);
  bytes.replace(offset, part.size(), part);
  const bool data = before.kind == ValueKind::kData || value.view().kind == ValueKind::kData;
  keyspace.SetString(request.key(), {bytes, KindOfBytes(bytes, data)});
  response->set_length(static_cast<int64_t>(bytes.size()));
  return absl::OkStatus();
}

namespace {

// The expiry that an increment gives a key that it creates; none where the request names none.
// Checks it although it may not be needed.
template <typename Request>
absl::StatusOr<std::optional<storage::TimeMs>> InitialExpiry(const Keyspace& keyspace,
                                                             const Request& request) {
  if (!request.has_initial_expiry()) {
    return std::nullopt;
  }
  if (request.has_expiry()) {
    return InvalidArgument("EXPIRY_INVALID",
                           "The fields expiry and initial_expiry are both set: choose one.");
  }
  return ResolveExpiry(request.initial_expiry(), keyspace.now());
}

// The bytes of a string that may not be there.
std::optional<std::string_view> BytesOf(const Entry* entry) {
  return entry == nullptr ? std::nullopt : std::optional(entry->value().bytes);
}

}  // namespace

absl::Status StringIncrement(Keyspace& keyspace, const v1::StringIncrementRequest& request,
                             v1::StringIncrementResponse* response) {
  ASSIGN_OR_RETURN(const auto initial_expiry, InitialExpiry(keyspace, request));
  ASSIGN_OR_RETURN(const Entry* entry, keyspace.FindString(request.key()));
  const bool created = entry == nullptr;
  ASSIGN_OR_RETURN(const int64_t before, IntegerOf(BytesOf(entry)));
  ASSIGN_OR_RETURN(const int64_t sum, AddWithin(before, BoundsOf(request)));
  keyspace.SetString(request.key(), {NumberText(sum).view(), ValueKind::kInteger});
  if (created && initial_expiry.has_value()) {
    keyspace.SetExpiry(request.key(), initial_expiry);
  }
  response->set_value(sum);
  return absl::OkStatus();
}

absl::Status StringIncrementNumber(Keyspace& keyspace,
                                   const v1::StringIncrementNumberRequest& request,
                                   v1::StringIncrementNumberResponse* response) {
  ASSIGN_OR_RETURN(const auto initial_expiry, InitialExpiry(keyspace, request));
  ASSIGN_OR_RETURN(const Entry* entry, keyspace.FindString(request.key()));
  const bool created = entry == nullptr;
  ASSIGN_OR_RETURN(const double sum, AddNumber(BytesOf(entry), request.delta()));
  keyspace.SetString(request.key(), {NumberText(sum).view(), ValueKind::kNumber});
  if (created && initial_expiry.has_value()) {
    keyspace.SetExpiry(request.key(), initial_expiry);
  }
  response->set_value(sum);
  return absl::OkStatus();
}

absl::Status StringBatchGet(const Keyspace& keyspace, const v1::StringBatchGetRequest& request,
                            v1::StringBatchGetResponse* response) {
  size_t bytes = 0;
  for (const std::string& key : request.keys()) {
    v1::StringBatchGetItem* item = response->add_items();
    const Entry* entry = keyspace.Access(key);
    if (entry == nullptr || entry->type() != storage::ObjectType::kString) {
      continue;
    }
    bytes += entry->length();
    if (bytes > keyspace.limits().max_reply_bytes) {
      return ReplyTooLarge(keyspace.limits());
    }
    FillEntry(*entry, item->mutable_entry());
  }
  return absl::OkStatus();
}

absl::Status StringBatchSet(Keyspace& keyspace, const v1::StringBatchSetRequest& request,
                            v1::StringBatchSetResponse* /*response*/) {
  std::vector<CanonicalValue> values;
  values.reserve(static_cast<size_t>(request.items_size()));
  for (const v1::StringBatchSetItem& item : request.items()) {
    ASSIGN_OR_RETURN(values.emplace_back(), Canonical(item.value(), keyspace.limits()));
  }
  for (int i = 0; i < request.items_size(); ++i) {
    keyspace.SetString(request.items(i).key(), values[static_cast<size_t>(i)].view());
  }
  return absl::OkStatus();
}

namespace {

// The bytes of a string for CommonSubsequence; empty when the key is absent.
absl::StatusOr<ValueView> ValueOrEmpty(const Keyspace& keyspace, const std::string& key) {
  ASSIGN_OR_RETURN(const Entry* entry, keyspace.FindString(key));
  return entry == nullptr ? ValueView{} : entry->value();
}

}  // namespace

absl::Status StringCommonSubsequence(const Keyspace& keyspace,
                                     const v1::StringCommonSubsequenceRequest& request,
                                     v1::StringCommonSubsequenceResponse* response) {
  ASSIGN_OR_RETURN(const ValueView first, ValueOrEmpty(keyspace, request.key()));
  ASSIGN_OR_RETURN(const ValueView second, ValueOrEmpty(keyspace, request.other_key()));
  if (storage::CommonSubsequenceCells(first.bytes.size(), second.bytes.size()) >
      storage::kCommonSubsequenceCellsMax) {
    return storage::MakeError(
        absl::StatusCode::kResourceExhausted, "VALUE_TOO_LARGE",
        fmt::format("Values of {} and {} bytes are too long to compare: the product of their "
                    "lengths may be {}.",
                    first.bytes.size(), second.bytes.size(), storage::kCommonSubsequenceCellsMax),
        {{"limit_product", std::to_string(storage::kCommonSubsequenceCellsMax)}});
  }
  const auto parts = storage::LongestCommonSubsequence(first.bytes, second.bytes);
  std::string common;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    common += first.bytes.substr(part->first, part->length);
  }
  response->set_length(static_cast<int64_t>(common.size()));
  if (!request.length_only()) {
    const bool data = first.kind == ValueKind::kData || second.kind == ValueKind::kData;
    FillValue({common, KindOfBytes(common, data)}, response->mutable_value());
  }
  for (const storage::CommonPart& part : parts) {
    const auto length = static_cast<int64_t>(part.length);
    if (!request.with_matches() || length < request.min_match_length()) {
      continue;
    }
    v1::StringCommonPart* match = response->add_matches();
    match->set_start(static_cast<int64_t>(part.first));
    match->set_end(match->start() + length - 1);
    match->set_other_start(static_cast<int64_t>(part.second));
    match->set_other_end(match->other_start() + length - 1);
  }
  return absl::OkStatus();
}

void RegisterStrings(CommandTable& table) {
  table.Add(StringGet);
  table.Add(StringSet);
  table.Add(StringGetAndDelete, Growth::kNone);
  table.Add(StringGetAndExpire, Growth::kNone);
  table.Add(StringAppend);
  table.Add(StringLength);
  table.Add(StringGetRange);
  table.Add(StringSetRange);
  table.Add(StringIncrement);
  table.Add(StringIncrementNumber);
  table.Add(StringBatchGet);
  table.Add(StringBatchSet);
  table.Add(StringCommonSubsequence);
}

}  // namespace kvick::server
