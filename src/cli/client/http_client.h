/* One HTTP/1.1 request over a Unix socket, and its answer. */
#ifndef AIRSSYS_CLI_CLIENT_HTTP_CLIENT_H
#define AIRSSYS_CLI_CLIENT_HTTP_CLIENT_H

#include <sys/types.h>

#include <airssys/error.h>

#include "core/text.h"

/* No path is longer, encoded: no id and no topic is, and the library would say that there is no connection. */
#define AIRS_HTTP_PATH_MAX 1024

typedef struct airs_http_request {
    const char *socket;      /* a path */
    const char *method;      /* "GET", "POST" */
    const char *path;        /* with its query, percent-encoded */
    airs_str_t content_type; /* size 0: none */
    airs_bytes_t body;
    uint64_t timeout_ms; /* for all of it */
} airs_http_request_t;

typedef struct airs_http_answer {
    int status;
    airs_text_t content_type; /* empty: none */
    airs_text_t sender;       /* X-Airssys-Sender; empty: none */
    airs_text_t body;
} airs_http_answer_t;

/* Whether somebody listens at this path, and in which process, 0 where that cannot be told; `process` may be
 * NULL. AIRS_NOT_FOUND: there is no such path; AIRS_NOT_RUNNING: nobody listens; AIRS_IO. */
airs_status_t airs_http_probe(const char *socket, pid_t *process, airs_error_t *error);

/* AIRS_OK whatever the answer's status is. The statuses of airs_http_probe, AIRS_TIMEOUT, AIRS_OUT_OF_MEMORY,
 * AIRS_INVALID_ARGUMENT (a path that is too long). `answer` is to be freed in each case. One thread at a time. */
airs_status_t airs_http_exchange(const airs_http_request_t *request, airs_http_answer_t *answer,
                                 airs_error_t *error);

void airs_http_answer_free(airs_http_answer_t *answer);

/* Append `part` so that it can be a value in a query (RFC 3986). */
void airs_http_append_encoded(airs_text_t *out, airs_str_t part);

#endif
