#include "security/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "core/hash_table.h"
#include "core/memory.h"
#include "core/text.h"
#include "core/thread.h"
#include "core/timestamp.h"
#include "core/rotating_file.h"

/* What the writer waits after the first note, so that more come together. */
#define GATHER_NS (UINT64_C(200) * 1000000)

#define RULE_MAX 192
#define INSTANCE_MAX 40

typedef struct denial {
    uint64_t hash;
    uint64_t count;    /* since it was last written; 0: it is only remembered */
    uint64_t first_ns; /* wall clock, of those */
    uint64_t last_ns;
    uint64_t due_ns; /* monotonic: not written again before */
    airs_action_t action;
    char instance[INSTANCE_MAX];
    char resource[AIRS_RESOURCE_TEXT_MAX];
    char rule[RULE_MAX];
} denial_t;

struct airs_audit_source {
    airs_hash_entry_t entry;
    airs_audit_t *audit;
    pthread_mutex_t lock; /* of what follows */
    denial_t *denials;    /* AIRS_AUDIT_DENIALS_MAX; NULL until the first */
    size_t count;
    uint64_t omitted; /* since that was last written */
    uint64_t omitted_due_ns;
    airs_capabilities_t *told; /* what was last written that it holds; NULL: nothing yet */
    bool is_noted;             /* it is in the audit's list, or about to be written */
    airs_audit_source_t *next;
    size_t name_size;
    char name[]; /* "namespace/name" */
};

struct airs_audit {
    const airs_allocator_t *allocator;
    airs_clock_t *clock;
    airs_rotating_file_t file; /* with `writing` */
    airs_text_t line;          /* likewise */
    pthread_mutex_t writing;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    airs_hash_table_t sources;
    airs_audit_source_t *noted;
    airs_text_t grants; /* lines */
    uint64_t grants_omitted;
    bool ends;

    pthread_t thread;
    bool has_thread;
    bool owns_file;
    /* Counts for people: relaxed, for nothing is read because of them. */
    _Atomic uint64_t lines, denials, omitted, failed;
};

