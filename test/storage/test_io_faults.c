/* A disk that fails, is full, or takes its time, under the whole of LMDB: this program is linked so that every call that
 * writes to a file comes here first. */
#include "storage/lmdb_backend.h"

#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/check.h"
#include "storage/backend_suite.h"
#include "support/temporary_folder.h"

/* ---- the disk ---- */

typedef enum io { IO_WRITE, IO_SYNC, IO_META } io_t;

typedef struct disk {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t calls;     /* so far */
    uint64_t fail_from; /* the first call that fails; 0: none does */
    uint64_t fail_count;
    int fail_with; /* an errno; 0: a write takes half of what it was given */
    bool held;     /* calls of this kind wait */
    io_t held_kind;
    int holding;   /* calls that do */
    bool no_room;  /* and says so, when it is asked */
    bool unsynced; /* data was written and not synced since */
    int commits;   /* pages that say what is there, written after everything else was synced */
} disk_t;

static disk_t disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* LMDB writes those pages by a file of its own, on which a write returns when it is on the disk. */
static io_t kind_of(int file) { return (fcntl(file, F_GETFL) & O_DSYNC) != 0 ? IO_META : IO_WRITE; }

/* 0, or what the call fails with; -1: it is cut short. */
static int enter(io_t kind) {
    pthread_mutex_lock(&disk.lock);
    while (disk.held && disk.held_kind == kind) {
        disk.holding++;
        pthread_cond_broadcast(&disk.changed);
        pthread_cond_wait(&disk.changed, &disk.lock);
        disk.holding--;
    }
    disk.calls++;
    bool fails = disk.fail_from != 0 && disk.calls >= disk.fail_from &&
                 disk.calls - disk.fail_from < disk.fail_count;
    int failure = !fails ? 0 : disk.fail_with != 0 ? disk.fail_with : -1;
    if (failure == 0 && kind == IO_META) {
        /* The order on which everything rests: first what is new is on the disk, then the page that leads to it. */
        AIRS_ASSERT(!disk.unsynced);
        disk.commits++;
    } else if (failure <= 0 && kind != IO_META) {
        disk.unsynced = kind == IO_WRITE;
    }
    pthread_mutex_unlock(&disk.lock);
    return failure;
}

/* The linker gives these names. NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
ssize_t __real_pwrite(int file, const void *data, size_t size, off_t at);
ssize_t __real_writev(int file, const struct iovec *parts, int count);
int __real_fdatasync(int file);
int __real_fsync(int file);
int __real_statvfs(const char *path, struct statvfs *about);

ssize_t __wrap_pwrite(int file, const void *data, size_t size, off_t at);
ssize_t __wrap_writev(int file, const struct iovec *parts, int count);
int __wrap_fdatasync(int file);
int __wrap_fsync(int file);
int __wrap_statvfs(const char *path, struct statvfs *about);

ssize_t __wrap_pwrite(int file, const void *data, size_t size, off_t at) {
    int failure = size > 64 || kind_of(file) == IO_META ? enter(kind_of(file))
                                                        : 0; /* not the lock file's text */
    if (failure > 0) {
        errno = failure;
        return -1;
    }
    return __real_pwrite(file, data, failure < 0 ? size / 2 : size, at);
}

ssize_t __wrap_writev(int file, const struct iovec *parts, int count) {
    int failure = enter(kind_of(file));
    if (failure > 0) {
        errno = failure;
        return -1;
    }
    return failure < 0 ? write(file, parts[0].iov_base, parts[0].iov_len / 2)
                       : __real_writev(file, parts, count);
}

static int sync_or_fail(int file, int (*sync)(int file)) {
    int failure = enter(IO_SYNC);
    if (failure != 0) {
        errno = failure > 0 ? failure : EIO;
        return -1;
    }
    return sync(file);
}

int __wrap_fdatasync(int file) { return sync_or_fail(file, __real_fdatasync); }

int __wrap_fsync(int file) { return sync_or_fail(file, __real_fsync); }

