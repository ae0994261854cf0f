/* Hot update of a component of an application. */
#ifndef AIRSSYS_NODE_APPLICATION_UPDATE_H
#define AIRSSYS_NODE_APPLICATION_UPDATE_H

#include "core/text.h"
#include "node/application.h"

typedef struct airs_application_update {
    airs_str_t component; /* its name in the manifest */
    const char *file;     /* a path that can be opened from where the process is */
    bool has_window;      /* else the manifest's */
    uint64_t window_ms;   /* 0: none */
    bool together;        /* also when the manifest does not say so */
    airs_text_t
        *imports; /* interfaces that the new one imports and the old one did not, a line each; may be NULL */
} airs_application_update_t;

/* Load the file, and have all instances of the component go on with it, told and bound as the manifest says. Waits
 * until that is certain (airs_node_update). Any thread, once the application has started; two updates of different
 * components may go on at once. AIRS_COMPONENT_NOT_FOUND, AIRS_UNTRUSTED, what airs_node_load and airs_node_update
 * answer: then the component is what it was. */
airs_status_t airs_application_update(airs_application_t *application,
                                      const airs_application_update_t *update, airs_error_t *error);

/* What holds now; it lives as long as the application. Any thread. */
const airs_manifest_t *airs_application_manifest(const airs_application_t *application);

#endif
