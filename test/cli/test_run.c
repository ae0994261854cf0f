/* `airssys run` as a shell sees it, with real guests. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/child.h"
#include "support/guest_manifest.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

#define APP(inside) "[application]\nname = \"app\"\n" inside
#define COMPONENT(name, guest) "[components." name "]\nsource = \"@" guest "\"\n"
#define PRINTER APP("input = \"printer\"\noutput = \"printer\"\n") COMPONENT("printer", "printer")
#define COUNTER APP("input = \"counter\"\noutput = \"counter\"\n") COMPONENT("counter", "counter")

/* Run a manifest, without compiled code from earlier runs nor a trace of this one. */
static void run_manifest(child_t *child, const char *manifest, const char *input, const char *const *more) {
    const char *arguments[CHILD_ARGUMENTS_MAX] = {"run", folder.path, "--no-cache"};
    size_t count = 3;
    if (input != NULL) {
        arguments[count++] = "--input";
        arguments[count++] = "-";
    }
    for (; more != NULL && *more != NULL; more++) {
        arguments[count++] = *more;
    }
    airs_guest_manifest_write(&folder, manifest);
    child_run(child, input, arguments);
}

/* What a manifest makes of an input: exit code and the whole standard output. */
static void expect(const char *manifest, const char *input, int exit_code, const char *out) {
    child_t child;
    run_manifest(&child, manifest, input, NULL);
    child_expect(&child, exit_code);
    assert_string_equal(child.out, out);
    child_free(&child);
}

/* The same with something that is said on standard error. */
static void expect_error(const char *manifest, const char *input, int exit_code, const char *text) {
    child_t child;
    run_manifest(&child, manifest, input, NULL);
    child_expect(&child, exit_code);
    child_expect_text(&child, "err", text);
    child_free(&child);
}

/* ---- input and output ---- */

static void every_line_is_a_message_and_the_end_is_told(void **state) {
    (void)state;
    expect(PRINTER, "", 0, "end\n");
    expect(PRINTER, "one\n", 0, "one\nend\n");
    expect(PRINTER, "one\n\ntwo", 0, "one\n\ntwo\nend\n");
    expect(PRINTER, "one\r\n\n\n", 0, "one\r\n\n\nend\n");
}

static void what_the_output_component_returns_for_the_end_is_output(void **state) {
    (void)state;
    expect(COUNTER, "a\nb\nc\n", 0, "4");
    expect(COUNTER, "", 0, "1");
}

static void the_output_of_others_goes_to_the_log(void **state) {
    (void)state;
    child_t child;
    run_manifest(&child, APP("input = \"printer\"\n") COMPONENT("printer", "printer"), "hello\n", NULL);
    child_expect(&child, 0);
    assert_string_equal(child.out, "");
    child_expect_text(&child, "err", "app/printer/0");
    child_expect_text(&child, "err", "hello");
    child_free(&child);
}

static void components_reach_each_other_by_their_ids(void **state) {
    (void)state;
    expect("[application]\nname = \"app\"\nnamespace = \"demo/x\"\ninput = \"forwarder\"\noutput = "
           "\"printer\"\n" COMPONENT("printer", "printer")
               COMPONENT("forwarder", "forwarder") "config = \"demo/x/printer/0\"\n",
           "one\ntwo\n", 0, "one\ntwo\n\n"); /* the end message is forwarded too, as an empty one */
}

/* Far more than the mailbox holds: the reader has to wait, and nothing is lost. */
static void a_full_mailbox_holds_the_input_back(void **state) {
    (void)state;
    enum { LINES = 50000 };
    char *input = malloc((size_t)LINES * 8);
    assert_non_null(input);
    size_t size = 0;
    for (int i = 0; i < LINES; i++) {
        size += (size_t)sprintf(input + size, "l%d\n", i % 1000);
    }
    expect(COUNTER "limits = { mailbox-messages = 4 }\n", input, 0, "50001");
    free(input);
}

