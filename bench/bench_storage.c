/* What storing costs: gets, durable sets and sets within an interval, of 100 B and 16 KiB values, by one guest and by
 * eight, and by threads of the host through the backend; beside the same done with LMDB directly from C, on the same
 * disk and in turn. In a folder of $TMPDIR, which should be on a disk. */
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <airssys/airssys.h>

#include "storage/blocking_space.h"
#include "storage/lmdb_backend.h"
#include "support/bench.h"
#include "support/temporary_folder.h"

#define KEYS 1000
#define ACTORS 8
#define MAP_BYTES ((size_t)4 << 30)

typedef enum work { WORK_GET, WORK_SET } work_t;

static uint8_t value[1 << 16];

/* Made before anything is measured, as those of the guests are: "WORKER/key/NUMBER", of which the backend, where each
 * worker has a space of its own, takes what is behind the first "/". */
static char key_texts[ACTORS][KEYS][24];

static void make_keys(void) {
    for (unsigned worker = 0; worker < ACTORS; worker++) {
        for (unsigned i = 0; i < KEYS; i++) {
            (void)snprintf(key_texts[worker][i], sizeof key_texts[worker][i], "%u/key/%u", worker, i);
        }
    }
}

static airs_str_t key_of(unsigned number) { return airs_str(key_texts[0][number % KEYS] + 2); }

static MDB_val direct_key(unsigned worker, unsigned number) {
    char *text = key_texts[worker][number % KEYS];
    return (MDB_val){strlen(text), text};
}

/* ---- LMDB from C ---- */

typedef struct direct {
    airs_temporary_folder_t folder;
    MDB_env *env;
    MDB_dbi table;
} direct_t;

static void check(int code) {
    if (code != 0) {
        bench_die("lmdb: %s", mdb_strerror(code));
    }
}

static void direct_set(direct_t *self, unsigned writer, unsigned number, size_t size) {
    MDB_val name = direct_key(writer, number);
    MDB_val data = {size, value};
    MDB_txn *txn = NULL;
    check(mdb_txn_begin(self->env, NULL, 0, &txn));
    check(mdb_put(txn, self->table, &name, &data, 0));
    check(mdb_txn_commit(txn));
}

static void direct_open(direct_t *self, size_t size) {
    MDB_txn *txn = NULL;
    airs_temporary_folder_create(&self->folder);
    check(mdb_env_create(&self->env));
    check(mdb_env_set_mapsize(self->env, MAP_BYTES));
    check(mdb_env_set_maxdbs(self->env, 2));
    check(mdb_env_open(self->env, self->folder.path, MDB_NOTLS, 0600));
    check(mdb_txn_begin(self->env, NULL, 0, &txn));
    check(mdb_dbi_open(txn, "values", MDB_CREATE, &self->table));
    for (unsigned writer = 0; writer < ACTORS; writer++) {
        for (unsigned i = 0; i < KEYS; i++) {
            MDB_val name = direct_key(writer, i);
            MDB_val data = {size, value};
            check(mdb_put(txn, self->table, &name, &data, 0));
        }
    }
    check(mdb_txn_commit(txn));
}

static void direct_close(direct_t *self) {
    mdb_env_close(self->env);
    airs_temporary_folder_remove(&self->folder);
}

/* As a program that knows LMDB does it: a transaction is begun once and renewed. The value is copied out. */
static void direct_get(direct_t *self, unsigned writer, unsigned count) {
    static _Thread_local uint8_t copy[sizeof value];
    MDB_txn *txn = NULL;
    check(mdb_txn_begin(self->env, NULL, MDB_RDONLY, &txn));
    for (unsigned i = 0; i < count; i++) {
        MDB_val name = direct_key(writer, i);
        MDB_val data;
        mdb_txn_reset(txn);
        check(mdb_txn_renew(txn));
        check(mdb_get(txn, self->table, &name, &data));
        memcpy(copy, data.mv_data, data.mv_size);
    }
    mdb_txn_abort(txn);
}

