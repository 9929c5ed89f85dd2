// What gRPC and Protobuf log, as part of our log.
#ifndef KVICK_SERVER_RPC_LIBRARY_LOG_H_
#define KVICK_SERVER_RPC_LIBRARY_LOG_H_

namespace kvick::server {

// Sends what the libraries log to the server's log, a few lines a second at most: what clients do
// must not fill a disk. gRPC 1.66 and newer is silenced but for what ends the process. Call before
// anything else of the libraries; calls after the first do nothing.
void RouteLibraryLogs();

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_LIBRARY_LOG_H_
