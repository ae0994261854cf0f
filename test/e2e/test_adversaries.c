/* Guests that try each way out: what becomes of them, and that two others, which exchange messages beside them all the
 * while, lose nothing and wait for nobody's end. */
#include "e2e/neighbours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "node/trusted_load.h"
#include "security/component_signature.h"
#include "security/signing_key.h"
#include "support/adversaries.h"
#include "support/guests.h"
#include "support/temporary_folder.h"

#define STRIKES 2

/* So many exchanges must be had beside each strike. */
#define EXCHANGES 20

static void strike(stage_t *stage, airs_attack_t *attack) {
    const airs_adversary_t *adversary = attack->adversary;
    airs_status_t status = airs_attack_strike(attack, &stage->error);
    if (status != adversary->status) {
        fail_msg("%s: %s, %s", adversary->name, airs_status_name(status), stage->error.text);
    }
}

static void attack_beside(stage_t *stage, airs_pair_t *pair, const airs_adversary_t *adversary) {
    airs_attack_t attack;
    uint64_t crashed = stage_totals(stage).crashed;
    if (airs_attack_open(&attack, stage->node, airs_test_guests(), adversary, &stage->error) != AIRS_OK) {
        fail_msg("%s: %s", adversary->name, stage->error.text);
    }
    neighbours_begin(stage, pair);
    for (int i = 0; i < STRIKES; i++) {
        strike(stage, &attack);
        neighbours_get_on(stage, pair, EXCHANGES);
    }
    neighbours_end(stage, pair);
    assert_int_equal(stage_totals(stage).crashed - crashed, airs_adversary_ends(adversary) ? STRIKES : 0);
    airs_attack_close(&attack);
}

static void attack_with(unsigned workers) {
    stage_t stage;
    airs_pair_t pair;
    stage_open(&stage, workers);
    neighbours_open(&stage, &pair);
    for (size_t i = 0; i < airs_adversary_count; i++) {
        print_message("             %s\n", airs_adversaries[i].name);
        attack_beside(&stage, &pair, &airs_adversaries[i]);
    }
    airs_pair_close(&pair);
    stage_close(&stage);
}

static void a_pair_loses_nothing_to_any_adversary_on_one_worker(void **state) {
    (void)state;
    attack_with(1);
}

static void a_pair_loses_nothing_to_any_adversary_on_two_workers(void **state) {
    (void)state;
    attack_with(2);
}

/* ---- correlation ids ---- */

/* Not even an id that is somebody's can be answered, refused or cancelled by who was not asked. */
static void an_id_that_got_out_is_of_no_use(void **state) {
    (void)state;
    stage_t stage;
    airs_pair_t pair;
    sink_t sink;
    char command[64];
    sink_init(&sink);
    stage_open(&stage, 2);
    neighbours_open(&stage, &pair);
    neighbours_begin(&stage, &pair);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "deferrer", "app/deferrer/0", NULL);
    assert_ok(stage_add_requester(&stage, "app/requester/0", "app/deferrer/0", "60000"));
    stage_add(&stage, "adversary", "app/adversary/0", NULL);
    stage_ask(&stage, "app/requester/0", "later the truth");
    (void)snprintf(command, sizeof command, "take %s", stage.request);
    stage_expect(&stage, "app/adversary/0", command, "0");
    stage_expect(&stage, "app/deferrer/0", "answer", "ok");
    sink_expect_report(&stage, &sink, 0, "response", "the truth");
    neighbours_end(&stage, &pair);
    airs_pair_close(&pair);
    stage_close(&stage);
    sink_free(&sink);
}

/* ---- tampering ---- */

#define TAMPERED 200

typedef struct forgery {
    stage_t *stage;
    airs_temporary_folder_t folder;
    airs_manifest_t *manifest;
    airs_bytes_t good; /* signed */
    airs_key_id_t hint;
} forgery_t;

static void sign_echo(forgery_t *forgery) {
    airs_signing_key_t key;
    airs_bytes_t bare;
    uint8_t public[AIRS_PUBLIC_KEY_FILE_SIZE];
    assert_ok(airs_signing_key_generate(&key, NULL));
    assert_ok(airs_file_read(airs_allocator_default(), AIRS_TEST_GUESTS "/echo.wasm", (size_t)64 << 20, &bare,
                             NULL));
    assert_ok(airs_component_sign(airs_allocator_default(), bare, &key, NULL, &forgery->good, NULL));
    airs_public_key_t half = airs_signing_key_public(&key);
    airs_public_key_write(&half, public);
    forgery->hint = airs_key_id_of(&half);
    airs_temporary_file_write(&forgery->folder, "maker.pub", public, sizeof public);
    airs_release(airs_allocator_default(), (void *)bare.data);
}

