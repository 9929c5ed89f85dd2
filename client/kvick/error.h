// What an error says beyond its code and message.
#ifndef KVICK_CLIENT_KVICK_ERROR_H_
#define KVICK_CLIENT_KVICK_ERROR_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kvick/v1/command.pb.h"
#include "kvick/v1/errors.pb.h"

namespace kvick {

// Why a call failed. Every absl::Status of this library carries these, where the server (or the
// library itself) gave them, as payloads under the type names of google.rpc.
struct ErrorDetails {
  // The reason; ERROR_REASON_UNSPECIFIED when there is none, or one that is newer than this
  // library.
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  // Its name as it was sent, `WRONG_TYPE`; empty when there is none.
  std::string reason_name;
  // Who gave the reason: "kvick" the server, "kvick.client" this library.
  std::string domain;
  // What a program wants to know: limits, types, names.
  std::map<std::string, std::string> metadata;
  // How long to wait before the same call is worth another try; unset when waiting does not help.
  std::optional<absl::Duration> retry_delay;
};

// The details of an error; all empty for an OK status or a foreign one. Thread safe, never fails.
ErrorDetails DetailsOf(const absl::Status& status);

// The reason of an error alone, for `if (kvick::ReasonOf(status) == ...)`.
v1::ErrorReason ReasonOf(const absl::Status& status);

// True when the error proves that the server did not execute the call: it said so, or the call
// never left this process. Any call may then be repeated.
bool NothingExecuted(const absl::Status& status);

// The status of one failed operation of a pipeline, the same as a call of its own would give. For
// those who read the frames of a PipelineStream; Pipeline does it for the rest.
absl::Status StatusFromOperation(const v1::OperationStatus& status);

// What a call gives whose server is away: UNAVAILABLE for what was never sent, with the reason
// `NOT_CONNECTED` of the domain "kvick.client". For connections of one's own.
absl::Status NotConnectedError(std::string_view target, std::string_view why);

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_ERROR_H_
