/* What a node tells of itself, as JSON; docs/reference/admin.md lists every member. */
#ifndef AIRSSYS_NODE_ADMIN_ADMIN_REPORT_H
#define AIRSSYS_NODE_ADMIN_ADMIN_REPORT_H

#include <airssys/supervisor.h>

#include "core/text.h"

/* A member's name and a time since 1970 as RFC 3339 text: "\"name\":\"2026-11-21T09:45:03.120Z\"". */
void airs_admin_report_time(airs_text_t *out, const char *name, uint64_t wall_ns);

/* The members of the node's counters, without braces. */
void airs_admin_report_counters(airs_text_t *out, airs_node_t *node);

/* The object of the actors that `only` names (an empty instance is any); NULL: all. Returns how many. */
size_t airs_admin_report_actors(airs_text_t *out, airs_node_t *node, const airs_id_t *only, uint64_t now_ns);

/* The object of supervisors and what is below them. Waits for a worker. */
void airs_admin_report_supervisors(airs_text_t *out, airs_node_t *node);

/* The members `size`, `payload` and `text` of a payload of which `limit` bytes are shown, a comma in front of each. */
void airs_admin_report_payload(airs_text_t *out, airs_bytes_t payload, uint64_t limit);

typedef struct airs_admin_letters {
    uint64_t limit;
    bool has_after;
    uint64_t after;
    int reason; /* of airs_dead_letter_reason_t; -1: any */
    uint64_t payload_bytes;
} airs_admin_letters_t;

/* The object of dead letters. */
void airs_admin_report_letters(airs_text_t *out, airs_node_t *node, const airs_admin_letters_t *which);

#endif
