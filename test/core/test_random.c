#include "support/test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/seeded_random.h"

static int compare_words(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void every_size_is_filled(void **state) {
    (void)state;
    /* Around the buffer's size, and above: after a few fills each byte has been something else than zero. */
    static const size_t SIZES[] = {1, 3, 16, 255, 256, 257, 1023, 1024, 1025, 5000};
    unsigned char seen[5000];
    unsigned char got[5000 + 1];
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        memset(seen, 0, sizeof seen);
        for (int round = 0; round < 12; round++) {
            memset(got, 0, sizeof got);
            airs_random_fill(airs_random_system(), got, SIZES[i]);
            assert_int_equal(got[SIZES[i]], 0);
            for (size_t k = 0; k < SIZES[i]; k++) {
                seen[k] |= got[k];
            }
        }
        for (size_t k = 0; k < SIZES[i]; k++) {
            assert_int_not_equal(seen[k], 0);
        }
    }
    airs_random_fill(airs_random_system(), NULL, 0);
}

static void words_do_not_come_twice(void **state) {
    (void)state;
    static uint64_t words[20000];
    const size_t count = sizeof words / sizeof words[0];
    for (size_t i = 0; i < count; i++) {
        airs_random_fill(airs_random_system(), &words[i], sizeof words[i]);
    }
    qsort(words, count, sizeof words[0], compare_words);
    for (size_t i = 1; i < count; i++) {
        assert_true(words[i] != words[i - 1]);
    }
}

static void bits_are_set_half_the_time(void **state) {
    (void)state;
    unsigned char bytes[8192];
    size_t ones = 0;
    for (size_t i = 0; i < sizeof bytes; i += 16) {
        airs_random_fill(airs_random_system(), bytes + i, 16);
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        ones += (size_t)__builtin_popcount(bytes[i]);
    }
    /* 65,536 bits: twenty standard deviations (of 128) to each side. */
    assert_in_range(ones, 32768 - 2560, 32768 + 2560);
}

static void a_forked_child_gets_other_bytes(void **state) {
    (void)state;
    unsigned char mine[16];
    unsigned char theirs[16];
    airs_random_fill(airs_random_system(), mine, sizeof mine); /* the buffer is full now */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        airs_random_fill(airs_random_system(), theirs, sizeof theirs);
        _exit(write(ends[1], theirs, sizeof theirs) == (ssize_t)sizeof theirs ? 0 : 1);
    }
    airs_random_fill(airs_random_system(), mine, sizeof mine);
    assert_int_equal(read(ends[0], theirs, sizeof theirs), sizeof theirs);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_memory_not_equal(mine, theirs, sizeof mine);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void *fill_16(void *out) {
    airs_random_fill(airs_random_system(), out, 16);
    return NULL;
}

static void threads_get_other_bytes(void **state) {
    (void)state;
    unsigned char got[2][16];
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, fill_16, got[i]), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_memory_not_equal(got[0], got[1], 16);
}

static void a_seed_repeats(void **state) {
    (void)state;
    airs_seeded_random_t a;
    airs_seeded_random_t b;
    airs_seeded_random_init(&a, 42);
    airs_seeded_random_init(&b, 42);
    unsigned char from_a[37];
    unsigned char from_b[37];
    airs_random_fill(&a.random, from_a, sizeof from_a);
    airs_random_fill(&b.random, from_b, sizeof from_b);
    assert_memory_equal(from_a, from_b, sizeof from_a);
    assert_true(airs_seeded_random_below(&a, 10) < 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_filled),       cmocka_unit_test(words_do_not_come_twice),
        cmocka_unit_test(bits_are_set_half_the_time), cmocka_unit_test(a_forked_child_gets_other_bytes),
        cmocka_unit_test(threads_get_other_bytes),    cmocka_unit_test(a_seed_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
