/* What the system says is wrong, for a person: with the limit that was met, and what lifts it. */
#ifndef AIRSSYS_CORE_SYSTEM_ERROR_H
#define AIRSSYS_CORE_SYSTEM_ERROR_H

#define AIRS_SYSTEM_ERROR_MAX 160

/* Of an error number (errno(3)), into `out`, which is returned. */
const char *airs_system_error_text(int number, char out[AIRS_SYSTEM_ERROR_MAX]);

#endif
