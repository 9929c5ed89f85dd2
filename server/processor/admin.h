// AdminService: what an operator asks the server.
#ifndef KVICK_SERVER_PROCESSOR_ADMIN_H_
#define KVICK_SERVER_PROCESSOR_ADMIN_H_

#include <functional>
#include <vector>

#include "kvick/v1/admin.pb.h"
#include "server/commands/command_table.h"
#include "storage/store.h"

namespace kvick::server {

// What the calls tell of parts of the server that they cannot see. Each is thread safe.
struct AdminSources {
  std::function<void(v1::AdminGetServerInfoResponse*)> fill_server_info;
  // Fills what the keyspace does not know: uptime, connections, subscribers, messages, waiters.
  std::function<void(v1::AdminGetStatisticsResponse*)> fill_statistics;
  // Connections with an id above `after`, at most `limit` and one more, ordered by id.
  std::function<std::vector<v1::Connection>(int64_t after, size_t limit)> connections;
};

// Adds the calls to the table. `store` outlives the table.
void RegisterAdmin(CommandTable& table, storage::Store& store, AdminSources sources);

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_ADMIN_H_
