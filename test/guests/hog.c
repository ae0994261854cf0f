/* Eats memory. "fill" takes it in blocks of 64 KiB until there is no more, and answers how many bytes it got
 * in all; "take N" takes N bytes and answers "ok" or "no"; "free" gives all back; "trap" fills, and ends as a
 * program does that cannot go on without memory. Other messages are echoed. */
#include <airssys.h>

#include <stdlib.h>

#define BLOCK_SIZE 65536

/* The head of each block. */
typedef struct block {
    struct block *next;
} block_t;

static block_t *blocks;
static uint64_t taken;

/* The memory is touched, so that it is really there. */
static bool take(size_t size) {
    block_t *block = malloc(size < sizeof *block ? sizeof *block : size);
    if (block == NULL) {
        return false;
    }
    memset(block, 0xA5, size);
    block->next = blocks;
    blocks = block;
    taken += size;
    return true;
}

static void release(void) {
    while (blocks != NULL) {
        block_t *next = blocks->next;
        free(blocks);
        blocks = next;
    }
    taken = 0;
}

static void fill(void) {
    while (take(BLOCK_SIZE)) {
    }
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest;
    uint64_t size = 0;
    if (airs_is(message->payload, "fill")) {
        fill();
        /* An answer takes memory too. */
        uint64_t most = taken;
        block_t *last = blocks;
        if (last != NULL) {
            blocks = last->next;
            free(last);
            taken -= BLOCK_SIZE;
        }
        return airs_answer_text("%llu", (unsigned long long)most);
    } else if (airs_starts_with(message->payload, "take ", &rest) && airs_parse_u64(rest, &size)) {
        return airs_answer(airs_text(size <= SIZE_MAX && take((size_t)size) ? "ok" : "no"));
    } else if (airs_is(message->payload, "free")) {
        release();
    } else if (airs_is(message->payload, "trap")) {
        fill();
        abort();
    }
    return airs_answer(message->payload);
}
