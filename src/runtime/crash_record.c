#include "runtime/crash_record.h"

#include <inttypes.h>
#include <sodium.h>

#include "core/memory.h"

#define VERSION 1

static const uint8_t magic[8] = {'a', 'i', 'r', 's', 'c', 'r', 's', 'h'};

bool airs_crash_comes_again(airs_status_t status) {
    switch (status) {
    case AIRS_TRAP:
    case AIRS_INVALID_RESULT:
    case AIRS_INSTANTIATION_FAILED:
    case AIRS_INITIALIZE_FAILED:
    case AIRS_OUT_OF_FUEL:
        return true;
    default:
        return false;
    }
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Little-endian. */
static void put_u32(uint8_t *to, uint32_t number) {
    for (unsigned i = 0; i < 4; i++) {
        to[i] = (uint8_t)(number >> (8 * i));
    }
}

static uint32_t get_u32(const uint8_t *from) {
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static void append_header(airs_journal_t *to, const airs_crash_record_t *record) {
    const airs_field_t fields[] = {
        airs_field_text(record->airssys_version),
        airs_field_text(record->engine_version),
        airs_field_text(record->machine),
        airs_field_bytes(airs_bytes(record->digest.bytes, sizeof record->digest.bytes)),
        airs_field_text(record->source),
        airs_field_text(record->id),
        airs_field_number(record->crashed_ns),
        airs_field_number(record->limits.max_memory_bytes),
        airs_field_number(record->limits.max_execution_time_ms),
        airs_field_number(record->limits.max_parked_time_ms),
        airs_field_number(record->limits.max_fuel),
        airs_field_number(record->engine_memory_bytes),
        airs_field_number(record->slice_fuel),
        airs_field_number(record->consume_fuel),
        airs_field_number(record->guest_stack_bytes),
        airs_field_number(record->fiber_stack_bytes),
        airs_field_number(record->status),
        airs_field_number(record->entries),
        /* With its zero, so that whoever reads it has it as it was. */
        airs_field_bytes(airs_bytes(record->reason.data, record->reason.size + 1)),
    };
    airs_journal_append(to, AIRS_ENTRY_HEADER, fields, sizeof fields / sizeof *fields);
}

airs_status_t airs_crash_record_encode(const airs_allocator_t *allocator, const airs_crash_record_t *record,
                                       uint8_t **out, size_t *size) {
    airs_journal_t header;
    airs_journal_init(&header, allocator, UINT64_MAX);
    append_header(&header, record);
    uint8_t *block =
        header.status == AIRS_OK ? airs_alloc(allocator, AIRS_CRASH_PREFIX_SIZE + (size_t)header.size) : NULL;
    if (block != NULL) {
        memcpy(block, magic, sizeof magic);
        put_u32(block + sizeof magic, VERSION);
        memcpy(block + AIRS_CRASH_PREFIX_SIZE, header.first->bytes, (size_t)header.size);
        *out = block;
        *size = AIRS_CRASH_PREFIX_SIZE + (size_t)header.size;
    }
    airs_journal_free(&header);
    return block != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
}

void airs_crash_record_seal(const airs_bytes_t *parts, size_t count,
                            uint8_t checksum[AIRS_CRASH_CHECKSUM_SIZE]) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, AIRS_CRASH_CHECKSUM_SIZE);
    for (size_t i = 0; i + 1 < count; i++) {
        crypto_generichash_update(&state, parts[i].data, parts[i].size);
    }
    crypto_generichash_final(&state, checksum, AIRS_CRASH_CHECKSUM_SIZE);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* What need not be UTF-8: a path. */
static airs_str_t take_bytes_as_text(airs_entry_t *entry) {
    airs_bytes_t bytes = airs_entry_bytes(entry);
    return airs_str_n((const char *)bytes.data, bytes.size);
}

static bool read_header(airs_entry_t *entry, airs_crash_record_t *out) {
    out->airssys_version = airs_entry_string(entry);
    out->engine_version = airs_entry_string(entry);
    out->machine = airs_entry_string(entry);
    airs_bytes_t digest = airs_entry_bytes(entry);
    out->source = take_bytes_as_text(entry);
    out->id = airs_entry_string(entry);
    out->crashed_ns = airs_entry_number(entry);
    out->limits.max_memory_bytes = airs_entry_number(entry);
    out->limits.max_execution_time_ms = airs_entry_number(entry);
    out->limits.max_parked_time_ms = airs_entry_number(entry);
    out->limits.max_fuel = airs_entry_number(entry);
    out->engine_memory_bytes = airs_entry_number(entry);
    out->slice_fuel = airs_entry_number(entry);
    out->consume_fuel = airs_entry_number(entry) != 0;
    out->guest_stack_bytes = airs_entry_number(entry);
    out->fiber_stack_bytes = airs_entry_number(entry);
    out->status = (airs_status_t)airs_entry_number(entry);
    out->entries = airs_entry_number(entry);
    out->reason = take_bytes_as_text(entry);
    if (!airs_entry_is_whole(entry) || digest.size != sizeof out->digest.bytes || out->reason.size == 0 ||
        out->reason.data[out->reason.size - 1] != '\0') {
        return false;
    }
    memcpy(out->digest.bytes, digest.data, digest.size);
    out->reason.size--;
    return true;
}

static airs_status_t refuse(airs_error_t *error, const char *why) {
    return airs_error_set(error, AIRS_INVALID_ARGUMENT, "%s", why);
}

airs_status_t airs_crash_record_decode(airs_bytes_t file, airs_crash_record_t *out, airs_bytes_t *journal,
                                       airs_error_t *error) {
    if (file.size < sizeof magic || memcmp(file.data, magic, sizeof magic) != 0) {
        return refuse(error, "not a crash file: it does not begin like one");
    }
    if (file.size < AIRS_CRASH_PREFIX_SIZE + AIRS_CRASH_CHECKSUM_SIZE) {
        return refuse(error, "the crash file is cut off");
    }
    uint32_t version = get_u32(file.data + sizeof magic);
    if (version != VERSION) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "the crash file has version %" PRIu32
                              " of the format, and this airssys reads %d: use "
                              "the airssys that wrote it",
                              version, VERSION);
    }
    uint8_t checksum[AIRS_CRASH_CHECKSUM_SIZE];
    airs_bytes_t content = airs_bytes(file.data, file.size - AIRS_CRASH_CHECKSUM_SIZE);
    airs_bytes_t parts[] = {content, {NULL, 0}};
    airs_crash_record_seal(parts, 2, checksum);
    if (memcmp(checksum, content.data + content.size, sizeof checksum) != 0) {
        return refuse(error, "the crash file is cut off or damaged: its checksum is another");
    }
    airs_journal_reader_t reader = airs_journal_reader(
        airs_bytes(content.data + AIRS_CRASH_PREFIX_SIZE, content.size - AIRS_CRASH_PREFIX_SIZE));
    airs_entry_t entry;
    if (!airs_journal_next(&reader, &entry) || entry.kind != AIRS_ENTRY_HEADER || !read_header(&entry, out)) {
        return refuse(
            error, "the crash file's header cannot be read, though nothing of it is damaged: it was made by "
                   "something else");
    }
    *journal = airs_bytes(reader.at, (size_t)(reader.end - reader.at));
    return AIRS_OK;
}
