// One field of a message from one argument.
#ifndef KVICK_CLIENT_CLI_FIELD_H_
#define KVICK_CLIENT_CLI_FIELD_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kvick::cli {

// True when the field is written as one argument (or several, when it is repeated): scalars,
// values, durations, moments, pairs. False for messages that are given field by field.
bool IsArgument(const google::protobuf::FieldDescriptor* field);

// True for maps and for repeated messages of a string and a value: written `name=value`.
bool IsPair(const google::protobuf::FieldDescriptor* field);

// What the argument looks like, `duration`, `left|right`, `field=value`.
std::string FieldPlaceholder(const google::protobuf::FieldDescriptor* field);

// Sets the field at the end of `path`, making the messages on the way, or adds to it when it is
// repeated. INVALID_ARGUMENT when the text does not fit; it names the field.
absl::Status SetField(const std::vector<const google::protobuf::FieldDescriptor*>& path,
                      const std::string& text, google::protobuf::Message* message);

}  // namespace kvick::cli

#endif  // KVICK_CLIENT_CLI_FIELD_H_
