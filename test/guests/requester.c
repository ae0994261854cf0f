/* Sends each message as a request to the actor that its configuration names, with TIMEOUT_MS (default
 * 1,000), and answers with the request's id. How it ends goes to the actor that REPORT_TO names, as
 * "response ID PAYLOAD" or "failure ID PAYLOAD". "cancel" cancels the newest request, and answers "ok" or
 * the error. */
#include <airssys.h>

static airs_id_t target;
static airs_id_t report_to;
static bool has_report_to;
static uint64_t timeout_ms = 1000;
static airs_request_id_t newest;

airs_outcome_t airs_on_start(void) {
    if (!airs_id_parse(airs_as_str(airs_config()), &target)) {
        return airs_fail_str(airs_str("the configuration is not an id"));
    }
    const char *report = airs_env("REPORT_TO");
    if (report != NULL && !(has_report_to = airs_id_parse(airs_str(report), &report_to))) {
        return airs_fail_str(airs_str("REPORT_TO is not an id"));
    }
    const char *timeout = airs_env("TIMEOUT_MS");
    if (timeout != NULL && !airs_parse_u64(airs_text(timeout), &timeout_ms)) {
        return airs_fail_str(airs_str("TIMEOUT_MS is not a number"));
    }
    return airs_done();
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    if (airs_is(message->payload, "cancel")) {
        airs_status_t status = airs_cancel_request(&newest);
        return status == AIRS_OK ? airs_answer(airs_text("ok")) : airs_fail_status(status);
    }
    airs_status_t status = airs_request(target, message->payload, timeout_ms, &newest);
    return status == AIRS_OK ? airs_answer(airs_text(newest.text)) : airs_fail_status(status);
}

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    static uint8_t report[65536];
    if (!has_report_to) {
        return airs_done();
    }
    airs_str_t word = airs_str(message->kind == AIRS_RESPONSE ? "response " : "failure ");
    airs_str_t id = message->correlation_id;
    size_t head = word.size + id.size + 1;
    if (head + message->payload.size > sizeof report) {
        return airs_fail_str(airs_str("the answer is too long for a report"));
    }
    memcpy(report, word.data, word.size);
    memcpy(report + word.size, id.data, id.size);
    report[head - 1] = ' ';
    if (message->payload.size != 0) {
        memcpy(report + head, message->payload.data, message->payload.size);
    }
    airs_status_t status = airs_send(report_to, airs_bytes(report, head + message->payload.size));
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}
