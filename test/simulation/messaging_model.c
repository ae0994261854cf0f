#include "messaging_model.h"

#include <stdlib.h>
#include <string.h>

#include "core/check.h"

#define MS UINT64_C(1000000)

const char *const model_patterns[MODEL_PATTERNS] = {"a.b", "a.*", "*.b", "a.>", "c", ">"};

/* ---- lists ---- */

static void *at(const model_list_t *list, size_t index, size_t size) {
    AIRS_ASSERT(index < list->count);
    return (char *)list->items + index * size;
}

static void *append(model_list_t *list, const void *item, size_t size) {
    if (list->count == list->room) {
        list->room = list->room == 0 ? 16 : list->room * 2;
        void *items = realloc(list->items, list->room * size);
        AIRS_ASSERT(items != NULL);
        list->items = items;
    }
    list->count++;
    return memcpy(at(list, list->count - 1, size), item, size);
}

static void take_out(model_list_t *list, size_t index, size_t size) {
    char *item = at(list, index, size);
    list->count--;
    memmove(item, item + size, (list->count - index) * size);
}

static model_entry_t *entry_at(model_actor_t *actor, size_t index) {
    return at(&actor->mailbox, index, sizeof(model_entry_t));
}

static model_timer_t *timer_at(const model_actor_t *actor, size_t index) {
    return at(&actor->timers, index, sizeof(model_timer_t));
}

static size_t *deferred_at(model_actor_t *actor, size_t index) {
    return at(&actor->deferred, index, sizeof(size_t));
}

model_request_t *model_request(const model_t *model, size_t number) {
    return at(&model->requests, number, sizeof(model_request_t));
}

size_t model_find_request(const model_t *model, const char *id) {
    for (size_t i = model->requests.count; i > 0; i--) {
        if (strcmp(model_request(model, i - 1)->id.text, id) == 0) {
            return i - 1;
        }
    }
    return MODEL_NONE;
}

static void copy_text(char out[MODEL_TEXT], const char *text) {
    AIRS_ASSERT(strlen(text) < MODEL_TEXT);
    memcpy(out, text, strlen(text) + 1);
}

/* ---- beginning and end ---- */

void model_init(model_t *model, uint64_t now_ns) {
    memset(model, 0, sizeof *model);
    model->now_ns = now_ns;
    model_spawn(model, MODEL_HOST, &(model_limits_t){.message_bytes = UINT64_MAX, .requests = UINT32_MAX});
}

void model_free(model_t *model) {
    for (size_t i = 0; i <= MODEL_ACTORS; i++) {
        free(model->actors[i].mailbox.items);
        free(model->actors[i].timers.items);
        free(model->actors[i].deferred.items);
    }
    free(model->requests.items);
}

void model_spawn(model_t *model, size_t number, const model_limits_t *limits) {
    model_actor_t *actor = &model->actors[number];
    AIRS_ASSERT(!actor->alive && actor->mailbox.count == 0 && actor->timers.count == 0);
    actor->alive = true;
    actor->refuses = false;
    actor->closed = false;
    actor->limits = *limits;
    actor->outstanding = 0;
    memset(actor->subscribed, 0, sizeof actor->subscribed);
}

/* ---- mailboxes ---- */

static bool is_callback(model_kind_t kind) { return kind == MODEL_RESPONSE || kind == MODEL_FAILURE; }

static bool is_bounded(model_kind_t kind) { return kind == MODEL_PLAIN || kind == MODEL_REQUEST; }

static void push(model_t *model, size_t to, model_entry_t entry) {
    model_actor_t *actor = &model->actors[to];
    if (actor->closed) {
        model->dropped++;
        return;
    }
    entry.one_moment = model->moment;
    append(&actor->mailbox, &entry, sizeof entry);
}

static void conclude(model_t *model, size_t number, model_kind_t kind, size_t from, airs_status_t status,
                     const char *text) {
    model_request_t *request = model_request(model, number);
    AIRS_ASSERT(request->pending);
    request->pending = false;
    model->ends.pending--;
    model_entry_t entry = {.kind = kind, .from = from, .request = number, .status = status};
    copy_text(entry.text, text);
    push(model, request->requester, entry);
}

