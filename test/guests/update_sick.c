/* A version that is unhealthy. See update.h. */
#define VERSION "6.0.0"
#include "update.h"

airs_health_t airs_on_health(void) { return AIRS_UNHEALTHY; }
