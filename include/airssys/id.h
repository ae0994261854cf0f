/* The id of an actor: namespace, name and instance (record component-id in wit/airssys-core).
 *
 * Written as text it is "namespace/name/instance". A namespace may hold slashes, the other two may
 * not; the instances of a component are "0" to "N-1", and the empty instance in a target means any
 * live instance of the component. */
#ifndef AIRSSYS_ID_H
#define AIRSSYS_ID_H

#include <airssys/bytes.h>
#include <airssys/export.h>
#include <airssys/error.h>

/* Bytes of the three parts together, at most. */
#define AIRS_ID_MAX 255

/* A borrowed view of an id. */
typedef struct airs_id {
    airs_str_t ns;
    airs_str_t name;
    airs_str_t instance;
} airs_id_t;

/* A view over three C strings (NULL counts as empty). */
static inline airs_id_t airs_id(const char *ns, const char *name, const char *instance) {
    return (airs_id_t){airs_str(ns), airs_str(name), airs_str(instance)};
}

/* Split "namespace/name/instance". The view points into `text`. AIRS_INVALID_ARGUMENT when it has
 * fewer than two slashes, an empty namespace or name, control characters, or is too long. */
AIRS_API airs_status_t airs_id_parse(airs_str_t text, airs_id_t *out, airs_error_t *error);

AIRS_API bool airs_id_equal(airs_id_t a, airs_id_t b);

#endif