/* The request fails, if it has not ended. */
static void fail_request(model_t *model, size_t number, airs_status_t status) {
    model_request_t *request = model_request(model, number);
    if (request->pending) {
        model->ends.failed++;
        conclude(model, number, MODEL_FAILURE, request->target, status, "");
    }
}

static uint32_t waiting(model_actor_t *actor) {
    uint32_t count = 0;
    for (size_t i = 0; i < actor->mailbox.count; i++) {
        count += is_bounded(entry_at(actor, i)->kind);
    }
    return count;
}

static bool accepts(const model_actor_t *actor, const char *text) {
    /* What the tests send is in raw ("U…"), in protobuf ("P…") or in nothing known. */
    airs_codecs_t codec = text[0] == 'U' ? AIRS_CODEC_RAW : text[0] == 'P' ? AIRS_CODEC_PROTOBUF : 0;
    return actor->limits.accepts == 0 || (actor->limits.accepts & codec) != 0;
}

static void drop_oldest(model_t *model, model_actor_t *actor) {
    for (size_t i = 0; i < actor->mailbox.count; i++) {
        model_entry_t entry = *entry_at(actor, i);
        if (is_bounded(entry.kind)) {
            take_out(&actor->mailbox, i, sizeof entry);
            model->dead[AIRS_DEAD_LETTER_DROPPED_OLDEST]++;
            if (entry.kind == MODEL_REQUEST) {
                fail_request(model, entry.request, AIRS_QUEUE_FULL);
            }
            return;
        }
    }
    AIRS_ASSERT(false);
}

static airs_status_t check(const model_t *model, size_t to, const char *text) {
    const model_actor_t *actor = &model->actors[to];
    if (!actor->alive) {
        return AIRS_TARGET_NOT_FOUND;
    }
    if (strlen(text) > actor->limits.message_bytes) {
        return AIRS_MESSAGE_TOO_LARGE;
    }
    return accepts(actor, text) ? AIRS_OK : AIRS_UNSUPPORTED_CODEC;
}

static airs_status_t put(model_t *model, size_t to, model_entry_t entry) {
    model_actor_t *actor = &model->actors[to];
    airs_status_t status = check(model, to, entry.text);
    if (status != AIRS_OK) {
        return status;
    }
    if (actor->refuses) {
        return AIRS_NOT_RUNNING;
    }
    bool full = waiting(actor) == actor->limits.messages;
    if (full && actor->limits.policy != AIRS_MAILBOX_DROP_OLDEST) {
        return AIRS_QUEUE_FULL; /* native actors do not wait */
    }
    push(model, to, entry);
    if (full) {
        drop_oldest(model, actor);
    }
    return AIRS_OK;
}

airs_status_t model_send(model_t *model, size_t from, size_t to, const char *text) {
    model_entry_t entry = {.kind = MODEL_PLAIN, .from = from};
    copy_text(entry.text, text);
    return put(model, to, entry);
}

airs_status_t model_broadcast(model_t *model, size_t from, const size_t *targets, size_t count,
                              const char *text, size_t *first, uint64_t *statuses) {
    airs_status_t worst = AIRS_OK;
    *statuses = 0;
    model->moment = ++model->order;
    for (size_t i = 0; i < count; i++) {
        bool all = targets[i] == MODEL_ACTORS;
        uint64_t failed = 0;
        bool any = false;
        for (size_t to = all ? 0 : targets[i]; to < (all ? MODEL_ACTORS : targets[i] + 1); to++) {
            if (all && !model->actors[to].alive) {
                continue;
            }
            any = true;
            airs_status_t status = model_send(model, from, to, text);
            failed |= status == AIRS_OK ? 0 : UINT64_C(1) << status;
        }
        if (!any) {
            failed = UINT64_C(1) << AIRS_TARGET_NOT_FOUND;
        }
        if (failed != 0 && *statuses == 0) {
            *statuses = failed;
            *first = i;
            worst = AIRS_INTERNAL;
        }
    }
    model->moment = 0;
    return worst;
}

/* ---- topics ---- */

