// The settings of gRPC's connections.
#ifndef KVICK_SERVER_RPC_CHANNEL_SETTINGS_H_
#define KVICK_SERVER_RPC_CHANNEL_SETTINGS_H_

#include <grpcpp/server_builder.h>

#include "server/config/config.h"

namespace kvick::server {

// Sets every limit of gRPC's that the settings have.
void ApplyChannelSettings(const Config& config, grpc::ServerBuilder* builder);

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_CHANNEL_SETTINGS_H_