/* ---- through the backend, from threads of the host ---- */

typedef struct backend {
    airs_temporary_folder_t folder;
    airs_storage_backend_t *storage;
    airs_blocking_space_t *spaces[ACTORS];
} backend_t;

static void backend_open(backend_t *self, airs_sync_t sync, size_t size) {
    airs_error_t error;
    airs_temporary_folder_create(&self->folder);
    airs_lmdb_options_t options = {.allocator = airs_allocator_default(),
                                   .log = airs_log_none(),
                                   .folder = self->folder.path,
                                   .sync = sync,
                                   .map_bytes = MAP_BYTES};
    bench_need(airs_lmdb_backend_create(&options, &self->storage, &error), &error);
    for (unsigned i = 0; i < ACTORS; i++) {
        char name[16];
        airs_storage_change_t changes[KEYS];
        (void)snprintf(name, sizeof name, "bench/%u", i);
        bench_need(airs_blocking_space_open(airs_allocator_default(), self->storage, airs_str(name),
                                            UINT64_MAX, &self->spaces[i], &error),
                   &error);
        for (unsigned k = 0; k < KEYS; k++) {
            changes[k] = (airs_storage_change_t){.key = key_of(k), .value = airs_bytes(value, size)};
        }
        airs_storage_write_t write = {.kind = AIRS_STORAGE_CHANGE, .changes = changes, .count = KEYS};
        bench_need(airs_blocking_space_write(self->spaces[i], &write, NULL, &error), &error);
    }
}

static void backend_close(backend_t *self) {
    for (unsigned i = 0; i < ACTORS; i++) {
        airs_blocking_space_close(self->spaces[i]);
    }
    self->storage->ops->destroy(self->storage);
    airs_temporary_folder_remove(&self->folder);
}

static void copy_value(void *context, size_t index, airs_bytes_t found) {
    (void)index;
    memcpy(context, found.data, found.size);
}

static void backend_work(backend_t *self, unsigned worker, work_t work, unsigned count, size_t size) {
    static _Thread_local uint8_t copy[sizeof value];
    airs_storage_space_t *space = airs_blocking_space_of(self->spaces[worker]);
    for (unsigned i = 0; i < count; i++) {
        airs_str_t key = key_of(i);
        airs_error_t error;
        bench_need(work == WORK_GET
                       ? self->storage->ops->get(space, &key, 1, copy_value, copy, &error)
                       : airs_blocking_space_set(self->spaces[worker], key, airs_bytes(value, size), &error),
                   &error);
    }
}

/* ---- guests ---- */

typedef struct guests {
    airs_temporary_folder_t folder;
    airs_node_t *node;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    unsigned running;
} guests_t;

static void guest_ended(void *context, const airs_answer_t *answer) {
    guests_t *self = context;
    if (answer->status != AIRS_OK) {
        bench_die("a guest failed: %s", airs_status_name(answer->status));
    }
    pthread_mutex_lock(&self->lock);
    self->running--;
    pthread_cond_signal(&self->ended);
    pthread_mutex_unlock(&self->lock);
}

/* The same of the first `actors` guests, until the last has answered. */
static void guests_do(guests_t *self, unsigned actors, const char *command) {
    self->running = actors;
    for (unsigned i = 0; i < actors; i++) {
        char number[16];
        airs_error_t error;
        airs_request_id_t id;
        (void)snprintf(number, sizeof number, "%u", i);
        bench_need(airs_node_request(self->node, airs_id("bench", "storer", number),
                                     airs_bytes(command, strlen(command)), airs_str_n(NULL, 0), 120000,
                                     guest_ended, self, &id, &error),
                   &error);
    }
    pthread_mutex_lock(&self->lock);
    while (self->running > 0) {
        pthread_cond_wait(&self->ended, &self->lock);
    }
    pthread_mutex_unlock(&self->lock);
}

