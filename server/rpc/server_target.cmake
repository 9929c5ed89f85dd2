# The server around the services: sockets, connections, TLS, limits, health, reflection, the end.
kvick_library(kvick_rpc_server
  SOURCES channel_settings.cc connections.cc credentials.cc grpc_log.cc listener.cc
    refusal_server.cc server.cc tls_files.cc
  DEPENDS kvick_rpc kvick_config kvick_grpcpp OpenSSL::SSL absl::base absl::status absl::statusor
    absl::synchronization absl::time fmt::fmt Threads::Threads)
