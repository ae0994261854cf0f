#!/bin/sh
# What "./dev install" puts in place is enough to work with: the example of embedding is built against it by
# pkg-config and by CMake's find_package, its guest by the installed SDK and command, and both run.
#
#   test_install.sh CMAKE BUILD TREE GUEST    GUEST is a component that echoes
set -eu

cmake=${1:?the cmake to use}
build=${2:?the build folder}
tree=${3:?the source tree}
guest=${4:?a component}
work=$(mktemp -d)
XDG_RUNTIME_DIR=$work
XDG_STATE_HOME=$work/state
export XDG_RUNTIME_DIR XDG_STATE_HOME
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $*"
    exit 1
}

# quietly COMMAND...: its output only when it fails.
quietly() {
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log"
        fail "$*"
    }
}

prefix="$work/a prefix"
quietly "$cmake" --install "$build" --prefix "$prefix"
library=$(dirname "$(find "$prefix" -name libairssys.so)")
[ -d "$library" ] || fail "libairssys.so was not installed"
LD_LIBRARY_PATH=$library
PKG_CONFIG_PATH=$library/pkgconfig
export LD_LIBRARY_PATH PKG_CONFIG_PATH

"$prefix/bin/airssys" --version | grep -q "^airssys $(pkg-config --modversion airssys)" ||
    fail "the installed command and airssys.pc do not agree on the version"
if LD_LIBRARY_PATH='' ldd "$prefix/bin/airssys" | grep -E 'libairssys|libjansson|liblmdb|libuv|libxxhash|libsodium|not found'; then
    fail "the command needs libraries beside the C library"
fi

# Only the public headers, each by itself, with every warning, as C.
for header in "$prefix"/include/airssys/*.h; do
    printf '#include <airssys/%s>\ntypedef int not_empty;\n' "$(basename "$header")" >"$work/header.c"
    quietly cc -std=c17 -Wall -Wextra -Wpedantic -Wstrict-prototypes -Werror -fsyntax-only "-I$prefix/include" \
        "$work/header.c"
done
echo "ok: every public header stands alone"

# pkg-config puts a backslash before the space of the prefix, which only a shell reads as it is meant.
eval "set -- $(pkg-config --cflags --libs airssys)"
quietly cc -std=c17 -Wall -Wextra -Werror "$tree/examples/embed/embed.c" -o "$work/embed" "$@"
quietly "$work/embed" "$guest"
cp "$work/log" "$work/by-pkg-config"
echo "ok: examples/embed by pkg-config"

quietly "$cmake" -S "$tree/test/install/consumer" -B "$work/consumer" -G Ninja "-DCMAKE_PREFIX_PATH=$prefix" \
    "-DEXAMPLE=$tree/examples/embed"
quietly "$cmake" --build "$work/consumer"
quietly "$work/consumer/example/embed" "$work/consumer/example/echo.wasm"
cmp -s "$work/log" "$work/by-pkg-config" || {
    cat "$work/log"
    fail "the two builds of examples/embed print different things"
}
echo "ok: examples/embed and its guest by find_package"

# What the README shows works as it says. block LANGUAGE NUMBER: a block of code of it.
block() {
    awk -v fence="\`\`\`$1" -v number="$2" '
        inside && /^```/ { exit }
        inside { print }
        $0 == fence && ++seen == number { inside = 1 }
    ' "$tree/README.md"
}
mkdir "$work/readme"
cd "$work/readme"
block c 1 >shout.c
block cmake 1 >CMakeLists.txt
block toml 1 >airssys.toml
quietly "$cmake" -B build -G Ninja "-DCMAKE_PREFIX_PATH=$prefix"
quietly "$cmake" --build build
printf 'hello\nworld\n' >input
quietly "$prefix/bin/airssys" run --quiet --input input
printf 'hello!\nworld!\n' | cmp -s - "$work/log" || {
    cat "$work/log"
    fail "the README's first component prints something else"
}
block c 2 >shell.c
quietly cc -std=c17 -Wall -Wextra -Werror shell.c "$@" "-Wl,-rpath,$prefix/lib" -o shell
quietly env -u LD_LIBRARY_PATH ./shell "$guest"
[ "$(cat "$work/log")" = "answered: hello" ] || {
    cat "$work/log"
    fail "the README's program prints something else"
}
echo "ok: what the README shows"
