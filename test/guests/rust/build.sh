#!/bin/sh
# Makes a Rust guest: build.sh OUT.wasm [MEMBER [AIRSSYS]]: a member of the workspace beside this (without it, actor),
# as a component that the command AIRSSYS makes (without it, the one that PATH has).
#
# A Rust with the target wasm32-unknown-unknown is taken where there is one. Otherwise Debian's rustc-web and the sources
# of its standard library are unpacked, not installed: an installed compiler is one that the rest of the build would
# find. These and what they build live below AIRSSYS_CACHE (default: ~/.cache/airssys), and are made again when what
# they are made from changes. The first time takes minutes, since the standard library is compiled; then seconds.
# Exit code 77, and one line that says why, when there is no toolchain and none can be had; Debian's is fetched only with
# CI=true in the environment.
set -eu

target=wasm32-unknown-unknown

skip() {
    echo "rust guest: skipped: $1" >&2
    exit 77
}

case $# in
[123]) ;;
*)
    echo "usage: build.sh OUT.wasm [MEMBER [AIRSSYS]]" >&2
    exit 2
    ;;
esac
start=$PWD
out=$1
member=${2:-actor}
airssys=${3:-airssys}
here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../../.." && pwd)
cache=${AIRSSYS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/airssys}/rust-guests

# Debian's compiler and the sources of its library, as $tools. Everything of one version, and the LLVM that it wants.
unpack_debian() {
    for tool in apt-get dpkg-deb; do
        command -v $tool >/dev/null 2>&1 || skip "rustc has no $target ('rustup target add $target' brings it)"
    done
    version=$(candidate)
    if [ -z "$version" ] && [ "$(id -u)" -eq 0 ]; then
        apt-get -q update >&2 || true
        version=$(candidate)
    fi
    [ -n "$version" ] || skip "rustc has no $target, and apt knows no rustc-web (Debian 12)"
    tools=$cache/tools-$version
    [ ! -f "$tools/complete" ] || return 0
    # 137 MB are nothing to fetch unasked.
    [ "${CI:-}" = true ] || skip "rustc has no $target; with CI=true Debian's rustc-web is fetched for it"
    echo "rust guest: unpacking Debian's rustc-web $version" >&2
    rm -rf "$cache"/tools-*
    mkdir -p "$tools/packages"
    library=libstd-rust-web-$(printf '%s\n' "$version" | cut -d. -f1-2)
    llvm=$(apt-cache show "$library=$version" 2>/dev/null | sed -n '/^Depends:/ s/.*\(libllvm[0-9]*\).*/\1/p')
    if [ -z "$llvm" ] || ! (cd "$tools/packages" && apt-get -q -o Acquire::Retries=3 download "rustc-web=$version" \
        "$library=$version" "libstd-rust-web-dev=$version" "rust-web-src=$version" "$llvm" >&2); then
        rm -rf "$tools"
        skip "rustc has no $target, and rustc-web $version cannot be downloaded"
    fi
    # Of the sources the compiler's are most, and not needed.
    for package in "$tools"/packages/*.deb; do
        dpkg-deb --fsys-tarfile "$package" |
            tar -x -C "$tools" --no-wildcards-match-slash --exclude='./usr/src/*/compiler' \
                --exclude='./usr/src/*/src' --exclude='./usr/share'
    done
    rm -rf "$tools/packages"
    : >"$tools/complete"
}

candidate() {
    LC_ALL=C apt-cache policy rustc-web 2>/dev/null | sed -n 's/^ *Candidate: *\([0-9].*\)/\1/p'
}

toolchain=$(sh "$tree/cmake/rust.sh" toolchain) || skip "there is no Rust"
command -v wasm-ld-19 >/dev/null 2>&1 || skip "there is no wasm-ld-19 (Debian package lld-19)"

# Two builds at once share the cache.
mkdir -p "$cache"
exec 9>"$cache/lock"
if command -v flock >/dev/null 2>&1; then
    flock 9
fi

PATH=$toolchain:$PATH
# No settings of whoever calls: these are modules of another machine.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET RUSTC_WRAPPER
CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-19
export PATH CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER
standard_library=
if [ ! -d "$(rustc --print target-libdir --target $target 2>/dev/null)" ]; then
    unpack_debian
    RUSTC=$tools/usr/bin/rustc
    LD_LIBRARY_PATH=$(dirname "$(find "$tools/usr/lib" -name 'librustc_driver-*.so' | head -n 1)")
    # The library is built by an unstable option.
    RUSTC_BOOTSTRAP=1
    export RUSTC LD_LIBRARY_PATH RUSTC_BOOTSTRAP
    standard_library=-Zbuild-std=std,panic_abort
fi
compiler=$({ cargo --version; "${RUSTC:-rustc}" -vV; echo "$standard_library"; } | sha256sum | cut -c1-16)

# All that a module is made from, as one hash.
key=$({
    echo "$compiler"
    cd "$tree"
    find wit test/guests/standard/languages test/guests/rust -name target -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
} | sha256sum | cut -c1-16)
modules=$cache/modules-$key
if [ ! -d "$modules" ]; then
    CARGO_TARGET_DIR=$cache/target-$compiler
    export CARGO_TARGET_DIR
    for old in "$cache"/target-* "$cache"/modules-*; do
        [ "$old" = "$CARGO_TARGET_DIR" ] || rm -rf "$old"
    done
    # From copies, whose times say that they are new: by these Cargo decides what is, whichever clone they come from.
    rm -rf "$cache/tree"
    mkdir -p "$cache/tree/test/guests/standard" "$cache/tree/test/guests/rust"
    cp -r "$tree/wit" "$cache/tree"
    cp -r "$here/Cargo.toml" "$here/Cargo.lock" "$here/actor" "$here/standard" "$cache/tree/test/guests/rust"
    cp -r "$tree/test/guests/standard/languages" "$cache/tree/test/guests/standard"
    echo "rust guest: compiling" >&2
    cd "$cache/tree/test/guests/rust"
    # shellcheck disable=SC2086 # one option or none
    cargo fetch --quiet --locked --target $target $standard_library >&2 || skip "its crates cannot be downloaded"
    # shellcheck disable=SC2086 # the same
    cargo build --quiet --workspace --locked --release --target $target $standard_library >&2 9>&-
    cd "$start"
    mkdir -p "$modules.partial"
    cp "$CARGO_TARGET_DIR/$target/release"/*.wasm "$modules.partial"
    mv "$modules.partial" "$modules"
fi
"$airssys" componentize -o "$out.$$" "$modules/$member.wasm" >&2
mv "$out.$$" "$out"
