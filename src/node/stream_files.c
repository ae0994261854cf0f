#include "node/stream_files.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "core/rotating_file.h"

#define LOG_SOURCE "application"

struct airs_stream_file {
    airs_stream_file_t *next;
    airs_log_t *log;
    pthread_mutex_t lock; /* over what follows */
    airs_rotating_file_t file;
    bool failing;
    uint64_t lost; /* bytes, since it began to fail */
};

/* With the lock held. Once, not for each line of a guest that goes on. */
static void note_failure(airs_stream_file_t *self, const char *why) {
    if (!self->failing) {
        self->failing = true;
        airs_log_printf(self->log, AIRS_LOG_WARN, airs_str(LOG_SOURCE),
                        "%s, where a standard stream goes, cannot be written: %s; what comes is lost until "
                        "it can be",
                        self->file.path, why);
    }
}

/* With the lock held. */
static void note_success(airs_stream_file_t *self) {
    if (self->failing) {
        airs_log_printf(self->log, AIRS_LOG_WARN, airs_str(LOG_SOURCE),
                        "%s is written to again; %" PRIu64 " bytes were lost", self->file.path, self->lost);
        self->failing = false;
        self->lost = 0;
    }
}

void airs_stream_file_write(void *context, airs_bytes_t bytes) {
    airs_stream_file_t *self = context;
    if (bytes.size == 0) {
        return;
    }
    pthread_mutex_lock(&self->lock);
    if (airs_rotating_file_write(&self->file, airs_str_n((const char *)bytes.data, bytes.size))) {
        note_success(self);
    } else {
        note_failure(self, strerror(errno));
        self->lost += bytes.size;
    }
    pthread_mutex_unlock(&self->lock);
}

void airs_stream_drop(void *context, airs_bytes_t bytes) {
    (void)context;
    (void)bytes;
}

static airs_stream_file_t *find(const airs_stream_files_t *files, const char *path) {
    airs_stream_file_t *file = files->first;
    while (file != NULL && strcmp(file->file.path, path) != 0) {
        file = file->next;
    }
    return file;
}

static airs_stream_file_t *add(airs_stream_files_t *files, const airs_manifest_stream_t *stream) {
    const airs_rotating_file_options_t options = {.path = stream->path, .truncate = !stream->append};
    airs_stream_file_t *file = airs_alloc_zeroed(files->allocator, sizeof *file);
    if (file == NULL || airs_rotating_file_init(&file->file, files->allocator, &options, NULL) != AIRS_OK) {
        airs_release(files->allocator, file);
        return NULL;
    }
    pthread_mutex_init(&file->lock, NULL); /* cannot fail without attributes */
    file->log = files->log;
    file->next = files->first;
    files->first = file;
    return file;
}

airs_stream_file_t *airs_stream_files_get(airs_stream_files_t *files, const airs_manifest_stream_t *stream) {
    airs_error_t error;
    airs_stream_file_t *file = find(files, stream->path);
    file = file != NULL ? file : add(files, stream);
    if (file == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&file->lock);
    file->file.max_bytes = stream->max_bytes;
    file->file.kept = (unsigned)stream->kept;
    if (airs_rotating_file_open(&file->file, &error) != AIRS_OK) {
        note_failure(file, error.text + strlen(file->file.path) + 2); /* it begins with the path */
    }
    pthread_mutex_unlock(&file->lock);
    return file;
}

void airs_stream_files_reopen(airs_stream_files_t *files) {
    for (airs_stream_file_t *file = files->first; file != NULL; file = file->next) {
        pthread_mutex_lock(&file->lock);
        airs_rotating_file_close(&file->file);
        pthread_mutex_unlock(&file->lock);
    }
}

void airs_stream_files_free(airs_stream_files_t *files) {
    while (files->first != NULL) {
        airs_stream_file_t *file = files->first;
        files->first = file->next;
        airs_rotating_file_free(&file->file);
        pthread_mutex_destroy(&file->lock);
        airs_release(files->allocator, file);
    }
}
