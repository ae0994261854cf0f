/* The [supervisors] table of a manifest, and what a component's table says of its supervision. */
#ifndef AIRSSYS_NODE_MANIFEST_SUPERVISOR_H
#define AIRSSYS_NODE_MANIFEST_SUPERVISOR_H

#include <stddef.h>

#include "node/manifest.h"
#include "node/manifest_reader.h"

#define AIRS_MANIFEST_PLACE_TIME_MAX_MS ((uint64_t)24 * 60 * 60 * 1000)

/* The keys of an airs_manifest_place_t that is a member at this offset. */
#define AIRS_MANIFEST_PLACE_FIELDS(at)                                                                       \
    {"restart", airs_manifest_read_restart, (at) + offsetof(airs_manifest_place_t, restart), 0, 0, false},   \
        {"shutdown", airs_manifest_read_child_shutdown, (at) + offsetof(airs_manifest_place_t, shutdown_ms), \
         1,          AIRS_MANIFEST_PLACE_TIME_MAX_MS,   false},                                              \
        {"significant",                                                                                      \
         airs_manifest_read_significant,                                                                     \
         (at) + offsetof(airs_manifest_place_t, significant),                                                \
         0,                                                                                                  \
         0,                                                                                                  \
         false},                                                                                             \
    {                                                                                                        \
        "after", airs_manifest_read_after, (at), 0, 0, false                                                 \
    }

/* Into an airs_restart_t; a uint64_t; a bool; the airs_manifest_place_t. */
airs_manifest_read_fn airs_manifest_read_restart;
airs_manifest_read_fn airs_manifest_read_child_shutdown;
airs_manifest_read_fn airs_manifest_read_significant;
airs_manifest_read_fn airs_manifest_read_after;

/* The defaults, which are OTP's. */
#define AIRS_MANIFEST_SUPERVISOR_INIT {.intensity = 1, .period_ms = 5000}

/* In the order of the file; the manifest's memory. Their children are not looked up yet. */
typedef struct airs_manifest_supervisor_list {
    airs_manifest_supervisor_t *items;
    size_t count;
} airs_manifest_supervisor_list_t;

/* airs_manifest_read_fn: reads the table into an airs_manifest_supervisor_list_t. */
airs_manifest_read_fn airs_manifest_read_supervisors;

#endif
