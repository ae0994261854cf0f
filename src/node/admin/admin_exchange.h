/* One request to the admin socket and its answer, without the way they travel. It belongs to the thread that
 * serves the socket; while an operation is under way elsewhere, its answer's fields belong to that one. */
#ifndef AIRSSYS_NODE_ADMIN_ADMIN_EXCHANGE_H
#define AIRSSYS_NODE_ADMIN_ADMIN_EXCHANGE_H

#include <airssys/actor.h>

#include "core/text.h"

/* What the answer's content begins with, for who sends it to write over. */
#define AIRS_ADMIN_HEADROOM 64

#define AIRS_ADMIN_PARAMETERS_MAX 8

#define AIRS_ADMIN_JSON "application/json"

typedef enum airs_admin_method { AIRS_ADMIN_GET, AIRS_ADMIN_POST, AIRS_ADMIN_OTHER } airs_admin_method_t;

typedef enum airs_admin_progress {
    AIRS_ADMIN_ANSWERED,  /* the answer is complete */
    AIRS_ADMIN_ELSEWHERE, /* another thread will complete it and call `done` */
    AIRS_ADMIN_LATER,     /* to be tried again in `again_us` */
} airs_admin_progress_t;

typedef struct airs_admin_parameter {
    const char *name;
    const char *value;
} airs_admin_parameter_t;

typedef struct airs_admin_exchange airs_admin_exchange_t;

struct airs_admin_exchange {
    const airs_allocator_t *allocator;
    /* The request. */
    airs_admin_method_t method;
    char *path; /* owned, as are the other texts */
    airs_admin_parameter_t parameters[AIRS_ADMIN_PARAMETERS_MAX];
    size_t parameter_count;
    char *content_type; /* NULL: none */
    uint8_t *body;      /* NULL: none */
    size_t body_size;
    size_t body_filled;
    /* The work on it. */
    uint64_t begin_ns;    /* on the monotonic clock: when the work began; 0: not yet */
    uint64_t again_us;    /* for AIRS_ADMIN_LATER */
    airs_request_id_t id; /* of a call; the text is empty otherwise */
    bool elsewhere;       /* an operation is under way that ends in `done` */
    bool abandoned;       /* nobody waits for the answer any more */
    bool crowded;         /* more operations are under way than connections are allowed */
    /* Called once for an operation elsewhere, on its thread. */
    void (*done)(void *context, airs_admin_exchange_t *exchange);
    void *context;
    airs_admin_exchange_t *next; /* for who holds it */
    /* The answer. */
    int http_status;
    const char *allow;   /* the method that would be right; NULL: does not matter */
    airs_text_t type;    /* content type */
    airs_text_t sender;  /* who answered; empty: does not matter */
    airs_text_t content; /* AIRS_ADMIN_HEADROOM bytes, then the body */
};

/* NULL: no memory. */
airs_admin_exchange_t *airs_admin_exchange_create(const airs_allocator_t *allocator);

/* NULL is fine. */
void airs_admin_exchange_destroy(airs_admin_exchange_t *exchange);

/* Keep "name=value" as a parameter. AIRS_INVALID_ARGUMENT: it has no "=" or a zero, or there are too many;
 * AIRS_OUT_OF_MEMORY. */
airs_status_t airs_admin_exchange_add_parameter(airs_admin_exchange_t *exchange, airs_str_t text);

/* NULL: not given. */
const char *airs_admin_exchange_parameter(const airs_admin_exchange_t *exchange, const char *name);

/* Make room for a body of this size. */
airs_status_t airs_admin_exchange_expect_body(airs_admin_exchange_t *exchange, size_t size);

/* Bytes of the body as they come; what is more than was expected is left out. */
void airs_admin_exchange_fill_body(airs_admin_exchange_t *exchange, airs_bytes_t bytes);

/* Start an answer with a body of this content type: what is appended to `content` then is the body. */
void airs_admin_exchange_answer(airs_admin_exchange_t *exchange, int http_status, airs_str_t type);

/* Answer with a failure: its status's name, and the message. */
void airs_admin_exchange_fail(airs_admin_exchange_t *exchange, airs_status_t status, const char *format, ...)
    AIRS_PRINTF(3, 4);

/* The same with another HTTP status than airs_admin_http_status gives. */
void airs_admin_exchange_refuse(airs_admin_exchange_t *exchange, int http_status, airs_status_t status,
                                const char *format, ...) AIRS_PRINTF(4, 5);

/* The body of the answer. */
airs_bytes_t airs_admin_exchange_content(const airs_admin_exchange_t *exchange);

/* docs/reference/admin.md has the table. */
int airs_admin_http_status(airs_status_t status);

#endif
