/* The order desk: each line "ORDER ITEM COUNT METHOD" is an order. It has the items reserved, then the money
 * charged, then tells everybody; when all orders have ended it prints what became of them. */
#include "orders.h"

#include <stdio.h>

const airs_metadata_t airs_metadata = {.name = "order desk", .version = "1.0.0", .stateful = true};

#define STOCK_TIMEOUT_MS 10000
#define PAYMENT_TIMEOUT_MS 300
#define PAYMENT_ATTEMPTS 3

typedef struct order {
    char line[80];
    airs_str_t number, item, count, method; /* in `line` */
    airs_request_id_t request;              /* the newest; its end comes to airs_on_callback */
    int attempts;                           /* to charge; 0: the items are being reserved */
    const char *result;                     /* NULL: it has not ended */
} order_t;

#define ORDERS_MAX 1000

static order_t orders[ORDERS_MAX];
static size_t order_count;
static size_t ended_count;
static bool input_ended;
static airs_request_id_t last_request; /* of what is left, when all orders have ended */

static airs_status_t ask(const char *whom, airs_bytes_t what, uint64_t timeout_ms, airs_request_id_t *out) {
    return airs_request((airs_id_t){airs_self().ns, airs_str(whom), airs_str("0")}, what, timeout_ms, out);
}

/* Whoever wants to know has subscribed. */
static airs_status_t end(order_t *order, const char *result, const char *topic) {
    char text[100];
    order->result = result;
    ended_count++;
    snprintf(text, sizeof text, "%.*s %.*s %.*s", AIRS_STR_ARG(order->number), AIRS_STR_ARG(order->item),
             AIRS_STR_ARG(order->count));
    return topic != NULL ? airs_publish(airs_str(topic), airs_text(text), airs_str(NULL), NULL) : AIRS_OK;
}

static airs_status_t reserve(order_t *order) {
    char text[100];
    snprintf(text, sizeof text, "reserve %.*s %.*s", AIRS_STR_ARG(order->item), AIRS_STR_ARG(order->count));
    airs_status_t status = ask("stock", airs_text(text), STOCK_TIMEOUT_MS, &order->request);
    return status == AIRS_OK ? AIRS_OK : end(order, "the stock is not there", NULL);
}

/* Asking again is safe: payment knows an order by its number. */
static airs_status_t charge(order_t *order) {
    char text[100];
    order->attempts++;
    snprintf(text, sizeof text, "charge %.*s %.*s", AIRS_STR_ARG(order->number), AIRS_STR_ARG(order->method));
    airs_status_t status = ask("payment", airs_text(text), PAYMENT_TIMEOUT_MS, &order->request);
    return status == AIRS_OK ? AIRS_OK : end(order, "payment is not there", "orders.cancelled");
}

static airs_status_t reserved(order_t *order, const airs_message_t *message) {
    if (message->kind == AIRS_FAILURE) {
        return end(order, "the stock does not answer", NULL);
    }
    return airs_is(message->payload, "reserved") ? charge(order) : end(order, "sold out", NULL);
}

static airs_status_t charged(order_t *order, const airs_message_t *message) {
    if (airs_failure_is(message, "timeout") && order->attempts < PAYMENT_ATTEMPTS) {
        return charge(order);
    } else if (message->kind == AIRS_FAILURE) {
        return end(order, "payment does not answer", "orders.cancelled");
    }
    bool paid = airs_is(message->payload, "paid");
    return end(order, paid ? "paid" : "declined", paid ? "orders.paid" : "orders.cancelled");
}

/* When the last order has ended. What was published to the stock before, it hears before this request. */
static airs_status_t finish(void) {
    bool finished = input_ended && ended_count == order_count && last_request.text[0] == '\0';
    return finished ? ask("stock", airs_text("left"), STOCK_TIMEOUT_MS, &last_request) : AIRS_OK;
}

static void print(airs_bytes_t left) {
    for (size_t i = 0; i < order_count; i++) {
        const order_t *order = &orders[i];
        printf("%.*s  %3.*s %-8.*s %s\n", AIRS_STR_ARG(order->number), AIRS_STR_ARG(order->count),
               AIRS_STR_ARG(order->item), order->result);
    }
    printf("left: %.*s\n", AIRS_STR_ARG(left));
}

static airs_outcome_t outcome(airs_status_t status) {
    status = status == AIRS_OK ? finish() : status;
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}

static airs_outcome_t take(airs_bytes_t line) {
    order_t *order = &orders[order_count];
    if (order_count == ORDERS_MAX || line.size >= sizeof order->line) {
        return airs_fail_str(airs_str("an order too many, or too long"));
    }
    memcpy(order->line, line.data, line.size);
    airs_str_t rest = airs_str_n(order->line, line.size);
    order->number = next_word(&rest);
    order->item = next_word(&rest);
    order->count = next_word(&rest);
    order->method = next_word(&rest);
    order_count++;
    return outcome(reserve(order));
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    if (!airs_is_end(message)) {
        return take(message->payload);
    }
    input_ended = true;
    return outcome(AIRS_OK);
}

static order_t *find(airs_str_t request) {
    for (size_t i = 0; i < order_count; i++) {
        if (airs_str_equal(airs_str(orders[i].request.text), request)) {
            return &orders[i];
        }
    }
    return NULL;
}

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    order_t *order = find(message->correlation_id);
    if (order == NULL) {
        print(message->payload);
        return airs_done();
    }
    return outcome(order->attempts == 0 ? reserved(order, message) : charged(order, message));
}
