/* Does with other actors what it is told, one order a message, and reports to "reporter" what it hears of their ends.
 *
 *   spawn|spawn-link|spawn-monitor COMPONENT [INSTANCE [CONFIG]]   answers with the new one's id
 *   stop|kill ID    monitor|link|unlink ID    demonitor    trap    untrap
 *   exit REASON [TEXT]    crash    loop    sleep    again COMPONENT (spawned anew with a link when one ends)
 *
 * With the configuration "fail" or "trap" its start does so. */
#include <airssys.h>

static airs_monitor_t last_monitor;
static char again[64];

static airs_str_t word(airs_str_t *rest) {
    size_t size = 0;
    while (size < rest->size && rest->data[size] != ' ') {
        size++;
    }
    airs_str_t out = airs_str_n(rest->data, size);
    size_t skip = size < rest->size ? size + 1 : size;
    *rest = airs_str_n(rest->data + skip, rest->size - skip);
    return out;
}

static bool is(airs_str_t text, const char *what) { return airs_str_equal(text, airs_str(what)); }

airs_outcome_t airs_on_start(void) {
    if (airs_is(airs_config(), "fail")) {
        return airs_fail_str(airs_str("told to fail"));
    }
    if (airs_is(airs_config(), "trap")) {
        __builtin_trap();
    }
    return airs_done();
}

static void report(const airs_message_t *message) {
    char text[600];
    char buffer[256];
    airs_str_t name = airs_str(airs_reason_name(airs_reason(message)));
    airs_str_t why = airs_str(airs_reason_text(message, buffer, sizeof buffer));
    const airs_str_t parts[] = {airs_str(airs_is_down(message) ? "down " : "exit "),
                                message->sender.name,
                                airs_str("/"),
                                message->sender.instance,
                                airs_str("="),
                                name,
                                airs_str(why.size != 0 ? ":" : ""),
                                why};
    size_t size = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        memcpy(text + size, parts[i].data, parts[i].size);
        size += parts[i].size;
    }
    (void)airs_send(airs_id("fam", "reporter", "0"), airs_bytes(text, size));
}

static airs_outcome_t outcome(airs_status_t status, const char *text) {
    return status == AIRS_OK ? airs_answer(airs_text(text)) : airs_fail_status(status);
}

static airs_outcome_t spawn(airs_str_t how, airs_str_t rest) {
    airs_str_t component = word(&rest);
    airs_spawn_options_t options = {.instance = word(&rest)};
    options.config = rest.size != 0 ? airs_as_bytes(rest) : (airs_bytes_t){NULL, 0};
    airs_spawned_t spawned = {""};
    airs_status_t status;
    if (is(how, "spawn")) {
        status = airs_spawn(component, &options, &spawned);
    } else if (is(how, "spawn-link")) {
        status = airs_spawn_link(component, &options, &spawned);
    } else {
        status = airs_spawn_monitor(component, &options, &spawned, &last_monitor);
    }
    return outcome(status, spawned.text);
}

static airs_outcome_t with_id(airs_str_t verb, airs_str_t text) {
    airs_id_t id;
    if (!airs_id_parse(text, &id)) {
        return airs_fail_str(airs_str("no id"));
    }
    if (is(verb, "stop")) {
        return outcome(airs_stop(id, AIRS_STOP_DROP), "ok");
    }
    if (is(verb, "kill")) {
        return outcome(airs_stop(id, AIRS_STOP_KILL), "ok");
    }
    if (is(verb, "monitor")) {
        return outcome(airs_monitor(id, &last_monitor), "ok");
    }
    if (is(verb, "link")) {
        return outcome(airs_link(id), "ok");
    }
    airs_unlink(id);
    return airs_answer(airs_text("ok"));
}

static airs_outcome_t exit_for(airs_str_t rest) {
    airs_str_t name = word(&rest);
    char text[128] = "";
    memcpy(text, rest.data, rest.size < sizeof text ? rest.size : sizeof text - 1);
    for (int kind = AIRS_REASON_NORMAL; kind <= AIRS_REASON_NO_ACTOR; kind++) {
        if (is(name, airs_reason_name((airs_reason_kind_t)kind))) {
            return outcome(airs_exit((airs_reason_kind_t)kind, text), "ok");
        }
    }
    return airs_fail_str(airs_str("no reason"));
}

static void raise_again(const airs_message_t *message) {
    if (again[0] != '\0' && airs_reason(message) != AIRS_REASON_NORMAL) {
        (void)airs_spawn_link(airs_str(again), NULL, NULL);
    }
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    if (airs_is_down(message) || airs_is_exit(message)) {
        report(message);
        raise_again(message);
        return airs_done();
    }
    airs_str_t rest = airs_as_str(message->payload);
    airs_str_t verb = word(&rest);
    if (is(verb, "spawn") || is(verb, "spawn-link") || is(verb, "spawn-monitor")) {
        return spawn(verb, rest);
    }
    if (is(verb, "exit")) {
        return exit_for(rest);
    }
    if (is(verb, "trap") || is(verb, "untrap")) {
        return outcome(airs_trap_exits(is(verb, "trap")), "ok");
    }
    if (is(verb, "demonitor")) {
        return airs_answer(airs_text(airs_demonitor(last_monitor) ? "yes" : "no"));
    }
    if (is(verb, "again")) {
        memcpy(again, rest.data, rest.size < sizeof again ? rest.size : sizeof again - 1);
        return airs_answer(airs_text("ok"));
    }
    if (is(verb, "crash")) {
        __builtin_trap();
    }
    if (is(verb, "sleep")) {
        airs_sleep(3600000);
    }
    if (is(verb, "loop")) {
        for (volatile unsigned i = 0;; i++) {
        }
    }
    return rest.size != 0 ? with_id(verb, rest) : airs_answer(airs_text("ok"));
}
