#!/bin/sh
# security.sh finds what it is there for: test_security.sh TREE.
# shellcheck disable=SC2016 # the pages' backquotes
set -eu

tree=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# expect STATUS TEXT ROW...: a page with these rows ends the check so, with this in what it says.
expect() {
    wanted=$1
    text=$2
    shift 2
    { printf '| claim | test |\n|---|---|\n' && printf '%s\n' "$@"; } >"$work/page.md"
    status=0
    sh "$tree/test/docs/security.sh" "$work/page.md" "$tree" >"$work/said" 2>&1 || status=$?
    if [ "$status" -ne "$wanted" ] || ! grep -qF -e "$text" "$work/said"; then
        echo "expected $wanted and \"$text\", got $status and:" >&2
        cat "$work/said" >&2
        exit 1
    fi
}

good='| it is so | `security/pattern: the_examples_hold`, `e2e/wasmsign2` |'
expect 0 "1 claims have" "$good"
expect 0 "2 claims have" "$good" '| it is so | `fuzz/pattern` |'
expect 1 "a claim has no test" "$good" '| it is so | trust us |'
expect 1 "there is no test e2e/nothing" "$good" '| it is so | `e2e/nothing` |'
expect 1 "there is no test fuzz/nothing" '| it is so | `fuzz/nothing` |'
expect 1 "has no case the_examples" '| it is so | `security/pattern: the_examples` |'
expect 1 "there is no program" '| it is so | `e2e/nothing: at_all` |'
expect 1 "there is no test e2e/else" "$good" "" 'In passing: `e2e/else`.'
echo "# nothing" >"$work/empty.md"
if sh "$tree/test/docs/security.sh" "$work/empty.md" "$tree" >/dev/null 2>&1; then
    echo "a page without claims is accepted" >&2
    exit 1
fi
echo "it finds what is wrong"
