/* Where the recording of an incarnation that crashed goes: who can keep files implements it, the runtime
 * layer calls it. */
#ifndef AIRSSYS_CORE_CRASH_SINK_H
#define AIRSSYS_CORE_CRASH_SINK_H

#include "core/component_id.h"

typedef struct airs_crash airs_crash_t;
typedef struct airs_crash_sink airs_crash_sink_t;

/* A crash file that is not written yet. It has one owner, and depends on nothing else but the allocator it came
 * from: it may outlive the engine. */
struct airs_crash {
    airs_crash_t *next;      /* the owner's */
    airs_component_id_t *id; /* of the actor; a reference of the crash's */
    airs_status_t status;    /* what ended it */
    uint64_t wall_ns;        /* when, since 1970 */
    uint64_t size;           /* of the file, in bytes */
    /* The file's content, `*count` parts that stay valid as long as the crash. It is completed with a checksum
     * over all of it, which takes a while: not on a worker. */
    const airs_bytes_t *(*content)(airs_crash_t *crash, size_t *count);
    /* Its end. Any thread. */
    void (*release)(airs_crash_t *crash);
};

struct airs_crash_sink {
    /* Takes the crash. Called on workers, between two messages: must be brief. */
    void (*take)(airs_crash_sink_t *sink, airs_crash_t *crash);
};

#endif
