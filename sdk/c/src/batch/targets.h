/* Handles of those to whom this component sends. */
#ifndef AIRS_SDK_TARGETS_H
#define AIRS_SDK_TARGETS_H

#include "../memory.h"

/* The handle for an id, remembered for the last few; 0: there is none, and host-messaging says why. */
uint64_t airs_sdk_target(airs_id_t id);

#endif
