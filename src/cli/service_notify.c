#include "cli/service_notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX 1024

/* False: it names no socket. */
static bool read_address(airs_service_notify_t *self, const char *name) {
    size_t length = strlen(name);
    bool abstract = name[0] == '@';
    if ((name[0] != '/' && !abstract) || length < 2 || length >= sizeof self->address.sun_path) {
        return false;
    }
    self->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(self->address.sun_path, name, length);
    if (abstract) {
        self->address.sun_path[0] = '\0';
    }
    /* An abstract name ends where the address does. */
    self->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (abstract ? 0 : 1));
    return true;
}

/* 0: it is none. */
static uint64_t read_number(const char *text) {
    char *end = NULL;
    unsigned long long number = text != NULL ? strtoull(text, &end, 10) : 0;
    return end != NULL && end != text && *end == '\0' ? number : 0;
}

void airs_service_notify_open(airs_service_notify_t *self) {
    *self = (airs_service_notify_t){.socket = -1};
    const char *name = getenv("NOTIFY_SOCKET");
    const char *process = getenv("WATCHDOG_PID");
    if (name != NULL && read_address(self, name)) {
        self->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }
    if (self->socket >= 0 && (process == NULL || read_number(process) == (uint64_t)getpid())) {
        self->watchdog_us = read_number(getenv("WATCHDOG_USEC"));
    }
    /* Nobody that we start is meant. */
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

void airs_service_notify_close(airs_service_notify_t *self) {
    if (self->socket >= 0) {
        close(self->socket);
    }
    self->socket = -1;
}

void airs_service_notify_send(const airs_service_notify_t *self, const char *format, ...) {
    char message[MESSAGE_MAX];
    if (self->socket < 0) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (size > 0) {
        size_t length = (size_t)size < sizeof message ? (size_t)size : sizeof message - 1;
        (void)sendto(self->socket, message, length, MSG_NOSIGNAL, (const struct sockaddr *)&self->address,
                     self->address_size);
    }
}

void airs_service_notify_reloading(const airs_service_notify_t *self) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    airs_service_notify_send(self,
                             "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=reading the manifest anew",
                             (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}
