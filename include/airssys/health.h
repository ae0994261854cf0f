/* How well an actor is, as it says itself when it is asked. */
#ifndef AIRSSYS_HEALTH_H
#define AIRSSYS_HEALTH_H

#include <airssys/export.h>

/* enum health-status of airssys:core/component-lifecycle. */
typedef enum airs_health {
    AIRS_HEALTHY,
    AIRS_DEGRADED,       /* it works, but not as it should; shown, and nothing else */
    AIRS_UNHEALTHY,      /* also: it did not answer in time; ends the actor when it is found often enough */
    AIRS_HEALTH_UNKNOWN, /* it was not asked yet, or does not know */
} airs_health_t;

/* "healthy", "degraded", … Static. */
AIRS_API const char *airs_health_text(airs_health_t health);

#endif
