#include "actor/actor_links.h"

#include <pthread.h>

#include "actor/component_registry.h"
#include "core/check.h"
#include "core/exit_message.h"
#include "core/hash_table.h"

/* A place in a ring; the ring's own node is no watch's. */
typedef struct airs_ring {
    struct airs_ring *next;
    struct airs_ring *previous;
} airs_ring_t;

/* One actor hears of another's end. */
typedef struct airs_watch {
    airs_hash_entry_t by_number; /* among its owner's */
    airs_hash_entry_t by_id;     /* likewise, if it is a link */
    airs_ring_t ring;            /* among those on its target */
    airs_actor_t *owner;
    airs_actor_t *target;              /* NULL: it has ended, and the message is on its way */
    airs_component_id_t *target_id;    /* a reference */
    airs_component_message_t *message; /* reserved for that; NULL: on its way */
    uint64_t number;
    bool is_link;
} airs_watch_t;

/* What an actor has to do with watches, made when it first has: its own, and those on it. */
struct airs_actor_watches {
    airs_hash_table_t by_number;
    airs_hash_table_t by_id;
    airs_ring_t on_it;
    uint32_t monitors; /* its own */
    uint32_t links;
    bool traps;
    bool exits; /* it is to end with one that it was linked to: */
    airs_reason_kind_t exit_kind;
    char *exit_text;
    airs_component_id_t *exit_by;
};

typedef struct airs_actor_watches airs_actor_watches_t;

struct airs_actor_links {
    airs_services_t *services;
    pthread_mutex_t lock;
    uint64_t
        last_number; /* over all actors, so that no incarnation takes an earlier one's message for its own */
};

airs_status_t airs_actor_links_create(airs_services_t *services, airs_actor_links_t **out) {
    airs_actor_links_t *self = airs_alloc_zeroed(services->allocator, sizeof *self);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    self->services = services;
    (void)pthread_mutex_init(&self->lock, NULL); /* cannot fail without attributes */
    *out = self;
    return AIRS_OK;
}

void airs_actor_links_destroy(airs_actor_links_t *self) {
    if (self != NULL) {
        (void)pthread_mutex_destroy(&self->lock);
        airs_release(self->services->allocator, self);
    }
}

static airs_actor_links_t *lock(airs_actor_t *actor) {
    airs_actor_links_t *links = actor->services->links;
    (void)pthread_mutex_lock(&links->lock);
    return links;
}

static void unlock(airs_actor_links_t *links) { (void)pthread_mutex_unlock(&links->lock); }

/* ---- rings ---- */

static void ring_init(airs_ring_t *ring) { *ring = (airs_ring_t){ring, ring}; }

static void ring_add(airs_ring_t *ring, airs_ring_t *node) {
    node->previous = ring->previous;
    node->next = ring;
    ring->previous->next = node;
    ring->previous = node;
}

static void ring_remove(airs_ring_t *node) {
    node->previous->next = node->next;
    node->next->previous = node->previous;
}

/* All that is in the one goes to the other, which is empty. */
static void ring_move(airs_ring_t *from, airs_ring_t *to) {
    ring_init(to);
    if (from->next != from) {
        *to = *from;
        to->next->previous = to;
        to->previous->next = to;
        ring_init(from);
    }
}

/* ---- watches; the lock is held ---- */

static airs_watch_t *watch_of_number(airs_hash_entry_t *entry) { return (airs_watch_t *)entry; }

static airs_watch_t *watch_of_id(const airs_hash_entry_t *entry) {
    return (airs_watch_t *)((uintptr_t)entry - offsetof(airs_watch_t, by_id));
}

static airs_watch_t *watch_in(airs_ring_t *node) {
    return (airs_watch_t *)((char *)node - offsetof(airs_watch_t, ring));
}

/* The actor's; NULL: no memory. It has not ended. */
static airs_actor_watches_t *watches_of(airs_actor_t *actor) {
    if (actor->watches == NULL) {
        (void)airs_actor_keep(actor, AIRS_KEPT_WATCHES);
        const airs_allocator_t *allocator = actor->services->allocator;
        airs_actor_watches_t *watches = airs_alloc_zeroed(allocator, sizeof *watches);
        if (watches != NULL) {
            airs_hash_table_init(&watches->by_number, allocator);
            airs_hash_table_init(&watches->by_id, allocator);
            ring_init(&watches->on_it);
            actor->watches = watches;
        }
    }
    return actor->watches;
}

