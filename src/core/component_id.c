#include "core/component_id.h"

#include "core/memory.h"
#include "core/refcount.h"

struct airs_component_id {
    airs_refcount_t refcount;
    const airs_allocator_t *allocator;
    uint64_t hash;
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
    self->hash = airs_id_hash(self->view);
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

const char *airs_component_id_text(const airs_component_id_t *id) { return id->text; }

uint64_t airs_component_id_hash(const airs_component_id_t *id) { return id->hash; }
