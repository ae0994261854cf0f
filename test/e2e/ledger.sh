#!/bin/sh
# The ledger does what its README shows: ledger.sh AIRSSYS FOLDER README MANIFEST (FOLDER has the built example). Its own
# output, that of a second run, which finds everything made, and that of killed.sh.
set -eu

[ $# -eq 4 ] || { echo "usage: ledger.sh AIRSSYS FOLDER README MANIFEST" >&2; exit 2; }
airssys=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
example=$(cd "$2" && pwd)
readme=$3
manifest=$4
work=$(mktemp -d)
XDG_RUNTIME_DIR=$work
export XDG_RUNTIME_DIR
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# A copy: what it stores is beside the manifest.
mkdir "$work/bank"
for file in "$example"/*.wasm "$example/$manifest" "$example/transfers.txt"; do
    cp "$file" "$work/bank"
done

# The output that the README shows of the command that has this text.
shown() {
    awk -v text="$1" '/^\$ / { shown = index($0, text) > 0; next } /^```/ { shown = 0 } shown' "$readme"
}

# compare TEXT: what was printed last is what the README shows
compare() {
    shown "$1" >"$work/expected"
    [ -s "$work/expected" ] || { echo "$readme shows no output of $1" >&2; exit 1; }
    diff "$work/expected" "$work/actual" >&2
}

for run in first second; do
    "$airssys" run --quiet --no-socket --input "$work/bank/transfers.txt" "$work/bank/$manifest" >"$work/actual"
    compare transfers.txt
    echo "the $run run agrees"
done
"$airssys" storage export --manifest "$work/bank/$manifest" --space ledger >"$work/actual"
compare 'storage export'
rm -rf "$work/bank/state"
sh "$example/killed.sh" "$airssys" "$work/bank/$manifest" >"$work/actual"
compare killed.sh
cat "$work/actual"
