#!/bin/sh
# The shop's whole output: orders.sh AIRSSYS FOLDER README (FOLDER has the built example). Its own orders must give
# what its README shows; many orders, what this script reckons.
set -eu

[ $# -eq 3 ] || { echo "usage: orders.sh AIRSSYS FOLDER README" >&2; exit 2; }
airssys=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
example=$(cd "$2" && pwd)
readme=$3
work=$(mktemp -d)
XDG_RUNTIME_DIR=$work
XDG_STATE_HOME=$work/state
export XDG_RUNTIME_DIR XDG_STATE_HOME
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failures=0
runs=0

# check NAME WORKERS: the orders in NAME against NAME.expected
check() {
    runs=$((runs + 1))
    status=0
    "$airssys" run --quiet --workers "$2" --input "$work/$1" "$example" >"$work/actual" 2>"$work/log" || status=$?
    if [ "$status" -ne 0 ] || ! cmp -s "$work/$1.expected" "$work/actual"; then
        failures=$((failures + 1))
        echo "not ok: $1 on $2 workers: exit code $status" >&2
        diff "$work/$1.expected" "$work/actual" >&2 || true
        cat "$work/log" >&2
    fi
}

cp "$example/orders.txt" "$work/shown"
awk '/^\$ airssys run/ { shown = 1; next } /^```/ { shown = 0 } shown' "$readme" >"$work/shown.expected"
grep -q '^left: ' "$work/shown.expected" || { echo "$readme shows no output" >&2; exit 1; }

: >"$work/none"
echo "left: kettle 5, teapot 3, cup 12" >"$work/none.expected"

# More than there is, so that most are sold out; none is cancelled, so nothing comes back in between.
awk 'BEGIN { split("kettle teapot cup", item); split("card transfer", method)
     for (i = 1; i <= 900; i++) print i, item[i % 3 + 1], i % 4, method[i % 2 + 1] }' >"$work/many"
awk 'BEGIN { left["kettle"] = 5; left["teapot"] = 3; left["cup"] = 12 }
     { taken = $3 <= left[$2]; if (taken) left[$2] -= $3
       printf "%s  %3s %-8s %s\n", $1, $3, $2, taken ? "paid" : "sold out" }
     END { printf "left: kettle %d, teapot %d, cup %d\n", left["kettle"], left["teapot"], left["cup"] }' \
    <"$work/many" >"$work/many.expected"

for workers in 1 2 4; do
    for name in shown none many; do
        check "$name" "$workers"
    done
done
# At once, so that nobody gets what he needs in time.
for copy in 1 2 3 4 5 6; do
    "$airssys" run --quiet --input "$work/shown" "$example" >"$work/copy-$copy" 2>/dev/null &
done
wait
for copy in 1 2 3 4 5 6; do
    runs=$((runs + 1))
    cmp -s "$work/shown.expected" "$work/copy-$copy" || { failures=$((failures + 1)); cat "$work/copy-$copy" >&2; }
done

[ "$failures" -eq 0 ] || { echo "$failures of $runs runs differ" >&2; exit 1; }
echo "$runs runs agree"
