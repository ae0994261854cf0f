#include "runtime/host/supervision.h"

#include <stdio.h>

#include "core/exit_message.h"
#include "core/memory.h"
#include "runtime/host/values.h"
#include "runtime/instance.h"
#include "security/security_context.h"

/* ---- answers ---- */

/* The case of supervision-error for a status. */
static const char *case_of(airs_status_t status) {
    switch (status) {
    case AIRS_CAPABILITY_DENIED:
        return "denied";
    case AIRS_COMPONENT_NOT_FOUND:
    case AIRS_TARGET_NOT_FOUND:
    case AIRS_NOT_FOUND:
        return "not-found";
    case AIRS_ALREADY_EXISTS:
        return "already-exists";
    case AIRS_INVALID_ARGUMENT:
    case AIRS_INVALID_STATE:
        return "invalid";
    case AIRS_QUOTA_EXCEEDED:
        return "limit-reached";
    default:
        return "failed";
    }
}

static wasmtime_component_val_t refuse(airs_status_t status, const airs_error_t *error) {
    char text[AIRS_ERROR_TEXT_MAX + 64];
    const char *why = error->text[0] != '\0' ? error->text : airs_status_text(status);
    (void)snprintf(text, sizeof text, "%s%s", status == AIRS_CAPABILITY_DENIED ? "capability-denied: " : "",
                   why);
    return airs_value_error(case_of(status), airs_value_string(airs_str(text)));
}

static wasmtime_component_val_t answer(airs_status_t status, const airs_error_t *error) {
    return status == AIRS_OK ? airs_value_ok_empty() : refuse(status, error);
}

/* Ready to be filled; not an initializer, which would clear two kilobytes. */
static void prepare(airs_error_t *error) {
    error->status = AIRS_OK;
    error->text[0] = '\0';
}

static airs_status_t check(const airs_wasm_instance_t *instance, airs_action_t action, airs_id_t id,
                           airs_error_t *error) {
    airs_resource_t resource = airs_resource_id(id);
    return airs_security_check(instance->security, action, &resource, error);
}

/* ---- spawn ---- */

/* "name" in the caller's own namespace, or "namespace/name". */
static airs_id_t component_named(const airs_wasm_instance_t *instance, airs_str_t text) {
    airs_id_t id = {.ns = airs_security_context_namespace(instance->security), .name = text};
    const char *slash = text.size > 0 ? memrchr(text.data, '/', text.size) : NULL;
    if (slash != NULL) {
        size_t size = (size_t)(slash - text.data);
        id.ns = airs_str_n(text.data, size);
        id.name = airs_str_n(slash + 1, text.size - size - 1);
    }
    return id;
}

static airs_status_t read_instance(const wasmtime_component_val_t *option, airs_spawn_order_t *order,
                                   airs_error_t *error) {
    if (option->of.option == NULL) {
        return AIRS_OK;
    }
    order->id.instance = airs_value_text(option->of.option);
    return order->id.instance.size > 0
               ? AIRS_OK
               : airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                "the instance is an empty text; for a name that is not used yet, give none");
}

static airs_status_t read_config(const airs_allocator_t *allocator, const wasmtime_component_val_t *option,
                                 airs_bytes_t *out) {
    return option->of.option != NULL ? airs_value_to_bytes(allocator, option->of.option, out) : AIRS_OK;
}

static airs_status_t spawn(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                           airs_spawn_order_t *order, airs_spawned_t *out, airs_error_t *error) {
    airs_message_router_t *router = instance->host.router;
    const airs_allocator_t *allocator = instance->engine->options.allocator;
    const wasmtime_component_valrecord_entry_t *options = args[1].of.record.data;
    order->id = component_named(instance, airs_value_text(&args[0]));
    prepare(error);
    airs_status_t status = check(instance, AIRS_ACTION_SPAWN, order->id, error);
    if (status == AIRS_OK) {
        status = read_instance(&options[0].val, order, error);
    }
    if (status == AIRS_OK) {
        status = read_config(allocator, &options[1].val, &order->config);
    }
    if (status == AIRS_OK) {
        status = router->ops->spawn(router, instance->host.self, order, out, error);
    }
    airs_release(allocator, (void *)(uintptr_t)order->config.data);
    return status;
}

