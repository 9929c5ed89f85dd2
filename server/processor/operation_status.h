// An error as the result of one operation shows it.
#ifndef KVICK_SERVER_PROCESSOR_OPERATION_STATUS_H_
#define KVICK_SERVER_PROCESSOR_OPERATION_STATUS_H_

#include "absl/status/status.h"
#include "kvick/v1/command.pb.h"

namespace kvick::server {

// The reason of an error as the enum of the API; unspecified when it has none.
v1::ErrorReason ReasonOf(const absl::Status& status);

// Fills code, message, reason, metadata and delay.
void FillOperationStatus(const absl::Status& status, v1::OperationStatus* message);

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_OPERATION_STATUS_H_
