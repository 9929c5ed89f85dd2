#include "kvick/method.h"

#include <set>

#include "absl/strings/str_cat.h"

namespace kvick {
namespace {

using google::protobuf::FileDescriptor;

// The answer of a write says what became of it. Publish has no such field: what it changes is not
// kept, but sending a message twice is not the same as sending it once.
bool IsRepeatable(const google::protobuf::MethodDescriptor* method) {
  return method->output_type()->FindFieldByName("mutation") == nullptr &&
         method->input_type() != v1::PubSubPublishRequest::descriptor() &&
         method->input_type() != v1::KeyDeleteMatchingRequest::descriptor() &&
         !method->client_streaming();
}

// Adds the services of a file and of what it imports, imports first.
void AddServices(const FileDescriptor* file, std::set<const FileDescriptor*>* seen,
                 std::vector<const google::protobuf::ServiceDescriptor*>* services) {
  if (!seen->insert(file).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) {
    AddServices(file->dependency(i), seen, services);
  }
  for (int i = 0; i < file->service_count(); ++i) services->push_back(file->service(i));
}

}  // namespace

Method::Method(const google::protobuf::MethodDescriptor* method)
    : descriptor(method),
      path(absl::StrCat("/", method->service()->full_name(), "/", method->name())),
      repeatable(IsRepeatable(method)),
      endless(method->input_type() == v1::PubSubSubscribeRequest::descriptor()) {}

std::vector<const google::protobuf::ServiceDescriptor*> AllServices() {
  std::set<const FileDescriptor*> seen;
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  AddServices(v1::Command::descriptor()->file(), &seen, &services);
  AddServices(v1::AdminFlushRequest::descriptor()->file(), &seen, &services);
  return services;
}

const google::protobuf::MethodDescriptor* FindMethod(const google::protobuf::Descriptor* request) {
  const FileDescriptor* file = request->file();
  for (int i = 0; i < file->service_count(); ++i) {
    for (int j = 0; j < file->service(i)->method_count(); ++j) {
      const google::protobuf::MethodDescriptor* method = file->service(i)->method(j);
      if (method->input_type() == request) return method;
    }
  }
  return nullptr;
}

}  // namespace kvick