/* Token by token. */
static bool matches(const char *pattern, const char *topic) {
    for (;;) {
        size_t wanted = strcspn(pattern, ".");
        size_t given = strcspn(topic, ".");
        if (wanted == 1 && *pattern == '>') {
            return true;
        }
        bool any = wanted == 1 && *pattern == '*';
        if (!any && (wanted != given || memcmp(pattern, topic, given) != 0)) {
            return false;
        }
        if (pattern[wanted] == '\0' || topic[given] == '\0') {
            return pattern[wanted] == topic[given];
        }
        pattern += wanted + 1;
        topic += given + 1;
    }
}

static bool hears(const model_actor_t *actor, const char *topic) {
    for (size_t i = 0; i < MODEL_PATTERNS; i++) {
        if (actor->subscribed[i] && matches(model_patterns[i], topic)) {
            return true;
        }
    }
    return false;
}

uint32_t model_publish(model_t *model, size_t from, const char *topic, const char *text) {
    bool hearing[MODEL_ACTORS];
    uint32_t reached = 0;
    for (size_t i = 0; i < MODEL_ACTORS; i++) {
        hearing[i] = model->actors[i].alive && hears(&model->actors[i], topic);
    }
    model->moment = ++model->order;
    for (size_t i = 0; i < MODEL_ACTORS; i++) {
        airs_status_t status = hearing[i] ? model_send(model, from, i, text) : AIRS_TARGET_NOT_FOUND;
        reached += status == AIRS_OK;
        if (status != AIRS_OK && status != AIRS_TARGET_NOT_FOUND && status != AIRS_NOT_RUNNING) {
            model->dead[AIRS_DEAD_LETTER_SUBSCRIBER_FULL]++;
        }
    }
    model->moment = 0;
    return reached;
}

/* ---- requests ---- */

static uint64_t deadline_in(const model_t *model, uint64_t ms) {
    return ms > UINT64_C(1) << 40 ? UINT64_MAX
                                  : model->now_ns + ms * MS; /* tests ask for seconds, or for ever */
}

airs_status_t model_ask(model_t *model, size_t from, size_t to, const char *text, uint64_t timeout_ms,
                        size_t *number) {
    model_actor_t *actor = &model->actors[from];
    if (!model->actors[to].alive) {
        return AIRS_TARGET_NOT_FOUND;
    }
    if (actor->outstanding >= actor->limits.requests) {
        return AIRS_TOO_MANY_REQUESTS;
    }
    model_request_t request = {
        .requester = from,
        .target = to,
        .pending = true,
        .deadline_ns = deadline_in(model, timeout_ms),
        .order = ++model->order,
    };
    model_entry_t entry = {.kind = MODEL_REQUEST, .from = from, .request = model->requests.count};
    copy_text(entry.text, text);
    *number = model->requests.count;
    append(&model->requests, &request, sizeof request);
    model->ends.pending++;
    actor->outstanding++;
    airs_status_t status = put(model, to, entry);
    if (status != AIRS_OK) {
        actor->outstanding--;
        model->ends.pending--;
        model->requests.count--;
    }
    return status;
}

airs_status_t model_cancel(model_t *model, size_t actor, size_t number) {
    model_request_t *request = model_request(model, number);
    if (!request->pending || request->requester != actor) {
        return AIRS_NOT_FOUND;
    }
    request->pending = false;
    model->ends.pending--;
    model->ends.cancelled++;
    model->actors[actor].outstanding--;
    return AIRS_OK;
}

/* What an answer comes to: AIRS_TIMEOUT when the request has ended. */
static airs_status_t answer(model_t *model, size_t actor, size_t number, const char *text) {
    model_request_t *request = model_request(model, number);
    if (!request->pending) {
        model->ends.late++;
        return AIRS_TIMEOUT;
    }
    const model_actor_t *requester = &model->actors[request->requester];
    if (strlen(text) > requester->limits.message_bytes) {
        return AIRS_MESSAGE_TOO_LARGE;
    }
    if (text[0] != '\0' && !accepts(requester, text)) {
        return AIRS_UNSUPPORTED_CODEC;
    }
    model->ends.completed++;
    conclude(model, number, MODEL_RESPONSE, actor, AIRS_OK, text);
    return AIRS_OK;
}

