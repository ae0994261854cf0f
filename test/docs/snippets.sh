#!/bin/sh
# The code that a guide shows is code that the tests build: snippets.sh GUIDE... Each block of C must stand, word for
# word, in the file that the nearest link to a .c file before it names.
set -eu

[ $# -ge 1 ] || { echo "usage: snippets.sh GUIDE..." >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failures=0
blocks=0
for guide in "$@"; do
    folder=$(dirname "$guide")
    rm -f "$work"/*
    # Each block becomes a file, and the name of its source another.
    awk -v work="$work" '
        /^```c$/ { inside = 1; count++; print source > (work "/" count ".source"); next }
        /^```/ { inside = 0 }
        inside { print > (work "/" count ".block"); next }
        match($0, /\]\([^)]*\.c\)/) { source = substr($0, RSTART + 2, RLENGTH - 3) }' "$guide"
    for block in "$work"/*.block; do
        [ -e "$block" ] || continue
        blocks=$((blocks + 1))
        source=$(cat "${block%.block}.source")
        if [ -z "$source" ] || [ ! -f "$folder/$source" ]; then
            echo "$guide: a block has no source ($source):" >&2
        elif awk 'NR == FNR { block = block $0 "\n"; next } { text = text $0 "\n" }
                  END { exit index(text, block) == 0 }' "$block" "$folder/$source"; then
            continue
        else
            echo "$guide: $source has nothing like this:" >&2
        fi
        failures=$((failures + 1))
        cat "$block" >&2
    done
done
[ "$blocks" -gt 0 ] || { echo "there is no code in $*" >&2; exit 1; }
[ "$failures" -eq 0 ] || exit 1
echo "$blocks blocks are as in their sources"
