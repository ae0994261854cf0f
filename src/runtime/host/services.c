#include "runtime/host/services.h"

#include "core/deadline.h"
#include "core/memory.h"
#include "runtime/host/guest_log.h"
#include "runtime/host/function.h"
#include "runtime/host/text.h"
#include "runtime/host/values.h"
#include "runtime/instance.h"
#include "security/security_context.h"

/* Context fields of one log call that are kept. */
#define LOG_FIELDS_MAX 32

static bool allowed(airs_wasm_instance_t *instance, airs_action_t action, airs_error_t *error) {
    airs_resource_t nothing = airs_resource_none();
    return airs_security_check(instance->security, action, &nothing, error) == AIRS_OK;
}

/* A refused import that has no error to answer with ends the call. */
static wasmtime_error_t *trap_denied(airs_wasm_instance_t *instance, const airs_error_t *error) {
    instance->host_failed = true;
    return wasmtime_error_new(error->text);
}

/* ---- log ------------------------------------------------------------------------------------ */

static airs_log_level_t level_of(const wasmtime_component_val_t *value) {
    static const char *const names[] = {"trace", "debug", "info", "warn", "error"};
    airs_str_t name = airs_str_n(value->of.enumeration.data, value->of.enumeration.size);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (airs_str_equal(name, airs_str(names[i]))) {
            return (airs_log_level_t)i;
        }
    }
    return AIRS_LOG_INFO;
}

static size_t fields_of(const wasmtime_component_val_t *context, airs_log_field_t fields[LOG_FIELDS_MAX]) {
    if (context->of.option == NULL) {
        return 0;
    }
    const wasmtime_component_vallist_t *list = &context->of.option->of.list;
    size_t count = list->size < LOG_FIELDS_MAX ? list->size : LOG_FIELDS_MAX;
    for (size_t i = 0; i < count; i++) {
        const wasmtime_component_val_t *pair = list->data[i].of.tuple.data;
        fields[i] = (airs_log_field_t){airs_value_text(&pair[0]), airs_value_text(&pair[1])};
    }
    return count;
}

static wasmtime_error_t *log_message(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                     wasmtime_component_val_t *results) {
    (void)results;
    airs_log_t *log = instance->host.log;
    airs_log_field_t fields[LOG_FIELDS_MAX];
    airs_log_record_t record = {
        .level = level_of(&args[0]),
        .source = airs_str(airs_component_id_text(instance->host.id)),
        .message = airs_value_text(&args[1]),
        .fields = fields,
    };
    if (record.level >= log->level && allowed(instance, AIRS_ACTION_LOG, NULL)) {
        record.field_count = fields_of(&args[2], fields);
        airs_guest_log_write(instance, &record);
    }
    return NULL;
}

/* ---- clock ---------------------------------------------------------------------------------- */

static wasmtime_error_t *current_time(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                      wasmtime_component_val_t *results) {
    (void)args;
    airs_error_t error;
    if (!allowed(instance, AIRS_ACTION_CLOCK, &error)) {
        return trap_denied(instance, &error);
    }
    uint64_t now = airs_clock_wall(instance->host.clock);
    results[0] = airs_value_record(2);
    airs_value_set_field(&results[0], 0, "seconds", airs_value_u64(now / 1000000000U));
    airs_value_set_field(&results[0], 1, "nanoseconds", airs_value_u32((uint32_t)(now % 1000000000U)));
    return NULL;
}

static wasmtime_error_t *current_time_millis(airs_wasm_instance_t *instance,
                                             const wasmtime_component_val_t *args,
                                             wasmtime_component_val_t *results) {
    (void)args;
    airs_error_t error;
    if (!allowed(instance, AIRS_ACTION_CLOCK, &error)) {
        return trap_denied(instance, &error);
    }
    results[0] = airs_value_u64(airs_clock_wall(instance->host.clock) / 1000000U);
    return NULL;
}

/* ---- other components ----------------------------------------------------------------------- */

typedef struct id_list {
    const airs_allocator_t *allocator;
    wasmtime_component_val_t *ids;
    size_t count;
    size_t capacity;
} id_list_t;

/* What does not fit into memory is left out: the list is shorter, as it is for what may not be seen. */
static bool note_id(void *context, const airs_peer_info_t *info) {
    id_list_t *list = context;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
        wasmtime_component_val_t *ids = airs_resize_array(list->allocator, list->ids, capacity, sizeof *ids);
        if (ids == NULL) {
            return false;
        }
        list->ids = ids;
        list->capacity = capacity;
    }
    list->ids[list->count++] = airs_value_id(airs_component_id_view(info->id));
    return true;
}

