#!/bin/sh
# libairssys.so exports what include/airssys declares with AIRS_API, all of it and nothing else, and has the
# SONAME that programs will look for.
#
#   test_exports.sh LIBRARY INCLUDE SONAME
set -eu

library=${1:?the shared library}
include=${2:?the folder of the public headers}
soname=${3:?its SONAME}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A declaration runs from AIRS_API to its semicolon; its name stands before the first parenthesis.
cat "$include"/*.h | awk '
    /^[ \t]*#/ { next }
    /^AIRS_API / { text = ""; inside = 1 }
    inside { text = text " " $0 }
    inside && /;/ {
        sub(/\(.*/, "", text)
        count = split(text, word, /[^A-Za-z0-9_]+/)
        print word[count]
        inside = 0
    }
' | LC_ALL=C sort >"$work/declared"
nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort >"$work/exported"

[ -s "$work/declared" ] || {
    echo "FAILED: found no declarations in $include"
    exit 1
}
if ! diff -u "$work/declared" "$work/exported"; then
    echo "FAILED: declared (-) and exported (+) differ"
    exit 1
fi
readelf -d "$library" | grep -qF "soname: [$soname]" || {
    echo "FAILED: the SONAME is not $soname"
    readelf -d "$library" | grep SONAME
    exit 1
}
echo "ok: $(wc -l <"$work/exported") functions, SONAME $soname"
