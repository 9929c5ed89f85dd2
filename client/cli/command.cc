#include "client/cli/command.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "client/cli/field.h"
#include "client/cli/text.h"
#include "kvick/method.h"
#include "storage/base/status_macros.h"

namespace kvick::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsFlag(const std::string& word) { return absl::StartsWith(word, "--") && word.size() > 2; }

// `--side=left` as `side`.
std::string FlagName(const std::string& word) {
  return Kebab(
      word.substr(2, word.find('=') == std::string::npos ? std::string::npos : word.find('=') - 2));
}

bool IsNumber(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
         field->cpp_type() == FieldDescriptor::CPPTYPE_INT32 ||
         field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE;
}

// Numbers, patterns, conditions and the like whose zero means "as the server thinks fit", as the
// comments of the API say of each.
bool MayBeLeftOut(const FieldDescriptor* field) {
  static const auto* const names = new std::set<std::string>{
      "after", "after_id", "attributes", "channels",   "condition", "count", "field_condition",
      "glob",  "limit",    "max_bytes",  "max_length", "overflow",  "type"};
  // The keyword `optional` makes a oneof that the source does not show.
  const bool is_optional =
      field->containing_oneof() != nullptr && field->real_containing_oneof() == nullptr;
  return is_optional || names->count(field->name()) > 0;
}

// The ends of a range: what is not said goes from the first to the last.
bool IsRangeEnd(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_INT64 &&
         (field->name() == "start" || field->name() == "stop" || field->name() == "end");
}

void SetDefaultSides(const Command& command, Message* request) {
  for (const Parameter& parameter : command.parameters()) {
    const FieldDescriptor* field = parameter.field();
    if (parameter.path.size() != 1 || field->enum_type() != v1::Side_descriptor()) continue;
    const auto* reflection = request->GetReflection();
    if (reflection->GetEnumValue(*request, field) == v1::SIDE_UNSPECIFIED) {
      reflection->SetEnumValue(request, field, v1::SIDE_RIGHT);
    }
  }
}

}  // namespace

bool Parameter::is_switch() const {
  return !repeated() && field()->cpp_type() == FieldDescriptor::CPPTYPE_BOOL;
}

std::string Parameter::Placeholder() const { return FieldPlaceholder(field()); }

std::string Parameter::InPlace() const {
  const std::string dots = repeated() ? "..." : "";
  if (IsPair(field())) return absl::StrCat(Placeholder(), dots);
  const bool choice = field()->enum_type() != nullptr;
  return absl::StrCat("<", choice ? Placeholder() : short_name, ">", dots);
}

absl::Status GivenParameters::Add(const Parameter* parameter) {
  if (!parameters_.insert(parameter).second && !parameter->repeated()) {
    return absl::InvalidArgumentError(
        absl::StrCat("`--", parameter->short_name, "` is given twice"));
  }
  for (auto step = parameter->path.begin(); step != parameter->path.end(); ++step) {
    const auto* oneof = (*step)->real_containing_oneof();
    if (oneof == nullptr) continue;
    const Place place({parameter->path.begin(), step}, oneof);
    const Parameter* member = members_.emplace(place, parameter).first->second;
    if (member->path[place.first.size()] == *step) continue;
    return absl::InvalidArgumentError(absl::StrCat("`--", member->short_name, "` and `--",
                                                   parameter->short_name, "` exclude each other"));
  }
  return absl::OkStatus();
}

Command::Command(const google::protobuf::MethodDescriptor* method)
    : method_(method),
      family_(Kebab(std::string(absl::StripSuffix(method->service()->name(), "Service")))),
      name_(Kebab(method->name())) {
  if (family_ == "pub-sub") family_ = "pubsub";  // One word where the name was one.
  AddParameters(method->input_type(), {});
  NameParameters();
  MarkPositional();
  MarkRequired();
}

void Command::AddParameters(const Descriptor* message, std::vector<const FieldDescriptor*> path) {
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    path.push_back(field);
    if (IsArgument(field)) {
      std::vector<std::string> names;
      for (const FieldDescriptor* step : path) names.push_back(Kebab(step->name()));
      parameters_.push_back({.name = absl::StrJoin(names, "-"), .short_name = "", .path = path});
    } else if (!field->is_repeated()) {
      AddParameters(field->message_type(), path);
    }
    path.pop_back();
  }
}

// The short name goes to the outermost, then the first that claims it.
void Command::NameParameters() {
  std::set<std::string> taken;
  for (size_t depth = 1; depth <= 3; ++depth) {
    for (Parameter& parameter : parameters_) {
      if (parameter.path.size() != depth) continue;
      const std::string name = Kebab(parameter.field()->name());
      parameter.short_name = taken.insert(name).second ? name : parameter.name;
    }
  }
}

