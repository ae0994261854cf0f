/* How fast an actor system does something, seen from outside while it works. */
#ifndef AIRSSYS_BENCH_SUPPORT_PACE_H
#define AIRSSYS_BENCH_SUPPORT_PACE_H

#include "actor/actor_system.h"

/* The wall nanoseconds that one step takes, watched for `ms` after a fifth of that as a start; `count` tells how
 * many there were so far. Ends the program when there are fewer than `least`. */
double bench_pace_ns(airs_actor_system_t *system, uint64_t (*count)(airs_actor_system_t *system), long ms,
                     uint64_t least);

#endif