static void guests_open(guests_t *self, airs_sync_t sync, size_t size) {
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    airs_component_t component = 0;
    airs_error_t error;
    char command[32];
    *self = (guests_t){.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};
    airs_temporary_folder_create(&self->folder);
    options.log = airs_log_none();
    options.max_actors = ACTORS;
    options.storage_dir = self->folder.path;
    options.storage_sync = sync == AIRS_SYNC_INTERVAL ? AIRS_STORAGE_SYNC_INTERVAL : AIRS_STORAGE_SYNC_COMMIT;
    options.storage_max_bytes = MAP_BYTES;
    bench_need(airs_node_create(&options, &self->node, &error), &error);
    bench_need(airs_node_load(self->node, BENCH_GUESTS "/storer.wasm", &component, &error), &error);
    for (unsigned i = 0; i < ACTORS; i++) {
        char number[16];
        airs_spawn_options_t spawn = AIRS_SPAWN_OPTIONS_INIT;
        spawn.storage_by_instance = true;
        spawn.max_execution_time_ms = 120000;
        (void)snprintf(number, sizeof number, "%u", i);
        bench_need(airs_node_spawn(self->node, component, airs_id("bench", "storer", number), &spawn, &error),
                   &error);
    }
    (void)snprintf(command, sizeof command, "fill %zu", size);
    guests_do(self, ACTORS, command);
}

static void guests_close(guests_t *self) {
    airs_node_destroy(self->node);
    airs_temporary_folder_remove(&self->folder);
}

/* ---- several at once ---- */

typedef struct job {
    direct_t *direct; /* or */
    backend_t *backend;
    unsigned worker;
    work_t work;
    unsigned count;
    size_t size;
} job_t;

static void *work_on(void *argument) {
    const job_t *job = argument;
    if (job->backend != NULL) {
        backend_work(job->backend, job->worker, job->work, job->count, job->size);
    } else if (job->work == WORK_GET) {
        direct_get(job->direct, job->worker, job->count);
    } else {
        for (unsigned i = 0; i < job->count; i++) {
            direct_set(job->direct, job->worker, i, job->size);
        }
    }
    return NULL;
}