static void several_instances_share_the_lines_and_each_hears_the_end(void **state) {
    (void)state;
    child_t child;
    char input[2 * 1000 + 1];
    for (size_t i = 0; i < 1000; i++) {
        memcpy(input + 2 * i, "x\n", 3);
    }
    const char *const more[] = {"--quiet", NULL};
    run_manifest(&child,
                 APP("input = \"printer\"\noutput = \"printer\"\n")
                     COMPONENT("printer", "printer") "instances = 4\n",
                 input, more);
    child_expect(&child, 0);
    size_t lines = 0;
    size_t ends = 0;
    for (const char *line = child.out; *line != '\0'; line = strchr(line, '\n') + 1) {
        lines += line[0] == 'x';
        ends += line[0] == 'e';
    }
    assert_int_equal(lines, 1000);
    assert_int_equal(ends, 4);
    child_free(&child);
}

/* One that prints is made of more modules than one that does not. */
static void as_many_instances_fit_as_the_manifest_has(void **state) {
    (void)state;
    child_t child;
    run_manifest(&child,
                 APP("input = \"printer\"\n")
                     COMPONENT("printer", "printer") "instances = 200\n[engine]\nmax-actors = 200\n",
                 "", NULL);
    child_expect(&child, 0);
    child_free(&child);
}

static void with_few_files_it_says_so_and_ends(void **state) {
    (void)state;
    airs_guest_manifest_write(&folder, PRINTER);
    const char *const arguments[] = {"run", folder.path, "--input", "-", NULL};
    for (unsigned long files = 4; files < 24; files++) {
        const child_options_t options = {.files = files};
        child_t child;
        child_start(&child, &options, arguments);
        child_wait(&child);
        if (child.exit_code > 127) { /* a signal */
            fail_msg("with %lu files: exit code %d: %s", files, child.exit_code, child.err);
        }
        child_free(&child);
    }
}

static void a_file_is_read_as_standard_input_is(void **state) {
    (void)state;
    child_t child;
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_guest_manifest_write(&folder, PRINTER);
    airs_temporary_file_write_text(&folder, "lines.txt", "from a file\n");
    airs_temporary_file_path(&folder, "lines.txt", path);
    const char *const arguments[] = {"run", "--no-cache", "-i", path, folder.path, NULL};
    child_run(&child, NULL, arguments);
    child_expect(&child, 0);
    assert_string_equal(child.out, "from a file\nend\n");
    child_free(&child);
}

static void a_pipe_is_read_as_it_comes(void **state) {
    (void)state;
    child_t child;
    child_options_t options = {.open_input = true};
    const char *const arguments[] = {"run", "--no-cache", "-i", "-", folder.path, NULL};
    airs_guest_manifest_write(&folder, PRINTER);
    child_start(&child, &options, arguments);
    assert_int_equal(write(child.input, "first\n", 6), 6);
    child_wait_for(&child, "out", "first\n");
    assert_int_equal(write(child.input, "second", 6), 6);
    close(child.input);
    child.input = -1;
    child_wait(&child);
    child_expect(&child, 0);
    assert_string_equal(child.out, "first\nsecond\nend\n");
    child_free(&child);
}

static void the_manifest_of_the_current_folder_is_the_default(void **state) {
    (void)state;
    child_t child;
    child_options_t options = {.input = "here\n", .folder = folder.path};
    const char *const arguments[] = {"run", "--no-cache", "--input", "-", NULL};
    airs_guest_manifest_write(&folder, PRINTER);
    child_start(&child, &options, arguments);
    child_wait(&child);
    child_expect(&child, 0);
    assert_string_equal(child.out, "here\nend\n");
    child_free(&child);
}

/* Whoever reads the log has a terminal, which a guest must not steer: escapes and other control characters of one and of
 * two bytes are shown, what is text stays. */
static void what_guests_print_does_not_steer_who_reads_the_log(void **state) {
    (void)state;
    child_t child;
    run_manifest(
        &child,
        APP("") COMPONENT("job",
                          "commands/job") "run = { args = [\"say\", \"out \\u001b[31mred\\u0007\\r\\u00e9\", "
                                          "\"warn\", \"err \\u001b]0;title\\u009b2J\\u007f\"] }\n",
        NULL, NULL);
    child_expect(&child, 0);
    child_expect_text(&child, "err", "app/job/0: out \\x1b[31mred\\x07\\x0d\xc3\xa9 stream=stdout\n");
    child_expect_text(&child, "err", "app/job/0: err \\x1b]0;title\\xc2\\x9b2J\\x7f stream=stderr\n");
    for (const char *at = child.err; *at != '\0'; at++) {
        assert_true((unsigned char)*at >= ' ' || *at == '\n');
        assert_int_not_equal(*at, 0x7f);
    }
    assert_null(strstr(child.err, "\xc2\x9b"));
    assert_string_equal(child.out, "");
    child_free(&child);
}

