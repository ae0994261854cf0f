/* The components of which actors may make others: what they are called, what bounds their actors, and which
 * supervisor, if any, these belong to.
 *
 * Who offers a component keeps it loaded until it is withdrawn, or offered anew. What was made of it lives on. */
#ifndef AIRSSYS_ACTOR_COMPONENT_TEMPLATES_H
#define AIRSSYS_ACTOR_COMPONENT_TEMPLATES_H

#include "actor/actor.h"
#include "actor/actor_system.h"

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_component_templates_create(airs_services_t *services, airs_component_templates_t **out);

/* NULL is fine. */
void airs_component_templates_destroy(airs_component_templates_t *self);

/* airs_actor_system_offer_component, _change_component, _withdraw_component. */
airs_status_t airs_component_templates_offer(airs_component_templates_t *self, airs_id_t id,
                                             airs_component_handle_t component, const airs_actor_spec_t *spec,
                                             airs_error_t *error);
airs_status_t airs_component_templates_change(airs_component_templates_t *self, airs_id_t id,
                                              airs_component_handle_t component);
void airs_component_templates_withdraw(airs_component_templates_t *self, airs_id_t id);

/* The offer of a simple-one-for-one supervisor: what is spawned becomes its child. Made with it, put up when it
 * begins and taken down when it ends, inside errands, so that a child that was handed over before still finds it.
 * Of several offers of one component the last that was put up counts. */
typedef struct airs_component_template airs_component_template_t;

/* AIRS_INVALID_ARGUMENT, AIRS_OUT_OF_MEMORY. */
airs_status_t airs_component_template_create(airs_services_t *services, airs_id_t id,
                                             airs_component_handle_t component, const airs_actor_spec_t *spec,
                                             airs_supervisor_t *supervisor, airs_component_template_t **out,
                                             airs_error_t *error);
/* Not put up. NULL is fine. */
void airs_component_template_destroy(airs_component_template_t *template);
/* Both do nothing when it is so already, or NULL. */
void airs_component_template_put_up(airs_component_template_t *template);
void airs_component_template_take_down(airs_component_template_t *template);

/* See core/message_router.h, `spawn`. */
airs_status_t airs_component_templates_spawn(airs_component_templates_t *self, airs_actor_t *parent,
                                             const airs_spawn_order_t *order, airs_spawned_t *out,
                                             airs_error_t *error);

#endif
