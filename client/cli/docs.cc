#include "client/cli/docs.h"

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/descriptor.pb.h"

namespace kvick::cli {

// Generated from the .proto files: a serialised FileDescriptorSet with its comments.
extern const unsigned char kDescriptorSet[];
extern const unsigned long kDescriptorSetSize;

namespace {

// Compiled-in descriptors have no comments, so these are read beside them when help needs them.
const google::protobuf::DescriptorPool& CommentedPool() {
  static const auto* const pool = [] {
    auto* built = new google::protobuf::DescriptorPool();
    google::protobuf::FileDescriptorSet files;
    if (files.ParseFromArray(kDescriptorSet, static_cast<int>(kDescriptorSetSize))) {
      for (const auto& file : files.file()) built->BuildFile(file);
    }
    return built;
  }();
  return *pool;
}

template <class Descriptor>
std::string CommentAt(const Descriptor* descriptor) {
  google::protobuf::SourceLocation location;
  if (descriptor == nullptr || !descriptor->GetSourceLocation(&location)) return "";
  std::string text = absl::StrReplaceAll(location.leading_comments, {{"\n", " "}});
  absl::RemoveExtraAsciiWhitespace(&text);
  return text;
}

}  // namespace

std::string DocOf(const google::protobuf::MethodDescriptor* method) {
  return CommentAt(CommentedPool().FindMethodByName(method->full_name()));
}

std::string DocOf(const google::protobuf::ServiceDescriptor* service) {
  return CommentAt(CommentedPool().FindServiceByName(service->full_name()));
}

std::string DocOf(const google::protobuf::FieldDescriptor* field) {
  return CommentAt(CommentedPool().FindFieldByName(field->full_name()));
}

std::string FirstSentence(const std::string& doc) {
  const size_t end = doc.find(". ");
  return end == std::string::npos ? doc : doc.substr(0, end + 1);
}

}  // namespace kvick::cli
