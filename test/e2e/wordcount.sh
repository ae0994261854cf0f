#!/bin/sh
# The word count's whole output, beside what coreutils make of the same text: wordcount.sh AIRSSYS FOLDER
# (FOLDER has the built example). For several texts, each with several numbers of counters and of workers.
set -eu
export LC_ALL=C # letters are A to Z

[ $# -eq 2 ] || { echo "usage: wordcount.sh AIRSSYS FOLDER" >&2; exit 2; }
airssys=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
example=$(cd "$2" && pwd)
work=$(mktemp -d)
XDG_RUNTIME_DIR=$work
XDG_STATE_HOME=$work/state
export XDG_RUNTIME_DIR XDG_STATE_HOME
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failures=0
runs=0

expected() {
    tr -cs '[:alpha:]' '\n' <"$1" | tr '[:upper:]' '[:lower:]' | sed '/^$/d' | sort | uniq -c | sort -k1,1nr -k2,2 | head -n 20
}

# check TEXT COUNTERS WORKERS
check() {
    mkdir -p "$work/app-$2"
    cp "$example"/*.wasm "$work/app-$2"
    sed "s/^instances = .*/instances = $2/" "$example/airssys.toml" >"$work/app-$2/airssys.toml"
    grep -q "^instances = $2\$" "$work/app-$2/airssys.toml" || { echo "the manifest has no instances" >&2; exit 1; }
    expected "$work/$1" >"$work/expected"
    runs=$((runs + 1))
    status=0
    "$airssys" run --quiet --workers "$3" --input "$work/$1" "$work/app-$2" >"$work/actual" 2>"$work/log" || status=$?
    if [ "$status" -ne 0 ] || ! cmp -s "$work/expected" "$work/actual"; then
        failures=$((failures + 1))
        echo "not ok: $1 with $2 counters on $3 workers: exit code $status" >&2
        diff "$work/expected" "$work/actual" >&2 || true
        cat "$work/log" >&2
    fi
}

: >"$work/empty"
printf '\n\n\n' >"$work/newlines"
printf '1234 -- 5678\n' >"$work/no-words"
printf 'Hello, world. hello' >"$work/no-final-newline"
printf "b a d c e z y x w v u t s r q p o n m l k j i h g f a's\n" >"$work/ties"
printf 'caf\303\251 na\357ve \377\376word\000word\r\nWORD\n' >"$work/not-ascii"
awk 'BEGIN { for (i = 0; i < 30000; i++) printf "All of this text is one long line. " }' >"$work/one-line"
awk 'BEGIN { for (i = 0; i < 40000; i++) printf "LongWord"; print " short short" }' >"$work/long-word"
awk 'BEGIN { for (i = 0; i < 30000; i++) { n = i; w = ""; while (n > 0) { w = w sprintf("%c", 97 + n % 26);
     n = int(n / 26) } print w "x", w "X" } }' >"$work/many-words"

# A text that every Debian has, several times over when there is one, for more messages than mailboxes hold.
text=/usr/share/common-licenses/GPL-3
[ -r "$text" ] || text=$0
cp "$text" "$work/license"
for copy in 1 2 3 4 5 6 7 8 9 10; do
    sed "s/version/version $copy/" "$text"
done >"$work/licenses"

for name in empty newlines no-words no-final-newline ties not-ascii one-line long-word many-words license; do
    check "$name" 4 2
done
for counters in 1 2 7 32; do
    for workers in 1 2 4; do
        check licenses "$counters" "$workers"
    done
done

[ "$failures" -eq 0 ] || { echo "$failures of $runs runs differ" >&2; exit 1; }
echo "$runs runs agree with coreutils"
