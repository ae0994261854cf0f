#include "support/adversaries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MINUTE_MS 60000

/* So that who sends to it is who is busy. */
#define BUSY_MESSAGES 64

/* What it may keep in storage. */
#define QUOTA_BYTES ((uint64_t)4 << 20)

const airs_adversary_t airs_adversaries[] = {
    {"endless loop", "loop", "loop", AIRS_EXECUTION_TIME_EXCEEDED, NULL, true},
    {"endless loop in a callback", "adversary", "loop-in-callback", AIRS_EXECUTION_TIME_EXCEEDED, NULL, true},
    {"endless loop in cabi_realloc", "bad/realloc-loops-later", "x", AIRS_EXECUTION_TIME_EXCEEDED, NULL,
     true},
    {"endless loop at the start", "bad/start-loops", NULL, AIRS_EXECUTION_TIME_EXCEEDED, NULL, true},
    {"memory bomb", "hog", "trap", AIRS_TRAP, NULL, true},
    {"table bomb", "bad/grows-table", "x", AIRS_TRAP, NULL, false},
    {"deep recursion", "trap", "stack", AIRS_STACK_OVERFLOW, NULL, false},
    {"deep recursion with frames", "trap", "frames", AIRS_TRAP, NULL, false},
    {"huge list as a result", "bad/result-huge", "x", AIRS_INVALID_RESULT, NULL, false},
    {"huge answer", "adversary", "answer 20971520", AIRS_OK, NULL, true},
    {"result that is not UTF-8", "bad/result-not-utf8", "x", AIRS_INVALID_RESULT, NULL, false},
    {"argument that is not UTF-8", "adversary", "not-utf8", AIRS_INVALID_RESULT, NULL, false},
    {"result outside its memory", "bad/result-outside", "x", AIRS_INVALID_RESULT, NULL, false},
    {"argument outside its memory", "bad/argument-outside", "x", AIRS_INVALID_RESULT, NULL, false},
    {"a million messages", "adversary", "flood app/busy/0 1000000", AIRS_OK, NULL, true},
    {"messages to nobody", "adversary", "flood app/nobody/0 100000", AIRS_OK, "0 ", true},
    {"messages that are denied", "adversary", "flood pair/partner/0 100000", AIRS_OK, "0 ", true},
    {"requests never answered", "adversary", "ask app/silent/0 100", AIRS_OK, NULL, false},
    {"hoard of requests and timers, and a crash", "adversary", "hoard app/silent/0 100000", AIRS_TRAP, NULL,
     true},
    {"forged correlation ids", "adversary", "forge 100", AIRS_OK, "0", false},
    {"path escapes", "files",
     "read /etc/passwd\nread ../etc/passwd\nread /data/../../etc/passwd\nlist /\nlist /data/..\n"
     "write /data/../airssys-escaped x\nmkdir /data/../airssys-escaped\nlink /data/../etc/passwd /data/here",
     AIRS_HANDLE_MESSAGE_FAILED, NULL, false},
    {"connection attempts", "sockets/sockets",
     "ask 127.0.0.1 9 x\nask 10.0.0.1 80 x\nsend 127.0.0.1 53 x\nlisten 127.0.0.1 0\nbind 0.0.0.0 0\n"
     "resolve localhost",
     AIRS_HANDLE_MESSAGE_FAILED, "access-denied", false},
    {"log flood", "adversary", "log 100000", AIRS_OK, "ok", true},
    {"storage flood", "adversary", "store 1000", AIRS_OK, NULL, true},
};

const size_t airs_adversary_count = sizeof airs_adversaries / sizeof airs_adversaries[0];

enum { ADVERSARY, SILENT, BUSY };

static airs_id_t id_of(size_t which) {
    static const char *const names[] = {"adversary", "silent", "busy"};
    return airs_id("app", names[which], "0");
}

static airs_status_t load(airs_attack_t *attack, const char *guests, size_t which, const char *name,
                          airs_error_t *error) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s.wasm", guests, name);
    return airs_node_load(attack->node, path, &attack->components[which], error);
}

/* With what every component has, but for a quota; and with a folder, where there is one. */
static airs_status_t spawn(airs_attack_t *attack, size_t which, airs_error_t *error) {
    const airs_grant_t grants[] = {
        {.action = "messaging.*", .pattern = "app/**"},
        {.action = "storage.*", .pattern = "**"},
        {.action = "services.*"},
        {.action = "filesystem.*", .pattern = attack->folder, .guest_path = "/data"},
    };
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.confined = true;
    options.grants = grants;
    options.grant_count = sizeof grants / sizeof grants[0] - (attack->folder[0] == '\0' ? 1 : 0);
    options.storage_quota = QUOTA_BYTES;
    options.mailbox_messages = which == BUSY ? BUSY_MESSAGES : 0;
    bool loops = which == ADVERSARY && attack->adversary->status == AIRS_EXECUTION_TIME_EXCEEDED;
    options.max_execution_time_ms = loops ? AIRS_ADVERSARY_LOOP_MS : MINUTE_MS;
    return airs_node_spawn(attack->node, attack->components[which], id_of(which), &options, error);
}

