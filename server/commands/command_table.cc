#include "server/commands/command_table.h"

#include <cstdlib>
#include <iostream>

#include "kvick/v1/admin.pb.h"
#include "kvick/v1/command.pb.h"
#include "kvick/v1/hash.pb.h"
#include "kvick/v1/list.pb.h"
#include "kvick/v1/pubsub.pb.h"
#include "kvick/v1/set.pb.h"

namespace kvick::server {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::MethodDescriptor;

// The table does not fit the protos: a mistake of ours that must not get past the first start.
[[noreturn]] void Abort(const std::string& what) {
  std::cerr << "kvick-server: " << what << std::endl;
  std::abort();
}

const MethodDescriptor* MethodTaking(const Descriptor* request) {
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  for (const std::string_view name : CommandTable::Services()) {
    const auto* service = pool->FindServiceByName(std::string(name));
    if (service == nullptr) {
      Abort("there is no service " + std::string(name));
    }
    for (int i = 0; i < service->method_count(); ++i) {
      if (service->method(i)->input_type() == request) {
        return service->method(i);
      }
    }
  }
  Abort("no method takes " + request->full_name());
}

// The number of the field of `record` that has this type; 0 when there is none.
int FieldOfType(const Descriptor* record, const Descriptor* type) {
  for (int i = 0; i < record->field_count(); ++i) {
    if (record->field(i)->message_type() == type) {
      return record->field(i)->number();
    }
  }
  return 0;
}

}  // namespace

Command::Command(const Descriptor* request, const Descriptor* response, Growth growth)
    : method_(MethodTaking(request)),
      field_number_(FieldOfType(v1::Command::descriptor(), request)),
      growth_(growth) {
  if (method_->output_type() != response) {
    Abort(method_->full_name() + " does not answer with " + response->full_name());
  }
  if (FieldOfType(v1::Reply::descriptor(), response) != field_number_) {
    Abort(method_->full_name() + " has different fields in Command and in Reply");
  }
}

StreamCommand::StreamCommand(const Descriptor* request) : method_(MethodTaking(request)) {
  if (!method_->server_streaming()) {
    Abort(method_->full_name() + " does not stream");
  }
}

const std::vector<std::string_view>& CommandTable::Services() {
  static const auto* services = new std::vector<std::string_view>{
      "kvick.v1.KeyService",   "kvick.v1.StringService", "kvick.v1.ListService",
      "kvick.v1.SetService",   "kvick.v1.HashService",   "kvick.v1.PubSubService",
      "kvick.v1.AdminService", "kvick.v1.CommandService"};
  // Linking against the generated files makes their descriptors known.
  v1::AdminGetServerInfoRequest::descriptor();
  v1::HashGetRequest::descriptor();
  v1::ListPushRequest::descriptor();
  v1::PubSubPublishRequest::descriptor();
  v1::SetAddRequest::descriptor();
  return *services;
}

void CommandTable::AddCommand(std::unique_ptr<Command> command) {
  if (Find(command->method()) != nullptr) {
    Abort(command->method().full_name() + " is registered twice");
  }
  command->index_ = commands_.size();
  const auto field = static_cast<size_t>(command->field_number());
  if (field != 0) {
    if (by_field_.size() <= field) {
      by_field_.resize(field + 1);
    }
    by_field_[field] = command.get();
  }
  commands_.push_back(std::move(command));
}

void CommandTable::AddStreamCommand(std::unique_ptr<StreamCommand> stream) {
  if (FindStream(stream->method()) != nullptr) {
    Abort(stream->method().full_name() + " is registered twice");
  }
  streams_.push_back(std::move(stream));
}

const Command* CommandTable::Find(const MethodDescriptor& method) const {
  for (const auto& command : commands_) {
    if (&command->method() == &method) {
      return command.get();
    }
  }
  return nullptr;
}

const StreamCommand* CommandTable::FindStream(const MethodDescriptor& method) const {
  for (const auto& stream : streams_) {
    if (&stream->method() == &method) {
      return stream.get();
    }
  }
  return nullptr;
}

}  // namespace kvick::server
