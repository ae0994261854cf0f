#include <airssys/version.h>

const char *airs_version(void) { return AIRS_VERSION; }
