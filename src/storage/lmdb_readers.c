#include "storage/lmdb_readers.h"

#include <sched.h>

#include "core/check.h"

void airs_lmdb_readers_init(airs_lmdb_readers_t *readers) {
    for (size_t i = 0; i < AIRS_LMDB_READER_PLACES; i++) {
        atomic_init(&readers->places[i].view, NULL);
    }
    atomic_init(&readers->waiting, 0);
    (void)pthread_mutex_init(&readers->lock, NULL); /* cannot fail without attributes, nor can the next */
    (void)pthread_cond_init(&readers->returned, NULL);
    readers->mdb = NULL;
    readers->closing = false;
    readers->out = 0;
    readers->idle_count = 0;
}

void airs_lmdb_readers_destroy(airs_lmdb_readers_t *readers) {
    AIRS_ASSERT(readers->mdb == NULL && readers->out == 0);
    (void)pthread_cond_destroy(&readers->returned);
    (void)pthread_mutex_destroy(&readers->lock);
}

/* ---- the list; the lock is held ---- */

static void put_idle(airs_lmdb_readers_t *readers, MDB_txn *view) {
    readers->idle[readers->idle_count++] = view;
    readers->out--;
}

/* `waiting` is set, so whoever leaves a view at a processor after this looks takes it away again. */
static void gather(airs_lmdb_readers_t *readers) {
    for (size_t i = 0; i < AIRS_LMDB_READER_PLACES; i++) {
        /* Sequentially consistent, as the look at `waiting` in leave_here. */
        MDB_txn *view = atomic_exchange(&readers->places[i].view, NULL);
        if (view != NULL) {
            put_idle(readers, view);
        }
    }
}

static void begin_waiting(airs_lmdb_readers_t *readers) {
    (void)atomic_fetch_add(&readers->waiting, 1);
    gather(readers);
}

static void end_waiting(airs_lmdb_readers_t *readers) { (void)atomic_fetch_sub(&readers->waiting, 1); }

static bool is_used_up(const airs_lmdb_readers_t *readers) {
    return readers->idle_count == 0 && readers->out == AIRS_LMDB_READERS_MAX;
}

static void await_one(airs_lmdb_readers_t *readers) {
    begin_waiting(readers);
    while (readers->closing || is_used_up(readers)) {
        (void)pthread_cond_wait(&readers->returned, &readers->lock);
    }
    end_waiting(readers);
}

/* ---- open and closed ---- */

void airs_lmdb_readers_open(airs_lmdb_readers_t *readers, MDB_env *mdb) {
    (void)pthread_mutex_lock(&readers->lock);
    readers->mdb = mdb;
    readers->closing = false;
    (void)pthread_cond_broadcast(&readers->returned);
    (void)pthread_mutex_unlock(&readers->lock);
}

void airs_lmdb_readers_close(airs_lmdb_readers_t *readers) {
    (void)pthread_mutex_lock(&readers->lock);
    readers->closing = true;
    begin_waiting(readers);
    while (readers->out > 0) {
        (void)pthread_cond_wait(&readers->returned, &readers->lock);
    }
    end_waiting(readers);
    while (readers->idle_count > 0) {
        mdb_txn_abort(readers->idle[--readers->idle_count]);
    }
    readers->mdb = NULL;
    (void)pthread_mutex_unlock(&readers->lock);
}

void airs_lmdb_readers_give_up(airs_lmdb_readers_t *readers) { airs_lmdb_readers_open(readers, NULL); }

/* ---- lending ---- */

static airs_lmdb_reader_place_t *place_here(airs_lmdb_readers_t *readers) {
    int processor = sched_getcpu(); /* -1, on a kernel that cannot tell, is a place as well */
    return &readers->places[(unsigned)processor % AIRS_LMDB_READER_PLACES];
}

static void return_to_list(airs_lmdb_readers_t *readers, MDB_txn *view) {
    (void)pthread_mutex_lock(&readers->lock);
    if (view != NULL) {
        put_idle(readers, view);
    } else {
        readers->out--;
    }
    (void)pthread_cond_broadcast(&readers->returned);
    (void)pthread_mutex_unlock(&readers->lock);
}

/* From the list. 0 with *view NULL: one is to be made of *mdb. */
static int take_from_list(airs_lmdb_readers_t *readers, MDB_env **mdb, MDB_txn **view) {
    (void)pthread_mutex_lock(&readers->lock);
    if (readers->closing || is_used_up(readers)) {
        await_one(readers);
    }
    *mdb = readers->mdb;
    *view = NULL;
    if (*mdb != NULL) {
        readers->out++;
        *view = readers->idle_count > 0 ? readers->idle[--readers->idle_count] : NULL;
    }
    (void)pthread_mutex_unlock(&readers->lock);
    return *mdb != NULL ? 0 : MDB_PANIC;
}

int airs_lmdb_readers_lend(airs_lmdb_readers_t *readers, MDB_txn **out) {
    MDB_env *mdb = NULL;
    /* Acquire: pairs with the release of who left it, so that its reset is over. */
    MDB_txn *view = atomic_exchange_explicit(&place_here(readers)->view, NULL, memory_order_acq_rel);
    int code = view == NULL ? take_from_list(readers, &mdb, &view) : 0;
    if (code != 0) {
        return code;
    }
    code = view != NULL ? mdb_txn_renew(view) : mdb_txn_begin(mdb, NULL, MDB_RDONLY, &view);
    if (code != 0) {
        return_to_list(readers, view);
        return code;
    }
    *out = view;
    return 0;
}

/* False: the view is still the caller's. */
static bool leave_here(airs_lmdb_readers_t *readers, MDB_txn *view) {
    airs_lmdb_reader_place_t *place = place_here(readers);
    MDB_txn *none = NULL;
    if (atomic_load_explicit(&readers->waiting, memory_order_relaxed) > 0 ||
        !atomic_compare_exchange_strong(&place->view, &none, view)) {
        return false;
    }
    /* Sequentially consistent, both: either this sees that somebody has begun to wait, or they see what was left. */
    if (atomic_load(&readers->waiting) == 0) {
        return true;
    }
    /* What is there may be another's by now; it is as good. */
    MDB_txn *left = atomic_exchange(&place->view, NULL);
    if (left != NULL) {
        return_to_list(readers, left);
    }
    return true;
}

void airs_lmdb_readers_take_back(airs_lmdb_readers_t *readers, MDB_txn *view) {
    mdb_txn_reset(view);
    if (!leave_here(readers, view)) {
        return_to_list(readers, view);
    }
}
