#!/bin/sh
# Run the same workloads on airssys and on its peers, in turn, pinned to one core and on all cores, and print medians
# and ratios: compare.sh FOLDER JSON REPEATS DIVISOR PEER...
#
# FOLDER/PEER/ has what build.sh made, FOLDER/airssys/peer our own side; a DIVISOR makes each run that much shorter. A
# program prints "RESULT PEER WORKLOAD MODE VALUE UNIT"; a peer has several modes where it may be used in several ways,
# and its best one counts. A run that fails is named, and left out.
set -eu

folder=${1:?the folder with the programs}
json=${2:?the file to write}
repeats=${3:?how often}
divisor=${4:?by what to divide}
shift 4
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)

patience=300 # seconds for one run
cores=$(nproc)
# The first core that this process may use.
core=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)

results=$(mktemp)
failures=$(mktemp)
trap 'rm -f "$results" "$failures"' EXIT
trap 'exit 130' INT TERM

# What PEER does for WORKLOAD: its modes. A flood waits for nothing, and its mailboxes have no bound; with credit at
# most 1,024 messages are on their way to a receiver; cap is a bound of the peer's own, and sharing another scheduler.
# Our guests take their messages batched, or one by one (single); RUSM's are core modules or components.
modes() {
    case $1-$2 in
    airssys-guest-hops | airssys-guest-pingpong) echo batched single ;;
    airssys-guest-*) echo plain ;;
    rusm-wasm-guest-idle) echo comp ;;
    rusm-wasm-guest-*) echo core comp ;;
    rusm-wasm-* | *-guest-*) ;;
    airssys-one2one | airssys-many2one | airssys-pairs) echo credit ;;
    erlang-one2one | erlang-many2one | erlang-pairs) echo flood offheap credit ;;
    caf-one2one | caf-many2one | caf-pairs) echo flood credit ;;
    rusm-one2one | rusm-many2one | rusm-pairs) echo flood cap credit ;;
    erlang-idle) echo plain hibernate ;;
    caf-pingpong | caf-ring | caf-churn) echo plain sharing ;;
    *) echo plain ;;
    esac
}

# run PEER WORKLOAD MODE WORKERS
run() {
    case $1 in
    erlang) set -- env ERL_CRASH_DUMP=/dev/null erl +S "$4:$4" +P 1048576 -noshell -pa "$folder/erlang" -s bench_peer main "$2" "$3" "$divisor" ;;
    *) set -- "$folder/$1/peer" "$2" "$3" "$4" "$divisor" ;;
    esac
    if [ "$placement" = pinned ]; then
        set -- taskset -c "$core" "$@"
    fi
    timeout "$patience" "$@" </dev/null
}

# measure PEER WORKLOAD MODE
measure() {
    case $placement in
    pinned) workers=1 ;;
    *) workers=$cores ;;
    esac
    value=$(run "$1" "$2" "$3" "$workers" 2>/dev/null | awk '$1 == "RESULT" && $5 + 0 > 0 { print $5 }') || value=
    if [ -n "$value" ]; then
        printf '%s %s %s %s %d %s\n' "$placement" "$2" "$1" "$3" "$repeat" "$value" >>"$results"
    else
        printf '%s %s %s, %s\n' "$1" "$2" "$3" "$placement" >>"$failures"
    fi
}

set -- airssys "$@"
repeat=1
while [ "$repeat" -le "$repeats" ]; do
    for placement in pinned all; do
        for workload in one2one many2one pairs pingpong ring churn idle \
            guest-hops guest-pingpong guest-churn guest-idle; do
            for peer in "$@"; do
                for mode in $(modes "$peer" "$workload"); do
                    measure "$peer" "$workload" "$mode"
                done
            done
        done
    done
    echo "repetition $repeat of $repeats is done" >&2
    repeat=$((repeat + 1))
done

if [ -s "$failures" ]; then
    echo "These runs failed, and are left out:" >&2
    LC_ALL=C sort -u "$failures" | sed 's/^/  /' >&2
fi
awk -v peers="$*" -v json="$json" -v repeats="$repeats" -v cores="$cores" -v divisor="$divisor" \
    -f "$here/report.awk" "$results"
