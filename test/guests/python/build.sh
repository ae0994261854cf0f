#!/bin/sh
# Makes a Python guest: build.sh OUT.wasm [APP.py [WORLD WIT]]: without APP.py, the one beside this; WIT is the folder of
# a package with that world, which uses those in wit/; without it, the world is that of actors.
#
# The toolchain (requirements.txt) lives in a folder below AIRSSYS_CACHE (default: ~/.cache/airssys), and so does
# the component, which takes seconds to make: both are made again when what they are made from changes.
# Exit code 77, and one line that says why, when there is no toolchain and none can be installed.
set -eu

skip() {
    echo "python guest: skipped: $1" >&2
    exit 77
}

[ $# -eq 1 ] || [ $# -eq 2 ] || [ $# -eq 4 ] || { echo "usage: build.sh OUT.wasm [APP.py [WORLD WIT]]" >&2; exit 2; }
out=$1
here=$(cd "$(dirname "$0")" && pwd)
app=${2:-$here/app.py}
folder=$(cd "$(dirname "$app")" && pwd)
name=$(basename "$app" .py)
wit=$(cd "$here/../../../wit" && pwd)
world=${3:-actor}
package=$(cd "${4:-$wit/airssys-actor}" && pwd)
cache=${AIRSSYS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/airssys}/python

command -v python3 >/dev/null 2>&1 || skip "there is no python3"
python3 -c 'import venv, ensurepip' 2>/dev/null || skip "python3 has no venv (Debian package python3-venv)"

# Two builds at once share the cache.
mkdir -p "$cache"
exec 9>"$cache/lock"
if command -v flock >/dev/null 2>&1; then
    flock 9
fi

# A folder for each version of Python and of the requirements; its name appears when it is complete.
key=$({ python3 --version; cat "$here/requirements.txt"; } | sha256sum | cut -c1-16)
tools=$cache/tools-$key
if [ ! -x "$tools/bin/componentize-py" ]; then
    echo "python guest: installing componentize-py" >&2
    rm -rf "$tools"
    python3 -m venv "$tools" || skip "no virtual environment can be made"
    if ! "$tools/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$here/requirements.txt" >&2; then
        rm -rf "$tools"
        skip "componentize-py cannot be installed"
    fi
fi

key=$({ echo "$key"; echo "$world"; cat "$app" "$package"/*.wit "$wit"/*/*.wit; } | sha256sum | cut -c1-16)
made=$cache/guest-$name-$key.wasm
if [ ! -f "$made" ]; then
    rm -rf "$cache/guest-$name"-*.wasm "$cache/wit"
    mkdir -p "$cache/wit/deps"
    cp "$package"/*.wit "$cache/wit"
    cp -r "$wit/airssys-core" "$cache/wit/deps"
    if [ "$package" != "$wit/airssys-actor" ]; then
        cp -r "$wit"/airssys-actor "$wit"/wasi-* "$cache/wit/deps"
    fi
    (cd "$folder" && PYTHONDONTWRITEBYTECODE=1 "$tools/bin/componentize-py" --quiet --wit-path "$cache/wit" \
        --world "$world" componentize "$name" --output "$made.$$")
    mv "$made.$$" "$made"
fi
cp "$made" "$out.$$"
mv "$out.$$" "$out"
