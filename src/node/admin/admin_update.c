#include "node/admin/admin_update.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include "core/memory.h"
#include "core/thread.h"
#include "node/admin/admin_parameters.h"

#define DAY_MS ((uint64_t)24 * 60 * 60 * 1000)

typedef struct update {
    const airs_admin_scene_t *scene;
    airs_admin_exchange_t *exchange;
    airs_application_update_t what;
    airs_text_t imports;
} update_t;

const char *const airs_admin_update_parameters[] = {"component", "file", "window-ms", "together", NULL};

/* The lines of a text as a JSON array. */
static void append_lines(airs_text_t *out, airs_str_t lines) {
    airs_text_append(out, airs_str("["));
    for (size_t begin = 0; begin < lines.size;) {
        const char *end = memchr(lines.data + begin, '\n', lines.size - begin);
        size_t size = (size_t)(end - lines.data) - begin; /* each line has its end */
        airs_text_append(out, airs_str(begin > 0 ? "," : ""));
        airs_text_append_json(out, airs_str_n(lines.data + begin, size));
        begin += size + 1;
    }
    airs_text_append(out, airs_str("]"));
}

static bool count_instance(void *context, const airs_actor_info_t *info) {
    update_t *update = context;
    airs_str_t name = update->what.component;
    if (!info->native && airs_str_equal(info->id.ns, airs_str(update->scene->ns)) &&
        airs_str_equal(info->id.name, name)) {
        airs_text_t *out = &update->exchange->content;
        airs_text_append(out, airs_str(out->data[out->size - 1] == '[' ? "{\"id\":" : ",{\"id\":"));
        char id[AIRS_ID_MAX * 3 + 3];
        int size = snprintf(id, sizeof id, "%.*s/%.*s/%.*s", AIRS_STR_ARG(info->id.ns),
                            AIRS_STR_ARG(info->id.name), AIRS_STR_ARG(info->id.instance));
        airs_text_append_json(out, airs_str_n(id, size > 0 ? (size_t)size : 0));
        airs_text_append(out, airs_str(",\"version\":"));
        airs_text_append_json(out, airs_str(info->version));
        airs_text_append(out, airs_str("}"));
    }
    return airs_text_status(&update->exchange->content) == AIRS_OK;
}

static void answer(update_t *update) {
    airs_admin_exchange_t *exchange = update->exchange;
    airs_admin_exchange_answer(exchange, 200, airs_str(AIRS_ADMIN_JSON));
    airs_text_t *out = &exchange->content;
    airs_text_append(out, airs_str("{\"component\":"));
    airs_text_append_json(out, update->what.component);
    airs_text_append(out, airs_str(",\"new_imports\":"));
    append_lines(out, airs_text_view(&update->imports));
    airs_text_append(out, airs_str(",\"instances\":["));
    if (airs_text_status(out) == AIRS_OK) {
        airs_node_list(update->scene->node, count_instance, update);
    }
    airs_text_append(out, airs_str("]}\n"));
    if (airs_text_status(out) != AIRS_OK || airs_text_status(&update->imports) != AIRS_OK) {
        airs_admin_exchange_fail(exchange, AIRS_OUT_OF_MEMORY, "there is no memory for the answer");
    }
}

static void release(update_t *update) {
    const airs_allocator_t *allocator = update->exchange->allocator;
    airs_text_free(&update->imports);
    airs_release(allocator, update);
}

static void *run(void *argument) {
    update_t *update = argument;
    airs_admin_exchange_t *exchange = update->exchange;
    airs_error_t error = {AIRS_OK, ""};
    if (update->scene->update(update->scene->context, &update->what, &error) == AIRS_OK) {
        answer(update);
    } else {
        airs_admin_exchange_fail(exchange, error.status, "%s", error.text);
    }
    release(update);
    exchange->done(exchange->context, exchange);
    return NULL;
}

/* False: it is wrong, which is answered. */
static bool read_what(airs_admin_exchange_t *exchange, update_t *update) {
    airs_application_update_t *what = &update->what;
    const char *component = airs_admin_need(exchange, "component");
    const char *file = component != NULL ? airs_admin_need(exchange, "file") : NULL;
    const char *together = airs_admin_exchange_parameter(exchange, "together");
    what->has_window = airs_admin_exchange_parameter(exchange, "window-ms") != NULL;
    if (file == NULL || !airs_admin_read_number(exchange, "window-ms", DAY_MS, &what->window_ms)) {
        return false;
    }
    if (file[0] != '/') {
        airs_admin_exchange_fail(
            exchange, AIRS_INVALID_ARGUMENT,
            "file: \"%.200s\" is no absolute path: the node has a working directory of its own", file);
        return false;
    }
    if (together != NULL && strcmp(together, "true") != 0 && strcmp(together, "false") != 0) {
        airs_admin_exchange_fail(exchange, AIRS_INVALID_ARGUMENT,
                                 "together: \"%.40s\" is neither true nor false", together);
        return false;
    }
    what->component = airs_str(component);
    what->file = file;
    what->together = together != NULL && strcmp(together, "true") == 0;
    what->imports = &update->imports;
    return true;
}

static airs_admin_progress_t start(update_t *update) {
    pthread_t thread;
    airs_status_t status = airs_thread_start(&thread, run, update);
    if (status == AIRS_OK) {
        pthread_detach(thread);
        return AIRS_ADMIN_ELSEWHERE;
    }
    airs_admin_exchange_fail(update->exchange, status, "cannot start a thread for the update");
    release(update);
    return AIRS_ADMIN_ANSWERED;
}

airs_admin_progress_t airs_admin_update(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange) {
    if (scene->update == NULL) {
        airs_admin_exchange_fail(exchange, AIRS_UNSUPPORTED, "this node cannot update its components");
        return AIRS_ADMIN_ANSWERED;
    }
    if (exchange->crowded) {
        airs_admin_exchange_fail(exchange, AIRS_QUOTA_EXCEEDED,
                                 "too many operations are under way already; try again later");
        return AIRS_ADMIN_ANSWERED;
    }
    update_t *update = airs_alloc_zeroed(exchange->allocator, sizeof *update);
    if (update == NULL) {
        airs_admin_exchange_fail(exchange, AIRS_OUT_OF_MEMORY, "there is no memory for the update");
        return AIRS_ADMIN_ANSWERED;
    }
    update->scene = scene;
    update->exchange = exchange;
    airs_text_init(&update->imports, exchange->allocator);
    if (!read_what(exchange, update)) {
        release(update);
        return AIRS_ADMIN_ANSWERED;
    }
    return start(update);
}
