/* What bounds the loading of a component: what its file may be, and what compiling it may cost.
 *
 * Whoever makes a component decides how much work its compilation is; these bounds are looked at before it is
 * compiled, or held while it is. */
#ifndef AIRSSYS_LOAD_H
#define AIRSSYS_LOAD_H

#include <airssys/bytes.h>

/* X(member, default, most, key, what): what a component's file may have. `key` is the name in a manifest. */
#define AIRS_COMPONENT_LIMIT_MAP(X)                                               \
    X(modules, 1000, 100000, "modules", "core modules")                           \
    X(nesting, 16, 64, "nesting", "components within components")                 \
    X(functions, 200000, 10000000, "functions", "functions")                      \
    X(function_bytes, 1 << 20, 7654321, "function-size", "bytes in one function") \
    X(locals, 20000, 50000, "locals", "local variables in one function")          \
    X(types, 100000, 1000000, "types", "types")                                   \
    X(imports, 20000, 1000000, "imports", "imports")                              \
    X(exports, 100000, 1000000, "exports", "exports")                             \
    X(memories, 1000, 100000, "memories", "memories")                             \
    X(tables, 1000, 100000, "tables", "tables")                                   \
    X(items, 500000, 10000000, "items",                                           \
      "instances, aliases, adapted functions, globals, segments, elements of tables and exceptions")

/* Zeroed members mean the default. */
typedef struct airs_load_limits {
    uint64_t file_bytes; /* of the file; default 64 MiB, 256 MiB at most */
#define AIRS_COMPONENT_LIMIT_MEMBER(member, standard, most, key, what) uint64_t member;
    AIRS_COMPONENT_LIMIT_MAP(AIRS_COMPONENT_LIMIT_MEMBER)
#undef AIRS_COMPONENT_LIMIT_MEMBER
    /* Of a component that is compiled apart: the address space of the program that compiles it (default 2 GiB, 256 MiB
     * at least), how long that may take (default 120,000), for how long all its threads together may run (default
     * 120,000; in whole seconds), and how large the machine code may be (default 256 MiB). */
    uint64_t compile_memory_bytes;
    uint64_t compile_time_ms;
    uint64_t compile_cpu_ms;
    uint64_t code_bytes;
} airs_load_limits_t;

/* Which components are compiled apart, by the program airssys-compile, which may fail and does not take the node with
 * it. */
typedef enum airs_compile_mode {
    AIRS_COMPILE_APART_UNTRUSTED, /* those that are loaded as not trusted */
    AIRS_COMPILE_APART_ALL,
    AIRS_COMPILE_APART_NONE,
} airs_compile_mode_t;

/* Zeroed members mean the default. Set `size` with AIRS_LOAD_OPTIONS_INIT. */
typedef struct airs_load_options {
    size_t size;
    const char *path;   /* a file (.wasm or .wat, told from the content); NULL: `bytes` are the component */
    airs_bytes_t bytes; /* without a path */
    const char *name;   /* for messages; NULL: the path, or "component" */
    bool untrusted; /* nobody vouches for it: it is compiled apart, unless the node compiles nothing apart */
    airs_load_limits_t limits;
} airs_load_options_t;

#define AIRS_LOAD_OPTIONS_INIT {.size = sizeof(airs_load_options_t)}

#endif
