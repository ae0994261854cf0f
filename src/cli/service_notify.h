/* Telling the service manager how the process is: sd_notify's protocol, datagrams of "NAME=value" lines to the
 * socket that $NOTIFY_SOCKET names (man 3 sd_notify). The protocol is one call; libsystemd, which has it, cannot be
 * linked statically, and the command is. */
#ifndef AIRSSYS_CLI_SERVICE_NOTIFY_H
#define AIRSSYS_CLI_SERVICE_NOTIFY_H

#include <airssys/error.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Read-only once opened, so any thread may send. */
typedef struct airs_service_notify {
    int socket; /* -1: nobody wants to know */
    struct sockaddr_un address;
    socklen_t address_size;
    uint64_t watchdog_us; /* how often it must be heard of; 0: it need not */
} airs_service_notify_t;

/* By $NOTIFY_SOCKET (a path, or "@name" in the abstract namespace), $WATCHDOG_USEC and $WATCHDOG_PID, which are taken
 * out of the environment. What cannot be used is as if it were not there. */
void airs_service_notify_open(airs_service_notify_t *self);
void airs_service_notify_close(airs_service_notify_t *self);

/* "READY=1\nSTATUS=…"; never waits, and does not mind when nobody takes it. */
void airs_service_notify_send(const airs_service_notify_t *self, const char *format, ...) AIRS_PRINTF(2, 3);

/* "RELOADING=1" with the time that goes with it. */
void airs_service_notify_reloading(const airs_service_notify_t *self);

#endif