/* ---- the summary ---- */

static void the_summary_counts(void **state) {
    (void)state;
    child_t child;
    run_manifest(&child, PRINTER, "one\ntwo\n", NULL);
    child_expect(&child, 0);
    child_expect_text(&child, "err", "app: 2 lines in, 3 messages handled by 1 actor in ");
    child_free(&child);
}

static void check_summary(const char *text, int exit_code, int lines, int messages, int handler_errors) {
    json_t *summary = json_loads(text, 0, NULL);
    assert_non_null(summary);
    assert_string_equal(json_string_value(json_object_get(summary, "application")), "app");
    assert_int_equal(json_integer_value(json_object_get(summary, "exit_code")), exit_code);
    assert_int_equal(json_integer_value(json_object_get(summary, "input_lines")), lines);
    assert_int_equal(json_integer_value(json_object_get(summary, "messages")), messages);
    assert_int_equal(json_integer_value(json_object_get(summary, "workers")), 1);
    assert_int_equal(json_integer_value(json_object_get(summary, "actors")), 1);
    json_t *letters = json_object_get(summary, "dead_letters");
    assert_int_equal(json_integer_value(json_object_get(letters, "total")), handler_errors);
    assert_int_equal(json_integer_value(json_object_get(letters, "handler-error")), handler_errors);
    json_decref(summary);
}

static void the_summary_can_be_json(void **state) {
    (void)state;
    child_t child;
    const char *const more[] = {"--output", "json", "--workers", "1", NULL};
    run_manifest(&child, PRINTER, "one\ntwo\n", more);
    child_expect(&child, 0);
    check_summary(child.err, 0, 2, 3, 0);
    child_free(&child);
}

static void the_summary_can_go_to_a_file_and_nothing_else_is_said(void **state) {
    (void)state;
    child_t child;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char text[2048] = "";
    airs_temporary_file_path(&folder, "summary.json", path);
    const char *const more[] = {"--quiet", "--summary", path, "-w", "1", NULL};
    run_manifest(&child, PRINTER, "one\n", more);
    child_expect(&child, 0);
    assert_string_equal(child.err, "");
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    assert_int_equal(fclose(file), 0);
    check_summary(text, 0, 1, 2, 0);
    child_free(&child);
}

/* ---- what goes wrong in components ---- */

static void an_error_answer_is_a_dead_letter(void **state) {
    (void)state;
    child_t child;
    const char *const more[] = {"--output", "json", "--workers", "1", "--log", "error", NULL};
    run_manifest(&child, APP("input = \"failing\"\n") COMPONENT("failing", "failing"), "one\ntwo\n", more);
    child_expect(&child, 7);
    check_summary(strchr(child.err, '{'), 7, 2, 3, 3);
    child_free(&child);
}

/* Feed `trap`, and when it has crashed one line more. */
static void crash_and_go_on(child_t *child, const char *manifest) {
    child_options_t options = {.open_input = true};
    const char *const arguments[] = {"run", "--no-cache", "-i", "-", folder.path, NULL};
    airs_guest_manifest_write(&folder, manifest);
    child_start(child, &options, arguments);
    assert_int_equal(write(child->input, "trap\n", 5), 5);
    child_wait_for(child, "err", "unreachable");
    assert_int_equal(write(child->input, "more\n", 5), 5);
    close(child->input);
    child->input = -1;
    child_wait(child);
    child_expect(child, 7);
}

/* It comes back, and takes what follows: the message that it crashed over is the only one that is lost. */
static void a_crash_is_told_and_the_actor_comes_back(void **state) {
    (void)state;
    child_t child;
    crash_and_go_on(&child, APP("input = \"trap\"\n") COMPONENT("trap", "trap"));
    child_expect_text(&child, "err", "app: 2 lines in, 2 messages handled by 1 actor");
    child_expect_text(&child, "err", "1 crash\n1 restart\n1 dead letter: crashed\n");
    child_free(&child);
}

