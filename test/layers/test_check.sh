#!/bin/sh
# The layer check finds what it is for, and lets pass what is right: each case is a tree of one or two files.
#
#   test_check.sh CHECK    CHECK is the path of check.sh
set -eu

check=${1:?the check to test}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# file PATH: a file of the tree, from standard input.
file() {
    mkdir -p "$work/tree/$(dirname "$1")"
    cat >"$work/tree/$1"
}

report() {
    if [ "$1" = good ]; then
        echo "ok: $2"
    else
        echo "FAILED: $2"
        cat "$work/output"
        failures=$((failures + 1))
    fi
    rm -rf "$work/tree"
}

# The tree passes.
accepts() {
    if sh "$check" "$work/tree" >"$work/output" 2>&1 && [ ! -s "$work/output" ]; then
        report good "$1"
    else
        report bad "$1"
    fi
}

# The tree fails, with exactly one line, which starts with $2 and contains $3.
refuses() {
    if sh "$check" "$work/tree" >"$work/output" 2>&1; then
        report bad "$1"
    elif [ "$(wc -l <"$work/output")" -eq 1 ] && grep -q "^$2: .*$3" "$work/output"; then
        report good "$1"
    else
        report bad "$1"
    fi
}

file src/actor/mailbox.c <<'END'
#include "actor/mailbox.h"
#include "core/clock.h"
#include "security/policy.h"
#include <airssys/status.h>
#include <stdint.h>
END
accepts "a layer includes itself, the layers below, public and system headers"

file src/cli/main.c <<'END'
#include "runtime/wasm_engine.h"
#include "storage/memory.h"
#include "node/application.h"
#include <airs_wit_tools.h>
END
accepts "the command includes everything"

file src/runtime/wasm_engine.c <<'END'
#include <wasmtime.h>
#include <wasmtime/component.h>
#include "airs_wasmtime_ext.h"
void f(void) { wasmtime_component_instance_get_func(0); wasmtime_component_func_call(0); }
END
accepts "the runtime layer includes Wasmtime and names components' functions"

for pair in core:security security:runtime security:actor runtime:actor actor:runtime actor:storage storage:actor \
    storage:security node:cli runtime:storage core:node; do
    file "src/${pair%:*}/noun.c" <<END
/* A comment. */
#include "${pair#*:}/other.h"
END
    refuses "${pair%:*} does not include ${pair#*:}" "src/${pair%:*}/noun.c:2" "the ${pair%:*} layer includes"
done

file src/actor/deep/noun.h <<'END'
  #  include   "runtime/wasm_engine.h"   /* spaces are no way around */
END
refuses "an include with spaces, in a subfolder, in a header" "src/actor/deep/noun.h:1" "actor layer"

file src/core/noun.c <<'END'
/* #include "node/manifest.h"
#include "node/manifest.h"
*/
// #include "node/manifest.h"
const char *text = "wasmtime_module_new"; /* wasmtime_func_call */
END
accepts "comments and literals are not code"

file src/core/noun.c <<'END'
/* one */ /* two */
#include "clock.h"
END
refuses "a header without its layer" "src/core/noun.c:2" "its path from src"

file src/core/noun.c <<'END'
#include <node/manifest.h>
END
refuses "a project header in angle brackets" "src/core/noun.c:1" "written in quotes"

file src/core/noun.c <<'END'
#define HEADER "node/manifest.h"
#include HEADER
END
refuses "an include that a macro hides" "src/core/noun.c:2" "macro"

file src/misc/noun.c <<'END'
#include <stdio.h>
END
refuses "a folder that is no layer" "src/misc/noun.c:1" "no layer"

for header in wasmtime.h wasm.h wasmtime/component.h airs_wasmtime_ext.h; do
    file src/node/noun.c <<END
#include <$header>
END
    refuses "$header outside src/runtime" "src/node/noun.c:1" "src/runtime alone"
done

file include/airssys/node.h <<'END'
#include <wasmtime.h>
END
refuses "Wasmtime in a public header" "include/airssys/node.h:1" "src/runtime alone"

file include/airssys/node.h <<'END'
#include "core/clock.h"
END
refuses "an internal header in a public one" "include/airssys/node.h:1" "public header"

file src/actor/noun.c <<'END'
#include "airs_toml.h"
END
refuses "the TOML reader below node" "src/actor/noun.c:1" "src/node and src/cli"

file src/node/noun.c <<'END'
#include <airs_wit_tools.h>
END
refuses "the WIT tools in the library" "src/node/noun.c:1" "src/cli alone"

for call in wasmtime_module_new wasmtime_instance_new wasmtime_func_call; do
    file src/runtime/noun.c <<END
static int f(void) {
    return $call(0);
}
END
    refuses "$call anywhere" "src/runtime/noun.c:2" "core-module"
done

[ "$failures" -eq 0 ]
