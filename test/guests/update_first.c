/* The first version. See update.h. */
#define VERSION "1.0.0"
#include "update.h"
