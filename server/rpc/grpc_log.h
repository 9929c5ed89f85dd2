// gRPC's own log, as part of ours.
#ifndef KVICK_SERVER_RPC_GRPC_LOG_H_
#define KVICK_SERVER_RPC_GRPC_LOG_H_

namespace kvick::server {

// Sends what gRPC logs to the server's log, a few lines a second at most: what clients do to a
// connection must not fill a disk. Where gRPC does not let it be sent (1.66 and newer), it is
// silenced but for what ends the process. Call before anything else of gRPC.
void RouteGrpcLog();

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_GRPC_LOG_H_
