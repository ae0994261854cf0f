#include "actor/message_end.h"

#include "actor/actor_end.h"
#include "actor/response_router.h"

void airs_message_end_badly(airs_actor_t *actor, airs_component_message_t *message, const char *reason) {
    airs_count(&actor->errors, 1);
    airs_actor_complain(actor, AIRS_LOG_WARN, true, "a message was answered with an error",
                        AIRS_HANDLE_MESSAGE_FAILED, reason);
    if (message->kind == AIRS_MESSAGE_PLAIN || message->kind == AIRS_MESSAGE_TIMER) {
        airs_dead_letters_put(actor->services->dead_letters, AIRS_DEAD_LETTER_HANDLER_ERROR, reason,
                              actor->id, message, airs_worker_now(actor->worker, actor->services->clock));
        return;
    }
    if (message->kind == AIRS_MESSAGE_REQUEST && !actor->answered) {
        airs_response_router_fail(actor->services->responses, actor, &message->correlation,
                                  AIRS_HANDLE_MESSAGE_FAILED, reason);
    }
    airs_actor_discharge(actor, message);
}

void airs_message_respond(airs_actor_t *actor, const airs_component_message_t *message,
                          const airs_call_result_t *result) {
    airs_bytes_t payload = result->has_response ? result->response : airs_bytes(NULL, 0);
    airs_response_router_respond(actor->services->responses, actor, &message->correlation, payload,
                                 airs_str(NULL));
}
