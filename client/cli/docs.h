// The comments of the .proto files, built into the program: what help and hints say.
#ifndef KVICK_CLIENT_CLI_DOCS_H_
#define KVICK_CLIENT_CLI_DOCS_H_

#include <string>

#include "google/protobuf/descriptor.h"

namespace kvick::cli {

// The comment at a method, on one line; empty when there is none.
std::string DocOf(const google::protobuf::MethodDescriptor* method);
// The comment at a service, on one line.
std::string DocOf(const google::protobuf::ServiceDescriptor* service);
// The comment at a field, on one line.
std::string DocOf(const google::protobuf::FieldDescriptor* field);
// The first sentence of a comment.
std::string FirstSentence(const std::string& doc);

}  // namespace kvick::cli

#endif  // KVICK_CLIENT_CLI_DOCS_H_
