#include "client/cli/text.h"

#include <cctype>
#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "kvick/value.h"
#include "storage/base/status_macros.h"

namespace kvick::cli {
namespace {

absl::Status Wrong(const std::string& text, const std::string& expected) {
  return absl::InvalidArgumentError(absl::StrCat("`", text, "` is no ", expected));
}

v1::Value TextOrData(std::string bytes) {
  v1::Value value;
  if (IsUtf8(bytes)) {
    value.set_text(std::move(bytes));
  } else {
    value.set_data(std::move(bytes));
  }
  return value;
}

absl::StatusOr<v1::Value> ReadValue(const std::string& path) {
  std::ostringstream content;
  if (path == "-") {
    content << std::cin.rdbuf();
    return TextOrData(std::move(content).str());
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::InvalidArgumentError(absl::StrCat("cannot read the file `", path,
                                                   "`; text that starts with @ is written text:@"));
  }
  content << file.rdbuf();
  return TextOrData(std::move(content).str());
}

absl::StatusOr<std::string> ParseHex(const std::string& digits) {
  for (const char c : digits) {
    if (!absl::ascii_isxdigit(c)) return Wrong(digits, "sequence of hexadecimal digits");
  }
  if (digits.size() % 2 != 0) return Wrong(digits, "sequence of whole bytes: two digits each");
  return absl::HexStringToBytes(digits);
}

}  // namespace

absl::StatusOr<v1::Value> ParseValue(const std::string& text) {
  v1::Value value;
  if (absl::StartsWith(text, "@")) return ReadValue(text.substr(1));
  if (absl::StartsWith(text, "text:")) return TextOrData(text.substr(5));
  if (absl::StartsWith(text, "hex:")) {
    ASSIGN_OR_RETURN(*value.mutable_data(), ParseHex(text.substr(4)));
    return value;
  }
  if (absl::StartsWith(text, "int:")) {
    int64_t integer = 0;
    if (!absl::SimpleAtoi(text.substr(4), &integer)) return Wrong(text, "whole number of 64 bits");
    value.set_integer(integer);
    return value;
  }
  if (absl::StartsWith(text, "num:")) {
    double number = 0;
    if (!absl::SimpleAtod(text.substr(4), &number)) return Wrong(text, "number");
    value.set_number(number);
    return value;
  }
  return TextOrData(text);
}

absl::StatusOr<google::protobuf::Duration> ParseDuration(const std::string& text) {
  absl::Duration duration;
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    return Wrong(text, "duration like 30s, 1h30m or 250ms");
  }
  if (absl::AbsDuration(duration) > absl::Hours(24) * 365 * 10'000) {
    return Wrong(text, "duration of less than 10,000 years");
  }
  return ToProto(duration);
}

absl::StatusOr<google::protobuf::Timestamp> ParseTimestamp(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error) &&
      !absl::ParseTime("%Y-%m-%d", text, &time, &error)) {
    return Wrong(text, "moment like 2030-01-31T12:00:00Z");
  }
  return ToProto(time);
}

absl::StatusOr<const google::protobuf::EnumValueDescriptor*> ParseEnum(
    const google::protobuf::EnumDescriptor* type, const std::string& text) {
  const std::string wanted = Kebab(absl::AsciiStrToLower(text));
  std::string names;
  for (int i = 0; i < type->value_count(); ++i) {
    const std::string name = ShortName(type->value(i));
    if (name == wanted || absl::EqualsIgnoreCase(type->value(i)->name(), text)) {
      return type->value(i);
    }
    if (type->value(i)->number() != 0) absl::StrAppend(&names, names.empty() ? "" : ", ", name);
  }
  return absl::InvalidArgumentError(absl::StrCat("`", text, "` is none of ", names));
}

std::string ShortName(const google::protobuf::EnumValueDescriptor* value) {
  std::string prefix = absl::StrCat(Kebab(value->type()->name()), "-");
  const std::string name = Kebab(absl::AsciiStrToLower(value->name()));
  return std::string(absl::StripPrefix(name, prefix));
}

std::string Kebab(const std::string& name) {
  std::string kebab;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool hump = absl::ascii_isupper(name[i]) && i > 0 && absl::ascii_islower(name[i - 1]);
    if (hump) kebab += '-';
    kebab += name[i] == '_' ? '-' : absl::ascii_tolower(name[i]);
  }
  return kebab;
}

absl::StatusOr<std::vector<std::string>> SplitWords(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      word += line[++i];
      in_word = true;
    } else if (quote != 0) {
      c == quote ? void(quote = 0) : word.push_back(c);
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (absl::ascii_isspace(c)) {
      if (in_word) words.push_back(std::exchange(word, ""));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("the quote ", std::string(1, quote), " is not closed"));
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

bool IsUtf8(const std::string& bytes) {
  size_t i = 0;
  while (i < bytes.size()) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || i + length > bytes.size()) return false;
    uint32_t code = length == 1 ? lead : lead & (0xFFu >> (length + 1));
    for (size_t j = 1; j < length; ++j) {
      const auto next = static_cast<unsigned char>(bytes[i + j]);
      if ((next & 0xC0) != 0x80) return false;
      code = code << 6 | (next & 0x3Fu);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    i += length;
  }
  return true;
}

std::string Printable(const std::string& text) {
  std::string printable;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      printable += "\\n";
    } else if (c == '\t') {
      printable += "\\t";
    } else if (c == '\r') {
      printable += "\\r";
    } else if (byte < 0x20 || byte == 0x7F) {
      absl::StrAppend(&printable, "\\x", absl::Hex(byte, absl::kZeroPad2));
    } else {
      printable += c;
    }
  }
  return printable;
}

}  // namespace kvick::cli
