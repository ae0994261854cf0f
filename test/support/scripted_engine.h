/* An engine whose components are C functions: what actors are tested and simulated with.
 *
 * A guest is called once for each call of the engine, and again, with the next round, when a call that it
 * left pending goes on:
 *
 *     static airs_scripted_next_t guest(airs_scripted_call_t *call) {
 *         if (call->kind == AIRS_CALL_HANDLE_MESSAGE) {
 *             return call->round == 0 ? airs_scripted_sleep(call, 5000000) : airs_scripted_ok(call);
 *         }
 *         return airs_scripted_ok(call);
 *     }
 *
 * With `batches` set, which a whole test program can be run with (AIRS_TEST_BATCHES in its environment), messages come in batches where the actor layer makes some: the guest is called for each of them as
 * it is for one that comes alone, in one call of the engine, which marks, answers and fails them as it goes.
 *
 * The engine holds its callers to core/runtime_engine.h: a call into an instance that is in a call, was
 * spent or was never instantiated aborts the test, and so does one outside of activity_begin and _end. */
#ifndef AIRSSYS_TEST_SUPPORT_SCRIPTED_ENGINE_H
#define AIRSSYS_TEST_SUPPORT_SCRIPTED_ENGINE_H

#include <pthread.h>

#include "core/runtime_engine.h"

#define AIRS_SCRIPTED_COMPONENTS 32
/* What one slice of a looping guest counts towards its execution-time limit. */
#define AIRS_SCRIPTED_SLICE_MS 1

typedef struct airs_scripted_instance airs_scripted_instance_t;

typedef struct airs_scripted_call {
    airs_call_kind_t kind;
    const airs_component_message_t *message; /* of HANDLE_* */
    const airs_component_config_t *config;   /* of INITIALIZE */
    airs_bytes_t state;      /* of IMPORT_STATE; EXPORT_STATE ends with airs_scripted_respond */
    airs_str_t from_version; /* likewise */
    const airs_host_t *host;
    void *context;        /* the component's */
    uint64_t *memory;     /* eight words of the instance's own, zero at first */
    unsigned round;       /* 0 when the call begins, one more each time it goes on */
    airs_status_t waited; /* how the send or request ended that this call waited with */
    airs_error_t *error;  /* the text of the last send or request, or of its wait; may be empty */
    airs_scripted_instance_t *instance;
    airs_call_result_t *result;
} airs_scripted_call_t;

/* How a guest's round ends. */
typedef enum airs_scripted_next {
    AIRS_SCRIPTED_DONE,
    AIRS_SCRIPTED_YIELD, /* its slice is over */
    AIRS_SCRIPTED_PARK,  /* it waits */
} airs_scripted_next_t;

typedef airs_scripted_next_t airs_scripted_guest_t(airs_scripted_call_t *call);

/* What a guest returns. Texts and bytes are copied. */
airs_scripted_next_t airs_scripted_ok(airs_scripted_call_t *call);
/* Of a command. */
airs_scripted_next_t airs_scripted_exit(airs_scripted_call_t *call, int32_t code);
airs_scripted_next_t airs_scripted_respond(airs_scripted_call_t *call, const char *payload);
airs_scripted_next_t airs_scripted_error(airs_scripted_call_t *call, const char *reason);
airs_scripted_next_t airs_scripted_crash(airs_scripted_call_t *call, airs_status_t status,
                                         const char *reason);
airs_scripted_next_t airs_scripted_yield(airs_scripted_call_t *call);
airs_scripted_next_t airs_scripted_sleep(airs_scripted_call_t *call, uint64_t nanoseconds);
/* Until airs_scripted_engine_release. */
airs_scripted_next_t airs_scripted_wait(airs_scripted_call_t *call);
/* After a send or request that answered AIRS_PENDING: until it has ended, as `waited` of the next round says. */
airs_scripted_next_t airs_scripted_wait_for_room(airs_scripted_call_t *call);

/* In a batch: it leaves the whole call, and the message in hand was handled well. */
airs_scripted_next_t airs_scripted_leave(airs_scripted_call_t *call);

/* What a guest says of the batch in hand, for one that does so itself; NULL outside of one. */
const airs_batch_ops_t *airs_scripted_batch(const airs_scripted_call_t *call);

/* What a guest does meanwhile. `target` is "namespace/name/instance", the payload text. */
airs_status_t airs_scripted_send(airs_scripted_call_t *call, const char *target, const char *payload);
airs_status_t airs_scripted_request(airs_scripted_call_t *call, const char *target, const char *payload,
                                    uint64_t timeout_ms, airs_correlation_id_t *out);
airs_status_t airs_scripted_cancel(airs_scripted_call_t *call, const airs_correlation_id_t *id);

/* Is the message's payload this text? */
bool airs_scripted_payload_is(const airs_scripted_call_t *call, const char *text);

typedef struct airs_scripted_component {
    const char *name;
    airs_scripted_guest_t *guest;
    void *context;
    bool migrates;
    bool is_command;
} airs_scripted_component_t;

typedef struct airs_scripted_engine {
    airs_runtime_engine_t engine; /* hand out &x.engine */
    const airs_allocator_t *allocator;
    airs_scripted_component_t components[AIRS_SCRIPTED_COMPONENTS]; /* the handle is the index plus 1 */
    size_t component_count;
    pthread_mutex_t lock; /* over the instances and their releases */
    airs_scripted_instance_t *instances;
    bool batches; /* at first: is AIRS_TEST_BATCHES in the environment? To be set before it has instances */
    _Atomic int activity;
    _Atomic uint64_t live_instances;
    _Atomic uint64_t calls;
    _Atomic uint64_t batched; /* messages that came in a batch */
    _Atomic uint64_t instances_made;
    _Atomic uint64_t max_live; /* instances, as pools would bound them; 0: no bound. Any thread */
    _Atomic uint64_t slices;   /* what `slices` answers; 0, as long as a test leaves it alone: not timed */
} airs_scripted_engine_t;

void airs_scripted_engine_init(airs_scripted_engine_t *self, const airs_allocator_t *allocator);

/* No instance may be left. */
void airs_scripted_engine_free(airs_scripted_engine_t *self);

/* Make a component known. Before the engine is used by several threads. `name` must outlive the engine:
 * engine.ops->load finds components by the source's bytes or path, which then are such a name. */
airs_component_handle_t airs_scripted_engine_add(airs_scripted_engine_t *self, const char *name,
                                                 airs_scripted_guest_t *guest, void *context);

/* The component is called with EXPORT_STATE and IMPORT_STATE. Before it has instances. */
void airs_scripted_engine_set_migrates(airs_scripted_engine_t *self, airs_component_handle_t component);

/* The component is called with INSTANTIATE and RUN, and nothing else. Before it has instances. */
void airs_scripted_engine_set_command(airs_scripted_engine_t *self, airs_component_handle_t component);

/* Let the waiting call of the actor with this id ("namespace/name/instance") go on, or its next one if none
 * waits now. Any thread. */
void airs_scripted_engine_release(airs_scripted_engine_t *self, const char *id);

/* Call the waker of that actor's instance for no reason at all. Any thread. */
void airs_scripted_engine_wake(airs_scripted_engine_t *self, const char *id);

#endif