static void a_crash_of_what_is_not_to_come_back_ends_the_input(void **state) {
    (void)state;
    child_t child;
    crash_and_go_on(&child, APP("input = \"trap\"\n") COMPONENT("trap", "trap") "restart = \"temporary\"\n");
    child_expect_text(&child, "err", "standard input:2: app/trap does not take the line: it has ended");
    child_free(&child);
}

/* Ten restarts in five seconds are what a component of its own has. */
static void an_input_ends_by_itself_when_its_component_has_given_up(void **state) {
    (void)state;
    char lines[5 * 20 + 1] = "";
    for (int i = 0; i < 20; i++) {
        strcat(lines, "trap\n");
    }
    expect_error(
        APP("input = \"trap\"\n") COMPONENT("trap", "trap"), lines, 7,
        "component trap has ended for good: it needed more than 10 restarts in 5s; the others go on");
}

static void a_supervisor_that_gives_up_ends_the_application(void **state) {
    (void)state;
    expect_error(
        APP("input = \"trap\"\n") COMPONENT("trap", "trap") COMPONENT(
            "printer",
            "printer") "[supervisors.all]\nchildren = [\"printer\", \"trap\"]\nstrategy = \"one-for-all\"\n",
        "trap\ntrap\n", 7, "supervisor all has given up: its children were restarted too often");
}

static void a_crash_elsewhere_lets_the_others_go_on(void **state) {
    (void)state;
    child_t child;
    run_manifest(&child,
                 APP("input = \"printer\"\noutput = \"printer\"\n") COMPONENT("printer", "printer")
                     COMPONENT("trap", "trap") "env = { TRAP_IN = \"shutdown\" }\n",
                 "one\n", NULL);
    assert_string_equal(child.out, "one\nend\n");
    assert_int_not_equal(child.exit_code, 0);
    child_free(&child);
}

static void an_actor_that_runs_too_long_is_ended(void **state) {
    (void)state;
    expect_error(APP("input = \"loop\"\n")
                     COMPONENT("loop", "loop") "limits = { execution-time = \"100ms\" }\n",
                 "loop\n", 7, "execution-time");
}

static void fuel_that_the_manifest_gives_bounds_a_call(void **state) {
    (void)state;
    expect_error(APP("input = \"loop\"\n") COMPONENT("loop", "loop") "limits = { fuel = 10000000 }\n",
                 "loop\n", 7, "fuel");
}

static void an_instance_that_does_not_start_stops_those_before_it(void **state) {
    (void)state;
    child_t child;
    run_manifest(&child,
                 APP("input = \"printer\"\n") COMPONENT("printer", "printer")
                     COMPONENT("bad", "initfail") "instances = 2\n",
                 "one\n", NULL);
    child_expect(&child, 5);
    child_expect_text(&child, "err", "component bad, instance 0");
    child_expect_text(&child, "err", "this component never starts");
    assert_string_equal(child.out, "");
    child_free(&child);
}

static void a_shutdown_that_fails_has_its_own_exit_code(void **state) {
    (void)state;
    expect_error(APP("input = \"printer\"\n") COMPONENT("printer", "printer")
                     COMPONENT("bad", "failing") "env = { FAIL_IN = \"shutdown\" }\n",
                 "one\n", 8, "asked to fail");
}

static void a_shutdown_that_does_not_end_is_cut_off(void **state) {
    (void)state;
    child_t child;
    run_manifest(&child,
                 APP("input = \"printer\"\n") COMPONENT("printer", "printer") COMPONENT(
                     "bad", "loop") "env = { LOOP_IN = \"shutdown\" }\n[shutdown]\nstop-time = \"100ms\"\n",
                 "one\n", NULL);
    assert_in_range(child.exit_code, 7, 8);
    child_expect_text(&child, "err", "component bad, instance 0");
    child_free(&child);
}

/* ---- what goes wrong before ---- */

static void a_component_that_is_none_is_refused(void **state) {
    (void)state;
    airs_temporary_file_write_text(&folder, "text.wasm", "this is no component");
    expect_error(APP("") "[components.a]\nsource = \"text.wasm\"\n", NULL, 4, "component a");
    airs_temporary_file_write_text(&folder, "module.wat", "(module)");
    expect_error(APP("") "[components.a]\nsource = \"module.wat\"\n", NULL, 4, "core module");
    airs_temporary_file_write_text(&folder, "empty.wasm", "");
    expect_error(APP("") "[components.a]\nsource = \"empty.wasm\"\n", NULL, 4, "component a");
}

