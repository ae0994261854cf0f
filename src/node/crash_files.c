#include "node/crash_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/thread.h"
#include "node/cache_folder.h"

/* What waits to be written: beyond either of these a crash has no file. */
#define QUEUE_MAX 64
#define QUEUE_BYTES_MAX ((uint64_t)256 << 20)

/* Of the id in a file's name. */
#define NAME_ID_MAX 120
#define NAME_SIZE 256

/* Two crashes of one actor in one microsecond. */
#define SAME_NAME_MAX 100

struct airs_crash_files {
    airs_crash_sink_t sink;
    const airs_allocator_t *allocator;
    airs_log_t *log;
    char path[PATH_MAX];
    char temporary[32]; /* the name of a file that is being written */
    int folder;
    uint32_t max_files;
    uint64_t max_bytes;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* over what follows */
    pthread_cond_t changed;
    airs_crash_t *first;
    airs_crash_t *last;
    size_t waiting;
    uint64_t waiting_bytes;
    bool ending;
};

static void warn(airs_crash_files_t *self, const char *id, const char *what, const char *why) {
    airs_log_printf(self->log, AIRS_LOG_WARN, airs_str(id), "%s: %s", what, why);
}

/* ---- one file ------------------------------------------------------------------------------- */

static bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* "20261129T131415.123456Z-app_counter_0", and a number behind it from the second on. */
static void name_of(const airs_crash_t *crash, unsigned number, char out[NAME_SIZE]) {
    char id[NAME_ID_MAX + 1];
    char when[32];
    char again[16] = "";
    struct tm parts;
    time_t seconds = (time_t)(crash->wall_ns / 1000000000U);
    size_t size = 0;
    for (const char *c = airs_component_id_text(crash->id); *c != '\0' && size < NAME_ID_MAX; c++) {
        id[size++] = (char)(is_plain(*c) ? *c : '_');
    }
    id[size] = '\0';
    if (gmtime_r(&seconds, &parts) == NULL || strftime(when, sizeof when, "%Y%m%dT%H%M%S", &parts) == 0) {
        (void)snprintf(when, sizeof when, "00000000T000000");
    }
    if (number > 1) {
        (void)snprintf(again, sizeof again, "-%u", number);
    }
    (void)snprintf(out, NAME_SIZE, "%s.%06" PRIu64 "Z-%s%s" AIRS_CRASH_FILE_ENDING, when,
                   crash->wall_ns % 1000000000U / 1000, id, again);
}

/* Under a name that nobody looks for, so that nobody finds half a file. */
static bool write_temporary(airs_crash_files_t *self, airs_crash_t *crash) {
    (void)unlinkat(self->folder, self->temporary, 0); /* of a process that ended while it wrote */
    int file =
        openat(self->folder, self->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) {
        return false;
    }
    size_t count = 0;
    const airs_bytes_t *parts = crash->content(crash, &count);
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        good = airs_file_write_fully(file, parts[i]);
    }
    int failure = errno;
    good = close(file) == 0 && good;
    errno = good ? 0 : failure;
    return good;
}

/* The first name that is not taken. */
static bool give_name(airs_crash_files_t *self, const airs_crash_t *crash, char name[NAME_SIZE]) {
    for (unsigned number = 1; number <= SAME_NAME_MAX; number++) {
        name_of(crash, number, name);
        if (linkat(self->folder, self->temporary, self->folder, name, 0) == 0) {
            return true;
        }
        if (errno != EEXIST) {
            return false;
        }
    }
    return false;
}

static bool write_file(airs_crash_files_t *self, airs_crash_t *crash, char name[NAME_SIZE]) {
    bool good = write_temporary(self, crash) && give_name(self, crash, name);
    int failure = errno;
    (void)unlinkat(self->folder, self->temporary, 0);
    errno = failure;
    return good;
}

/* ---- how many ------------------------------------------------------------------------------- */

typedef struct oldest {
    uint64_t files;
    uint64_t bytes;
    char name[NAME_SIZE];
} oldest_t;

static bool is_crash_file(const char *name) {
    size_t size = strlen(name);
    size_t ending = sizeof AIRS_CRASH_FILE_ENDING - 1;
    return size > ending && size < NAME_SIZE && name[0] != '.' &&
           strcmp(name + size - ending, AIRS_CRASH_FILE_ENDING) == 0;
}

