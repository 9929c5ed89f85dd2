// AdminService as a typed client.
#ifndef KVICK_CLIENT_KVICK_ADMIN_H_
#define KVICK_CLIENT_KVICK_ADMIN_H_

#include <cstdint>
#include <utility>

#include "kvick/caller.h"

namespace kvick {

// Calls for operators; what each does, answers and costs is said at the method of the same name in
// kvick/v1/admin.proto. Thread safe, cheap to copy.
class AdminClient {
 public:
  // Made by Client::Admin.
  explicit AdminClient(Caller caller) : caller_(std::move(caller)) {}

  // Which server this is and how it is set up.
  absl::StatusOr<v1::AdminGetServerInfoResponse> GetServerInfo() const;
  // What it holds and has done since it started.
  absl::StatusOr<v1::AdminGetStatisticsResponse> GetStatistics() const;
  // Deletes every key.
  absl::StatusOr<v1::AdminFlushResponse> Flush() const;
  // The connections of clients, those with an id above `after_id`; `limit` 0: 1,000.
  absl::StatusOr<v1::AdminListConnectionsResponse> ListConnections(int64_t limit = 0,
                                                                   int64_t after_id = 0) const;

 private:
  Caller caller_;
};

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_ADMIN_H_
