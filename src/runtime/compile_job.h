/* What airssys-compile does: takes a request from standard input, and answers on standard output. */
#ifndef AIRSSYS_RUNTIME_COMPILE_JOB_H
#define AIRSSYS_RUNTIME_COMPILE_JOB_H

/* The exit code: 0 when there is an answer, which may be that the component does not compile; 2: not started as a node
 * starts it; 1: no answer could be given. */
int airs_compile_job_run(void);

#endif
