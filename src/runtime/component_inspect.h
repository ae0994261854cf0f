/* What a component imports and exports, and what it will need, without running it. */
#ifndef AIRSSYS_RUNTIME_COMPONENT_INSPECT_H
#define AIRSSYS_RUNTIME_COMPONENT_INSPECT_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/error.h>
#include <airssys/load.h>

typedef enum airs_import_need {
    AIRS_IMPORT_PROVIDED, /* this runtime provides it */
    AIRS_IMPORT_TYPES,    /* types alone: nothing is needed */
    AIRS_IMPORT_MISSING,  /* nobody provides it: the component would be refused at load */
} airs_import_need_t;

typedef struct airs_component_import {
    const char *name; /* "wasi:cli/environment@0.2.3" */
    airs_import_need_t need;
} airs_component_import_t;

typedef struct airs_component_report {
    const airs_allocator_t *allocator;
    airs_component_import_t *imports; /* in the component's order */
    size_t import_count;
    const char **exports;
    size_t export_count;
    /* Could it run as an actor here? If not, why: the error of a load. */
    airs_status_t verdict;
    char reason[AIRS_ERROR_TEXT_MAX];
    /* What one instance takes of the engine's pools; false: it cannot be told. */
    bool has_resources;
    uint32_t memories;
    uint32_t tables;
    uint64_t initial_memory_bytes; /* of its largest memory */
    airs_bytes_t binary;           /* the component: text is translated */
} airs_component_report_t;

/* Zeroed members mean the default. */
typedef struct airs_inspect_options {
    const char *cache_dir; /* compiled code is kept there; NULL or "": it is not */
    /* The program that compiles it; NULL: airssys-compile beside the running program, or where that was installed. */
    const char *compiler;
    const airs_load_limits_t *limits;
    bool here; /* it is compiled in this process, which is bounded otherwise, or trusts it */
} airs_inspect_options_t;

/* Reads the file (.wasm or .wat) and has it compiled, by another process unless `here`: what nobody vouches for may be
 * looked at. AIRS_IO, AIRS_INVALID_COMPONENT, AIRS_RESOURCE_LIMIT (it is larger than any engine here allows),
 * AIRS_COMPONENT_TOO_COMPLEX (it has more in it than a component may have unless its manifest says so), what
 * airs_compiler_run says of what costs too much, AIRS_COMPILER_MISSING, AIRS_OUT_OF_MEMORY; a component that could not run
 * here is not an error, see `verdict`. The caller owns the report. */
airs_status_t airs_component_inspect(const airs_allocator_t *allocator, const char *path,
                                     const airs_inspect_options_t *options, airs_component_report_t **out,
                                     airs_error_t *error);

/* NULL is fine. */
void airs_component_report_destroy(airs_component_report_t *report);

#endif
