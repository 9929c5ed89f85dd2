// Between the messages of the API and the values of the engine.
#ifndef KVICK_SERVER_COMMANDS_VALUES_H_
#define KVICK_SERVER_COMMANDS_VALUES_H_

#include <cmath>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "kvick/v1/value.pb.h"
#include "storage/base/value.h"
#include "storage/entry.h"
#include "storage/store.h"

namespace kvick::server {

// The canonical bytes of a Value of a request. Refers to the request, which must outlive it.
class CanonicalValue {
 public:
  storage::ValueView view() const {
    if (const auto* number = std::get_if<storage::NumberText>(&bytes_)) {
      return {number->view(), kind_};
    }
    return {std::get<std::string_view>(bytes_), kind_};
  }

 private:
  friend absl::StatusOr<CanonicalValue> Canonical(const v1::Value& value,
                                                  const storage::Limits& limits);
  std::variant<std::string_view, storage::NumberText> bytes_;
  storage::ValueKind kind_ = storage::ValueKind::kText;
};

// The canonical value of a message; VALUE_MISSING without a kind, NOT_A_NUMBER for NaN,
// VALUE_TOO_LARGE over the limit.
absl::StatusOr<CanonicalValue> Canonical(const v1::Value& value, const storage::Limits& limits);

// The canonical values of a repeated field, which must not be empty nor over max_items. `name` is
// the field's, for the message.
absl::StatusOr<std::vector<CanonicalValue>> Canonical(
    const google::protobuf::RepeatedPtrField<v1::Value>& values, std::string_view name,
    const storage::Limits& limits);

// Shows a value as its kind. One whose bytes are not of its kind (a command changed them) is shown
// as data.
void FillValue(storage::ValueView value, v1::Value* message);

// Shows an entry of type string with version and expiry.
void FillEntry(const storage::Entry& entry, v1::Entry* message);
// Shows another value of an entry (an element of it) with the entry's version and expiry.
void FillEntry(storage::ValueView value, const storage::Entry& entry, v1::Entry* message);

// The kind of bytes that a command made by joining or cutting: text if both sources are shown as
// text and the bytes are UTF-8, otherwise data.
storage::ValueKind KindOfBytes(std::string_view bytes, bool sources_are_data);

// Milliseconds since 1970 as a Timestamp.
void FillTime(storage::TimeMs time, google::protobuf::Timestamp* message);

// Refuses a key that is empty or over max_key_bytes.
absl::Status CheckKey(const std::string& key, const storage::Limits& limits);
// Refuses a key, or a part of one, that is over max_key_bytes.
absl::Status CheckKeyLength(const std::string& key, const storage::Limits& limits);

// The error for a value that would be over the limit.
absl::Status ValueTooLarge(size_t bytes, const storage::Limits& limits);

// The error for a request with more keys, values or fields than it may have.
absl::Status TooManyItems(size_t limit);

// The error for a write that has no room left.
absl::Status MemoryLimit();

// The error for an answer that would be over max_reply_bytes.
absl::Status ReplyTooLarge(const storage::Limits& limits);

}  // namespace kvick::server

#endif  // KVICK_SERVER_COMMANDS_VALUES_H_
