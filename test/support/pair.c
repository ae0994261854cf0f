#include "support/pair.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MINUTE_MS 60000
#define HOUR_MS (60 * (uint64_t)MINUTE_MS)

static airs_id_t id_of(const airs_pair_t *pair, size_t which) {
    airs_id_t id = {0};
    (void)airs_id_parse(airs_str(pair->ids[which]), &id, NULL); /* it was spawned with it */
    return id;
}

static airs_status_t load(airs_pair_t *pair, const char *guests, const char *name, airs_component_t *out,
                          airs_error_t *error) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s.wasm", guests, name);
    return airs_node_load(pair->node, path, out, error);
}

static airs_status_t spawn_pacer(airs_pair_t *pair, uint32_t pace_ms, airs_error_t *error) {
    char pace[16];
    (void)snprintf(pace, sizeof pace, "%" PRIu32, pace_ms);
    const airs_variable_t variable = {"PACE_MS", pace};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.config = airs_bytes(pair->ids[1], strlen(pair->ids[1]));
    options.env = &variable;
    options.env_count = 1;
    return airs_node_spawn(pair->node, pair->pacer, id_of(pair, 0), &options, error);
}

airs_status_t airs_pair_open(airs_pair_t *pair, airs_node_t *node, const char *guests, const char *ns,
                             uint32_t pace_ms, airs_error_t *error) {
    memset(pair, 0, sizeof *pair);
    pair->node = node;
    (void)pthread_mutex_init(&pair->lock, NULL);
    (void)pthread_cond_init(&pair->changed, NULL);
    (void)snprintf(pair->ids[0], sizeof pair->ids[0], "%s/pacer/0", ns);
    (void)snprintf(pair->ids[1], sizeof pair->ids[1], "%s/partner/0", ns);
    airs_status_t status = load(pair, guests, "pacer", &pair->pacer, error);
    if (status == AIRS_OK) {
        status = load(pair, guests, "echo", &pair->echo, error);
    }
    if (status == AIRS_OK) {
        status = airs_node_spawn(node, pair->echo, id_of(pair, 1), NULL, error);
    }
    return status == AIRS_OK ? spawn_pacer(pair, pace_ms, error) : status;
}

void airs_pair_close(airs_pair_t *pair) {
    for (size_t i = 0; i < 2; i++) {
        (void)airs_node_stop(pair->node, id_of(pair, i), AIRS_STOP_DROP, MINUTE_MS, NULL);
    }
    airs_node_unload(pair->node, pair->pacer);
    airs_node_unload(pair->node, pair->echo);
    pthread_cond_destroy(&pair->changed);
    pthread_mutex_destroy(&pair->lock);
}

static void keep(char out[256], airs_bytes_t payload) {
    (void)snprintf(out, 256, "%.*s", (int)payload.size, payload.size > 0 ? (const char *)payload.data : "");
}

static void run_ended(void *context, const airs_answer_t *answer) {
    airs_pair_t *pair = context;
    pthread_mutex_lock(&pair->lock);
    keep(pair->answer, answer->payload);
    pair->status = answer->status;
    pair->has_ended = true;
    pthread_mutex_unlock(&pair->lock);
    pthread_cond_broadcast(&pair->changed);
}

airs_status_t airs_pair_begin(airs_pair_t *pair, uint64_t questions, airs_error_t *error) {
    char command[32];
    int size = snprintf(command, sizeof command, "run %" PRIu64, questions);
    pair->has_ended = false;
    return airs_node_request(pair->node, id_of(pair, 0), airs_bytes(command, (size_t)size), airs_str(NULL),
                             HOUR_MS, run_ended, pair, NULL, error);
}

static void keep_count(void *context, airs_bytes_t payload) { keep(context, payload); }

airs_status_t airs_pair_answered(airs_pair_t *pair, uint64_t *out, airs_error_t *error) {
    char answer[256] = "";
    airs_status_t status = airs_node_call(pair->node, id_of(pair, 0), airs_bytes("count", 5), airs_str(NULL),
                                          MINUTE_MS, keep_count, answer, error);
    *out = strtoull(answer, NULL, 10);
    return status;
}

static bool wait_for_end(airs_pair_t *pair, uint64_t timeout_ms) {
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until); /* cannot fail: the clock is there */
    until.tv_sec += (time_t)(timeout_ms / 1000);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&pair->lock);
    while (!pair->has_ended && pthread_cond_timedwait(&pair->changed, &pair->lock, &until) != ETIMEDOUT) {
    }
    bool has_ended = pair->has_ended;
    pthread_mutex_unlock(&pair->lock);
    return has_ended;
}

static bool read_report(const char *text, airs_pair_report_t *out) {
    uint64_t numbers[7];
    for (size_t i = 0; i < 7; i++) {
        char *end = NULL;
        numbers[i] = strtoull(text, &end, 10);
        if (end == text) {
            return false;
        }
        text = end;
    }
    *out = (airs_pair_report_t){numbers[0], numbers[1], numbers[2], numbers[3],
                                numbers[4], numbers[5], numbers[6]};
    return true;
}

airs_status_t airs_pair_await(airs_pair_t *pair, uint64_t timeout_ms, airs_pair_report_t *out,
                              airs_error_t *error) {
    if (!wait_for_end(pair, timeout_ms)) {
        return airs_error_set(error, AIRS_TIMEOUT, "the pair is still at it");
    }
    if (pair->status != AIRS_OK) {
        return airs_error_set(error, pair->status, "the pair: %s", pair->answer);
    }
    return read_report(pair->answer, out)
               ? AIRS_OK
               : airs_error_set(error, AIRS_INTERNAL, "the pair reports \"%s\"", pair->answer);
}

airs_status_t airs_pair_end(airs_pair_t *pair, uint64_t timeout_ms, airs_pair_report_t *out,
                            airs_error_t *error) {
    airs_status_t status = airs_node_send(pair->node, id_of(pair, 0), airs_bytes("end", 3), error);
    return status == AIRS_OK ? airs_pair_await(pair, timeout_ms, out, error) : status;
}
