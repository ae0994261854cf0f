/* A version that does not let go of its state. See update.h. */
#define VERSION "8.0.0"
#define EXPORT return airs_fail_str(airs_str("busy"))
#include "update.h"
