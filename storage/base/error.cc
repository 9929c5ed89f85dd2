#include "storage/base/error.h"

#include <utility>

#include "absl/strings/cord.h"
#include "storage/base/strings.h"
#include "storage/base/value.h"

namespace kvick::storage {
namespace {

constexpr std::string_view kReasonUrl = "kvick/reason";
constexpr std::string_view kFactsUrl = "kvick/facts";
constexpr std::string_view kRetryUrl = "kvick/retry";

std::string PayloadOf(const absl::Status& status, std::string_view url) {
  auto payload = status.GetPayload(ToAbsl(url));
  return payload.has_value() ? std::string(*payload) : std::string();
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, std::string_view reason, std::string_view message,
                       const ErrorFacts& facts, std::optional<absl::Duration> retry_after) {
  absl::Status status(code, ToAbsl(message));
  status.SetPayload(ToAbsl(kReasonUrl), absl::Cord(ToAbsl(reason)));
  if (!facts.empty()) {
    // Names and values are ours and hold no NUL.
    std::string encoded;
    for (const auto& [name, value] : facts) {
      encoded.append(name).append(1, '\0').append(value).append(1, '\0');
    }
    status.SetPayload(ToAbsl(kFactsUrl), absl::Cord(std::move(encoded)));
  }
  if (retry_after.has_value()) {
    const NumberText milliseconds(absl::ToInt64Milliseconds(*retry_after));
    status.SetPayload(ToAbsl(kRetryUrl), absl::Cord(ToAbsl(milliseconds.view())));
  }
  return status;
}

std::string ErrorReasonOf(const absl::Status& status) { return PayloadOf(status, kReasonUrl); }

ErrorFacts ErrorFactsOf(const absl::Status& status) {
  ErrorFacts facts;
  const std::string encoded = PayloadOf(status, kFactsUrl);
  std::string_view rest = encoded;
  const auto take = [&rest] {
    const size_t end = rest.find('\0');
    std::string part(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    return part;
  };
  while (!rest.empty()) {
    std::string name = take();
    facts[std::move(name)] = take();
  }
  return facts;
}

std::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  const auto milliseconds = ParseInteger(PayloadOf(status, kRetryUrl));
  return milliseconds.has_value() ? std::optional(absl::Milliseconds(*milliseconds)) : std::nullopt;
}

absl::Status InvalidArgument(std::string_view reason, std::string_view message,
                             const ErrorFacts& facts) {
  return MakeError(absl::StatusCode::kInvalidArgument, reason, message, facts);
}

absl::Status ShuttingDown() {
  return MakeError(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                   "The server is shutting down: try again, elsewhere or later.", {},
                   absl::Seconds(1));
}

}  // namespace kvick::storage
