#include "actor/supervisor_internal.h"

#include <inttypes.h>
#include <stdio.h>

#define PATH_MAX_BYTES 256
#define REASON_MAX_BYTES 256

/* "root/nested/nested", cut where there is no room. */
static size_t write_path(const airs_supervisor_t *self, char *out, size_t room) {
    const char *name = self->name != NULL ? self->name : "supervisor";
    size_t used = 0;
    if (self->parent != NULL) {
        used = write_path(self->parent->owner, out, room);
        name = self->parent->name;
    }
    const char *slash = used > 0 ? "/" : "";
    int size = snprintf(out + used, room - used, "%s%s", slash, name);
    return size > 0 && (size_t)size < room - used ? used + (size_t)size : room - 1;
}

/* The first line: the actor itself has said what there is to a crash, with a backtrace. */
static int length_of(const char *text) {
    size_t size = strcspn(text, "\n");
    return size < REASON_MAX_BYTES ? (int)size : REASON_MAX_BYTES;
}

/* Why it ended: "crash: trap: unreachable", "shutdown: too many restarts", "normal". */
static void write_reason(const airs_supervisor_t *self, const airs_child_t *child, bool failed,
                         char out[REASON_MAX_BYTES]) {
    airs_exit_reason_t reason = {.kind = AIRS_REASON_SHUTDOWN, .text = ""};
    if (child->nested != NULL) {
        reason.text = child->nested->verdict != NULL ? child->nested->verdict : "";
    } else if (child->actor != NULL) {
        reason = airs_actor_reason(child->actor);
    }
    const char *kind = airs_reason_text(reason.kind);
    const char *colon = reason.text[0] != '\0' ? ": " : "";
    if (failed && self->error.text[0] != '\0') {
        /* Which names the child that did not start. */
        kind = colon = "";
        reason.text = self->error.text;
    }
    int size = snprintf(out, REASON_MAX_BYTES, "%s%s%.*s", kind, colon, length_of(reason.text), reason.text);
    if (size < 0) {
        out[0] = '\0';
    }
}

typedef struct airs_note {
    airs_log_level_t level;
    const char *what;
    const airs_child_t *child;
    const char *reason;
    const char *restarts; /* "": nothing to say */
    const char *wait;     /* likewise */
    uint32_t suppressed;
} airs_note_t;

static void write_note(const airs_supervisor_t *self, const airs_note_t *note) {
    char path[PATH_MAX_BYTES];
    char suppressed[16] = "";
    (void)write_path(self, path, sizeof path);
    if (note->suppressed > 0) {
        (void)snprintf(suppressed, sizeof suppressed, "%" PRIu32, note->suppressed);
    }
    const char *const keys[] = {"child", "reason", "restarts", "wait", "suppressed"};
    const char *const values[] = {note->child->name, note->reason, note->restarts, note->wait, suppressed};
    airs_log_field_t fields[5];
    size_t count = 0;
    for (size_t i = 0; i < 5; i++) {
        if (values[i][0] != '\0') {
            fields[count++] = (airs_log_field_t){airs_str(keys[i]), airs_str(values[i])};
        }
    }
    airs_log_record_t record = {
        .level = note->level,
        .source = airs_str(path),
        .message = airs_str(note->what),
        .fields = fields,
        .field_count = count,
    };
    self->services->log->write(self->services->log, &record);
}

static bool is_wanted(airs_supervisor_t *self, airs_log_level_t level, uint32_t *suppressed) {
    return level >= self->services->log->level &&
           airs_log_limiter_pass(&self->complaints, airs_clock_monotonic(self->services->clock), suppressed);
}

void airs_supervisor_log_restart(airs_supervisor_t *self, const airs_child_t *child, bool failed) {
    char reason[REASON_MAX_BYTES];
    airs_note_t note = {.level = AIRS_LOG_WARN, .child = child, .reason = reason, .wait = ""};
    if (!is_wanted(self, note.level, &note.suppressed)) {
        return;
    }
    write_reason(self, child, failed, reason);
    const airs_restart_intensity_t *intensity = &self->intensity;
    bool all = self->strategy == AIRS_ONE_FOR_ALL;
    bool rest = self->strategy == AIRS_REST_FOR_ONE && child->next != NULL;
    note.what = failed ? "a child could not be started: it is tried again"
                : all  ? "a child has ended: all children are restarted"
                : rest ? "a child has ended: it is restarted, and those after it"
                       : "a child has ended: it is restarted";
    char restarts[96];
    char wait[32];
    (void)snprintf(restarts, sizeof restarts, "%" PRIu32 " of at most %" PRIu32 " in %" PRIu64 " ms",
                   airs_restart_intensity_count(intensity, airs_clock_monotonic(self->services->clock)),
                   intensity->most, intensity->period_ns / 1000000);
    note.restarts = restarts;
    if (child->wait_ns > 0) {
        (void)snprintf(wait, sizeof wait, "%" PRIu64 " ms", child->wait_ns / 1000000);
        note.wait = wait;
    }
    write_note(self, &note);
}

void airs_supervisor_log_end(airs_supervisor_t *self, const airs_child_t *child, bool failed) {
    if (AIRS_LOG_ERROR < self->services->log->level) {
        return;
    }
    char reason[REASON_MAX_BYTES];
    write_reason(self, child, failed, reason);
    char restarts[96];
    (void)snprintf(restarts, sizeof restarts, "more than %" PRIu32 " in %" PRIu64 " ms", self->intensity.most,
                   self->intensity.period_ns / 1000000);
    const airs_note_t note = {
        .level = AIRS_LOG_ERROR,
        .what = self->parent != NULL ? "too many restarts: the supervisor stops its children and fails upward"
                                     : "too many restarts: the supervisor stops its children and ends",
        .child = child,
        .reason = reason,
        .restarts = restarts,
        .wait = "",
    };
    write_note(self, &note);
}

void airs_supervisor_log_loss(airs_supervisor_t *self, const airs_child_t *child, bool shuts_down) {
    char reason[REASON_MAX_BYTES];
    airs_note_t note = {
        .level = shuts_down || child->abnormal ? AIRS_LOG_WARN : AIRS_LOG_INFO,
        .what = shuts_down ? "a significant child has ended: the supervisor shuts down"
                           : "a child has ended and is not restarted",
        .child = child,
        .reason = reason,
        .restarts = "",
        .wait = "",
    };
    if (shuts_down ? note.level >= self->services->log->level
                   : is_wanted(self, note.level, &note.suppressed)) {
        write_reason(self, child, false, reason);
        write_note(self, &note);
    }
}