static void count_up(_Atomic uint64_t *counter, uint64_t by) {
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void append_time(airs_text_t *line, const char *key, uint64_t wall_ns) {
    char text[AIRS_TIMESTAMP_MAX];
    airs_text_append_format(line, "\"%s\":\"%s\"", key, airs_timestamp_text(wall_ns, 3, text));
}

static void append_member(airs_text_t *line, const char *key, airs_str_t value) {
    airs_text_append_format(line, ",\"%s\":", key);
    airs_text_append_json(line, value);
}

static void begin_line(airs_text_t *line, uint64_t wall_ns, const airs_audit_source_t *source) {
    airs_text_append(line, airs_str("{"));
    append_time(line, "time", wall_ns);
    append_member(line, "component", airs_str_n(source->name, source->name_size));
}

static void append_denial(airs_text_t *line, const airs_audit_source_t *source, const denial_t *denial) {
    begin_line(line, denial->first_ns, source);
    append_member(line, "instance", airs_str(denial->instance));
    append_member(line, "action", airs_str(airs_action_text(denial->action)));
    append_member(line, "resource", airs_str(denial->resource));
    append_member(line, "decision", airs_str("denied"));
    append_member(line, "rule", airs_str(denial->rule));
    if (denial->count > 1) {
        airs_text_append_format(line, ",\"count\":%" PRIu64 ",", denial->count);
        append_time(line, "last", denial->last_ns);
    }
    airs_text_append(line, airs_str("}\n"));
}

/* With `writing` held. */
static void write_line(airs_audit_t *audit) {
    bool is_whole = airs_text_status(&audit->line) == AIRS_OK;
    bool is_written = is_whole && airs_rotating_file_write(&audit->file, airs_text_view(&audit->line));
    count_up(is_written ? &audit->lines : &audit->failed, 1);
    airs_text_clear(&audit->line);
}

/* ---- the writer ------------------------------------------------------------------------------- */

/* A denial that is due, taken out of the account; false: none is. `*waits`: some are not due yet. */
static bool take_denial(airs_audit_source_t *source, uint64_t now, bool all, denial_t *out, bool *waits) {
    bool found = false;
    pthread_mutex_lock(&source->lock);
    for (size_t i = 0; i < source->count && !found; i++) {
        denial_t *denial = &source->denials[i];
        if (denial->count > 0 && (all || denial->due_ns <= now)) {
            *out = *denial;
            denial->count = 0;
            denial->due_ns = now + AIRS_AUDIT_REPEAT_NS;
            found = true;
        }
        *waits = *waits || denial->count > 0;
    }
    if (!found) {
        source->is_noted = false;
    }
    pthread_mutex_unlock(&source->lock);
    return found;
}

/* True: there is something, and it is not due yet. */
static bool write_omitted(airs_audit_t *audit, airs_audit_source_t *source, uint64_t now, bool all) {
    pthread_mutex_lock(&source->lock);
    uint64_t omitted = source->omitted;
    bool is_due = omitted > 0 && (all || source->omitted_due_ns <= now);
    if (is_due) {
        source->omitted = 0;
        source->omitted_due_ns = now + AIRS_AUDIT_REPEAT_NS;
    }
    pthread_mutex_unlock(&source->lock);
    if (is_due) {
        begin_line(&audit->line, airs_clock_wall(audit->clock), source);
        airs_text_append_format(&audit->line, ",\"decision\":\"denied\",\"omitted\":%" PRIu64 "}\n", omitted);
        write_line(audit);
    }
    return omitted > 0 && !is_due;
}

static void note(airs_audit_source_t *source);

/* At most as many lines as the account has room for: a component that goes on being denied things cannot hold the
 * writer. */
static void write_source(airs_audit_t *audit, airs_audit_source_t *source, bool all) {
    denial_t denial;
    bool waits = false;
    uint64_t now = airs_clock_monotonic(audit->clock);
    bool found = true;
    for (size_t i = 0; i <= AIRS_AUDIT_DENIALS_MAX && found; i++) {
        waits = false;
        found = take_denial(source, now, all, &denial, &waits);
        if (found) {
            append_denial(&audit->line, source, &denial);
            write_line(audit);
        }
    }
    waits = write_omitted(audit, source, now, all) || waits;
    if (found || waits) {
        pthread_mutex_lock(&source->lock);
        bool is_new = found || !source->is_noted;
        source->is_noted = true;
        pthread_mutex_unlock(&source->lock);
        if (is_new) {
            note(source);
        }
    }
}

static void write_grants(airs_audit_t *audit) {
    pthread_mutex_lock(&audit->lock);
    airs_text_t grants = audit->grants;
    uint64_t omitted = audit->grants_omitted;
    airs_text_init(&audit->grants, audit->allocator);
    audit->grants_omitted = 0;
    pthread_mutex_unlock(&audit->lock);
    airs_str_t rest = airs_text_view(&grants);
    while (rest.size > 0) {
        size_t size = (size_t)((const char *)memchr(rest.data, '\n', rest.size) - rest.data) + 1;
        airs_text_append(&audit->line, airs_str_n(rest.data, size));
        write_line(audit);
        rest = airs_str_n(rest.data + size, rest.size - size);
    }
    airs_text_free(&grants);
    if (omitted > 0) {
        airs_text_append(&audit->line, airs_str("{"));
        append_time(&audit->line, "time", airs_clock_wall(audit->clock));
        airs_text_append_format(&audit->line, ",\"decision\":\"granted\",\"omitted\":%" PRIu64 "}\n",
                                omitted);
        write_line(audit);
    }
}

void airs_audit_flush(airs_audit_t *audit, bool all) {
    pthread_mutex_lock(&audit->writing);
    write_grants(audit);
    pthread_mutex_lock(&audit->lock);
    airs_audit_source_t *noted = audit->noted;
    audit->noted = NULL;
    pthread_mutex_unlock(&audit->lock);
    while (noted != NULL) {
        airs_audit_source_t *source = noted;
        noted = source->next;
        write_source(audit, source, all);
    }
    pthread_mutex_unlock(&audit->writing);
}

/* The thread waits in the system's time, whatever clock the lines are written by. */
static void wait_gathering(airs_audit_t *audit) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail: the clock is there */
    uint64_t ns = (uint64_t)until.tv_nsec + GATHER_NS;
    until.tv_sec += (time_t)(ns / UINT64_C(1000000000));
    until.tv_nsec = (long)(ns % UINT64_C(1000000000));
    while (!audit->ends && pthread_cond_timedwait(&audit->changed, &audit->lock, &until) != ETIMEDOUT) {
    }
}

