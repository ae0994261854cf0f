#include "support/test.h"

#include <unistd.h>

#include "actor/cpu_count.h"
#include "support/temporary_folder.h"

static airs_temporary_folder_t folder;

static void write_file(const char *path, const char *text) {
    airs_temporary_file_write_text(&folder, path, text);
}

static unsigned quota(const char *proc) {
    char file[AIRS_TEMPORARY_PATH_MAX];
    char mount[AIRS_TEMPORARY_PATH_MAX];
    write_file("proc", proc);
    return airs_cpu_quota(airs_temporary_file_path(&folder, "proc", file),
                          airs_temporary_file_path(&folder, "cgroup", mount));
}

static void there_is_at_least_one(void **state) {
    (void)state;
    assert_in_range(airs_cpu_count(), 1, 65536);
    assert_true(airs_cpu_count() <= (unsigned)sysconf(_SC_NPROCESSORS_CONF));
}

static void no_quota_without_groups(void **state) {
    (void)state;
    assert_int_equal(airs_cpu_quota("/nonexistent", "/nonexistent"), 0);
    assert_int_equal(quota(""), 0);
    assert_int_equal(quota("nonsense\n"), 0);
    assert_int_equal(quota("0::/none\n"), 0);
}

static void version_two(void **state) {
    (void)state;
    write_file("cgroup/a/b/cpu.max", "max 100000\n");
    assert_int_equal(quota("0::/a/b\n"), 0);
    write_file("cgroup/a/b/cpu.max", "150000 100000\n");
    assert_int_equal(quota("0::/a/b\n"), 2); /* rounded up */
    write_file("cgroup/a/cpu.max", "50000 100000\n");
    assert_int_equal(quota("0::/a/b\n"), 1); /* the group above pays for less */
    assert_int_equal(quota("0::/elsewhere\n"), 0);
    /* In a container the group's own folder is not to be seen, but the root's files are its own. */
    write_file("cgroup/cpu.max", "300000 100000\n");
    assert_int_equal(quota("0::/elsewhere\n"), 3);
    assert_int_equal(quota("0::/\n"), 3);
}

static void version_one(void **state) {
    (void)state;
    write_file("cgroup/cpu,cpuacct/g/cpu.cfs_quota_us", "250000\n");
    write_file("cgroup/cpu,cpuacct/g/cpu.cfs_period_us", "100000\n");
    assert_int_equal(quota("5:memory:/g\n4:cpu,cpuacct:/g\n"), 3);
    write_file("cgroup/cpu,cpuacct/g/cpu.cfs_quota_us", "-1\n");
    assert_int_equal(quota("4:cpu,cpuacct:/g\n"), 0);
    assert_int_equal(quota("4:cpuset:/g\n"), 0);
    write_file("cgroup/cpu/g/cpu.cfs_quota_us", "100000\n");
    write_file("cgroup/cpu/g/cpu.cfs_period_us", "100000\n");
    assert_int_equal(quota("4:cpuacct,cpu:/g\n"), 1);
}

static int set_up(void **state) {
    (void)state;
    static const char *const folders[] = {
        "cgroup",       "cgroup/a",           "cgroup/a/b",          "cgroup/cpu",
        "cgroup/cpu/g", "cgroup/cpu,cpuacct", "cgroup/cpu,cpuacct/g"};
    airs_temporary_folder_create(&folder);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        airs_temporary_folder_make(&folder, folders[i]);
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_at_least_one),
        cmocka_unit_test_setup_teardown(no_quota_without_groups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(version_two, set_up, tear_down),
        cmocka_unit_test_setup_teardown(version_one, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
