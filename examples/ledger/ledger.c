/* Accounts, as the sum of all transfers that were ever made. A transfer is one value in storage, under the id that its
 * sender gave it: so it is there or not, whatever happens, and when the same id comes again nothing is transferred a
 * second time.
 *
 *   ID FROM TO AMOUNT    makes a transfer; FROM "-" pays in. Answers "ID ok", or "ID refused: why"
 *   balances             answers each account with what it has, and the total, a line each */
#include <airssys.h>

#include <stdio.h>
#include <stdlib.h>

const airs_metadata_t airs_metadata = {.name = "ledger", .version = "1.0.0", .stateful = true};

#define ACCOUNTS_MAX 100
#define NAME_MAX 24
#define KEY_PREFIX "transfer/"

/* What is in storage, added up. */
static struct account {
    char name[NAME_MAX];
    long balance;
} accounts[ACCOUNTS_MAX];
static size_t account_count;

/* NULL: there are too many. */
static struct account *find(const char *name) {
    for (size_t i = 0; i < account_count; i++) {
        if (strcmp(accounts[i].name, name) == 0) {
            return &accounts[i];
        }
    }
    if (account_count == ACCOUNTS_MAX) {
        return NULL;
    }
    struct account *account = &accounts[account_count++];
    snprintf(account->name, sizeof account->name, "%s", name);
    account->balance = 0;
    return account;
}

/* ---- what was decided, as it is stored: "ok FROM TO AMOUNT", or "refused: why" ---- */

static void apply(const char *decision) {
    char from[NAME_MAX];
    char to[NAME_MAX];
    long amount = 0;
    if (sscanf(decision, "ok %23s %23s %ld", from, to, &amount) != 3) {
        return; /* it was refused */
    }
    if (strcmp(from, "-") != 0) {
        find(from)->balance -= amount;
    }
    find(to)->balance += amount;
}

static void decide(const char *from, const char *to, long amount, char *decision, size_t size) {
    const struct account *source = find(from);
    const struct account *target = find(to);
    if (amount <= 0) {
        snprintf(decision, size, "refused: not an amount");
    } else if (source == NULL || target == NULL) {
        snprintf(decision, size, "refused: too many accounts");
    } else if (strcmp(from, "-") != 0 && source->balance < amount) {
        snprintf(decision, size, "refused: %s has %ld", from, source->balance);
    } else {
        snprintf(decision, size, "ok %s %s %ld", from, to, amount);
    }
}

static airs_outcome_t answer(const char *id, const char *decision) {
    bool made = strncmp(decision, "ok ", 3) == 0;
    return airs_answer_text("%s %s", id, made ? "ok" : decision);
}

static airs_outcome_t transfer(const char *id, const char *from, const char *to, long amount) {
    char key[sizeof KEY_PREFIX + NAME_MAX];
    char decision[100];
    airs_buffer_t known = {NULL, 0};
    snprintf(key, sizeof key, KEY_PREFIX "%s", id);
    airs_status_t status = airs_storage_get(airs_str(key), &known);
    if (status == AIRS_OK) {
        /* It was asked for before, and whoever did so did not hear of it. */
        snprintf(decision, sizeof decision, "%.*s", (int)known.size, (const char *)known.data);
        airs_buffer_free(&known);
        return answer(id, decision);
    }
    if (status != AIRS_NOT_FOUND) {
        return airs_fail_status(status);
    }
    decide(from, to, amount, decision, sizeof decision);
    /* When this has returned the transfer is on the disk. Meanwhile no other message is handled here. */
    status = airs_storage_set(airs_str(key), airs_text(decision));
    if (status != AIRS_OK) {
        return airs_fail_status(status);
    }
    apply(decision);
    return answer(id, decision);
}

/* ---- balances ---- */

static int by_name(const void *left, const void *right) {
    return strcmp(((const struct account *)left)->name, ((const struct account *)right)->name);
}

static airs_outcome_t balances(void) {
    static char text[ACCOUNTS_MAX * (NAME_MAX + 24)];
    size_t size = 0;
    long total = 0;
    qsort(accounts, account_count, sizeof accounts[0], by_name);
    for (size_t i = 0; i < account_count; i++) {
        if (strcmp(accounts[i].name, "-") != 0) {
            total += accounts[i].balance;
            size += (size_t)snprintf(text + size, sizeof text - size, "%s %ld\n", accounts[i].name,
                                     accounts[i].balance);
        }
    }
    size += (size_t)snprintf(text + size, sizeof text - size, "total %ld", total);
    return airs_answer(airs_bytes(text, size));
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    char text[200];
    char id[NAME_MAX];
    char from[NAME_MAX];
    char to[NAME_MAX];
    long amount = 0;
    snprintf(text, sizeof text, "%.*s", AIRS_STR_ARG(message->payload));
    if (strcmp(text, "balances") == 0) {
        return balances();
    }
    if (sscanf(text, "%23s %23s %23s %ld", id, from, to, &amount) != 4) {
        return airs_fail("\"%s\" is no transfer", text);
    }
    return transfer(id, from, to, amount);
}

/* ---- the start, and each one after a crash ---- */

/* Their keys first: nothing else may be asked of storage while it lists. */
typedef struct keys {
    char (*names)[sizeof KEY_PREFIX + NAME_MAX];
    size_t count;
    size_t room;
} keys_t;

static bool add_key(void *context, airs_str_t key) {
    keys_t *keys = context;
    if (keys->count == keys->room) {
        keys->room = keys->room * 2 + 64;
        void *larger = realloc(keys->names, keys->room * sizeof keys->names[0]);
        if (larger == NULL) {
            return false;
        }
        keys->names = larger;
    }
    snprintf(keys->names[keys->count++], sizeof keys->names[0], "%.*s", AIRS_STR_ARG(key));
    return true;
}

static airs_status_t apply_stored(const char *key) {
    char decision[100];
    airs_buffer_t value = {NULL, 0};
    airs_status_t status = airs_storage_get(airs_str(key), &value);
    if (status == AIRS_OK) {
        snprintf(decision, sizeof decision, "%.*s", (int)value.size, (const char *)value.data);
        apply(decision);
        airs_buffer_free(&value);
    }
    return status;
}

airs_outcome_t airs_on_start(void) {
    keys_t keys = {NULL, 0, 0};
    airs_status_t status = airs_storage_list(airs_str(KEY_PREFIX), add_key, &keys);
    for (size_t i = 0; i < keys.count && status == AIRS_OK; i++) {
        status = apply_stored(keys.names[i]);
    }
    free(keys.names);
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}
