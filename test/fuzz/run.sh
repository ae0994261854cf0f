#!/bin/sh
# One fuzzer, for a while: run.sh PROGRAM CORPUS [SECONDS]. SECONDS: two, in CI (CI=true) sixty. What it finds on its way
# is kept in a folder of its own; an input that fails is written beside the program, and its name printed.
set -eu

[ $# -ge 2 ] || { echo "usage: run.sh PROGRAM CORPUS [SECONDS]" >&2; exit 2; }
program=$1
corpus=$2
seconds=${3:-}
if [ -z "$seconds" ]; then
    seconds=2
    [ "${CI:-}" != true ] || seconds=60
fi
[ -d "$corpus" ] || { echo "there is no corpus in $corpus" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
"$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="$program-" "$work" "$corpus"
