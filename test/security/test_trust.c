#include "support/test.h"

#include <string.h>

#include "security/component_signature.h"
#include "security/trust.h"
#include "security/wasm_builder.h"
#include "support/failing_allocator.h"

static airs_wasm_builder_t builder;

static airs_bytes_t sign(airs_bytes_t binary, uint8_t first) {
    airs_signing_key_t key = airs_test_key(first);
    airs_bytes_t out;
    assert_ok(airs_component_sign(airs_allocator_default(), binary, &key, NULL, &out, NULL));
    return out;
}

static void drop(airs_bytes_t bytes) { airs_allocator_default()->release(NULL, (void *)bytes.data); }

static airs_bytes_t plain(void) {
    airs_wasm_begin_component(&builder);
    airs_wasm_custom(&builder, "first", "12345", 5);
    return airs_wasm_built(&builder);
}

static airs_status_t add(airs_trust_t *trust, const char *name, uint8_t first, const char *pattern,
                         const char *other) {
    airs_signing_key_t key = airs_test_key(first);
    airs_public_key_t public = airs_signing_key_public(&key);
    const airs_str_t patterns[] = {airs_str(pattern), airs_str(other)};
    return airs_trust_add_key(trust, airs_str(name), &public, patterns, other != NULL ? 2 : 1);
}

/* The key 0 is acme's, for all of acme; 32 the shop's, for two namespaces. */
static airs_trust_t *make(airs_trust_mode_t mode) {
    airs_trust_t *trust = NULL;
    assert_ok(airs_trust_create(airs_allocator_default(), mode, &trust));
    assert_ok(airs_trust_set_folder(trust, "/home/me/project"));
    assert_ok(add(trust, "acme", 0, "acme/**", NULL));
    assert_ok(add(trust, "shop", 32, "shop", "till/eu"));
    assert_int_equal(airs_trust_mode(trust), mode);
    assert_int_equal(airs_trust_key_count(trust), 2);
    return trust;
}

static airs_status_t ask(const airs_trust_t *trust, airs_bytes_t content, const char *ns, const char *path,
                         airs_trust_answer_t *answer, airs_error_t *error) {
    airs_trust_question_t question = {
        .ns = airs_str(ns), .name = "file.wasm", .path = path, .content = content};
    return airs_trust_check(trust, &question, answer, error);
}

static void expect(const airs_trust_t *trust, airs_bytes_t content, const char *ns, const char *path,
                   airs_trust_ground_t ground) {
    airs_trust_answer_t answer;
    airs_error_t error = {AIRS_OK, ""};
    if (ask(trust, content, ns, path, &answer, &error) != AIRS_OK) {
        fail_msg("%s: %s", ns, error.text);
    }
    assert_int_equal(answer.ground, ground);
}

static void expect_refused(const airs_trust_t *trust, airs_bytes_t content, const char *ns, const char *path,
                           const char *text) {
    airs_trust_answer_t answer;
    airs_error_t error;
    assert_status(ask(trust, content, ns, path, &answer, &error), AIRS_UNTRUSTED);
    assert_int_equal(answer.ground, AIRS_TRUST_GROUND_NONE);
    if (strstr(error.text, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, error.text);
    }
    assert_status(ask(trust, content, ns, path, &answer, NULL), AIRS_UNTRUSTED);
}

static void a_key_counts_for_what_it_may_sign(void **state) {
    (void)state;
    airs_trust_t *trust = make(AIRS_TRUST_REQUIRE);
    airs_bytes_t acme = sign(plain(), 0);
    airs_bytes_t shop = sign(plain(), 32);
    airs_bytes_t both = sign(acme, 32);
    airs_bytes_t stranger = sign(plain(), 64);
    expect(trust, acme, "acme", NULL, AIRS_TRUST_GROUND_KEY);
    expect(trust, acme, "acme/tools", "/elsewhere/file.wasm", AIRS_TRUST_GROUND_KEY);
    expect(trust, shop, "till/eu", NULL, AIRS_TRUST_GROUND_KEY);
    expect(trust, both, "acme", NULL, AIRS_TRUST_GROUND_KEY);
    expect(trust, both, "shop", NULL, AIRS_TRUST_GROUND_KEY);
    expect_refused(trust, acme, "shop", NULL,
                   "file.wasm: it is signed with the key acme, which is not trusted for the namespace shop; "
                   "sign it with a "
                   "trusted key, pin its digest (sha256:");
    expect_refused(trust, acme, "acme2", NULL, "not trusted for the namespace acme2");
    expect_refused(trust, shop, "shop/cart", NULL, "not trusted for the namespace shop/cart");
    expect_refused(trust, both, "bank", NULL, "not trusted for the namespace bank");
    expect_refused(trust, stranger, "acme", NULL, "file.wasm: no trusted key has signed it; ");
    drop(acme);
    drop(shop);
    drop(both);
    drop(stranger);
    airs_trust_destroy(trust);
}

