/* How much there is in a component: what it costs to compile it grows with that. Counted in one pass over the binary,
 * without memory and without believing it: a component that claims more than it has only makes itself refused. */
#ifndef AIRSSYS_SECURITY_COMPONENT_SHAPE_H
#define AIRSSYS_SECURITY_COMPONENT_SHAPE_H

#include <airssys/bytes.h>
#include <airssys/error.h>
#include <airssys/load.h>

/* Over all modules and components in it; sizes of functions and numbers of locals are the largest. */
typedef struct airs_component_shape {
#define AIRS_COMPONENT_SHAPE_MEMBER(member, standard, most, key, what) uint64_t member;
    AIRS_COMPONENT_LIMIT_MAP(AIRS_COMPONENT_SHAPE_MEMBER)
#undef AIRS_COMPONENT_SHAPE_MEMBER
} airs_component_shape_t;

/* What the file may be when nobody says otherwise, and at most. */
#define AIRS_COMPONENT_FILE_DEFAULT ((uint64_t)64 << 20)

/* Fill in the defaults of what the file may be and have. */
void airs_load_limits_resolve(airs_load_limits_t *limits);

/* Whether a file of so many bytes may be read at all. AIRS_COMPONENT_TOO_LARGE says by which limit not; the error does
 * not name the file. `limits` is resolved. */
airs_status_t airs_component_check_size(uint64_t size, const airs_load_limits_t *limits, airs_error_t *error);

/* Count what is in `binary`, as far as it stays within the limits, which are resolved. AIRS_COMPONENT_TOO_COMPLEX when
 * it does not, and the error says which limit it is; AIRS_INVALID_COMPONENT when its sections do not fit together. The
 * error does not name the file. `out` may be NULL. */
airs_status_t airs_component_shape_check(airs_bytes_t binary, const airs_load_limits_t *limits,
                                         airs_component_shape_t *out, airs_error_t *error);

#endif
