#!/bin/sh
# A guard over the cost of what every message goes through: how many instructions a hop, a request with its answer, a
# message published to eight and an actor's whole life take on the host's side, as callgrind counts them, against the
# figures that are kept beside this file. More than 5 % either way is a failure: what became dearer is to be looked at,
# and what became cheaper is to be kept, by writing the figures anew.
#
#     check.sh PROGRAM [--write]
#
# The figures are of one compiler on one processor; under others they say nothing, and nothing is checked.
set -eu

[ $# -ge 1 ] || { echo "usage: check.sh PROGRAM [--write]" >&2; exit 2; }
program=$1
figures=$(dirname "$0")/figures
compiler=$("${CC:-cc}" -dM -E -x c /dev/null | awk '
    $2 == "__GNUC__" { gnu = $3 }
    $2 == "__clang__" { clang = 1 }
    $2 == "__x86_64__" { machine = "x86-64" }
    END { print (clang ? "clang" : "gcc " gnu) ", " machine }')
made_by=$(sed -n 's/^# by //p' "$figures" 2>/dev/null || true)

if ! command -v valgrind >/dev/null; then
    echo "valgrind tool: skipped: instructions are not counted without it"
    exit 77
fi
if [ "${2:-}" != --write ] && [ "$compiler" != "$made_by" ]; then
    echo "the figures are of $made_by; this is $compiler: nothing to compare"
    exit 77
fi

# How many instructions the program takes for $2 times the way $1.
counted() {
    count=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
        sed -n 's/^==[0-9]*== Collected : \([0-9]*\)$/\1/p')
    [ -n "$count" ] || { echo "valgrind does not say how many instructions '$program $1' took" >&2; exit 1; }
    echo "$count"
}

# Of one: what a thousand more of them cost, so that what is done once does not count.
cost_of() {
    fewer=$(counted "$1" 1000)
    more=$(counted "$1" 2000)
    echo $(((more - fewer + 500) / 1000))
}

if [ "${2:-}" = --write ]; then
    {
        echo "# Instructions of the host for one of each: see check.sh."
        echo "# by $compiler"
        for way in hop request publish spawn; do
            echo "$way $(cost_of "$way")"
        done
    } >"$figures.new"
    mv "$figures.new" "$figures"
    cat "$figures"
    exit 0
fi

failed=0
while read -r way kept; do
    case $way in '#' | '') continue ;; esac
    now=$(cost_of "$way")
    percent=$(awk -v now="$now" -v kept="$kept" 'BEGIN { printf "%+.1f", (now / kept - 1) * 100 }')
    printf '%-8s %6d instructions, %6d kept: %s %%\n' "$way" "$now" "$kept" "$percent"
    if [ $((now * 100)) -gt $((kept * 105)) ] || [ $((now * 100)) -lt $((kept * 95)) ]; then
        echo "$way: more than 5 % from what is kept; see CONTRIBUTING.md, \"Measure\"" >&2
        failed=1
    fi
done <"$figures"
exit "$failed"
