#!/bin/sh
# Build a program of this folder: build.sh PEER FOLDER makes FOLDER/PEER. What it needs must be installed.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
peer=${1:?the peer to build}
out=${2:?the folder to build into}/$peer

# Cargo builds into a cache beside that of rust.sh: RUSM's guests bring a Wasmtime of their own, which takes minutes.
build_crate() {
    toolchain=$(sh "$here/../../cmake/rust.sh" toolchain)
    PATH=$toolchain:$PATH
    target=${XDG_CACHE_HOME:-$HOME/.cache}/airssys/peers/$peer
    unset CARGO_TARGET_DIR
    (cd "$here/$peer" && cargo build --release --locked --target-dir "$target")
    cp "$target/release/peer-$peer" "$out/peer"
}

mkdir -p "$out"
case $peer in
erlang) erlc -o "$out" "$here/erlang/bench_peer.erl" ;;
caf)
    # Half a minute, so not again for the same source.
    if [ ! -x "$out/peer" ] || [ -n "$(find "$here/caf" -newer "$out/peer" -type f)" ]; then
        c++ -O2 -std=c++17 -o "$out/peer" "$here/caf/peer.cpp" -lcaf_core -lpthread
    fi
    ;;
rusm | rusm-wasm) build_crate ;;
*)
    echo "build.sh: there is no peer '$peer'" >&2
    exit 2
    ;;
esac