static wasmtime_component_val_t spawned_id(const airs_spawned_t *spawned) {
    airs_id_t id = airs_id(NULL, NULL, NULL);
    (void)airs_id_parse(airs_str(spawned->id), &id, NULL);
    return airs_value_id(id);
}

static void spawn_with(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args, bool link,
                       wasmtime_component_val_t *results) {
    airs_spawn_order_t order = {.link = link};
    airs_spawned_t spawned;
    airs_error_t error;
    airs_status_t status = spawn(instance, args, &order, &spawned, &error);
    results[0] = status == AIRS_OK ? airs_value_ok(spawned_id(&spawned)) : refuse(status, &error);
}

static void spawn_alone(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                        wasmtime_component_val_t *results) {
    spawn_with(instance, args, false, results);
}

static void spawn_link(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                       wasmtime_component_val_t *results) {
    spawn_with(instance, args, true, results);
}

static void spawn_monitor(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                          wasmtime_component_val_t *results) {
    airs_spawn_order_t order = {.monitor = true};
    airs_spawned_t spawned;
    airs_error_t error;
    airs_status_t status = spawn(instance, args, &order, &spawned, &error);
    results[0] = status == AIRS_OK
                     ? airs_value_ok(airs_value_pair(spawned_id(&spawned), airs_value_u64(spawned.monitor)))
                     : refuse(status, &error);
}

/* ---- ends ---- */

/* Which of `names` an enumeration's or a variant's case is. The engine lets in no other, so what is none of the first
 * is the last. */
static unsigned case_in(const wasm_name_t *name, const char *const *names, unsigned count) {
    unsigned i = 0;
    while (i + 1 < count && !airs_str_equal(airs_str_n(name->data, name->size), airs_str(names[i]))) {
        i++;
    }
    return i;
}

static void stop(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                 wasmtime_component_val_t *results) {
    static const char *const modes[] = {"drain", "drop", "kill"};
    airs_message_router_t *router = instance->host.router;
    airs_id_t id = airs_value_to_id(&args[0]);
    airs_stop_mode_t mode = (airs_stop_mode_t)case_in(&args[1].of.enumeration, modes, 3);
    airs_error_t error;
    prepare(&error);
    airs_status_t status = check(instance, AIRS_ACTION_STOP, id, &error);
    if (status == AIRS_OK) {
        status = router->ops->stop(router, instance->host.self, id, mode, &error);
    }
    results[0] = answer(status, &error);
}

static airs_reason_kind_t reason_kind(const wasm_name_t *name) {
    const char *names[AIRS_REASON_NO_ACTOR + 1];
    for (int kind = AIRS_REASON_NORMAL; kind <= AIRS_REASON_NO_ACTOR; kind++) {
        names[kind] = airs_reason_text((airs_reason_kind_t)kind);
    }
    return (airs_reason_kind_t)case_in(name, names, AIRS_REASON_NO_ACTOR + 1);
}

/* What of the text is kept, as a C string; what is behind a zero is not. */
static void read_text(const wasmtime_component_val_t *value, char out[AIRS_REASON_TEXT_MAX + 4]) {
    airs_str_t text = value != NULL ? airs_value_text(value) : airs_str(NULL);
    size_t size = text.size < AIRS_REASON_TEXT_MAX + 3 ? text.size : AIRS_REASON_TEXT_MAX + 3;
    *(char *)airs_copy(out, text.data, size) = '\0';
}

static void exit_for(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                     wasmtime_component_val_t *results) {
    airs_message_router_t *router = instance->host.router;
    const wasmtime_component_valvariant_t *variant = &args[0].of.variant;
    char text[AIRS_REASON_TEXT_MAX + 4];
    read_text(variant->val, text);
    airs_exit_reason_t reason = {.kind = reason_kind(&variant->discriminant), .text = text};
    airs_status_t status = router->ops->exit(router, instance->host.self, &reason);
    airs_error_t error;
    prepare(&error);
    if (status == AIRS_INVALID_ARGUMENT) {
        airs_error_set(&error, status, "no actor ends for the reason \"no-actor\"");
    } else if (status == AIRS_INVALID_STATE) {
        airs_error_set(&error, status, "this actor is ending already");
    }
    results[0] = answer(status, &error);
}

