#include "actor/component_templates.h"
#include "actor/supervisor_internal.h"

#include <stdio.h>

#define BACKOFF_MAX_MS 60000
#define MS_NS UINT64_C(1000000)

static airs_status_t check(const airs_supervisor_spec_t *spec, airs_error_t *error) {
    if ((unsigned)spec->strategy > AIRS_SIMPLE_ONE_FOR_ONE) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "there is no strategy %d", (int)spec->strategy);
    }
    if ((unsigned)spec->auto_shutdown > AIRS_AUTO_SHUTDOWN_ALL) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "there is no auto-shutdown %d",
                              (int)spec->auto_shutdown);
    }
    if (spec->intensity > AIRS_INTENSITY_MAX || spec->period_ms == 0 ||
        spec->period_ms > UINT64_MAX / MS_NS) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "at most %d restarts in a period above 0 can be allowed", AIRS_INTENSITY_MAX);
    }
    if (spec->backoff.first_ms > UINT64_MAX / MS_NS || spec->backoff.max_ms > UINT64_MAX / MS_NS) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "a restart cannot wait for so long");
    }
    if (spec->strategy == AIRS_SIMPLE_ONE_FOR_ONE && spec->child_count != 1) {
        return airs_error_set(
            error, AIRS_INVALID_ARGUMENT,
            "a simple-one-for-one supervisor has one child specification, for all its children");
    }
    if (spec->strategy != AIRS_SIMPLE_ONE_FOR_ONE && spec->instances > 0) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "only the children of a simple-one-for-one supervisor are instances");
    }
    return AIRS_OK;
}

static airs_child_t *child_of(const airs_hash_entry_t *entry) {
    return (airs_child_t *)((char *)(uintptr_t)entry - offsetof(airs_child_t, by_name));
}

static bool is_called(const airs_hash_entry_t *entry, const void *name) {
    return strcmp(child_of(entry)->name, name) == 0;
}

static uint64_t hash_of(const char *name) { return airs_hash_bytes(airs_bytes(name, strlen(name)), 0); }

airs_child_t *airs_supervisor_find_child(const airs_supervisor_t *self, const char *name) {
    airs_hash_entry_t *entry = airs_hash_table_find(&self->names, hash_of(name), is_called, name);
    return entry != NULL ? child_of(entry) : NULL;
}

airs_status_t airs_supervisor_check_child(const airs_supervisor_t *self, const airs_child_t *child,
                                          airs_error_t *error) {
    if (child->significant && self->auto_shutdown == AIRS_AUTO_SHUTDOWN_NEVER) {
        return airs_error_set(
            error, AIRS_INVALID_ARGUMENT,
            "a child can only be significant to a supervisor that shuts down automatically");
    }
    if (child->name != NULL && airs_supervisor_find_child(self, child->name) != NULL) {
        return airs_error_set(error, AIRS_ALREADY_EXISTS, "the supervisor has a child %s already",
                              child->name);
    }
    return AIRS_OK;
}

void airs_supervisor_link_child(airs_supervisor_t *self, airs_child_t *child) {
    child->owner = self;
    child->previous = self->last;
    child->next = NULL;
    *(self->last != NULL ? &self->last->next : &self->first) = child;
    self->last = child;
    airs_hash_table_insert(&self->names, &child->by_name, hash_of(child->name));
}

void airs_supervisor_put_to_sleep(airs_supervisor_t *self, airs_child_t *child) {
    airs_hash_table_remove(&self->names, &child->by_name);
    child->dormant = true;
}

void airs_supervisor_awaken(airs_supervisor_t *self, airs_child_t *child) {
    if (child->dormant && !child->buried && airs_supervisor_find_child(self, child->name) == NULL) {
        airs_hash_table_insert(&self->names, &child->by_name, hash_of(child->name));
        child->dormant = false;
    }
}

void airs_supervisor_forget_child(airs_supervisor_t *self, airs_child_t *child) {
    airs_supervisor_let_rest(child);
    airs_supervisor_set_must_stop(child, false);
    self->stop_at = self->stop_at == child ? child->previous : self->stop_at;
    self->start_at = self->start_at == child ? child->next : self->start_at;
    if (!child->dormant) {
        airs_hash_table_remove(&self->names, &child->by_name);
    }
    *(child->previous != NULL ? &child->previous->next : &self->first) = child->next;
    *(child->next != NULL ? &child->next->previous : &self->last) = child->previous;
    airs_child_free(child);
}