static bool to_be_answered(const model_actor_t *actor) {
    return actor->busy && actor->hand.kind == MODEL_REQUEST && !actor->answered;
}

airs_status_t model_respond(model_t *model, size_t number, const char *text) {
    model_actor_t *actor = &model->actors[number];
    if (!to_be_answered(actor)) {
        return AIRS_INVALID_STATE;
    }
    actor->answered = true;
    airs_status_t status = answer(model, number, actor->hand.request, text);
    if (status != AIRS_OK && status != AIRS_TIMEOUT) {
        fail_request(model, actor->hand.request, status);
    }
    return AIRS_OK;
}

airs_status_t model_defer(model_t *model, size_t number) {
    (void)model;
    model_actor_t *actor = &model->actors[number];
    if (!to_be_answered(actor)) {
        return AIRS_INVALID_STATE;
    }
    actor->answered = true;
    append(&actor->deferred, &actor->hand.request, sizeof(size_t));
    return AIRS_OK;
}

static size_t find_deferred(model_actor_t *actor, size_t request) {
    for (size_t i = 0; i < actor->deferred.count; i++) {
        if (*deferred_at(actor, i) == request) {
            return i;
        }
    }
    return MODEL_NONE;
}

airs_status_t model_reply(model_t *model, size_t number, size_t request, const char *text) {
    model_actor_t *actor = &model->actors[number];
    size_t index = find_deferred(actor, request);
    if (index == MODEL_NONE) {
        return AIRS_NOT_FOUND;
    }
    airs_status_t status = answer(model, number, request, text);
    if (status == AIRS_OK || status == AIRS_TIMEOUT) {
        take_out(&actor->deferred, index, sizeof(size_t));
    }
    return status;
}

airs_status_t model_fail(model_t *model, size_t number, size_t request) {
    model_actor_t *actor = &model->actors[number];
    size_t index = find_deferred(actor, request);
    if (index == MODEL_NONE) {
        return AIRS_NOT_FOUND;
    }
    take_out(&actor->deferred, index, sizeof(size_t));
    if (!model_request(model, request)->pending) {
        model->ends.late++;
        return AIRS_TIMEOUT;
    }
    fail_request(model, request, AIRS_HANDLE_MESSAGE_FAILED);
    return AIRS_OK;
}

/* ---- timers ---- */

static size_t find_timer(const model_actor_t *actor, uint64_t id) {
    for (size_t i = 0; i < actor->timers.count; i++) {
        if (timer_at(actor, i)->id == id) {
            return i;
        }
    }
    return MODEL_NONE;
}

/* Cancelled ones whose message waits: they count until it is discarded. */
static size_t count_void(model_actor_t *actor) {
    size_t count = 0;
    for (size_t i = 0; i < actor->mailbox.count; i++) {
        count += entry_at(actor, i)->void_of_use;
    }
    return count;
}

airs_status_t model_start_timer(model_t *model, size_t number, uint64_t delay_ms, uint64_t period_ms,
                                const char *text) {
    model_actor_t *actor = &model->actors[number];
    if (strlen(text) > actor->limits.message_bytes) {
        return AIRS_MESSAGE_TOO_LARGE;
    }
    if (actor->timers.count + count_void(actor) >= actor->limits.timers) {
        return AIRS_QUOTA_EXCEEDED;
    }
    model_timer_t timer = {
        .deadline_ns = deadline_in(model, delay_ms),
        .period_ns = period_ms * MS,
        .order = ++model->order,
        .armed = true,
    };
    copy_text(timer.text, text);
    append(&actor->timers, &timer, sizeof timer);
    return AIRS_OK;
}

void model_name_timer(model_t *model, size_t number, uint64_t id) {
    model_actor_t *actor = &model->actors[number];
    timer_at(actor, actor->timers.count - 1)->id = id;
}

