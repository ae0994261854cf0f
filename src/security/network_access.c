#include "security/network_access.h"

#include <pthread.h>
#include <string.h>

#include "core/memory.h"
#include "security/host_pattern.h"

typedef struct name {
    uint8_t size; /* 0: none */
    char text[AIRS_HOST_MAX];
} name_t;

/* A name that the actor looked up, and what was found. */
typedef struct named {
    airs_network_address_t address;
    name_t name;
} named_t;

typedef struct look_up {
    uint32_t number;
    name_t name;
} look_up_t;

/* A connection, and what was granted for it. */
typedef struct opened {
    uint32_t number;
    airs_action_t action;
    airs_network_address_t address;
    name_t granted; /* the address, or a name for it, for names are forgotten */
} opened_t;

/* A stream of datagrams, and where its socket is bound. */
typedef struct heard_at {
    uint32_t number;
    airs_network_address_t local;
} heard_at_t;

/* Local addresses that it listened on: what comes there is taken as long as one of them is allowed. */
#define LISTENED_MAX 16

struct airs_network_access {
    const airs_allocator_t *allocator;
    pthread_mutex_t lock; /* of what follows: some of it is asked on threads of the input and output */
    airs_security_context_t *context;
    heard_at_t *heard_at; /* as many as an instance may have handles, at most: numbers come again */
    size_t heard_at_count;
    opened_t *opened;
    size_t opened_count;
    size_t opened_room;
    bool lost_count;          /* of those that are open, for want of memory */
    airs_validity_t validity; /* of what is open */
    bool is_known;            /* `validity` says it */
    airs_network_address_t listened[LISTENED_MAX];
    size_t listened_count; /* all in all */
    look_up_t *look_ups;   /* AIRS_NETWORK_LOOK_UPS; NULL until the first */
    size_t look_up_count;  /* all in all */
    named_t *named;        /* AIRS_NETWORK_NAMES; likewise */
    size_t named_count;    /* all in all */
};

airs_status_t airs_network_access_create(const airs_allocator_t *allocator, airs_security_context_t *context,
                                         airs_network_access_t **out) {
    airs_network_access_t *self = airs_alloc_zeroed(allocator, sizeof *self);
    if (self == NULL) {
        airs_security_context_destroy(context);
        return AIRS_OUT_OF_MEMORY;
    }
    self->allocator = allocator;
    self->context = context;
    pthread_mutex_init(&self->lock, NULL); /* cannot fail without attributes */
    *out = self;
    return AIRS_OK;
}

void airs_network_access_destroy(airs_network_access_t *access) {
    if (access != NULL) {
        airs_security_context_destroy(access->context);
        airs_release(access->allocator, access->opened);
        airs_release(access->allocator, access->heard_at);
        airs_release(access->allocator, access->look_ups);
        airs_release(access->allocator, access->named);
        pthread_mutex_destroy(&access->lock);
        airs_release(access->allocator, access);
    }
}

/* ---- names ---------------------------------------------------------------------------------- */

static airs_str_t name_view(const name_t *name) { return airs_str_n(name->text, name->size); }

static void keep_name(name_t *out, airs_str_t name) {
    out->size = (uint8_t)(name.size <= AIRS_HOST_MAX ? name.size : 0);
    memcpy(out->text, name.data, out->size);
}

/* How many of a ring are there, of which `count` were put into it. */
static size_t kept(size_t count, size_t max) { return count < max ? count : max; }

static look_up_t *find_look_up(airs_network_access_t *access, uint32_t number) {
    for (size_t i = 0; i < kept(access->look_up_count, AIRS_NETWORK_LOOK_UPS); i++) {
        if (access->look_ups[i].number == number) {
            return &access->look_ups[i];
        }
    }
    return NULL;
}

/* Without memory for it nothing is remembered, and then nothing is found either. */
static void *have_ring(airs_network_access_t *access, void *ring, size_t count, size_t size) {
    return ring != NULL ? ring : airs_alloc_array(access->allocator, count, size);
}

