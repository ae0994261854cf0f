/* What a component imports, held against what it was granted: who reads it knows before the component runs what it will
 * be refused. Which function needs which action is a table here; what decides is still the check in the function. */
#ifndef AIRSSYS_NODE_IMPORT_REPORT_H
#define AIRSSYS_NODE_IMPORT_REPORT_H

#include <airssys/node.h>

#include "core/text.h"
#include "node/manifest.h"
#include "security/capability.h"

/* The actions of which a function needs one, as bits; 0: none. */
uint32_t airs_import_actions(airs_str_t interface, airs_str_t function);

/* "messaging.send", "filesystem.read or filesystem.write". Nothing for 0. */
void airs_import_actions_text(uint32_t actions, airs_text_t *out);

/* What the manifest gives a component. The caller owns one reference. AIRS_OUT_OF_MEMORY, AIRS_INVALID_ARGUMENT. */
airs_status_t airs_import_report_capabilities(const airs_allocator_t *allocator,
                                              const airs_manifest_component_t *component,
                                              airs_capabilities_t **out, airs_error_t *error);

/* A function that is imported and not granted, on anything at all. */
typedef struct airs_ungranted_import {
    airs_str_t interface;
    airs_str_t function;
    uint32_t needs;
} airs_ungranted_import_t;

/* Calls each() for them, in the component's order; false stops. AIRS_NOT_LOADED. */
airs_status_t airs_import_report_each(airs_node_t *node, airs_component_t component,
                                      const airs_capabilities_t *capabilities,
                                      bool (*each)(void *context, const airs_ungranted_import_t *import),
                                      void *context);

/* Say in the log what a component of a manifest will be refused, if anything: at info where the manifest says what it may
 * do, else at debug. Without memory for it nothing is said. */
void airs_import_report_log(airs_node_t *node, airs_component_t component,
                            const airs_manifest_component_t *plan, const airs_allocator_t *allocator,
                            airs_log_t *log);

#endif