static void a_manifest_that_is_wrong_is_told_line_by_line(void **state) {
    (void)state;
    child_t child;
    child_options_t options = {.folder = folder.path};
    const char *const arguments[] = {"run", NULL};
    airs_guest_manifest_write(&folder, APP("inptu = \"a\"\n") COMPONENT("a", "echo") "instances = 0\n");
    child_start(&child, &options, arguments);
    child_wait(&child);
    child_expect(&child, 3);
    child_expect_text(&child, "err",
                      "airssys.toml:3:1: application.inptu: unknown key; did you mean \"input\"?\n"
                      "airssys.toml:6:13: components.a.instances: 0 is out of range;");
    child_free(&child);
}

static void a_manifest_that_is_not_there_is_told(void **state) {
    (void)state;
    child_t child;
    const char *const arguments[] = {"run", "no-such-manifest.toml", NULL};
    child_run(&child, NULL, arguments);
    child_expect(&child, 3);
    assert_string_equal(child.err, "airssys run: no-such-manifest.toml: no such file\n");
    child_free(&child);
}

static void a_line_above_the_limit_is_named(void **state) {
    (void)state;
    child_t child;
    run_manifest(&child, PRINTER "limits = { message-size = \"10B\" }\n", "0123456789\n0123456789x\nmore\n",
                 NULL);
    child_expect(&child, 6);
    child_expect_text(&child, "err",
                      "airssys run: standard input:2: the line has more than the 10 bytes allowed");
    assert_string_equal(child.out, "0123456789\n"); /* what was accepted is handled, but no end is told */
    child_free(&child);
}

static void an_input_that_cannot_be_read_is_told(void **state) {
    (void)state;
    child_t child;
    airs_guest_manifest_write(&folder, PRINTER);
    const char *const missing[] = {"run", folder.path, "--input", "no-such-file", NULL};
    child_run(&child, NULL, missing);
    child_expect(&child, 6);
    child_expect_text(&child, "err", "cannot read no-such-file: No such file or directory");
    child_free(&child);
    const char *const wrong[] = {"run", folder.path, "--input", folder.path, NULL};
    child_run(&child, NULL, wrong);
    child_expect(&child, 6);
    child_expect_text(&child, "err", "it is a folder");
    child_free(&child);
}

static void a_guest_cannot_steer_the_terminal(void **state) {
    (void)state;
    child_t child;
    run_manifest(&child, APP("input = \"failing\"\noutput = \"failing\"\n") COMPONENT("failing", "failing"),
                 "\033[31mred\n", NULL);
    child_expect(&child, 7);
    assert_null(strchr(child.err, '\033'));
    child_expect_text(&child, "err", "\\x1b[31mred");
    child_free(&child);
}

static void an_input_that_nobody_takes_is_refused(void **state) {
    (void)state;
    expect_error(APP("") COMPONENT("a", "echo"), "one\n", 2, "application.input names no component");
}

static void output_that_nobody_reads_stops_the_application_in_order(void **state) {
    (void)state;
    child_t child;
    child_options_t options = {.open_input = true, .closed_output = true};
    const char *const arguments[] = {"run", "--no-cache", "-i", "-", folder.path, NULL};
    airs_guest_manifest_write(&folder, PRINTER);
    child_start(&child, &options, arguments);
    assert_int_equal(write(child.input, "one\n", 4), 4);
    child_wait(&child);
    child_expect(&child, 1);
    child_expect_text(&child, "err", "cannot write standard output: Broken pipe");
    child_free(&child);
}

/* ---- signals ---- */

#define PRINTS_ITS_END COMPONENT("service", "failing") "env = { FAIL_IN = \"shutdown\" }\n"

static void start_service(child_t *child, const char *manifest, bool input) {
    child_options_t options = {.open_input = input};
    const char *const service[] = {"run", "--no-cache", "--log", "debug", folder.path, NULL};
    const char *const fed[] = {"run", "--no-cache", "--log", "debug", "-i", "-", folder.path, NULL};
    airs_guest_manifest_write(&folder, manifest);
    child_start(child, &options, input ? fed : service);
}

