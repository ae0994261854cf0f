/* The library's version, as Semantic Versioning has it. */
#ifndef AIRSSYS_VERSION_H
#define AIRSSYS_VERSION_H

#include <airssys/export.h>

#define AIRS_VERSION_MAJOR 0
#define AIRS_VERSION_MINOR 1
#define AIRS_VERSION_PATCH 0
#define AIRS_VERSION "0.1.0"

/* The version of the library that is linked, "0.1.0". Static. */
AIRS_API const char *airs_version(void);

#endif