/* Gets wait for nobody, so that what they cost is the process's processor time; sets wait for the disk. */
static uint64_t now_ns(work_t work) {
    struct timespec now;
    (void)clock_gettime(work == WORK_GET ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* Nanoseconds for each operation of all of them. */
static double threads_ns(job_t job, unsigned threads) {
    pthread_t handles[ACTORS];
    job_t jobs[ACTORS];
    uint64_t begin = now_ns(job.work);
    for (unsigned i = 0; i < threads; i++) {
        jobs[i] = job;
        jobs[i].worker = i;
        if (pthread_create(&handles[i], NULL, work_on, &jobs[i]) != 0) {
            bench_die("no thread");
        }
    }
    for (unsigned i = 0; i < threads; i++) {
        (void)pthread_join(handles[i], NULL);
    }
    return (double)(now_ns(job.work) - begin) / ((double)threads * job.count);
}

static double guests_ns(guests_t *guests, unsigned actors, work_t work, unsigned count, size_t size) {
    char command[48];
    if (work == WORK_GET) {
        (void)snprintf(command, sizeof command, "get %u", count);
    } else {
        (void)snprintf(command, sizeof command, "set %u %zu", count, size);
    }
    uint64_t begin = now_ns(work);
    guests_do(guests, actors, command);
    return (double)(now_ns(work) - begin) / ((double)actors * count);
}

typedef struct figures {
    bench_series_t direct[2]; /* of one, of eight */
    bench_series_t backend[2];
    bench_series_t guests[2];
} figures_t;

static void measure(figures_t *figures, direct_t *direct, backend_t *backend, guests_t *guests, work_t work,
                    unsigned count, size_t size, size_t repeats) {
    static const unsigned many[2] = {1, ACTORS};
    *figures = (figures_t){.direct = {{.count = 0}}};
    for (size_t i = 0; i < repeats; i++) {
        for (size_t k = 0; k < 2; k++) {
            job_t job = {.work = work, .count = count, .size = size};
            job.direct = direct;
            bench_series_add(&figures->direct[k], direct != NULL ? threads_ns(job, many[k]) : 0);
            job.backend = backend;
            bench_series_add(&figures->backend[k], threads_ns(job, many[k]));
            bench_series_add(&figures->guests[k], guests_ns(guests, many[k], work, count, size));
        }
    }
}

static void print(const figures_t *figures, bool with_direct) {
    if (with_direct) {
        bench_row("LMDB directly, 1 thread", &figures->direct[0], "ns");
        bench_row("LMDB directly, 8 threads", &figures->direct[1], "ns");
    }
    bench_row("the backend, 1 thread", &figures->backend[0], "ns");
    bench_row("the backend, 8 threads", &figures->backend[1], "ns");
    bench_row("1 guest", &figures->guests[0], "ns");
    bench_row("8 guests", &figures->guests[1], "ns");
}

/* What is compared: the backend and guests, and with durable writes LMDB itself, which knows no other. */
typedef struct comparison {
    const char *what;
    work_t work;
    airs_sync_t sync;
    unsigned count; /* of operations in a repetition */
} comparison_t;

static void compare(figures_t *figures, const comparison_t *comparison, size_t size, size_t repeats) {
    bool with_direct = comparison->sync == AIRS_SYNC_COMMIT;
    direct_t direct;
    backend_t backend;
    guests_t guests;
    char title[64];
    if (with_direct) {
        direct_open(&direct, size);
    }
    backend_open(&backend, comparison->sync, size);
    guests_open(&guests, comparison->sync, size);
    measure(figures, with_direct ? &direct : NULL, &backend, &guests, comparison->work, comparison->count,
            size, repeats);
    (void)snprintf(title, sizeof title, "%s, %zu B", comparison->what, size);
    bench_section(title);
    print(figures, with_direct);
    guests_close(&guests);
    backend_close(&backend);
    if (with_direct) {
        direct_close(&direct);
    }
}

static void compare_gets(size_t size, const bench_options_t *options) {
    const comparison_t gets = {"get", WORK_GET, AIRS_SYNC_COMMIT, options->quick ? 20000 : 100000};
    figures_t figures;
    compare(&figures, &gets, size, options->repeats);
    bench_ratio_row("share of LMDB's rate: backend",
                    bench_median_ratio(&figures.direct[0], &figures.backend[0]), 0.7, true);
    bench_ratio_row("share of LMDB's rate: guest", bench_median_ratio(&figures.direct[0], &figures.guests[0]),
                    0.7, true);
}

static void compare_durable_sets(size_t size, const bench_options_t *options) {
    const comparison_t sets = {"durable set", WORK_SET, AIRS_SYNC_COMMIT, options->quick ? 30 : 150};
    figures_t figures;
    compare(&figures, &sets, size, options->repeats);
    bench_ratio_row("share of LMDB's rate: 1 guest",
                    bench_median_ratio(&figures.direct[0], &figures.guests[0]), 0, true);
    bench_ratio_row("8 guests against 1", bench_median_ratio(&figures.guests[0], &figures.guests[1]), 3,
                    true);
}

static void compare_interval_sets(size_t size, const bench_options_t *options) {
    const comparison_t sets = {"set within an interval", WORK_SET, AIRS_SYNC_INTERVAL,
                               options->quick ? 2000 : 10000};
    figures_t figures;
    compare(&figures, &sets, size, options->repeats);
}

int main(int argc, char **argv) {
    static const size_t sizes[] = {100, 16384};
    bench_options_t options = bench_parse(argc, argv);
    memset(value, 'v', sizeof value);
    make_keys();
    bench_begin("storage",
                "nanoseconds for each operation of all that are at work together; of gets, of processor time",
                &options);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        compare_gets(sizes[i], &options);
        compare_durable_sets(sizes[i], &options);
        compare_interval_sets(sizes[i], &options);
    }
    return bench_end();
}