/* All of its input at once; it has been accepted when this returns. */
static void feed_service(child_t *child, const char *input) {
    assert_int_equal(write(child->input, input, strlen(input)), strlen(input));
    close(child->input);
    child->input = -1;
    child_wait_for(child, "err", "the input has ended");
}

static void without_input_it_runs_until_told_and_stops_in_order(void **state) {
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        child_t child;
        /* Its shutdown fails: that it was called can be seen. */
        start_service(&child, APP("") PRINTS_ITS_END, false);
        child_wait_for(&child, "err", "app runs with 1 actors");
        child_signal(&child, signals[i]);
        child_wait(&child);
        child_expect(&child, 8);
        child_expect_text(&child, "err", "asked to fail");
        child_free(&child);
    }
}

static void an_interruption_ends_the_input_and_drains(void **state) {
    (void)state;
    child_t child;
    start_service(&child, PRINTER, true);
    assert_int_equal(write(child.input, "one\ntwo\nhalf", 12), 12);
    child_wait_for(&child, "out", "one\ntwo\n");
    child_signal(&child, SIGINT);
    child_wait(&child);
    child_expect(&child, 130);
    assert_string_equal(child.out, "one\ntwo\n");
    child_free(&child);

    start_service(&child, PRINTER, true);
    assert_int_equal(write(child.input, "one\n", 4), 4);
    child_wait_for(&child, "out", "one\n");
    child_signal(&child, SIGTERM);
    child_wait(&child);
    child_expect(&child, 143);
    child_free(&child);
}

/* ---- signals while supervision is at work ---- */

static void it_stops_in_order_while_a_restart_waits(void **state) {
    (void)state;
    child_t child;
    start_service(
        &child,
        APP("input = \"trap\"\n") COMPONENT("trap", "trap") COMPONENT(
            "printer",
            "printer") "[supervisors.s]\nchildren = [\"trap\", \"printer\"]\nstrategy = \"one-for-all\"\n"
                       "backoff = { first = \"1h\", max = \"2h\" }\n[shutdown]\ndrain-time = \"50ms\"\n",
        true);
    assert_int_equal(write(child.input, "trap\n", 5), 5);
    child_wait_for(&child, "err", "the actor has crashed");
    child_signal(&child, SIGTERM);
    child_wait(&child);
    child_expect(&child, 7);
    child_expect_text(&child, "err", "1 crash\n");
    child_free(&child);
}

static void a_second_signal_does_not_wait_for_a_shutdown_that_may_take_forever(void **state) {
    (void)state;
    child_t child;
    start_service(&child,
                  APP("")
                      COMPONENT("loop", "loop") "env = { LOOP_IN = \"shutdown\" }\nshutdown = \"infinity\"\n"
                                                "limits.execution-time = \"24h\"\n",
                  false);
    child_wait_for(&child, "err", "app runs with 1 actors");
    child_signal(&child, SIGTERM);
    child_wait_for(&child, "err", "told to stop by SIGTERM");
    child_signal(&child, SIGTERM);
    child_wait(&child);
    child_expect(&child, 143);
    child_free(&child);
}

static void a_component_has_a_limit_of_its_own_for_its_shutdown(void **state) {
    (void)state;
    expect_error(APP("input = \"printer\"\n") COMPONENT("printer", "printer")
                     COMPONENT("loop", "loop") "env = { LOOP_IN = \"shutdown\" }\nshutdown = \"100ms\"\n",
                 "one\n", 8,
                 "component loop, instance 0: shutdown: it was ended after the 100 ms of its \"shutdown\"");
    /* One that is to end without being asked is none that failed. */
    expect(APP("input = \"printer\"\n") COMPONENT("printer", "printer")
               COMPONENT("loop", "loop") "env = { LOOP_IN = \"shutdown\" }\nshutdown = \"brutal\"\n",
           "one\n", 0, "");
}

static void draining_has_a_limit(void **state) {
    (void)state;
    child_t child;
    start_service(&child,
                  APP("input = \"sleeper\"\n") COMPONENT(
                      "sleeper", "sleeper") "[shutdown]\ndrain-time = \"50ms\"\nstop-time = \"50ms\"\n",
                  true);
    feed_service(&child, "50000\n50000\n50000\n");
    child_signal(&child, SIGINT);
    child_wait(&child);
    child_expect_text(&child, "err", "component sleeper, instance 0: shutdown: it was ended after the 50 ms");
    child_expect(&child, 130);
    child_free(&child);
}

