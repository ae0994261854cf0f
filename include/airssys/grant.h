/* What an actor is granted. docs/reference/capabilities.md lists the actions and describes the patterns. */
#ifndef AIRSSYS_GRANT_H
#define AIRSSYS_GRANT_H

#include <stdint.h>

/* One action, or all of a group, on what a pattern matches. */
typedef struct airs_grant {
    const char *action;     /* "messaging.send", "storage.*", "*" */
    const char *pattern;    /* NULL: anything; not looked at where the action is on nothing in particular */
    uint64_t expires_at_ns; /* wall clock, nanoseconds since 1970; 0: never */
    /* Of "filesystem.*", "filesystem.read" and "filesystem.write", whose pattern is the path of a folder that is
     * there, without wildcards: where the guest finds the folder; NULL: at the same path. A folder that is granted to
     * be written to must be granted to be read from, too. */
    const char *guest_path;
} airs_grant_t;

#endif
