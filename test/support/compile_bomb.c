#include "support/compile_bomb.h"

#include <stdlib.h>

#include "core/check.h"
#include "security/leb128.h"

typedef struct bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
} bytes_t;

static void add(bytes_t *to, const void *from, size_t size) {
    if (to->size + size > to->capacity) {
        to->capacity = 2 * (to->size + size) + 64;
        uint8_t *larger = realloc(to->data, to->capacity);
        AIRS_ASSERT(larger != NULL);
        to->data = larger;
    }
    if (size > 0) {
        memcpy(to->data + to->size, from, size);
    }
    to->size += size;
}

static void add_byte(bytes_t *to, uint8_t byte) { add(to, &byte, 1); }

static void add_number(bytes_t *to, uint32_t value) {
    uint8_t digits[AIRS_LEB128_MAX];
    add(to, digits, airs_leb128_write(value, digits));
}

/* `part` with its size before it; it is given back. */
static void add_sized(bytes_t *to, bytes_t *part) {
    add_number(to, (uint32_t)part->size);
    add(to, part->data, part->size);
    free(part->data);
    *part = (bytes_t){0};
}

static void add_section(bytes_t *to, uint8_t id, bytes_t *payload) {
    add_byte(to, id);
    add_sized(to, payload);
}

#define OP_BLOCK 0x02
#define OP_LOOP 0x03
#define OP_END 0x0b
#define OP_BR_TABLE 0x0e
#define OP_LOCAL_GET 0x20
#define OP_LOCAL_SET 0x21
#define OP_I32_CONST 0x41
#define OP_I32_ADD 0x6a
#define OP_I32_MUL 0x6c
#define TYPE_EMPTY 0x40
#define TYPE_I32 0x7f

/* local = local * other + number */
static void add_sum(bytes_t *code, uint32_t local, uint32_t other, uint32_t number) {
    add_byte(code, OP_LOCAL_GET);
    add_number(code, local);
    add_byte(code, OP_LOCAL_GET);
    add_number(code, other);
    add_byte(code, OP_I32_MUL);
    add_byte(code, OP_I32_CONST);
    add_byte(code, (uint8_t)(number & 0x3f));
    add_byte(code, OP_I32_ADD);
    add_byte(code, OP_LOCAL_SET);
    add_number(code, local);
}

static void add_jump(bytes_t *code, const airs_compile_bomb_t *bomb, uint32_t step) {
    add_byte(code, OP_LOCAL_GET);
    add_number(code, step % bomb->locals);
    add_byte(code, OP_BR_TABLE);
    add_number(code, bomb->blocks);
    for (uint32_t i = 0; i <= bomb->blocks; i++) {
        add_number(code, i);
    }
}

/* All in a loop, so that what is known at its end has to be known at its beginning. The first two local variables are
 * what the function is called with, so that nothing is known of them. */
static void add_body(bytes_t *code, const airs_compile_bomb_t *bomb) {
    uint32_t locals = bomb->locals > 0 ? bomb->locals : 2;
    add_number(code, 1);
    add_number(code, locals);
    add_byte(code, TYPE_I32);
    for (uint32_t step = 0; step < bomb->steps; step++) {
        if (bomb->blocks == 0) {
            add_sum(code, step % locals, (step + 1) % locals, step);
            continue;
        }
        add_byte(code, OP_LOOP);
        add_byte(code, TYPE_EMPTY);
        for (uint32_t i = 0; i < bomb->blocks; i++) {
            add_byte(code, OP_BLOCK);
            add_byte(code, TYPE_EMPTY);
        }
        add_jump(code, bomb, step);
        for (uint32_t i = 0; i < bomb->blocks; i++) {
            add_byte(code, OP_END);
            add_sum(code, (step + i) % locals, (step + 3 * i + 1) % locals, i);
        }
        add_byte(code, OP_END);
    }
    /* So that none of it is for nothing. */
    for (uint32_t i = 0; i < locals; i++) {
        add_byte(code, OP_LOCAL_GET);
        add_number(code, i);
        if (i > 0) {
            add_byte(code, OP_I32_ADD);
        }
    }
    add_byte(code, OP_END);
}

static const uint8_t module_header[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
static const uint8_t component_header[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};

static bytes_t begin(const uint8_t header[8]) {
    bytes_t made = {0};
    add(&made, header, 8);
    return made;
}

static airs_bytes_t wrap(bytes_t module, uint32_t nesting) {
    bytes_t whole = begin(component_header);
    add_section(&whole, 1, &module);
    for (uint32_t i = 0; i < nesting; i++) {
        bytes_t outer = begin(component_header);
        add_section(&outer, 4, &whole);
        whole = outer;
    }
    return airs_bytes(whole.data, whole.size);
}

airs_bytes_t airs_compile_bomb_make(const airs_compile_bomb_t *bomb) {
    static const uint8_t type[] = {1, 0x60, 2, TYPE_I32, TYPE_I32, 1, TYPE_I32};
    bytes_t module = begin(module_header);
    bytes_t types = {0};
    bytes_t functions = {0};
    bytes_t code = {0};
    add(&types, type, sizeof type);
    add_number(&functions, bomb->functions);
    add_number(&code, bomb->functions);
    for (uint32_t i = 0; i < bomb->functions; i++) {
        bytes_t body = {0};
        add_body(&body, bomb);
        add_number(&functions, 0);
        add_sized(&code, &body);
    }
    add_section(&module, 1, &types);
    add_section(&module, 3, &functions);
    add_section(&module, 10, &code);
    return wrap(module, 0);
}

airs_bytes_t airs_hollow_component_make(uint8_t section, uint32_t entries, uint32_t nesting) {
    bytes_t module = begin(module_header);
    bytes_t payload = {0};
    add_number(&payload, entries);
    for (uint32_t i = 0; i < entries; i++) {
        add_byte(&payload, 0);
    }
    add_section(&module, section, &payload);
    return wrap(module, nesting);
}
