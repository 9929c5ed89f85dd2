#include "kvick/error.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "kvick/internal/wire_status.h"
#include "kvick/value.h"

namespace kvick {
namespace {

constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";
constexpr std::string_view kServerDomain = "kvick";
constexpr std::string_view kClientDomain = "kvick.client";
constexpr char kReasonPrefix[] = "ERROR_REASON_";

template <class Message>
std::optional<Message> Payload(const absl::Status& status, const char* url) {
  const auto bytes = status.GetPayload(url);
  Message message;
  if (!bytes.has_value() || !message.ParseFromString(std::string(*bytes))) return std::nullopt;
  return message;
}

void SetErrorInfo(const v1::ErrorInfo& info, absl::Status* status) {
  status->SetPayload(kErrorInfoUrl, absl::Cord(info.SerializeAsString()));
}

// A code that is not canonical must not become OK or a number that nobody knows.
absl::StatusCode CanonicalCode(int code) {
  const bool known = code > 0 && code <= static_cast<int>(absl::StatusCode::kUnauthenticated);
  return known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown;
}

}  // namespace

ErrorDetails DetailsOf(const absl::Status& status) {
  ErrorDetails details;
  if (const auto info = Payload<v1::ErrorInfo>(status, kErrorInfoUrl); info.has_value()) {
    details.reason_name = info->reason();
    details.domain = info->domain();
    details.metadata.insert(info->metadata().begin(), info->metadata().end());
    if (info->domain() == kServerDomain) {
      v1::ErrorReason_Parse(absl::StrCat(kReasonPrefix, info->reason()), &details.reason);
    }
  }
  if (const auto retry = Payload<v1::RetryInfo>(status, kRetryInfoUrl); retry.has_value()) {
    details.retry_delay = FromProto(retry->retry_delay());
  }
  return details;
}

v1::ErrorReason ReasonOf(const absl::Status& status) { return DetailsOf(status).reason; }

bool NothingExecuted(const absl::Status& status) {
  if (status.ok()) return false;
  const ErrorDetails details = DetailsOf(status);
  if (details.domain == kClientDomain) return absl::IsUnavailable(status);
  // A broken connection is UNAVAILABLE too, but without the server's word: it proves nothing.
  return details.domain == kServerDomain && absl::IsUnavailable(status);
}

absl::Status StatusFromOperation(const v1::OperationStatus& operation) {
  absl::Status status(CanonicalCode(operation.code()), operation.message());
  v1::ErrorInfo info;
  const std::string& name = v1::ErrorReason_Name(operation.reason());
  if (operation.reason() != v1::ERROR_REASON_UNSPECIFIED && !name.empty()) {
    info.set_reason(name.substr(sizeof(kReasonPrefix) - 1));
  }
  info.set_domain(std::string(kServerDomain));
  *info.mutable_metadata() = operation.metadata();
  SetErrorInfo(info, &status);
  if (operation.has_retry_delay()) {
    v1::RetryInfo retry;
    *retry.mutable_retry_delay() = operation.retry_delay();
    status.SetPayload(kRetryInfoUrl, absl::Cord(retry.SerializeAsString()));
  }
  return status;
}

absl::Status NotConnectedError(std::string_view target, std::string_view why) {
  absl::Status status = absl::UnavailableError(absl::StrCat(
      "cannot connect to ", std::string(target), ": ", std::string(why), "; nothing was sent"));
  v1::ErrorInfo info;
  info.set_reason("NOT_CONNECTED");
  info.set_domain(std::string(kClientDomain));
  (*info.mutable_metadata())["target"] = std::string(target);
  SetErrorInfo(info, &status);
  return status;
}

absl::Status internal::StatusFromWire(int code, std::string_view message,
                                      std::string_view details) {
  if (code == 0) return absl::OkStatus();
  absl::Status status(CanonicalCode(code), std::string(message));
  v1::ErrorStatus wire;
  if (details.empty() || !wire.ParseFromArray(details.data(), static_cast<int>(details.size()))) {
    return status;
  }
  for (const google::protobuf::Any& detail : wire.details()) {
    status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return status;
}

}  // namespace kvick
