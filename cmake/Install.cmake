# What `cmake --install` puts in place: the programs, the protos, and the C++ client with its headers
# and a package for find_package(kvick).
include(CMakePackageConfigHelpers)
set(KVICK_PROTO_INSTALL_DIR ${CMAKE_INSTALL_DATADIR}/kvick/proto)
set(KVICK_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/kvick)

install(TARGETS kvick_server kvick_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  COMPONENT programs)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/proto/kvick DESTINATION ${KVICK_PROTO_INSTALL_DIR}
  FILES_MATCHING PATTERN "*.proto")

install(DIRECTORY ${CMAKE_SOURCE_DIR}/client/kvick DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h" PATTERN internal EXCLUDE)
install(DIRECTORY ${CMAKE_BINARY_DIR}/proto/generated/kvick
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.pb.h")
set_target_properties(kvick_client PROPERTIES EXPORT_NAME client)
set_target_properties(kvick_proto PROPERTIES EXPORT_NAME proto)
set_target_properties(kvick_stubs PROPERTIES EXPORT_NAME stubs)
install(TARGETS kvick_client kvick_stubs kvick_proto kvick_grpcpp kvick_flags EXPORT kvickTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT kvickTargets NAMESPACE kvick:: DESTINATION ${KVICK_PACKAGE_DIR})

configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/kvickConfig.cmake.in
  ${CMAKE_BINARY_DIR}/kvickConfig.cmake INSTALL_DESTINATION ${KVICK_PACKAGE_DIR}
  PATH_VARS KVICK_PROTO_INSTALL_DIR)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/kvickConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/kvickConfig.cmake ${CMAKE_BINARY_DIR}/kvickConfigVersion.cmake
  DESTINATION ${KVICK_PACKAGE_DIR})
