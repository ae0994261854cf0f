# The fuzzers: test/fuzz/fuzz_<noun>.c is a program of libFuzzer's, in builds with the address sanitizer by clang. It
# begins with what is in test/fuzz/corpus/<noun> and is a test, fuzz/<noun>: for two seconds, in CI (CI=true) for sixty.
# "./dev fuzz NOUN SECONDS" runs one for longer.
#
# What is fuzzed is compiled a second time, so that libFuzzer sees where inputs go; the other tests stay as fast as they
# are. What is not, an archive of a layer gives: the linker takes each symbol from the first archive that has it.
if(NOT AIRS_SANITIZE STREQUAL "address" OR NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
  return()
endif()
file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test/fuzz/fuzz_*.c)
file(GLOB fuzzed CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/core/*.c ${CMAKE_CURRENT_SOURCE_DIR}/src/security/*.c
     ${CMAKE_CURRENT_SOURCE_DIR}/src/runtime/component_*.c ${CMAKE_CURRENT_SOURCE_DIR}/src/runtime/*imports.c
     ${CMAKE_CURRENT_SOURCE_DIR}/src/node/*.c ${CMAKE_CURRENT_SOURCE_DIR}/src/node/admin/*.c)
add_library(airs_fuzzed STATIC ${fuzzed})
target_include_directories(airs_fuzzed PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/src)
target_include_directories(airs_fuzzed SYSTEM PUBLIC ${AIRS_WASMTIME_INCLUDE}
                           ${CMAKE_CURRENT_SOURCE_DIR}/rust/wasmtime-ext/include
                           ${CMAKE_CURRENT_SOURCE_DIR}/rust/toml/include)
target_compile_options(airs_fuzzed PRIVATE -fsanitize=fuzzer-no-link)
target_link_libraries(airs_fuzzed PUBLIC airs::jansson airs::xxhash airs::sodium airs::websockets airs_admin
                      airs::rust Threads::Threads)
add_dependencies(airs_fuzzed airs_rust)

# What several of them use, each what it needs.
file(GLOB shared CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test/fuzz/*.c)
list(REMOVE_ITEM shared ${fuzzers})
add_library(airs_fuzz_support STATIC ${shared})
target_link_libraries(airs_fuzz_support PUBLIC airs_fuzzed)

add_custom_target(fuzzers)
foreach(source ${fuzzers})
  get_filename_component(name ${source} NAME_WE)
  string(REGEX REPLACE "^fuzz_" "" noun ${name})
  add_executable(${name} ${source})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE airs_fuzz_support)
  add_dependencies(fuzzers ${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/test/fuzz)
  file(STRINGS ${source} files LIMIT_COUNT 1 REGEX "input_files\\.h\"")
  if(files)
    target_link_options(${name} PRIVATE -Wl,--wrap=airs_file_read -Wl,--wrap=airs_file_check -Wl,--wrap=stat
                        -Wl,--wrap=realpath)
  endif()
  add_test(NAME fuzz/${noun} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/test/fuzz/run.sh $<TARGET_FILE:${name}>)
  set_tests_properties(fuzz/${noun} PROPERTIES TIMEOUT 300 LABELS "fuzz" ENVIRONMENT
                       "ASAN_OPTIONS=abort_on_error=1:allocator_may_return_null=1;UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1")
endforeach()
# What the build makes of test/guests/bad is not in the tree.
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/test/fuzz)
file(CREATE_LINK ${CMAKE_CURRENT_BINARY_DIR}/test/guests/bad ${CMAKE_CURRENT_BINARY_DIR}/test/fuzz/corpus-component
     SYMBOLIC)
