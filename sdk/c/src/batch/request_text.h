/* The text of a request's id: the usual form of a UUID. */
#ifndef AIRS_SDK_REQUEST_TEXT_H
#define AIRS_SDK_REQUEST_TEXT_H

#include "../memory.h"

#define AIRS_SDK_REQUEST_TEXT 36

/* Writes AIRS_SDK_REQUEST_TEXT characters, without a zero behind them. */
void airs_sdk_request_text(airssys_actor_batch_request_id_t id, char *out);

#endif
