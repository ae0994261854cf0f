# The layers, the shared library and the command.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# Programs link Debian's shared libraries. A target with the property AIRS_ARCHIVES takes the same ones as
# archives, so that it runs where they are not installed: the library's own first, then those it needs.
function(airs_find_dependency name package)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${package})
  set(archives "")
  foreach(archive ${ARGN})
    string(MAKE_C_IDENTIFIER AIRS_ARCHIVE_${archive} found)
    find_library(${found} NAMES ${archive} HINTS ${${name}_LIBDIR} REQUIRED)
    mark_as_advanced(${found})
    list(APPEND archives ${${found}})
  endforeach()
  add_library(airs_${name} INTERFACE)
  target_link_libraries(airs_${name} INTERFACE
    "$<IF:$<BOOL:$<TARGET_PROPERTY:AIRS_ARCHIVES>>,${archives},PkgConfig::${name}>")
  add_library(airs::${name} ALIAS airs_${name})
endfunction()
airs_find_dependency(xxhash libxxhash libxxhash.a)
airs_find_dependency(jansson jansson libjansson.a)
airs_find_dependency(sodium libsodium libsodium.a)
airs_find_dependency(lmdb lmdb liblmdb.a)
airs_find_dependency(uv libuv libuv_a.a)
airs_find_dependency(websockets libwebsockets libwebsockets.a libssl.a libcrypto.a libcap.a)

set(AIRS_LAYERS "")

# Those that the library is made of.
set(AIRS_WHOLE_LAYERS core security runtime actor storage node)