static void forgery_open(forgery_t *forgery, stage_t *stage) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    *forgery = (forgery_t){.stage = stage};
    airs_temporary_folder_create(&forgery->folder);
    sign_echo(forgery);
    airs_temporary_file_write(&forgery->folder, "it.wasm", forgery->good.data, forgery->good.size);
    airs_temporary_file_write_text(&forgery->folder, "trust.toml",
                                   "[keys.maker]\nfile = \"maker.pub\"\nnamespaces = [\"app\"]\n");
    airs_temporary_file_write_text(&forgery->folder, "airssys.toml",
                                   "[application]\nname = \"app\"\n[components.it]\nsource = \"it.wasm\"\n"
                                   "[trust]\nown-folder = false\nstore = \"trust.toml\"\n");
    if (airs_manifest_load(airs_allocator_default(),
                           airs_temporary_file_path(&forgery->folder, "airssys.toml", path),
                           &forgery->manifest, &stage->error) != AIRS_OK) {
        fail_msg("%s", stage->error.text);
    }
}

static void forgery_close(forgery_t *forgery) {
    airs_manifest_destroy(forgery->manifest);
    airs_release(airs_allocator_default(), (void *)forgery->good.data);
    airs_temporary_folder_remove(&forgery->folder);
}

static airs_status_t load_it(forgery_t *forgery, airs_bytes_t bytes) {
    airs_component_t component = 0;
    airs_temporary_file_write(&forgery->folder, "it.wasm", bytes.data, bytes.size);
    airs_status_t status = airs_trusted_load(forgery->stage->node, forgery->manifest,
                                             &forgery->manifest->components[0], airs_allocator_default(),
                                             airs_log_none(), &component, &forgery->stage->error);
    if (status == AIRS_OK) {
        airs_node_unload(forgery->stage->node, component);
    }
    return status;
}

static void expect_refused(forgery_t *forgery, airs_bytes_t bytes, size_t at) {
    airs_status_t status = load_it(forgery, bytes);
    if (status != AIRS_UNTRUSTED && status != AIRS_INVALID_COMPONENT) {
        fail_msg("changed at %zu: %s", at, airs_status_name(status));
    }
}

/* The id of the key is a hint, which nobody signs and which decides nothing. */
static bool is_hint(const forgery_t *forgery, size_t at) {
    size_t size = sizeof forgery->hint.bytes;
    const uint8_t *hint = memmem(forgery->good.data, forgery->good.size, forgery->hint.bytes, size);
    assert_non_null(hint);
    size_t begin = (size_t)(hint - forgery->good.data);
    return at >= begin && at < begin + size;
}

/* A signed component with one byte changed, cut off, made longer, or with its signature taken off. */
static void what_was_tampered_with_is_never_loaded(void **state) {
    (void)state;
    stage_t stage;
    airs_pair_t pair;
    forgery_t forgery;
    stage_open(&stage, 1);
    neighbours_open(&stage, &pair);
    neighbours_begin(&stage, &pair);
    forgery_open(&forgery, &stage);
    size_t size = forgery.good.size;
    uint8_t *bytes = malloc(size + 2);
    assert_non_null(bytes);
    assert_ok(load_it(&forgery, forgery.good));
    memcpy(bytes, forgery.good.data, size);
    for (size_t i = 0; i < TAMPERED; i++) {
        /* All of the beginning, which has the signature, and then here and there. */
        size_t at = i < TAMPERED / 2 ? i : i * (size / TAMPERED);
        bytes[at] ^= 1U << (i % 8);
        if (is_hint(&forgery, at)) {
            assert_ok(load_it(&forgery, airs_bytes(bytes, size)));
        } else {
            expect_refused(&forgery, airs_bytes(bytes, size), at);
        }
        bytes[at] ^= 1U << (i % 8);
    }
    expect_refused(&forgery, airs_bytes(bytes, size - 1), size - 1);
    memcpy(bytes + size, "\0\1", 2);
    expect_refused(&forgery, airs_bytes(bytes, size + 2), size); /* one more section, of a custom kind */
    airs_bytes_t bare;
    assert_ok(airs_file_read(airs_allocator_default(), AIRS_TEST_GUESTS "/echo.wasm", (size_t)64 << 20, &bare,
                             NULL));
    assert_status(load_it(&forgery, bare), AIRS_UNTRUSTED);
    airs_release(airs_allocator_default(), (void *)bare.data);
    assert_ok(load_it(&forgery, forgery.good));
    neighbours_end(&stage, &pair);
    free(bytes);
    forgery_close(&forgery);
    airs_pair_close(&pair);
    stage_close(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_loses_nothing_to_any_adversary_on_one_worker),
        cmocka_unit_test(a_pair_loses_nothing_to_any_adversary_on_two_workers),
        cmocka_unit_test(an_id_that_got_out_is_of_no_use),
        cmocka_unit_test(what_was_tampered_with_is_never_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
