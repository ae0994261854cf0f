/* Links and monitors: who hears of an actor's end, or ends with it.
 *
 * Both are made of watches. A watch belongs to an actor and is on another one, and when that one's incarnation
 * ends the watch does what it is for: a monitor gives its owner a down message; a link, which is two watches, one
 * each way, ends its owner, or gives it an exit message if it traps exits. Both messages are exempt from the
 * mailbox's bounds; instead a watch counts against its owner's limit until its message is taken from the mailbox,
 * and the message is good as long as the watch is there, so that what is taken back is not heard of afterwards.
 *
 * Watches are those of incarnations. With its owner's incarnation a watch is gone. One that is put on an actor
 * between two of its incarnations is on the next; if there is none after all it tells of AIRS_REASON_NO_ACTOR.
 *
 * The ends of two that are linked meet on different threads, so one lock is over all watches. It is held for a
 * few steps at a time, and not while mailboxes are filled. */
#ifndef AIRSSYS_ACTOR_ACTOR_LINKS_H
#define AIRSSYS_ACTOR_ACTOR_LINKS_H

#include "actor/actor.h"

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_actor_links_create(airs_services_t *services, airs_actor_links_t **out);

/* No watch may be left. NULL is fine. */
void airs_actor_links_destroy(airs_actor_links_t *self);

/* What follows is for the owner of `self`, in one of its calls, unless it says otherwise. `error` (may be NULL) is
 * filled where the text says more than the status. */

/* Have it told once when `target` (instance empty: any one of the component) ends, at once when there is nobody.
 * *out: the monitor's number. AIRS_INVALID_ARGUMENT, AIRS_QUOTA_EXCEEDED, AIRS_OUT_OF_MEMORY. Of an actor that is
 * not registered: any thread, as long as it does not end. */
airs_status_t airs_actor_links_monitor(airs_actor_t *self, airs_id_t target, uint64_t *out,
                                       airs_error_t *error);

/* Nothing of it is heard any more. AIRS_NOT_FOUND: it has no such monitor, or has been told. */
airs_status_t airs_actor_links_demonitor(airs_actor_t *self, uint64_t number);

/* What ends one ends the other. Twice is as good as once, and with itself it is nothing. AIRS_TARGET_NOT_FOUND,
 * AIRS_QUOTA_EXCEEDED (of the one or the other), AIRS_OUT_OF_MEMORY. */
airs_status_t airs_actor_links_link(airs_actor_t *self, airs_id_t target, airs_error_t *error);

/* Undo that, messages included that wait. Fine when they are not linked. */
void airs_actor_links_unlink(airs_actor_t *self, airs_id_t target);

/* Have it get messages instead of being ended, from here on, or be ended again. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_actor_links_trap(airs_actor_t *self, bool traps);

/* Link and monitor an actor that is the caller's, for it has not started yet. Both or none. As above. */
airs_status_t airs_actor_links_tie(airs_actor_t *self, airs_actor_t *target, bool link, bool monitor,
                                   uint64_t *number, airs_error_t *error);

/* A down or exit message is about to be handled: is it still wanted? */
bool airs_actor_links_take(airs_actor_t *self, const airs_component_message_t *message);

/* AIRS_SIGNAL_EXIT came. True: it is to end, for the reason in *kind and *text (the caller's to release; NULL: no
 * text), because `*by` (a reference) did. False: that was an earlier incarnation's, or it is not linked any more. */
bool airs_actor_links_take_exit(airs_actor_t *self, airs_reason_kind_t *kind, char **text,
                                airs_component_id_t **by);

/* Its incarnation has ended, which others hear of now; what is its own is gone. */
void airs_actor_links_end(airs_actor_t *self, const airs_exit_reason_t *reason);

#endif