# airs_layer(name USES layer... LIBRARIES target... INCLUDES folder...): src/<name>/**.c as an archive.
# A layer without sources is left out. APART folder: what is in src/<name>/<folder> is not part of it, but an
# archive of its own, made by airs_layer(<folder> FOLDER <name>/<folder> ...).
function(airs_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 layer "" "FOLDER;APART" "USES;LIBRARIES;INCLUDES")
  if(NOT layer_FOLDER)
    set(layer_FOLDER ${name})
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/${layer_FOLDER}/*.c)
  if(layer_APART)
    list(FILTER sources EXCLUDE REGEX "/src/${name}/${layer_APART}/")
  endif()
  if(NOT sources)
    return()
  endif()
  set(main ${CMAKE_CURRENT_SOURCE_DIR}/src/${name}/main.c)
  list(REMOVE_ITEM sources ${main})
  add_library(airs_${name} STATIC ${sources})
  target_include_directories(airs_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/src)
  if(layer_INCLUDES)
    # Not ours to keep free of warnings; and not for layers above.
    target_include_directories(airs_${name} SYSTEM PRIVATE ${layer_INCLUDES})
    add_dependencies(airs_${name} airs_rust)
  endif()
  foreach(lower ${layer_USES})
    if(TARGET airs_${lower})
      target_link_libraries(airs_${name} PUBLIC airs_${lower})
    endif()
  endforeach()
  target_link_libraries(airs_${name} PUBLIC ${layer_LIBRARIES} Threads::Threads)
  if(AIRS_LTO AND name IN_LIST AIRS_WHOLE_LAYERS)
    # The machine code as well: the tests link that, for it takes no time.
    target_compile_options(airs_${name} PRIVATE -flto -ffat-lto-objects)
  endif()
  set(AIRS_LAYERS ${AIRS_LAYERS} ${name} PARENT_SCOPE)
endfunction()

# The objects of AIRS_WHOLE_LAYERS for what is made for use, airs_whole, optimized together where the compiler can: calls
# from one file to another are inlined, across layers, too. A link that only joins them does it, so that any linker can
# go on from there. Named before the archives, so that nothing is taken from those.
function(airs_whole)
  if(NOT TARGET airs_node)
    return()
  endif()
  set(objects "")
  foreach(layer ${AIRS_WHOLE_LAYERS})
    list(APPEND objects $<TARGET_OBJECTS:airs_${layer}>)
  endforeach()
  add_library(airs_whole INTERFACE)
  if(AIRS_LTO)
    string(TOUPPER ${CMAKE_BUILD_TYPE} type)
    separate_arguments(flags UNIX_COMMAND "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${type}}")
    set(whole ${CMAKE_CURRENT_BINARY_DIR}/airssys_whole.o)
    add_custom_command(OUTPUT ${whole} DEPENDS ${objects} COMMAND_EXPAND_LISTS VERBATIM
                       COMMENT "Optimizing the layers together"
                       COMMAND ${CMAKE_C_COMPILER} ${flags} -flto=auto -r -flinker-output=nolto-rel -o ${whole} ${objects})
    set_source_files_properties(${whole} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    add_custom_target(airs_whole_object DEPENDS ${whole})
    add_dependencies(airs_whole airs_whole_object)
    set_target_properties(airs_whole PROPERTIES INTERFACE_LINK_DEPENDS ${whole})
    set(objects ${whole})
  endif()
  target_link_libraries(airs_whole INTERFACE ${objects})
  set(AIRS_WHOLE_OBJECTS ${objects} PARENT_SCOPE)
endfunction()

# libairssys.so: every layer but what only the command has, and the Rust library with none of its symbols visible.
function(airs_library)
  if(NOT TARGET airs_node)
    return()
  endif()
  add_library(airssys_library SHARED ${AIRS_WHOLE_OBJECTS})
  set_target_properties(airssys_library PROPERTIES OUTPUT_NAME airssys EXPORT_NAME airssys LINKER_LANGUAGE C
                        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                        LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cmake/airssys.map)
  target_include_directories(airssys_library INTERFACE
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(airssys_library PRIVATE airs::rust airs::xxhash airs::jansson airs::sodium
                        airs::lmdb Threads::Threads)
  target_link_options(airssys_library PRIVATE -Wl,--exclude-libs,ALL -Wl,--as-needed
                      -Wl,--version-script,${CMAKE_CURRENT_SOURCE_DIR}/cmake/airssys.map)
  if(NOT AIRS_SANITIZE)
    target_link_options(airssys_library PRIVATE -Wl,-z,defs)
  endif()
  add_library(airssys::airssys ALIAS airssys_library)
endfunction()

# The command: src/cli/main.c, every layer and the Rust library of the command, all in one file.
function(airs_command)
  if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/src/cli/main.c OR NOT TARGET airs_cli)
    return()
  endif()
  add_executable(airssys_command src/cli/main.c)
  set_target_properties(airssys_command PROPERTIES OUTPUT_NAME airssys EXPORT_NAME command)
  target_link_libraries(airssys_command PRIVATE airs_whole airs_cli airs::rust)
  if(NOT AIRS_SANITIZE)
    set_target_properties(airssys_command PROPERTIES AIRS_ARCHIVES ON)
  endif()
  target_link_options(airssys_command PRIVATE -Wl,--as-needed)
  add_executable(airssys::command ALIAS airssys_command)
endfunction()

# airssys-compile: src/compile/main.c and the part of the layers below it that it needs. It limits its own address space,
# which no sanitizer can live with, so it is never built with one.
function(airs_compiler)
  if(NOT TARGET airs_runtime OR AIRS_SANITIZE STREQUAL "thread")
    return()
  endif()
  set(sources src/compile/main.c)
  if(AIRS_SANITIZE)
    list(APPEND sources src/core/allocator.c src/core/error.c src/core/file.c src/core/status.c src/core/utf8.c
         src/security/component_shape.c src/security/wasm_sections.c src/runtime/code_settings.c
         src/runtime/compile_confinement.c src/runtime/compile_job.c src/runtime/compile_protocol.c
         src/runtime/component_form.c src/runtime/engine_error.c)
  endif()
  add_executable(airssys_compile ${sources})
  set_target_properties(airssys_compile PROPERTIES OUTPUT_NAME airssys-compile EXPORT_NAME compiler)
  if(AIRS_SANITIZE)
    target_compile_options(airssys_compile PRIVATE -fno-sanitize=all)
    target_link_options(airssys_compile PRIVATE -fno-sanitize=all)
    target_include_directories(airssys_compile PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/include
                               ${CMAKE_CURRENT_SOURCE_DIR}/src)
    target_include_directories(airssys_compile SYSTEM PRIVATE ${AIRS_WASMTIME_INCLUDE}
                               ${CMAKE_CURRENT_SOURCE_DIR}/rust/wasmtime-ext/include)
    target_link_libraries(airssys_compile PRIVATE airs::sodium)
    add_dependencies(airssys_compile airs_rust)
  else()
    target_link_libraries(airssys_compile PRIVATE airs_runtime)
    set_target_properties(airssys_compile PROPERTIES AIRS_ARCHIVES ON)
  endif()
  target_link_libraries(airssys_compile PRIVATE airs::rust)
  target_link_options(airssys_compile PRIVATE -Wl,--as-needed)
  # It is not believed when others may write to it, whatever the umask of who builds it.
  add_custom_command(TARGET airssys_compile POST_BUILD COMMAND chmod go-w $<TARGET_FILE:airssys_compile> VERBATIM)
  add_executable(airssys::compiler ALIAS airssys_compile)
endfunction()