static bool has_number(const airs_hash_entry_t *entry, const void *number) {
    return ((const airs_watch_t *)entry)->number == *(const uint64_t *)number;
}

static airs_watch_t *find(airs_actor_t *owner, uint64_t number) {
    return owner->watches != NULL
               ? watch_of_number(airs_hash_table_find(&owner->watches->by_number, airs_hash_number(number),
                                                      has_number, &number))
               : NULL;
}

static bool has_id(const airs_hash_entry_t *entry, const void *id) {
    return airs_id_equal(airs_component_id_view(watch_of_id(entry)->target_id), *(const airs_id_t *)id);
}

static bool is_on(const airs_hash_entry_t *entry, const void *target) {
    return watch_of_id(entry)->target == target;
}

static airs_watch_t *find_link(airs_actor_t *owner, airs_id_t id) {
    airs_hash_entry_t *entry =
        owner->watches != NULL ? airs_hash_table_find(&owner->watches->by_id, airs_id_hash(id), has_id, &id)
                               : NULL;
    return entry != NULL ? watch_of_id(entry) : NULL;
}

static airs_watch_t *find_link_on(airs_actor_t *owner, const airs_actor_t *target) {
    airs_hash_entry_t *entry =
        owner->watches != NULL
            ? airs_hash_table_find(&owner->watches->by_id, airs_component_id_hash(target->id), is_on, target)
            : NULL;
    return entry != NULL ? watch_of_id(entry) : NULL;
}

static void free_watch(airs_watch_t *watch) {
    if (watch != NULL) {
        airs_component_message_destroy(watch->message);
        airs_component_id_unref(watch->target_id);
        airs_block_pool_free(watch);
    }
}

