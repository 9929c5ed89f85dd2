#include "server/rpc/status.h"

#include <string>

#include "absl/time/time.h"
#include "kvick/v1/errors.pb.h"
#include "storage/base/error.h"

namespace kvick::server {
namespace {

// The names under which everybody's google.rpc messages are packed.
constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";
constexpr char kDomain[] = "kvick";

void Pack(const google::protobuf::Message& message, const char* url, v1::ErrorStatus* status) {
  google::protobuf::Any* any = status->add_details();
  any->set_type_url(url);
  any->set_value(message.SerializeAsString());
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) {
    return grpc::Status::OK;
  }
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message(status.message());
  const std::string reason = storage::ErrorReasonOf(status);
  if (reason.empty()) {
    return grpc::Status(code, message);
  }
  v1::ErrorStatus details;
  details.set_code(static_cast<int32_t>(status.code()));
  details.set_message(message);
  v1::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain(kDomain);
  for (const auto& [name, value] : storage::ErrorFactsOf(status)) {
    (*info.mutable_metadata())[name] = value;
  }
  Pack(info, kErrorInfoUrl, &details);
  if (const auto delay = storage::RetryDelayOf(status); delay.has_value()) {
    v1::RetryInfo retry;
    const int64_t milliseconds = absl::ToInt64Milliseconds(*delay);
    retry.mutable_retry_delay()->set_seconds(milliseconds / 1000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(milliseconds % 1000) * 1'000'000);
    Pack(retry, kRetryInfoUrl, &details);
  }
  return grpc::Status(code, message, details.SerializeAsString());
}

}  // namespace kvick::server
