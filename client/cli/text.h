// Between what people write and what the API takes: values, durations, moments, enums, names.
#ifndef KVICK_CLIENT_CLI_TEXT_H_
#define KVICK_CLIENT_CLI_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "kvick/v1/value.pb.h"

namespace kvick::cli {

// A value as written: text, unless it starts with `int:`, `num:`, `hex:` or `text:` (which takes
// the rest as it is), or with `@`, which reads a file (`@-` the standard input) as text when it is
// UTF-8 and as data otherwise.
absl::StatusOr<v1::Value> ParseValue(const std::string& text);

// A duration: `30s`, `1h30m`, `250ms`; a bare number counts seconds.
absl::StatusOr<google::protobuf::Duration> ParseDuration(const std::string& text);

// A moment: RFC 3339, `2030-01-31T12:00:00Z`, or a day, `2030-01-31`, which begins at 0:00 UTC.
absl::StatusOr<google::protobuf::Timestamp> ParseTimestamp(const std::string& text);

// A value of an enum by its short name, whatever the case: `left` or `LEFT` for SIDE_LEFT.
absl::StatusOr<const google::protobuf::EnumValueDescriptor*> ParseEnum(
    const google::protobuf::EnumDescriptor* type, const std::string& text);

// The short name of an enum's value, `if-none` for EXPIRE_CONDITION_IF_NONE.
std::string ShortName(const google::protobuf::EnumValueDescriptor* value);

// `GetAndDelete` and `get_and_delete` as `get-and-delete`.
std::string Kebab(const std::string& name);

// Splits a line into words as a shell does: blanks separate, single and double quotes and
// backslashes join. INVALID_ARGUMENT when a quote is not closed.
absl::StatusOr<std::vector<std::string>> SplitWords(const std::string& line);

// True when the bytes are UTF-8.
bool IsUtf8(const std::string& bytes);

// Text for a terminal: control characters are written as escapes.
std::string Printable(const std::string& text);

}  // namespace kvick::cli

#endif  // KVICK_CLIENT_CLI_TEXT_H_