bool model_cancel_timer(model_t *model, size_t number, uint64_t id) {
    model_actor_t *actor = &model->actors[number];
    size_t index = find_timer(actor, id);
    if (index == MODEL_NONE || (!timer_at(actor, index)->armed && timer_at(actor, index)->period_ns == 0)) {
        return false;
    }
    take_out(&actor->timers, index, sizeof(model_timer_t));
    for (size_t i = 0; i < actor->mailbox.count; i++) {
        model_entry_t *entry = entry_at(actor, i);
        entry->void_of_use |= entry->kind == MODEL_TIMER && entry->timer == id;
    }
    return true;
}

/* Its message is taken: it is over, or armed for the first of its moments that has not passed. */
static void timer_taken(model_t *model, model_actor_t *actor, uint64_t id) {
    size_t index = find_timer(actor, id);
    AIRS_ASSERT(index != MODEL_NONE);
    model_timer_t *timer = timer_at(actor, index);
    if (timer->period_ns == 0) {
        take_out(&actor->timers, index, sizeof *timer);
        return;
    }
    do {
        timer->deadline_ns += timer->period_ns;
    } while (timer->deadline_ns <= model->now_ns);
    timer->armed = true;
    timer->order = ++model->order;
}

/* ---- time ---- */

/* What is due next, a timer or a request. */
typedef struct moment {
    uint64_t deadline_ns;
    uint64_t order;
    size_t actor;
    model_timer_t *timer; /* NULL: the request */
    size_t request;
} moment_t;

static void consider(moment_t *first, moment_t other) {
    if (other.deadline_ns < first->deadline_ns ||
        (other.deadline_ns == first->deadline_ns && other.order < first->order)) {
        *first = other;
    }
}

static moment_t next_moment(const model_t *model) {
    moment_t first = {.deadline_ns = UINT64_MAX};
    for (size_t i = 0; i < MODEL_ACTORS; i++) {
        for (size_t j = 0; j < model->actors[i].timers.count; j++) {
            model_timer_t *timer = timer_at(&model->actors[i], j);
            if (timer->armed) {
                consider(&first, (moment_t){timer->deadline_ns, timer->order, i, timer, 0});
            }
        }
    }
    for (size_t i = 0; i < model->requests.count; i++) {
        const model_request_t *request = model_request(model, i);
        if (request->pending) {
            consider(&first, (moment_t){request->deadline_ns, request->order, 0, NULL, i});
        }
    }
    return first;
}

uint64_t model_next_deadline(const model_t *model) { return next_moment(model).deadline_ns; }

static void fire_timer(model_t *model, size_t number, model_timer_t *timer) {
    model_entry_t entry = {.kind = MODEL_TIMER, .from = number, .timer = timer->id};
    copy_text(entry.text, timer->text);
    timer->armed = false;
    push(model, number, entry);
}

size_t model_advance(model_t *model, uint64_t now_ns) {
    size_t fired = 0;
    model->now_ns = now_ns;
    for (;;) {
        moment_t moment = next_moment(model);
        if (moment.deadline_ns > now_ns) {
            return fired;
        }
        fired++;
        if (moment.timer != NULL) {
            fire_timer(model, moment.actor, moment.timer);
        } else {
            model->ends.timed_out++;
            conclude(model, moment.request, MODEL_FAILURE, model_request(model, moment.request)->target,
                     AIRS_TIMEOUT, "");
        }
    }
}

/* ---- what actors see ---- */

static void discard_void(model_t *model, model_actor_t *actor) {
    while (actor->mailbox.count > 0 && entry_at(actor, 0)->void_of_use) {
        take_out(&actor->mailbox, 0, sizeof(model_entry_t));
        model->dropped++;
    }
}

static bool is_same(const model_entry_t *entry, const model_entry_t *seen) {
    if (entry->kind != seen->kind || entry->from != seen->from || entry->timer != seen->timer) {
        return false;
    }
    bool correlated = entry->kind == MODEL_REQUEST || is_callback(entry->kind);
    if (correlated && entry->request != seen->request) {
        return false;
    }
    return entry->kind == MODEL_FAILURE ? entry->status == seen->status
                                        : strcmp(entry->text, seen->text) == 0;
}

