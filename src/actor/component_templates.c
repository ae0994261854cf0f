#include "actor/component_templates.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include "actor/component_spawner.h"
#include "actor/supervisor_internal.h"
#include "core/hash_table.h"

/* How many names in a row may be taken already: somebody else uses names like these. */
#define NAMES_TRIED 1000

struct airs_component_template {
    airs_hash_entry_t entry; /* by its id */
    airs_services_t *services;
    airs_component_id_t *id; /* a reference; no instance */
    airs_component_handle_t component;
    airs_kept_spec_t *spec;        /* a reference */
    airs_supervisor_t *supervisor; /* whose offer it is, a simple-one-for-one; NULL: nobody's */
    bool is_up;
};

struct airs_component_templates {
    airs_services_t *services;
    pthread_mutex_t lock; /* over all below; held while a supervisor is told of a child */
    airs_hash_table_t table;
    uint64_t named; /* so many instances were named here */
};

static airs_id_t group_of(airs_id_t id) {
    id.instance = airs_str_n(NULL, 0);
    return id;
}

static const airs_component_template_t *template_of(const airs_hash_entry_t *entry) {
    return (const airs_component_template_t *)entry;
}

static bool has_id(const airs_hash_entry_t *entry, const void *id) {
    return airs_id_equal(airs_component_id_view(template_of(entry)->id), *(const airs_id_t *)id);
}

static bool is_nobodys(const airs_hash_entry_t *entry, const void *id) {
    return template_of(entry)->supervisor == NULL && has_id(entry, id);
}

/* The lock is held. */
static airs_component_template_t *find(const airs_component_templates_t *self, airs_id_t id,
                                       bool (*same)(const airs_hash_entry_t *entry, const void *key)) {
    airs_id_t group = group_of(id);
    return (airs_component_template_t *)airs_hash_table_find(&self->table, airs_id_hash(group), same, &group);
}

static void insert(airs_component_templates_t *self, airs_component_template_t *template) {
    airs_hash_table_insert(&self->table, &template->entry, airs_component_id_hash(template->id));
    template->is_up = true;
}

static void take_out(airs_component_templates_t *self, airs_component_template_t *template) {
    airs_hash_table_remove(&self->table, &template->entry);
    template->is_up = false;
}

/* ---- one ---- */

void airs_component_template_destroy(airs_component_template_t *template) {
    if (template != NULL) {
        airs_component_id_unref(template->id);
        airs_kept_spec_unref(template->spec);
        airs_release(template->services->allocator, template);
    }
}

