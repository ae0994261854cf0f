/* A version that traps on its first message that it would count. See update.h. */
#define VERSION "7.0.0"
#define MESSAGE __builtin_trap()
#include "update.h"