void Command::MarkPositional() {
  bool optional_number = false;
  for (Parameter& parameter : parameters_) {
    const FieldDescriptor* field = parameter.field();
    if (parameter.path.size() != 1) continue;
    if (field->is_repeated()) {
      parameter.positional = true;
      return;
    }
    if (field->enum_type() != nullptr) {
      // A Side has a default of our own.
      parameter.positional = !MayBeLeftOut(field) && field->enum_type() != v1::Side_descriptor();
    } else if (IsNumber(field)) {
      parameter.positional = !MayBeLeftOut(field) || !optional_number;
      optional_number |= MayBeLeftOut(field);
    } else {
      parameter.positional = field->message_type() == v1::Value::descriptor() ||
                             field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    }
  }
  const size_t count = Positional().size();
  for (Parameter& parameter : parameters_) {
    if (parameter.name == "expiry-ttl") parameter.positional = count == 1;
    if (parameter.name == "selector-glob") parameter.positional = count == 0;
  }
}

void Command::MarkRequired() {
  for (Parameter& parameter : parameters_) {
    parameter.required = parameter.positional && parameter.path.size() == 1 &&
                         !MayBeLeftOut(parameter.field()) && !IsRangeEnd(parameter.field());
  }
}

Command::Flag Command::FindFlag(const std::string& word) const {
  const std::string name = FlagName(word);
  for (const Parameter& parameter : parameters_) {
    if (name == parameter.short_name || name == parameter.name) return {&parameter, nullptr};
  }
  Flag found;
  for (const Parameter& parameter : parameters_) {
    const auto* type = parameter.field()->enum_type();
    for (int i = 0; type != nullptr && i < type->value_count(); ++i) {
      if (type->value(i)->number() == 0 || ShortName(type->value(i)) != name) continue;
      if (found.parameter != nullptr) return {};  // Which of the two?
      found = {&parameter, type->value(i)};
    }
  }
  return found;
}

bool Command::HasFlag(const std::string& flag) const {
  return IsFlag(flag) && FindFlag(flag).parameter != nullptr;
}

bool Command::FlagTakesWord(const std::string& flag) const {
  if (!IsFlag(flag) || absl::StrContains(flag, "=")) return false;
  const Flag found = FindFlag(flag);
  return found.parameter != nullptr && found.enum_value == nullptr && !found.parameter->is_switch();
}

std::vector<std::string> Command::Flags() const {
  std::vector<std::string> flags;
  for (const Parameter& parameter : parameters_) {
    flags.push_back(absl::StrCat("--", parameter.short_name));
    const auto* type = parameter.field()->enum_type();
    for (int i = 0; type != nullptr && i < type->value_count(); ++i) {
      const std::string flag = absl::StrCat("--", ShortName(type->value(i)));
      if (type->value(i)->number() != 0 && HasFlag(flag)) flags.push_back(flag);
    }
  }
  return flags;
}

std::vector<const Parameter*> Command::Positional() const {
  std::vector<const Parameter*> positional;
  for (const Parameter& parameter : parameters_) {
    if (parameter.positional) positional.push_back(&parameter);
  }
  return positional;
}

std::vector<const Parameter*> Command::PositionalIn(
    const std::vector<std::string>& arguments) const {
  std::vector<const Parameter*> positional = Positional();
  for (size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    if (!IsFlag(arguments[i])) continue;
    const Parameter* given = FindFlag(arguments[i]).parameter;
    if (given != nullptr && !given->repeated()) std::erase(positional, given);
    if (FlagTakesWord(arguments[i])) ++i;
  }
  return positional;
}

