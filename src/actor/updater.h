/* Hot update: all instances of a component go from one component to another while they live, and back if that turns
 * out badly. What happens to each is in actor/actor_update.h; here is what holds them together.
 *
 * The instances switch one after the other, or all at once if that is asked for, each when the message that it has in
 * hand is done. Then, for a window, the new component is on trial: if an instance crashes in it, or says at its end
 * that it is unhealthy, or could not even be switched, all go back. What is started of the component meanwhile, and by
 * supervisors from then on, is the new one; after a rollback the old one again.
 *
 * Everything is done inside errands, those of the supervisors, so that no child is restarted in the middle of a
 * decision. */
#ifndef AIRSSYS_ACTOR_UPDATER_H
#define AIRSSYS_ACTOR_UPDATER_H

#include "actor/actor_system.h"
#include "actor/services.h"

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_updater_create(airs_services_t *services, airs_updater_t **out);

/* No update goes on. NULL is fine. */
void airs_updater_destroy(airs_updater_t *updater);

/* See airs_actor_system_update. */
airs_status_t airs_updater_run(airs_updater_t *updater, const airs_actor_update_t *update,
                               airs_error_t *error);

/* All updates that go on end where they are, with AIRS_STOPPED. Does not wait. */
void airs_updater_cancel_all(airs_updater_t *updater);

#endif
