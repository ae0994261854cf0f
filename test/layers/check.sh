#!/bin/sh
# The layer check: what each file of the tree may include, from its real #include lines.
#
#   check.sh TREE     prints what is wrong, a line each (file:line: what), and fails when there is something
#
# - A layer includes itself and what its row below names; project headers are written as paths from src/.
# - Public headers include public headers only.
# - Wasmtime's headers and the extension's belong to src/runtime, the TOML reader's to src/node and src/cli, the
#   WIT tools' to src/cli.
# - Nobody names the core-module part of Wasmtime's C API: components are the only way in.
set -eu

cd "${1:?the tree to check}"

folders=
for folder in include src sdk examples; do
    [ ! -d "$folder" ] || folders="$folders $folder"
done

# shellcheck disable=SC2016,SC2086 # an awk program, and a list
find $folders -type f \( -name '*.c' -o -name '*.h' \) -print0 | LC_ALL=C sort -z | xargs -0 -r awk '
BEGIN {
    may["core"] = "core"
    may["security"] = "core security"
    may["runtime"] = "core security runtime"
    may["compile"] = "core security runtime"
    may["actor"] = "core security actor"
    may["storage"] = "core storage"
    may["node"] = "core security runtime actor storage node"
    may["cli"] = "core security runtime actor storage node cli"
}

function wrong(what) {
    printf "%s:%d: %s\n", FILENAME, FNR, what
    found = 1
}

function allowed(layer, other,    names, count, i) {
    count = split(may[layer], names, " ")
    for (i = 1; i <= count; i++)
        if (names[i] == other) return 1
    return 0
}

# The text of a line without comments and without the content of literals; in_comment lives on between lines.
# Include lines keep what is between quotes.
function code(text,    out, i, pair, c, quote, keep) {
    out = ""
    keep = text ~ /^[ \t]*#[ \t]*include/
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        pair = substr(text, i, 2)
        if (in_comment) {
            if (pair == "*/") { in_comment = 0; i++ }
        } else if (quote != "") {
            if (c == "\\") i++
            else if (c == quote) quote = ""
        } else if (pair == "/*") {
            in_comment = 1
            i++
            out = out " "
        } else if (pair == "//") {
            break
        } else if (!keep && (c == "\"" || c == "\047")) {
            quote = c
        } else {
            out = out c
        }
    }
    return out
}

function check_bridge(header, owner, reason) {
    if (owner !~ ("(^| )" layer "( |$)") || !in_source)
        wrong("includes " header ", which belongs to " reason)
}

function check_include(line,    header, quoted, other) {
    header = line
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", header)
    if (header !~ /^["<]/) {
        wrong("includes what a macro says; write the header")
        return
    }
    quoted = header ~ /^"/
    gsub(/^["<]|[">][ \t]*$/, "", header)
    if (header ~ /^(wasmtime\.h|wasm\.h|wasi\.h|wasmtime\/.*|(.*\/)?airs_wasmtime_ext\.h)$/) {
        check_bridge(header, "runtime", "src/runtime alone")
    } else if (header ~ /^(.*\/)?airs_toml\.h$/) {
        check_bridge(header, "node cli", "src/node and src/cli")
    } else if (header ~ /^(.*\/)?airs_wit_tools\.h$/) {
        check_bridge(header, "cli", "src/cli alone")
    } else if (header ~ /^airssys\// && !quoted) {
        return
    } else if (in_public && quoted) {
        wrong("a public header includes \"" header "\"; it may include <airssys/...> and system headers")
    } else if (in_source && quoted) {
        other = header
        if (!sub(/\/.*/, "", other) || !(other in may))
            wrong("includes \"" header "\"; write its path from src/, so that its layer shows")
        else if (!allowed(layer, other))
            wrong("the " layer " layer includes \"" header "\"; it may include only " may[layer])
    } else if (in_source && header ~ /^(core|security|runtime|actor|storage|node|cli)\//) {
        wrong("includes <" header ">; project headers are written in quotes")
    }
}

FNR == 1 {
    in_comment = 0
    in_source = FILENAME ~ /^src\//
    in_public = FILENAME ~ /^include\//
    layer = FILENAME
    sub(/^src\//, "", layer)
    sub(/\/.*/, "", layer)
    if (in_source && !(layer in may)) wrong("src/" layer " is no layer")
}

{ line = code($0) }
line ~ /^[ \t]*#[ \t]*include/ { check_include(line) }
line ~ /(^|[^A-Za-z0-9_])wasmtime_(module|instance|func)_/ {
    wrong("names the core-module part of Wasmtime; only components are loaded")
}

END { exit found }
'
