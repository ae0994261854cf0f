#!/bin/sh
# A running application is reached with curl, as docs/reference/admin.md says.
#
#   admin.sh AIRSSYS GUESTS    GUESTS is the folder of the built test guests
set -eu

[ $# -eq 2 ] || { echo "usage: admin.sh AIRSSYS GUESTS" >&2; exit 2; }
command -v curl >/dev/null || { echo "there is no curl"; exit 77; }
airssys=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
guests=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
XDG_RUNTIME_DIR=$work
XDG_STATE_HOME=$work/state
export XDG_RUNTIME_DIR XDG_STATE_HOME

fail() {
    echo "FAILED: $*" >&2
    cat "$work"/*.log >&2
    exit 1
}

# until COMMAND...: it succeeds, in the end.
until_true() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || fail "$*"
        sleep 0.1
    done
}

# ask SOCKET PATH [OPTION...]: the answer and its status.
ask() {
    socket=$1
    path=$2
    shift 2
    curl -sS --max-time 20 --unix-socket "$socket" -w ' %{http_code}' "$@" "http://localhost$path" 2>&1 | tr -d '\n'
}

expect() {
    case $1 in
    *"$2"*) ;;
    *) fail "\"$1\" lacks \"$2\"" ;;
    esac
}

cat >"$work/airssys.toml" <<END
[application]
name = "shop"

[components.echo]
source = "$guests/echo.wasm"
digest = "sha256:$(sha256sum "$guests/echo.wasm" | cut -c 1-64)"
instances = 2
END
default=$work/airssys/shop.sock

"$airssys" run --quiet "$work" 2>"$work/first.log" &
first=$!
until_true [ -S "$default" ]
expect "$(ask "$default" /v1/node)" '"application":"shop"'
[ "$(ask "$default" '/v1/call?to=echo/1' --json '{"item":7}')" = '{"item":7} 200' ] || fail "no echo"
expect "$(ask "$default" '/v1/call?to=nobody' -d x)" '"error":"target-not-found"'
head -c 5000000 /dev/urandom >"$work/large"
curl -sS --max-time 20 --unix-socket "$default" --data-binary "@$work/large" -o "$work/answer" \
    'http://localhost/v1/call?to=echo'
cmp "$work/large" "$work/answer" || fail "a large payload did not come back as it was"

# A second node of the same application has a socket of its own and says so.
"$airssys" run --log warn "$work" 2>"$work/second.log" &
second=$!
until_true grep -q "process $first runs this application too" "$work/second.log"
expect "$(ask "$work/airssys/shop.$second.sock" /v1/node)" "\"pid\":$second"
expect "$(ask "$work/airssys/shop.$second.sock" /v1/shutdown -d '')" '202'
wait "$second" || fail "the second node ended with $?"

# One that is to be at a path which is in use does not start.
status=0
"$airssys" run --socket "$default" "$work" 2>"$work/third.log" || status=$?
[ "$status" -eq 1 ] || fail "exit code $status"
grep -q "is the socket of the process $first, which is alive" "$work/third.log" || fail "it does not say why"

# A socket that a killed node left is replaced.
kill -9 "$first"
wait "$first" 2>/dev/null || true
[ -S "$default" ] || fail "a killed node removed its socket"
"$airssys" run --log debug "$work" 2>"$work/fourth.log" &
fourth=$!
until_true grep -q "listening at $default" "$work/fourth.log"
expect "$(ask "$default" /v1/node)" "\"pid\":$fourth"
kill -TERM "$fourth"
wait "$fourth" || fail "the fourth node ended with $?"
[ ! -e "$default" ] || fail "the socket is still there"

# None is made where none is wanted.
printf '[admin]\nenabled = false\n' >>"$work/airssys.toml"
"$airssys" run --log debug "$work" 2>"$work/fifth.log" &
fifth=$!
until_true grep -q "shop runs with 2 actors" "$work/fifth.log"
kill -TERM "$fifth"
wait "$fifth" || fail "the fifth node ended with $?"
! grep -q "listening at" "$work/fifth.log" || fail "there is a socket where none was wanted"
echo "ok: reached with curl"
