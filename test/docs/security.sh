#!/bin/sh
# Every claim of a page stands beside a test, and every test that it names exists: security.sh PAGE TREE.
#
# A test is LAYER/NOUN, which is test/LAYER/test_NOUN.c, a script of that folder or a fuzzer; with ": CASE" the program has
# that case. The rows of tables whose last column is headed "test" are claims.
set -eu

[ $# -eq 2 ] || { echo "usage: security.sh PAGE TREE" >&2; exit 2; }
page=$1
tree=$2
failures=$(mktemp)
trap 'rm -f "$failures"' EXIT
trap 'exit 1' HUP INT TERM

complain() {
    echo "$page: $*" | tee -a "$failures" >&2
}

# check LAYER/NOUN[: CASE]
check() {
    set -- "${1%%: *}" "$(printf '%s\n' "$1" | sed -n 's/^[^ ]*: //p')"
    layer=${1%%/*}
    noun=${1#*/}
    program=$tree/test/$layer/test_$noun.c
    if [ "$layer" = fuzz ]; then
        program=$tree/test/fuzz/fuzz_$noun.c
    fi
    if [ -z "$2" ]; then
        [ -f "$program" ] || [ -f "$tree/test/$layer/$noun.sh" ] || complain "there is no test $1"
    elif [ ! -f "$program" ]; then
        complain "there is no program of the test $1"
    else
        grep -q "cmocka_unit_test[a-z_]*($2[,)]" "$program" || complain "the test $1 has no case $2"
    fi
}

# What stands between backquotes, a line each.
quoted() {
    awk -F'`' '{ for (i = 2; i < NF; i += 2) print $i }'
}

rows=$(awk -F'|' '
    /^\|/ && $(NF - 1) ~ /^ *test *$/ { claims = 1; next }
    !/^\|/ { claims = 0 }
    /^\|-/ { next }
    claims { print $(NF - 1) }' "$page")
[ -n "$rows" ] || complain "there are no claims"
printf '%s\n' "$rows" | while IFS= read -r row; do
    [ -n "$(printf '%s\n' "$row" | quoted)" ] || complain "a claim has no test: $row"
done
# In the rows, and those that are named in passing: what looks like a test of a folder that there is.
{
    printf '%s\n' "$rows" | quoted
    quoted <"$page" | grep -x '[a-z0-9]*/[a-z0-9_]*\(: [a-z0-9_]*\)\{0,1\}' | while IFS= read -r test; do
        [ ! -d "$tree/test/${test%%/*}" ] || printf '%s\n' "$test"
    done
} | sort -u | while IFS= read -r test; do
    check "$test"
done
[ ! -s "$failures" ] || exit 1
echo "$(printf '%s\n' "$rows" | wc -l) claims have tests that exist"
