#include "server/processor/operation_status.h"

#include <string>

#include "absl/time/time.h"
#include "storage/base/error.h"

namespace kvick::server {

v1::ErrorReason ReasonOf(const absl::Status& status) {
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  v1::ErrorReason_Parse("ERROR_REASON_" + storage::ErrorReasonOf(status), &reason);
  return reason;
}

void FillOperationStatus(const absl::Status& status, v1::OperationStatus* message) {
  message->set_code(static_cast<int32_t>(status.code()));
  message->set_message(std::string(status.message()));
  message->set_reason(ReasonOf(status));
  for (const auto& [name, value] : storage::ErrorFactsOf(status)) {
    (*message->mutable_metadata())[name] = value;
  }
  if (const auto delay = storage::RetryDelayOf(status); delay.has_value()) {
    const int64_t milliseconds = absl::ToInt64Milliseconds(*delay);
    message->mutable_retry_delay()->set_seconds(milliseconds / 1000);
    message->mutable_retry_delay()->set_nanos(static_cast<int32_t>(milliseconds % 1000) *
                                              1'000'000);
  }
}

}  // namespace kvick::server
