/* The generated bindings, compiled as part of the SDK: what they free may be memory of the SDK's. */
#include <stdlib.h>

#include "memory.h"

#define free airs_sdk_free
#pragma clang diagnostic ignored "-Weverything"
#include "guest.c"
