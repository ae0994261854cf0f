# The part that is Rust: one static library, and Wasmtime's C headers. cmake/rust.sh builds them.
#
# Gives: airs::rust, AIRS_WASMTIME_INCLUDE (exists after target airs_rust).
set(AIRS_RUST_OUT ${CMAKE_BINARY_DIR}/rust CACHE PATH "Where the Rust libraries are put; several builds may share it")
set(AIRS_WASMTIME_INCLUDE ${AIRS_RUST_OUT}/include)
set(rust ${CMAKE_CURRENT_SOURCE_DIR}/rust)

file(GLOB_RECURSE rust_sources CONFIGURE_DEPENDS ${rust}/*/src/*.rs ${CMAKE_CURRENT_SOURCE_DIR}/wit/*.wit
     ${CMAKE_CURRENT_SOURCE_DIR}/sdk/c/*)
file(GLOB rust_manifests CONFIGURE_DEPENDS ${rust}/*/Cargo.toml ${rust}/*/build.rs ${rust}/*/include/*.h)

add_custom_command(
  OUTPUT ${AIRS_RUST_OUT}/stamp
  BYPRODUCTS ${AIRS_RUST_OUT}/libairs_umbrella.a ${AIRS_WASMTIME_INCLUDE}/wasmtime.h
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/cmake/rust.sh build ${AIRS_RUST_OUT}
  DEPENDS ${rust_sources} ${rust_manifests} ${rust}/Cargo.toml ${rust}/Cargo.lock
          ${CMAKE_CURRENT_SOURCE_DIR}/cmake/rust.sh
  COMMENT "Building the Rust part"
  USES_TERMINAL VERBATIM)
add_custom_target(airs_rust DEPENDS ${AIRS_RUST_OUT}/stamp)

add_library(airs_rust_umbrella INTERFACE)
target_link_libraries(airs_rust_umbrella INTERFACE ${AIRS_RUST_OUT}/libairs_umbrella.a gcc_s m Threads::Threads)
add_dependencies(airs_rust_umbrella airs_rust)
add_library(airs::rust ALIAS airs_rust_umbrella)
