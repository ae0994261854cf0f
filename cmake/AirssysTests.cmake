# The tests: test/<layer>/test_<noun>.c is a program, linked with its layer, with the other sources of its
# folder, with test/support and with cmocka.
#
# Labels: the layer, and "guest" for programs that run WebAssembly (a build with the thread sanitizer leaves them
# out: it cannot follow compiled guests). In test/node those are the programs that make a node or an engine.
# Programs find the guests by AIRS_TEST_GUESTS, the command by AIRS_TEST_COMMAND, the tree by AIRS_TEST_SOURCE.
pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)

file(GLOB support CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test/support/*.c)
list(FILTER support EXCLUDE REGEX "/signals\\.c$")
add_library(airs_test_support STATIC ${support})
target_include_directories(airs_test_support PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include
                           ${CMAKE_CURRENT_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR}/test)
target_link_libraries(airs_test_support PUBLIC PkgConfig::cmocka Threads::Threads)
# Replaces a function of the C library, also for cmocka. Each program takes the object itself: of an archive a
# sanitizer's own version of that function would leave it out.
add_library(airs_test_signals OBJECT ${CMAKE_CURRENT_SOURCE_DIR}/test/support/signals.c)
target_include_directories(airs_test_signals PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/include
                           ${CMAKE_CURRENT_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR}/test)
target_compile_definitions(airs_test_support PUBLIC
  AIRS_TEST_SOURCE="${CMAKE_CURRENT_SOURCE_DIR}"
  AIRS_TEST_BUILD="${CMAKE_CURRENT_BINARY_DIR}"
  AIRS_TEST_GUESTS="${CMAKE_CURRENT_BINARY_DIR}/test/guests"
  AIRS_TEST_COMMAND="${CMAKE_CURRENT_BINARY_DIR}/airssys"
  AIRS_TEST_COMPILER="${CMAKE_CURRENT_BINARY_DIR}/airssys-compile")

# What a sanitizer is told: to fail at the first finding, and that fibers change stacks.
set(AIRS_TEST_ENVIRONMENT
    "ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=0:allocator_may_return_null=1"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")

# airs_test_folder(name LAYER layer RUST LABELS label... TIMEOUT seconds INCLUDES folder...
#                  LIBRARIES target... TWICE noun... WAY name WAY_VARIABLE variable=value)
function(airs_test_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 folder "RUST" "LAYER;TIMEOUT;WAY;WAY_VARIABLE"
                        "LABELS;INCLUDES;LIBRARIES;TWICE")
  file(GLOB programs CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test/${name}/test_*.c)
  file(GLOB helpers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test/${name}/*.c)
  if(NOT programs OR NOT TARGET airs_${folder_LAYER})
    return()
  endif()
  list(REMOVE_ITEM helpers ${programs})
  if(helpers)
    add_library(airs_test_${name} STATIC ${helpers})
    target_link_libraries(airs_test_${name} PUBLIC airs_test_support airs_${folder_LAYER})
    if(folder_INCLUDES)
      target_include_directories(airs_test_${name} SYSTEM PRIVATE ${folder_INCLUDES})
    endif()
  endif()
  foreach(program ${programs})
    set(labels ${name} ${folder_LABELS})
    if(NOT folder_LABELS)
      set(labels ${name} unit)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${program})
      file(STRINGS ${program} needs_guests LIMIT_COUNT 1
           REGEX "AIRS_TEST_GUESTS|AIRS_TEST_COMMAND|guest_manifest|cli/child|airs_node_create|airs_wasm_engine_create")
      if(needs_guests)
        set(labels ${name} guest)
      endif()
    endif()
    if(AIRS_SANITIZE STREQUAL "thread" AND "guest" IN_LIST labels)
      continue()
    endif()
    get_filename_component(noun ${program} NAME_WE)
    set(target ${name}_${noun})
    add_executable(${target} ${program} $<TARGET_OBJECTS:airs_test_signals>)
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/test/${name}
                          OUTPUT_NAME ${noun})
    if(helpers)
      target_link_libraries(${target} PRIVATE airs_test_${name})
    endif()
    target_link_libraries(${target} PRIVATE airs_test_support airs_${folder_LAYER} ${folder_LIBRARIES})
    if(folder_INCLUDES)
      target_include_directories(${target} SYSTEM PRIVATE ${folder_INCLUDES})
    endif()
    if(folder_RUST)
      add_dependencies(${target} airs_rust)
      target_link_libraries(${target} PRIVATE airs::rust)
    endif()
    string(REGEX REPLACE "^test_" "" noun ${noun})
    add_test(NAME ${name}/${noun} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
    # What applications store stays in the build, and those of one name in two programs do not meet.
    set(state ${CMAKE_CURRENT_BINARY_DIR}/test/state/${name}/${noun})
    file(MAKE_DIRECTORY ${state})
    set_tests_properties(${name}/${noun} PROPERTIES TIMEOUT ${folder_TIMEOUT} LABELS "${labels}"
                         ENVIRONMENT "${AIRS_TEST_ENVIRONMENT};XDG_STATE_HOME=${state}")
    # Once more the other way: actors that are given their messages in batches (or one by one, where guests take them
    # in batches) must do the same.
    if(noun IN_LIST folder_TWICE)
      file(MAKE_DIRECTORY ${state}-${folder_WAY})
      add_test(NAME ${name}/${noun}-${folder_WAY} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
      set_tests_properties(${name}/${noun}-${folder_WAY} PROPERTIES TIMEOUT ${folder_TIMEOUT} LABELS "${labels}"
                           ENVIRONMENT "${AIRS_TEST_ENVIRONMENT};XDG_STATE_HOME=${state}-${folder_WAY};${folder_WAY_VARIABLE}")
    endif()
    if(noun STREQUAL "toolchains")
      # After test/guests has made their guests.
      set_tests_properties(${name}/${noun} PROPERTIES FIXTURES_REQUIRED "guest_python;guest_javascript;guest_rust")
    endif()
  endforeach()
endfunction()

# A thread sanitizer slows everything several times.
set(patience 1)
if(AIRS_SANITIZE)
  set(patience 5)
endif()
math(EXPR brief "60 * ${patience}")
math(EXPR long "300 * ${patience}")

airs_test_folder(core LAYER core LABELS unit TIMEOUT ${brief} LIBRARIES airs::jansson)
airs_test_folder(security LAYER security LABELS unit TIMEOUT ${brief})
airs_test_folder(storage LAYER storage LABELS unit TIMEOUT ${brief})
if(TARGET storage_test_io_faults)
  # LMDB's own calls that write come to the test first, which needs its archive.
  set_target_properties(storage_test_io_faults PROPERTIES AIRS_ARCHIVES ON)
  target_link_options(storage_test_io_faults PRIVATE -Wl,--wrap=pwrite,--wrap=writev,--wrap=fdatasync,--wrap=fsync,--wrap=statvfs)
endif()
if(TEST storage/crash)
  set_tests_properties(storage/crash PROPERTIES TIMEOUT ${long})
endif()
airs_test_folder(actor LAYER actor LABELS unit TIMEOUT ${long} WAY batches WAY_VARIABLE AIRS_TEST_BATCHES=1
                 TWICE actor_links actor_timers component_actor deferred_replies health_monitor response_router
                       supervisor updater waiting_senders allocation_failures)
airs_test_folder(simulation LAYER actor LABELS unit TIMEOUT ${long} WAY batches WAY_VARIABLE AIRS_TEST_BATCHES=1
                 TWICE actor_simulation supervision_histories)
airs_test_folder(runtime LAYER node RUST LABELS guest TIMEOUT ${long}
                 INCLUDES ${AIRS_WASMTIME_INCLUDE} ${CMAKE_CURRENT_SOURCE_DIR}/rust/wasmtime-ext/include)
airs_test_folder(node LAYER admin RUST TIMEOUT ${long} LIBRARIES airs::jansson)
airs_test_folder(cli LAYER cli RUST TIMEOUT ${long})
airs_test_folder(e2e LAYER node RUST LABELS guest e2e TIMEOUT ${long}
                 WAY single WAY_VARIABLE AIRS_TEST_GUESTS=${CMAKE_CURRENT_BINARY_DIR}/test/guests/single
                 TWICE backpressure capabilities codecs containment crashes groups isolation lifecycle limits links
                       messaging neighbours replies requests restart ring shutdown storm supervisor_guests timers
                       topics update)

# Its guests are made by tests too (test/guests).
if(TEST e2e/toolchains)
  set_tests_properties(e2e/toolchains PROPERTIES FIXTURES_REQUIRED "guest_python;guest_javascript;guest_rust" TIMEOUT 900
                       LABELS "guest;e2e;toolchain")
endif()
# They compile what is made to be much work, later than whatever else runs.
foreach(test runtime/compiler e2e/compile_bombs)
  if(TEST ${test})
    set_tests_properties(${test} PROPERTIES TIMEOUT 600)
  endif()
endforeach()
