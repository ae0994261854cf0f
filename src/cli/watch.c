#include "cli/watch.h"

#include <pthread.h>
#include <sys/stat.h>

#include "core/log.h"
#include "core/memory.h"
#include "core/thread.h"
#include "node/application_update.h"
#include "node/waiter.h"

/* Between two looks; a file that is the same at both is not being written. */
#define LOOK_MS 250
/* A developer waits for it, and the next change does too. */
#define WINDOW_MS 2000

/* What tells a file from the one before it. */
typedef struct look {
    bool there;
    dev_t device;
    ino_t number;
    off_t size;
    struct timespec changed;
} look_t;

typedef struct watched {
    const airs_manifest_component_t *component;
    look_t taken; /* what runs, or was tried */
    look_t last;
} watched_t;

struct airs_watch {
    airs_application_t *application;
    airs_log_t *log;
    pthread_t thread;
    airs_waiter_t waiter; /* over `stopped` */
    bool stopped;
    const airs_manifest_t *manifest; /* whose components are watched */
    watched_t *watched;
    size_t count;
};

static look_t look_at(const char *path) {
    struct stat about;
    if (stat(path, &about) != 0) {
        return (look_t){.there = false};
    }
    return (look_t){.there = true,
                    .device = about.st_dev,
                    .number = about.st_ino,
                    .size = about.st_size,
                    .changed = about.st_mtim};
}

static bool same(const look_t *a, const look_t *b) {
    return a->there == b->there && a->device == b->device && a->number == b->number && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static void update(airs_watch_t *self, const airs_manifest_component_t *component) {
    uint64_t window = component->update.window_ms;
    airs_application_update_t what = {.component = airs_str(component->name),
                                      .file = component->source,
                                      .has_window = true,
                                      .window_ms = window < WINDOW_MS ? window : WINDOW_MS};
    airs_error_t error = {AIRS_OK, ""};
    airs_str_t source = airs_str("watch");
    airs_log_printf(self->log, AIRS_LOG_INFO, source, "%s has changed: updating component %s",
                    component->source, component->name);
    airs_status_t status = airs_application_update(self->application, &what, &error);
    if (status == AIRS_OK) {
        airs_log_printf(self->log, AIRS_LOG_INFO, source, "component %s is updated", component->name);
    } else if (status != AIRS_STOPPED) {
        airs_log_printf(self->log, AIRS_LOG_WARN, source, "component %s stays as it is: %s", component->name,
                        error.text);
    }
}

static void look(airs_watch_t *self, watched_t *watched) {
    look_t now = look_at(watched->component->source);
    bool still = same(&now, &watched->last);
    watched->last = now;
    if (still && now.there && !same(&now, &watched->taken)) {
        watched->taken = now;
        update(self, watched->component);
    }
}

/* False: it is over. */
static bool pause_between_looks(airs_watch_t *self) {
    airs_waiter_lock(&self->waiter);
    if (!self->stopped) {
        airs_waiter_wait(&self->waiter, LOOK_MS);
    }
    bool stopped = self->stopped;
    airs_waiter_unlock(&self->waiter);
    return !stopped;
}

/* Those of the manifest that holds now, as they are. False: no memory, and all is as before. */
static bool follow(airs_watch_t *self) {
    const airs_allocator_t *allocator = airs_allocator_default();
    const airs_manifest_t *manifest = airs_application_manifest(self->application);
    if (manifest == self->manifest) {
        return true;
    }
    watched_t *watched = airs_alloc_array(allocator, manifest->component_count, sizeof *watched);
    if (watched == NULL) {
        return false;
    }
    for (size_t i = 0; i < manifest->component_count; i++) {
        const airs_manifest_component_t *component = &manifest->components[i];
        look_t now = look_at(component->source);
        watched[i] = (watched_t){.component = component, .taken = now, .last = now};
    }
    airs_release(allocator, self->watched);
    self->watched = watched;
    self->count = manifest->component_count;
    self->manifest = manifest;
    return true;
}

static void *run(void *argument) {
    airs_watch_t *self = argument;
    while (pause_between_looks(self)) {
        (void)follow(self);
        for (size_t i = 0; i < self->count; i++) {
            look(self, &self->watched[i]);
        }
    }
    return NULL;
}

static void destroy(airs_watch_t *self) {
    airs_waiter_free(&self->waiter);
    airs_release(airs_allocator_default(), self->watched);
    airs_release(airs_allocator_default(), self);
}

airs_status_t airs_watch_start(airs_application_t *application, airs_log_t *log, airs_watch_t **out,
                               airs_error_t *error) {
    airs_watch_t *self = airs_alloc_zeroed(airs_allocator_default(), sizeof *self);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to watch the components' files");
    }
    self->application = application;
    self->log = log;
    airs_waiter_init(&self->waiter);
    airs_status_t status = follow(self) ? airs_thread_start(&self->thread, run, self) : AIRS_OUT_OF_MEMORY;
    if (status != AIRS_OK) {
        destroy(self);
        return airs_error_set(error, status, "the components' files cannot be watched: %s",
                              airs_status_text(status));
    }
    *out = self;
    return AIRS_OK;
}

void airs_watch_stop(airs_watch_t *watch) {
    if (watch == NULL) {
        return;
    }
    airs_waiter_lock(&watch->waiter);
    watch->stopped = true;
    airs_waiter_wake(&watch->waiter);
    airs_waiter_unlock(&watch->waiter);
    (void)pthread_join(watch->thread, NULL);
    destroy(watch);
}
