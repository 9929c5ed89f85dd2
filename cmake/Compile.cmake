# How everything is compiled.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(KVICK_CCACHE ccache)
if(KVICK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # So that another checkout finds what this one has compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
    CCACHE_NOHASHDIR=1 ${KVICK_CCACHE})
endif()

# The faster linker, where it is: the tests are many programs. GCC knows mold from 12.1 on.
find_program(KVICK_MOLD mold)
if(KVICK_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Flags of every target of ours; generated code takes all but the warnings.
add_library(kvick_flags INTERFACE)
target_include_directories(kvick_flags INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>)
add_library(kvick_warnings INTERFACE)
target_compile_options(kvick_warnings INTERFACE -Wall -Wextra -Wpedantic -Werror)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(kvick_warnings INTERFACE -Werror=thread-safety)
elseif(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  # GCC 12 and 13 see overlapping copies in additions of strings (GCC's bug 105329).
  target_compile_options(kvick_warnings INTERFACE -Wno-restrict)
endif()
if(KVICK_SANITIZE AND NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # With sanitizers GCC takes members of the standard library for uninitialised ones.
  target_compile_options(kvick_warnings INTERFACE -Wno-maybe-uninitialized)
endif()
if(KVICK_SANITIZE)
  # The check of virtual tables opens pipes to look at memory, and takes a process without file
  # descriptors, which is one of the tests, for one with broken objects.
  target_compile_options(kvick_flags INTERFACE -fsanitize=${KVICK_SANITIZE} -fno-sanitize=vptr
    -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(kvick_flags INTERFACE -fsanitize=${KVICK_SANITIZE})
endif()

if(KVICK_SANITIZE STREQUAL "thread" AND NOT KVICK_SANITIZED_LIBRARIES)
  # Protobuf's classes look different under ThreadSanitizer: those of a distribution's library, which
  # is built without it, would not be those that its headers declare. The standard library is to know.
  target_compile_options(kvick_flags INTERFACE -U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
endif()

# What the tests tell the leak checker.
set(KVICK_SANITIZER_OPTIONS "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/leaks.supp")

# What ThreadSanitizer is told. It does not know the locks of an Abseil that was built without it: see
# the source.
function(kvick_instruct_thread_sanitizer name)
  if(NOT KVICK_SANITIZE STREQUAL "thread")
    return()
  endif()
  target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/tsan/options.cc)
  if(NOT KVICK_SANITIZED_LIBRARIES)
    target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/tsan/absl_synchronization.cc
      ${CMAKE_SOURCE_DIR}/cmake/tsan/suppressions.cc)
    target_link_libraries(${name} PRIVATE absl::synchronization ${CMAKE_DL_LIBS})
  endif()
endfunction()

# kvick_library(NAME SOURCES ... DEPENDS ...): a folder's library.
function(kvick_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} kvick_flags)
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:kvick_warnings>)
endfunction()

# kvick_binary(NAME OUTPUT SOURCES ... DEPENDS ...): a program.
function(kvick_binary name output)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} kvick_flags kvick_warnings)
  set_target_properties(${name} PROPERTIES OUTPUT_NAME ${output})
  kvick_instruct_thread_sanitizer(${name})
endfunction()

# Builds every test of the label `unit`: those that run without a server.
add_custom_target(unit_tests)

# kvick_test(NAME SOURCES ... DEPENDS ... LABELS ...): a GoogleTest program, run by ctest as one test.
function(kvick_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gmock GTest::gtest_main kvick_flags
    kvick_warnings)
  kvick_instruct_thread_sanitizer(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS "${ARG_LABELS}"
    ENVIRONMENT "KVICK_BIN_DIR=${CMAKE_BINARY_DIR}/bin;KVICK_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
  set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT ${KVICK_SANITIZER_OPTIONS})
  if("unit" IN_LIST ARG_LABELS)
    add_dependencies(unit_tests ${name})
  endif()
endfunction()
