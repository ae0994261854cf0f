/* Threads of the runtime's own. */
#ifndef AIRSSYS_CORE_THREAD_H
#define AIRSSYS_CORE_THREAD_H

#include <pthread.h>

#include <airssys/status.h>

/* Start a thread that leaves the process's signals to the program's own threads; those that a fault
 * raises in the thread itself stay open, for the engine turns them into traps. AIRS_INTERNAL. */
airs_status_t airs_thread_start(pthread_t *out, void *(*run)(void *argument), void *argument);

#endif
