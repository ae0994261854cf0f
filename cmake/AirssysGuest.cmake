# C files to a component: airssys_add_guest(). Included by the project itself and by find_package(airssys).
#
#   airssys_add_guest(NAME
#     SOURCES file...           C files
#     [WIT path...]             WIT folders or files beside airssys:core and airssys:actor, each after those it uses
#     [WORLD world]             a world of the last WIT path, or a full name; default: one of airssys:actor.
#                               A world of your own starts with `include airssys:actor/actor@0.1.0;`
#                               A component imports only what it calls, whatever its world has.
#     [MIGRATES]                the guest exports airssys:actor/migration as well, and has airs_on_export_state and
#                               airs_on_import_state
#     [SINGLE]                  messages come one by one: the guest does not export airssys:actor/batch-handler
#     [BATCHES]                 it does, in a world of your own (which then includes airssys:actor/batching-actor);
#                               without WORLD and without SINGLE it always does. Nothing changes for its sources.
#     [NO_SDK]                  only the generated bindings (guest.h): any world, all exports are yours to write
#     [OUTPUT_NAME name]        default: NAME
#     [OPTIONS option...]       for the compiler
#     [LINK_OPTIONS option...]  for the linker
#     [ALL_OPTIONAL])           built only when something depends on it
#
# makes a target NAME that builds OUTPUT_NAME.wasm in the current binary folder; its path is the target's
# property AIRSSYS_COMPONENT. Sources include <airssys.h>.
#
# Variables: AIRSSYS_CLANG (a clang that can make wasm32-wasi), AIRSSYS_SYSROOT (empty: the compiler's own),
# AIRSSYS_COMMAND (the airssys command; default: the one that is built or installed with this file).
include_guard(GLOBAL)

set(AIRSSYS_CLANG "" CACHE FILEPATH "A clang that can make wasm32-wasi")
set(AIRSSYS_SYSROOT "" CACHE PATH "Headers and libraries of wasm32-wasi; empty: where the compiler looks")
set(AIRSSYS_COMMAND "" CACHE FILEPATH "The airssys command, for bindings and components")

# Beside this file in the source tree, or where ./dev install put them.
if(DEFINED AIRSSYS_DATA_FOLDER)
  set(_airssys_root ${AIRSSYS_DATA_FOLDER})
