# cmake -DIN=x.wasm -DOUT=x.wat -P text.cmake: the component as WebAssembly text, its bytes spelled out.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "(..)" "\\\\\\1" bytes "${hex}")
file(WRITE ${OUT} "(component binary \"${bytes}\")\n")