typedef struct search {
    airs_crash_files_t *files;
    oldest_t oldest;
} search_t;

static void look_at(void *context, const char *name) {
    search_t *search = context;
    oldest_t *oldest = &search->oldest;
    struct stat about;
    if (!is_crash_file(name) || fstatat(search->files->folder, name, &about, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(about.st_mode)) {
        return;
    }
    oldest->files++;
    oldest->bytes += (uint64_t)about.st_size;
    if (oldest->name[0] == '\0' || strcmp(name, oldest->name) < 0) {
        memcpy(oldest->name, name, strlen(name) + 1);
    }
}

/* The names begin with the time. */
static oldest_t find_oldest(airs_crash_files_t *self) {
    search_t search = {.files = self};
    airs_folder_each(self->folder, look_at, &search);
    return search.oldest;
}

static void make_room(airs_crash_files_t *self, const char *newest) {
    oldest_t oldest = find_oldest(self);
    while ((oldest.files > self->max_files || oldest.bytes > self->max_bytes) && oldest.name[0] != '\0' &&
           strcmp(oldest.name, newest) != 0 && unlinkat(self->folder, oldest.name, 0) == 0) {
        oldest = find_oldest(self);
    }
}

/* ---- the thread ----------------------------------------------------------------------------- */

static void keep(airs_crash_files_t *self, airs_crash_t *crash) {
    char name[NAME_SIZE];
    const char *id = airs_component_id_text(crash->id);
    if (!write_file(self, crash, name)) {
        char why[PATH_MAX + 128];
        (void)snprintf(why, sizeof why, "%s: %s", self->path, strerror(errno));
        warn(self, id, "this crash has no crash file", why);
        return;
    }
    if (airs_log_wants(self->log, AIRS_LOG_INFO)) {
        airs_log_printf(self->log, AIRS_LOG_INFO, airs_str(id), "its crash is recorded: airssys replay %s/%s",
                        self->path, name);
    }
    make_room(self, name);
}

static airs_crash_t *next(airs_crash_files_t *self) {
    pthread_mutex_lock(&self->lock);
    while (self->first == NULL && !self->ending) {
        pthread_cond_wait(&self->changed, &self->lock);
    }
    airs_crash_t *crash = self->first;
    if (crash != NULL) {
        self->first = crash->next;
        self->last = self->first != NULL ? self->last : NULL;
        self->waiting--;
        self->waiting_bytes -= crash->size;
    }
    pthread_mutex_unlock(&self->lock);
    return crash;
}

static void *run(void *argument) {
    airs_crash_files_t *self = argument;
    for (airs_crash_t *crash = next(self); crash != NULL; crash = next(self)) {
        keep(self, crash);
        crash->release(crash);
    }
    return NULL;
}

static void take(airs_crash_sink_t *sink, airs_crash_t *crash) {
    airs_crash_files_t *self = (airs_crash_files_t *)(void *)sink;
    pthread_mutex_lock(&self->lock);
    bool fits = self->waiting < QUEUE_MAX && crash->size <= QUEUE_BYTES_MAX - self->waiting_bytes;
    /* One that is larger than all that may wait is taken when nothing does. */
    fits = fits || self->waiting == 0;
    if (fits) {
        crash->next = NULL;
        *(self->last != NULL ? &self->last->next : &self->first) = crash;
        self->last = crash;
        self->waiting++;
        self->waiting_bytes += crash->size;
        pthread_cond_signal(&self->changed);
    }
    pthread_mutex_unlock(&self->lock);
    if (!fits) {
        warn(self, airs_component_id_text(crash->id), "this crash has no crash file",
             "others before it are still being written");
        crash->release(crash);
    }
}

/* ---- its life ------------------------------------------------------------------------------- */

static airs_status_t make_folders(char *path, airs_error_t *error) {
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = mkdir(path, 0755) == 0 || errno == EEXIST;
        int failure = errno;
        if (!made) {
            airs_error_set(error, AIRS_IO, "cannot make the folder %s: %s", path, strerror(failure));
        }
        *slash = '/';
        if (!made) {
            return AIRS_IO;
        }
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return airs_error_set(error, AIRS_IO, "cannot make the crash folder %s: %s", path, strerror(errno));
    }
    return AIRS_OK;
}