bool model_take(model_t *model, size_t number, const model_entry_t *seen) {
    model_actor_t *actor = &model->actors[number];
    AIRS_ASSERT(!actor->busy);
    discard_void(model, actor);
    if (!actor->alive || actor->mailbox.count == 0) {
        return false;
    }
    uint64_t moment = entry_at(actor, 0)->one_moment;
    for (size_t i = 0; i < actor->mailbox.count; i++) {
        model_entry_t *entry = entry_at(actor, i);
        if (i > 0 && (moment == 0 || entry->one_moment != moment)) {
            return false;
        }
        if (is_same(entry, seen)) {
            actor->hand = *entry;
            actor->busy = true;
            actor->answered = false;
            take_out(&actor->mailbox, i, sizeof *entry);
            actor->outstanding -= is_callback(actor->hand.kind);
            if (actor->hand.kind == MODEL_TIMER) {
                timer_taken(model, actor, actor->hand.timer);
            }
            return true;
        }
    }
    return false;
}

void model_done(model_t *model, size_t number) {
    model_actor_t *actor = &model->actors[number];
    if (to_be_answered(actor)) {
        (void)model_respond(model, number, "");
    }
    actor->busy = false;
    model->handled += number != MODEL_HOST;
}

/* ---- ends of actors ---- */

void model_stop(model_t *model, size_t number, airs_stop_mode_t mode) {
    model_actor_t *actor = &model->actors[number];
    actor->refuses = true;
    if (mode == AIRS_STOP_DRAIN) {
        push(model, number, (model_entry_t){.kind = MODEL_STOP});
    }
}

/* A message that waited when its receiver ended. */
static void end_waiting(model_t *model, const model_entry_t *entry, model_end_t end) {
    if (entry->kind == MODEL_STOP) {
        return;
    }
    if (entry->kind == MODEL_REQUEST) {
        fail_request(model, entry->request, AIRS_STOPPED);
    }
    if (!is_bounded(entry->kind) || end == MODEL_DROPPED) {
        model->dropped++;
    } else {
        model->dead[end == MODEL_DRAINED ? AIRS_DEAD_LETTER_STOPPED : AIRS_DEAD_LETTER_RECEIVER_ENDED]++;
    }
}

static void end_mailbox(model_t *model, model_actor_t *actor, model_end_t end) {
    actor->closed = true;
    for (size_t i = 0; i < actor->mailbox.count; i++) {
        model_entry_t entry = *entry_at(actor, i);
        end_waiting(model, &entry, end);
    }
    actor->mailbox.count = 0;
}

static void end_requests(model_t *model, size_t number) {
    for (size_t i = 0; i < model->requests.count; i++) {
        model_request_t *request = model_request(model, i);
        if (request->pending && request->requester == number) {
            request->pending = false;
            model->ends.pending--;
            model->ends.orphaned++;
        }
    }
}

bool model_ended(model_t *model, size_t number, model_end_t end) {
    model_actor_t *actor = &model->actors[number];
    discard_void(model, actor);
    if (end == MODEL_DRAINED && actor->mailbox.count > 0 && entry_at(actor, 0)->kind != MODEL_STOP) {
        return false;
    }
    airs_status_t status = end == MODEL_CRASHED ? AIRS_INTERNAL : AIRS_STOPPED;
    if (actor->busy) {
        actor->busy = false;
        model->dead[AIRS_DEAD_LETTER_CRASHED]++;
        if (actor->hand.kind == MODEL_REQUEST && !actor->answered) {
            fail_request(model, actor->hand.request, status);
        }
    }
    model->moment = ++model->order; /* the order in which they fail is nobody's business */
    for (size_t i = 0; i < actor->deferred.count; i++) {
        fail_request(model, *deferred_at(actor, i), status);
    }
    model->moment = 0;
    actor->deferred.count = 0;
    actor->timers.count = 0;
    end_mailbox(model, actor, end);
    end_requests(model, number);
    actor->alive = false;
    return true;
}

bool model_quiet(model_t *model) {
    for (size_t i = 0; i <= MODEL_ACTORS; i++) {
        discard_void(model, &model->actors[i]);
        if (model->actors[i].mailbox.count > 0) {
            return false;
        }
    }
    return true;
}
