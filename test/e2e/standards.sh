#!/bin/sh
# A component that another toolchain made from other hosts' interfaces, through its own bindings:
# standards.sh AIRSSYS GUESTS LANGUAGE. Exit code 77 when the component has not been made.
set -eu

[ $# -eq 3 ] || { echo "usage: standards.sh AIRSSYS GUESTS LANGUAGE" >&2; exit 2; }
airssys=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
guests=$(cd "$2" && pwd)
language=$3
if [ ! -f "$guests/$language-standard.wasm" ]; then
    echo "$language guest: skipped: it has not been made" >&2
    exit 77
fi
work=$(mktemp -d)
XDG_RUNTIME_DIR=$work
XDG_STATE_HOME=$work/state
export XDG_RUNTIME_DIR XDG_STATE_HOME
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

cp "$guests/printer.wasm" "$guests/$language-standard.wasm" "$work"
cat >"$work/airssys.toml" <<END
[application]
name = "polyglot"
input = "standard"
output = "printer"

[components.printer]
source = "printer.wasm"

[components.standard]
source = "$language-standard.wasm"
env = { REPORT_TO = "polyglot/printer/0" }
settings = { greeting = "hello", hidden = "x" }
secrets = { token = { file = "token" } }

[components.standard.capabilities]
messaging = { send = ["printer"] }
services = ["log", "clock", "sleep"]
config = ["greeting", "nothing", "token"]
storage = { read = ["sessions/**"], write = ["sessions/**"], delete = ["sessions/**"] }
END
echo hush >"$work/token"
echo go >"$work/input"

"$airssys" run --input "$work/input" --log warn "$work" >"$work/actual" 2>"$work/log" || {
    cat "$work/log" >&2
    exit 1
}

# How a language shows what is not there, and its errors, is its own.
case $language in
python)
    none=None true=False number=3 denied=error_accessdenied upstream=error_upstream absent=error_nosuchstore
    ;;
rust)
    none=None true=false number=3 denied=Error::AccessDenied upstream=upstream absent=Error::NoSuchStore
    ;;
*)
    none=undefined true=false number=7 denied=access-denied upstream=upstream absent=no-such-store
    ;;
esac
# Only the later draft of wasi:keyvalue has these.
: >"$work/swaps"
if [ "$language" != javascript ]; then
    cat >"$work/swaps" <<END
swap another
s second
END
fi
cat - "$work/swaps" >"$work/expected" <<END
greeting hello
nothing $none
all greeting token
hidden $upstream
a one
b $true
many two - three
keys a b c
left 0
n $number
own $denied
no/bucket $absent
END
diff "$work/expected" "$work/actual"
grep -q 'all was used.*context=standard' "$work/log" || { cat "$work/log" >&2; exit 1; }
grep -q 'that was all.*critical=true' "$work/log" || { cat "$work/log" >&2; exit 1; }
echo "$language: keys, settings and the log as on other hosts"
