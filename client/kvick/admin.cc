#include "kvick/admin.h"

namespace kvick {

absl::StatusOr<v1::AdminGetServerInfoResponse> AdminClient::GetServerInfo() const {
  return caller_.Call(v1::AdminGetServerInfoRequest());
}

absl::StatusOr<v1::AdminGetStatisticsResponse> AdminClient::GetStatistics() const {
  return caller_.Call(v1::AdminGetStatisticsRequest());
}

absl::StatusOr<v1::AdminFlushResponse> AdminClient::Flush() const {
  return caller_.Call(v1::AdminFlushRequest());
}

absl::StatusOr<v1::AdminListConnectionsResponse> AdminClient::ListConnections(
    int64_t limit, int64_t after_id) const {
  v1::AdminListConnectionsRequest request;
  request.set_limit(limit);
  request.set_after_id(after_id);
  return caller_.Call(request);
}

}  // namespace kvick
