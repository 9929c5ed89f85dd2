#include "client/cli/output.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/text.h"
#include "kvick/error.h"
#include "kvick/value.h"

namespace kvick::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::TimeUtil;

constexpr char kNone[] = "(none)";

std::string Number(double number) {
  v1::Value value;
  value.set_number(number);
  return ToString(value);
}

std::string ValueText(const v1::Value& value, const Style& style) {
  if (!style.terminal) return ToString(value);
  if (value.has_data()) return absl::StrCat("hex:", absl::BytesToHexString(value.data()));
  return Printable(ToString(value));
}

std::string Text(const std::string& text, const Style& style) {
  return style.terminal ? Printable(text) : text;
}

bool IsSet(const Message& message, const FieldDescriptor* field) {
  if (field->is_repeated()) return message.GetReflection()->FieldSize(message, field) > 0;
  return !field->has_presence() || message.GetReflection()->HasField(message, field);
}

// A text that reads as if it were missing, in quotes or not, gets quotes around it.
std::string TellFromNone(const std::string& text) {
  std::string_view core = text;
  while (core.size() > 1 && core.front() == '"' && core.back() == '"') {
    core = core.substr(1, core.size() - 2);
  }
  return core == kNone ? absl::StrCat("\"", text, "\"") : text;
}

// True of what Get answers for each of several: nothing but a value that may be missing.
bool MayBeMissing(const Descriptor* type) {
  return type->field_count() == 1 && !type->field(0)->is_repeated() &&
         type->field(0)->has_presence();
}

// One element of a field; `index` -1: the field is singular.
std::string Element(const Message& message, const FieldDescriptor* field, int index,
                    const Style& style) {
  const auto* reflection = message.GetReflection();
  const bool many = index >= 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (many) return Inline(reflection->GetRepeatedMessage(message, field, index), style);
      if (!reflection->HasField(message, field)) return kNone;
      return Inline(reflection->GetMessage(message, field), style);
    case FieldDescriptor::CPPTYPE_STRING:
      return Text(many ? reflection->GetRepeatedString(message, field, index)
                       : reflection->GetString(message, field),
                  style);
    case FieldDescriptor::CPPTYPE_BOOL:
      return (many ? reflection->GetRepeatedBool(message, field, index)
                   : reflection->GetBool(message, field))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* value = many ? reflection->GetRepeatedEnum(message, field, index)
                               : reflection->GetEnum(message, field);
      return ShortName(value);
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Number(many ? reflection->GetRepeatedDouble(message, field, index)
                         : reflection->GetDouble(message, field));
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(many ? reflection->GetRepeatedInt32(message, field, index)
                               : reflection->GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(many ? reflection->GetRepeatedInt64(message, field, index)
                               : reflection->GetInt64(message, field));
    default:
      return message.ShortDebugString();
  }
}

std::vector<std::string> Elements(const Message& message, const FieldDescriptor* field,
                                  const Style& style) {
  std::vector<std::string> elements;
  const auto* reflection = message.GetReflection();
  const int size = reflection->FieldSize(message, field);
  // One alone is missing in another way, and comes out as it is.
  const bool quotes =
      size > 1 && field->message_type() != nullptr && MayBeMissing(field->message_type());
  for (int i = 0; i < size; ++i) {
    std::string text = Element(message, field, i, style);
    const bool there = quotes && IsSet(reflection->GetRepeatedMessage(message, field, i),
                                       field->message_type()->field(0));
    elements.push_back(there ? TellFromNone(text) : std::move(text));
  }
  if (field->is_map()) std::sort(elements.begin(), elements.end());  // They come in no order.
  return elements;
}

// What is shown of an answer besides the outcome of a write: `previous` only when there is one, a
// page token never (streams show the last one at their end).
std::vector<const FieldDescriptor*> ShownFields(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    const bool outcome = field->message_type() == v1::Mutation::descriptor();
    const bool missing_previous = field->name() == "previous" && !IsSet(message, field);
    if (!outcome && !missing_previous && field->name() != "next_page_token") {
      fields.push_back(field);
    }
  }
  return fields;
}

const v1::Mutation* FindMutation(const Message& message) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName("mutation");
  if (field == nullptr || field->message_type() != v1::Mutation::descriptor()) return nullptr;
  return &static_cast<const v1::Mutation&>(message.GetReflection()->GetMessage(message, field));
}