static void *run_writer(void *argument) {
    airs_audit_t *audit = argument;
    pthread_mutex_lock(&audit->lock);
    while (!audit->ends) {
        if (audit->noted == NULL && audit->grants.size == 0 && audit->grants_omitted == 0) {
            pthread_cond_wait(&audit->changed, &audit->lock);
            continue;
        }
        wait_gathering(audit);
        pthread_mutex_unlock(&audit->lock);
        airs_audit_flush(audit, false);
        pthread_mutex_lock(&audit->lock);
    }
    pthread_mutex_unlock(&audit->lock);
    return NULL;
}

/* ---- notes ------------------------------------------------------------------------------------ */

/* Into the list of those with something to write. The writer, if it waits for that, is told once. */
static void note(airs_audit_source_t *source) {
    airs_audit_t *audit = source->audit;
    pthread_mutex_lock(&audit->lock);
    bool was_empty = audit->noted == NULL;
    source->next = audit->noted;
    audit->noted = source;
    pthread_mutex_unlock(&audit->lock);
    if (was_empty) {
        pthread_cond_signal(&audit->changed);
    }
}

/* What was written longest ago makes room. NULL: everything here is still to be written. */
static denial_t *make_room(airs_audit_source_t *source, uint64_t now) {
    if (source->count < AIRS_AUDIT_DENIALS_MAX) {
        return &source->denials[source->count++];
    }
    denial_t *oldest = NULL;
    for (size_t i = 0; i < source->count; i++) {
        denial_t *denial = &source->denials[i];
        if (denial->count == 0 && denial->due_ns <= now &&
            (oldest == NULL || denial->due_ns < oldest->due_ns)) {
            oldest = denial;
        }
    }
    return oldest;
}

static denial_t *find_denial(airs_audit_source_t *source, uint64_t hash, airs_action_t action,
                             const char *resource, const char *rule) {
    for (size_t i = 0; i < source->count; i++) {
        denial_t *denial = &source->denials[i];
        if (denial->hash == hash && denial->action == action && strcmp(denial->resource, resource) == 0 &&
            strcmp(denial->rule, rule) == 0) {
            return denial;
        }
    }
    return NULL;
}

/* With the source's lock held. False: there is no room. */
static bool count_denial(airs_audit_source_t *source, airs_str_t instance, airs_action_t action,
                         const char *resource, const char *rule) {
    airs_audit_t *audit = source->audit;
    uint64_t hash = airs_hash_bytes(airs_bytes(rule, strlen(rule)), (uint64_t)action);
    hash = airs_hash_bytes(airs_bytes(resource, strlen(resource)), hash);
    if (source->denials == NULL) {
        source->denials = airs_alloc_array(audit->allocator, AIRS_AUDIT_DENIALS_MAX, sizeof *source->denials);
        if (source->denials == NULL) {
            return false;
        }
    }
    denial_t *denial = find_denial(source, hash, action, resource, rule);
    if (denial == NULL) {
        denial = make_room(source, airs_clock_monotonic(audit->clock));
        if (denial == NULL) {
            return false;
        }
        *denial = (denial_t){.hash = hash, .action = action};
        snprintf(denial->resource, sizeof denial->resource, "%s", resource);
        snprintf(denial->rule, sizeof denial->rule, "%s", rule);
    }
    denial->last_ns = airs_clock_wall(audit->clock);
    if (denial->count++ == 0) {
        denial->first_ns = denial->last_ns;
        snprintf(denial->instance, sizeof denial->instance, "%.*s", AIRS_STR_ARG(instance));
    }
    return true;
}

void airs_audit_denied(airs_audit_source_t *source, airs_str_t instance, airs_action_t action,
                       const airs_resource_t *resource, const char *rule) {
    if (source == NULL) {
        return;
    }
    char resource_text[AIRS_RESOURCE_TEXT_MAX];
    char rule_text[RULE_MAX];
    airs_resource_text(resource, resource_text);
    snprintf(rule_text, sizeof rule_text, "%s", rule); /* cut as it will be kept, so that it is found again */
    instance.size = instance.size < INSTANCE_MAX ? instance.size : INSTANCE_MAX - 1;
    pthread_mutex_lock(&source->lock);
    bool is_kept = count_denial(source, instance, action, resource_text, rule_text);
    source->omitted += !is_kept;
    bool is_new = !source->is_noted;
    source->is_noted = true;
    pthread_mutex_unlock(&source->lock);
    count_up(&source->audit->denials, 1);
    count_up(&source->audit->omitted, !is_kept);
    if (is_new) {
        note(source);
    }
}