void airs_network_access_begin(airs_network_access_t *access, uint32_t number, airs_str_t name) {
    pthread_mutex_lock(&access->lock);
    access->look_ups = have_ring(access, access->look_ups, AIRS_NETWORK_LOOK_UPS, sizeof *access->look_ups);
    if (access->look_ups != NULL) {
        look_up_t *at = find_look_up(access, number);
        if (at == NULL) {
            at = &access->look_ups[access->look_up_count++ % AIRS_NETWORK_LOOK_UPS];
        }
        at->number = number;
        keep_name(&at->name, name);
    }
    pthread_mutex_unlock(&access->lock);
}

static void remember(airs_network_access_t *access, const airs_network_address_t *address,
                     const name_t *name) {
    access->named = have_ring(access, access->named, AIRS_NETWORK_NAMES, sizeof *access->named);
    for (size_t i = 0; access->named != NULL && i < kept(access->named_count, AIRS_NETWORK_NAMES); i++) {
        const named_t *named = &access->named[i];
        if (airs_network_address_is_same_host(&named->address, address) &&
            airs_str_equal(name_view(&named->name), name_view(name))) {
            return;
        }
    }
    if (access->named != NULL) {
        access->named[access->named_count++ % AIRS_NETWORK_NAMES] = (named_t){*address, *name};
    }
}

/* ---- decisions ------------------------------------------------------------------------------ */

static bool sees(airs_network_access_t *access, airs_action_t action, airs_str_t host, uint16_t port) {
    airs_resource_t resource = airs_resource_host(host, port);
    return airs_security_sees(access->context, action, &resource);
}

/* With `validity` narrowed to what this one has. */
static bool sees_for(airs_network_access_t *access, airs_action_t action, airs_str_t host, uint16_t port,
                     airs_validity_t *validity) {
    airs_validity_t found;
    airs_resource_t resource = airs_resource_host(host, port);
    if (!airs_security_sees_for(access->context, action, &resource, &found)) {
        return false;
    }
    validity->generation = found.generation;
    validity->expires_at_ns = found.expires_at_ns < validity->expires_at_ns ? found.expires_at_ns
                                                                            : validity->expires_at_ns;
    return true;
}

static bool forbids(airs_network_access_t *access, airs_action_t action, airs_str_t host, uint16_t port) {
    airs_resource_t resource = airs_resource_host(host, port);
    return airs_security_forbids(access->context, action, &resource);
}

/* Denied, as the audit is told; or not, if a grant was given in this moment. */
static airs_status_t check(airs_network_access_t *access, airs_action_t action, airs_str_t host,
                           uint16_t port, airs_error_t *error) {
    airs_resource_t resource = airs_resource_host(host, port);
    return airs_security_check(access->context, action, &resource, error);
}

static airs_str_t localhost(void) { return airs_str("localhost"); }

