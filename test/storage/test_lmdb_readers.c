#include "storage/lmdb_readers.h"

#include <pthread.h>
#include <sched.h>

#include "core/check.h"
#include "support/temporary_folder.h"
#include "support/test.h"

#define THREADS 8

static airs_temporary_folder_t folder;
static airs_lmdb_readers_t readers;

static MDB_env *open_mdb(void) {
    MDB_env *mdb = NULL;
    assert_int_equal(mdb_env_create(&mdb), 0);
    assert_int_equal(mdb_env_set_maxreaders(mdb, AIRS_LMDB_READERS_MAX + 2), 0);
    assert_int_equal(mdb_env_open(mdb, folder.path, MDB_NOTLS | MDB_NOSYNC, 0600), 0);
    return mdb;
}

static MDB_env *mdb;

static int setup(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    mdb = open_mdb();
    airs_lmdb_readers_init(&readers);
    airs_lmdb_readers_open(&readers, mdb);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    airs_lmdb_readers_close(&readers);
    airs_lmdb_readers_destroy(&readers);
    if (mdb != NULL) {
        mdb_env_close(mdb);
    }
    airs_temporary_folder_remove(&folder);
    return 0;
}

/* LMDB's number of the last transaction that it shows. */
static size_t shown(MDB_txn *view) { return mdb_txn_id(view); }

static void write_something(void) {
    MDB_txn *txn = NULL;
    MDB_dbi table;
    MDB_val word = {1, "x"};
    assert_int_equal(mdb_txn_begin(mdb, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, NULL, 0, &table), 0);
    assert_int_equal(mdb_put(txn, table, &word, &word, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static unsigned known_readers(void) {
    MDB_envinfo info;
    assert_int_equal(mdb_env_info(mdb, &info), 0);
    return info.me_numreaders;
}

static void a_view_is_lent_again_and_is_new(void **state) {
    (void)state;
    MDB_txn *view = NULL;
    assert_int_equal(airs_lmdb_readers_lend(&readers, &view), 0);
    size_t before = shown(view);
    airs_lmdb_readers_take_back(&readers, view);
    for (size_t i = 1; i <= 100; i++) {
        write_something();
        assert_int_equal(airs_lmdb_readers_lend(&readers, &view), 0);
        assert_int_equal(shown(view), before + i);
        airs_lmdb_readers_take_back(&readers, view);
    }
    assert_in_range(known_readers(), 1, 2); /* two when this thread has changed its processor */
}

static void several_may_be_lent_at_once(void **state) {
    (void)state;
    enum { MANY = 50 };
    MDB_txn *views[MANY];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            assert_int_equal(airs_lmdb_readers_lend(&readers, &views[i]), 0);
        }
        for (int i = 1; i < MANY; i++) {
            assert_ptr_not_equal(views[i], views[i - 1]);
        }
        for (int i = 0; i < MANY; i++) {
            airs_lmdb_readers_take_back(&readers, views[i]);
        }
    }
    assert_in_range(known_readers(), MANY, MANY + AIRS_LMDB_READER_PLACES);
}

static void who_asks_when_it_is_closed_is_told(void **state) {
    (void)state;
    MDB_txn *view = NULL;
    assert_int_equal(airs_lmdb_readers_lend(&readers, &view), 0);
    airs_lmdb_readers_take_back(&readers, view);
    airs_lmdb_readers_close(&readers);
    mdb_env_close(mdb);
    mdb = NULL;
    airs_lmdb_readers_give_up(&readers);
    assert_int_equal(airs_lmdb_readers_lend(&readers, &view), MDB_PANIC);
    mdb = open_mdb();
    airs_lmdb_readers_open(&readers, mdb);
    assert_int_equal(airs_lmdb_readers_lend(&readers, &view), 0);
    airs_lmdb_readers_take_back(&readers, view);
}

static _Atomic bool is_over;

static void *read_until_it_is_over(void *context) {
    long *count = context;
    while (!atomic_load(&is_over)) {
        MDB_txn *view = NULL;
        AIRS_ASSERT(airs_lmdb_readers_lend(&readers, &view) == 0);
        AIRS_ASSERT(mdb_txn_env(view) == mdb);
        airs_lmdb_readers_take_back(&readers, view);
        (*count)++;
    }
    return NULL;
}

/* Each time with an environment that is opened anew: a view of the one before would be seen, and a view that is not given
 * back would be waited for without end. */
static void those_who_read_are_waited_for(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    long counts[THREADS] = {0};
    atomic_store(&is_over, false);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, read_until_it_is_over, &counts[i]), 0);
    }
    for (int i = 0; i < 200; i++) {
        airs_lmdb_readers_close(&readers);
        assert_int_equal(readers.out, 0);
        mdb_env_close(mdb);
        mdb = open_mdb();
        airs_lmdb_readers_open(&readers, mdb);
        sched_yield();
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

static MDB_txn *all[AIRS_LMDB_READERS_MAX];

static void *lend_one_more(void *context) {
    MDB_txn **view = context;
    AIRS_ASSERT(airs_lmdb_readers_lend(&readers, view) == 0);
    return NULL;
}

/* It gets one however it comes back: to the list, or where it would lie ready at a processor. */
static void who_asks_for_too_many_waits(void **state) {
    (void)state;
    for (size_t i = 0; i < AIRS_LMDB_READERS_MAX; i++) {
        assert_int_equal(airs_lmdb_readers_lend(&readers, &all[i]), 0);
    }
    pthread_t thread;
    MDB_txn *more = NULL;
    assert_int_equal(pthread_create(&thread, NULL, lend_one_more, &more), 0);
    while (atomic_load(&readers.waiting) == 0) {
        sched_yield();
    }
    airs_lmdb_readers_take_back(&readers, all[0]);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_ptr_equal(more, all[0]);
    for (size_t i = 0; i < AIRS_LMDB_READERS_MAX; i++) {
        airs_lmdb_readers_take_back(&readers, all[i]);
    }
    /* With one at the processor and none in the list, as many are to be had as before. */
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < AIRS_LMDB_READERS_MAX; i++) {
            assert_int_equal(airs_lmdb_readers_lend(&readers, &all[i]), 0);
        }
        for (size_t i = 0; i < AIRS_LMDB_READERS_MAX; i++) {
            airs_lmdb_readers_take_back(&readers, all[i]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_view_is_lent_again_and_is_new, setup, teardown),
        cmocka_unit_test_setup_teardown(several_may_be_lent_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(who_asks_when_it_is_closed_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(those_who_read_are_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(who_asks_for_too_many_waits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