else()
  get_filename_component(_airssys_root ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
endif()
set_property(GLOBAL PROPERTY AIRSSYS_GUEST_ROOT ${_airssys_root})

# What every guest is compiled with, and linked with: a reactor's start code runs once, not around each call.
set(_airssys_flags --target=wasm32-wasi -mbulk-memory -O2 -g -ffunction-sections -fdata-sections
    -fvisibility=hidden)
set(_airssys_link_flags --target=wasm32-wasi -mexec-model=reactor)

# The compiler, tried once with a whole program: it needs its linker, the C library and its own runtime library.
function(_airssys_find_clang out)
  get_property(found GLOBAL PROPERTY AIRSSYS_GUEST_CLANG)
  if(found)
    set(${out} ${found} PARENT_SCOPE)
    return()
  endif()
  set(hint "Install it, on Debian with: apt-get install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32\n\
or set AIRSSYS_CLANG (and AIRSSYS_SYSROOT) to those of a wasi-sdk.")
  set(clang ${AIRSSYS_CLANG})
  if(NOT clang)
    find_program(_airssys_clang NAMES clang-19 clang-20 clang-21 clang NO_CACHE)
    set(clang ${_airssys_clang})
  endif()
  if(NOT clang)
    message(FATAL_ERROR "Guests in C need clang, and there is none.\n${hint}")
  endif()
  set(probe ${CMAKE_BINARY_DIR}/CMakeFiles/airssys-guest-probe)
  file(WRITE ${probe}.c "#include <stdlib.h>\nint airs_probe(void) { return malloc(1) != NULL; }\n")
  execute_process(COMMAND ${clang} ${_airssys_flags} ${_airssys_link_flags} ${_airssys_sysroot} ${probe}.c -o ${probe}.wasm
                  RESULT_VARIABLE failed ERROR_VARIABLE message OUTPUT_QUIET)
  if(failed)
    message(FATAL_ERROR "${clang} cannot make WebAssembly for WASI:\n${message}\n${hint}")
  endif()
  set_property(GLOBAL PROPERTY AIRSSYS_GUEST_CLANG ${clang})
  set(${out} ${clang} PARENT_SCOPE)
endfunction()

# The airssys command. When this build makes it, guests wait for it, but are not made again each time it is
# linked: their bindings depend on the sources that matter (_airssys_tool_sources).
function(_airssys_find_command out out_target)
  set(${out_target} "" PARENT_SCOPE)
  if(AIRSSYS_COMMAND)
    set(${out} ${AIRSSYS_COMMAND} PARENT_SCOPE)
  elseif(TARGET airssys_command)
    set(${out} $<TARGET_FILE:airssys_command> PARENT_SCOPE)
    set(${out_target} airssys_command PARENT_SCOPE)
  elseif(TARGET airssys::command)
    set(${out} $<TARGET_FILE:airssys::command> PARENT_SCOPE)
  else()
    find_program(_airssys_command NAMES airssys NO_CACHE)
    if(NOT _airssys_command)
      message(FATAL_ERROR "Guests need the airssys command, and there is none; set AIRSSYS_COMMAND to it.")
    endif()
    set(${out} ${_airssys_command} PARENT_SCOPE)
  endif()
endfunction()

# _airssys_object(OBJECT SOURCE clang [option...]): one compiled file, with the headers that it turned out to need.
function(_airssys_object object source clang)
  cmake_parse_arguments(PARSE_ARGV 3 compile "" "" "OPTIONS;DEPENDS")
  add_custom_command(
    OUTPUT ${object} DEPFILE ${object}.d DEPENDS ${source} ${compile_DEPENDS}
    COMMAND ${clang} ${_airssys_flags} ${_airssys_sysroot} ${compile_OPTIONS} -MD -MF ${object}.d -c ${source} -o ${object}
    COMMENT "Compiling guest object ${object}" VERBATIM)
endfunction()

# The bindings of a world and the SDK compiled with them, made once for the whole build: a folder with guest.h,
# and objects. Answers in the caller's world_folder, world_objects, world_target.
function(_airssys_world clang world wit no_sdk migrates batches)
  get_property(root GLOBAL PROPERTY AIRSSYS_GUEST_ROOT)
  string(SHA256 key "${world};${wit};${no_sdk};${migrates};${batches}")
  string(SUBSTRING ${key} 0 12 key)
  set(folder ${CMAKE_BINARY_DIR}/airssys-guest/${key})
  set(target airssys_world_${key})
  file(GLOB sources CONFIGURE_DEPENDS ${root}/sdk/c/src/*.c)
  if(migrates)
    list(APPEND sources ${root}/sdk/c/src/migration/migration.c)
  endif()
  set(includes -I ${root}/sdk/c/include -I ${folder})
  if(batches)
    file(GLOB batch_sources CONFIGURE_DEPENDS ${root}/sdk/c/src/batch/*.c)
    list(APPEND sources ${batch_sources})
    list(APPEND includes -DAIRS_SDK_BATCHES)
  endif()
  if(no_sdk)
    set(sources ${folder}/guest.c)
    set(includes -w)
  endif()
  set(objects "")
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    list(APPEND objects ${folder}/${name}.o)
  endforeach()

  if(NOT TARGET ${target})
    _airssys_find_command(command command_target)
    file(GLOB tool_sources ${root}/rust/wit-tools/src/*.rs ${root}/rust/wit-tools/Cargo.toml)
    set(wit_files "")
    foreach(path ${wit})
      file(GLOB_RECURSE files CONFIGURE_DEPENDS ${path} ${path}/*.wit)
      list(APPEND wit_files ${files})
    endforeach()
    set(generated ${folder}/guest.h ${folder}/guest.c ${folder}/guest_component_type.o)
    file(MAKE_DIRECTORY ${folder})
    add_custom_command(
      OUTPUT ${generated} DEPENDS ${wit_files} ${tool_sources}
      COMMAND ${command} bindgen --world ${world} --rename guest --out ${folder} ${wit}
      COMMENT "Generating C bindings of world ${world}" VERBATIM)
    foreach(source ${sources})
      get_filename_component(name ${source} NAME_WE)
      _airssys_object(${folder}/${name}.o ${source} ${clang} DEPENDS ${folder}/guest.h ${folder}/guest.c
        OPTIONS -std=gnu17 -Wall -Wextra ${includes})
    endforeach()
    add_custom_target(${target} DEPENDS ${generated} ${objects})
    if(command_target)
      add_dependencies(${target} ${command_target})
    endif()
  endif()
  set(world_folder ${folder} PARENT_SCOPE)
  set(world_objects ${objects} ${folder}/guest_component_type.o PARENT_SCOPE)
  set(world_target ${target} PARENT_SCOPE)
endfunction()

function(airssys_add_guest name)
  cmake_parse_arguments(PARSE_ARGV 1 guest "NO_SDK;MIGRATES;SINGLE;BATCHES;ALL_OPTIONAL" "WORLD;OUTPUT_NAME" "SOURCES;WIT;OPTIONS;LINK_OPTIONS")
  if(guest_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "airssys_add_guest(${name}): unknown arguments: ${guest_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT guest_SOURCES)
    message(FATAL_ERROR "airssys_add_guest(${name}): SOURCES is missing")
  endif()
  if(NOT guest_WORLD)
    set(guest_BATCHES ON)
    if(guest_SINGLE OR guest_NO_SDK)
      set(guest_BATCHES OFF)
    endif()
    set(guest_WORLD actor)
    if(guest_BATCHES)
      set(guest_WORLD batching-${guest_WORLD})
    endif()
    if(guest_MIGRATES)
      set(guest_WORLD migrating-${guest_WORLD})
    endif()
    set(guest_WORLD airssys:actor/${guest_WORLD})
  endif()
  if(NOT guest_OUTPUT_NAME)
    set(guest_OUTPUT_NAME ${name})
  endif()
  set(_airssys_sysroot "")
  if(AIRSSYS_SYSROOT)
    set(_airssys_sysroot --sysroot=${AIRSSYS_SYSROOT})
  endif()
  get_property(root GLOBAL PROPERTY AIRSSYS_GUEST_ROOT)
  set(wit ${root}/wit/airssys-core ${root}/wit/airssys-actor)
  foreach(path ${guest_WIT})
    get_filename_component(path ${path} ABSOLUTE)
    list(APPEND wit ${path})
  endforeach()
  _airssys_find_clang(clang)
  _airssys_world(${clang} ${guest_WORLD} "${wit}" "${guest_NO_SDK}" "${guest_MIGRATES}" "${guest_BATCHES}")

  set(folder ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.guest)
  file(MAKE_DIRECTORY ${folder})
  set(objects "")
  foreach(source ${guest_SOURCES})
    get_filename_component(path ${source} ABSOLUTE)
    string(MAKE_C_IDENTIFIER ${source} object)
    set(object ${folder}/${object}.o)
    _airssys_object(${object} ${path} ${clang} DEPENDS ${world_folder}/guest.h
      OPTIONS -std=gnu17 -Wall -Wextra -I ${root}/sdk/c/include -I ${world_folder} ${guest_OPTIONS})
    list(APPEND objects ${object})
  endforeach()

  # Names stay for backtraces, line tables go (most of them are the C library's) unless this is a debug build. The
  # stack is below the data, so that its overflow traps, and ends in the middle of a page of the machine, so that a small
  # component's stack and data are one page (docs/decisions/2026-11-29-idle-guests.md). The C library's other printf writes a complaint about long
  # double to standard error, for which alone a component would import WASI.
  set(strip -Wl,--strip-debug)
  if(CMAKE_BUILD_TYPE STREQUAL Debug)
    set(strip "")
  endif()
  set(module ${folder}/${guest_OUTPUT_NAME}.core.wasm)
  set(component ${CMAKE_CURRENT_BINARY_DIR}/${guest_OUTPUT_NAME}.wasm)
  _airssys_find_command(command command_target)
  add_custom_command(
    OUTPUT ${component} DEPENDS ${objects} ${world_objects} BYPRODUCTS ${module}
    COMMAND ${clang} ${_airssys_link_flags} ${_airssys_sysroot} ${objects} ${world_objects} -o ${module}
            -Wl,--stack-first -Wl,-z,stack-size=63488 -Wl,--gc-sections ${strip} ${guest_LINK_OPTIONS} -lc-printscan-long-double
    COMMAND ${command} componentize ${module} -o ${component}
    COMMENT "Making component ${guest_OUTPUT_NAME}.wasm" VERBATIM)
  if(guest_ALL_OPTIONAL)
    add_custom_target(${name} DEPENDS ${component})
  else()
    add_custom_target(${name} ALL DEPENDS ${component})
  endif()
  add_dependencies(${name} ${world_target})
  set_target_properties(${name} PROPERTIES AIRSSYS_COMPONENT ${component})
endfunction()
