#include "server/processor/admin.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "storage/base/error.h"

namespace kvick::server {
namespace {

void FillStoreStatistics(storage::Store& store, v1::AdminGetStatisticsResponse* response) {
  const storage::StoreStatistics sum = store.Statistics();
  response->set_keys(static_cast<int64_t>(sum.keys));
  response->set_keys_with_expiry(static_cast<int64_t>(sum.keys_with_expiry));
  response->set_data_bytes(static_cast<int64_t>(sum.data_bytes));
  response->set_index_bytes(static_cast<int64_t>(sum.index_bytes));
  response->set_unfreed_bytes(static_cast<int64_t>(sum.unfreed_bytes));
  response->set_expired_keys(static_cast<int64_t>(sum.expired));
  response->set_hits(static_cast<int64_t>(sum.hits));
  response->set_misses(static_cast<int64_t>(sum.misses));
  response->set_commands(static_cast<int64_t>(sum.commands));
  response->set_last_version(store.last_version());
}

absl::Status ListConnections(const AdminSources& sources,
                             const v1::AdminListConnectionsRequest& request,
                             v1::AdminListConnectionsResponse* response) {
  constexpr int64_t kLimitMax = 10'000;
  constexpr int64_t kLimitDefault = 1'000;
  if (request.limit() < 0 || request.limit() > kLimitMax || request.after_id() < 0) {
    return storage::InvalidArgument(
        "ARGUMENT_OUT_OF_RANGE",
        "The field limit must be from 0 to 10,000, and after_id not negative.");
  }
  const auto limit = static_cast<size_t>(request.limit() == 0 ? kLimitDefault : request.limit());
  std::vector<v1::Connection> connections = sources.connections(request.after_id(), limit);
  response->set_more(connections.size() > limit);
  connections.resize(std::min(connections.size(), limit));
  for (v1::Connection& connection : connections) {
    *response->add_connections() = std::move(connection);
  }
  return absl::OkStatus();
}

}  // namespace

void RegisterAdmin(CommandTable& table, storage::Store& store, AdminSources sources) {
  table.AddCall<v1::AdminGetServerInfoRequest, v1::AdminGetServerInfoResponse>(
      [fill = sources.fill_server_info](const auto&, v1::AdminGetServerInfoResponse* response) {
        fill(response);
        return absl::OkStatus();
      });
  table.AddCall<v1::AdminGetStatisticsRequest, v1::AdminGetStatisticsResponse>(
      [&store, fill = sources.fill_statistics](const auto&,
                                               v1::AdminGetStatisticsResponse* response) {
        FillStoreStatistics(store, response);
        fill(response);
        return absl::OkStatus();
      });
  table.AddCall<v1::AdminFlushRequest, v1::AdminFlushResponse>(
      [&store](const auto&, v1::AdminFlushResponse* response) {
        const auto result = store.Flush();
        response->set_deleted(static_cast<int64_t>(result.deleted));
        response->mutable_mutation()->set_applied(true);
        response->mutable_mutation()->set_version(result.version);
        return absl::OkStatus();
      });
  table.AddCall<v1::AdminListConnectionsRequest, v1::AdminListConnectionsResponse>(
      [sources = std::move(sources)](const v1::AdminListConnectionsRequest& request,
                                     v1::AdminListConnectionsResponse* response) {
        return ListConnections(sources, request, response);
      });
}

}  // namespace kvick::server