bool airs_adversary_ends(const airs_adversary_t *adversary) {
    return adversary->message != NULL && adversary->status != AIRS_OK &&
           adversary->status != AIRS_HANDLE_MESSAGE_FAILED;
}

static airs_status_t make_folder(airs_attack_t *attack, airs_error_t *error) {
    if (strcmp(attack->adversary->guest, "files") != 0) {
        return AIRS_OK;
    }
    (void)snprintf(attack->folder, sizeof attack->folder, "/tmp/airssys-adversary-XXXXXX");
    if (mkdtemp(attack->folder) == NULL) {
        attack->folder[0] = '\0';
        return airs_error_set(error, AIRS_IO, "no folder can be made");
    }
    return AIRS_OK;
}

airs_status_t airs_attack_open(airs_attack_t *attack, airs_node_t *node, const char *guests,
                               const airs_adversary_t *adversary, airs_error_t *error) {
    const char *names[] = {adversary->guest, "deferrer", "echo"};
    *attack = (airs_attack_t){.node = node, .adversary = adversary};
    airs_status_t status = make_folder(attack, error);
    for (size_t i = 0; i < 3 && status == AIRS_OK; i++) {
        status = load(attack, guests, i, names[i], error);
        if (status == AIRS_OK && i != ADVERSARY) {
            status = spawn(attack, i, error);
        }
    }
    return status;
}

static void keep_answer(void *context, airs_bytes_t payload) {
    airs_attack_t *attack = context;
    (void)snprintf(attack->answer, sizeof attack->answer, "%.*s", (int)payload.size,
                   payload.size > 0 ? (const char *)payload.data : "");
}

/* Who asked is told before the actor is gone. */
static airs_status_t await_end(airs_node_t *node, airs_error_t *error) {
    const struct timespec moment = {0, 100000};
    airs_actor_counters_t counters;
    for (unsigned i = 0; i < MINUTE_MS; i++) {
        if (airs_node_counters(node, id_of(ADVERSARY), &counters) != AIRS_OK) {
            return AIRS_OK;
        }
        (void)nanosleep(&moment, NULL);
    }
    return airs_error_set(error, AIRS_TIMEOUT, "the adversary is still there");
}

/* One line of what it is asked to do. */
static airs_status_t ask(airs_attack_t *attack, const char *line, size_t size, airs_error_t *error) {
    const airs_adversary_t *adversary = attack->adversary;
    const char *due = adversary->answer != NULL ? adversary->answer : "";
    attack->answer[0] = '\0';
    airs_status_t status = airs_node_call(attack->node, id_of(ADVERSARY), airs_bytes(line, size),
                                          airs_str(NULL), MINUTE_MS, keep_answer, attack, error);
    if (status != adversary->status) {
        return status != AIRS_OK
                   ? status
                   : airs_error_set(error, AIRS_OK, "%.*s: answered \"%s\"", (int)size, line, attack->answer);
    }
    bool as_due = status == AIRS_OK ? strncmp(attack->answer, due, strlen(due)) == 0
                                    : strstr(error->text, due) != NULL;
    return as_due ? status
                  : airs_error_set(error, AIRS_INTERNAL, "%.*s: \"%s\", %s", (int)size, line, attack->answer,
                                   status != AIRS_OK ? error->text : "");
}

airs_status_t airs_attack_strike(airs_attack_t *attack, airs_error_t *error) {
    const airs_adversary_t *adversary = attack->adversary;
    airs_status_t status = spawn(attack, ADVERSARY, error);
    if (adversary->message == NULL || (status != AIRS_OK && status != AIRS_ALREADY_EXISTS)) {
        return status;
    }
    for (const char *line = adversary->message; line != NULL;) {
        const char *end = strchr(line, '\n');
        status = ask(attack, line, end != NULL ? (size_t)(end - line) : strlen(line), error);
        if (status != adversary->status) {
            return status;
        }
        line = end != NULL ? end + 1 : NULL;
    }
    if (airs_adversary_ends(adversary)) {
        airs_status_t ended = await_end(attack->node, error);
        status = ended == AIRS_OK ? status : ended;
    }
    return status;
}

void airs_attack_close(airs_attack_t *attack) {
    for (size_t i = 0; i < 3; i++) {
        (void)airs_node_stop(attack->node, id_of(i), AIRS_STOP_DROP, MINUTE_MS, NULL);
        airs_node_unload(attack->node, attack->components[i]);
    }
    if (attack->folder[0] != '\0') {
        (void)rmdir(attack->folder);
    }
}