/* No lock is needed: nobody knows of it yet. */
static airs_status_t make_watch(airs_actor_t *owner, airs_component_id_t *target_id, bool is_link,
                                airs_watch_t **out) {
    airs_block_pool_t *pool = owner->services->pool;
    airs_watch_t *watch = airs_block_pool_alloc(pool, sizeof *watch);
    if (watch == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    *watch =
        (airs_watch_t){.owner = owner, .target_id = airs_component_id_ref(target_id), .is_link = is_link};
    airs_message_kind_t kind = is_link ? AIRS_MESSAGE_EXIT : AIRS_MESSAGE_DOWN;
    airs_status_t status = airs_exit_message_reserve(pool, kind, target_id, 0, &watch->message);
    if (status != AIRS_OK) {
        free_watch(watch);
        return status;
    }
    *out = watch;
    return AIRS_OK;
}

/* There is memory for both sides, and the limits allow it. `target` NULL: it is on nobody. */
static void add(airs_actor_links_t *links, airs_watch_t *watch, airs_actor_t *target) {
    airs_actor_watches_t *own = watch->owner->watches;
    watch->number = watch->message->watch = ++links->last_number;
    watch->target = target;
    airs_hash_table_insert(&own->by_number, &watch->by_number, airs_hash_number(watch->number));
    if (watch->is_link) {
        airs_hash_table_insert(&own->by_id, &watch->by_id, airs_component_id_hash(watch->target_id));
        own->links++;
    } else {
        own->monitors++;
    }
    if (target != NULL) {
        ring_add(&target->watches->on_it, &watch->ring);
    }
}

/* To be freed then, without the lock. */
static void take_out(airs_watch_t *watch) {
    airs_actor_watches_t *own = watch->owner->watches;
    airs_hash_table_remove(&own->by_number, &watch->by_number);
    if (watch->is_link) {
        airs_hash_table_remove(&own->by_id, &watch->by_id);
        own->links--;
    } else {
        own->monitors--;
    }
    if (watch->target != NULL) {
        ring_remove(&watch->ring);
    }
}

static airs_status_t check_room(airs_actor_t *owner, bool link, bool monitor, airs_error_t *error) {
    const airs_actor_watches_t *own = watches_of(owner);
    if (own == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    if (link && own->links >= owner->max_links) {
        return airs_error_set(error, AIRS_QUOTA_EXCEEDED, "%s has %u links, which is its limit (max-links)",
                              airs_component_id_text(owner->id), owner->max_links);
    }
    if (monitor && own->monitors >= owner->max_monitors) {
        return airs_error_set(error, AIRS_QUOTA_EXCEEDED,
                              "%s has %u monitors, which is its limit (max-monitors)",
                              airs_component_id_text(owner->id), owner->max_monitors);
    }
    return AIRS_OK;
}

/* Can `target` be watched? Its mailbox is closed before its watches end for good. */
static airs_status_t check_target(airs_actor_t *target) {
    if (!airs_actor_keep(target, AIRS_KEPT_WATCHES)) {
        return AIRS_TARGET_NOT_FOUND;
    }
    return watches_of(target) != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
}

/* ---- what watches do; the lock is not held ---- */

static void send(airs_actor_t *owner, airs_worker_t *worker, airs_component_message_t *reserved,
                 const airs_exit_reason_t *reason) {
    airs_services_t *services = owner->services;
    airs_component_message_t *message =
        airs_exit_message_fill(reserved, reason, airs_worker_now(worker, services->clock));
    airs_actor_before_push(services, worker);
    airs_push_t push = airs_mailbox_push(&owner->mailbox, message);
    airs_actor_after_push(services, worker, owner, push);
    if (push == AIRS_PUSH_CLOSED) {
        airs_component_message_destroy(message);
    }
}

/* ---- monitors ---- */

/* On nobody: it is told at once. */
static airs_status_t monitor_nobody(airs_actor_t *self, airs_watch_t *watch, uint64_t *out,
                                    airs_error_t *error) {
    static const airs_exit_reason_t nobody = {.kind = AIRS_REASON_NO_ACTOR, .text = ""};
    airs_actor_links_t *links = lock(self);
    airs_status_t status = check_room(self, false, true, error);
    airs_component_message_t *message = NULL;
    if (status == AIRS_OK) {
        add(links, watch, NULL);
        *out = watch->number;
        message = watch->message;
        watch->message = NULL;
    }
    unlock(links);
    if (status != AIRS_OK) {
        free_watch(watch);
        return status;
    }
    send(self, airs_scheduler_worker(self->services->scheduler), message, &nobody);
    return AIRS_OK;
}

static airs_status_t monitor_actor(airs_actor_t *self, airs_actor_t *target, airs_watch_t *watch,
                                   uint64_t *out, airs_error_t *error) {
    airs_actor_links_t *links = lock(self);
    airs_status_t status = check_room(self, false, true, error);
    if (status == AIRS_OK) {
        status = check_target(target);
    }
    if (status == AIRS_OK) {
        add(links, watch, target);
        *out = watch->number;
    }
    unlock(links);
    return status;
}

/* The target's own id, or with nobody there one of the same name. A reference. */
static airs_status_t id_of(airs_actor_t *self, airs_actor_t *target, airs_id_t name,
                           airs_component_id_t **out, airs_error_t *error) {
    if (target == NULL) {
        return airs_component_id_create(self->services->allocator, name, out, error);
    }
    *out = airs_component_id_ref(target->id);
    return AIRS_OK;
}

airs_status_t airs_actor_links_monitor(airs_actor_t *self, airs_id_t name, uint64_t *out,
                                       airs_error_t *error) {
    airs_actor_t *target = airs_component_registry_find(self->services->registry, name);
    airs_component_id_t *id = NULL;
    airs_watch_t *watch = NULL;
    airs_status_t status = id_of(self, target, name, &id, error);
    if (status == AIRS_OK) {
        status = make_watch(self, id, false, &watch);
        airs_component_id_unref(id);
    }
    if (status != AIRS_OK) {
        airs_actor_unref(target);
        return status;
    }
    status = target != NULL ? monitor_actor(self, target, watch, out, error) : AIRS_TARGET_NOT_FOUND;
    if (status == AIRS_TARGET_NOT_FOUND) {
        status = monitor_nobody(self, watch, out, error);
    } else if (status != AIRS_OK) {
        free_watch(watch);
    }
    airs_actor_unref(target);
    return status;
}

airs_status_t airs_actor_links_demonitor(airs_actor_t *self, uint64_t number) {
    airs_actor_links_t *links = lock(self);
    airs_watch_t *watch = find(self, number);
    if (watch != NULL && watch->is_link) {
        watch = NULL;
    }
    if (watch != NULL) {
        take_out(watch);
    }
    unlock(links);
    free_watch(watch);
    return watch != NULL ? AIRS_OK : AIRS_NOT_FOUND;
}

/* ---- links ---- */

/* The two watches of a link, and a monitor's: those that are wanted. */
typedef struct airs_tie {
    airs_watch_t *there;
    airs_watch_t *back;
    airs_watch_t *monitor;
} airs_tie_t;

static void free_tie(airs_tie_t *tie) {
    free_watch(tie->there);
    free_watch(tie->back);
    free_watch(tie->monitor);
}

static airs_status_t make_tie(airs_actor_t *self, airs_actor_t *target, bool link, bool monitor,
                              airs_tie_t *out) {
    airs_status_t status = AIRS_OK;
    *out = (airs_tie_t){0};
    if (link) {
        status = make_watch(self, target->id, true, &out->there);
    }
    if (link && status == AIRS_OK) {
        status = make_watch(target, self->id, true, &out->back);
    }
    if (monitor && status == AIRS_OK) {
        status = make_watch(self, target->id, false, &out->monitor);
    }
    if (status != AIRS_OK) {
        free_tie(out);
    }
    return status;
}

airs_status_t airs_actor_links_tie(airs_actor_t *self, airs_actor_t *target, bool link, bool monitor,
                                   uint64_t *number, airs_error_t *error) {
    airs_tie_t tie;
    airs_status_t status = make_tie(self, target, link, monitor, &tie);
    if (status != AIRS_OK) {
        return status;
    }
    airs_actor_links_t *links = lock(self);
    bool is_linked = link && find_link_on(self, target) != NULL;
    if (!is_linked) {
        status = check_target(target);
        status = status == AIRS_OK ? check_room(self, link, monitor, error) : status;
        status = status == AIRS_OK ? check_room(target, link, false, error) : status;
    }
    bool adds = status == AIRS_OK && !is_linked;
    if (adds && link) {
        add(links, tie.there, target);
        add(links, tie.back, self);
    }
    if (adds && monitor) {
        add(links, tie.monitor, target);
        *number = tie.monitor->number;
    }
    unlock(links);
    if (!adds) {
        free_tie(&tie);
    }
    return status;
}

airs_status_t airs_actor_links_link(airs_actor_t *self, airs_id_t name, airs_error_t *error) {
    airs_actor_t *target = airs_component_registry_find(self->services->registry, name);
    if (target == NULL) {
        return AIRS_TARGET_NOT_FOUND;
    }
    airs_status_t status = target != self ? airs_actor_links_tie(self, target, true, false, NULL, error)
                                          : AIRS_OK;
    airs_actor_unref(target);
    return status;
}

/* Of the links with `name` one, of both sides. NULLs: there is none left. */
static airs_tie_t take_link(airs_actor_t *self, airs_id_t name) {
    airs_tie_t taken = {.there = find_link(self, name)};
    if (taken.there != NULL) {
        airs_actor_t *target = taken.there->target;
        taken.back = target != NULL ? find_link_on(target, self) : NULL;
        take_out(taken.there);
    }
    if (taken.back != NULL) {
        take_out(taken.back);
    }
    return taken;
}

void airs_actor_links_unlink(airs_actor_t *self, airs_id_t name) {
    bool more = true;
    while (more) {
        airs_actor_links_t *links = lock(self);
        airs_tie_t taken = take_link(self, name);
        unlock(links);
        more = taken.there != NULL;
        free_tie(&taken);
    }
}

airs_status_t airs_actor_links_trap(airs_actor_t *self, bool traps) {
    airs_actor_links_t *links = lock(self);
    airs_actor_watches_t *own = traps ? watches_of(self) : self->watches;
    if (own != NULL) {
        own->traps = traps;
    }
    unlock(links);
    return own != NULL || !traps ? AIRS_OK : AIRS_OUT_OF_MEMORY;
}

/* ---- what comes of them ---- */

bool airs_actor_links_take(airs_actor_t *self, const airs_component_message_t *message) {
    airs_actor_links_t *links = lock(self);
    airs_watch_t *watch = find(self, message->watch);
    if (watch != NULL) {
        take_out(watch);
    }
    unlock(links);
    free_watch(watch);
    return watch != NULL;
}

bool airs_actor_links_take_exit(airs_actor_t *self, airs_reason_kind_t *kind, char **text,
                                airs_component_id_t **by) {
    airs_actor_links_t *links = lock(self);
    airs_actor_watches_t *own = self->watches;
    bool exits = own != NULL && own->exits;
    if (exits) {
        *kind = own->exit_kind;
        *text = own->exit_text;
        *by = own->exit_by;
        own->exits = false;
        own->exit_text = NULL;
        own->exit_by = NULL;
    }
    unlock(links);
    return exits;
}

/* ---- ends ---- */

/* What one watch on an actor that has ended is to do, found out under the lock. */
typedef struct airs_consequence {
    airs_actor_t *owner;               /* a reference; NULL: nothing */
    airs_component_message_t *message; /* to be sent; NULL: the owner is to be signalled */
    airs_watch_t *spent;               /* to be freed; NULL: it stays until the message is taken */
} airs_consequence_t;

/* Without memory the text is missing. */
static char *copy_text(airs_services_t *services, const char *text) {
    size_t size = airs_reason_text_size(text);
    char *copy = size > 0 ? airs_alloc(services->allocator, size + 1) : NULL;
    if (copy != NULL) {
        memcpy(copy, text, size);
        copy[size] = '\0';
    }
    return copy;
}

/* The first end that reaches it decides. */
static void note_exit(airs_watch_t *watch, const airs_exit_reason_t *reason) {
    airs_actor_watches_t *own = watch->owner->watches;
    if (!own->exits) {
        own->exits = true;
        own->exit_kind = reason->kind;
        own->exit_text = copy_text(watch->owner->services, reason->text);
        own->exit_by = airs_component_id_ref(watch->target_id);
    }
}

static airs_consequence_t conclude(airs_watch_t *watch, const airs_exit_reason_t *reason) {
    airs_consequence_t result = {0};
    bool is_told = !watch->is_link || watch->owner->watches->traps;
    if (is_told) {
        ring_remove(&watch->ring);
        watch->target = NULL;
        result.owner = airs_actor_ref(watch->owner);
        result.message = watch->message;
        watch->message = NULL;
        return result;
    }
    if (!airs_reason_is_normal(reason->kind)) {
        note_exit(watch, reason);
        result.owner = airs_actor_ref(watch->owner);
    }
    take_out(watch);
    result.spent = watch;
    return result;
}

static void carry_out(const airs_consequence_t *consequence, airs_worker_t *worker,
                      const airs_exit_reason_t *reason) {
    if (consequence->message != NULL) {
        send(consequence->owner, worker, consequence->message, reason);
    } else if (consequence->owner != NULL) {
        airs_actor_signal(consequence->owner, AIRS_SIGNAL_EXIT);
    }
    airs_actor_unref(consequence->owner);
    free_watch(consequence->spent);
}

/* Its own: those on others, and those on itself. The other half of each link is among those on it. */
static bool drop_own(airs_hash_entry_t *entry, void *context) {
    (void)context;
    airs_watch_t *watch = watch_of_number(entry);
    if (watch->target != NULL) {
        ring_remove(&watch->ring);
    }
    free_watch(watch);
    return true;
}

static void free_watches(airs_services_t *services, airs_actor_watches_t *watches) {
    airs_hash_table_free(&watches->by_number);
    airs_hash_table_free(&watches->by_id);
    airs_component_id_unref(watches->exit_by);
    airs_release(services->allocator, watches->exit_text);
    airs_release(services->allocator, watches);
}

void airs_actor_links_end(airs_actor_t *self, const airs_exit_reason_t *reason) {
    if (!airs_actor_keeps(self, AIRS_KEPT_WATCHES)) {
        return;
    }
    airs_worker_t *worker = self->worker;
    airs_actor_links_t *links = lock(self);
    airs_actor_watches_t *watches = self->watches;
    self->watches = NULL;
    if (watches == NULL) {
        unlock(links);
        return;
    }
    /* Who watches it from here on watches the next incarnation. */
    airs_ring_t on_it;
    airs_hash_table_sweep(&watches->by_number, drop_own, NULL);
    ring_move(&watches->on_it, &on_it);
    while (on_it.next != &on_it) {
        airs_consequence_t consequence = conclude(watch_in(on_it.next), reason);
        unlock(links);
        carry_out(&consequence, worker, reason);
        (void)lock(self);
    }
    unlock(links);
    free_watches(self->services, watches);
}
