#include "client/cli/field.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/cli/text.h"
#include "storage/base/status_macros.h"

namespace kvick::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

absl::Status Wrong(const std::string& text, const std::string& expected) {
  return absl::InvalidArgumentError(absl::StrCat("`", text, "` is no ", expected));
}

// Messages that are one argument by themselves.
bool IsPlainMessage(const Descriptor* type) {
  return type == v1::Value::descriptor() || type == google::protobuf::Duration::descriptor() ||
         type == google::protobuf::Timestamp::descriptor();
}

absl::StatusOr<bool> ParseBool(const std::string& text) {
  const std::string lower = absl::AsciiStrToLower(text);
  if (lower == "true" || lower == "yes" || lower == "1") return true;
  if (lower == "false" || lower == "no" || lower == "0") return false;
  return Wrong(text, "true or false");
}

template <class T>
absl::Status ParseInto(const absl::StatusOr<T>& parsed, Message* message) {
  RETURN_IF_ERROR(parsed.status());
  message->CopyFrom(*parsed);
  return absl::OkStatus();
}

absl::Status SetPlainMessage(const std::string& text, Message* message) {
  const Descriptor* type = message->GetDescriptor();
  if (type == v1::Value::descriptor()) return ParseInto(ParseValue(text), message);
  if (type == google::protobuf::Duration::descriptor()) {
    return ParseInto(ParseDuration(text), message);
  }
  return ParseInto(ParseTimestamp(text), message);
}

absl::Status SetOrAddNumber(const FieldDescriptor* field, const std::string& text,
                            Message* message) {
  const auto* reflection = message->GetReflection();
  double number = 0;
  int64_t integer = 0;
  int32_t small = 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      if (!absl::SimpleAtod(text, &number)) return Wrong(text, "number");
      reflection->SetDouble(message, field, number);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      if (!absl::SimpleAtoi(text, &integer)) return Wrong(text, "whole number of 64 bits");
      reflection->SetInt64(message, field, integer);
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      if (!absl::SimpleAtoi(text, &small)) return Wrong(text, "whole number of 32 bits");
      reflection->SetInt32(message, field, small);
      break;
    default:
      return absl::UnimplementedError("this kind of field cannot be given as an argument");
  }
  return absl::OkStatus();
}

absl::Status SetScalar(const FieldDescriptor* field, const std::string& text, Message* message) {
  const auto* reflection = message->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->type() == FieldDescriptor::TYPE_STRING && !IsUtf8(text)) {
        return absl::InvalidArgumentError("the text is not UTF-8");
      }
      reflection->SetString(message, field, text);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_BOOL: {
      ASSIGN_OR_RETURN(const bool value, ParseBool(text));
      reflection->SetBool(message, field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      ASSIGN_OR_RETURN(const auto* value, ParseEnum(field->enum_type(), text));
      reflection->SetEnum(message, field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetPlainMessage(text, reflection->MutableMessage(message, field));
    default:
      return SetOrAddNumber(field, text, message);
  }
}

absl::Status AddPair(const FieldDescriptor* field, const std::string& text, Message* message) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return Wrong(text, FieldPlaceholder(field));
  Message* pair = message->GetReflection()->AddMessage(message, field);
  const Descriptor* type = field->message_type();
  RETURN_IF_ERROR(SetScalar(type->field(0), text.substr(0, equals), pair));
  return SetScalar(type->field(1), text.substr(equals + 1), pair);
}

absl::Status Add(const FieldDescriptor* field, const std::string& text, Message* message) {
  if (IsPair(field)) return AddPair(field, text, message);
  const auto* reflection = message->GetReflection();
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return SetPlainMessage(text, reflection->AddMessage(message, field));
  }
  if (field->type() != FieldDescriptor::TYPE_STRING) {
    return absl::UnimplementedError("this kind of field cannot be given as arguments; use `call`");
  }
  if (!IsUtf8(text)) return absl::InvalidArgumentError("the text is not UTF-8");
  reflection->AddString(message, field, text);
  return absl::OkStatus();
}

}  // namespace

bool IsPair(const FieldDescriptor* field) {
  if (!field->is_repeated() || field->message_type() == nullptr) return false;
  const Descriptor* type = field->message_type();
  return type->field_count() == 2 && type->field(0)->type() == FieldDescriptor::TYPE_STRING &&
         IsArgument(type->field(1)) && !type->field(1)->is_repeated();
}

bool IsArgument(const FieldDescriptor* field) {
  return field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
         IsPlainMessage(field->message_type()) || IsPair(field);
}

std::string FieldPlaceholder(const FieldDescriptor* field) {
  if (IsPair(field)) {
    const std::string name =
        field->is_map() ? "name" : Kebab(field->message_type()->field(0)->name());
    return absl::StrCat("<", name, ">=<value>");
  }
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM: {
      std::string names;
      for (int i = 0; i < field->enum_type()->value_count(); ++i) {
        const auto* value = field->enum_type()->value(i);
        if (value->number() == 0) continue;
        absl::StrAppend(&names, names.empty() ? "" : "|", ShortName(value));
      }
      return names;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return absl::StrCat("<", absl::AsciiStrToLower(field->message_type()->name()), ">");
    case FieldDescriptor::CPPTYPE_STRING:
      return "<text>";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "<number>";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true|false";
    default:
      return "<integer>";
  }
}

absl::Status SetField(const std::vector<const FieldDescriptor*>& path, const std::string& text,
                      Message* message) {
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    message = message->GetReflection()->MutableMessage(message, path[i]);
  }
  const FieldDescriptor* field = path.back();
  const absl::Status status =
      field->is_repeated() ? Add(field, text, message) : SetScalar(field, text, message);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(Kebab(field->name()), ": ", status.message()));
}

}  // namespace kvick::cli
