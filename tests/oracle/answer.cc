#include "tests/oracle/answer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kvick/error.h"
#include "kvick/value.h"

namespace kvick::oracle {

Answer Show(std::string_view bytes) {
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape({bytes.data(), bytes.size()}), "\"");
}

Answer Show(const v1::Value& value) { return Show(ToString(value)); }

Answer ShowEntry(bool has, const v1::Entry& entry) { return has ? Show(entry.value()) : kNil; }

Answer Show(int64_t number) { return absl::StrCat(number); }

Answer Show(const RedisReply& reply) {
  switch (reply.kind) {
    case RedisReply::Kind::kNil:
      return kNil;
    case RedisReply::Kind::kInteger:
      return Show(reply.integer);
    case RedisReply::Kind::kBytes:
      return Show(reply.bytes);
    case RedisReply::Kind::kArray:
      return ShowList(ShowEach(reply));
    case RedisReply::Kind::kError:
      break;
  }
  return ShowError(reply.bytes);
}

Answer ShowList(const std::vector<Answer>& parts) {
  return absl::StrCat("[", absl::StrJoin(parts, " "), "]");
}

Answer ShowSorted(std::vector<Answer> parts) {
  std::sort(parts.begin(), parts.end());
  return ShowList(parts);
}

std::vector<Answer> ShowEach(const google::protobuf::RepeatedPtrField<v1::Value>& values) {
  std::vector<Answer> parts;
  for (const v1::Value& value : values) parts.push_back(Show(value));
  return parts;
}

std::vector<Answer> ShowEach(const RedisReply& array) {
  std::vector<Answer> parts;
  for (const RedisReply& element : array.elements) parts.push_back(Show(element));
  return parts;
}

std::vector<Answer> ShowPairs(const RedisReply& array) {
  std::vector<Answer> parts;
  for (size_t i = 0; i + 1 < array.elements.size(); i += 2) {
    parts.push_back(absl::StrCat(Show(array.elements[i]), "=", Show(array.elements[i + 1])));
  }
  return parts;
}

Answer ShowError(const absl::Status& status) {
  const std::string reason = DetailsOf(status).reason_name;
  return absl::StrCat("error ", reason.empty() ? status.ToString() : reason);
}

Answer ShowError(std::string_view redis_error) {
  // The first that is contained counts, so the longer texts come first.
  static constexpr std::pair<const char*, const char*> kReasons[] = {
      {"WRONGTYPE", "WRONG_TYPE"},
      {"must contain string values", "WRONG_TYPE"},
      {"not an integer", "NOT_AN_INTEGER"},
      {"not a valid float", "NOT_A_FLOAT"},
      {"not a float", "NOT_A_FLOAT"},
      {"would overflow", "OVERFLOW"},
      {"would produce NaN or Infinity", "OVERFLOW"},
      {"no such key", "NO_SUCH_KEY"},
      {"are the same", "SAME_KEY"},
      {"index out of range", "INDEX_OUT_OF_RANGE"},
      {"exceeds maximum allowed size", "VALUE_TOO_LARGE"},
      {"out of range", "ARGUMENT_OUT_OF_RANGE"},
      {"RANK can't be zero", "ARGUMENT_OUT_OF_RANGE"},
      {"can't be negative", "ARGUMENT_OUT_OF_RANGE"},
      {"should be greater than 0", "ARGUMENT_OUT_OF_RANGE"},
  };
  for (const auto& [text, reason] : kReasons) {
    if (redis_error.find(text) != std::string_view::npos) return absl::StrCat("error ", reason);
  }
  return absl::StrCat("error ", std::string(redis_error));
}

bool IsError(const Answer& answer) { return absl::StartsWith(answer, "error "); }

int64_t Milliseconds(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1000 + time.nanos() / 1'000'000;
}

}  // namespace kvick::oracle
