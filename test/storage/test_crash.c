/* What a killed process leaves behind: a child writes, is killed at a moment that a seed chooses, and what it was
 * told to be durable must be there, whole. The kernel stays up, so this says nothing of a power cut: that the disk is
 * asked to keep what is answered, and in which order, is what test_io_faults shows. */
#include "storage/lmdb_backend.h"

#include "support/test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/check.h"
#include "storage/backend_suite.h"
#include "support/seeded_random.h"
#include "support/temporary_folder.h"

#define WRITERS 3
#define KILLS 150
#define KEYS 20
#define PADDING 3000 /* of some values, so that they have pages of their own */

/* What the child has begun and what it was told, in memory that outlives it. */
typedef struct diary {
    _Atomic uint64_t started[WRITERS];
    _Atomic uint64_t told[WRITERS];
} diary_t;

typedef struct writer {
    airs_storage_backend_t *backend;
    diary_t *diary;
    int number;
    int told; /* a pipe: a byte for each write that was told */
} writer_t;

static airs_storage_backend_t *open_backend(const char *folder, airs_sync_t sync) {
    airs_lmdb_options_t options = {.allocator = airs_allocator_default(),
                                   .log = airs_log_none(),
                                   .folder = folder,
                                   .sync = sync,
                                   .interval_ms = 3,
                                   .map_bytes = (uint64_t)1 << 30};
    airs_storage_backend_t *backend = NULL;
    airs_error_t error = {AIRS_OK, ""};
    if (airs_lmdb_backend_create(&options, &backend, &error) != AIRS_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        abort();
    }
    return backend;
}

static void space_name(int writer, char out[16]) { (void)snprintf(out, 16, "app/w%d", writer); }

/* The nth write of a writer: two keys that must agree, a third that comes, and one that goes. */
static airs_status_t write_once(airs_blocking_space_t *space, uint64_t n) {
    static _Thread_local char large[PADDING];
    char number[24];
    char comes[32];
    char goes[32];
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)n);
    (void)snprintf(comes, sizeof comes, "log/%llu", (unsigned long long)n);
    (void)snprintf(goes, sizeof goes, "log/%llu", (unsigned long long)(n - KEYS));
    (void)snprintf(large, sizeof large, "%llu", (unsigned long long)n);
    const airs_storage_change_t changes[] = {
        {.key = airs_str("a"), .value = airs_bytes(number, strlen(number))},
        {.key = airs_str("b"), .value = airs_bytes(large, sizeof large)},
        {.key = airs_str(comes), .value = airs_bytes(large, n % 3 == 0 ? sizeof large : 8)},
        {.key = airs_str(goes), .removes = true},
    };
    airs_storage_write_t write = {.kind = AIRS_STORAGE_CHANGE, .changes = changes, .count = n > KEYS ? 4 : 3};
    return airs_blocking_space_write(space, &write, NULL, NULL);
}

static void *write_on(void *argument) {
    writer_t *self = argument;
    char name[16];
    airs_blocking_space_t *space = NULL;
    space_name(self->number, name);
    AIRS_ASSERT(airs_blocking_space_open(airs_allocator_default(), self->backend, airs_str(name), UINT64_MAX,
                                         &space, NULL) == AIRS_OK);
    for (uint64_t n = atomic_load(&self->diary->told[self->number]) + 1;; n++) {
        atomic_store(&self->diary->started[self->number], n);
        AIRS_ASSERT(write_once(space, n) == AIRS_OK);
        atomic_store(&self->diary->told[self->number], n);
        AIRS_ASSERT(write(self->told, "", 1) == 1);
    }
    return NULL;
}

_Noreturn static void live(const char *folder, airs_sync_t sync, diary_t *diary, int told) {
    airs_storage_backend_t *backend = open_backend(folder, sync);
    pthread_t threads[WRITERS];
    static writer_t writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (writer_t){backend, diary, i, told};
        AIRS_ASSERT(pthread_create(&threads[i], NULL, write_on, &writers[i]) == 0);
    }
    (void)pthread_join(threads[0], NULL);
    abort(); /* it writes for ever */
}