static void a_second_signal_stops_at_once(void **state) {
    (void)state;
    child_t child;
    start_service(&child,
                  APP("input = \"sleeper\"\n")
                      COMPONENT("sleeper", "sleeper") "[shutdown]\ndrain-time = \"24h\"\n",
                  true);
    feed_service(&child, "50000\n");
    child_signal(&child, SIGINT);
    child_wait_for(&child, "err", "told to stop by SIGINT");
    child_signal(&child, SIGINT);
    child_wait(&child);
    child_expect(&child, 130);
    child_free(&child);
}

static void a_restart_that_hangs_is_stopped(void **state) {
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        child_t child;
        start_service(&child,
                      APP("input = \"frail\"\n") COMPONENT(
                          "frail", "frail") "[shutdown]\ndrain-time = \"50ms\"\nstop-time = \"50ms\"\n",
                      true);
        feed_service(&child, "hang 3600000\nhello\n");
        child_wait_for(&child, "err", "a child has ended: it is restarted");
        child_signal(&child, signals[i]);
        child_wait(&child);
        child_expect_text(&child, "err",
                          "component frail, instance 0: shutdown: it was ended after the 50 ms");
        child_expect(&child, 7); /* it had crashed */
        child_free(&child);
    }
}

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(every_line_is_a_message_and_the_end_is_told),
        TEST(what_the_output_component_returns_for_the_end_is_output),
        TEST(the_output_of_others_goes_to_the_log),
        TEST(components_reach_each_other_by_their_ids),
        TEST(a_full_mailbox_holds_the_input_back),
        TEST(several_instances_share_the_lines_and_each_hears_the_end),
        TEST(what_guests_print_does_not_steer_who_reads_the_log),
        TEST(as_many_instances_fit_as_the_manifest_has),
        TEST(with_few_files_it_says_so_and_ends),
        TEST(a_file_is_read_as_standard_input_is),
        TEST(a_pipe_is_read_as_it_comes),
        TEST(the_manifest_of_the_current_folder_is_the_default),
        TEST(the_summary_counts),
        TEST(the_summary_can_be_json),
        TEST(the_summary_can_go_to_a_file_and_nothing_else_is_said),
        TEST(an_error_answer_is_a_dead_letter),
        TEST(a_crash_is_told_and_the_actor_comes_back),
        TEST(a_crash_of_what_is_not_to_come_back_ends_the_input),
        TEST(an_input_ends_by_itself_when_its_component_has_given_up),
        TEST(a_supervisor_that_gives_up_ends_the_application),
        TEST(a_crash_elsewhere_lets_the_others_go_on),
        TEST(an_actor_that_runs_too_long_is_ended),
        TEST(fuel_that_the_manifest_gives_bounds_a_call),
        TEST(an_instance_that_does_not_start_stops_those_before_it),
        TEST(a_shutdown_that_fails_has_its_own_exit_code),
        TEST(a_shutdown_that_does_not_end_is_cut_off),
        TEST(a_component_that_is_none_is_refused),
        TEST(a_manifest_that_is_wrong_is_told_line_by_line),
        TEST(a_manifest_that_is_not_there_is_told),
        TEST(a_line_above_the_limit_is_named),
        TEST(an_input_that_cannot_be_read_is_told),
        TEST(a_guest_cannot_steer_the_terminal),
        TEST(an_input_that_nobody_takes_is_refused),
        TEST(output_that_nobody_reads_stops_the_application_in_order),
        TEST(without_input_it_runs_until_told_and_stops_in_order),
        TEST(an_interruption_ends_the_input_and_drains),
        TEST(it_stops_in_order_while_a_restart_waits),
        TEST(a_second_signal_does_not_wait_for_a_shutdown_that_may_take_forever),
        TEST(a_component_has_a_limit_of_its_own_for_its_shutdown),
        TEST(draining_has_a_limit),
        TEST(a_second_signal_stops_at_once),
        TEST(a_restart_that_hangs_is_stopped),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