static airs_status_t add_child(airs_supervisor_t *self, const airs_child_spec_t *spec, airs_error_t *error) {
    bool model = self->strategy == AIRS_SIMPLE_ONE_FOR_ONE;
    airs_child_t *child = NULL;
    airs_status_t status = airs_child_create(self->services, spec, model, &child, error);
    if (status != AIRS_OK) {
        return status;
    }
    status = airs_supervisor_check_child(self, child, error);
    if (status != AIRS_OK) {
        airs_child_free(child);
    } else if (model) {
        child->owner = self;
        self->model = child;
        if (spec->id.name.size > 0) {
            status = airs_component_template_create(self->services, spec->id, spec->component, spec->actor,
                                                    self, &self->offer, error);
        }
    } else {
        child->specified = true;
        airs_supervisor_link_child(self, child);
    }
    return status;
}

/* A simple one's first children. They are named by number, so that none has another's name. */
static airs_status_t add_instances(airs_supervisor_t *self, const airs_supervisor_spec_t *spec,
                                   airs_error_t *error) {
    char number[16];
    airs_child_spec_t like = spec->children[0];
    airs_status_t status = AIRS_OK;
    for (uint32_t i = 0; i < spec->instances && status == AIRS_OK; i++) {
        airs_child_t *child = NULL;
        int size = snprintf(number, sizeof number, "%u", i);
        like.id.instance = airs_str_n(number, size > 0 ? (size_t)size : 0);
        status = airs_child_create(self->services, &like, false, &child, error);
        if (status == AIRS_OK) {
            child->specified = true;
            airs_supervisor_link_child(self, child);
        }
    }
    return status;
}

/* Of the children from this one on, of which nothing was made. */
static void drop_states(const airs_supervisor_spec_t *spec, size_t from) {
    for (size_t i = from; i < spec->child_count; i++) {
        airs_child_spec_drop(&spec->children[i]);
    }
}

void airs_supervisor_spec_drop(const airs_supervisor_spec_t *spec) { drop_states(spec, 0); }

static airs_status_t take_name(airs_supervisor_t *self, const char *name) {
    size_t size = strlen(name) + 1;
    self->name = airs_alloc(self->services->allocator, size);
    if (self->name == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    memcpy(self->name, name, size);
    return AIRS_OK;
}

airs_status_t airs_supervisor_create(airs_services_t *services, const airs_supervisor_spec_t *spec,
                                     airs_supervisor_t **out, airs_error_t *error) {
    airs_status_t status = check(spec, error);
    airs_supervisor_t *self = NULL;
    if (status == AIRS_OK) {
        self = airs_alloc_zeroed(services->allocator, sizeof *self);
        status = self != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
    }
    if (status != AIRS_OK) {
        airs_supervisor_spec_drop(spec);
        return status;
    }
    self->services = services;
    self->strategy = spec->strategy;
    self->auto_shutdown = spec->auto_shutdown;
    self->backoff = spec->backoff;
    if (self->backoff.max_ms == 0) {
        self->backoff.max_ms = BACKOFF_MAX_MS;
    }
    self->event = spec->event;
    self->cancelled = spec->cancelled;
    self->context = spec->context;
    airs_hash_table_init(&self->names, services->allocator);
    status = airs_restart_intensity_init(&self->intensity, services->allocator, spec->intensity,
                                         spec->period_ms * MS_NS);
    if (status == AIRS_OK && spec->name != NULL) {
        status = take_name(self, spec->name);
    }
    size_t made = 0;
    while (made < spec->child_count && status == AIRS_OK) {
        status = add_child(self, &spec->children[made++], error);
    }
    if (status == AIRS_OK && spec->instances > 0) {
        status = add_instances(self, spec, error);
    }
    if (status != AIRS_OK) {
        drop_states(spec, made);
        airs_supervisor_free(self);
        return status;
    }
    *out = self;
    return AIRS_OK;
}

void airs_supervisor_free(airs_supervisor_t *self) {
    if (self == NULL) {
        return;
    }
    while (self->first != NULL) {
        airs_supervisor_forget_child(self, self->first);
    }
    airs_child_free(self->model);
    airs_component_template_destroy(self->offer);
    airs_restart_intensity_free(&self->intensity, self->services->allocator);
    airs_hash_table_free(&self->names);
    airs_release(self->services->allocator, self->name);
    airs_release(self->services->allocator, self);
}

airs_status_t airs_supervisor_make_like(airs_supervisor_t *supervisor, airs_component_handle_t component,
                                        airs_id_t id, airs_bytes_t config, airs_child_t **out,
                                        airs_error_t *error) {
    if (!airs_supervisor_is_simple(supervisor)) {
        return airs_error_set(error, AIRS_UNSUPPORTED,
                              "only the children of a simple-one-for-one supervisor are all alike");
    }
    const airs_child_t *model = supervisor->model;
    airs_actor_spec_t actor = model->spec;
    if (config.data != NULL) {
        actor.config = config;
    }
    airs_child_spec_t spec = {
        .component = component,
        .id = id,
        .actor = &actor,
        .restart = model->restart,
        .significant = model->significant,
        .shutdown_ms = model->shutdown_ms,
    };
    return airs_child_create(supervisor->services, &spec, false, out, error);
}