// Version and expiry of a value, for those who look at it.
void PrintEntryDetails(const Message& message, const FieldDescriptor* field, const Style& style,
                       std::ostream& out) {
  if (!style.terminal || field->is_repeated() || field->message_type() != v1::Entry::descriptor()) {
    return;
  }
  const auto& entry =
      static_cast<const v1::Entry&>(message.GetReflection()->GetMessage(message, field));
  std::string details = absl::StrCat("version ", entry.version());
  if (entry.has_expire_time()) {
    absl::StrAppend(&details, ", expires ", TimeUtil::ToString(entry.expire_time()));
  }
  out << style.Dim(absl::StrCat("(", details, ")")) << "\n";
}

ExitCode PrintSingle(const Message& message, const FieldDescriptor* field, const Style& style,
                     std::ostream& out, std::ostream& errors) {
  if (field->is_repeated()) {
    for (const std::string& element : Elements(message, field, style)) out << element << "\n";
    if (!IsSet(message, field) && style.terminal) out << style.Dim("(empty)") << "\n";
    return kSuccess;
  }
  const auto* type = field->message_type();
  const bool block = type != nullptr && type->field_count() > 3 &&
                     type->file()->package() == v1::Value::descriptor()->file()->package() &&
                     type != v1::Value::descriptor();
  if (block) {
    return PrintResponse(message.GetReflection()->GetMessage(message, field), style, out, errors);
  }
  out << Element(message, field, -1, style) << "\n";
  PrintEntryDetails(message, field, style, out);
  return kSuccess;
}

// True of answers whose empty list means that nothing is there. Of the others (a range, a page, a
// combination of sets) it is an answer like any.
bool ListMayBeNothing(const Descriptor* type) {
  constexpr std::string_view kTakers[] = {"PopResponse", "FindResponse", "SampleResponse",
                                          "GetAllResponse"};
  const std::string name(type->name());
  return std::any_of(std::begin(kTakers), std::end(kTakers),
                     [&](std::string_view taker) { return name.ends_with(taker); });
}

// True when all that the field holds are items that are missing.
bool HoldsOnlyMissing(const Message& message, const FieldDescriptor* field) {
  if (field->message_type() == nullptr || !MayBeMissing(field->message_type())) return false;
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    const Message& item = reflection->GetRepeatedMessage(message, field, i);
    if (IsSet(item, field->message_type()->field(0))) return false;
  }
  return IsSet(message, field);
}

// True of an answer that says nothing at all: no value, no key, nothing popped or found.
bool SaysNothing(const Message& response, const std::vector<const FieldDescriptor*>& fields) {
  if (fields.empty()) return false;
  if (ListMayBeNothing(response.GetDescriptor())) {
    // What has no presence, as a version, says nothing of its own.
    return std::none_of(fields.begin(), fields.end(), [&](const FieldDescriptor* field) {
      return (field->is_repeated() || field->has_presence()) && IsSet(response, field);
    });
  }
  if (fields.size() == 1 && fields[0]->is_repeated()) return HoldsOnlyMissing(response, fields[0]);
  return std::none_of(fields.begin(), fields.end(),
                      [&](const FieldDescriptor* field) { return IsSet(response, field); });
}

void PrintNamed(const Message& message, const std::vector<const FieldDescriptor*>& fields,
                const Style& style, std::ostream& out) {
  for (const FieldDescriptor* field : fields) {
    if (!IsSet(message, field)) continue;
    if (!field->is_repeated()) {
      out << style.Dim(absl::StrCat(field->name(), ":")) << " "
          << Element(message, field, -1, style) << "\n";
      continue;
    }
    out << style.Dim(absl::StrCat(field->name(), ":")) << "\n";
    for (const std::string& element : Elements(message, field, style)) {
      out << "  " << element << "\n";
    }
  }
}

std::string CodeName(absl::StatusCode code) {
  if (code == absl::StatusCode::kCancelled) return "CANCELLED";
  return absl::StatusCodeToString(code);
}

std::string Hint(const absl::Status& status, const ErrorDetails& details) {
  if (details.reason_name == "NOT_CONNECTED") {
    return "start it with `kvick-server`, or name another with --address or KVICK_ADDRESS";
  }
  if (details.retry_delay.has_value()) {
    return absl::StrCat("try again in ", absl::FormatDuration(*details.retry_delay));
  }
  if (absl::IsDeadlineExceeded(status)) return "give it more time with --timeout";
  if (absl::IsUnimplemented(status)) return "the server is older than this program";
  return "";
}

}  // namespace

