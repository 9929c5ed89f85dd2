#include "kvick/client.h"

#include <utility>

#include "kvick/grpc_connection.h"
#include "kvick/retry.h"
#include "storage/base/status_macros.h"

namespace kvick {

absl::StatusOr<Client> Client::Create(const ClientOptions& options) {
  ASSIGN_OR_RETURN(std::shared_ptr<Connection> connection, MakeGrpcConnection(options));
  connection = MakeRetryConnection(std::move(connection), options.retry, RetryEnvironment::Real());
  connection = MakeDeadlineConnection(std::move(connection), options.default_timeout);
  return Client(Caller(std::move(connection), CallOptions(), options.retry));
}

Client::Client(std::shared_ptr<Connection> connection)
    : caller_(std::move(connection), CallOptions(), RetryPolicy{.max_attempts = 1}) {}

Client Client::With(CallOptions options) const {
  return Client(Caller(caller_.connection(), std::move(options), caller_.retry()));
}

std::unique_ptr<Pipeline> Client::OpenPipeline(PipelineOptions options) const {
  return std::make_unique<Pipeline>(caller_, options);
}

}  // namespace kvick
