/* A good next version. See update.h. */
#define VERSION "2.0.0"
#include "update.h"
