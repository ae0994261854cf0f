#include "actor/accepted_codecs.h"

#include "core/multicodec.h"

airs_status_t airs_accepted_codecs_look(const airs_actor_t *receiver, airs_bytes_t payload,
                                        airs_error_t *error) {
    if (receiver->accepts == AIRS_ACCEPTS_NOTHING) {
        return airs_error_set(error, AIRS_UNSUPPORTED, "%s is a command, which takes no messages",
                              airs_component_id_text(receiver->id));
    }
    if (airs_multicodec_accepts(receiver->accepts, payload)) {
        return AIRS_OK;
    }
    char accepted[AIRS_MULTICODEC_TEXT_MAX];
    char given[AIRS_MULTICODEC_TEXT_MAX];
    return airs_error_set(error, AIRS_UNSUPPORTED_CODEC, "%s accepts %s; this message %s",
                          airs_component_id_text(receiver->id),
                          airs_multicodec_set_text(receiver->accepts, accepted),
                          airs_multicodec_text(airs_multicodec_read(payload), given));
}
