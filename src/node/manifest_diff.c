#include "node/manifest_diff.h"

#include <stdarg.h>
#include <stdio.h>

#include "node/manifest_stream.h"

static bool same_text(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* ---- components ---- */

static bool same_env(const airs_manifest_component_t *a, const airs_manifest_component_t *b) {
    bool same = a->env_count == b->env_count;
    for (size_t i = 0; i < a->env_count && same; i++) {
        same = same_text(a->env[i].name, b->env[i].name) && same_text(a->env[i].value, b->env[i].value);
    }
    return same;
}

static bool same_settings(const airs_manifest_component_t *a, const airs_manifest_component_t *b) {
    bool same = a->setting_count == b->setting_count;
    for (size_t i = 0; i < a->setting_count && same; i++) {
        same = same_text(a->settings[i].name, b->settings[i].name) &&
               same_text(a->settings[i].value, b->settings[i].value) &&
               a->settings[i].secret == b->settings[i].secret;
    }
    return same;
}

static bool same_config(airs_bytes_t a, airs_bytes_t b) {
    if (a.data == NULL || b.data == NULL) {
        return a.data == b.data;
    }
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static bool same_call_limits(const airs_manifest_limits_t *a, const airs_manifest_limits_t *b) {
    return a->memory_bytes == b->memory_bytes && a->execution_time_ms == b->execution_time_ms &&
           a->parked_time_ms == b->parked_time_ms && a->fuel == b->fuel &&
           a->log_lines_per_s == b->log_lines_per_s && a->storage_quota == b->storage_quota;
}

static bool same_actor_limits(const airs_manifest_limits_t *a, const airs_manifest_limits_t *b) {
    return a->mailbox_messages == b->mailbox_messages && a->mailbox_bytes == b->mailbox_bytes &&
           a->message_bytes == b->message_bytes && a->outstanding_requests == b->outstanding_requests &&
           a->block_time_ms == b->block_time_ms && a->timers == b->timers &&
           a->subscriptions == b->subscriptions && a->deferred_replies == b->deferred_replies &&
           a->monitors == b->monitors && a->links == b->links && a->messages_per_s == b->messages_per_s &&
           a->instances == b->instances && a->mailbox_policy == b->mailbox_policy;
}

static bool same_subscriptions(const airs_manifest_component_t *a, const airs_manifest_component_t *b) {
    bool same = a->subscription_count == b->subscription_count;
    for (size_t i = 0; i < a->subscription_count && same; i++) {
        same = same_text(a->subscriptions[i], b->subscriptions[i]);
    }
    return same;
}

static bool same_health(const airs_manifest_health_t *a, const airs_manifest_health_t *b) {
    return a->interval_ms == b->interval_ms && a->timeout_ms == b->timeout_ms &&
           a->unhealthy_after == b->unhealthy_after;
}

static bool same_capabilities(const airs_manifest_capabilities_t *a, const airs_manifest_capabilities_t *b) {
    bool same = a->given == b->given && a->grant_count == b->grant_count &&
                a->storage_quota == b->storage_quota && a->expires_at_ns == b->expires_at_ns;
    for (size_t i = 0; i < a->grant_count && same; i++) {
        same = same_text(a->grants[i].action, b->grants[i].action) &&
               same_text(a->grants[i].pattern, b->grants[i].pattern) &&
               same_text(a->grants[i].guest_path, b->grants[i].guest_path);
    }
    return same;
}

static bool same_run(const airs_manifest_run_t *a, const airs_manifest_run_t *b) {
    bool same = a->given == b->given && a->every_ms == b->every_ms && a->arg_count == b->arg_count &&
                airs_manifest_same_stream(&a->output, &b->output) &&
                airs_manifest_same_stream(&a->error, &b->error) &&
                a->standard_input.size == b->standard_input.size &&
                (a->standard_input.size == 0 ||
                 memcmp(a->standard_input.data, b->standard_input.data, a->standard_input.size) == 0);
    for (size_t i = 0; i < a->arg_count && same; i++) {
        same = same_text(a->args[i], b->args[i]);
    }
    return same;
}

unsigned airs_manifest_component_difference(const airs_manifest_component_t *old,
                                            const airs_manifest_component_t *now) {
    unsigned difference = 0;
    if (!same_text(old->source, now->source)) {
        difference |= AIRS_DIFFERS_SOURCE;
    }
    if (!same_env(old, now) || !same_config(old->config, now->config) || !same_settings(old, now) ||
        !same_call_limits(&old->limits, &now->limits) ||
        !same_capabilities(&old->capabilities, &now->capabilities)) {
        difference |= AIRS_DIFFERS_SETTINGS;
    }
    if (!same_actor_limits(&old->limits, &now->limits) || !same_subscriptions(old, now) ||
        old->accepts != now->accepts || !same_health(&old->health, &now->health) ||
        old->storage_by_instance != now->storage_by_instance || old->record != now->record ||
        old->stateless != now->stateless || old->passivate_after_ms != now->passivate_after_ms ||
        !same_run(&old->run, &now->run) || old->record_bytes != now->record_bytes) {
        difference |= AIRS_DIFFERS_ACTOR;
    }
    if (old->instances != now->instances) {
        difference |= AIRS_DIFFERS_INSTANCES;
    }
    return difference;
}

/* ---- supervisors ---- */

static bool same_place(const airs_manifest_place_t *a, const airs_manifest_place_t *b) {
    return a->restart == b->restart && a->significant == b->significant && a->shutdown_ms == b->shutdown_ms;
}

static bool same_child(const airs_manifest_child_t *a, const airs_manifest_child_t *b) {
    if ((a->component == NULL) != (b->component == NULL)) {
        return false;
    }
    if (a->component == NULL) {
        return airs_manifest_same_supervision(a->supervisor, b->supervisor);
    }
    return same_text(a->component->name, b->component->name) &&
           same_place(&a->component->place, &b->component->place);
}

/* An implicit supervisor's intensity goes by its instances, and is not worth a restart of all of them. */
static bool same_intensity(const airs_manifest_supervisor_t *a, const airs_manifest_supervisor_t *b) {
    return a->implicit || (a->intensity == b->intensity && a->period_ms == b->period_ms);
}

bool airs_manifest_same_supervision(const airs_manifest_supervisor_t *old,
                                    const airs_manifest_supervisor_t *now) {
    bool same = same_text(old->name, now->name) && old->implicit == now->implicit &&
                old->strategy == now->strategy && old->auto_shutdown == now->auto_shutdown &&
                same_intensity(old, now) && old->backoff_first_ms == now->backoff_first_ms &&
                old->backoff_max_ms == now->backoff_max_ms && same_place(&old->place, &now->place) &&
                old->child_count == now->child_count;
    for (size_t i = 0; i < old->child_count && same; i++) {
        same = same_child(&old->children[i], &now->children[i]);
    }
    return same;
}

/* ---- what is fixed ---- */

typedef struct complaints {
    char text[AIRS_ERROR_TEXT_MAX];
    size_t used;
} complaints_t;

static void refuse(complaints_t *complaints, const char *format, ...) AIRS_PRINTF(2, 3);

/* What does not fit is left out: the first ones are enough to know what to do. */
static void refuse(complaints_t *complaints, const char *format, ...) {
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t room = sizeof complaints->text - complaints->used;
    int size =
        snprintf(complaints->text + complaints->used, room, "%s%s", complaints->used > 0 ? "\n" : "", line);
    if (size > 0 && (size_t)size < room) {
        complaints->used += (size_t)size;
    } else {
        complaints->text[complaints->used] = '\0';
    }
}

#define FIXED "is fixed while the application runs; restart it"

static void refuse_if(complaints_t *complaints, bool differs, const char *setting) {
    if (differs) {
        refuse(complaints, "%s " FIXED, setting);
    }
}

static const char *name_of(const airs_manifest_component_t *component) {
    return component != NULL ? component->name : NULL;
}

/* What the components ask of the engine, which was made for those at the start. */
static void check_engine(complaints_t *complaints, const airs_manifest_t *now,
                         const airs_node_options_t *made) {
    for (size_t i = 0; i < now->component_count; i++) {
        const airs_manifest_component_t *component = &now->components[i];
        if (component->limits.fuel != 0 && !made->consume_fuel) {
            refuse(complaints, "components.%s.limits.fuel needs an engine that counts fuel, which " FIXED,
                   component->name);
        }
        if (component->record && !made->record) {
            refuse(complaints, "components.%s.record needs an engine that runs the same again, which " FIXED,
                   component->name);
        }
        if (component->limits.memory_bytes > made->max_memory_bytes) {
            refuse(complaints,
                   "components.%s.limits.memory is more than this engine's largest memory, which " FIXED,
                   component->name);
        }
    }
    if (airs_manifest_kept_instances(now) > made->max_actors) {
        refuse(complaints,
               "the components have more instances together than engine.max-actors (%u), which " FIXED,
               made->max_actors);
    }
}

airs_status_t airs_manifest_check_change(const airs_manifest_t *old, const airs_manifest_t *now,
                                         const airs_node_options_t *made, airs_error_t *error) {
    complaints_t complaints = {.text = ""};
    refuse_if(&complaints, !same_text(old->name, now->name), "application.name");
    refuse_if(&complaints, !same_text(old->ns, now->ns), "application.namespace");
    refuse_if(&complaints, !same_text(name_of(old->input), name_of(now->input)), "application.input");
    refuse_if(&complaints, !same_text(name_of(old->output), name_of(now->output)), "application.output");
    refuse_if(&complaints, old->engine.workers != now->engine.workers, "engine.workers");
    refuse_if(&complaints, old->engine.slice_us != now->engine.slice_us, "engine.slice");
    refuse_if(&complaints, old->engine.max_actors != now->engine.max_actors, "engine.max-actors");
    refuse_if(&complaints, old->engine.max_core_instances != now->engine.max_core_instances,
              "engine.max-core-instances");
    refuse_if(&complaints, old->admin.disabled != now->admin.disabled, "admin.enabled");
    refuse_if(&complaints, !same_text(old->admin.socket, now->admin.socket), "admin.socket");
    refuse_if(&complaints,
              !same_text(old->crashes.folder, now->crashes.folder) ||
                  old->crashes.max_files != now->crashes.max_files ||
                  old->crashes.max_bytes != now->crashes.max_bytes,
              "[crashes]");
    refuse_if(&complaints,
              !same_text(old->storage.folder, now->storage.folder) ||
                  old->storage.sync != now->storage.sync ||
                  old->storage.interval_ms != now->storage.interval_ms ||
                  old->storage.map_bytes != now->storage.map_bytes,
              "[storage]");
    refuse_if(&complaints,
              !same_text(old->audit.file, now->audit.file) || old->audit.max_bytes != now->audit.max_bytes ||
                  old->audit.kept != now->audit.kept,
              "[audit]");
    refuse_if(&complaints,
              old->compile.mode != now->compile.mode ||
                  !same_text(old->compile.program, now->compile.program),
              "compile.apart and compile.program");
    check_engine(&complaints, now, made);
    return complaints.used == 0 ? AIRS_OK : airs_error_set(error, AIRS_UNSUPPORTED, "%s", complaints.text);
}
