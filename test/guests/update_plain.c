/* A good next version that begins anew. See update.h. */
#define VERSION "3.0.0"
#define STATELESS
#include "update.h"