/* ---- links and monitors ---- */

static void monitor(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                    wasmtime_component_val_t *results) {
    airs_message_router_t *router = instance->host.router;
    airs_id_t id = airs_value_to_id(&args[0]);
    uint64_t number = 0;
    airs_error_t error;
    prepare(&error);
    airs_status_t status = check(instance, AIRS_ACTION_MONITOR, id, &error);
    if (status == AIRS_OK) {
        status = router->ops->monitor(router, instance->host.self, id, &number, &error);
    }
    results[0] = status == AIRS_OK ? airs_value_ok(airs_value_u64(number)) : refuse(status, &error);
}

/* These two need no grant: they give back what was granted. */
static void demonitor(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                      wasmtime_component_val_t *results) {
    airs_message_router_t *router = instance->host.router;
    airs_status_t status = router->ops->demonitor(router, instance->host.self, args[0].of.u64);
    results[0] = airs_value_bool(status == AIRS_OK);
}

static void unlink_from(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                        wasmtime_component_val_t *results) {
    (void)results;
    airs_message_router_t *router = instance->host.router;
    router->ops->unlink(router, instance->host.self, airs_value_to_id(&args[0]));
}

static void link_with(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                      wasmtime_component_val_t *results) {
    airs_message_router_t *router = instance->host.router;
    airs_id_t id = airs_value_to_id(&args[0]);
    airs_error_t error;
    prepare(&error);
    airs_status_t status = check(instance, AIRS_ACTION_LINK, id, &error);
    if (status == AIRS_OK) {
        status = router->ops->link(router, instance->host.self, id, &error);
    }
    results[0] = answer(status, &error);
}

static void trap_exit(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                      wasmtime_component_val_t *results) {
    airs_message_router_t *router = instance->host.router;
    airs_error_t error;
    prepare(&error);
    results[0] = answer(router->ops->trap_exits(router, instance->host.self, args[0].of.boolean), &error);
}

/* ---- linking ---- */

typedef struct import {
    const char *name;
    void (*function)(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                     wasmtime_component_val_t *results);
} import_t;

static const import_t imports[] = {
    {"spawn", spawn_alone},   {"spawn-link", spawn_link}, {"spawn-monitor", spawn_monitor},
    {"stop", stop},           {"exit", exit_for},         {"monitor", monitor},
    {"demonitor", demonitor}, {"link", link_with},        {"unlink", unlink_from},
    {"trap-exit", trap_exit},
};

/* `data` is one of them. */
static wasmtime_error_t *call_import(void *data, wasmtime_context_t *context,
                                     const wasmtime_component_func_type_t *type,
                                     wasmtime_component_val_t *args, size_t arg_count,
                                     wasmtime_component_val_t *results, size_t result_count) {
    (void)type, (void)arg_count, (void)result_count;
    ((const import_t *)data)->function(wasmtime_context_get_data(context), args, results);
    return NULL;
}

wasmtime_error_t *airs_host_supervision_link(wasmtime_component_linker_t *linker) {
    static const char name[] = "airssys:actor/supervision@0.1.0";
    wasmtime_component_linker_instance_t *root = wasmtime_component_linker_root(linker);
    wasmtime_component_linker_instance_t *interface = NULL;
    wasmtime_error_t *failure =
        wasmtime_component_linker_instance_add_instance(root, name, sizeof name - 1, &interface);
    for (size_t i = 0; i < sizeof imports / sizeof *imports && failure == NULL; i++) {
        failure = wasmtime_component_linker_instance_add_func(interface, imports[i].name,
                                                              strlen(imports[i].name), call_import,
                                                              (void *)(uintptr_t)&imports[i], NULL);
    }
    if (interface != NULL) {
        wasmtime_component_linker_instance_delete(interface);
    }
    wasmtime_component_linker_instance_delete(root);
    return failure;
}
