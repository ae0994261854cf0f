/* What became of a manifest that was read while its application ran. */
#ifndef AIRSSYS_NODE_RELOAD_REPORT_H
#define AIRSSYS_NODE_RELOAD_REPORT_H

#include <airssys/status.h>

#include "core/arena.h"
#include "core/text.h"

typedef enum airs_reload_kind {
    AIRS_RELOAD_ADDED,     /* a component, or a supervisor with all its components, was started */
    AIRS_RELOAD_REMOVED,   /* was stopped */
    AIRS_RELOAD_RESTARTED, /* was stopped and started anew, as it is now */
    AIRS_RELOAD_UPDATED,   /* a component's instances go on with another file or other settings */
    AIRS_RELOAD_RESIZED,   /* a component has more or fewer instances; the others were not touched */
    AIRS_RELOAD_FAILED,    /* one of these did not succeed */
} airs_reload_kind_t;

#define AIRS_RELOAD_KINDS 6

typedef struct airs_reload_item {
    airs_reload_kind_t kind;
    const char *name;
    uint64_t from; /* of AIRS_RELOAD_RESIZED */
    uint64_t to;
    const char *reason; /* of AIRS_RELOAD_FAILED */
} airs_reload_item_t;

typedef struct airs_reload_report {
    airs_arena_t arena;
    airs_reload_item_t *items; /* in the order of what was done */
    size_t count;
    size_t capacity;
    size_t unchanged; /* components that were not touched */
} airs_reload_report_t;

/* Empty. */
void airs_reload_report_init(airs_reload_report_t *report, const airs_allocator_t *allocator);
void airs_reload_report_free(airs_reload_report_t *report);

/* Make room for so many items; false: no memory. */
bool airs_reload_report_reserve(airs_reload_report_t *report, size_t items);

/* The name is borrowed for the report's life; the reason is copied, as far as there is memory. */
void airs_reload_report_add(airs_reload_report_t *report, airs_reload_item_t item);

/* "added a, b; removed c; resized d (2 to 5); 3 unchanged" */
void airs_reload_report_text(const airs_reload_report_t *report, airs_text_t *out);

/* The members of an object, without braces: an array for each kind, and `unchanged`. */
void airs_reload_report_json(const airs_reload_report_t *report, airs_text_t *out);

#endif
