/* What the exports have in common. */
#ifndef AIRS_SDK_LIFECYCLE_H
#define AIRS_SDK_LIFECYCLE_H

#include "memory.h"

/* What a callback's content type is when there is no response. */
#define AIRS_SDK_FAILURE_TYPE "application/vnd.airssys.error+json"

/* The answer to the request in hand was taken over. */
extern bool airs_sdk_deferred;

#endif
