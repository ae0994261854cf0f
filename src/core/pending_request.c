#include "core/pending_request.h"

#include "core/block_pool.h"

void airs_pending_request_destroy(airs_pending_request_t *request) {
    if (request == NULL) {
        return;
    }
    airs_component_id_unref(request->requester_id);
    airs_component_id_unref(request->target_id);
    airs_block_pool_free(request);
}
