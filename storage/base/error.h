// Errors as the engine and the commands make them: a canonical code, a reason that a program can
// tell apart, a sentence that says what was wrong and what to do, and facts by name. The reason
// travels as a payload of absl::Status, so that no layer between needs to know of it.
#ifndef KVICK_STORAGE_BASE_ERROR_H_
#define KVICK_STORAGE_BASE_ERROR_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace kvick::storage {

// What ErrorInfo.metadata of the API carries.
using ErrorFacts = std::map<std::string, std::string>;

// An error with a reason: the name of an ErrorReason of errors.proto without its prefix
// ("WRONG_TYPE"). `retry_after`, where waiting helps.
absl::Status MakeError(absl::StatusCode code, std::string_view reason, std::string_view message,
                       const ErrorFacts& facts = {},
                       std::optional<absl::Duration> retry_after = std::nullopt);

// The reason of an error that MakeError made; empty for any other.
std::string ErrorReasonOf(const absl::Status& status);
// Its facts.
ErrorFacts ErrorFactsOf(const absl::Status& status);
// Its delay, if any.
std::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

// INVALID_ARGUMENT with a reason: the commonest error.
absl::Status InvalidArgument(std::string_view reason, std::string_view message,
                             const ErrorFacts& facts = {});

// UNAVAILABLE `SHUTTING_DOWN`: what calls and streams get that cannot go on because the server
// ends.
absl::Status ShuttingDown();

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_BASE_ERROR_H_
