#include "actor/dead_letters.h"

#include <pthread.h>

#include "core/check.h"
#include "core/memory.h"
#include "core/utf8.h"

/* Of a reason's detail, most of which is a guest's backtrace. */
#define DETAIL_MAX 2000

typedef struct airs_letter {
    airs_component_message_t *message;
    airs_component_id_t *target;
    char *detail; /* NULL: none, or no memory for it */
    uint64_t died_ns;
    uint64_t serial;
    airs_dead_letter_reason_t reason;
} airs_letter_t;

struct airs_dead_letters {
    const airs_allocator_t *allocator;
    pthread_mutex_t lock;
    airs_letter_t *ring; /* `count` letters, the oldest at `first` */
    size_t capacity;
    size_t first;
    size_t count;
    size_t bytes; /* of payload in the ring */
    size_t max_bytes;
    uint64_t total;
    uint64_t by_reason[AIRS_DEAD_LETTER_REASONS];
};

const char *airs_dead_letter_reason_text(airs_dead_letter_reason_t reason) {
    switch (reason) {
#define REASON_CASE(name, text)   \
    case AIRS_DEAD_LETTER_##name: \
        return text;
        AIRS_DEAD_LETTER_MAP(REASON_CASE)
#undef REASON_CASE
    case AIRS_DEAD_LETTER_REASONS:
        break;
    }
    return "unknown";
}

airs_status_t airs_dead_letters_create(const airs_allocator_t *allocator, size_t max_letters,
                                       size_t max_bytes, airs_dead_letters_t **out) {
    AIRS_ASSERT(max_letters > 0);
    airs_dead_letters_t *letters = airs_alloc_zeroed(allocator, sizeof *letters);
    if (letters == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    letters->ring = airs_alloc_array(allocator, max_letters, sizeof *letters->ring);
    if (letters->ring == NULL || pthread_mutex_init(&letters->lock, NULL) != 0) {
        airs_release(allocator, letters->ring);
        airs_release(allocator, letters);
        return AIRS_OUT_OF_MEMORY;
    }
    letters->allocator = allocator;
    letters->capacity = max_letters;
    letters->max_bytes = max_bytes;
    *out = letters;
    return AIRS_OK;
}

static void drop_oldest(airs_dead_letters_t *letters) {
    airs_letter_t *letter = &letters->ring[letters->first];
    letters->bytes -= letter->message->payload.size;
    airs_component_message_destroy(letter->message);
    airs_component_id_unref(letter->target);
    airs_release(letters->allocator, letter->detail);
    letters->first = (letters->first + 1) % letters->capacity;
    letters->count--;
}

void airs_dead_letters_destroy(airs_dead_letters_t *letters) {
    if (letters == NULL) {
        return;
    }
    while (letters->count > 0) {
        drop_oldest(letters);
    }
    pthread_mutex_destroy(&letters->lock);
    airs_release(letters->allocator, letters->ring);
    airs_release(letters->allocator, letters);
}

static char *copy_detail(airs_dead_letters_t *letters, const char *detail) {
    if (detail == NULL || *detail == '\0') {
        return NULL;
    }
    size_t size = airs_utf8_cut_lines(airs_str(detail), DETAIL_MAX);
    char *copy = airs_alloc(letters->allocator, size + 1);
    if (copy != NULL) {
        memcpy(copy, detail, size);
        copy[size] = '\0';
    }
    return copy;
}

void airs_dead_letters_put(airs_dead_letters_t *letters, airs_dead_letter_reason_t reason, const char *detail,
                           airs_component_id_t *target, airs_component_message_t *message, uint64_t died_ns) {
    char *copy = copy_detail(letters, detail);
    size_t size = message->payload.size;
    pthread_mutex_lock(&letters->lock);
    letters->total++;
    letters->by_reason[reason]++;
    if (size > letters->max_bytes) {
        pthread_mutex_unlock(&letters->lock);
        airs_release(letters->allocator, copy);
        airs_component_message_destroy(message);
        return;
    }
    while (letters->count == letters->capacity || letters->bytes + size > letters->max_bytes) {
        drop_oldest(letters);
    }
    letters->ring[(letters->first + letters->count) % letters->capacity] = (airs_letter_t){
        .message = message,
        .target = airs_component_id_ref(target),
        .detail = copy,
        .died_ns = died_ns,
        .serial = letters->total,
        .reason = reason,
    };
    letters->count++;
    letters->bytes += size;
    pthread_mutex_unlock(&letters->lock);
}

static airs_dead_letter_t letter_view(const airs_letter_t *letter) {
    const airs_component_message_t *message = letter->message;
    return (airs_dead_letter_t){
        .serial = letter->serial,
        .reason = letter->reason,
        .detail = letter->detail != NULL ? letter->detail : "",
        .sender = airs_component_id_view(message->sender),
        .target = airs_component_id_view(letter->target),
        .sent_ns = message->timestamp_ns,
        .died_ns = letter->died_ns,
        .kind = airs_message_kind_text((airs_message_kind_t)message->kind),
        .content_type = message->content_type,
        .payload = message->payload,
    };
}

void airs_dead_letters_each(airs_dead_letters_t *letters,
                            bool (*each)(void *context, const airs_dead_letter_t *letter), void *context) {
    pthread_mutex_lock(&letters->lock);
    bool more = true;
    for (size_t i = 0; more && i < letters->count; i++) {
        airs_dead_letter_t view = letter_view(&letters->ring[(letters->first + i) % letters->capacity]);
        more = each(context, &view);
    }
    pthread_mutex_unlock(&letters->lock);
}

uint64_t airs_dead_letters_total(airs_dead_letters_t *letters) {
    pthread_mutex_lock(&letters->lock);
    uint64_t total = letters->total;
    pthread_mutex_unlock(&letters->lock);
    return total;
}

uint64_t airs_dead_letters_count(airs_dead_letters_t *letters, airs_dead_letter_reason_t reason) {
    AIRS_ASSERT(reason < AIRS_DEAD_LETTER_REASONS);
    pthread_mutex_lock(&letters->lock);
    uint64_t count = letters->by_reason[reason];
    pthread_mutex_unlock(&letters->lock);
    return count;
}