int __wrap_statvfs(const char *path, struct statvfs *about) {
    int result = __real_statvfs(path, about);
    about->f_bavail = disk.no_room ? 1 : 1 << 20;
    return result;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void disk_fails(uint64_t nth, uint64_t count, int with) {
    pthread_mutex_lock(&disk.lock);
    disk.fail_from = nth == 0 ? 0 : disk.calls + nth;
    disk.fail_count = count;
    disk.fail_with = with;
    pthread_mutex_unlock(&disk.lock);
}

static void disk_works(void) { disk_fails(0, 0, 0); }

static bool disk_failed_since(uint64_t calls) {
    pthread_mutex_lock(&disk.lock);
    bool failed = disk.fail_from != 0 && disk.calls >= disk.fail_from && disk.calls > calls;
    pthread_mutex_unlock(&disk.lock);
    return failed;
}

static void disk_holds(io_t kind) {
    pthread_mutex_lock(&disk.lock);
    disk.held = true;
    disk.held_kind = kind;
    pthread_mutex_unlock(&disk.lock);
}

static void wait_until_held(void) {
    pthread_mutex_lock(&disk.lock);
    while (disk.holding == 0) {
        pthread_cond_wait(&disk.changed, &disk.lock);
    }
    pthread_mutex_unlock(&disk.lock);
}

static void disk_goes_on(void) {
    pthread_mutex_lock(&disk.lock);
    disk.held = false;
    pthread_cond_broadcast(&disk.changed);
    pthread_mutex_unlock(&disk.lock);
}

/* ---- what stands on it ---- */

typedef struct fixture {
    airs_log_t log; /* first */
    airs_temporary_folder_t folder;
    char logged[1024]; /* the last line */
    airs_storage_backend_t *backend;
    airs_blocking_space_t *space;
} fixture_t;

static void keep_line(airs_log_t *log, const airs_log_record_t *record) {
    fixture_t *self = (fixture_t *)(void *)log;
    (void)snprintf(self->logged, sizeof self->logged, "%.*s", AIRS_STR_ARG(record->message));
}

static void open_fixture(fixture_t *self, airs_sync_t sync, uint64_t map_bytes) {
    airs_lmdb_options_t options = {.allocator = airs_allocator_default(),
                                   .log = &self->log,
                                   .folder = self->folder.path,
                                   .sync = sync,
                                   .interval_ms = 1,
                                   .map_bytes = map_bytes};
    airs_error_t error = {AIRS_OK, ""};
    if (airs_lmdb_backend_create(&options, &self->backend, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    self->space = open_blocking(airs_allocator_default(), self->backend, "app/tested", UINT64_MAX);
}

static void close_fixture(fixture_t *self) {
    airs_blocking_space_close(self->space);
    self->backend->ops->destroy(self->backend);
}

static int set_up(void **state) {
    fixture_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    self->log = (airs_log_t){AIRS_LOG_INFO, keep_line};
    airs_temporary_folder_create(&self->folder);
    *state = self;
    return 0;
}

static int tear_down(void **state) {
    fixture_t *self = *state;
    disk_works();
    airs_temporary_folder_remove(&self->folder);
    free(self);
    return 0;
}

/* Two keys at once, one of them with a page of its own. */
static airs_status_t set_pair(fixture_t *self, const char *value, airs_error_t *error) {
    static char large[9000];
    memset(large, value[0], sizeof large);
    const airs_storage_change_t changes[] = {
        {.key = airs_str("small"), .value = airs_bytes(value, strlen(value))},
        {.key = airs_str("large"), .value = airs_bytes(large, sizeof large)},
    };
    airs_storage_write_t write = {.kind = AIRS_STORAGE_CHANGE, .changes = changes, .count = 2};
    error->text[0] = '\0';
    return airs_blocking_space_write(self->space, &write, NULL, error);
}

typedef struct pair {
    char small[16];
    char large; /* each byte of it */
    size_t size;
} pair_t;

static void take_pair(void *context, size_t index, airs_bytes_t value) {
    pair_t *pair = context;
    if (index == 0) {
        memcpy(pair->small, value.data, value.size);
    } else {
        pair->large = (char)value.data[0];
        pair->size = value.size;
        assert_int_equal(value.data[value.size - 1], value.data[0]);
    }
}

static pair_t get_pair(fixture_t *self) {
    const airs_str_t keys[] = {airs_str("small"), airs_str("large")};
    pair_t pair = {.size = 0};
    airs_error_t error = {AIRS_OK, ""};
    airs_status_t status =
        self->backend->ops->get(airs_blocking_space_of(self->space), keys, 2, take_pair, &pair, &error);
    if (status != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    return pair;
}

static void assert_pair(fixture_t *self, const char *value) {
    pair_t pair = get_pair(self);
    assert_string_equal(pair.small, value);
    assert_int_equal(pair.large, value[0]);
    assert_int_equal(pair.size, 9000);
    assert_usage(self->space, 5 + strlen(value) + 5 + 9000, 2);
}

/* ---- order ---- */

typedef struct party {
    fixture_t *fixture;
    _Atomic bool answered;
} party_t;

static void *write_pair(void *argument) {
    party_t *party = argument;
    airs_error_t error;
    AIRS_ASSERT(set_pair(party->fixture, "new", &error) == AIRS_OK);
    atomic_store(&party->answered, true);
    return NULL;
}

/* With each step of a commit held up in turn: nothing is answered before the last one has returned. */
static void nothing_is_answered_before_it_is_on_the_disk(void **state) {
    fixture_t *self = *state;
    open_fixture(self, AIRS_SYNC_COMMIT, (uint64_t)1 << 28);
    airs_error_t error;
    assert_ok(set_pair(self, "old", &error));
    static const io_t kinds[] = {IO_WRITE, IO_SYNC, IO_META};
    for (size_t i = 0; i < 3; i++) {
        party_t party = {.fixture = self};
        pthread_t thread;
        int commits = disk.commits;
        disk_holds(kinds[i]);
        assert_int_equal(pthread_create(&thread, NULL, write_pair, &party), 0);
        wait_until_held();
        assert_false(atomic_load(&party.answered));
        assert_pair(self, i == 0 ? "old" : "new"); /* who reads does not wait */
        disk_goes_on();
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_true(atomic_load(&party.answered));
        assert_int_equal(disk.commits, commits + 1);
        assert_pair(self, "new");
    }
    close_fixture(self);
}

/* And with an interval everything is answered while the disk stands still, and seen. */
static void within_an_interval_nothing_waits_for_the_disk(void **state) {
    fixture_t *self = *state;
    open_fixture(self, AIRS_SYNC_INTERVAL, (uint64_t)1 << 28);
    airs_error_t error;
    disk_holds(IO_SYNC);
    assert_ok(set_pair(self, "one", &error));
    wait_until_held();
    assert_pair(self, "one");
    assert_ok(set_pair(self, "two", &error));
    assert_pair(self, "two");
    assert_ok(set_pair(self, "six", &error));
    int commits = disk.commits;
    disk_goes_on();
    close_fixture(self);
    assert_int_equal(disk.commits, commits + 2);
    open_fixture(self, AIRS_SYNC_COMMIT, (uint64_t)1 << 28);
    assert_pair(self, "six");
    close_fixture(self);
}

/* ---- failures ---- */

/* What was not made is not there, what was is, and the next one is made: whichever call fails, and how. */
static bool fail_once(fixture_t *self, uint64_t nth, uint64_t count, int with) {
    airs_error_t error;
    assert_ok(set_pair(self, "old", &error));
    disk_fails(nth, count, with);
    uint64_t calls = disk.calls;
    airs_status_t status = set_pair(self, "new", &error);
    bool failed = disk_failed_since(calls);
    disk_works();
    if (status != AIRS_OK) {
        assert_true(failed);
        assert_status(status, AIRS_IO);
        assert_non_null(strstr(error.text, self->folder.path));
        if (with == ENOSPC) {
            assert_non_null(strstr(error.text, "the disk of "));
            assert_non_null(strstr(error.text, " is full"));
        }
    }
    /* Where the last page itself failed, and could not be put back, it may have come to the disk after all. */
    if (status == AIRS_OK || count == 1) {
        assert_pair(self, status == AIRS_OK ? "new" : "old");
    } else {
        pair_t pair = get_pair(self);
        assert_int_equal(pair.small[0], pair.large);
    }
    assert_ok(set_pair(self, "again", &error));
    assert_pair(self, "again");
    return failed;
}

static void fail_each_call(fixture_t *self, uint64_t count) {
    static const int failures[] = {ENOSPC, EIO, 0};
    for (size_t i = 0; i < 3; i++) {
        uint64_t nth = 1;
        while (fail_once(self, nth, count, failures[i])) {
            nth++;
        }
        assert_true(nth > 3); /* a commit has a write, a sync, and the last page at least */
    }
}

static void a_call_that_fails_is_a_typed_error(void **state) {
    fixture_t *self = *state;
    open_fixture(self, AIRS_SYNC_COMMIT, (uint64_t)1 << 28);
    fail_each_call(self, 1);
    close_fixture(self);
    open_fixture(self, AIRS_SYNC_COMMIT, (uint64_t)1 << 28);
    assert_pair(self, "again");
    close_fixture(self);
}

/* LMDB calls both an error of input and output; only one can be helped. */
static void a_write_cut_short_by_a_full_disk_is_told_as_that(void **state) {
    fixture_t *self = *state;
    airs_error_t error;
    open_fixture(self, AIRS_SYNC_COMMIT, (uint64_t)1 << 28);
    disk_fails(1, UINT64_MAX, 0);
    assert_status(set_pair(self, "new", &error), AIRS_IO);
    assert_null(strstr(error.text, " is full"));
    disk.no_room = true;
    assert_status(set_pair(self, "new", &error), AIRS_IO);
    disk.no_room = false;
    assert_non_null(strstr(error.text, " is full"));
    disk_works();
    close_fixture(self);
}

static void a_disk_that_stays_broken_is_a_typed_error(void **state) {
    fixture_t *self = *state;
    open_fixture(self, AIRS_SYNC_COMMIT, (uint64_t)1 << 28);
    fail_each_call(self, UINT64_MAX);
    close_fixture(self);
}

/* What was answered already is kept until the disk works again; what comes is refused. */
static void within_an_interval_a_failure_stops_what_comes(void **state) {
    fixture_t *self = *state;
    open_fixture(self, AIRS_SYNC_INTERVAL, (uint64_t)1 << 28);
    airs_error_t error;
    disk_fails(1, UINT64_MAX, ENOSPC);
    airs_status_t status = AIRS_OK;
    int accepted = 0;
    char value[16];
    while (status == AIRS_OK) {
        (void)snprintf(value, sizeof value, "%d", accepted);
        status = set_pair(self, value, &error);
        accepted += status == AIRS_OK;
    }
    assert_status(status, AIRS_IO);
    assert_non_null(strstr(error.text, "is full"));
    (void)snprintf(value, sizeof value, "%d", accepted - 1);
    assert_pair(self, value);
    disk_works();
    while (set_pair(self, "later", &error) != AIRS_OK) {
        assert_non_null(strstr(error.text, "is full"));
    }
    assert_pair(self, "later");
    close_fixture(self);
    open_fixture(self, AIRS_SYNC_COMMIT, (uint64_t)1 << 28);
    assert_pair(self, "later");
    close_fixture(self);
}

/* Nobody is left who could try again. */
static void what_an_end_loses_is_told(void **state) {
    fixture_t *self = *state;
    open_fixture(self, AIRS_SYNC_INTERVAL, (uint64_t)1 << 28);
    airs_error_t error;
    assert_ok(set_pair(self, "kept", &error));
    disk_fails(1, UINT64_MAX, ENOSPC);
    while (set_pair(self, "lost", &error) == AIRS_OK) {
    }
    close_fixture(self);
    assert_non_null(strstr(self->logged, "2 keys whose writes were answered are lost with this end: "));
    assert_non_null(strstr(self->logged, "is full"));
    disk_works();
    self->logged[0] = '\0';
    open_fixture(self, AIRS_SYNC_INTERVAL, (uint64_t)1 << 28);
    assert_ok(set_pair(self, "kept", &error));
    close_fixture(self);
    assert_string_equal(self->logged, "");
}

/* The largest size is reached before the disk is full. */
static void a_full_map_is_a_typed_error(void **state) {
    fixture_t *self = *state;
    open_fixture(self, AIRS_SYNC_COMMIT, (uint64_t)1 << 20);
    static char value[50000];
    airs_error_t error;
    airs_status_t status = AIRS_OK;
    int kept = 0;
    while (status == AIRS_OK) {
        char key[16];
        (void)snprintf(key, sizeof key, "%d", kept);
        status = airs_blocking_space_set(self->space, airs_str(key), airs_bytes(value, sizeof value), &error);
        kept += status == AIRS_OK;
    }
    assert_status(status, AIRS_IO);
    assert_non_null(strstr(error.text, "has reached its largest size, 1048576 bytes"));
    assert_true(kept > 10);
    /* What is removed makes room again. */
    assert_ok(airs_blocking_space_remove(self->space, airs_str("0"), &error));
    assert_ok(airs_blocking_space_remove(self->space, airs_str("1"), &error));
    assert_ok(set_text(self->space, "x", "y"));
    assert_ok(airs_blocking_space_set(self->space, airs_str("0"), airs_bytes(value, sizeof value), &error));
    assert_usage(self->space,
                 (uint64_t)(kept - 1) * sizeof value + (kept > 10 ? 10 + (kept - 10) * 2 : kept) - 1 + 2,
                 (uint64_t)kept);
    close_fixture(self);
}

/* Full to the last page, of small values: there is room left to remove something. */
static void what_is_full_can_be_emptied(void **state) {
    fixture_t *self = *state;
    open_fixture(self, AIRS_SYNC_COMMIT, (uint64_t)1 << 20);
    airs_error_t error;
    airs_status_t status = AIRS_OK;
    char key[16];
    int kept = 0;
    for (size_t size = 3000; size > 0; size /= 2) {
        for (status = AIRS_OK; status == AIRS_OK; kept += status == AIRS_OK) {
            static char value[3000];
            (void)snprintf(key, sizeof key, "%06d", kept);
            status = airs_blocking_space_set(self->space, airs_str(key), airs_bytes(value, size), &error);
        }
        assert_status(status, AIRS_IO);
        assert_non_null(strstr(error.text, "has reached its largest size"));
    }
    for (int i = 0; i < kept; i++) {
        (void)snprintf(key, sizeof key, "%06d", i);
        error.text[0] = '\0';
        if (airs_blocking_space_remove(self->space, airs_str(key), &error) != AIRS_OK) {
            fail_msg("%d of %d: %s", i, kept, error.text);
        }
    }
    assert_usage(self->space, 0, 0);
    assert_ok(set_text(self->space, "x", "y"));
    close_fixture(self);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_answered_before_it_is_on_the_disk),
        TEST(within_an_interval_nothing_waits_for_the_disk),
        TEST(a_call_that_fails_is_a_typed_error),
        TEST(a_disk_that_stays_broken_is_a_typed_error),
        TEST(within_an_interval_a_failure_stops_what_comes),
        TEST(what_an_end_loses_is_told),
        TEST(a_write_cut_short_by_a_full_disk_is_told_as_that),
        TEST(a_full_map_is_a_typed_error),
        TEST(what_is_full_can_be_emptied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
