/* What is known of the kernel's bound on memory maps, and what follows from it. */
#include "runtime/memory_maps.h"

#include "support/temporary_folder.h"
#include "support/test.h"

static uint64_t read_text(const char *text) {
    airs_temporary_folder_t folder;
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_folder_create(&folder);
    airs_temporary_file_write_text(&folder, "max_map_count", text);
    uint64_t number = airs_memory_maps_read(airs_temporary_file_path(&folder, "max_map_count", path));
    airs_temporary_folder_remove(&folder);
    return number;
}

static void the_kernels_number_is_read(void **state) {
    (void)state;
    assert_int_equal(read_text("65530\n"), 65530);
    assert_int_equal(read_text("none\n"), 0);
    assert_int_equal(read_text(""), 0);
    assert_int_equal(airs_memory_maps_read("/nowhere/at/all"), 0);
    assert_true(airs_memory_maps_allowed() > 0);
}

static void what_fits_takes_six_maps_each(void **state) {
    (void)state;
    assert_int_equal(airs_memory_maps_fit(65530), 10588);
    assert_int_equal(airs_memory_maps_fit(2000), 0);
    assert_int_equal(airs_memory_maps_fit(0), 0);
    assert_int_equal(airs_memory_maps_fit(UINT64_MAX), UINT32_MAX);
}

static void what_cannot_fit_is_refused_with_what_lifts_that(void **state) {
    (void)state;
    airs_error_t error;
    assert_ok(airs_memory_maps_check(15882, 65530, &error));
    assert_status(airs_memory_maps_check(15883, 65530, &error), AIRS_RESOURCE_LIMIT);
    assert_string_equal(
        error.text,
        "15883 instances need 95298 memory maps, and the kernel allows a process 65530 "
        "(vm.max_map_count): have room for 10588, let components be stateless, or allow more with "
        "sysctl -w vm.max_map_count=97298");
    assert_status(airs_memory_maps_check(1, 0, NULL), AIRS_RESOURCE_LIMIT);
}

static void an_explanation_names_the_setting(void **state) {
    (void)state;
    airs_text_t text;
    airs_text_init(&text, airs_allocator_default());
    airs_memory_maps_explain(&text);
    assert_non_null(strstr(airs_text_cstr(&text), "(vm.max_map_count)"));
    airs_text_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernels_number_is_read),
        cmocka_unit_test(what_fits_takes_six_maps_each),
        cmocka_unit_test(what_cannot_fit_is_refused_with_what_lifts_that),
        cmocka_unit_test(an_explanation_names_the_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
