/* A version whose initialize fails. See update.h. */
#define VERSION "4.0.0"
#define START return airs_fail_str(airs_str("not today"))
#include "update.h"
