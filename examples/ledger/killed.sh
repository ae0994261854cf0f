#!/bin/sh
# Kills the bank in the middle of its work, again and again: killed.sh AIRSSYS MANIFEST [TRANSFERS]
#
# It is started with the same transfers each time, as whoever does not know what was made would do. After each kill every
# transfer that had been acknowledged must be in the storage; in the end each must have been made exactly once.
set -eu

[ $# -ge 2 ] || { echo "usage: killed.sh AIRSSYS MANIFEST [TRANSFERS]" >&2; exit 2; }
airssys=$1
manifest=$2
count=${3:-1000}
work=$(mktemp -d)
XDG_RUNTIME_DIR=$work
export XDG_RUNTIME_DIR
node=
trap '[ -z "$node" ] || kill -KILL "$node" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "not ok: $1" >&2
    cat "$work/err" >&2
    exit 1
}

"$airssys" storage list --manifest "$manifest" ledger >/dev/null 2>"$work/err" &&
    fail "this bank has accounts already; remove the folder \"state\" beside its manifest"

# Ten accounts with 1,000 each, then transfers between them, always the same; few of them find too little there.
awk -v count="$count" 'BEGIN {
    srand(1)
    for (i = 0; i < 10; i++) printf "t%d - a%d 1000\n", i, i
    for (i = 10; i < count; i++) printf "t%d a%d a%d %d\n", i, int(rand() * 10), int(rand() * 10), int(rand() * 90) + 1
}' >"$work/transfers"

# What they come to, reckoned here.
awk '$2 != "-" && has[$2] < $4 { next } { has[$2] -= $4; has[$3] += $4 }
    END { for (i = 0; i < 10; i++) { print "a" i " " has["a" i]; total += has["a" i] }; print "total " total }' \
    "$work/transfers" >"$work/wanted"

# After so many transfers that were made anew: what was made before is acknowledged again at once.
kills=0
for stop in 7 8 9; do
    : >"$work/out"
    "$airssys" run --quiet --no-socket --input "$work/transfers" "$manifest" >"$work/out" 2>"$work/err" &
    node=$!
    wanted=$((kills * count / 5 + count * stop / 100))
    while [ "$(wc -l <"$work/out")" -lt "$wanted" ]; do
        kill -0 "$node" 2>/dev/null || fail "it ended by itself"
    done
    kill -KILL "$node"
    wait "$node" 2>/dev/null || true
    node=
    kills=$((kills + 1))
    # The last line may have been cut off.
    sed -n 's/^\(t[0-9]*\) \(ok\|refused: .*\)$/transfer\/\1/p' "$work/out" | LC_ALL=C sort >"$work/told"
    "$airssys" storage list --manifest "$manifest" ledger --prefix transfer/ | LC_ALL=C sort >"$work/kept"
    [ "$(wc -l <"$work/told")" -ge "$wanted" ] || fail "too few acknowledged"
    [ -z "$(comm -23 "$work/told" "$work/kept")" ] || fail "acknowledged, and not there"
    "$airssys" storage check --manifest "$manifest" >/dev/null || fail "the storage is damaged"
done
echo "killed $kills times; every acknowledged transfer is there"

"$airssys" run --quiet --no-socket --input "$work/transfers" "$manifest" >"$work/out" 2>"$work/err" || fail "exit code $?"
[ "$(grep -c '^t[0-9]* \(ok\|refused\)' "$work/out")" -eq "$count" ] || fail "not all were answered"
tail -n 11 "$work/out" | cmp -s - "$work/wanted" || fail "the accounts are not what the transfers come to"
echo "then run to its end; each transfer was made once"
tail -n 1 "$work/out"
