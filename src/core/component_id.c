#include "core/component_id.h"

#include "core/memory.h"
#include "core/refcount.h"

struct airs_component_id {
    airs_refcount_t refcount;
    const airs_allocator_t *allocator;
    uint64_t hash;
    uint64_t component_hash;
    airs_id_t view; /* into `text` */
    char text[];    /* "namespace/name/instance" */
};

/* Copies `part` to *at, `end` behind it, and moves *at behind both. Returns the copy. */
static airs_str_t place(char **at, airs_str_t part, char end) {
    airs_str_t copy = airs_str_n(*at, part.size);
    char *behind = airs_copy(*at, part.data, part.size);
    *behind = end;
    *at = behind + 1;
    return copy;
}

airs_status_t airs_component_id_create(const airs_allocator_t *allocator, airs_id_t id,
                                       airs_component_id_t **out, airs_error_t *error) {
    airs_status_t status = airs_id_check(id, error);
    if (status != AIRS_OK) {
        return status;
    }
    size_t text_size = id.ns.size + id.name.size + id.instance.size + 3; /* two slashes and the end */
    airs_component_id_t *self = airs_alloc(allocator, sizeof *self + text_size);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for the id %.*s/%.*s/%.*s",
                              AIRS_STR_ARG(id.ns), AIRS_STR_ARG(id.name), AIRS_STR_ARG(id.instance));
    }
    airs_refcount_init(&self->refcount);
    self->allocator = allocator;
    char *at = self->text;
    self->view.ns = place(&at, id.ns, '/');
    self->view.name = place(&at, id.name, '/');
    self->view.instance = place(&at, id.instance, '\0');
    self->component_hash = airs_id_hash_component(self->view);
    self->hash = airs_id_hash_instance(self->component_hash, self->view.instance);
    *out = self;
    return AIRS_OK;
}

airs_component_id_t *airs_component_id_ref(airs_component_id_t *id) {
    airs_refcount_ref(&id->refcount);
    return id;
}

void airs_component_id_unref(airs_component_id_t *id) {
    if (id != NULL && airs_refcount_unref(&id->refcount)) {
        airs_release(id->allocator, id);
    }
}

void airs_component_id_ref_many(airs_component_id_t *id, uint64_t count) {
    airs_refcount_ref_many(&id->refcount, count);
}

void airs_component_id_unref_many(airs_component_id_t *id, uint64_t count) {
    if (airs_refcount_unref_many(&id->refcount, count)) {
        airs_release(id->allocator, id);
    }
}

airs_id_t airs_component_id_view(const airs_component_id_t *id) { return id->view; }

const airs_id_t *airs_component_id_parts(const airs_component_id_t *id) { return &id->view; }

static inline bool same_four(const char *a, const char *b) {
    uint32_t x = 0;
    uint32_t y = 0;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x == y;
}

static inline bool same_eight(const char *a, const char *b) {
    uint64_t x = 0;
    uint64_t y = 0;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x == y;
}

/* By words, the last of which overlaps the one before: parts of ids are too short for a call to pay. */
static inline bool same_bytes(const char *a, const char *b, size_t size) {
    if (size < 4) {
        while (size > 0 && a[size - 1] == b[size - 1]) {
            size--;
        }
        return size == 0;
    }
    if (size < 8) {
        return same_four(a, b) && same_four(a + size - 4, b + size - 4);
    }
    size_t last = size - 8;
    for (size_t at = 0; at < last; at += 8) {
        if (!same_eight(a + at, b + at)) {
            return false;
        }
    }
    return same_eight(a + last, b + last);
}

bool airs_component_id_is(const airs_component_id_t *id, const airs_id_t *view) {
    const airs_id_t *own = &id->view;
    return own->instance.size == view->instance.size && own->name.size == view->name.size &&
           own->ns.size == view->ns.size &&
           same_bytes(own->instance.data, view->instance.data, view->instance.size) &&
           same_bytes(own->name.data, view->name.data, view->name.size) &&
           same_bytes(own->ns.data, view->ns.data, view->ns.size);
}

const char *airs_component_id_text(const airs_component_id_t *id) { return id->text; }

uint64_t airs_component_id_hash(const airs_component_id_t *id) { return id->hash; }

uint64_t airs_component_id_component_hash(const airs_component_id_t *id) { return id->component_hash; }
