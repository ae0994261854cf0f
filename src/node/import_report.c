#include "node/import_report.h"

#include "core/log.h"
#include "node/guard.h"

#define BIT(name) AIRS_ACTION_BIT(name)
#define ANY_STORAGE (BIT(STORAGE_READ) | BIT(STORAGE_WRITE) | BIT(STORAGE_DELETE))
#define ANY_FILE (BIT(FILE_READ) | BIT(FILE_WRITE))
#define ANY_NETWORK (BIT(OUTBOUND) | BIT(INBOUND))

/* The first that fits is the one. `function` NULL: every one of the interface. */
static const struct {
    const char *interface; /* without version */
    const char *function;
    uint32_t actions;
} needs[] = {
    {"airssys:core/host-messaging", "send", BIT(SEND)},
    {"airssys:core/host-messaging", "request", BIT(REQUEST)},
    {"airssys:core/host-messaging", "broadcast", BIT(BROADCAST)},
    {"airssys:core/host-services", "log", BIT(LOG)},
    {"airssys:core/host-services", "current-time", BIT(CLOCK)},
    {"airssys:core/host-services", "current-time-millis", BIT(CLOCK)},
    {"airssys:core/host-services", "sleep-millis", BIT(SLEEP)},
    {"airssys:core/host-services", "list-components", BIT(LIST_COMPONENTS)},
    {"airssys:core/host-services", "get-component-metadata", BIT(METADATA)},
    {"airssys:core/storage", "get", BIT(STORAGE_READ)},
    {"airssys:core/storage", "exists", BIT(STORAGE_READ)},
    {"airssys:core/storage", "list-keys", BIT(STORAGE_READ)},
    {"airssys:core/storage", "usage", BIT(STORAGE_READ)},
    {"airssys:core/storage", "set", BIT(STORAGE_WRITE)},
    {"airssys:core/storage", "delete", BIT(STORAGE_DELETE)},
    {"airssys:core/storage", NULL, ANY_STORAGE},
    {"airssys:actor/topics", "publish", BIT(TOPIC_PUBLISH)},
    {"airssys:actor/topics", "subscribe", BIT(TOPIC_SUBSCRIBE)},
    {"airssys:actor/supervision", "spawn", BIT(SPAWN)},
    {"airssys:actor/supervision", "spawn-link", BIT(SPAWN)},
    {"airssys:actor/supervision", "spawn-monitor", BIT(SPAWN)},
    {"airssys:actor/supervision", "stop", BIT(STOP)},
    {"airssys:actor/supervision", "link", BIT(LINK)},
    {"airssys:actor/supervision", "monitor", BIT(MONITOR)},
    {"wasi:filesystem/types", NULL, ANY_FILE},
    {"wasi:keyvalue/store", NULL, ANY_STORAGE},
    {"wasi:keyvalue/atomics", NULL, ANY_STORAGE},
    {"wasi:keyvalue/batch", NULL, ANY_STORAGE},
    {"wasi:logging/logging", NULL, BIT(LOG)},
    {"wasi:sockets/ip-name-lookup", NULL, BIT(OUTBOUND)},
    {"wasi:sockets/tcp", NULL, ANY_NETWORK},
    {"wasi:sockets/tcp-create-socket", NULL, ANY_NETWORK},
    {"wasi:sockets/udp", NULL, ANY_NETWORK},
    {"wasi:sockets/udp-create-socket", NULL, ANY_NETWORK},
};

/* Without its version. */
static airs_str_t bare(airs_str_t interface) {
    const char *at = interface.size > 0 ? memchr(interface.data, '@', interface.size) : NULL;
    return at != NULL ? airs_str_n(interface.data, (size_t)(at - interface.data)) : interface;
}

uint32_t airs_import_actions(airs_str_t interface, airs_str_t function) {
    airs_str_t name = bare(interface);
    /* That a thing is not needed any more is always allowed. */
    static const char drop[] = "[resource-drop]";
    if (function.size >= sizeof drop - 1 && memcmp(function.data, drop, sizeof drop - 1) == 0) {
        return 0;
    }
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        if (airs_str_equal(name, airs_str(needs[i].interface)) &&
            (needs[i].function == NULL || airs_str_equal(function, airs_str(needs[i].function)))) {
            return needs[i].actions;
        }
    }
    return 0;
}