/* After `count` writes that were told, and a little later. */
static void kill_after(pid_t child, int told, uint64_t count, long later_ns) {
    char bytes[64];
    while (count > 0) {
        ssize_t size = read(told, bytes, count < sizeof bytes ? (size_t)count : sizeof bytes);
        assert_true(size > 0);
        count -= (uint64_t)size;
    }
    struct timespec later = {0, later_ns};
    (void)nanosleep(&later, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ---- what is there afterwards ---- */

typedef struct found {
    uint64_t number[2]; /* of "a" and "b" */
} found_t;

static void take_number(void *context, size_t index, airs_bytes_t value) {
    char text[24] = "";
    memcpy(text, value.data, value.size < sizeof text - 1 ? value.size : sizeof text - 1);
    ((found_t *)context)->number[index] = strtoull(text, NULL, 10);
}

typedef struct sum {
    airs_storage_space_t *space;
    uint64_t bytes;
    uint64_t keys;
    uint64_t logs;
} sum_t;

static void add_size(void *context, size_t index, airs_bytes_t value) {
    (void)index;
    *(uint64_t *)context += value.size;
}

static bool collect_key(void *context, airs_str_t key) {
    sum_t *sum = context;
    sum->keys++;
    sum->bytes += key.size;
    sum->logs += key.size > 4;
    return true;
}

/* The log has the last KEYS writes and no other. */
static void assert_log(airs_storage_space_t *space, uint64_t last, sum_t *sum) {
    for (uint64_t n = last > KEYS ? last - KEYS + 1 : 1; n <= last; n++) {
        char key[32];
        (void)snprintf(key, sizeof key, "log/%llu", (unsigned long long)n);
        airs_str_t text = airs_str(key);
        uint64_t size = 0;
        assert_ok(space->backend->ops->get(space, &text, 1, add_size, &size, NULL));
        assert_int_equal(size, n % 3 == 0 ? PADDING : 8);
        sum->bytes += size;
    }
    assert_int_equal(sum->logs, last > KEYS ? KEYS : last);
}

static void assert_space(airs_storage_backend_t *backend, diary_t *diary, int writer, airs_sync_t sync) {
    char name[16];
    space_name(writer, name);
    airs_blocking_space_t *blocking = open_blocking(airs_allocator_default(), backend, name, UINT64_MAX);
    airs_storage_space_t *space = airs_blocking_space_of(blocking);
    const airs_str_t keys[] = {airs_str("a"), airs_str("b")};
    const airs_storage_range_t all = {airs_str(""), airs_str("")};
    found_t found = {{0, 0}};
    sum_t sum = {.space = space};
    assert_ok(space->backend->ops->get(space, keys, 2, take_number, &found, NULL));
    assert_int_equal(found.number[0], found.number[1]);
    assert_true(found.number[0] <= atomic_load(&diary->started[writer]));
    if (sync == AIRS_SYNC_COMMIT) {
        assert_true(found.number[0] >= atomic_load(&diary->told[writer]));
    }
    assert_ok(space->backend->ops->list(space, &all, collect_key, &sum, NULL));
    assert_log(space, found.number[0], &sum);
    for (size_t i = 0; i < 2; i++) {
        assert_ok(space->backend->ops->get(space, &keys[i], 1, add_size, &sum.bytes, NULL));
    }
    assert_usage(blocking, sum.bytes, sum.keys);
    /* It goes on from there. */
    atomic_store(&diary->told[writer], found.number[0]);
    airs_blocking_space_close(blocking);
}

static void live_and_die(const char *folder, airs_sync_t sync, diary_t *diary, uint64_t writes,
                         long later_ns) {
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(pipes[0]);
        live(folder, sync, diary, pipes[1]);
    }
    (void)close(pipes[1]);
    kill_after(child, pipes[0], writes, later_ns);
    (void)close(pipes[0]);
    airs_storage_backend_t *backend = open_backend(folder, sync);
    for (int i = 0; i < WRITERS; i++) {
        assert_space(backend, diary, i, sync);
    }
    backend->ops->destroy(backend);
}

static void kill_often(airs_sync_t sync, uint64_t seed) {
    diary_t *diary = mmap(NULL, sizeof *diary, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(diary, MAP_FAILED);
    airs_temporary_folder_t folder;
    airs_temporary_folder_create(&folder);
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, seed);
    for (int i = 0; i < KILLS; i++) {
        uint64_t writes = airs_seeded_random_below(&random, 40);
        long later_ns = (long)airs_seeded_random_below(&random, 2000000);
        live_and_die(folder.path, sync, diary, writes, later_ns);
    }
    airs_temporary_folder_remove(&folder);
    assert_int_equal(munmap(diary, sizeof *diary), 0);
}

static void what_was_answered_outlives_the_process(void **state) {
    (void)state;
    kill_often(AIRS_SYNC_COMMIT, 1);
}

static void what_was_gathered_is_there_whole_or_not_at_all(void **state) {
    (void)state;
    kill_often(AIRS_SYNC_INTERVAL, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_answered_outlives_the_process),
        cmocka_unit_test(what_was_gathered_is_there_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
