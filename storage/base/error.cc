#include "storage/base/error.h"

#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace kvick::storage {
namespace {

constexpr std::string_view kReasonUrl = "kvick/reason";
constexpr std::string_view kFactsUrl = "kvick/facts";
constexpr std::string_view kRetryUrl = "kvick/retry";

std::string PayloadOf(const absl::Status& status, std::string_view url) {
  auto payload = status.GetPayload(url);
  return payload.has_value() ? std::string(*payload) : std::string();
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, std::string_view reason, std::string_view message,
                       const ErrorFacts& facts, std::optional<absl::Duration> retry_after) {
  absl::Status status(code, message);
  status.SetPayload(kReasonUrl, absl::Cord(reason));
  if (!facts.empty()) {
    // Names and values are ours and hold no NUL.
    std::string encoded;
    for (const auto& [name, value] : facts) {
      absl::StrAppend(&encoded, name, std::string_view("\0", 1), value, std::string_view("\0", 1));
    }
    status.SetPayload(kFactsUrl, absl::Cord(encoded));
  }
  if (retry_after.has_value()) {
    status.SetPayload(kRetryUrl, absl::Cord(absl::StrCat(absl::ToInt64Milliseconds(*retry_after))));
  }
  return status;
}

std::string ErrorReasonOf(const absl::Status& status) { return PayloadOf(status, kReasonUrl); }

ErrorFacts ErrorFactsOf(const absl::Status& status) {
  ErrorFacts facts;
  const std::string encoded = PayloadOf(status, kFactsUrl);
  const std::vector<std::string> parts = absl::StrSplit(encoded, '\0');
  for (size_t i = 0; i + 1 < parts.size(); i += 2) {
    facts[parts[i]] = parts[i + 1];
  }
  return facts;
}

std::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  int64_t milliseconds = 0;
  if (!absl::SimpleAtoi(PayloadOf(status, kRetryUrl), &milliseconds)) {
    return std::nullopt;
  }
  return absl::Milliseconds(milliseconds);
}

absl::Status InvalidArgument(std::string_view reason, std::string_view message,
                             const ErrorFacts& facts) {
  return MakeError(absl::StatusCode::kInvalidArgument, reason, message, facts);
}

}  // namespace kvick::storage
