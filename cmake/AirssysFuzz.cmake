# The fuzzers: test/fuzz/fuzz_<noun>.c is a program of libFuzzer's, in builds with the address sanitizer by clang. It
# begins with what is in test/fuzz/corpus/<noun> and is a test, fuzz/<noun>: for two seconds, in CI (CI=true) for sixty.
#
# What is fuzzed is compiled a second time, so that libFuzzer sees where inputs go; the other tests stay as fast as they
# are.
if(NOT AIRS_SANITIZE STREQUAL "address" OR NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
  return()
endif()
file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test/fuzz/fuzz_*.c)
file(GLOB fuzzed CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/core/*.c ${CMAKE_CURRENT_SOURCE_DIR}/src/security/*.c)
add_library(airs_fuzzed STATIC ${fuzzed})
target_include_directories(airs_fuzzed PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/src)
target_compile_options(airs_fuzzed PRIVATE -fsanitize=fuzzer-no-link)
target_link_libraries(airs_fuzzed PUBLIC airs::xxhash airs::sodium Threads::Threads)
foreach(source ${fuzzers})
  get_filename_component(name ${source} NAME_WE)
  string(REGEX REPLACE "^fuzz_" "" noun ${name})
  add_executable(${name} ${source})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE airs_fuzzed)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/test/fuzz)
  add_test(NAME fuzz/${noun} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/test/fuzz/run.sh $<TARGET_FILE:${name}>
                                     ${CMAKE_CURRENT_SOURCE_DIR}/test/fuzz/corpus/${noun})
  set_tests_properties(fuzz/${noun} PROPERTIES TIMEOUT 300 LABELS "fuzz" ENVIRONMENT
                       "ASAN_OPTIONS=abort_on_error=1:allocator_may_return_null=1;UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1")
endforeach()