static void append_grant(airs_text_t *line, const airs_audit_source_t *source, airs_action_t action,
                         airs_str_t pattern, uint64_t expires_at_ns, const char *rule) {
    begin_line(line, airs_clock_wall(source->audit->clock), source);
    append_member(line, "action", airs_str(airs_action_text(action)));
    append_member(line, "resource", pattern);
    append_member(line, "decision", airs_str("granted"));
    append_member(line, "rule", airs_str(rule));
    if (expires_at_ns != AIRS_GRANT_FOREVER) {
        airs_text_append(line, airs_str(","));
        append_time(line, "expires", expires_at_ns);
    }
    airs_text_append(line, airs_str("}\n"));
}

void airs_audit_granted(airs_audit_source_t *source, airs_action_t action, airs_str_t pattern,
                        uint64_t expires_at_ns, const char *rule) {
    if (source == NULL) {
        return;
    }
    airs_audit_t *audit = source->audit;
    airs_text_t line;
    airs_text_init(&line, audit->allocator);
    append_grant(&line, source, action, pattern, expires_at_ns, rule);
    pthread_mutex_lock(&audit->lock);
    bool is_kept = airs_text_status(&line) == AIRS_OK &&
                   audit->grants.size + line.size <= AIRS_AUDIT_QUEUE_MAX;
    if (is_kept) {
        size_t before = audit->grants.size;
        airs_text_append(&audit->grants, airs_text_view(&line));
        is_kept = audit->grants.size == before + line.size;
        audit->grants.failed = false; /* what was there is whole */
    }
    audit->grants_omitted += !is_kept;
    pthread_mutex_unlock(&audit->lock);
    pthread_cond_signal(&audit->changed);
    count_up(&audit->omitted, !is_kept);
    airs_text_free(&line);
}

static void tell_permission(airs_audit_source_t *source, airs_str_t ns, const airs_capability_grant_t *grant,
                            const airs_permission_t *permission, const char *rule) {
    char own[AIRS_ID_MAX + 8];
    int size = snprintf(own, sizeof own, "%.*s/*/*", AIRS_STR_ARG(ns));
    for (unsigned i = 0; i < AIRS_ACTION_COUNT; i++) {
        airs_action_t action = (airs_action_t)i;
        airs_str_t pattern = permission->pattern;
        if ((permission->actions & (UINT32_C(1) << i)) == 0) {
            continue;
        }
        if (permission->scope == AIRS_SCOPE_OWN_APPLICATION) {
            pattern = airs_str_n(own, (size_t)size);
        } else if (permission->scope == AIRS_SCOPE_ANY) {
            pattern = airs_str(airs_action_resource(action) != AIRS_RESOURCE_NONE ? "**" : "");
        }
        airs_audit_granted(source, action, pattern, grant->expires_at_ns, rule);
    }
}

void airs_audit_capabilities(airs_audit_source_t *source, airs_str_t ns, airs_capabilities_t *capabilities) {
    if (source == NULL) {
        return;
    }
    pthread_mutex_lock(&source->lock);
    airs_capabilities_t *before = source->told;
    source->told = airs_capabilities_ref(capabilities);
    pthread_mutex_unlock(&source->lock);
    airs_capabilities_unref(before); /* what is compared is only where it is */
    if (before == capabilities) {
        return;
    }
    const char *rule = capabilities == airs_capabilities_common() ? "every component has it"
                                                                  : "its capabilities";
    for (size_t i = 0; i < airs_capabilities_count(capabilities); i++) {
        const airs_capability_grant_t *grant = airs_capabilities_at(capabilities, i);
        for (size_t k = 0; k < grant->permission_count; k++) {
            tell_permission(source, ns, grant, &grant->permissions[k], rule);
        }
    }
}

/* ---- accounts, beginning and end -------------------------------------------------------------- */

static bool same_name(const airs_hash_entry_t *entry, const void *key) {
    const airs_audit_source_t *source = (const airs_audit_source_t *)(const void *)entry;
    return airs_str_equal(airs_str_n(source->name, source->name_size), *(const airs_str_t *)key);
}

static airs_audit_source_t *make_source(airs_audit_t *audit, airs_str_t name, uint64_t hash) {
    airs_audit_source_t *source = airs_alloc_zeroed(audit->allocator, sizeof *source + name.size);
    if (source != NULL) {
        source->audit = audit;
        source->name_size = name.size;
        memcpy(source->name, name.data, name.size);
        pthread_mutex_init(&source->lock, NULL);
        airs_hash_table_insert(&audit->sources, &source->entry, hash);
    }
    return source;
}