static wasmtime_error_t *list_components(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                         wasmtime_component_val_t *results) {
    (void)args;
    airs_message_router_t *router = instance->host.router;
    id_list_t list = {.allocator = instance->engine->options.allocator};
    if (allowed(instance, AIRS_ACTION_LIST_COMPONENTS, NULL)) {
        router->ops->list(router, note_id, &list);
    }
    results[0].kind = WASMTIME_COMPONENT_LIST;
    wasmtime_component_vallist_new_uninit(&results[0].of.list, list.count);
    /* Moved: the list owns the values from here on. */
    airs_copy(results[0].of.list.data, list.ids, list.count * sizeof *list.ids);
    airs_release(list.allocator, list.ids);
    return NULL;
}

static void take_info(void *context, const airs_peer_info_t *info) {
    wasmtime_component_val_t record = airs_value_record(4);
    airs_value_set_field(&record, 0, "id", airs_value_id(airs_component_id_view(info->id)));
    airs_value_set_field(&record, 1, "name", airs_value_string(airs_str(info->name)));
    airs_value_set_field(&record, 2, "version", airs_value_string(airs_str(info->version)));
    airs_value_set_field(&record, 3, "health", airs_value_string(airs_str(info->health)));
    *(wasmtime_component_val_t *)context = airs_value_ok(record);
}

static wasmtime_error_t *get_component_metadata(airs_wasm_instance_t *instance,
                                                const wasmtime_component_val_t *args,
                                                wasmtime_component_val_t *results) {
    airs_message_router_t *router = instance->host.router;
    airs_id_t id = airs_value_to_id(&args[0]);
    airs_resource_t resource = airs_resource_id(id);
    airs_error_t error;
    airs_status_t status = airs_security_check(instance->security, AIRS_ACTION_METADATA, &resource, &error);
    if (status == AIRS_OK) {
        status = router->ops->describe(router, id, take_info, &results[0]);
        if (status != AIRS_OK) {
            airs_error_set(&error, status, "%.*s/%.*s/%.*s: %s", AIRS_STR_ARG(id.ns), AIRS_STR_ARG(id.name),
                           AIRS_STR_ARG(id.instance), airs_status_text(status));
        }
    }
    if (status != AIRS_OK) {
        results[0] = airs_value_error("invalid-state", airs_value_string(airs_str(error.text)));
    }
    return NULL;
}

/* ---- sleep ---------------------------------------------------------------------------------- */

static bool sleep_deadline(void *host, uint64_t duration_ms, uint64_t *deadline_ns, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_error_t error;
    if (!allowed(instance, AIRS_ACTION_SLEEP, &error)) {
        instance->host_failed = true;
        airs_host_reason(reason, "%s", error.text);
        return false;
    }
    *deadline_ns = airs_deadline_in(instance->host.clock, duration_ms);
    instance->yields = duration_ms == 0;
    return true;
}

/* Who sleeps for no time at all lets others have their turn, and goes on. */
static bool wait_until(void *host, uint64_t deadline_ns) {
    airs_wasm_instance_t *instance = host;
    if (instance->yields) {
        instance->yields = false;
        instance->host.wake(instance->host.wake_context);
        return false;
    }
    return airs_wasm_instance_wait_until(instance, deadline_ns);
}

/* ---- linking -------------------------------------------------------------------------------- */

#define ID "record{namespace: string, name: string, instance: string}"

static const airs_host_function_t functions[] = {
    {.name = "log",
     .type = "func(enum{trace, debug, info, warn, error}, string, option<list<tuple<string, string>>>)",
     .call = log_message},
    {.name = "current-time",
     .type = "func() -> record{seconds: u64, nanoseconds: u32}",
     .call = current_time},
    {.name = "current-time-millis", .type = "func() -> u64", .call = current_time_millis},
    {.name = "list-components", .type = "func() -> list<" ID ">", .call = list_components},
    {.name = "get-component-metadata",
     .type = "func(" ID ") -> result<record{id: " ID ", name: string, version: string, health: string}, "
             "variant{initialization-failed(string), already-initialized, not-initialized, "
             "shutdown-failed(string), invalid-state(string)}>",
     .call = get_component_metadata},
};

const airs_host_interface_t airs_host_services_interface = {"airssys:core/host-services@1.0.0", functions,
                                                            sizeof functions / sizeof *functions};

wasmtime_error_t *airs_host_services_link(wasmtime_component_linker_t *linker) {
    static const airs_ext_waiting_t waiting = {.sleep_deadline = sleep_deadline, .wait_until = wait_until};
    wasmtime_error_t *failure = airs_host_interface_link(linker, &airs_host_services_interface);
    return failure != NULL ? failure : airs_ext_linker_add_sleep(linker, &waiting);
}
