#include "node/reload_report.h"

#include <inttypes.h>
#include <string.h>

static const char *const kind_names[AIRS_RELOAD_KINDS] = {"added",   "removed", "restarted",
                                                          "updated", "resized", "failed"};

void airs_reload_report_init(airs_reload_report_t *report, const airs_allocator_t *allocator) {
    *report = (airs_reload_report_t){.arena = {.allocator = allocator}};
}

void airs_reload_report_free(airs_reload_report_t *report) { airs_arena_free(&report->arena); }

bool airs_reload_report_reserve(airs_reload_report_t *report, size_t items) {
    report->items = airs_arena_alloc(&report->arena, items, sizeof *report->items);
    report->capacity = report->items != NULL ? items : 0;
    return report->items != NULL;
}

void airs_reload_report_add(airs_reload_report_t *report, airs_reload_item_t item) {
    if (report->count == report->capacity) {
        return;
    }
    if (item.reason != NULL) {
        size_t size = strlen(item.reason) + 1;
        char *copy = airs_arena_alloc(&report->arena, 1, size);
        item.reason = copy != NULL ? memcpy(copy, item.reason, size) : airs_status_text(AIRS_OUT_OF_MEMORY);
    }
    report->items[report->count++] = item;
}

static size_t count_of(const airs_reload_report_t *report, airs_reload_kind_t kind) {
    size_t count = 0;
    for (size_t i = 0; i < report->count; i++) {
        count += report->items[i].kind == kind;
    }
    return count;
}

static void append_item(const airs_reload_item_t *item, airs_text_t *out) {
    airs_text_append(out, airs_str(item->name));
    if (item->kind == AIRS_RELOAD_RESIZED) {
        airs_text_append_format(out, " (%" PRIu64 " to %" PRIu64 ")", item->from, item->to);
    } else if (item->kind == AIRS_RELOAD_FAILED) {
        airs_text_append(out, airs_str(" ("));
        airs_text_append(out, airs_str(item->reason));
        airs_text_append(out, airs_str(")"));
    }
}

void airs_reload_report_text(const airs_reload_report_t *report, airs_text_t *out) {
    for (int kind = 0; kind < AIRS_RELOAD_KINDS; kind++) {
        const char *before = kind_names[kind];
        const char *between = " ";
        for (size_t i = 0; i < report->count; i++) {
            if (report->items[i].kind == (airs_reload_kind_t)kind) {
                airs_text_append(out, airs_str(before));
                airs_text_append(out, airs_str(between));
                append_item(&report->items[i], out);
                before = "";
                between = ", ";
            }
        }
        if (count_of(report, (airs_reload_kind_t)kind) > 0) {
            airs_text_append(out, airs_str("; "));
        }
    }
    airs_text_append_format(out, "%zu unchanged", report->unchanged);
}

static void append_json_item(const airs_reload_item_t *item, airs_text_t *out) {
    bool plain = item->kind != AIRS_RELOAD_RESIZED && item->kind != AIRS_RELOAD_FAILED;
    airs_text_append(out, airs_str(plain ? "" : "{\"name\":"));
    airs_text_append_json(out, airs_str(item->name));
    if (item->kind == AIRS_RELOAD_RESIZED) {
        airs_text_append_format(out, ",\"from\":%" PRIu64 ",\"to\":%" PRIu64 "}", item->from, item->to);
    } else if (item->kind == AIRS_RELOAD_FAILED) {
        airs_text_append(out, airs_str(",\"reason\":"));
        airs_text_append_json(out, airs_str(item->reason));
        airs_text_append(out, airs_str("}"));
    }
}

void airs_reload_report_json(const airs_reload_report_t *report, airs_text_t *out) {
    for (int kind = 0; kind < AIRS_RELOAD_KINDS; kind++) {
        size_t written = 0;
        airs_text_append_format(out, "\"%s\":[", kind_names[kind]);
        for (size_t i = 0; i < report->count; i++) {
            if (report->items[i].kind == (airs_reload_kind_t)kind) {
                airs_text_append(out, airs_str(written++ > 0 ? "," : ""));
                append_json_item(&report->items[i], out);
            }
        }
        airs_text_append(out, airs_str("],"));
    }
    airs_text_append_format(out, "\"unchanged\":%zu", report->unchanged);
}
