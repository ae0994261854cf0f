/* Components that cost much to compile, and whatever else a test wants a component to have many of. Binary, valid, and
 * made of one core module in one component. */
#ifndef AIRSSYS_TEST_SUPPORT_COMPILE_BOMB_H
#define AIRSSYS_TEST_SUPPORT_COMPILE_BOMB_H

#include <airssys/bytes.h>

typedef struct airs_compile_bomb {
    /* Functions of so many steps each. */
    uint32_t functions;
    uint32_t steps;
    /* Not 0: a step is a jump by a table to one of so many blocks that are in one another, and all of the so many local
     * variables change in it: every block has to know them all. Else it is a sum. */
    uint32_t blocks;
    uint32_t locals;
} airs_compile_bomb_t;

/* In memory that the caller frees. */
airs_bytes_t airs_compile_bomb_make(const airs_compile_bomb_t *bomb);

/* A module of so many sections of so many entries each, and `nesting` components around it; each entry is one byte that
 * nobody looks at who only counts. */
airs_bytes_t airs_hollow_component_make(uint8_t section, uint32_t entries, uint32_t nesting);

#endif
