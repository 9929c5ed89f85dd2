#include "server/commands/values.h"

#include "fmt/format.h"
#include "storage/base/error.h"
#include "storage/base/status_macros.h"

namespace kvick::server {

using storage::InvalidArgument;
using storage::NumberText;
using storage::ValueKind;
using storage::ValueView;

absl::StatusOr<CanonicalValue> Canonical(const v1::Value& value, const storage::Limits& limits) {
  CanonicalValue canonical;
  switch (value.kind_case()) {
    case v1::Value::kText:
      canonical.bytes_ = std::string_view(value.text());
      canonical.kind_ = ValueKind::kText;
      break;
    case v1::Value::kData:
      canonical.bytes_ = std::string_view(value.data());
      canonical.kind_ = ValueKind::kData;
      break;
    case v1::Value::kInteger:
      canonical.bytes_ = NumberText(value.integer());
      canonical.kind_ = ValueKind::kInteger;
      break;
    case v1::Value::kNumber:
      if (std::isnan(value.number())) {
        return InvalidArgument("NOT_A_NUMBER", "A value is NaN: send a number, or text.");
      }
      canonical.bytes_ = NumberText(value.number());
      canonical.kind_ = ValueKind::kNumber;
      break;
    case v1::Value::KIND_NOT_SET:
      return InvalidArgument("VALUE_MISSING",
                             "A value has no kind: set one of text, data, integer and number.");
  }
  if (const size_t bytes = canonical.view().bytes.size(); bytes > limits.max_value_bytes) {
    return ValueTooLarge(bytes, limits);
  }
  return canonical;
}

absl::StatusOr<std::vector<CanonicalValue>> Canonical(
    const google::protobuf::RepeatedPtrField<v1::Value>& values, std::string_view name,
    const storage::Limits& limits) {
  if (values.empty()) {
    return InvalidArgument("VALUE_MISSING",
                           fmt::format("The field {} is empty: give at least one value.", name));
  }
  if (static_cast<size_t>(values.size()) > limits.max_items) {
    return TooManyItems(limits.max_items);
  }
  std::vector<CanonicalValue> canonical;
  canonical.reserve(static_cast<size_t>(values.size()));
  for (const v1::Value& value : values) {
    ASSIGN_OR_RETURN(canonical.emplace_back(), Canonical(value, limits));
  }
  return canonical;
}

void FillValue(ValueView value, v1::Value* message) {
  switch (value.kind) {
    case ValueKind::kText:
      // Assigned in place: the generated setters go by a string of their own.
      message->mutable_text()->assign(value.bytes);
      return;
    case ValueKind::kInteger:
      if (const auto integer = storage::ParseInteger(value.bytes); integer.has_value()) {
        message->set_integer(*integer);
        return;
      }
      break;
    case ValueKind::kNumber:
      if (const auto number = storage::ParseNumber(value.bytes); number.has_value()) {
        message->set_number(*number);
        return;
      }
      break;
    case ValueKind::kData:
      break;
  }
  message->mutable_data()->assign(value.bytes);
}

void FillEntry(const storage::Entry& entry, v1::Entry* message) {
  FillEntry(entry.value(), entry, message);
}

void FillEntry(ValueView value, const storage::Entry& entry, v1::Entry* message) {
  FillValue(value, message->mutable_value());
  message->set_version(entry.version());
  if (const auto expiry = entry.expiry(); expiry.has_value()) {
    FillTime(*expiry, message->mutable_expire_time());
  }
}

ValueKind KindOfBytes(std::string_view bytes, bool sources_are_data) {
  return !sources_are_data && storage::IsUtf8(bytes) ? ValueKind::kText : ValueKind::kData;
}

void FillTime(storage::TimeMs time, google::protobuf::Timestamp* message) {
  constexpr int64_t kMillisecondsPerSecond = 1000;
  constexpr int32_t kNanosecondsPerMillisecond = 1'000'000;
  message->set_seconds(time / kMillisecondsPerSecond);
  message->set_nanos(static_cast<int32_t>(time % kMillisecondsPerSecond) *
                     kNanosecondsPerMillisecond);
}

absl::Status CheckKey(const std::string& key, const storage::Limits& limits) {
  if (key.empty()) {
    return InvalidArgument("KEY_EMPTY", "A key is empty: give it at least one byte.");
  }
  return CheckKeyLength(key, limits);
}

absl::Status CheckKeyLength(const std::string& key, const storage::Limits& limits) {
  if (key.size() <= limits.max_key_bytes) {
    return absl::OkStatus();
  }
  return InvalidArgument(
      "KEY_TOO_LONG",
      fmt::format("A key of {} bytes is over the limit of {}: use a shorter one.", key.size(),
                  limits.max_key_bytes),
      {{"limit_bytes", std::to_string(limits.max_key_bytes)}});
}

absl::Status ValueTooLarge(size_t bytes, const storage::Limits& limits) {
  return storage::MakeError(
      absl::StatusCode::kResourceExhausted, "VALUE_TOO_LARGE",
      fmt::format(
          "A value of {} bytes is over the limit of {}: split it, or start the server with a "
          "greater --max_value_bytes.",
          bytes, limits.max_value_bytes),
      {{"limit_bytes", std::to_string(limits.max_value_bytes)}});
}

absl::Status TooManyItems(size_t limit) {
  return storage::MakeError(
      absl::StatusCode::kInvalidArgument, "TOO_MANY_ITEMS",
      fmt::format("A request may carry at most {} keys, values or fields: split it.", limit),
      {{"limit", std::to_string(limit)}});
}

absl::Status MemoryLimit() {
  return storage::MakeError(absl::StatusCode::kResourceExhausted, "MEMORY_LIMIT",
                            "The server is at its memory limit: delete keys, or start it with a "
                            "greater --max_memory.",
                            {}, absl::Seconds(1));
}

absl::Status ReplyTooLarge(const storage::Limits& limits) {
  return storage::MakeError(
      absl::StatusCode::kResourceExhausted, "REPLY_TOO_LARGE",
      fmt::format("The answer would be over {} bytes: ask for a smaller part, or use Scan.",
                  limits.max_reply_bytes),
      {{"limit_bytes", std::to_string(limits.max_reply_bytes)}});
}

}  // namespace kvick::server