static void the_answer_names_the_key(void **state) {
    airs_trust_answer_t answer;
    (void)state;
    airs_trust_t *trust = make(AIRS_TRUST_REQUIRE);
    airs_bytes_t shop = sign(plain(), 32);
    assert_ok(ask(trust, shop, "shop", NULL, &answer, NULL));
    assert_string_equal(answer.key, "shop");
    drop(shop);
    airs_trust_destroy(trust);
}

static void what_is_not_signed_is_refused(void **state) {
    (void)state;
    airs_trust_t *trust = make(AIRS_TRUST_REQUIRE);
    airs_trust_t *empty = NULL;
    assert_ok(airs_trust_create(airs_allocator_default(), AIRS_TRUST_REQUIRE, &empty));
    expect_refused(trust, plain(), "acme", "/elsewhere/file.wasm", "file.wasm: it is not signed; ");
    expect_refused(trust, airs_bytes("(component)", 11), "acme", NULL, "not a WebAssembly binary");
    expect_refused(trust, airs_bytes(NULL, 0), "acme", NULL, "not a WebAssembly binary");
    expect_refused(empty, plain(), "acme", "/home/me/project/file.wasm",
                   "it is not signed, and no key is trusted; ");
    airs_wasm_begin_component(&builder);
    airs_wasm_custom(&builder, "signature", "\1\1\1\5", 4);
    expect_refused(trust, airs_wasm_built(&builder), "acme", NULL, "signature section is damaged");
    airs_wasm_begin_module(&builder);
    airs_bytes_t module = sign(airs_wasm_built(&builder), 0);
    expect_refused(trust, module, "acme", NULL, "a core module, not a component");
    drop(module);
    airs_trust_destroy(trust);
    airs_trust_destroy(empty);
}

static void a_part_is_not_enough(void **state) {
    (void)state;
    airs_trust_t *trust = make(AIRS_TRUST_REQUIRE);
    airs_wasm_begin_component(&builder);
    airs_wasm_section(&builder, 1, "a", 1);
    airs_wasm_delimiter(&builder, 1);
    airs_bytes_t begun = sign(airs_wasm_built(&builder), 0);
    builder.size = 0;
    airs_wasm_add(&builder, begun.data, begun.size);
    airs_wasm_section(&builder, 1, "b", 1);
    expect(trust, begun, "acme", NULL, AIRS_TRUST_GROUND_KEY);
    expect_refused(trust, airs_wasm_built(&builder), "acme", NULL,
                   "the key acme has signed a part of it only");
    drop(begun);
    airs_trust_destroy(trust);
}

static void files_below_the_folder_are_the_projects_own(void **state) {
    static const char *const own[] = {"/home/me/project/file.wasm", "/home/me/project/build/file.wasm"};
    static const char *const others[] = {"/home/me/project2/file.wasm", "/home/me/file.wasm",
                                         "/home/me/project", "/file.wasm", ""};
    (void)state;
    airs_trust_t *trust = make(AIRS_TRUST_REQUIRE);
    for (size_t i = 0; i < 2; i++) {
        expect(trust, plain(), "acme", own[i], AIRS_TRUST_GROUND_OWN);
        expect(trust, airs_bytes("(component)", 11), "x/y", own[i], AIRS_TRUST_GROUND_OWN);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        expect_refused(trust, plain(), "acme", others[i], "it is not signed");
    }
    assert_ok(airs_trust_set_folder(trust, "/"));
    expect(trust, plain(), "acme", "/anywhere/file.wasm", AIRS_TRUST_GROUND_OWN);
    airs_trust_destroy(trust);
}

