#!/bin/sh
# What comes back and what does not: supervised.sh AIRSSYS FOLDER README (FOLDER has the built example). The output
# must be what the README shows, and standard error say what its log lines do.
set -eu

[ $# -eq 3 ] || { echo "usage: supervised.sh AIRSSYS FOLDER README" >&2; exit 2; }
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

# The output that the README shows of the run with this input.
shown() {
    awk -v input="$1" '/^\$ airssys run/ { shown = index($0, "/" input " ") > 0; next } /^```/ { shown = 0 } shown' "$readme"
}

fail() {
    failures=$((failures + 1))
    echo "not ok: $1" >&2
    cat "$work/actual" "$work/log" >&2
}

# check INPUT WORKERS LINES: so many lines of the output must be those of the README
check() {
    runs=$((runs + 1))
    status=0
    "$airssys" run --workers "$2" --input "$example/$1" "$example" >"$work/actual" 2>"$work/log" || status=$?
    shown "$1" >"$work/expected"
    [ -s "$work/expected" ] || { echo "$readme shows no output of $1" >&2; exit 1; }
    head -n "$3" "$work/actual" | cmp -s "$work/expected" - || fail "$1 on $2 workers: the output"
    [ "$status" -eq 7 ] || fail "$1 on $2 workers: exit code $status"
    # The log without its times: each line that the README shows, as far as it shows it.
    sed 's/^[-0-9T:.Z]* //' "$work/log" >"$work/lines"
    awk '/^(ERROR|WARN) / || /^airssys run: / { sub(/ …$/, ""); print }' "$readme" >"$work/wanted"
    if [ "$1" = hopeless.txt ]; then
        while IFS= read -r line; do
            grep -qF -- "$line" "$work/lines" || fail "$1 on $2 workers: the log has no \"$line\""
        done <"$work/wanted"
    elif grep -q 'too many restarts' "$work/lines"; then
        fail "$1 on $2 workers: the supervisor gave up"
    fi
}

for workers in 1 2 4; do
    check divisions.txt "$workers" 100
    check hopeless.txt "$workers" 4
done

[ "$failures" -eq 0 ] || { echo "$failures failures in $runs runs" >&2; exit 1; }
echo "$runs runs agree"
