// What gRPC and Protobuf log, as part of our log.
#ifndef KVICK_SERVER_RPC_LIBRARY_LOG_H_
#define KVICK_SERVER_RPC_LIBRARY_LOG_H_

namespace kvick::server {

// Sends what the libraries log to the server's log, a few lines a second at most: what clients do
// must not fill a disk. Where gRPC does not let it be sent (1.66 and newer), it is silenced but for
// what ends the process; Protobuf from 22 on writes to standard error by itself. Call before
// anything else of the libraries.
void RouteLibraryLogs();

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_LIBRARY_LOG_H_
