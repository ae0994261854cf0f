#!/bin/sh
# What a secret is kept from: logs, listings, errors, the audit, the command line. docs/guide/configuration.md says it.
#
#   secrets.sh AIRSSYS GUESTS    GUESTS is the folder of the built test guests
set -eu

[ $# -eq 2 ] || { echo "usage: secrets.sh AIRSSYS GUESTS" >&2; exit 2; }
airssys=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
guests=$(cd "$2" && pwd)
work=$(mktemp -d)
node=
trap '[ -z "$node" ] || kill "$node" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
XDG_RUNTIME_DIR=$work
XDG_STATE_HOME=$work/state
export XDG_RUNTIME_DIR XDG_STATE_HOME

fail() {
    echo "FAILED: $*" >&2
    cat "$work"/*.log >&2
    exit 1
}

# A word that nothing else has, in a file and in the environment.
secret=k7Zq$$xW
printf '%s\n' "$secret" >"$work/token"
mkdir "$work/out" "$work/app"
cat >"$work/app/airssys.toml" <<END
[application]
name = "vault"
[trust]
mode = "off"
[audit]
file = "../out/audit"
[components.keeper]
source = "$guests/standard/settings.wasm"
[components.keeper.secrets]
from-file = { file = "../token" }
from-env = { env = "VAULT_TOKEN" }
[components.keeper.capabilities]
config = ["from-file"]
services = ["log"]
END

export VAULT_TOKEN="$secret-env"
"$airssys" run --log trace "$work/app" >"$work/out/stdout" 2>"$work/out/log" &
node=$!
unset VAULT_TOKEN
tries=0
until [ -S "$work/airssys/vault.sock" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || { cp "$work/out/log" "$work/node.log"; fail "no node"; }
    sleep 0.1
done
tr '\0' ' ' <"/proc/$node/cmdline" >"$work/out/cmdline"

# The component gets what it may read, and only that.
[ "$("$airssys" call keeper 'rc1 from-file')" = "from-file=$secret" ] || fail "the secret was not read"
"$airssys" call keeper 'rc1 from-env' >"$work/out/denied" 2>&1 && fail "what is not granted was read"
grep -q "config.read" "$work/out/denied" || fail "the denial does not say what was denied"
"$airssys" call keeper 'trap' >"$work/out/trap" 2>&1 && fail "a trap was no error"

"$airssys" ps >"$work/out/ps" 2>&1
"$airssys" ps --tree >"$work/out/tree" 2>&1
"$airssys" ps --output json >"$work/out/json" 2>&1
"$airssys" dead-letters --output json >"$work/out/dead" 2>&1
"$airssys" inspect "$guests/standard/settings.wasm" >"$work/out/inspect" 2>&1
VAULT_TOKEN="$secret-env" "$airssys" explain -m "$work/app" keeper config.read from-file >"$work/out/explain" 2>&1 ||
    fail "explain: $(cat "$work/out/explain")"

# A changed file reaches the component with a reload, which shows nothing of it either.
printf '%s\n' "$secret-new" >"$work/token"
"$airssys" reload >"$work/out/reload" 2>&1 || fail "reload: $(cat "$work/out/reload")"
[ "$("$airssys" call keeper 'rc1 from-file')" = "from-file=$secret-new" ] || fail "the new secret was not read"

"$airssys" stop >"$work/out/stop" 2>&1 || kill "$node"
wait "$node" || true
node=
grep -q from-env "$work/out/audit" || fail "the audit does not name what was denied"

# Errors about secrets name places.
printf 'x\0%s' "$secret" >"$work/token"
"$airssys" run "$work/app" >"$work/out/zero" 2>&1 && fail "a secret with a zero character was taken"
grep -q "secrets.from-file" "$work/out/zero" || fail "the problem's place is not told"
grep -q "secrets.from-env: the environment has no variable VAULT_TOKEN" "$work/out/zero" || fail "no variable"

if grep -r "$secret" "$work/out" >"$work/found.log"; then
    fail "a secret was shown"
fi
