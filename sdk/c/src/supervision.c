#include "memory.h"

static airs_status_t failed(airssys_actor_supervision_supervision_error_t *error) {
    static const airs_status_t statuses[] = {
        [AIRSSYS_ACTOR_SUPERVISION_SUPERVISION_ERROR_DENIED] = AIRS_DENIED,
        [AIRSSYS_ACTOR_SUPERVISION_SUPERVISION_ERROR_NOT_FOUND] = AIRS_TARGET_NOT_FOUND,
        [AIRSSYS_ACTOR_SUPERVISION_SUPERVISION_ERROR_ALREADY_EXISTS] = AIRS_ALREADY_EXISTS,
        [AIRSSYS_ACTOR_SUPERVISION_SUPERVISION_ERROR_INVALID] = AIRS_INVALID_ARGUMENT,
        [AIRSSYS_ACTOR_SUPERVISION_SUPERVISION_ERROR_LIMIT_REACHED] = AIRS_QUOTA_EXCEEDED,
        [AIRSSYS_ACTOR_SUPERVISION_SUPERVISION_ERROR_FAILED] = AIRS_FAILED,
    };
    /* Every case has a text, and they stand in the same place. */
    airs_status_t status = airs_sdk_fail(statuses[error->tag], airs_sdk_str(error->val.denied));
    airssys_actor_supervision_supervision_error_free(error);
    return status;
}

/* ---- spawning ---- */

/* The options as the bindings have them. `config` is where its bytes are. */
static airssys_actor_supervision_spawn_options_t given(const airs_spawn_options_t *options) {
    airssys_actor_supervision_spawn_options_t out = {0};
    if (options != NULL && options->instance.size != 0) {
        out.instance.is_some = true;
        out.instance.val = airs_sdk_string(options->instance);
    }
    if (options != NULL && options->config.data != NULL) {
        out.config.is_some = true;
        out.config.val.ptr = (uint8_t *)(uintptr_t)options->config.data;
        out.config.val.len = options->config.size;
    }
    return out;
}

static void put(char **at, guest_string_t part, char end) {
    memcpy(*at, part.ptr, part.len);
    *at += part.len;
    *(*at)++ = end;
}

/* Ids have 255 bytes at most, beside two slashes. */
static void take_id(airssys_core_types_component_id_t *id, airs_spawned_t *out) {
    if (out != NULL && id->namespace_.len + id->name.len + id->instance.len + 3 <= sizeof out->text) {
        char *at = out->text;
        put(&at, id->namespace_, '/');
        put(&at, id->name, '/');
        put(&at, id->instance, '\0');
    }
    airssys_core_types_component_id_free(id);
}

airs_id_t airs_spawned_id(const airs_spawned_t *spawned) {
    airs_id_t id = airs_id(NULL, NULL, NULL);
    (void)airs_id_parse(airs_str(spawned->text), &id);
    return id;
}

airs_status_t airs_spawn(airs_str_t component, const airs_spawn_options_t *options, airs_spawned_t *out) {
    guest_string_t name = airs_sdk_string(component);
    airssys_actor_supervision_spawn_options_t how = given(options);
    airssys_core_types_component_id_t id;
    airssys_actor_supervision_supervision_error_t error;
    if (!airssys_actor_supervision_spawn(&name, &how, &id, &error)) {
        return failed(&error);
    }
    take_id(&id, out);
    return AIRS_OK;
}

airs_status_t airs_spawn_link(airs_str_t component, const airs_spawn_options_t *options,
                              airs_spawned_t *out) {
    guest_string_t name = airs_sdk_string(component);
    airssys_actor_supervision_spawn_options_t how = given(options);
    airssys_core_types_component_id_t id;
    airssys_actor_supervision_supervision_error_t error;
    if (!airssys_actor_supervision_spawn_link(&name, &how, &id, &error)) {
        return failed(&error);
    }
    take_id(&id, out);
    return AIRS_OK;
}

airs_status_t airs_spawn_monitor(airs_str_t component, const airs_spawn_options_t *options,
                                 airs_spawned_t *out, airs_monitor_t *monitor) {
    guest_string_t name = airs_sdk_string(component);
    airssys_actor_supervision_spawn_options_t how = given(options);
    airssys_actor_supervision_tuple2_component_id_monitor_id_t made;
    airssys_actor_supervision_supervision_error_t error;
    if (!airssys_actor_supervision_spawn_monitor(&name, &how, &made, &error)) {
        return failed(&error);
    }
    if (monitor != NULL) {
        *monitor = made.f1;
    }
    take_id(&made.f0, out);
    return AIRS_OK;
}

/* ---- ends ---- */

airs_status_t airs_stop(airs_id_t id, airs_stop_mode_t mode) {
    airssys_core_types_component_id_t of = airs_sdk_component_id(id);
    airssys_actor_supervision_supervision_error_t error;
    return airssys_actor_supervision_stop(&of, (airssys_actor_supervision_stop_mode_t)mode, &error)
               ? AIRS_OK
               : failed(&error);
}

airs_status_t airs_exit(airs_reason_kind_t reason, const char *text) {
    airssys_actor_supervision_exit_reason_t why = {.tag = (uint8_t)reason};
    if (reason == AIRS_REASON_ERROR) {
        why.val.error = airs_sdk_string(airs_str(text));
    } else if (reason == AIRS_REASON_CRASH) {
        why.val.crash = airs_sdk_string(airs_str(text));
    }
    airssys_actor_supervision_supervision_error_t error;
    return airssys_actor_supervision_exit(&why, &error) ? AIRS_OK : failed(&error);
}

/* ---- links and monitors ---- */

airs_status_t airs_monitor(airs_id_t id, airs_monitor_t *out) {
    airssys_core_types_component_id_t of = airs_sdk_component_id(id);
    airssys_actor_supervision_monitor_id_t monitor = 0;
    airssys_actor_supervision_supervision_error_t error;
    if (!airssys_actor_supervision_monitor(&of, &monitor, &error)) {
        return failed(&error);
    }
    if (out != NULL) {
        *out = monitor;
    }
    return AIRS_OK;
}

bool airs_demonitor(airs_monitor_t monitor) { return airssys_actor_supervision_demonitor(monitor); }

airs_status_t airs_link(airs_id_t id) {
    airssys_core_types_component_id_t of = airs_sdk_component_id(id);
    airssys_actor_supervision_supervision_error_t error;
    return airssys_actor_supervision_link(&of, &error) ? AIRS_OK : failed(&error);
}

void airs_unlink(airs_id_t id) {
    airssys_core_types_component_id_t of = airs_sdk_component_id(id);
    airssys_actor_supervision_unlink(&of);
}

airs_status_t airs_trap_exits(bool traps) {
    airssys_actor_supervision_supervision_error_t error;
    return airssys_actor_supervision_trap_exit(traps, &error) ? AIRS_OK : failed(&error);
}
