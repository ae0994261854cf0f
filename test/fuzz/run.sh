#!/bin/sh
# One fuzzer, for a while: run.sh PROGRAM [SECONDS [KEPT]]. SECONDS: two, in CI (CI=true) sixty, there with the same seed
# each time, so that what fails comes from a change and can be had again. It begins with
# corpus/NOUN, with what the build has made for it (corpus-NOUN beside the program), and with the words of
# dictionary/NOUN. What it finds on its way goes to the folder KEPT, from which a later run goes on, or is thrown away;
# an input that fails is written beside the program, and its name printed.
set -eu

usage="usage: run.sh PROGRAM [SECONDS [KEPT]]"
[ $# -ge 1 ] || { echo "$usage" >&2; exit 2; }
program=$1
here=$(dirname "$0")
noun=$(basename "$program")
noun=${noun#fuzz_}
seconds=${2:-}
seed=0 # another each time
kept=${3:-}
if [ "${CI:-}" = true ] && [ -z "$kept" ]; then
    seed=1
fi
if [ -z "$seconds" ]; then
    seconds=2
    [ "${CI:-}" != true ] || seconds=60
fi
[ -d "$here/corpus/$noun" ] || { echo "there is no corpus in $here/corpus/$noun" >&2; exit 1; }
if [ -z "$kept" ]; then
    kept=$(mktemp -d)
    trap 'rm -rf "$kept"' EXIT
    trap 'exit 1' HUP INT TERM
fi
mkdir -p "$kept"
made=$(dirname "$program")/corpus-$noun
set -- "$kept" "$here/corpus/$noun"
[ ! -d "$made" ] || set -- "$@" "$made"
[ ! -f "$here/dictionary/$noun" ] || set -- -dict="$here/dictionary/$noun" "$@"
"$program" -max_total_time="$seconds" -seed="$seed" -timeout=20 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="$program-" "$@"
