#include "core/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/failing_allocator.h"
#include "support/test.h"

static airs_setting_view_t setting(const char *name, const char *value) {
    return (airs_setting_view_t){airs_str(name), airs_str(value), false};
}

static airs_settings_t *make(const airs_setting_view_t *settings, size_t count) {
    airs_settings_t *made = NULL;
    airs_error_t error = {.text = ""};
    assert_ok(airs_settings_create(airs_allocator_default(), settings, count, &made, &error));
    return made;
}

static void assert_value(const airs_settings_t *settings, const char *name, const char *value) {
    const airs_setting_view_t *found = airs_settings_find(settings, airs_str(name));
    assert_non_null(found);
    assert_true(airs_str_equal(found->value, airs_str(value)));
}

static void are_found_by_name_and_listed_in_order(void **state) {
    (void)state;
    char value[] = "one";
    airs_setting_view_t given[] = {setting("b", "two"), setting("a.b", value), setting("a", ""),
                                   setting("gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac")};
    airs_settings_t *settings = make(given, 4);
    memset(value, 'x', 3);
    assert_int_equal(airs_settings_count(settings), 4);
    assert_value(settings, "a", "");
    assert_value(settings, "a.b", "one");
    assert_value(settings, "b", "two");
    assert_value(settings, "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac");
    assert_null(airs_settings_find(settings, airs_str("a.")));
    assert_null(airs_settings_find(settings, airs_str("c")));
    assert_null(airs_settings_find(settings, airs_str("")));
    static const char *const order[] = {"a", "a.b", "b", "gr\xc3\xbc\xc3\x9f"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(airs_str_equal(airs_settings_at(settings, i)->name, airs_str(order[i])));
    }
    airs_settings_unref(settings);
}

static void nothing_stands_for_none(void **state) {
    (void)state;
    assert_null(airs_settings_ref(NULL));
    assert_int_equal(airs_settings_count(NULL), 0);
    assert_null(airs_settings_find(NULL, airs_str("a")));
    assert_false(airs_settings_have_secret(NULL));
    airs_settings_unref(NULL);
    airs_settings_t *empty = make(NULL, 0);
    assert_int_equal(airs_settings_count(empty), 0);
    assert_null(airs_settings_find(empty, airs_str("a")));
    airs_settings_unref(empty);
}

static void know_whether_one_is_a_secret(void **state) {
    (void)state;
    airs_setting_view_t given[] = {setting("a", "1"), setting("b", "2")};
    airs_settings_t *settings = make(given, 2);
    assert_false(airs_settings_have_secret(settings));
    airs_settings_unref(settings);
    given[1].is_secret = true;
    settings = make(given, 2);
    assert_true(airs_settings_have_secret(settings));
    assert_false(airs_settings_find(settings, airs_str("a"))->is_secret);
    assert_true(airs_settings_find(settings, airs_str("b"))->is_secret);
    airs_settings_unref(settings);
}

static void assert_refused(const airs_setting_view_t *settings, size_t count, const char *why) {
    airs_settings_t *made = NULL;
    airs_error_t error = {.text = ""};
    assert_status(airs_settings_create(airs_allocator_default(), settings, count, &made, &error),
                  AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, why);
    assert_null(made);
}

static void what_is_no_setting_is_refused_without_its_value(void **state) {
    (void)state;
    airs_setting_view_t twice[] = {setting("a", "hush"), setting("b", ""), setting("a", "hush too")};
    assert_refused(twice, 3, "setting \"a\" is there twice");
    airs_setting_view_t nameless = setting("", "hush");
    assert_refused(&nameless, 1, "setting \"\" has a name that is not a text of 1 to 256 bytes in UTF-8");
    airs_setting_view_t strange = setting("\xff", "hush");
    assert_refused(&strange, 1, "setting \"?\" has a name that is not a text of 1 to 256 bytes in UTF-8");
    airs_setting_view_t bytes = setting("key", "hush\xff");
    assert_refused(&bytes, 1, "setting \"key\" has a value that is not text in UTF-8");
}

static void what_is_too_much_is_refused(void **state) {
    (void)state;
    static airs_setting_view_t many[AIRS_SETTINGS_MAX + 1];
    static char names[AIRS_SETTINGS_MAX + 1][8];
    for (size_t i = 0; i <= AIRS_SETTINGS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "%zu", i);
        many[i] = setting(names[i], "");
    }
    airs_settings_unref(make(many, AIRS_SETTINGS_MAX));
    assert_refused(many, AIRS_SETTINGS_MAX + 1, "1025 settings; there may be 1024");
    char *text = malloc(AIRS_SETTING_VALUE_MAX + 1);
    assert_non_null(text);
    memset(text, 'v', AIRS_SETTING_VALUE_MAX + 1);
    airs_setting_view_t large = {airs_str("key"), airs_str_n(text, AIRS_SETTING_VALUE_MAX), false};
    airs_settings_unref(make(&large, 1));
    large.value.size++;
    assert_refused(&large, 1, "setting \"key\" has a value of more than 64 KiB");
    airs_setting_view_t named = {airs_str_n(text, AIRS_SETTING_NAME_MAX), airs_str(""), false};
    airs_settings_unref(make(&named, 1));
    named.name.size++;
    airs_settings_t *made = NULL;
    assert_status(airs_settings_create(airs_allocator_default(), &named, 1, &made, NULL),
                  AIRS_INVALID_ARGUMENT);
    free(text);
}

/* An allocator that looks at what is given back. */
typedef struct watcher {
    airs_allocator_t allocator;
    size_t size;
    bool clean;
    int released;
} watcher_t;

static void *watched_alloc(void *context, size_t size) {
    ((watcher_t *)context)->size = size;
    return malloc(size);
}

static void watched_release(void *context, void *block) {
    watcher_t *watcher = context;
    watcher->clean = true;
    watcher->released++;
    for (size_t i = 0; i < watcher->size; i++) {
        watcher->clean = watcher->clean && ((char *)block)[i] == 0;
    }
    free(block);
}

static void memory_is_wiped_when_the_last_owner_goes(void **state) {
    (void)state;
    watcher_t watcher = {.allocator = {.alloc = watched_alloc, .release = watched_release}};
    watcher.allocator.context = &watcher;
    airs_setting_view_t secret = {airs_str("password"), airs_str("hush"), true};
    airs_settings_t *settings = NULL;
    assert_ok(airs_settings_create(&watcher.allocator, &secret, 1, &settings, NULL));
    assert_ptr_equal(airs_settings_ref(settings), settings);
    airs_settings_unref(settings);
    assert_int_equal(watcher.released, 0);
    assert_value(settings, "password", "hush");
    airs_settings_unref(settings);
    assert_int_equal(watcher.released, 1);
    assert_true(watcher.clean);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_setting_view_t given[] = {setting("a", "1"), setting("b", "2")};
    airs_settings_t *settings = NULL;
    airs_status_t status = airs_settings_create(allocator, given, 2, &settings, NULL);
    airs_settings_unref(settings);
    return status;
}

static void failing_allocations(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_found_by_name_and_listed_in_order),
        cmocka_unit_test(nothing_stands_for_none),
        cmocka_unit_test(know_whether_one_is_a_secret),
        cmocka_unit_test(what_is_no_setting_is_refused_without_its_value),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(memory_is_wiped_when_the_last_owner_goes),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
