// What the process has of its machine.
#ifndef KVICK_SERVER_CONFIG_MACHINE_H_
#define KVICK_SERVER_CONFIG_MACHINE_H_

#include <cstdint>

namespace kvick::server {

// Memory that the process may use, bytes: the machine's, or less where its control group says so.
int64_t MachineMemoryBytes();

// Memory that the process has resident, bytes.
int64_t ResidentBytes();

// Raises the process's limit of open files towards `wanted`, as far as the hard limit allows, and
// returns what it is now.
int64_t RaiseOpenFileLimit(int64_t wanted);

}  // namespace kvick::server

#endif  // KVICK_SERVER_CONFIG_MACHINE_H_
