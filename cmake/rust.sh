#!/bin/sh
# Cargo for this tree, in a cache that outlives it: Wasmtime takes minutes to compile, and a fresh clone
# finds it compiled.
#
#   rust.sh toolchain      print the folder of a Rust toolchain that is new enough; fails when there is none
#   rust.sh build OUT      the static library, and the C headers that come with Wasmtime, into OUT
#   rust.sh cargo ARG...   any other cargo command (clippy, test) in the same cache
#   rust.sh where          print the cache folder
#
# The cache is ${XDG_CACHE_HOME:-$HOME/.cache}/airssys/rust-<key>, where the key is made from Cargo.lock and the
# compiler's version; CARGO_TARGET_DIR overrides it.
#
# Clones share the cache, and Cargo tells fresh from stale by a file's time, which says nothing between two
# clones. So a build from another tree than the last one first touches our own sources, and what was built is
# kept under the hash of its sources, where a clone with the same sources takes it without asking Cargo.
set -eu

minimum=95 # of Rust 1.x: what Wasmtime needs
kept=3     # builds kept by content, about 100 MB each

tree=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)

fail() {
    printf '%s\n' "rust.sh: $*" >&2
    exit 1
}

# Whether the folder $1 has a cargo and a rustc of 1.$minimum or later.
new_enough() {
    [ -x "$1/cargo" ] && [ -x "$1/rustc" ] || return 1
    minor=$("$1/rustc" --version 2>/dev/null | sed -n 's/^rustc 1\.\([0-9][0-9]*\)\..*/\1/p')
    [ -n "$minor" ] && [ "$minor" -ge "$minimum" ]
}

find_toolchain() {
    found=$(command -v rustc 2>/dev/null || true)
    for folder in "${found%/*}" "${CARGO_HOME:-$HOME/.cargo}/bin" /usr/local/bin /usr/bin; do
        if [ -n "$folder" ] && new_enough "$folder"; then
            printf '%s\n' "$folder"
            return 0
        fi
    done
    return 1
}

use_toolchain() {
    folder=$(find_toolchain) || fail "no Rust of version 1.$minimum or later was found; './dev run' installs one"
    PATH="$folder:$PATH"
    export PATH
    compiler=$(rustc -vV)
}

# A hash of what is read from standard input, short enough for a folder's name.
short_hash() {
    sha256sum | cut -c 1-16
}

use_cache() {
    if [ -n "${CARGO_TARGET_DIR:-}" ]; then
        target=$CARGO_TARGET_DIR
    else
        key=$({ cat "$tree/rust/Cargo.lock" && printf '%s\n' "$compiler"; } | short_hash)
        target=${XDG_CACHE_HOME:-$HOME/.cache}/airssys/rust-$key
    fi
    mkdir -p "$target"
    CARGO_TARGET_DIR=$target
    export CARGO_TARGET_DIR
}

# Everything that decides what the libraries contain.
content_hash() {
    (
        cd "$tree"
        set -- rust
        [ ! -d wit ] || set -- "$@" wit
        [ ! -d sdk/c ] || set -- "$@" sdk/c
        find "$@" -path rust/target -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
        printf '%s\n' "$compiler" "${RUSTFLAGS:-}" "${CARGO_PROFILE_RELEASE_LTO:-}"
    ) | short_hash
}

lock_cache() {
    exec 9>"$target/airssys.lock"
    if ! flock -n 9; then
        echo "waiting for another build that uses $target"
        flock 9
    fi
}

forget_other_tree() {
    last=$(cat "$target/airssys.tree" 2>/dev/null || true)
    if [ "$last" != "$tree" ]; then
        rm -f "$target/airssys.tree"
        find "$tree/rust" -path "$tree/rust/target" -prune -o -type f \( -name '*.rs' -o -name Cargo.toml \) \
            -exec touch -c {} +
        printf '%s\n' "$tree" >"$target/airssys.tree"
    fi
}

# Keep what Cargo built as $store; $1 is Cargo's list of messages.
keep() {
    headers=$(sed -n '/"reason":"build-script-executed"/ { /wasmtime-c-api-impl/ s/.*"out_dir":"\([^"]*\)".*/\1/p; }' \
        "$1" | tail -n 1)
    [ -f "$headers/include/wasmtime.h" ] || fail "Cargo did not say where Wasmtime's C headers are"
    partial=$store.partial.$$
    rm -rf "$partial"
    mkdir -p "$partial"
    cp -R "$headers/include" "$partial/include"
    cp "$target/release/libairs_umbrella.a" "$partial/"
    rm -rf "$store"
    mv "$partial" "$store"
}

prune() {
    # shellcheck disable=SC2012 # the names are hashes, and only ls sorts by time
    ls -1t "$target/airssys-store" | tail -n "+$((kept + 1))" | while read -r old; do
        rm -rf "${target:?}/airssys-store/$old"
    done
}

# Copy what differs, so that what depends on it is made anew only then.
hand_out() {
    mkdir -p "$1"
    cmp -s "$store/libairs_umbrella.a" "$1/libairs_umbrella.a" || cp "$store/libairs_umbrella.a" "$1/"
    if ! diff -rq "$store/include" "$1/include" >/dev/null 2>&1; then
        rm -rf "$1/include"
        cp -R "$store/include" "$1/include"
    fi
    printf '%s\n' "$content" >"$1/stamp"
}

build() {
    use_toolchain
    use_cache
    content=$(content_hash)
    if [ -f "$1/libairs_umbrella.a" ] && [ "$(cat "$1/stamp" 2>/dev/null)" = "$content" ]; then
        touch "$1/stamp"
        return 0
    fi
    lock_cache
    store=$target/airssys-store/$content
    if [ ! -f "$store/libairs_umbrella.a" ]; then
        forget_other_tree
        messages=$target/airssys.messages
        while :; do
            # The whole workspace at once: see rust/Cargo.toml.
            (cd "$tree/rust" && cargo build --release --workspace --locked \
                --message-format=json-render-diagnostics 9>&-) >"$messages" || fail "cargo build failed"
            built=$(content_hash)
            [ "$built" != "$content" ] || break
            content=$built # somebody edited meanwhile
        done
        store=$target/airssys-store/$content
        mkdir -p "$target/airssys-store"
        keep "$messages"
    fi
    touch "$store"
    hand_out "$1"
    prune
}

case ${1:-} in
toolchain)
    find_toolchain
    ;;
build)
    [ -n "${2:-}" ] || fail "build needs the folder to build into"
    build "$2"
    ;;
cargo)
    shift
    use_toolchain
    use_cache
    lock_cache
    forget_other_tree
    cd "$tree/rust"
    cargo "$@" 9>&-
    ;;
where)
    use_toolchain
    use_cache
    printf '%s\n' "$target"
    ;;
*)
    sed -n '2,/^set/ { /^#/ s/^# \{0,1\}//p; }' "$0"
    exit 2
    ;;
esac
