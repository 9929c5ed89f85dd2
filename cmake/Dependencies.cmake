# What Kvick stands on; docs/dependencies.md says why. CMake packages where they exist (newer gRPC
# and Protobuf bring them), pkg-config where they do not.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

find_package(absl REQUIRED)

find_package(Protobuf CONFIG QUIET)
if(NOT TARGET protobuf::libprotobuf)
  find_package(Protobuf MODULE REQUIRED)
endif()
if(TARGET protobuf::protoc)
  set(KVICK_PROTOC $<TARGET_FILE:protobuf::protoc>)
else()
  find_program(KVICK_PROTOC protoc REQUIRED)
endif()

# kvick_grpcpp is what clients need too and is part of the installed package; the reflection service
# is the server's alone.
find_package(gRPC CONFIG QUIET)
add_library(kvick_grpcpp INTERFACE)
add_library(kvick_grpcpp_reflection INTERFACE)
if(TARGET gRPC::grpc++)
  target_link_libraries(kvick_grpcpp INTERFACE gRPC::grpc++)
  target_link_libraries(kvick_grpcpp_reflection INTERFACE gRPC::grpc++_reflection kvick_grpcpp)
else()
  pkg_check_modules(GRPCPP REQUIRED IMPORTED_TARGET grpc++)
  find_library(KVICK_GRPC_REFLECTION grpc++_reflection REQUIRED)
  target_link_libraries(kvick_grpcpp INTERFACE PkgConfig::GRPCPP)
  target_link_libraries(kvick_grpcpp_reflection INTERFACE ${KVICK_GRPC_REFLECTION} kvick_grpcpp)
endif()
find_program(KVICK_GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

find_package(CLI11 CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core prometheus-cpp-pull)
pkg_check_modules(EDIT REQUIRED IMPORTED_TARGET libedit)

if(KVICK_USE_TCMALLOC AND NOT KVICK_SANITIZE)
  pkg_check_modules(TCMALLOC REQUIRED IMPORTED_TARGET libtcmalloc_minimal)
  add_library(kvick_allocator INTERFACE)
  target_link_libraries(kvick_allocator INTERFACE PkgConfig::TCMALLOC)
else()
  add_library(kvick_allocator INTERFACE)
endif()

if(KVICK_BUILD_TESTS)
  find_package(GTest REQUIRED)
  pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
endif()
