#!/bin/sh
# An actor made by another toolchain, among actors in C: language.sh AIRSSYS GUESTS LANGUAGE, where GUESTS is the
# folder of the built test guests. It stores, sends, requests, and hears of the answer. Exit code 77 when the
# component has not been made.
set -eu

[ $# -eq 3 ] || { echo "usage: language.sh AIRSSYS GUESTS LANGUAGE" >&2; exit 2; }
airssys=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
guests=$(cd "$2" && pwd)
language=$3
if [ ! -f "$guests/$language.wasm" ]; then
    echo "$language guest: skipped: it has not been made" >&2
    exit 77
fi
work=$(mktemp -d)
XDG_RUNTIME_DIR=$work
XDG_STATE_HOME=$work/state
export XDG_RUNTIME_DIR XDG_STATE_HOME
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

cp "$guests/echo.wasm" "$guests/printer.wasm" "$guests/$language.wasm" "$work"
cat >"$work/airssys.toml" <<END
[application]
name = "polyglot"
input = "$language"
output = "printer"

[components.printer]
source = "printer.wasm"

[components.echo]
source = "echo.wasm"

[components.$language]
source = "$language.wasm"
env = { REPORT_TO = "polyglot/printer/0" }
END
cat >"$work/input" <<END
upper nobody hears the answer to a message
send polyglot/printer/0 sent: grün
set key value
get key
request polyglot/echo/0 hello there
END
cat >"$work/expected" <<END
sent: grün
response hello there
END

"$airssys" run --quiet --input "$work/input" "$work" >"$work/actual"
diff "$work/expected" "$work/actual"
echo "$language: all as in C"
