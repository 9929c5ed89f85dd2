// Calls that go over many keys or elements in small steps: the Scan streams, DeleteMatching and
// Sample. Every step locks one shard for less than a millisecond.
#ifndef KVICK_SERVER_PROCESSOR_SCANS_H_
#define KVICK_SERVER_PROCESSOR_SCANS_H_

#include "server/commands/command_table.h"
#include "storage/store.h"

namespace kvick::server {

// Adds them to the table. `store` outlives the table.
void RegisterScans(CommandTable& table, storage::Store& store);

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_SCANS_H_