airs_audit_source_t *airs_audit_source(airs_audit_t *audit, airs_id_t id) {
    char buffer[AIRS_ID_MAX + 2];
    int size = snprintf(buffer, sizeof buffer, "%.*s/%.*s", AIRS_STR_ARG(id.ns), AIRS_STR_ARG(id.name));
    airs_str_t name = airs_str_n(buffer, (size_t)size < sizeof buffer ? (size_t)size : sizeof buffer - 1);
    uint64_t hash = airs_hash_bytes(airs_bytes(name.data, name.size), 0);
    pthread_mutex_lock(&audit->lock);
    airs_audit_source_t *source =
        (airs_audit_source_t *)(void *)airs_hash_table_find(&audit->sources, hash, same_name, &name);
    source = source != NULL ? source : make_source(audit, name, hash);
    pthread_mutex_unlock(&audit->lock);
    return source;
}

airs_audit_counts_t airs_audit_counts(airs_audit_t *audit) {
    return (airs_audit_counts_t){
        .lines = atomic_load_explicit(&audit->lines, memory_order_relaxed),
        .denials = atomic_load_explicit(&audit->denials, memory_order_relaxed),
        .omitted = atomic_load_explicit(&audit->omitted, memory_order_relaxed),
        .failed = atomic_load_explicit(&audit->failed, memory_order_relaxed),
    };
}

static void init_locks(airs_audit_t *audit) {
    pthread_condattr_t attributes;
    pthread_mutex_init(&audit->writing, NULL);
    pthread_mutex_init(&audit->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&audit->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

airs_status_t airs_audit_create(const airs_allocator_t *allocator, const airs_audit_options_t *options,
                                airs_audit_t **out, airs_error_t *error) {
    airs_audit_t *audit = airs_alloc_zeroed(allocator, sizeof *audit);
    if (audit == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for an audit");
    }
    audit->allocator = allocator;
    audit->clock = options->clock;
    airs_text_init(&audit->line, allocator);
    airs_text_init(&audit->grants, allocator);
    airs_hash_table_init(&audit->sources, allocator);
    init_locks(audit);
    const airs_rotating_file_options_t file = {
        .path = options->path,
        .max_bytes = options->max_bytes,
        .kept = options->kept,
        .is_private = true,
    };
    airs_status_t status = airs_rotating_file_init(&audit->file, allocator, &file, error);
    audit->owns_file = status == AIRS_OK;
    status = status == AIRS_OK ? airs_rotating_file_open(&audit->file, error) : status;
    if (status == AIRS_OK && !options->is_stepped) {
        audit->has_thread = airs_thread_start(&audit->thread, run_writer, audit) == AIRS_OK;
        status = audit->has_thread
                     ? AIRS_OK
                     : airs_error_set(error, AIRS_INTERNAL, "no thread to write the audit with");
    }
    if (status != AIRS_OK) {
        airs_audit_destroy(audit);
        return status;
    }
    *out = audit;
    return AIRS_OK;
}

static void stop_writer(airs_audit_t *audit) {
    if (audit->has_thread) {
        pthread_mutex_lock(&audit->lock);
        audit->ends = true;
        pthread_mutex_unlock(&audit->lock);
        pthread_cond_signal(&audit->changed);
        pthread_join(audit->thread, NULL);
    }
}

static bool drop_source(airs_hash_entry_t *entry, void *context) {
    airs_audit_t *audit = context;
    airs_audit_source_t *source = (airs_audit_source_t *)(void *)entry;
    pthread_mutex_destroy(&source->lock);
    airs_capabilities_unref(source->told);
    airs_release(audit->allocator, source->denials);
    airs_release(audit->allocator, source);
    return true;
}

void airs_audit_destroy(airs_audit_t *audit) {
    if (audit == NULL) {
        return;
    }
    stop_writer(audit);
    if (audit->owns_file) {
        airs_audit_flush(audit, true);
        airs_rotating_file_free(&audit->file);
    }
    airs_hash_table_sweep(&audit->sources, drop_source, audit);
    airs_hash_table_free(&audit->sources);
    airs_text_free(&audit->line);
    airs_text_free(&audit->grants);
    pthread_cond_destroy(&audit->changed);
    pthread_mutex_destroy(&audit->lock);
    pthread_mutex_destroy(&audit->writing);
    airs_release(audit->allocator, audit);
}