airs_status_t airs_component_template_create(airs_services_t *services, airs_id_t id,
                                             airs_component_handle_t component, const airs_actor_spec_t *spec,
                                             airs_supervisor_t *supervisor, airs_component_template_t **out,
                                             airs_error_t *error) {
    const airs_allocator_t *allocator = services->allocator;
    airs_component_template_t *template = airs_alloc_zeroed(allocator, sizeof *template);
    if (template == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    template->services = services;
    template->component = component;
    template->supervisor = supervisor;
    airs_status_t status = airs_component_id_create(allocator, group_of(id), &template->id, error);
    if (status == AIRS_OK) {
        status = airs_kept_spec_create(allocator, spec, &template->spec);
    }
    if (status != AIRS_OK) {
        airs_component_template_destroy(template);
        return status;
    }
    *out = template;
    return AIRS_OK;
}

void airs_component_template_put_up(airs_component_template_t *template) {
    if (template != NULL && !template->is_up) {
        airs_component_templates_t *self = template->services->templates;
        (void)pthread_mutex_lock(&self->lock);
        insert(self, template);
        (void)pthread_mutex_unlock(&self->lock);
    }
}

void airs_component_template_take_down(airs_component_template_t *template) {
    if (template != NULL && template->is_up) {
        airs_component_templates_t *self = template->services->templates;
        (void)pthread_mutex_lock(&self->lock);
        take_out(self, template);
        (void)pthread_mutex_unlock(&self->lock);
    }
}

/* ---- all ---- */

airs_status_t airs_component_templates_create(airs_services_t *services, airs_component_templates_t **out) {
    airs_component_templates_t *self = airs_alloc_zeroed(services->allocator, sizeof *self);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    self->services = services;
    (void)pthread_mutex_init(&self->lock, NULL); /* cannot fail without attributes */
    airs_hash_table_init(&self->table, services->allocator);
    *out = self;
    return AIRS_OK;
}

static bool drop(airs_hash_entry_t *entry, void *context) {
    (void)context;
    airs_component_template_destroy((airs_component_template_t *)entry);
    return true;
}

void airs_component_templates_destroy(airs_component_templates_t *self) {
    if (self != NULL) {
        airs_hash_table_sweep(&self->table, drop, NULL);
        airs_hash_table_free(&self->table);
        (void)pthread_mutex_destroy(&self->lock);
        airs_release(self->services->allocator, self);
    }
}

airs_status_t airs_component_templates_offer(airs_component_templates_t *self, airs_id_t id,
                                             airs_component_handle_t component, const airs_actor_spec_t *spec,
                                             airs_error_t *error) {
    airs_component_template_t *template = NULL;
    airs_status_t status =
        airs_component_template_create(self->services, id, component, spec, NULL, &template, error);
    if (status != AIRS_OK) {
        return status;
    }
    (void)pthread_mutex_lock(&self->lock);
    airs_component_template_t *before = find(self, id, is_nobodys);
    if (before != NULL) {
        take_out(self, before);
    }
    insert(self, template);
    (void)pthread_mutex_unlock(&self->lock);
    airs_component_template_destroy(before);
    return AIRS_OK;
}

typedef struct airs_change {
    airs_id_t id;
    airs_component_handle_t component;
    bool found;
} airs_change_t;

static bool change(airs_hash_entry_t *entry, void *context) {
    airs_change_t *self = context;
    if (has_id(entry, &self->id)) {
        ((airs_component_template_t *)entry)->component = self->component;
        self->found = true;
    }
    return false;
}

airs_status_t airs_component_templates_change(airs_component_templates_t *self, airs_id_t id,
                                              airs_component_handle_t component) {
    airs_change_t wanted = {.id = group_of(id), .component = component};
    (void)pthread_mutex_lock(&self->lock);
    airs_hash_table_sweep(&self->table, change, &wanted);
    (void)pthread_mutex_unlock(&self->lock);
    return wanted.found ? AIRS_OK : AIRS_COMPONENT_NOT_FOUND;
}

void airs_component_templates_withdraw(airs_component_templates_t *self, airs_id_t id) {
    (void)pthread_mutex_lock(&self->lock);
    airs_component_template_t *template = find(self, id, is_nobodys);
    if (template != NULL) {
        take_out(self, template);
    }
    (void)pthread_mutex_unlock(&self->lock);
    airs_component_template_destroy(template);
}

/* ---- spawning ---- */

/* What is to be made of a template, which may change or go meanwhile. */
typedef struct airs_making {
    airs_component_handle_t component;
    airs_kept_spec_t *spec; /* a reference */
    bool is_supervised;
    char name[24]; /* of the instance, if one is to be made up */
} airs_making_t;

static airs_status_t look_up(airs_component_templates_t *self, airs_id_t id, airs_making_t *out,
                             airs_error_t *error) {
    (void)pthread_mutex_lock(&self->lock);
    airs_component_template_t *template = find(self, id, has_id);
    if (template != NULL) {
        out->component = template->component;
        out->spec = airs_kept_spec_ref(template->spec);
        out->is_supervised = template->supervisor != NULL;
        if (id.instance.size == 0) {
            (void)snprintf(out->name, sizeof out->name, "s%" PRIu64, ++self->named);
        }
    }
    (void)pthread_mutex_unlock(&self->lock);
    return template != NULL
               ? AIRS_OK
               : airs_error_set(error, AIRS_COMPONENT_NOT_FOUND, "no component %.*s/%.*s is offered here",
                                AIRS_STR_ARG(id.ns), AIRS_STR_ARG(id.name));
}

static airs_status_t spawn_alone(airs_component_templates_t *self, const airs_making_t *making, airs_id_t id,
                                 airs_bytes_t config, airs_spawn_tie_t *tie, airs_error_t *error) {
    airs_actor_spec_t spec = *airs_kept_spec_view(making->spec);
    if (config.data != NULL) {
        spec.config = config;
    }
    airs_spawn_t spawn = {
        .component = making->component, .id = id, .spec = &spec, .max_instances = spec.max_instances};
    airs_actor_t *actor = NULL;
    airs_status_t status = airs_component_spawner_prepare(self->services, &spawn, NULL, tie, &actor, error);
    if (status == AIRS_OK) {
        airs_component_spawner_start(actor, tie->parent->worker);
        airs_actor_unref(actor);
    }
    return status;
}

/* The lock is held, so that the supervisor is not gone. */
static airs_status_t spawn_child(airs_supervisor_t *supervisor, const airs_making_t *making, airs_id_t id,
                                 airs_bytes_t config, airs_spawn_tie_t *tie, airs_error_t *error) {
    airs_child_t *child = NULL;
    airs_status_t status =
        airs_supervisor_make_like(supervisor, making->component, id, config, &child, error);
    if (status != AIRS_OK) {
        return status;
    }
    child->owner = supervisor;
    airs_spawn_t spawn = {.component = making->component,
                          .id = id,
                          .spec = &child->spec,
                          .max_instances = child->spec.max_instances};
    status = airs_component_spawner_prepare(supervisor->services, &spawn, &child->keeper, tie, &child->actor,
                                            error);
    if (status == AIRS_OK) {
        /* Relaxed: the lock orders it before the supervisor takes its offer down. */
        atomic_fetch_add_explicit(&supervisor->coming, 1, memory_order_relaxed);
        airs_child_tell(child, AIRS_CHILD_ADOPTED);
    } else {
        airs_child_free(child);
    }
    return status;
}

static airs_status_t spawn_supervised(airs_component_templates_t *self, const airs_making_t *making,
                                      airs_id_t id, airs_bytes_t config, airs_spawn_tie_t *tie,
                                      airs_error_t *error) {
    (void)pthread_mutex_lock(&self->lock);
    const airs_component_template_t *template = find(self, id, has_id);
    airs_status_t status = AIRS_COMPONENT_NOT_FOUND;
    if (template != NULL && template->supervisor != NULL) {
        status = spawn_child(template->supervisor, making, id, config, tie, error);
    }
    (void)pthread_mutex_unlock(&self->lock);
    return status;
}

/* Once, by the name that is wanted or was made up. */
static airs_status_t attempt(airs_component_templates_t *self, const airs_spawn_order_t *order,
                             airs_spawn_tie_t *tie, airs_spawned_t *out, airs_error_t *error) {
    airs_making_t making = {0};
    airs_status_t status = look_up(self, order->id, &making, error);
    if (status != AIRS_OK) {
        return status;
    }
    airs_id_t id = order->id;
    if (id.instance.size == 0) {
        id.instance = airs_str(making.name);
    }
    if (making.is_supervised) {
        status = spawn_supervised(self, &making, id, order->config, tie, error);
    } else {
        status = spawn_alone(self, &making, id, order->config, tie, error);
    }
    if (status == AIRS_OK) {
        out->monitor = tie->number;
        (void)snprintf(out->id, sizeof out->id, "%.*s/%.*s/%.*s", AIRS_STR_ARG(id.ns), AIRS_STR_ARG(id.name),
                       AIRS_STR_ARG(id.instance));
    }
    airs_kept_spec_unref(making.spec);
    return status;
}

airs_status_t airs_component_templates_spawn(airs_component_templates_t *self, airs_actor_t *parent,
                                             const airs_spawn_order_t *order, airs_spawned_t *out,
                                             airs_error_t *error) {
    airs_spawn_tie_t tie = {.parent = parent, .link = order->link, .monitor = order->monitor};
    airs_status_t status = attempt(self, order, &tie, out, error);
    for (int tries = 1; status == AIRS_ALREADY_EXISTS && order->id.instance.size == 0 && tries < NAMES_TRIED;
         tries++) {
        status = attempt(self, order, &tie, out, error);
    }
    return status;
}