static void a_pinned_digest_decides_alone(void **state) {
    static const airs_trust_mode_t modes[] = {AIRS_TRUST_REQUIRE, AIRS_TRUST_WARN, AIRS_TRUST_OFF};
    (void)state;
    airs_bytes_t signed_by_acme = sign(plain(), 0);
    for (size_t i = 0; i < 3; i++) {
        airs_trust_answer_t answer;
        airs_error_t error;
        airs_trust_t *trust = make(modes[i]);
        airs_digest_t digest = airs_digest_of(plain());
        airs_trust_question_t question = {.ns = airs_str("no/body"),
                                          .name = "file.wasm",
                                          .path = "/elsewhere/file.wasm",
                                          .content = plain(),
                                          .pinned = &digest};
        assert_ok(airs_trust_check(trust, &question, &answer, NULL));
        assert_int_equal(answer.ground, AIRS_TRUST_GROUND_DIGEST);
        /* Neither a signature nor the folder helps what is not the pinned one. */
        question = (airs_trust_question_t){.ns = airs_str("acme"),
                                           .name = "file.wasm",
                                           .path = "/home/me/project/file.wasm",
                                           .content = signed_by_acme,
                                           .pinned = &digest};
        assert_status(airs_trust_check(trust, &question, &answer, &error), AIRS_UNTRUSTED);
        assert_non_null(strstr(error.text, "file.wasm: its digest is sha256:"));
        assert_non_null(strstr(error.text, ", pinned is sha256:"));
        airs_trust_destroy(trust);
    }
    drop(signed_by_acme);
}

static void the_other_modes_refuse_nothing(void **state) {
    airs_trust_answer_t answer;
    airs_error_t error = {AIRS_OK, ""};
    (void)state;
    airs_trust_t *warn = make(AIRS_TRUST_WARN);
    airs_trust_t *off = make(AIRS_TRUST_OFF);
    assert_ok(ask(warn, plain(), "acme", NULL, &answer, &error));
    assert_int_equal(answer.ground, AIRS_TRUST_GROUND_NONE);
    assert_non_null(strstr(error.text, "it is not signed"));
    airs_bytes_t acme = sign(plain(), 0);
    expect(warn, acme, "acme", NULL, AIRS_TRUST_GROUND_KEY);
    error = (airs_error_t){AIRS_OK, ""};
    assert_ok(ask(off, plain(), "acme", NULL, &answer, &error));
    assert_int_equal(answer.ground, AIRS_TRUST_GROUND_NONE);
    assert_string_equal(error.text, "");
    drop(acme);
    airs_trust_destroy(warn);
    airs_trust_destroy(off);
}

static void grounds_have_names(void **state) {
    (void)state;
    assert_string_equal(airs_trust_ground_text(AIRS_TRUST_GROUND_NONE), "nothing");
    assert_string_equal(airs_trust_ground_text(AIRS_TRUST_GROUND_DIGEST), "its digest is pinned");
    assert_string_equal(airs_trust_ground_text(AIRS_TRUST_GROUND_OWN), "it is in the manifest's folder");
    assert_string_equal(airs_trust_ground_text(AIRS_TRUST_GROUND_KEY), "a trusted key signed it");
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    airs_trust_t *trust = NULL;
    airs_trust_answer_t answer;
    const airs_bytes_t *content = context;
    airs_status_t status = airs_trust_create(allocator, AIRS_TRUST_REQUIRE, &trust);
    if (status == AIRS_OK) {
        status = airs_trust_set_folder(trust, "/home");
    }
    if (status == AIRS_OK) {
        status = airs_trust_set_folder(trust, "/home/me");
    }
    if (status == AIRS_OK) {
        status = add(trust, "shop", 32, "shop", "till/eu");
    }
    if (status == AIRS_OK) {
        status = add(trust, "acme", 0, "acme/**", NULL);
    }
    if (status == AIRS_OK) {
        status = ask(trust, *content, "acme", NULL, &answer, NULL);
    }
    airs_trust_destroy(trust);
    return status;
}

static void memory_may_be_refused(void **state) {
    (void)state;
    airs_bytes_t acme = sign(plain(), 0);
    airs_fail_each_allocation(life, &acme);
    drop(acme);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_counts_for_what_it_may_sign),
        cmocka_unit_test(the_answer_names_the_key),
        cmocka_unit_test(what_is_not_signed_is_refused),
        cmocka_unit_test(a_part_is_not_enough),
        cmocka_unit_test(files_below_the_folder_are_the_projects_own),
        cmocka_unit_test(a_pinned_digest_decides_alone),
        cmocka_unit_test(the_other_modes_refuse_nothing),
        cmocka_unit_test(grounds_have_names),
        cmocka_unit_test(memory_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
