#include "actor/actor_spec.h"

#include "core/memory.h"
#include "core/refcount.h"

#define MIB (UINT64_C(1) << 20)

static const airs_actor_spec_t defaults = {
    .mailbox_messages = 1024,
    .mailbox_bytes = 64 * MIB,
    .max_message_bytes = 16 * MIB,
    .max_requests = 100000,
    .max_timers = 100000,
    .max_subscriptions = 1000,
    .max_deferred = 100000,
    .max_monitors = 100000,
    .max_links = 100000,
    .block_time_ms = 10000,
    .health_timeout_ms = 5000,
    .unhealthy_after = 3,
    .limits = {.max_memory_bytes = 64 * MIB,
               .max_execution_time_ms = 5000,
               .max_parked_time_ms = 60000,
               .max_log_lines_per_s = 1000},
    .storage_quota = 256 * MIB,
    .passivate_after_ms = 60000,
};

const airs_actor_spec_t *airs_actor_spec_default(void) { return &defaults; }

static uint64_t or_default(uint64_t value, uint64_t default_value) {
    return value != 0 ? value : default_value;
}

airs_actor_spec_t airs_actor_spec_complete(const airs_actor_spec_t *given) {
    if (given == NULL) {
        return defaults;
    }
    airs_actor_spec_t spec = *given;
    airs_instance_limits_t *limits = &spec.limits;
    spec.mailbox_messages = (uint32_t)or_default(spec.mailbox_messages, defaults.mailbox_messages);
    spec.mailbox_bytes = or_default(spec.mailbox_bytes, defaults.mailbox_bytes);
    spec.max_message_bytes = or_default(spec.max_message_bytes, defaults.max_message_bytes);
    spec.max_requests = (uint32_t)or_default(spec.max_requests, defaults.max_requests);
    spec.max_timers = (uint32_t)or_default(spec.max_timers, defaults.max_timers);
    spec.max_subscriptions = (uint32_t)or_default(spec.max_subscriptions, defaults.max_subscriptions);
    spec.max_deferred = (uint32_t)or_default(spec.max_deferred, defaults.max_deferred);
    spec.max_monitors = (uint32_t)or_default(spec.max_monitors, defaults.max_monitors);
    spec.max_links = (uint32_t)or_default(spec.max_links, defaults.max_links);
    spec.block_time_ms = or_default(spec.block_time_ms, defaults.block_time_ms);
    spec.health_timeout_ms = or_default(spec.health_timeout_ms, defaults.health_timeout_ms);
    spec.unhealthy_after = (uint32_t)or_default(spec.unhealthy_after, defaults.unhealthy_after);
    spec.storage_quota = or_default(spec.storage_quota, defaults.storage_quota);
    spec.passivate_after_ms = or_default(spec.passivate_after_ms, defaults.passivate_after_ms);
    limits->max_memory_bytes = or_default(limits->max_memory_bytes, defaults.limits.max_memory_bytes);
    limits->max_execution_time_ms =
        or_default(limits->max_execution_time_ms, defaults.limits.max_execution_time_ms);
    limits->max_parked_time_ms = or_default(limits->max_parked_time_ms, defaults.limits.max_parked_time_ms);
    limits->max_log_lines_per_s =
        (uint32_t)or_default(limits->max_log_lines_per_s, defaults.limits.max_log_lines_per_s);
    if (spec.max_message_bytes > spec.mailbox_bytes) {
        spec.max_message_bytes = spec.mailbox_bytes;
    }
    return spec;
}

/* ---- copies ---- */

/* Where the next bytes of the block go. */
typedef struct airs_cursor {
    char *at;
} airs_cursor_t;

static size_t text_size(const airs_actor_spec_t *spec) {
    size_t size = spec->config.size + spec->storage_space.size + spec->standard_input.size;
    for (size_t i = 0; i < spec->env_count; i++) {
        size += spec->env[i].name.size + spec->env[i].value.size;
    }
    for (size_t i = 0; i < spec->subscription_count; i++) {
        size += strlen(spec->subscriptions[i]) + 1;
    }
    for (size_t i = 0; i < spec->arg_count; i++) {
        size += strlen(spec->args[i]) + 1;
    }
    return size;
}

static char *put(airs_cursor_t *cursor, const void *from, size_t size) {
    char *to = cursor->at;
    cursor->at = airs_copy(to, from, size);
    return to;
}

static airs_str_t put_text(airs_cursor_t *cursor, airs_str_t text) {
    return airs_str_n(put(cursor, text.data, text.size), text.size);
}