void airs_import_actions_text(uint32_t actions, airs_text_t *out) {
    bool first = true;
    for (unsigned i = 0; i < AIRS_ACTION_COUNT; i++) {
        if ((actions & UINT32_C(1) << i) != 0) {
            airs_text_append_format(out, "%s%s", first ? "" : " or ", airs_action_text((airs_action_t)i));
            first = false;
        }
    }
}

airs_status_t airs_import_report_capabilities(const airs_allocator_t *allocator,
                                              const airs_manifest_component_t *component,
                                              airs_capabilities_t **out, airs_error_t *error) {
    const airs_manifest_capabilities_t *given = &component->capabilities;
    if (!given->given) {
        *out = airs_capabilities_common();
        return AIRS_OK;
    }
    return airs_guard_make_capabilities(allocator, given->grants, given->grant_count, given->storage_quota, 0,
                                        out, error);
}

typedef struct comparison {
    const airs_capabilities_t *capabilities;
    bool (*each)(void *context, const airs_ungranted_import_t *import);
    void *context;
} comparison_t;

static bool holds_any(const airs_capabilities_t *capabilities, uint32_t actions) {
    for (unsigned i = 0; i < AIRS_ACTION_COUNT; i++) {
        if ((actions & UINT32_C(1) << i) != 0 &&
            airs_capabilities_hold(capabilities, (airs_action_t)i, airs_clock_system())) {
            return true;
        }
    }
    return false;
}

static bool compare(void *context, airs_str_t interface, airs_str_t function) {
    comparison_t *comparison = context;
    uint32_t actions = airs_import_actions(interface, function);
    if (actions == 0 || holds_any(comparison->capabilities, actions)) {
        return true;
    }
    airs_ungranted_import_t import = {interface, function, actions};
    return comparison->each(comparison->context, &import);
}

airs_status_t airs_import_report_each(airs_node_t *node, airs_component_t component,
                                      const airs_capabilities_t *capabilities,
                                      bool (*each)(void *context, const airs_ungranted_import_t *import),
                                      void *context) {
    comparison_t comparison = {capabilities, each, context};
    return airs_node_imported_functions(node, component, compare, &comparison);
}

/* Whole interfaces come in by the dozen: an action is named once, for all functions that need it. */
typedef struct summary {
    airs_text_t text;
    uint32_t seen[AIRS_ACTION_COUNT];
    size_t count;
} summary_t;

static bool summarize(void *context, const airs_ungranted_import_t *import) {
    summary_t *summary = context;
    for (size_t i = 0; i < summary->count; i++) {
        if (summary->seen[i] == import->needs) {
            return true;
        }
    }
    if (summary->count < AIRS_ACTION_COUNT) {
        airs_text_append(&summary->text, airs_str(summary->count > 0 ? ", " : ""));
        airs_import_actions_text(import->needs, &summary->text);
        summary->seen[summary->count++] = import->needs;
    }
    return true;
}

void airs_import_report_log(airs_node_t *node, airs_component_t component,
                            const airs_manifest_component_t *plan, const airs_allocator_t *allocator,
                            airs_log_t *log) {
    airs_capabilities_t *capabilities = NULL;
    if (airs_import_report_capabilities(allocator, plan, &capabilities, NULL) != AIRS_OK) {
        return;
    }
    summary_t summary = {.count = 0};
    airs_text_init(&summary.text, allocator);
    airs_status_t status = airs_import_report_each(node, component, capabilities, summarize, &summary);
    if (status == AIRS_OK && summary.count > 0 && airs_text_status(&summary.text) == AIRS_OK) {
        airs_log_printf(
            log, plan->capabilities.given ? AIRS_LOG_INFO : AIRS_LOG_DEBUG, airs_str("capabilities"),
            "component %s imports functions that need what it was not granted (%s); calls of them "
            "are refused. airssys check lists them",
            plan->name, airs_text_cstr(&summary.text));
    }
    airs_text_free(&summary.text);
    airs_capabilities_unref(capabilities);
}
