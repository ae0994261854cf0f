#include "runtime/host/supervision.h"

#include <stdio.h>

#include "core/exit_message.h"
#include "core/memory.h"
#include "runtime/host/function.h"
#include "runtime/host/values.h"
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
    airs_status_t status = read_instance(&options[0].val, order, error);
    if (status == AIRS_OK) {
        /* By the name that it asks for; with none, it may be any. */
        status = check(instance, AIRS_ACTION_SPAWN, order->id, error);
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

static wasmtime_error_t *spawn_alone(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                     wasmtime_component_val_t *results) {
    spawn_with(instance, args, false, results);
    return NULL;
}

static wasmtime_error_t *spawn_link(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                    wasmtime_component_val_t *results) {
    spawn_with(instance, args, true, results);
    return NULL;
}

static wasmtime_error_t *spawn_monitor(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                       wasmtime_component_val_t *results) {
    airs_spawn_order_t order = {.monitor = true};
    airs_spawned_t spawned;
    airs_error_t error;
    airs_status_t status = spawn(instance, args, &order, &spawned, &error);
    results[0] = status == AIRS_OK
                     ? airs_value_ok(airs_value_pair(spawned_id(&spawned), airs_value_u64(spawned.monitor)))
                     : refuse(status, &error);
    return NULL;
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

static wasmtime_error_t *stop(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
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
    return NULL;
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

static wasmtime_error_t *exit_for(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
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
    return NULL;
}

/* ---- links and monitors ---- */

static wasmtime_error_t *monitor(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
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
    return NULL;
}

/* These two need no grant: they give back what was granted. */
static wasmtime_error_t *demonitor(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                   wasmtime_component_val_t *results) {
    airs_message_router_t *router = instance->host.router;
    airs_status_t status = router->ops->demonitor(router, instance->host.self, args[0].of.u64);
    results[0] = airs_value_bool(status == AIRS_OK);
    return NULL;
}

static wasmtime_error_t *unlink_from(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                     wasmtime_component_val_t *results) {
    (void)results;
    airs_message_router_t *router = instance->host.router;
    router->ops->unlink(router, instance->host.self, airs_value_to_id(&args[0]));
    return NULL;
}

static wasmtime_error_t *link_with(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
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
    return NULL;
}

static wasmtime_error_t *trap_exit(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                   wasmtime_component_val_t *results) {
    airs_message_router_t *router = instance->host.router;
    airs_error_t error;
    prepare(&error);
    results[0] = answer(router->ops->trap_exits(router, instance->host.self, args[0].of.boolean), &error);
    return NULL;
}

/* ---- linking ---- */

#define ID "record{namespace: string, name: string, instance: string}"
#define ERROR                                                                              \
    "variant{denied(string), not-found(string), already-exists(string), invalid(string), " \
    "limit-reached(string), failed(string)}"
#define OPTIONS "record{instance: option<string>, config: option<list<u8>>}"
#define REASON "variant{normal, shutdown, killed, error(string), crash(string), no-actor}"

static const airs_host_function_t functions[] = {
    {.name = "spawn", .type = "func(string, " OPTIONS ") -> result<" ID ", " ERROR ">", .call = spawn_alone},
    {.name = "spawn-link",
     .type = "func(string, " OPTIONS ") -> result<" ID ", " ERROR ">",
     .call = spawn_link},
    {.name = "spawn-monitor",
     .type = "func(string, " OPTIONS ") -> result<tuple<" ID ", u64>, " ERROR ">",
     .call = spawn_monitor},
    {.name = "stop", .type = "func(" ID ", enum{drain, drop, kill}) -> result<_, " ERROR ">", .call = stop},
    {.name = "exit", .type = "func(" REASON ") -> result<_, " ERROR ">", .call = exit_for},
    {.name = "monitor", .type = "func(" ID ") -> result<u64, " ERROR ">", .call = monitor},
    {.name = "demonitor", .type = "func(u64) -> bool", .call = demonitor},
    {.name = "link", .type = "func(" ID ") -> result<_, " ERROR ">", .call = link_with},
    {.name = "unlink", .type = "func(" ID ")", .call = unlink_from},
    {.name = "trap-exit", .type = "func(bool) -> result<_, " ERROR ">", .call = trap_exit},
};

const airs_host_interface_t airs_host_supervision_interface = {"airssys:actor/supervision@0.1.0", functions,
                                                               sizeof functions / sizeof *functions};

wasmtime_error_t *airs_host_supervision_link(wasmtime_component_linker_t *linker) {
    return airs_host_interface_link(linker, &airs_host_supervision_interface);
}
