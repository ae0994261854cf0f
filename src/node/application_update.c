#include "node/application_update.h"

#include "node/application_internal.h"
#include "node/nearest_name.h"
#include "node/trusted_load.h"

const airs_manifest_t *airs_application_manifest(const airs_application_t *application) {
    return application->manifest;
}

/* ---- the component ---- */

static const char *name_at(const void *manifest, size_t index) {
    const airs_manifest_t *from = manifest;
    return index < from->component_count ? from->components[index].name : NULL;
}

/* What runs of it, NULL with an error. The change's lock is held. */
static const airs_application_component_t *find(const airs_application_t *application, airs_str_t name,
                                                airs_error_t *error) {
    const airs_manifest_t *manifest = application->manifest;
    for (size_t i = 0; i < application->component_count; i++) {
        if (airs_str_equal(airs_str(application->components[i].plan->name), name)) {
            return &application->components[i];
        }
    }
    const char *nearest = airs_nearest_name(name, name_at, manifest);
    (void)airs_error_set(error, AIRS_COMPONENT_NOT_FOUND, "%s has no component %.*s%s%s%s", manifest->name,
                         AIRS_STR_ARG(name), nearest != NULL ? "; did you mean " : "",
                         nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    return NULL;
}

/* A copy of what it is now; from here on the manifest is not read anew. */
static airs_status_t begin(airs_application_t *application, airs_str_t name,
                           airs_application_component_t *out, airs_error_t *error) {
    airs_status_t status = AIRS_COMPONENT_NOT_FOUND;
    (void)pthread_mutex_lock(&application->change);
    bool runs = atomic_load_explicit(&application->stage, memory_order_relaxed) == AIRS_APPLICATION_RUNNING;
    const airs_application_component_t *found = NULL;
    if (!runs || airs_application_is_interrupted(application)) {
        airs_error_set(error, AIRS_INVALID_STATE, "the application is starting or stopping");
        status = AIRS_INVALID_STATE;
    } else {
        found = find(application, name, error);
    }
    if (found != NULL) {
        *out = *found;
        application->updates++;
        status = AIRS_OK;
    }
    (void)pthread_mutex_unlock(&application->change);
    return status;
}

/* `next` 0: it stays what it was. */
static void end(airs_application_t *application, airs_component_t old, airs_component_t next,
                const airs_file_stamp_t *stamp) {
    (void)pthread_mutex_lock(&application->change);
    application->updates--;
    for (size_t i = 0; next != 0 && i < application->component_count; i++) {
        airs_application_component_t *component = &application->components[i];
        if (component->handle == old) {
            component->handle = next;
            component->stamp = stamp != NULL ? *stamp : component->stamp;
        }
    }
    (void)pthread_mutex_unlock(&application->change);
}

/* ---- what it imports ---- */

typedef struct comparison {
    airs_node_t *node;
    airs_component_t old;
    airs_text_t *out;
    airs_str_t sought;
    bool found;
} comparison_t;

static bool is_sought(void *context, airs_str_t interface) {
    comparison_t *comparison = context;
    comparison->found = airs_str_equal(interface, comparison->sought);
    return !comparison->found;
}

static bool compare(void *context, airs_str_t interface) {
    comparison_t *comparison = context;
    comparison->sought = interface;
    comparison->found = false;
    (void)airs_node_imports(comparison->node, comparison->old, is_sought, comparison);
    if (!comparison->found) {
        airs_text_append(comparison->out, interface);
        airs_text_append(comparison->out, airs_str("\n"));
    }
    return true;
}

static void compare_imports(airs_application_t *application, airs_component_t old, airs_component_t next,
                            airs_text_t *out) {
    if (out != NULL) {
        comparison_t comparison = {.node = application->node, .old = old, .out = out};
        (void)airs_node_imports(application->node, next, compare, &comparison);
    }
}

/* ---- the update ---- */

static airs_status_t go_on_with(airs_application_t *application, const airs_manifest_component_t *plan,
                                airs_component_t component, const airs_application_update_t *update,
                                airs_error_t *error) {
    uint64_t window = update->has_window ? update->window_ms : plan->update.window_ms;
    airs_update_options_t options = AIRS_UPDATE_OPTIONS_INIT;
    options.window_ms = window > 0 ? window : AIRS_UPDATE_NO_WINDOW;
    options.together = update->together || plan->update.together;
    airs_id_t group = airs_id(airs_application_manifest(application)->ns, plan->name, NULL);
    return airs_node_update(application->node, group, component, &options, error);
}

/* The file as if the manifest named it: it is held to the same trust, and to the digest that is pinned there. */
static airs_status_t load(airs_application_t *application, const airs_manifest_component_t *plan,
                          const char *file, airs_component_t *out, airs_error_t *error) {
    const airs_application_options_t *options = &application->options;
    airs_manifest_component_t next = *plan;
    next.source = file;
    return airs_trusted_load(application->node, airs_application_manifest(application), &next,
                             options->allocator, options->log, out, error);
}

airs_status_t airs_application_update(airs_application_t *application,
                                      const airs_application_update_t *update, airs_error_t *error) {
    airs_application_component_t component = {0};
    airs_status_t status = begin(application, update->component, &component, error);
    if (status != AIRS_OK) {
        return status;
    }
    /* Before it is read: one that is written meanwhile differs. */
    airs_file_stamp_t stamp = airs_file_stamp(update->file);
    airs_component_t next = 0;
    status = load(application, component.plan, update->file, &next, error);
    if (status == AIRS_OK) {
        compare_imports(application, component.handle, next, update->imports);
        status = go_on_with(application, component.plan, next, update, error);
    }
    /* What the manifest names is still another file, unless it is the one that has changed. */
    bool named = strcmp(update->file, component.plan->source) == 0;
    end(application, component.handle, status == AIRS_OK ? next : 0, named ? &stamp : NULL);
    airs_node_unload(application->node, status == AIRS_OK ? component.handle : next);
    return status;
}
