/* Targets as a person writes them: NAME, NAME/INSTANCE, NAMESPACE/NAME/INSTANCE, NAMESPACE/NAME/. */
#ifndef AIRSSYS_NODE_ADMIN_ADMIN_TARGET_H
#define AIRSSYS_NODE_ADMIN_ADMIN_TARGET_H

#include <airssys/id.h>

/* A view into `text` and `ns`, which is the namespace where the text has none. An empty instance is any. */
airs_status_t airs_admin_target_parse(airs_str_t text, airs_str_t ns, airs_id_t *out, airs_error_t *error);

#endif
