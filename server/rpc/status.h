// Errors as gRPC carries them: the only place where they are translated.
#ifndef KVICK_SERVER_RPC_STATUS_H_
#define KVICK_SERVER_RPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace kvick::server {

// The same code and message; with a reason, the details are a google.rpc.Status with ErrorInfo and,
// where the error has a delay, RetryInfo, as every language's helpers decode them.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_STATUS_H_
