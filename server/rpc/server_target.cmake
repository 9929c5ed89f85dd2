# The server around the services: sockets, connections, TLS, limits, health, reflection, the end.
set(standard_dir ${CMAKE_CURRENT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${standard_dir})
set(standard_sources)
foreach(name IN ITEMS standard/health standard/error_details)
  add_custom_command(
    OUTPUT ${standard_dir}/${name}.pb.cc ${standard_dir}/${name}.pb.h
    COMMAND ${KVICK_PROTOC} -I${CMAKE_CURRENT_SOURCE_DIR} --cpp_out=${standard_dir}
      ${CMAKE_CURRENT_SOURCE_DIR}/${name}.proto
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}.proto
    VERBATIM)
  list(APPEND standard_sources ${standard_dir}/${name}.pb.cc)
endforeach()
add_library(kvick_standard_protos STATIC ${standard_sources})
target_include_directories(kvick_standard_protos SYSTEM PUBLIC ${standard_dir})
target_link_libraries(kvick_standard_protos PUBLIC protobuf::libprotobuf kvick_flags)

kvick_library(kvick_rpc_server
  SOURCES channel_settings.cc connections.cc credentials.cc library_log.cc listener.cc
    refusal_server.cc server.cc standard_protos.cc tls_files.cc
  DEPENDS kvick_rpc kvick_standard_protos kvick_config kvick_grpcpp_reflection OpenSSL::SSL absl::base absl::status
    absl::statusor absl::synchronization absl::time fmt::fmt Threads::Threads)
# Newer versions of Protobuf and gRPC log by Abseil.
foreach(part IN ITEMS log_entry log_globals log_initialize log_sink log_sink_registry)
  if(TARGET absl::${part})
    target_link_libraries(kvick_rpc_server PUBLIC absl::${part})
  endif()
endforeach()
