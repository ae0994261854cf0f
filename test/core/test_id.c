#include "support/test.h"

#include <string.h>

#include "core/component_id.h"

typedef struct parsed {
    const char *text;
    const char *ns;
    const char *name;
    const char *instance;
} parsed_t;

static void ids_are_split_at_the_last_two_slashes(void **state) {
    (void)state;
    static const parsed_t CASES[] = {
        {"shop/cart/0", "shop", "cart", "0"},
        {"shop/cart/", "shop", "cart", ""},
        {"org/team/shop/cart/12", "org/team/shop", "cart", "12"},
        {"g\xc3\xb6teborg/\xe6\x97\xa5/0", "g\xc3\xb6teborg", "\xe6\x97\xa5", "0"},
        {"a b/c d/e f", "a b", "c d", "e f"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        airs_id_t id;
        airs_error_t error;
        assert_ok(airs_id_parse(airs_str(CASES[i].text), &id, &error));
        assert_true(airs_id_equal(id, airs_id(CASES[i].ns, CASES[i].name, CASES[i].instance)));
        /* The view points into the text. */
        assert_ptr_equal(id.ns.data, CASES[i].text);
    }
}

static void what_is_not_an_id_is_refused_with_its_reason(void **state) {
    (void)state;
    static const char *const CASES[][2] = {
        {"", "namespace/name/instance"},
        {"cart", "namespace/name/instance"},
        {"shop/cart", "namespace/name/instance"},
        {"/cart/0", "namespace is empty"},
        {"shop//0", "name is empty"},
        {"sh\x1bop/cart/0", "control character U+001B at byte 2"},
        {"shop/cart\n/0", "name has the control character U+000A"},
        {"shop/cart/\x7f", "instance has the control character U+007F"},
        {"shop/cart/\xc2\x9b", "U+009B"},
        {"shop/\xe2\x80\xae/0", "U+202E"},
        {"sh\xffop/cart/0", "not UTF-8 at byte 2"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        airs_id_t id = airs_id("untouched", "x", "y");
        airs_error_t error;
        assert_status(airs_id_parse(airs_str(CASES[i][0]), &id, &error), AIRS_INVALID_ARGUMENT);
        assert_non_null(strstr(error.text, CASES[i][1]));
        assert_true(airs_id_equal(id, airs_id("untouched", "x", "y")));
        assert_status(airs_id_parse(airs_str(CASES[i][0]), &id, NULL), AIRS_INVALID_ARGUMENT);
    }
}

static void a_zero_byte_is_a_control_character(void **state) {
    (void)state;
    airs_id_t id;
    assert_status(airs_id_parse(airs_str_n("shop/ca\0rt/0", 12), &id, NULL), AIRS_INVALID_ARGUMENT);
}

static void the_parts_may_have_255_bytes_together(void **state) {
    (void)state;
    char text[400];
    memset(text, 'n', sizeof text);
    airs_id_t id;
    memcpy(text + 253, "/a/b", 4); /* 253 + 1 + 1 */
    assert_ok(airs_id_parse(airs_str_n(text, 257), &id, NULL));
    memset(text, 'n', sizeof text);
    memcpy(text + 254, "/a/b", 4);
    airs_error_t error;
    assert_status(airs_id_parse(airs_str_n(text, 258), &id, &error), AIRS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "255"));
}

static void sizes_near_the_end_of_memory_do_not_wrap(void **state) {
    (void)state;
    airs_id_t id = {airs_str_n("a", SIZE_MAX), airs_str_n("b", 1), airs_str_n("c", 1)};
    assert_status(airs_id_check(id, NULL), AIRS_INVALID_ARGUMENT);
}

static void slashes_belong_to_the_namespace(void **state) {
    (void)state;
    assert_ok(airs_id_check(airs_id("a/b", "c", "0"), NULL));
    assert_status(airs_id_check(airs_id("a", "b/c", "0"), NULL), AIRS_INVALID_ARGUMENT);
    assert_status(airs_id_check(airs_id("a", "b", "0/1"), NULL), AIRS_INVALID_ARGUMENT);
    assert_ok(airs_id_check(airs_id("a", "b", NULL), NULL));
}

static void equal_is_part_by_part(void **state) {
    (void)state;
    assert_true(airs_id_equal(airs_id("a", "b", "c"), airs_id("a", "b", "c")));
    assert_true(airs_id_equal(airs_id("a", "b", NULL), airs_id("a", "b", "")));
    assert_false(airs_id_equal(airs_id("a", "bc", ""), airs_id("ab", "c", "")));
    assert_false(airs_id_equal(airs_id("a", "b", "0"), airs_id("a", "b", "1")));
}

static void the_hash_knows_where_parts_end(void **state) {
    (void)state;
    assert_int_equal(airs_id_hash(airs_id("a", "b", "c")), airs_id_hash(airs_id("a", "b", "c")));
    assert_int_not_equal(airs_id_hash(airs_id("a", "bc", "0")), airs_id_hash(airs_id("ab", "c", "0")));
    assert_int_not_equal(airs_id_hash(airs_id("a", "b", "c0")), airs_id_hash(airs_id("a", "bc", "0")));
    assert_int_not_equal(airs_id_hash(airs_id("a", "b", "")), airs_id_hash(airs_id("a", "b", "0")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_split_at_the_last_two_slashes),
        cmocka_unit_test(what_is_not_an_id_is_refused_with_its_reason),
        cmocka_unit_test(a_zero_byte_is_a_control_character),
        cmocka_unit_test(the_parts_may_have_255_bytes_together),
        cmocka_unit_test(sizes_near_the_end_of_memory_do_not_wrap),
        cmocka_unit_test(slashes_belong_to_the_namespace),
        cmocka_unit_test(equal_is_part_by_part),
        cmocka_unit_test(the_hash_knows_where_parts_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
