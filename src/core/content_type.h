/* What a message may say of its payload's type: metadata that mailboxes do not count and nobody here reads. */
#ifndef AIRSSYS_CORE_CONTENT_TYPE_H
#define AIRSSYS_CORE_CONTENT_TYPE_H

#include <airssys/bytes.h>
#include <airssys/error.h>

/* Bytes, at most: type and subtype have 127 each (RFC 6838), and few have long parameters. */
#define AIRS_CONTENT_TYPE_MAX 255

/* UTF-8 without control characters, so that it can stand in a line or a header; empty for none.
 * AIRS_INVALID_ARGUMENT. */
airs_status_t airs_content_type_check(airs_str_t content_type, airs_error_t *error);

#endif