std::string Style::Dim(const std::string& text) const {
  return color ? absl::StrCat("\x1b[2m", text, "\x1b[0m") : text;
}

std::string Style::Red(const std::string& text) const {
  return color ? absl::StrCat("\x1b[31m", text, "\x1b[0m") : text;
}

std::string Style::Bold(const std::string& text) const {
  return color ? absl::StrCat("\x1b[1m", text, "\x1b[0m") : text;
}

std::string Inline(const Message& message, const Style& style) {
  const Descriptor* type = message.GetDescriptor();
  if (type == v1::Value::descriptor()) {
    return ValueText(static_cast<const v1::Value&>(message), style);
  }
  if (type == v1::Entry::descriptor()) {
    return ValueText(static_cast<const v1::Entry&>(message).value(), style);
  }
  if (type == google::protobuf::Timestamp::descriptor()) {
    return TimeUtil::ToString(static_cast<const google::protobuf::Timestamp&>(message));
  }
  if (type == google::protobuf::Duration::descriptor()) {
    return TimeUtil::ToString(static_cast<const google::protobuf::Duration&>(message));
  }
  if (type->field_count() == 1 && !type->field(0)->is_repeated()) {
    return Element(message, type->field(0), -1, style);
  }
  std::vector<std::string> parts;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (!IsSet(message, field)) continue;
    parts.push_back(field->is_repeated() ? absl::StrJoin(Elements(message, field, style), " ")
                                         : Element(message, field, -1, style));
  }
  return absl::StrJoin(parts, "\t");
}

std::string ToJson(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
#if GOOGLE_PROTOBUF_VERSION >= 5026000
  options.always_print_fields_with_no_presence = true;
#else
  options.always_print_primitive_fields = true;
#endif
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  return status.ok() ? json : absl::StrCat("{\"error\": \"not representable as JSON\"}");
}

ExitCode CodeOf(const Message& response) {
  const v1::Mutation* mutation = FindMutation(response);
  if (mutation != nullptr && !mutation->applied()) return kNotApplied;
  return SaysNothing(response, ShownFields(response)) ? kNothingThere : kSuccess;
}

ExitCode CodeOf(const absl::Status& error) {
  if (absl::IsUnavailable(error)) return kUnavailable;
  return absl::IsDeadlineExceeded(error) ? kTimeout : kFailed;
}

ExitCode PrintResponse(const Message& response, const Style& style, std::ostream& out,
                       std::ostream& errors) {
  const ExitCode code = CodeOf(response);
  if (style.json) {
    out << ToJson(response) << "\n";
    return code;
  }
  const v1::Mutation* mutation = FindMutation(response);
  const std::vector<const FieldDescriptor*> fields = ShownFields(response);
  if (code == kNotApplied) {
    errors << style.Red("not applied") << ": the precondition did not hold; the key's version is "
           << mutation->version() << "\n";
    return kNotApplied;
  }
  if (fields.empty()) {
    out << "OK";
    if (style.terminal && mutation != nullptr) {
      out << " " << style.Dim(absl::StrCat("(version ", mutation->version(), ")"));
    }
    out << "\n";
    return kSuccess;
  }
  if (code == kNothingThere) {
    errors << style.Dim(kNone) << "\n";
    return kNothingThere;
  }
  if (fields.size() == 1) return PrintSingle(response, fields[0], style, out, errors);
  PrintNamed(response, fields, style, out);
  return kSuccess;
}

ExitCode PrintError(const absl::Status& status, const std::string& usage, const Style& style,
                    std::ostream& errors) {
  const ErrorDetails details = DetailsOf(status);
  const std::string reason = details.reason_name.empty() ? "" : " " + details.reason_name;
  errors << style.Red(CodeName(status.code()) + reason) << ": "
         << Text(std::string(status.message()), style) << "\n";
  for (const auto& [name, value] : details.metadata) {
    errors << style.Dim(absl::StrCat("  ", name, ": ", Text(value, style))) << "\n";
  }
  if (const std::string hint = Hint(status, details); !hint.empty()) {
    errors << "hint: " << hint << "\n";
  }
  if (absl::IsInvalidArgument(status) && !usage.empty()) errors << "usage: " << usage << "\n";
  return CodeOf(status);
}

}  // namespace kvick::cli
