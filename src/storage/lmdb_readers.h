/* The read transactions of an LMDB environment, made once and lent again and again.
 *
 * Beginning one anew takes a place in LMDB's table of readers, under its lock; one that was reset is renewed without. A
 * reset one lies ready at each processor, so that threads which read at the same time take no lock and share no cache
 * line; a list under a lock has what is beyond that. */
#ifndef AIRSSYS_STORAGE_LMDB_READERS_H
#define AIRSSYS_STORAGE_LMDB_READERS_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* So many may read at one moment. */
#define AIRS_LMDB_READERS_MAX 1024

/* Processors beyond so many share. */
#define AIRS_LMDB_READER_PLACES 16

/* A cache line from one to the next. */
typedef struct airs_lmdb_reader_place {
    _Atomic(MDB_txn *) view; /* reset, or NULL; whoever exchanges it for NULL has it */
    char apart[64 - sizeof(void *)];
} airs_lmdb_reader_place_t;

typedef struct airs_lmdb_readers {
    airs_lmdb_reader_place_t places[AIRS_LMDB_READER_PLACES];
    /* So many wait for views, which go to the list as long as there are any. */
    _Atomic unsigned waiting;
    pthread_mutex_t lock; /* over what follows */
    pthread_cond_t returned;
    MDB_env *mdb; /* NULL: closed */
    bool closing;
    size_t out;        /* views that are not in the list: lent, or at a processor */
    size_t idle_count; /* in the list, reset */
    MDB_txn *idle[AIRS_LMDB_READERS_MAX];
} airs_lmdb_readers_t;

/* Closed at first. */
void airs_lmdb_readers_init(airs_lmdb_readers_t *readers);

/* Closed. */
void airs_lmdb_readers_destroy(airs_lmdb_readers_t *readers);

/* From now on views are lent of this environment, which the caller keeps until they are closed. */
void airs_lmdb_readers_open(airs_lmdb_readers_t *readers, MDB_env *mdb);

/* Waits until none is lent, and lends none until it is opened again: who asks meanwhile waits, too. The environment has
 * no reader then. */
void airs_lmdb_readers_close(airs_lmdb_readers_t *readers);

/* It will not be opened again for now: who waits, and who asks, is told that it is closed. */
void airs_lmdb_readers_give_up(airs_lmdb_readers_t *readers);

/* A view of everything as it was last committed. Waits while all that there may be are lent. Returns 0, LMDB's error, or
 * MDB_PANIC when it is closed. Any thread. */
int airs_lmdb_readers_lend(airs_lmdb_readers_t *readers, MDB_txn **out);

/* Any thread. */
void airs_lmdb_readers_take_back(airs_lmdb_readers_t *readers, MDB_txn *view);

#endif