/* By a name that it looked up. `first` is one that it is known by, for whom is told of a denial. */
static bool is_named(airs_network_access_t *access, const airs_network_address_t *address,
                     airs_str_t *first) {
    for (size_t i = 0; i < kept(access->named_count, AIRS_NETWORK_NAMES); i++) {
        const named_t *named = &access->named[i];
        if (airs_network_address_is_same_host(&named->address, address)) {
            *first = name_view(&named->name);
            if (sees(access, AIRS_ACTION_OUTBOUND, *first, address->port)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_forbidden(airs_network_access_t *access, airs_action_t action,
                         const airs_network_address_t *address, airs_str_t text, airs_str_t *first) {
    *first = text;
    if (forbids(access, action, text, address->port)) {
        return true;
    }
    if (airs_network_address_is_loopback(address) && forbids(access, action, localhost(), address->port)) {
        *first = localhost();
        return true;
    }
    return false;
}

/* With `first` the name, or the address, by which it is allowed or refused. */
static bool is_allowed(airs_network_access_t *access, airs_action_t action,
                       const airs_network_address_t *address, airs_str_t text, airs_str_t *first) {
    if (is_forbidden(access, action, address, text, first)) {
        return false;
    }
    if (sees(access, action, text, address->port)) {
        return true;
    }
    if (airs_network_address_is_loopback(address) && sees(access, action, localhost(), address->port)) {
        *first = localhost();
        return true;
    }
    return action == AIRS_ACTION_OUTBOUND && is_named(access, address, first);
}

static airs_status_t decide(airs_network_access_t *access, airs_action_t action,
                            const airs_network_address_t *address, bool tells, airs_error_t *error) {
    char text[AIRS_ADDRESS_TEXT_MAX];
    airs_str_t first;
    if (is_allowed(access, action, address, airs_str(airs_network_address_text(address, text)), &first)) {
        return AIRS_OK;
    }
    if (tells) {
        return check(access, action, first, address->port, error);
    }
    return airs_error_set(error, AIRS_CAPABILITY_DENIED, "%s is not allowed", text);
}

/* A client's socket is bound to no address and no port in particular. Nothing comes of that: to listen and to receive
 * is asked for again. */
static bool is_client(const airs_network_address_t *local) {
    return local->port == 0 && airs_network_address_is_unspecified(local);
}

static airs_status_t may_listen(airs_network_access_t *access, const airs_network_address_t *address,
                                airs_error_t *error) {
    airs_status_t status = decide(access, AIRS_ACTION_INBOUND, address, true, error);
    if (status == AIRS_OK) {
        access->listened[access->listened_count++ % LISTENED_MAX] = *address;
    }
    return status;
}

static airs_status_t may_accept(airs_network_access_t *access, airs_error_t *error) {
    airs_status_t status = AIRS_CAPABILITY_DENIED;
    for (size_t i = 0; status != AIRS_OK && i < kept(access->listened_count, LISTENED_MAX); i++) {
        status = decide(access, AIRS_ACTION_INBOUND, &access->listened[i], false, error);
    }
    return status;
}

static airs_status_t use(airs_network_access_t *access, airs_network_use_t use,
                         const airs_network_address_t *address, airs_error_t *error) {
    if (airs_network_address_is_of_many(address)) {
        /* The kernel would send to a group that nobody joined, and hear what everybody on the link is told. */
        return airs_error_set(error, AIRS_CAPABILITY_DENIED, "there is no multicast and no broadcast");
    }
    switch (use) {
    case AIRS_NETWORK_TCP_BIND:
    case AIRS_NETWORK_UDP_BIND:
        return is_client(address) ? AIRS_OK : decide(access, AIRS_ACTION_INBOUND, address, true, error);
    case AIRS_NETWORK_TCP_LISTEN:
        return may_listen(access, address, error);
    case AIRS_NETWORK_TCP_ACCEPT:
        return may_accept(access, error);
    case AIRS_NETWORK_TCP_CONNECT:
    case AIRS_NETWORK_UDP_SEND:
        break;
    }
    return address->port != 0 ? decide(access, AIRS_ACTION_OUTBOUND, address, true, error)
                              : airs_error_set(error, AIRS_CAPABILITY_DENIED, "there is no port 0");
}

airs_status_t airs_network_access_use(airs_network_access_t *access, airs_network_use_t how,
                                      const airs_network_address_t *address, airs_error_t *error) {
    airs_network_address_t plain = airs_network_address_plain(address);
    pthread_mutex_lock(&access->lock);
    airs_status_t status = use(access, how, &plain, error);
    pthread_mutex_unlock(&access->lock);
    return status;
}

/* ---- what is open --------------------------------------------------------------------------- */

static opened_t *find_opened(const airs_network_access_t *access, uint32_t number) {
    for (size_t i = 0; i < access->opened_count; i++) {
        if (access->opened[i].number == number) {
            return &access->opened[i];
        }
    }
    return NULL;
}

/* NULL: no memory. */
static opened_t *add_opened(airs_network_access_t *access, uint32_t number) {
    if (access->opened_count == access->opened_room) {
        size_t room = access->opened_room > 0 ? 2 * access->opened_room : 4;
        opened_t *grown = airs_resize_array(access->allocator, access->opened, room, sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        access->opened = grown;
        access->opened_room = room;
    }
    opened_t *added = &access->opened[access->opened_count++];
    added->number = number;
    return added;
}

void airs_network_access_opened(airs_network_access_t *access, uint32_t number, airs_network_use_t how,
                                const airs_network_address_t *address) {
    char text[AIRS_ADDRESS_TEXT_MAX];
    airs_str_t granted;
    airs_action_t action = how == AIRS_NETWORK_TCP_ACCEPT ? AIRS_ACTION_INBOUND : AIRS_ACTION_OUTBOUND;
    airs_network_address_t plain = airs_network_address_plain(address);
    pthread_mutex_lock(&access->lock);
    /* One that is refused comes to nothing. */
    if (is_allowed(access, action, &plain, airs_str(airs_network_address_text(&plain, text)), &granted)) {
        opened_t *opened = find_opened(access, number);
        opened = opened != NULL ? opened : add_opened(access, number);
        access->lost_count = access->lost_count || opened == NULL;
        access->is_known = false;
        if (opened != NULL) {
            opened->action = action;
            opened->address = plain;
            keep_name(&opened->granted, granted);
        }
    }
    pthread_mutex_unlock(&access->lock);
}

void airs_network_access_closed(airs_network_access_t *access, uint32_t number) {
    pthread_mutex_lock(&access->lock);
    opened_t *opened = find_opened(access, number);
    if (opened != NULL) {
        *opened = access->opened[--access->opened_count];
    }
    pthread_mutex_unlock(&access->lock);
}

static airs_status_t hold_one(airs_network_access_t *access, const opened_t *opened,
                              airs_validity_t *validity, airs_error_t *error) {
    char text[AIRS_ADDRESS_TEXT_MAX];
    airs_str_t first;
    airs_str_t address = airs_str(airs_network_address_text(&opened->address, text));
    uint16_t port = opened->address.port;
    if (is_forbidden(access, opened->action, &opened->address, address, &first)) {
        return check(access, opened->action, first, port, error);
    }
    return sees_for(access, opened->action, name_view(&opened->granted), port, validity)
               ? AIRS_OK
               : check(access, opened->action, name_view(&opened->granted), port, error);
}

static airs_status_t hold_all(airs_network_access_t *access, airs_error_t *error) {
    airs_validity_t validity = {.expires_at_ns = AIRS_GRANT_FOREVER};
    airs_status_t status =
        access->lost_count
            ? airs_error_set(error, AIRS_OUT_OF_MEMORY, "there was no memory to keep an eye on what is open")
            : AIRS_OK;
    for (size_t i = 0; status == AIRS_OK && i < access->opened_count; i++) {
        status = hold_one(access, &access->opened[i], &validity, error);
    }
    access->validity = validity;
    access->is_known = status == AIRS_OK;
    return status;
}

airs_status_t airs_network_access_hold(airs_network_access_t *access, airs_error_t *error) {
    /* Without the lock: only who calls this opens and closes. */
    if (access == NULL || (access->opened_count == 0 && !access->lost_count)) {
        return AIRS_OK;
    }
    pthread_mutex_lock(&access->lock);
    bool holds = access->is_known && airs_security_holds(access->context, &access->validity);
    airs_status_t status = holds ? AIRS_OK : hold_all(access, error);
    pthread_mutex_unlock(&access->lock);
    return status;
}

uint64_t airs_network_access_expires_at(airs_network_access_t *access) {
    if (access == NULL || access->opened_count == 0) {
        return AIRS_GRANT_FOREVER; /* without the lock, as above */
    }
    airs_validity_t validity = {.expires_at_ns = AIRS_GRANT_FOREVER};
    bool sees = true;
    pthread_mutex_lock(&access->lock);
    if (access->is_known) {
        validity = access->validity;
    }
    for (size_t i = 0; !access->is_known && sees && i < access->opened_count; i++) {
        const opened_t *opened = &access->opened[i];
        sees = sees_for(access, opened->action, name_view(&opened->granted), opened->address.port, &validity);
    }
    pthread_mutex_unlock(&access->lock);
    return sees ? validity.expires_at_ns : 0;
}

/* ---- datagrams ------------------------------------------------------------------------------ */

static heard_at_t *find_heard_at(const airs_network_access_t *access, uint32_t number) {
    for (size_t i = 0; i < access->heard_at_count; i++) {
        if (access->heard_at[i].number == number) {
            return &access->heard_at[i];
        }
    }
    return NULL;
}

/* NULL: no memory. */
static heard_at_t *add_heard_at(airs_network_access_t *access, uint32_t number) {
    heard_at_t *grown = airs_resize_array(access->allocator, access->heard_at, access->heard_at_count + 1,
                                          sizeof *access->heard_at);
    if (grown == NULL) {
        return NULL;
    }
    access->heard_at = grown;
    heard_at_t *added = &grown[access->heard_at_count++];
    added->number = number;
    return added;
}

void airs_network_access_begin_to_hear(airs_network_access_t *access, uint32_t number,
                                       const airs_network_address_t *local) {
    pthread_mutex_lock(&access->lock);
    heard_at_t *at = find_heard_at(access, number);
    at = at != NULL ? at : add_heard_at(access, number);
    if (at != NULL) {
        at->local = airs_network_address_plain(local);
    }
    pthread_mutex_unlock(&access->lock);
}

bool airs_network_access_hears(airs_network_access_t *access, uint32_t number,
                               const airs_network_address_t *from) {
    airs_network_address_t plain = airs_network_address_plain(from);
    pthread_mutex_lock(&access->lock);
    const heard_at_t *at = find_heard_at(access, number);
    bool hears = decide(access, AIRS_ACTION_OUTBOUND, &plain, false, NULL) == AIRS_OK ||
                 (at != NULL && decide(access, AIRS_ACTION_INBOUND, &at->local, true, NULL) == AIRS_OK);
    pthread_mutex_unlock(&access->lock);
    return hears;
}

airs_status_t airs_network_access_any(airs_network_access_t *access) {
    pthread_mutex_lock(&access->lock);
    airs_status_t status = airs_security_holds_any(access->context, AIRS_ACTION_INBOUND)
                               ? AIRS_OK
                               : airs_security_check_any(access->context, AIRS_ACTION_OUTBOUND, NULL);
    pthread_mutex_unlock(&access->lock);
    return status;
}

airs_status_t airs_network_access_look_up(airs_network_access_t *access, airs_str_t name,
                                          airs_error_t *error) {
    pthread_mutex_lock(&access->lock);
    airs_status_t status =
        name.size > 0 && name.size <= AIRS_HOST_MAX
            ? check(access, AIRS_ACTION_OUTBOUND, name, 0, error)
            : airs_error_set(error, AIRS_CAPABILITY_DENIED, "no host has a name of %zu bytes", name.size);
    pthread_mutex_unlock(&access->lock);
    return status;
}

static bool is_localhost(airs_str_t name) { return airs_host_pattern_names(localhost(), name, false); }

static bool may_know(airs_network_access_t *access, const name_t *name,
                     const airs_network_address_t *address) {
    char text[AIRS_ADDRESS_TEXT_MAX];
    airs_str_t host = airs_str(airs_network_address_text(address, text));
    if (forbids(access, AIRS_ACTION_OUTBOUND, host, 0)) {
        return false;
    }
    if (airs_network_address_is_public(address)) {
        return true;
    }
    return sees(access, AIRS_ACTION_OUTBOUND, host, 0) ||
           (is_localhost(name_view(name)) && airs_network_address_is_loopback(address));
}

bool airs_network_access_found(airs_network_access_t *access, uint32_t number,
                               const airs_network_address_t *address) {
    airs_network_address_t plain = airs_network_address_plain(address);
    plain.port = 0;
    pthread_mutex_lock(&access->lock);
    const look_up_t *look_up = access->look_ups != NULL ? find_look_up(access, number) : NULL;
    bool may = look_up != NULL && look_up->name.size > 0 && may_know(access, &look_up->name, &plain);
    if (may && airs_network_address_is_public(&plain)) {
        remember(access, &plain, &look_up->name);
    }
    pthread_mutex_unlock(&access->lock);
    return may;
}
