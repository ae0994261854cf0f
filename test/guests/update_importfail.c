/* A version that does not take the state. See update.h. */
#define VERSION "5.0.0"
#define IMPORT return airs_fail_str(airs_str("too old"))
#include "update.h"