absl::StatusOr<const Parameter*> Command::ApplyFlag(const std::vector<std::string>& arguments,
                                                    size_t* index, Message* request) const {
  const std::string& word = arguments[*index];
  const Flag flag = FindFlag(word);
  if (flag.parameter == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("`", family_, " ", name_, "` has no flag `", word.substr(0, word.find('=')),
                     "`; text that starts with -- comes after a word `--`"));
  }
  const bool has_value = absl::StrContains(word, "=");
  std::string text = has_value ? word.substr(word.find('=') + 1) : "";
  if (flag.enum_value != nullptr) {
    text = flag.enum_value->name();
  } else if (!has_value && flag.parameter->is_switch()) {
    text = "true";
  } else if (!has_value) {
    if (++*index >= arguments.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", word, "` needs a value: ", flag.parameter->Placeholder()));
    }
    text = arguments[*index];
  }
  RETURN_IF_ERROR(SetField(flag.parameter->path, text, request));
  return flag.parameter;
}

absl::StatusOr<std::unique_ptr<Message>> Command::Parse(
    const std::vector<std::string>& arguments) const {
  std::unique_ptr<Message> request = NewMessage(method_->input_type());
  const std::vector<const Parameter*> positional = PositionalIn(arguments);
  GivenParameters given;
  size_t position = 0;
  bool flags_ended = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!flags_ended && arguments[i] == "--") {
      flags_ended = true;
    } else if (!flags_ended && IsFlag(arguments[i])) {
      ASSIGN_OR_RETURN(const Parameter* parameter, ApplyFlag(arguments, &i, request.get()));
      RETURN_IF_ERROR(given.Add(parameter));
    } else if (position >= positional.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", arguments[i], "` is one argument too many"));
    } else {
      RETURN_IF_ERROR(SetField(positional[position]->path, arguments[i], request.get()));
      RETURN_IF_ERROR(given.Add(positional[position]));
      if (!positional[position]->repeated()) ++position;
    }
  }
  RETURN_IF_ERROR(Complete(given, request.get()));
  return request;
}

absl::Status Command::Complete(const GivenParameters& given, Message* request) const {
  for (const Parameter& parameter : parameters_) {
    if (given.Has(&parameter)) continue;
    if (parameter.required) {
      return absl::InvalidArgumentError(absl::StrCat("<", parameter.short_name, "> is missing"));
    }
    if (parameter.positional && IsRangeEnd(parameter.field()) &&
        parameter.field()->name() != "start") {
      request->GetReflection()->SetInt64(request, parameter.field(), -1);
    }
  }
  SetDefaultSides(*this, request);
  return absl::OkStatus();
}

std::string Command::Usage() const {
  std::string usage = absl::StrCat(family_, " ", name_);
  for (const Parameter* parameter : Positional()) {
    const bool optional = !parameter->required;
    absl::StrAppend(&usage, " ", optional ? "[" : "", parameter->InPlace(), optional ? "]" : "");
  }
  for (const Parameter& parameter : parameters_) {
    if (parameter.positional) continue;
    absl::StrAppend(&usage, " [--", parameter.short_name,
                    parameter.is_switch() ? "" : absl::StrCat(" ", parameter.Placeholder()), "]");
  }
  return usage;
}

std::vector<const Parameter*> Command::Left(const std::vector<std::string>& arguments) const {
  std::vector<const Parameter*> left = PositionalIn(arguments);
  bool flags_ended = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!flags_ended && arguments[i] == "--") {
      flags_ended = true;
    } else if (!flags_ended && IsFlag(arguments[i])) {
      if (FlagTakesWord(arguments[i])) ++i;
    } else if (!left.empty() && !left.front()->repeated()) {
      left.erase(left.begin());
    }
  }
  return left;
}

std::string Command::Expected(const std::vector<std::string>& arguments) const {
  const bool flags_ended = std::find(arguments.begin(), arguments.end(), "--") != arguments.end();
  if (!flags_ended && !arguments.empty() && FlagTakesWord(arguments.back())) {
    return FindFlag(arguments.back()).parameter->Placeholder();
  }
  const std::vector<const Parameter*> left = Left(arguments);
  if (left.empty() && Positional().size() < parameters_.size()) return "[--flags]";
  return absl::StrJoin(left, " ", [](std::string* out, const Parameter* parameter) {
    absl::StrAppend(out, parameter->InPlace());
  });
}

const std::vector<Command>& AllCommands() {
  static const auto* const commands = [] {
    auto* all = new std::vector<Command>();
    for (const auto* service : AllServices()) {
      for (int i = 0; i < service->method_count(); ++i) {
        // A stream of requests has no arguments; `call` and `bench` use it.
        if (!service->method(i)->client_streaming()) all->emplace_back(service->method(i));
      }
    }
    return all;
  }();
  return *commands;
}

const Command* FindCommand(const std::string& family, const std::string& name) {
  const std::string wanted = Kebab(name);
  for (const Command& command : AllCommands()) {
    if (absl::EqualsIgnoreCase(command.family(), family) &&
        (absl::EqualsIgnoreCase(command.name(), wanted) ||
         absl::EqualsIgnoreCase(command.method()->name(), name))) {
      return &command;
    }
  }
  return nullptr;
}

std::unique_ptr<Message> NewMessage(const Descriptor* type) {
  auto* factory = google::protobuf::MessageFactory::generated_factory();
  return std::unique_ptr<Message>(factory->GetPrototype(type)->New());
}

}  // namespace kvick::cli