static airs_status_t check_folder(const airs_crash_files_t *self, airs_error_t *error) {
    struct stat about;
    if (fstat(self->folder, &about) != 0) {
        return airs_error_set(error, AIRS_IO, "the crash folder %s: %s", self->path, strerror(errno));
    }
    if (about.st_uid != geteuid()) {
        return airs_error_set(error, AIRS_IO,
                              "the crash folder %s belongs to user %ld, not to the user who runs this",
                              self->path, (long)about.st_uid);
    }
    if ((about.st_mode & 022) != 0) {
        return airs_error_set(error, AIRS_IO,
                              "the crash folder %s has mode %04o: others may write into it; make it 0700",
                              self->path, (unsigned)(about.st_mode & 07777));
    }
    return AIRS_OK;
}

/* Without slashes at its end, so that its last part is the folder. */
static airs_status_t take_path(airs_crash_files_t *self, const char *folder, airs_error_t *error) {
    size_t size = strlen(folder);
    while (size > 1 && folder[size - 1] == '/') {
        size--;
    }
    if (size == 0 || size >= sizeof self->path) {
        return airs_error_set(error, AIRS_IO, "the crash folder's path is %s",
                              size == 0 ? "empty" : "too long");
    }
    memcpy(self->path, folder, size);
    self->path[size] = '\0';
    return AIRS_OK;
}

static airs_status_t open_folder(airs_crash_files_t *self, const char *folder, airs_error_t *error) {
    char *found = NULL;
    airs_status_t status = AIRS_OK;
    if (folder == NULL) {
        status = airs_crash_folder(self->allocator, NULL, &found, error);
        folder = found;
    }
    status = status == AIRS_OK ? take_path(self, folder, error) : status;
    airs_release(self->allocator, found);
    status = status == AIRS_OK ? make_folders(self->path, error) : status;
    if (status != AIRS_OK) {
        return status;
    }
    self->folder = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->folder < 0) {
        return airs_error_set(error, AIRS_IO, "cannot open the crash folder %s: %s", self->path,
                              strerror(errno));
    }
    return check_folder(self, error);
}

airs_status_t airs_crash_files_create(const airs_crash_files_options_t *options, airs_crash_files_t **out,
                                      airs_error_t *error) {
    airs_crash_files_t *self = airs_alloc_zeroed(options->allocator, sizeof *self);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    self->sink.take = take;
    (void)snprintf(self->temporary, sizeof self->temporary, ".new-%ld", (long)getpid());
    self->allocator = options->allocator;
    self->log = options->log;
    self->folder = -1;
    self->max_files = options->max_files != 0 ? options->max_files : AIRS_DEFAULT_CRASH_FILES;
    self->max_bytes = options->max_bytes != 0 ? options->max_bytes : AIRS_DEFAULT_CRASH_BYTES;
    pthread_mutex_init(&self->lock, NULL); /* cannot fail without attributes, and so the next */
    pthread_cond_init(&self->changed, NULL);
    airs_status_t status = open_folder(self, options->folder, error);
    if (status == AIRS_OK) {
        status = airs_thread_start(&self->thread, run, self);
        self->has_thread = status == AIRS_OK;
        if (status != AIRS_OK) {
            airs_error_set(error, status, "cannot start the thread that writes crash files");
        }
    }
    if (status != AIRS_OK) {
        airs_crash_files_destroy(self);
        return status;
    }
    *out = self;
    return AIRS_OK;
}

void airs_crash_files_destroy(airs_crash_files_t *self) {
    if (self == NULL) {
        return;
    }
    if (self->has_thread) {
        pthread_mutex_lock(&self->lock);
        self->ending = true;
        pthread_cond_signal(&self->changed);
        pthread_mutex_unlock(&self->lock);
        pthread_join(self->thread, NULL);
    }
    if (self->folder >= 0) {
        close(self->folder);
    }
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    airs_release(self->allocator, self);
}

airs_crash_sink_t *airs_crash_files_sink(airs_crash_files_t *self) { return &self->sink; }
