#!/bin/sh
# A program prints what a README shows: shown.sh README NAME PROGRAM ARGUMENT... The README has a line that begins
# with "$ " and names the program by its path, which ends with NAME, and behind it what it prints.
set -eu

[ $# -ge 3 ] || { echo "usage: shown.sh README NAME PROGRAM ARGUMENT..." >&2; exit 2; }
readme=$1
name=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
awk -v name="$name" '/^\$ / { shown = $2 == name || $2 ~ "/" name "$"; next } /^```/ { shown = 0 } shown' "$readme" \
    >"$work/expected"
[ -s "$work/expected" ] || { echo "$readme shows no output of $name" >&2; exit 1; }
"$@" >"$work/actual"
diff "$work/expected" "$work/actual" >&2
