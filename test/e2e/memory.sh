#!/bin/sh
# The C SDK gives back all memory of a call: many messages through components whose memory would not hold a
# fraction of them. memory.sh AIRSSYS GUESTS, where GUESTS is the folder of the built test guests.
set -eu

[ $# -eq 2 ] || { echo "usage: memory.sh AIRSSYS GUESTS" >&2; exit 2; }
airssys=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
guests=$(cd "$2" && pwd)
work=$(mktemp -d)
XDG_RUNTIME_DIR=$work
XDG_STATE_HOME=$work/state
export XDG_RUNTIME_DIR XDG_STATE_HOME
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# A million messages, and as many answers, in 192 KiB.
mkdir "$work/count"
cp "$guests/counter.wasm" "$work/count"
cat >"$work/count/airssys.toml" <<'END'
[application]
name = "count"
input = "counter"
output = "counter" # its answer to the end of the input, which it counts too

[components.counter]
source = "counter.wasm"
limits = { memory = "192KiB" }
END
awk 'BEGIN { for (i = 0; i < 1000000; i++) print "line", i }' >"$work/lines"
counted=$("$airssys" run --quiet --input "$work/lines" "$work/count")
[ "$counted" = 1000001 ] || { echo "counted $counted messages of 1000001" >&2; exit 1; }

# A hundred thousand each of: a send, a request, its answer and its callback, and what the bindings allocate for
# them. Mailboxes have room for all, so that a refusal can only be for memory; one ends in exit code 7.
mkdir "$work/chain"
cp "$guests/counter.wasm" "$guests/echo.wasm" "$guests/forwarder.wasm" "$guests/requester.wasm" "$work/chain"
cat >"$work/chain/airssys.toml" <<'END'
[application]
name = "chain"
input = "forwarder"

[components.counter]
source = "counter.wasm"
limits = { memory = "192KiB", mailbox-messages = 1000000 }

[components.echo]
source = "echo.wasm"
limits = { memory = "192KiB", mailbox-messages = 1000000 }

[components.requester]
source = "requester.wasm"
config = "chain/echo/0"
env = { REPORT_TO = "chain/counter/0", TIMEOUT_MS = "600000" }
limits = { memory = "320KiB", mailbox-messages = 1000000, outstanding-requests = 1000000 }

[components.forwarder]
source = "forwarder.wasm"
config = "chain/requester/0"
limits = { memory = "192KiB" }
END
head -n 100000 "$work/lines" >"$work/some"
"$airssys" run --quiet --input "$work/some" "$work/chain"
echo "1,000,000 and 100,000 messages in less memory than they need together"
