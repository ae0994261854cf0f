#!/bin/sh
# Signatures between airssys and wasmsign2, the reference tool of the WebAssembly tool-conventions: what either signs,
# the other believes, and what was changed, neither. wasmsign2.sh AIRSSYS GUESTS, where GUESTS is the folder of the
# built test guests.
#
# The tool comes from crates.io, into a folder below AIRSSYS_CACHE (default: ~/.cache/airssys), once: half a minute of
# processor time, not optimized. Exit code 77, and one line that says why, when it is not there and cannot be made.
set -eu

version=0.2.8

skip() {
    echo "wasmsign2 tool: skipped: $1" >&2
    exit 77
}

[ $# -eq 2 ] || { echo "usage: wasmsign2.sh AIRSSYS GUESTS" >&2; exit 2; }
airssys=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
guests=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
tools=${AIRSSYS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/airssys}/wasmsign2-$version

install_tool() {
    folder=$(sh "$here/../../cmake/rust.sh" toolchain) || skip "there is no Rust that is new enough"
    mkdir -p "$tools"
    # Two runs at once share the folder.
    exec 9>"$tools/lock"
    if command -v flock >/dev/null 2>&1; then
        flock 9
    fi
    [ ! -x "$tools/bin/wasmsign2" ] || return 0
    echo "wasmsign2 tool: installing version $version" >&2
    unset CARGO_TARGET_DIR RUSTFLAGS
    PATH="$folder:$PATH" CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug --root "$tools" \
        --version "=$version" wasmsign2-cli >&2 9>&- || skip "it cannot be installed from crates.io"
}

[ -x "$tools/bin/wasmsign2" ] || install_tool
PATH="$tools/bin:$PATH"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
failures=0

# A name, and a command that must succeed; the same for one that must not.
accepts() {
    name=$1
    shift
    if ! "$@" >said 2>&1; then
        echo "FAILED: $name: $*" >&2
        cat said >&2
        failures=$((failures + 1))
    fi
}
refuses() {
    name=$1
    shift
    if "$@" >said 2>&1; then
        echo "FAILED: $name: $* accepts it" >&2
        cat said >&2
        failures=$((failures + 1))
    fi
}

# $1 with the byte at $3 turned over, as $2.
damage() {
    cp "$1" "$2"
    byte=$(od -An -tu1 -j "$3" -N 1 "$1" | tr -d ' ')
    # shellcheck disable=SC2059 # the format is the byte
    printf "\\$(printf '%03o' $((byte ^ 64)))" | dd of="$2" bs=1 seek="$3" conv=notrunc status=none
}

size_of() {
    wc -c <"$1" | tr -d ' '
}

# Keys of either.
accepts "airssys makes keys" "$airssys" keygen --out ours
accepts "wasmsign2 makes keys" wasmsign2 keygen -k theirs.key -K theirs.pub
chmod 600 theirs.key

for guest in echo requester counter; do
    cp "$guests/$guest.wasm" plain.wasm

    # Each signs with each key, each believes each.
    for key in ours theirs; do
        accepts "airssys signs" "$airssys" sign plain.wasm --key $key.key --out a.wasm
        accepts "wasmsign2 signs" wasmsign2 sign -i plain.wasm -o w.wasm -k $key.key -K $key.pub
        accepts "both sign alike" cmp a.wasm w.wasm
        accepts "wasmsign2 signs without a key id" wasmsign2 sign -i plain.wasm -o n.wasm -k $key.key
        for signed in a w n; do
            accepts "wasmsign2 believes $signed" wasmsign2 verify -i $signed.wasm -K $key.pub
            accepts "airssys believes $signed" "$airssys" verify $signed.wasm --key $key.pub
        done
    done
    refuses "wasmsign2, another key" wasmsign2 verify -i a.wasm -K ours.pub
    refuses "airssys, another key" "$airssys" verify a.wasm --key ours.pub
    refuses "wasmsign2, no signature" wasmsign2 verify -i plain.wasm -K ours.pub
    refuses "airssys, no signature" "$airssys" verify plain.wasm --key ours.pub

    # Two signers, one after the other, in either order.
    accepts "airssys signs first" "$airssys" sign plain.wasm --key ours.key --out a.wasm
    accepts "wasmsign2 adds" wasmsign2 sign -i a.wasm -o aw.wasm -k theirs.key -K theirs.pub
    accepts "wasmsign2 signs first" wasmsign2 sign -i plain.wasm -o w.wasm -k theirs.key -K theirs.pub
    accepts "airssys adds" "$airssys" sign w.wasm --key ours.key --out wa.wasm
    for signed in aw wa; do
        for key in ours theirs; do
            accepts "wasmsign2 believes $key in $signed" wasmsign2 verify -i $signed.wasm -K $key.pub
            accepts "airssys believes $key in $signed" "$airssys" verify $signed.wasm --key $key.pub
        done
    done

    # Parts: where wasmsign2 cuts, airssys sees the cuts, and the other way round.
    accepts "wasmsign2 splits" wasmsign2 split -i plain.wasm -o split.wasm -s '^(producers|component-name)$'
    accepts "airssys signs parts" "$airssys" sign split.wasm --key ours.key --out a.wasm
    accepts "wasmsign2 signs parts" wasmsign2 sign -i split.wasm -o w.wasm -k ours.key -K ours.pub
    accepts "both sign parts alike" cmp a.wasm w.wasm
    accepts "wasmsign2 believes parts" wasmsign2 verify -i a.wasm -K ours.pub
    accepts "airssys believes parts" "$airssys" verify w.wasm --key ours.pub
    accepts "airssys signs with a delimiter" "$airssys" sign plain.wasm --key ours.key --delimiter --out a.wasm
    accepts "wasmsign2 believes the delimiter" wasmsign2 verify -i a.wasm -K ours.pub
    accepts "wasmsign2 believes it as a part" wasmsign2 verify -i a.wasm -K ours.pub -s '.*'

    # A byte in each region: the signature, the first section behind it, the middle, the end.
    accepts "airssys signs" "$airssys" sign plain.wasm --key ours.key --out a.wasm
    size=$(size_of a.wasm)
    head=$((size - $(size_of plain.wasm) + 8))
    for place in 30 60 $((head - 10)) $((head + 1)) $((head + 40)) $((size / 3)) $((size / 2)) $((size - 40)) \
        $((size - 1)); do
        damage a.wasm damaged.wasm "$place"
        refuses "wasmsign2, byte $place" wasmsign2 verify -i damaged.wasm -K ours.pub
        refuses "airssys, byte $place" "$airssys" verify damaged.wasm --key ours.pub
    done
    # And cut short.
    for kept in 7 8 40 $head $((size / 2)) $((size - 1)); do
        head -c "$kept" a.wasm >damaged.wasm
        refuses "wasmsign2, $kept bytes" wasmsign2 verify -i damaged.wasm -K ours.pub
        refuses "airssys, $kept bytes" "$airssys" verify damaged.wasm --key ours.pub
    done
done

if [ "$failures" -gt 0 ]; then
    echo "wasmsign2: $failures failed" >&2
    exit 1
fi
echo "wasmsign2: both tools agree"