/* The arrays come first, for they need to be aligned. */
static void fill(airs_actor_spec_t *spec, char *block) {
    airs_env_var_t *env = (airs_env_var_t *)(void *)block;
    const char **subscriptions = (const char **)(void *)(env + spec->env_count);
    const char **args = subscriptions + spec->subscription_count;
    airs_cursor_t cursor = {(char *)(args + spec->arg_count)};
    for (size_t i = 0; i < spec->env_count; i++) {
        env[i] =
            (airs_env_var_t){put_text(&cursor, spec->env[i].name), put_text(&cursor, spec->env[i].value)};
    }
    for (size_t i = 0; i < spec->subscription_count; i++) {
        subscriptions[i] = put(&cursor, spec->subscriptions[i], strlen(spec->subscriptions[i]) + 1);
    }
    for (size_t i = 0; i < spec->arg_count; i++) {
        args[i] = put(&cursor, spec->args[i], strlen(spec->args[i]) + 1);
    }
    spec->env = env;
    spec->subscriptions = subscriptions;
    spec->args = args;
    if (spec->standard_input.data != NULL) {
        spec->standard_input = airs_bytes(put(&cursor, spec->standard_input.data, spec->standard_input.size),
                                          spec->standard_input.size);
    }
    spec->storage_space = put_text(&cursor, spec->storage_space);
    if (spec->config.data != NULL) {
        spec->config = airs_bytes(put(&cursor, spec->config.data, spec->config.size), spec->config.size);
    }
}

airs_status_t airs_actor_spec_copy(const airs_allocator_t *allocator, const airs_actor_spec_t *given,
                                   airs_actor_spec_t *out, void **memory) {
    *out = airs_actor_spec_complete(given);
    size_t arrays = out->env_count * sizeof(airs_env_var_t) +
                    (out->subscription_count + out->arg_count) * sizeof(char *);
    char *block = airs_alloc(allocator, arrays + text_size(out) + 1);
    if (block == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    fill(out, block);
    airs_settings_ref(out->settings);
    *memory = block;
    return AIRS_OK;
}

void airs_actor_spec_release(const airs_allocator_t *allocator, airs_actor_spec_t *spec, void *memory) {
    airs_settings_unref(spec->settings);
    spec->settings = NULL;
    airs_release(allocator, memory);
}

/* ---- kept ---- */

struct airs_kept_spec {
    airs_refcount_t references;
    const airs_allocator_t *allocator;
    airs_actor_spec_t spec;
    void *memory;
};

airs_status_t airs_kept_spec_create(const airs_allocator_t *allocator, const airs_actor_spec_t *given,
                                    airs_kept_spec_t **out) {
    airs_kept_spec_t *kept = airs_alloc(allocator, sizeof *kept);
    if (kept == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    kept->allocator = allocator;
    airs_refcount_init(&kept->references);
    airs_status_t status = airs_actor_spec_copy(allocator, given, &kept->spec, &kept->memory);
    if (status != AIRS_OK) {
        airs_release(allocator, kept);
        return status;
    }
    *out = kept;
    return AIRS_OK;
}

airs_kept_spec_t *airs_kept_spec_ref(airs_kept_spec_t *kept) {
    airs_refcount_ref(&kept->references);
    return kept;
}

void airs_kept_spec_unref(airs_kept_spec_t *kept) {
    if (kept != NULL && airs_refcount_unref(&kept->references)) {
        airs_actor_spec_release(kept->allocator, &kept->spec, kept->memory);
        airs_release(kept->allocator, kept);
    }
}

const airs_actor_spec_t *airs_kept_spec_view(const airs_kept_spec_t *kept) { return &kept->spec; }

/* ---- public options ---- */

airs_actor_spec_t airs_actor_spec_of(const airs_spawn_options_t *given) {
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    if (given != NULL) {
        /* A caller built with an older header has a smaller structure. */
        memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    }
    return (airs_actor_spec_t){
        .mailbox_messages = options.mailbox_messages,
        .mailbox_bytes = options.mailbox_bytes,
        .max_message_bytes = options.max_message_bytes,
        .max_requests = options.max_requests,
        .max_timers = options.max_timers,
        .max_subscriptions = options.max_subscriptions,
        .max_deferred = options.max_deferred,
        .max_monitors = options.max_monitors,
        .max_links = options.max_links,
        .max_messages_per_s = options.max_messages_per_s,
        .max_instances = options.max_instances,
        .mailbox_policy = options.mailbox_policy,
        .block_time_ms = options.block_time_ms,
        .accepts = options.accepts,
        .subscriptions = options.subscriptions,
        .subscription_count = options.subscription_count,
        .health_interval_ms = options.health_interval_ms,
        .health_timeout_ms = options.health_timeout_ms,
        .unhealthy_after = options.unhealthy_after,
        .args = options.args,
        .arg_count = options.arg_count,
        .standard_input = options.standard_input,
        .every_ms = options.every_ms,
    };
}
