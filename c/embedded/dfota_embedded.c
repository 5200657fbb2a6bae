/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The sources of dfota_embedded.h in one file: no heap, no globals, no libc but mem*.
 *
 * Made by `make -C c single` from c/src: change it there.
 */
#include "dfota_embedded.h"

#include <string.h>

/* == dfota_map.h ========================================================================= */

/*
 * The head of a patch's body: codes segments and the copy map, both ways by the same code. It
 * knows nothing of content, files or the range coder.
 */

/** Displacements that a block can name by index. */
#define DFOTA_RECENT_COUNT 8u

/** How a block's place in old relates to the end of the block before. */
enum {
    DFOTA_PLACE_SAME = 0,     /* as many bytes of old are passed over as of new */
    DFOTA_PLACE_NEXT = 1,     /* it continues where the block before ended */
    DFOTA_PLACE_FORWARD = 2,  /* further on */
    DFOTA_PLACE_BACKWARD = 3, /* further back */
    DFOTA_PLACE_RECENT = 4,   /* at a recent displacement */
    DFOTA_PLACE_COUNT = 5
};

/** Blocks that are remembered, to expect what followed the like of them. */
#define DFOTA_MAP_MEMORY 64u

/** What is remembered of a block. */
typedef struct dfota_map_block_shape {
    uint32_t gap;          /* bytes of new before it */
    uint32_t displacement; /* from - at, modulo 2^32 */
    uint32_t length;       /* with DFOTA_BLOCK_PLAIN */
} dfota_map_block_shape;

/** What segments and map are coded with; needed while the head is coded only. */
typedef struct dfota_map {
    uint32_t old_size;
    uint32_t new_size;
    uint32_t at;   /* new offset behind the block before */
    uint32_t from; /* old offset behind the block before */
    uint32_t recent[DFOTA_RECENT_COUNT];
    uint8_t place; /* of the block before; DFOTA_PLACE_COUNT: none */
    uint8_t plain;
    uint8_t was_expected;
    uint32_t known; /* blocks so far */
    dfota_map_block_shape shapes[DFOTA_MAP_MEMORY]; /* of block k at k modulo DFOTA_MAP_MEMORY */
    dfota_bit is_gap[DFOTA_PLACE_COUNT + 1][2];
    dfota_bit has_gap;
    dfota_bit place_tree[3][DFOTA_PLACE_COUNT + 1][8];
    dfota_bit recent_tree[8];
    dfota_bit reaches_end;
    dfota_bit is_expected[2][2];
    dfota_bit is_plain[2];
    dfota_bit is_like_before[4];
    dfota_bit isa_tree[16];
    dfota_bit flags_tree[4];
    dfota_bit zeros_tree[32];
    dfota_number_model gap[2];
    dfota_number_model length[3];
    dfota_number_model step[3];
    dfota_number_model extent;
} dfota_map;

/* Begin the head of a patch for images of these sizes. */
void dfota_map_begin(dfota_map *map, uint32_t old_size, uint32_t new_size);

/*
 * Code the next segment (in order of `begin`), `before` is the last one or NULL. 0, or
 * nonzero where what was decoded is no segment.
 */
int dfota_map_segment(dfota_map *map, dfota_code_bit code, void *coder,
                      const dfota_segment *before, dfota_segment *segment);

/*
 * Code the next block (in order of `at`), `is_last` of all. 0, or nonzero where what was
 * decoded lies outside old or new.
 */
int dfota_map_block(dfota_map *map, dfota_code_bit code, void *coder, int is_last,
                    dfota_block *block);

/* == dfota_isa_internal.h ================================================================ */

/*
 * What the files dfota_isa*.c share: little pieces of integer arithmetic, and the three doors
 * of each instruction set. Not for users of the library.
 */

#define DFOTA_HAS_ISA(isa) (((DFOTA_ISAS) >> (isa)) & 1u)

/*
 * What counts from a register of unknown value gets an address up here, where no segment is:
 * the map says nothing of it, but what was learned of its neighbours does.
 */
#define ISA_NOWHERE 0x70000000u

/* Each set: find a reference, move it, read it. As in dfota_isa.h; `length` and `kind` are 0 at first. */
#define DFOTA_ISA_DOORS(name)                                                                          \
    void dfota_##name##_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,         \
                             dfota_reference *reference);                                              \
    int dfota_##name##_place(const dfota_reference *reference, uint32_t at, uint32_t target,           \
                             uint8_t *bytes);                                                          \
    int dfota_##name##_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,       \
                            uint32_t near_to, uint32_t *target)

DFOTA_ISA_DOORS(thumb);
DFOTA_ISA_DOORS(arm);
DFOTA_ISA_DOORS(aarch64);
DFOTA_ISA_DOORS(riscv);
DFOTA_ISA_DOORS(xtensa);
DFOTA_ISA_DOORS(hexagon);
DFOTA_ISA_DOORS(x86);
DFOTA_ISA_DOORS(tc32);
DFOTA_ISA_DOORS(arc);
DFOTA_ISA_DOORS(nds32);
DFOTA_ISA_DOORS(videocore);

static inline uint32_t isa_u16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t isa_u24(const uint8_t *p)
{
    return isa_u16(p) | (uint32_t)p[2] << 16;
}

static inline uint32_t isa_u32(const uint8_t *p)
{
    return isa_u16(p) | isa_u16(p + 2) << 16;
}

static inline void isa_put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value & 0xffu);
    p[1] = (uint8_t)((value >> 8) & 0xffu);
}

static inline void isa_put24(uint8_t *p, uint32_t value)
{
    isa_put16(p, value);
    p[2] = (uint8_t)((value >> 16) & 0xffu);
}

static inline void isa_put32(uint8_t *p, uint32_t value)
{
    isa_put16(p, value);
    isa_put16(p + 2, value >> 16);
}

/* The lowest `bits` (1..31) of value as a signed number, modulo 2^32. */
static inline uint32_t isa_signed(uint32_t value, unsigned bits)
{
    const uint32_t sign = (uint32_t)1 << (bits - 1);
    return ((value & ((sign << 1) - 1)) ^ sign) - sign;
}

/* Whether a signed difference fits into `bits` (1..31). */
static inline int isa_fits(uint32_t delta, unsigned bits)
{
    return isa_signed(delta, bits) == delta;
}

/* The number nearest to `near_to` that has these lowest `bits` (1..31). */
static inline uint32_t isa_nearest_low(uint32_t near_to, uint32_t low, unsigned bits)
{
    return near_to + isa_signed(low - near_to, bits);
}

/*
 * Of the `size` (a power of two) numbers from `first` on the one whose place in its row is that
 * of `near_to`: what moves far moves by whole rows more often than not.
 */
static inline uint32_t isa_in_row(uint32_t near_to, uint32_t first, uint32_t size)
{
    return first + ((near_to - first) & (size - 1));
}

static inline void isa_found(dfota_reference *reference, unsigned kind, uint32_t target)
{
    reference->kind = (uint8_t)kind;
    reference->target = target;
}

/* == dfota_checkpoint.h ================================================================== */

/*
 * Where a patch stands, as bytes that mean the same on every machine. It decodes nothing;
 * dfota_patch_checkpoint() and dfota_patch_resume() are its only callers.
 */

/*
 * Save (or load) everything that changes while new is produced. 0, or nonzero: `move` failed,
 * or what was loaded cannot be of this patch.
 */
int dfota_checkpoint_move(dfota_patch *patch, dfota_move_checkpoint move, void *ctx, int saving);

/* == dfota_sha256.c ====================================================================== */

/*
 * SHA-256 after FIPS 180-4, small rather than fast; the message schedule is kept in 16 words.
 */

static const uint32_t ROUND[64] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u,
    0xab1c5ed5u, 0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu,
    0x9bdc06a7u, 0xc19bf174u, 0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu,
    0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau, 0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u,
    0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u, 0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu,
    0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u, 0xa2bfe8a1u, 0xa81a664bu,
    0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u, 0x19a4c116u,
    0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u,
    0xc67178f2u};

static uint32_t rotate(uint32_t word, unsigned count)
{
    return (word >> count) | (word << (32u - count));
}

static void absorb(uint32_t state[8], const uint8_t *block)
{
    uint32_t schedule[16];
    uint32_t v[8];
    unsigned i;

    for (i = 0; i < 16u; i++) {
        schedule[i] = ((uint32_t)block[4u * i] << 24) | ((uint32_t)block[4u * i + 1u] << 16) |
                      ((uint32_t)block[4u * i + 2u] << 8) | (uint32_t)block[4u * i + 3u];
    }
    memcpy(v, state, sizeof v);
    for (i = 0; i < 64u; i++) {
        uint32_t word = schedule[i & 15u];
        uint32_t t1;
        uint32_t t2;
        if (i >= 16u) {
            const uint32_t w15 = schedule[(i + 1u) & 15u];
            const uint32_t w2 = schedule[(i + 14u) & 15u];
            word += (rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >> 3)) + schedule[(i + 9u) & 15u] +
                    (rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >> 10));
            schedule[i & 15u] = word;
        }
        t1 = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
             ((v[4] & v[5]) ^ (~v[4] & v[6])) + ROUND[i] + word;
        t2 = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
             ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(&v[1], &v[0], 7u * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (i = 0; i < 8u; i++) {
        state[i] += v[i];
    }
}

void dfota_sha256_begin(dfota_sha256 *sha)
{
    static const uint32_t initial[8] = {0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
                                        0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u};
    memcpy(sha->words, initial, sizeof initial);
    sha->size = 0;
}

void dfota_sha256_feed(dfota_sha256 *sha, const uint8_t *data, size_t size)
{
    size_t used = (size_t)(sha->size & 63u);

    sha->size += size;
    while (size > 0) {
        size_t take = 64u - used;
        if (used == 0 && size >= 64u) {
            absorb(sha->words, data);
            take = 64u;
        } else {
            if (take > size) {
                take = size;
            }
            memcpy(sha->block + used, data, take);
            used += take;
            if (used == 64u) {
                absorb(sha->words, sha->block);
                used = 0;
            }
        }
        data += take;
        size -= take;
    }
}

void dfota_sha256_end(dfota_sha256 *sha, uint8_t digest[DFOTA_SHA256_SIZE])
{
    const uint64_t bits = sha->size * 8u;
    size_t used = (size_t)(sha->size & 63u);
    unsigned i;

    sha->block[used++] = 0x80u;
    if (used > 56u) {
        memset(sha->block + used, 0, 64u - used);
        absorb(sha->words, sha->block);
        used = 0;
    }
    memset(sha->block + used, 0, 56u - used);
    for (i = 0; i < 8u; i++) {
        sha->block[56u + i] = (uint8_t)(bits >> (56u - 8u * i));
    }
    absorb(sha->words, sha->block);
    for (i = 0; i < 32u; i++) {
        digest[i] = (uint8_t)(sha->words[i / 4u] >> (24u - 8u * (i & 3u)));
    }
}

/* == dfota_isa.c ========================================================================= */

/*
 * The way from an instruction set's number to its three functions. It knows no
 * instruction, but it knows text.
 */

/* Kinds from here on are found by more than the look of one instruction. */
#define CERTAIN_KINDS 11u

/* Whether eight bytes in a row are text: what looks like an instruction there is none. */
static int is_text(const uint8_t *bytes, size_t left)
{
    size_t i;
    for (i = 0; i < 8 && i < left; i++) {
        const uint8_t byte = bytes[i];
        if ((byte < 0x20 && byte != 0 && byte != '\n' && byte != '\r' && byte != '\t') || byte > 0x7e) {
            return 0;
        }
    }
    return i == 8;
}

void dfota_scan_begin(dfota_scan *scan, unsigned isa, uint32_t at)
{
    memset(scan, 0, sizeof *scan);
    scan->begin = at;
    scan->isa = (uint8_t)(isa < DFOTA_ISA_COUNT && DFOTA_HAS_ISA(isa) ? isa : DFOTA_ISA_NONE);
}

void dfota_scan_next(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                     dfota_reference *reference)
{
    /* Without any instruction set there is nothing to look at. */
    (void)at;
    reference->length = 0;
    reference->kind = 0;
    reference->visible = 0;
    reference->extra = 0;
    reference->target = 0;
    reference->anchor = 0;
    if (left > DFOTA_SCAN_WINDOW) {
        left = DFOTA_SCAN_WINDOW;
    }
    switch (scan->isa) {
#define SCAN(number, name)                                         \
    case number:                                                   \
        dfota_##name##_scan(scan, bytes, left, at, reference);     \
        break
#if DFOTA_HAS_ISA(1)
        SCAN(DFOTA_ISA_THUMB, thumb);
#endif
#if DFOTA_HAS_ISA(2)
        SCAN(DFOTA_ISA_ARM, arm);
#endif
#if DFOTA_HAS_ISA(3)
        SCAN(DFOTA_ISA_AARCH64, aarch64);
#endif
#if DFOTA_HAS_ISA(4)
        SCAN(DFOTA_ISA_RISCV, riscv);
#endif
#if DFOTA_HAS_ISA(5)
        SCAN(DFOTA_ISA_XTENSA, xtensa);
#endif
#if DFOTA_HAS_ISA(12)
        SCAN(DFOTA_ISA_XTENSA_LITBASE, xtensa);
#endif
#if DFOTA_HAS_ISA(6)
        SCAN(DFOTA_ISA_HEXAGON, hexagon);
#endif
#if DFOTA_HAS_ISA(7)
        SCAN(DFOTA_ISA_X86, x86);
#endif
#if DFOTA_HAS_ISA(8)
        SCAN(DFOTA_ISA_TC32, tc32);
#endif
#if DFOTA_HAS_ISA(9)
        SCAN(DFOTA_ISA_ARC, arc);
#endif
#if DFOTA_HAS_ISA(10)
        SCAN(DFOTA_ISA_NDS32, nds32);
#endif
#if DFOTA_HAS_ISA(11)
        SCAN(DFOTA_ISA_VIDEOCORE, videocore);
#endif
#undef SCAN
    default:
        reference->length = (uint8_t)(left < DFOTA_UNIT_MAX ? left : DFOTA_UNIT_MAX);
        break;
    }
    if (reference->kind != 0 && reference->kind < CERTAIN_KINDS && is_text(bytes, left)) {
        reference->kind = 0;
    }
}

int dfota_reference_place(unsigned isa, const dfota_reference *reference, uint32_t at,
                          uint32_t target, uint8_t *bytes)
{
    /* Without any instruction set there is nothing to look at. */
    (void)reference;
    (void)at;
    (void)target;
    (void)bytes;
    switch (isa) {
#define PLACE(number, name) \
    case number:            \
        return dfota_##name##_place(reference, at, target, bytes)
#if DFOTA_HAS_ISA(1)
        PLACE(DFOTA_ISA_THUMB, thumb);
#endif
#if DFOTA_HAS_ISA(2)
        PLACE(DFOTA_ISA_ARM, arm);
#endif
#if DFOTA_HAS_ISA(3)
        PLACE(DFOTA_ISA_AARCH64, aarch64);
#endif
#if DFOTA_HAS_ISA(4)
        PLACE(DFOTA_ISA_RISCV, riscv);
#endif
#if DFOTA_HAS_ISA(5)
        PLACE(DFOTA_ISA_XTENSA, xtensa);
#endif
#if DFOTA_HAS_ISA(12)
        PLACE(DFOTA_ISA_XTENSA_LITBASE, xtensa);
#endif
#if DFOTA_HAS_ISA(6)
        PLACE(DFOTA_ISA_HEXAGON, hexagon);
#endif
#if DFOTA_HAS_ISA(7)
        PLACE(DFOTA_ISA_X86, x86);
#endif
#if DFOTA_HAS_ISA(8)
        PLACE(DFOTA_ISA_TC32, tc32);
#endif
#if DFOTA_HAS_ISA(9)
        PLACE(DFOTA_ISA_ARC, arc);
#endif
#if DFOTA_HAS_ISA(10)
        PLACE(DFOTA_ISA_NDS32, nds32);
#endif
#if DFOTA_HAS_ISA(11)
        PLACE(DFOTA_ISA_VIDEOCORE, videocore);
#endif
#undef PLACE
    default:
        return 0;
    }
}

int dfota_reference_read(unsigned isa, const dfota_reference *reference, const uint8_t *bytes,
                         uint32_t at, uint32_t near, uint32_t *target)
{
    /* Without any instruction set there is nothing to look at. */
    (void)reference;
    (void)bytes;
    (void)at;
    (void)near;
    (void)target;
    switch (isa) {
#define READ(number, name) \
    case number:           \
        return dfota_##name##_read(reference, bytes, at, near, target)
#if DFOTA_HAS_ISA(1)
        READ(DFOTA_ISA_THUMB, thumb);
#endif
#if DFOTA_HAS_ISA(2)
        READ(DFOTA_ISA_ARM, arm);
#endif
#if DFOTA_HAS_ISA(3)
        READ(DFOTA_ISA_AARCH64, aarch64);
#endif
#if DFOTA_HAS_ISA(4)
        READ(DFOTA_ISA_RISCV, riscv);
#endif
#if DFOTA_HAS_ISA(5)
        READ(DFOTA_ISA_XTENSA, xtensa);
#endif
#if DFOTA_HAS_ISA(12)
        READ(DFOTA_ISA_XTENSA_LITBASE, xtensa);
#endif
#if DFOTA_HAS_ISA(6)
        READ(DFOTA_ISA_HEXAGON, hexagon);
#endif
#if DFOTA_HAS_ISA(7)
        READ(DFOTA_ISA_X86, x86);
#endif
#if DFOTA_HAS_ISA(8)
        READ(DFOTA_ISA_TC32, tc32);
#endif
#if DFOTA_HAS_ISA(9)
        READ(DFOTA_ISA_ARC, arc);
#endif
#if DFOTA_HAS_ISA(10)
        READ(DFOTA_ISA_NDS32, nds32);
#endif
#if DFOTA_HAS_ISA(11)
        READ(DFOTA_ISA_VIDEOCORE, videocore);
#endif
#undef READ
    default:
        return 0;
    }
}
#undef CERTAIN_KINDS

/* == dfota_isa_aarch64.c ================================================================= */

/*
 * References of A64 code. (ADR and literals are left alone: what they reach moves with them.)
 *
 * State of a sweep: words[0..30] has the page that ADRP put into each register, words[32] which
 * of them are known.
 */

#if DFOTA_HAS_ISA(3)

enum {
    K_B = 1, K_BL = 2, K_BCC = 3, K_CBZ = 4, K_TBZ = 5,
    K_ADRP = 8, K_ADD = 9, K_LOAD = 10
};

static unsigned decode_of_isa_aarch64(uint32_t word, uint32_t at, uint32_t *target)
{
    switch (word >> 24 & 0x7f) {
    case 0x14: case 0x15: case 0x16: case 0x17:
        *target = at + isa_signed(word, 26) * 4;
        return word >> 31 ? K_BL : K_B;
    case 0x54:
        if ((word >> 31) || (word & 0x10)) {
            return 0;
        }
        *target = at + isa_signed(word >> 5, 19) * 4;
        return K_BCC;
    case 0x34: case 0x35:
        *target = at + isa_signed(word >> 5, 19) * 4;
        return K_CBZ;
    case 0x36: case 0x37:
        *target = at + isa_signed(word >> 5, 14) * 4;
        return K_TBZ;
    case 0x10: case 0x30: case 0x50: case 0x70:
        return word >> 31 ? K_ADRP : 0;
    default:
        return 0;
    }
}

static uint32_t page_of(uint32_t word, uint32_t at)
{
    return (at & ~0xfffu) + (((word >> 3 & 0x1ffffc) | (word >> 29 & 3)) << 12);
}

/* ADD with a 12-bit constant, or a load or store with an unsigned offset, and its scale. */
static unsigned consumer_of_isa_aarch64(uint32_t word, unsigned *scale)
{
    *scale = 0;
    if ((word & 0xffc00000u) == 0x91000000u) {
        return K_ADD;
    }
    if ((word & 0x3b000000u) == 0x39000000u) {
        *scale = (word & 0x04800000u) == 0x04800000u ? (word >> 30 == 0 ? 4 : word >> 30) : word >> 30;
        return K_LOAD;
    }
    return 0;
}

/* Whether the lowest five bits name a register that the instruction writes (or nothing certain). */
static int writes(uint32_t word)
{
    if ((word & 0x0a000000u) == 0x08000000u) { /* loads and stores */
        return (word & 0x38000000u) == 0x28000000u ? (word & 0x00400000u) != 0 : (word & 0x00c00000u) != 0;
    }
    return (word & 0x1c000000u) != 0x14000000u; /* not branches */
}

void dfota_aarch64_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                        dfota_reference *reference)
{
    uint32_t word;
    unsigned kind;
    unsigned scale;
    unsigned reg;
    if ((at & 3) || left < 4) {
        const size_t rest = 4 - (at & 3);
        reference->length = (uint8_t)(rest < left ? rest : left);
        return;
    }
    word = isa_u32(bytes);
    reg = word & 31;
    reference->length = 4;
    kind = decode_of_isa_aarch64(word, at, &reference->target);
    if (kind == K_ADRP) {
        const uint32_t page = page_of(word, at);
        size_t i;
        scan->words[reg] = page;
        scan->words[32] |= (uint32_t)1 << reg;
        isa_found(reference, K_ADRP, page + 0x800);
        for (i = 4; i + 4 <= left; i += 4) {
            const uint32_t next = isa_u32(bytes + i);
            if ((next >> 5 & 31) == reg && consumer_of_isa_aarch64(next, &scale)) {
                reference->target = page + ((next >> 10 & 0xfff) << scale & 0xfff);
                reference->extra = 1;
                break;
            }
            if ((next & 31) == reg && writes(next)) {
                break;
            }
        }
        return;
    }
    if (kind != 0) {
        reference->kind = (uint8_t)kind;
        if (kind == K_BL) {
            scan->words[32] &= 0xfff80000u; /* what a call may change */
        }
        return;
    }
    if (scan->words[32] == 0) {
        return;
    }
    kind = consumer_of_isa_aarch64(word, &scale);
    if (kind != 0 && (scan->words[32] >> (word >> 5 & 31) & 1)) {
        const uint32_t offset = (word >> 10 & 0xfff) << scale;
        if (offset < 0x1000) {
            reference->extra = (uint8_t)scale;
            isa_found(reference, kind, scan->words[word >> 5 & 31] + offset);
        }
    }
    if ((word & 0xfffffc1fu) == 0xd65f0000u) {
        scan->words[32] = 0;
    } else if ((word & 0xfffffc1fu) == 0xd63f0000u) {
        scan->words[32] &= 0xfff80000u;
    } else if (writes(word)) {
        scan->words[32] &= ~((uint32_t)1 << reg);
    }
}

int dfota_aarch64_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t word = isa_u32(bytes);
    const uint32_t offset = target - at;
    const unsigned scale = reference->extra;
    uint32_t pages;
    if (at & 3) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case K_B:
    case K_BL:
        if (!isa_fits(offset, 28) || (offset & 3)) {
            return 0;
        }
        word = (word & 0xfc000000u) | (offset >> 2 & 0x03ffffffu);
        break;
    case K_BCC:
    case K_CBZ:
        if (!isa_fits(offset, 21) || (offset & 3)) {
            return 0;
        }
        word = (word & 0xff00001fu) | (offset << 3 & 0x00ffffe0u);
        break;
    case K_TBZ:
        if (!isa_fits(offset, 16) || (offset & 3)) {
            return 0;
        }
        word = (word & 0xfff8001fu) | (offset << 3 & 0x0007ffe0u);
        break;
    case K_ADRP:
        pages = isa_signed((target >> 12) - (at >> 12), 20);
        word = (word & 0x9f00001fu) | (pages << 3 & 0x00ffffe0u) | (pages & 3) << 29;
        break;
    case K_ADD:
    case K_LOAD:
        target &= 0xfff;
        if (target & (((uint32_t)1 << scale) - 1)) {
            return 0;
        }
        word = (word & 0xffc003ffu) | target >> scale << 10;
        break;
    default:
        return 0;
    }
    isa_put32(bytes, word);
    return 1;
}

int dfota_aarch64_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                       uint32_t near_to, uint32_t *target)
{
    const uint32_t word = isa_u32(bytes);
    unsigned scale = 0;
    if (reference->kind == K_ADD || reference->kind == K_LOAD) {
        if (consumer_of_isa_aarch64(word, &scale) != reference->kind || scale != reference->extra) {
            return 0;
        }
        *target = isa_nearest_low(near_to, (word >> 10 & 0xfff) << scale, 12);
        return 1;
    }
    if (decode_of_isa_aarch64(word, at, target) != reference->kind) {
        return 0;
    }
    if (reference->kind == K_ADRP) {
        *target = isa_in_row(near_to, page_of(word, at), 0x1000);
    }
    return 1;
}

#endif

/* == dfota_isa_arc.c ===================================================================== */

/*
 * References of ARCompact and ARCv2 code. Words of 32 bits are two little-endian halves, the
 * upper one first.
 *
 * State of a sweep: bytes[0] whether a long immediate comes next.
 */

#if DFOTA_HAS_ISA(9)

enum {
    R_B = 1, R_BL = 3, R_BR = 5, R_BR_S = 6, R_B_S = 7, R_BL_S = 8, R_LD_S = 9,
    R_LONG = 10
};

static uint32_t middle32(const uint8_t *p)
{
    return isa_u16(p) << 16 | isa_u16(p + 2);
}

static void put_middle32(uint8_t *p, uint32_t value)
{
    isa_put16(p, value >> 16);
    isa_put16(p + 2, value);
}

static unsigned decode16_of_isa_arc(uint32_t half, uint32_t at, uint32_t *target)
{
    const uint32_t pc = at & ~3u;
    switch (half >> 11) {
    case 0x1a:
        *target = pc + (half & 0xff) * 4;
        return R_LD_S;
    case 0x1d:
        *target = pc + isa_signed(half, 7) * 2;
        return R_BR_S;
    case 0x1e:
        *target = pc + isa_signed(half, (half & 0x600) == 0x600 ? 6 : 9) * 2;
        return R_B_S;
    case 0x1f:
        *target = pc + isa_signed(half, 11) * 4;
        return R_BL_S;
    default:
        return 0;
    }
}

static unsigned decode32_of_isa_arc(uint32_t word, uint32_t at, uint32_t *target)
{
    const uint32_t pc = at & ~3u;
    const uint32_t close = (word >> 16 & 0x7fe) | (word << 5 & 0x1ff800) | (word & 15) << 21;
    if (word >> 27 == 0) {
        if (word & 0x10000) {
            *target = pc + isa_signed(close, 25);
            return R_B;
        }
        return 0; /* conditional: never leaves its function, and small numbers look like it */
    }
    if (word >> 27 != 1) {
        return 0;
    }
    if (word & 0x10000) {
        *target = pc + isa_signed((word >> 16 & 0xfe) | (word >> 7 & 0x100), 9);
        return R_BR;
    }
    if (word & 0x20000) {
        *target = pc + isa_signed(close & ~2u, 25);
        return R_BL;
    }
    return 0;
}

/* Whether a long immediate follows. */
static int is_long16(uint32_t half)
{
    return half >> 11 == 0x0e && (half & 0xe3) == 0xc3;
}

static int is_long32(uint32_t word)
{
    const int base = (word & 0x07007000u) == 0x06007000u;
    switch (word >> 27) {
    case 2:
        return base;
    case 3:
        return base || (word & 0xfc1) == 0xf80;
    case 4:
    case 5:
        switch (word >> 22 & 3) {
        case 0:
            return base || (word & 0xfc0) == 0xf80;
        case 3:
            return base || (!(word & 0x20) && (word & 0xfc0) == 0xf80);
        default:
            return base;
        }
    default:
        return 0;
    }
}

void dfota_arc_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                    dfota_reference *reference)
{
    uint32_t word;
    if ((at & 1) || left < 2) {
        reference->length = 1;
        return;
    }
    reference->length = 2;
    if (left >= 4 && scan->bytes[0]) {
        scan->bytes[0] = 0;
        reference->length = 4;
        isa_found(reference, R_LONG, middle32(bytes));
        return;
    }
    word = isa_u16(bytes);
    if (word >> 11 >= 0x0c) {
        reference->kind = (uint8_t)decode16_of_isa_arc(word, at, &reference->target);
        scan->bytes[0] = (uint8_t)is_long16(word);
        return;
    }
    if (left < 4) {
        return;
    }
    word = middle32(bytes);
    reference->length = 4;
    reference->kind = (uint8_t)decode32_of_isa_arc(word, at, &reference->target);
    scan->bytes[0] = (uint8_t)is_long32(word);
}

int dfota_arc_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t word = reference->length == 4 ? middle32(bytes) : isa_u16(bytes);
    const uint32_t offset = target - (at & ~3u);
    const uint32_t close = (offset << 16 & 0x07fe0000u) | (offset >> 5 & 0xffc0);
    unsigned bits = 0;
    if (at & 1) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case R_B:
        bits = 25;
        word = (word & 0xf8010030u) | close | (offset >> 21 & 15);
        break;
    case R_BL:
        bits = 25;
        word = (word & 0xf8030030u) | (close & ~0x20000u) | (offset >> 21 & 15);
        break;
    case R_BR:
        bits = 9;
        word = (word & 0xff017fffu) | (offset << 16 & 0x00fe0000u) | (offset << 7 & 0x8000);
        break;
    case R_BR_S:
        bits = 8;
        word = (word & 0xff80) | (offset >> 1 & 0x7f);
        break;
    case R_B_S:
        bits = (word & 0x600) == 0x600 ? 7 : 10;
        word = bits == 7 ? (word & 0xffc0) | (offset >> 1 & 0x3f) : (word & 0xfe00) | (offset >> 1 & 0x1ff);
        break;
    case R_BL_S:
        bits = 13;
        word = (word & 0xf800) | (offset >> 2 & 0x7ff);
        break;
    case R_LD_S:
        if (offset > 1020 || (offset & 3)) {
            return 0;
        }
        word = (word & 0xff00) | offset >> 2;
        break;
    case R_LONG:
        word = target;
        break;
    default:
        return 0;
    }
    if (bits != 0) {
        const int words = reference->kind == R_BL || reference->kind == R_BL_S;
        if (!isa_fits(offset, bits) || (offset & (words ? 3 : 1))) {
            return 0;
        }
    }
    if (reference->length == 4) {
        put_middle32(bytes, word);
    } else {
        isa_put16(bytes, word);
    }
    return 1;
}

int dfota_arc_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                   uint32_t near_to, uint32_t *target)
{
    (void)near_to;
    if (reference->length == 2) {
        return decode16_of_isa_arc(isa_u16(bytes), at, target) == reference->kind;
    }
    if (reference->kind == R_LONG) {
        *target = middle32(bytes);
        return 1;
    }
    return decode32_of_isa_arc(middle32(bytes), at, target) == reference->kind;
}

#endif

/* == dfota_isa_arm.c ===================================================================== */

/*
 * References of Thumb, A32 and TC32 code, which share literal pools and halves of constants.
 *
 * State of a sweep: words[0..15] has one bit for each of the next 512 words that a load was
 * seen to fetch (a literal pool); words[16..31] has 32 halves, each how far before a pool word
 * the program counter is that gets added to it; words[32..39] has the half of a constant that
 * each register waits with, bytes[0..1] which of them are low halves, bytes[2..3] which are
 * high ones.
 */

#if DFOTA_HAS_ISA(1) || DFOTA_HAS_ISA(2) || DFOTA_HAS_ISA(8)

enum { KIND_POOL_RELATIVE = 11, KIND_MOVW = 13, KIND_MOVT = 14, KIND_POOL = 15 };

/* -- literal pools ------------------------------------------------------------------ */

/* The load at `at` fetches `word`; something adds `pc` to it, if that is not 0. */
static void pool_mark(dfota_scan *scan, uint32_t at, uint32_t word, uint32_t pc)
{
    const unsigned shift = (word & 4) * 4;
    uint32_t *slot = &scan->words[16 + (word >> 3 & 15)];
    if ((word & 3) == 0 && word - at < 2048) {
        scan->words[word >> 7 & 15] |= (uint32_t)1 << (word >> 2 & 31);
        *slot &= ~((uint32_t)0xffff << shift);
        if (pc != 0 && word - pc < 2048) { /* with the upper bits of the word's address, to know it again */
            *slot |= ((word & 0x780) << 5 | (word - pc) >> 1 | 1u << 11) << shift;
        }
    }
}

static int pool_at(const dfota_scan *scan, uint32_t at)
{
    return (at & 3) == 0 && (scan->words[at >> 7 & 15] >> (at >> 2 & 31) & 1);
}

/* Whether the unit is a pool word; a passed word is forgotten. */
static int pool_take(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                     dfota_reference *reference)
{
    uint32_t slot;
    if (!pool_at(scan, at)) {
        return 0;
    }
    scan->words[at >> 7 & 15] &= ~((uint32_t)1 << (at >> 2 & 31));
    if (left < 4) {
        return 0;
    }
    reference->length = 4;
    isa_found(reference, KIND_POOL, isa_u32(bytes));
    slot = scan->words[16 + (at >> 3 & 15)] >> ((at & 4) * 4);
    if ((slot & 0x800) != 0 && (slot & 0xf000) == (at & 0x780) << 5) {
        reference->anchor = (slot & 0x7ff) * 2;
        isa_found(reference, KIND_POOL_RELATIVE, isa_u32(bytes) + (at - reference->anchor));
    }
    return 1;
}

#if DFOTA_HAS_ISA(1) || DFOTA_HAS_ISA(2)

/* -- halves of a constant: MOVW and MOVT -------------------------------------------- */

static void half_keep(dfota_scan *scan, unsigned reg, int high, uint32_t half)
{
    const unsigned shift = (reg & 1) * 16;
    uint32_t *word = &scan->words[32 + (reg >> 1)];
    *word = (*word & ~((uint32_t)0xffff << shift)) | half << shift;
    scan->bytes[(high ? 2 : 0) + (reg >> 3)] |= (uint8_t)(1u << (reg & 7));
}

/* The other half that the register waits with, once. */
static int half_take(dfota_scan *scan, unsigned reg, int high, uint32_t *half)
{
    uint8_t *mask = &scan->bytes[(high ? 2 : 0) + (reg >> 3)];
    const uint8_t bit = (uint8_t)(1u << (reg & 7));
    if (!(*mask & bit)) {
        return 0;
    }
    *mask = (uint8_t)(*mask & ~bit);
    *half = (scan->words[32 + (reg >> 1)] >> ((reg & 1) * 16)) & 0xffff;
    return 1;
}

/* A half was met: joined with the one before it (other < 0x10000 if seen ahead). */
static void half_join(dfota_scan *scan, unsigned reg, int high, uint32_t half, uint32_t ahead,
                      dfota_reference *reference)
{
    uint32_t other = 0;
    if (!half_take(scan, reg, !high, &other)) {
        if (ahead > 0xffffu) {
            return;
        }
        other = ahead;
        half_keep(scan, reg, high, half);
    }
    isa_found(reference, high ? KIND_MOVT : KIND_MOVW, high ? half << 16 | other : other << 16 | half);
}

static uint32_t half_read(const dfota_reference *reference, uint32_t half, uint32_t near_to)
{
    if (reference->kind == KIND_MOVW) {
        return isa_nearest_low(near_to, half, 16);
    }
    return isa_in_row(near_to, half << 16, 0x10000u);
}

#endif
#endif

/* -- Thumb -------------------------------------------------------------------------- */

#if DFOTA_HAS_ISA(1)

enum {
    T_BL = 1, T_BLX = 2, T_B_W = 3, T_BCC_W = 4, T_BCC = 5, T_B = 6, T_CBZ = 7,
    T_LDR = 8, T_WIDE = 9, T_ADR = 10, T_VLDR = 12
};

static int is_wide(uint32_t first)
{
    return first >= 0xe800;
}

static int is_half_move(uint32_t first, uint32_t second, int high)
{
    return (first & 0xfbf0) == (high ? 0xf2c0u : 0xf240u) && !(second & 0x8000);
}

static uint32_t half_of(uint32_t first, uint32_t second)
{
    return (first & 15) << 12 | (first & 0x400) << 1 | (second & 0x7000) >> 4 | (second & 0xff);
}

/* Everything that counts from the program counter; 0: nothing of that. */
static unsigned thumb_decode(uint32_t first, uint32_t second, uint32_t at, uint32_t *target)
{
    const uint32_t pc = at + 4;
    uint32_t offset;
    switch (first >> 11) {
    case 0x09: /* LDR, T1 */
        *target = (pc & ~3u) + (first & 0xff) * 4;
        return T_LDR;
    case 0x14: /* ADR, T1 */
        *target = (pc & ~3u) + (first & 0xff) * 4;
        return T_ADR;
    case 0x16:
    case 0x17:
        if ((first & 0xf500) != 0xb100) {
            return 0;
        }
        *target = pc + ((first & 0x200) >> 3 | (first & 0xf8) >> 2);
        return T_CBZ;
    case 0x1a: /* B<c>, T1 */
    case 0x1b:
        if ((first & 0x0e00) == 0x0e00) {
            return 0;
        }
        *target = pc + isa_signed(first, 8) * 2;
        return T_BCC;
    case 0x1c: /* B, T2 */
        *target = pc + isa_signed(first, 11) * 2;
        return T_B;
    case 0x1d: /* VLDR, LDRD */
        if (((first & 0xff3f) != 0xed1f || (second & 0x0e00) != 0x0a00) && (first & 0xff7f) != 0xe95f) {
            return 0;
        }
        offset = (second & 0xff) * 4;
        *target = (pc & ~3u) + (first & 0x80 ? offset : 0u - offset);
        return T_VLDR;
    case 0x1e:
        if (second & 0x8000) {
            const uint32_t flip = first & 0x400 ? 0 : 0x2800u; /* J1 and J2 count inverted */
            if ((second & 0x5000) == 0 && (first & 0x380) != 0x380) {
                offset = (first & 0x400) << 10 | (second & 0x800) << 8 | (second & 0x2000) << 5 |
                         (first & 0x3f) << 12 | (second & 0x7ff) << 1;
                *target = pc + isa_signed(offset, 21);
                return T_BCC_W;
            }
            offset = (first & 0x400) << 14 | ((second ^ flip) & 0x2000) << 10 |
                     ((second ^ flip) & 0x800) << 11 | (first & 0x3ff) << 12 | (second & 0x7ff) << 1;
            offset = isa_signed(offset, 25);
            if ((second & 0x5000) == 0x4000) {
                if (second & 1) {
                    return 0;
                }
                *target = (pc & ~3u) + offset;
                return T_BLX;
            }
            *target = pc + offset;
            return (second & 0x5000) == 0x5000 ? T_BL : (second & 0x5000) == 0x1000 ? T_B_W : 0;
        }
        if ((first & 0xfb5f) != 0xf20f || (first & 0xa0) == 0x80 || (first & 0xa0) == 0x20) {
            return 0;
        }
        offset = (first & 0x400) << 1 | (second & 0x7000) >> 4 | (second & 0xff);
        *target = (pc & ~3u) + (first & 0xa0 ? 0u - offset : offset);
        return T_WIDE;
    case 0x1f:
        if ((first & 0xfe1f) != 0xf81f) {
            return 0;
        }
        offset = second & 0xfff;
        *target = (pc & ~3u) + (first & 0x80 ? offset : 0u - offset);
        return T_WIDE;
    default:
        return 0;
    }
}

/* The half that a later (at most 15 halfwords on) instruction moves to the same register; 0x10000: none. */
static uint32_t thumb_half_ahead(const uint8_t *bytes, size_t left, uint32_t reg, int high)
{
    size_t i = 4;
    while (i + 4 <= left && i < 34) {
        const uint32_t first = isa_u16(bytes + i);
        if (is_wide(first)) {
            const uint32_t second = isa_u16(bytes + i + 2);
            if (((second >> 8) & 15) == reg) {
                if (is_half_move(first, second, high)) {
                    return half_of(first, second);
                }
                if (is_half_move(first, second, !high)) {
                    break;
                }
            }
            i += 2;
        }
        i += 2;
    }
    return 0x10000u;
}

/* Where a register that was just loaded gets the program counter added: its value there; or 0. */
static uint32_t thumb_pc_added(const uint8_t *bytes, size_t left, uint32_t at, uint32_t reg)
{
    const uint32_t add = 0x4478 | (reg & 7) | (reg & 8) << 4;
    size_t i;
    for (i = 2; i + 2 <= left; i += 2) {
        const uint32_t first = isa_u16(bytes + i);
        if (first == add) {
            return at + (uint32_t)i + 4;
        }
        if (first >> 8 == (0x48 | reg)) {
            break;
        }
    }
    return 0;
}

void dfota_thumb_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                      dfota_reference *reference)
{
    uint32_t first;
    uint32_t second = 0;
    unsigned kind;
    if ((at & 1) || left < 2) {
        reference->length = 1;
        return;
    }
    if (pool_take(scan, bytes, left, at, reference)) {
        return;
    }
    first = isa_u16(bytes);
    reference->length = 2;
    if (is_wide(first)) {
        int high;
        if (left < 4 || pool_at(scan, at + 2)) {
            return;
        }
        second = isa_u16(bytes + 2);
        reference->length = 4;
        high = is_half_move(first, second, 1);
        if (high || is_half_move(first, second, 0)) {
            const unsigned reg = (second >> 8) & 15;
            half_join(scan, reg, high, half_of(first, second),
                      thumb_half_ahead(bytes, left, reg, !high), reference);
            return;
        }
    }
    kind = thumb_decode(first, second, at, &reference->target);
    reference->kind = (uint8_t)kind;
    if (kind == T_LDR) {
        pool_mark(scan, at, reference->target, thumb_pc_added(bytes, left, at, first >> 8 & 7));
    } else if (kind == T_WIDE && (first & 0xff7f) == 0xf85f) {
        pool_mark(scan, at, reference->target, thumb_pc_added(bytes, left, at, second >> 12));
    }
}

int dfota_thumb_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t first = isa_u16(bytes);
    uint32_t second = reference->length == 4 ? isa_u16(bytes + 2) : 0;
    const uint32_t pc = at + 4;
    uint32_t offset = target - pc;
    const uint32_t aligned = target - (pc & ~3u);
    const uint32_t size = aligned & 0x80000000u ? 0u - aligned : aligned;
    if (at & 1) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case T_BLX:
        offset = aligned;
        if (offset & 2) {
            return 0;
        }
        /* fall through */
    case T_BL:
    case T_B_W:
        if (!isa_fits(offset, 25) || (offset & 1)) {
            return 0;
        }
        first = (first & 0xf800) | (offset >> 14 & 0x400) | (offset >> 12 & 0x3ff);
        second = (second & 0xd000) | (offset >> 10 & 0x2000) | (offset >> 11 & 0x800) | (offset >> 1 & 0x7ff);
        second ^= first & 0x400 ? 0 : 0x2800u;
        break;
    case T_BCC_W:
        if (!isa_fits(offset, 21) || (offset & 1)) {
            return 0;
        }
        first = (first & 0xfbc0) | (offset >> 10 & 0x400) | (offset >> 12 & 0x3f);
        second = (second & 0xd000) | (offset >> 5 & 0x2000) | (offset >> 8 & 0x800) | (offset >> 1 & 0x7ff);
        break;
    case T_BCC:
        if (!isa_fits(offset, 9) || (offset & 1)) {
            return 0;
        }
        first = (first & 0xff00) | (offset >> 1 & 0xff);
        break;
    case T_B:
        if (!isa_fits(offset, 12) || (offset & 1)) {
            return 0;
        }
        first = (first & 0xf800) | (offset >> 1 & 0x7ff);
        break;
    case T_CBZ:
        if (offset > 126 || (offset & 1)) {
            return 0;
        }
        first = (first & 0xfd07) | (offset << 3 & 0x200) | (offset << 2 & 0xf8);
        break;
    case T_LDR:
    case T_ADR:
        if (aligned > 1020 || (aligned & 3)) {
            return 0;
        }
        first = (first & 0xff00) | aligned >> 2;
        break;
    case T_WIDE:
        if (size > 4095) {
            return 0;
        }
        /* an offset of zero keeps its sign, everywhere below as well */
        if (first & 0x800) { /* LDR */
            first = size == 0 ? first : (first & 0xff7f) | (size == aligned ? 0x80 : 0);
            second = (second & 0xf000) | size;
        } else { /* ADR */
            first = size == 0 ? first : (first & 0xff5f) | (size == aligned ? 0 : 0xa0);
            first = (first & 0xfbff) | (size >> 1 & 0x400);
            second = (second & 0x8f00) | (size << 4 & 0x7000) | (size & 0xff);
        }
        break;
    case T_VLDR:
        if (size > 1020 || (size & 3)) {
            return 0;
        }
        first = size == 0 ? first : (first & 0xff7f) | (size == aligned ? 0x80 : 0);
        second = (second & 0xff00) | size >> 2;
        break;
    case KIND_MOVW:
    case KIND_MOVT:
        target = reference->kind == KIND_MOVT ? target >> 16 : target & 0xffff;
        first = (first & 0xfbf0) | target >> 12 | (target >> 1 & 0x400);
        second = (second & 0x8f00) | (target << 4 & 0x7000) | (target & 0xff);
        break;
    case KIND_POOL_RELATIVE:
        target -= at - reference->anchor;
        /* fall through */
    case KIND_POOL:
        isa_put32(bytes, target);
        return 1;
    default:
        return 0;
    }
    isa_put16(bytes, first);
    if (reference->length == 4) {
        isa_put16(bytes + 2, second);
    }
    return 1;
}

int dfota_thumb_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                     uint32_t near_to, uint32_t *target)
{
    const uint32_t first = isa_u16(bytes);
    uint32_t second = 0;
    if (reference->kind == KIND_POOL || reference->kind == KIND_POOL_RELATIVE) {
        *target = isa_u32(bytes) + (reference->kind == KIND_POOL ? 0 : at - reference->anchor);
        return 1;
    }
    if (is_wide(first)) {
        if (reference->length != 4) {
            return 0;
        }
        second = isa_u16(bytes + 2);
    }
    if (reference->kind >= KIND_MOVW) {
        *target = half_read(reference, half_of(first, second), near_to);
        return is_half_move(first, second, reference->kind == KIND_MOVT);
    }
    return thumb_decode(first, second, at, target) == reference->kind;
}

#endif

/* -- A32 ---------------------------------------------------------------------------- */

#if DFOTA_HAS_ISA(2)

enum { A_B = 1, A_BL = 2, A_BLX = 3, A_LDR = 4, A_LDRH = 5, A_VLDR = 6, A_ADR = 7 };

static uint32_t rotated(uint32_t value, unsigned by)
{
    return by == 0 ? value : value >> by | value << (32 - by);
}

/* How far eight bits must be turned right to become this value, the least turn first. */
static int rotation_of(uint32_t value, unsigned *turn)
{
    for (*turn = 0; *turn < 32; *turn += 2) {
        if (rotated(value, (32 - *turn) & 31) <= 0xff) {
            return 1;
        }
    }
    return 0;
}

/* The form of an instruction that counts from the program counter, and its offset. */
static unsigned arm_decode(uint32_t word, uint32_t at, uint32_t *target)
{
    const uint32_t pc = at + 8;
    uint32_t offset;
    unsigned kind;
    switch (word >> 25 & 7) {
    case 5:
        offset = isa_signed(word, 24) * 4;
        if (word >> 28 == 15) {
            *target = pc + offset + (word >> 23 & 2);
            return A_BLX;
        }
        *target = pc + offset;
        return word & 0x01000000u ? A_BL : A_B;
    case 2:
        if ((word & 0x0f2f0000u) != 0x050f0000u) {
            return 0;
        }
        kind = A_LDR;
        offset = word & 0xfff;
        break;
    case 0:
        if ((word & 0x0f6f0090u) != 0x014f0090u || (word & 0x60) == 0 || word >> 28 == 15) {
            return 0;
        }
        kind = A_LDRH;
        offset = (word >> 4 & 0xf0) | (word & 15);
        break;
    case 6:
        if ((word & 0x0f2f0e00u) != 0x0d0f0a00u || word >> 28 == 15) {
            return 0;
        }
        kind = A_VLDR;
        offset = (word & 0xff) * 4;
        break;
    case 1:
        if (((word & 0x0fff0000u) != 0x028f0000u && (word & 0x0fff0000u) != 0x024f0000u) || word >> 28 == 15) {
            return 0;
        }
        offset = rotated(word & 0xff, word >> 7 & 0x1e);
        *target = pc + (word & 0x00800000u ? offset : 0u - offset);
        return A_ADR;
    default:
        return 0;
    }
    *target = pc + (word & 0x00800000u ? offset : 0u - offset);
    return kind;
}

static int arm_is_half(uint32_t word, int high)
{
    return (word & 0x0ff00000u) == (high ? 0x03400000u : 0x03000000u) && word >> 28 != 15;
}

static uint32_t arm_half_of(uint32_t word)
{
    return (word >> 4 & 0xf000) | (word & 0xfff);
}

static uint32_t arm_half_ahead(const uint8_t *bytes, size_t left, uint32_t reg, int high)
{
    size_t i;
    for (i = 4; i + 4 <= left && i < 48; i += 4) {
        const uint32_t word = isa_u32(bytes + i);
        if ((word & 0x0fb00000u) == 0x03000000u && (word >> 12 & 15) == reg) {
            return arm_is_half(word, high) ? arm_half_of(word) : 0x10000u;
        }
    }
    return 0x10000u;
}

/* Where a register that was just loaded gets the program counter added: its value there; or 0. */
static uint32_t arm_pc_added(const uint8_t *bytes, size_t left, uint32_t at, uint32_t reg)
{
    size_t i;
    for (i = 4; i + 4 <= left; i += 4) {
        const uint32_t word = isa_u32(bytes + i);
        /* ADD rd, pc, rm; LDR rd, [pc, rm] */
        if (((word & 0x0fff0fffu) == (0x008f0000u | reg)) || ((word & 0x0fff0fffu) == (0x079f0000u | reg))) {
            return at + (uint32_t)i + 8;
        }
        if ((word & 0x0f7ff000u) == (0x051f0000u | reg << 12)) {
            break;
        }
    }
    return 0;
}

void dfota_arm_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                    dfota_reference *reference)
{
    uint32_t word;
    unsigned kind;
    int high;
    if ((at & 3) || left < 4) {
        const size_t rest = 4 - (at & 3);
        reference->length = (uint8_t)(rest < left ? rest : left);
        return;
    }
    if (pool_take(scan, bytes, left, at, reference)) {
        return;
    }
    word = isa_u32(bytes);
    reference->length = 4;
    high = arm_is_half(word, 1);
    if (high || arm_is_half(word, 0)) {
        const unsigned reg = word >> 12 & 15;
        half_join(scan, reg, high, arm_half_of(word), arm_half_ahead(bytes, left, reg, !high), reference);
        return;
    }
    kind = arm_decode(word, at, &reference->target);
    reference->kind = (uint8_t)kind;
    if (kind == A_LDR && (word & 0x00500000u) == 0x00100000u) {
        pool_mark(scan, at, reference->target, arm_pc_added(bytes, left, at, word >> 12 & 15));
    }
}

int dfota_arm_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t word = isa_u32(bytes);
    const uint32_t offset = target - (at + 8);
    const uint32_t size = offset & 0x80000000u ? 0u - offset : offset;
    uint32_t sign = size == 0 ? word & 0x00800000u : size == offset ? 0x00800000u : 0;
    uint32_t delta;
    unsigned turn;
    if (at & 3) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case A_B:
    case A_BL:
        if (!isa_fits(offset, 26) || (offset & 3)) {
            return 0;
        }
        word = (word & 0xff000000u) | (offset >> 2 & 0x00ffffffu);
        break;
    case A_BLX:
        if (!isa_fits(offset, 26) || (offset & 1)) {
            return 0;
        }
        word = 0xfa000000u | (offset >> 2 & 0x00ffffffu) | (offset & 2) << 23;
        break;
    case A_LDR:
        if (size > 4095) {
            return 0;
        }
        word = (word & 0xff7ff000u) | sign | size;
        break;
    case A_LDRH:
        if (size > 255) {
            return 0;
        }
        word = (word & 0xff7ff0f0u) | sign | (size & 0xf0) << 4 | (size & 15);
        break;
    case A_VLDR:
        if (size > 1020 || (size & 3)) {
            return 0;
        }
        word = (word & 0xff7fff00u) | sign | size >> 2;
        break;
    case A_ADR:
        delta = size;
        if (!rotation_of(delta, &turn)) { /* as far away as that, both ways may lead there */
            delta = 0u - size;
            sign ^= 0x00800000u;
            if (!rotation_of(delta, &turn)) {
                return 0;
            }
        }
        word = (word & 0xff3ff000u) | (sign ? 0x00800000u : 0x00400000u) | turn << 7 |
               rotated(delta, (32 - turn) & 31);
        break;
    case KIND_MOVW:
    case KIND_MOVT:
        target = reference->kind == KIND_MOVT ? target >> 16 : target & 0xffff;
        word = (word & 0xfff0f000u) | (target & 0xf000) << 4 | (target & 0xfff);
        break;
    case KIND_POOL_RELATIVE:
        target -= at - reference->anchor;
        /* fall through */
    case KIND_POOL:
        word = target;
        break;
    default:
        return 0;
    }
    isa_put32(bytes, word);
    return 1;
}

int dfota_arm_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                   uint32_t near_to, uint32_t *target)
{
    const uint32_t word = isa_u32(bytes);
    if (reference->kind == KIND_POOL || reference->kind == KIND_POOL_RELATIVE) {
        *target = word + (reference->kind == KIND_POOL ? 0 : at - reference->anchor);
        return 1;
    }
    if (reference->kind >= KIND_MOVW) {
        *target = half_read(reference, arm_half_of(word), near_to);
        return arm_is_half(word, reference->kind == KIND_MOVT);
    }
    return arm_decode(word, at, target) == reference->kind;
}

#endif

/* -- TC32 --------------------------------------------------------------------------- */

#if DFOTA_HAS_ISA(8)

enum { C_LDR = 1, C_B = 2, C_BCC = 3, C_BL = 4 };

static unsigned tc32_decode(uint32_t first, uint32_t second, uint32_t at, uint32_t *target)
{
    const uint32_t pc = at + 4;
    switch (first >> 11) {
    case 0x01:
        *target = (pc & ~3u) + (first & 0xff) * 4;
        return C_LDR;
    case 0x10:
        *target = pc + isa_signed(first, 11) * 2;
        return C_B;
    case 0x12:
        if (second >> 11 != 0x13) {
            return 0;
        }
        *target = pc + isa_signed(first, 11) * 4096 + (second & 0x7ff) * 2;
        return C_BL;
    case 0x18:
    case 0x19:
        if ((first & 0x0e00) == 0x0e00) {
            return 0;
        }
        *target = pc + isa_signed(first, 8) * 2;
        return C_BCC;
    default:
        return 0;
    }
}

void dfota_tc32_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                     dfota_reference *reference)
{
    uint32_t first;
    unsigned kind;
    if ((at & 1) || left < 2) {
        reference->length = 1;
        return;
    }
    if (pool_take(scan, bytes, left, at, reference)) {
        return;
    }
    first = isa_u16(bytes);
    kind = tc32_decode(first, left < 4 ? 0 : isa_u16(bytes + 2), at, &reference->target);
    reference->length = kind == C_BL ? 4 : 2;
    reference->kind = (uint8_t)kind;
    if (kind == C_LDR) {
        pool_mark(scan, at, reference->target, 0);
    }
}

int dfota_tc32_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    const uint32_t first = isa_u16(bytes);
    const uint32_t pc = at + 4;
    const uint32_t offset = target - pc;
    const uint32_t aligned = target - (pc & ~3u);
    if (at & 1) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case C_LDR:
        if (aligned > 1020 || (aligned & 3)) {
            return 0;
        }
        isa_put16(bytes, (first & 0xff00) | aligned >> 2);
        return 1;
    case C_B:
        if (!isa_fits(offset, 12) || (offset & 1)) {
            return 0;
        }
        isa_put16(bytes, (first & 0xf800) | (offset >> 1 & 0x7ff));
        return 1;
    case C_BCC:
        if (!isa_fits(offset, 9) || (offset & 1)) {
            return 0;
        }
        isa_put16(bytes, (first & 0xff00) | (offset >> 1 & 0xff));
        return 1;
    case C_BL:
        if (!isa_fits(offset, 23) || (offset & 1)) {
            return 0;
        }
        isa_put16(bytes, (first & 0xf800) | (offset >> 12 & 0x7ff));
        isa_put16(bytes + 2, (isa_u16(bytes + 2) & 0xf800) | (offset >> 1 & 0x7ff));
        return 1;
    case KIND_POOL:
        isa_put32(bytes, target);
        return 1;
    default:
        return 0;
    }
}

int dfota_tc32_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                    uint32_t near_to, uint32_t *target)
{
    (void)near_to;
    if (reference->kind == KIND_POOL) {
        *target = isa_u32(bytes);
        return 1;
    }
    return tc32_decode(isa_u16(bytes), reference->length == 4 ? isa_u16(bytes + 2) : 0, at, target) ==
           reference->kind;
}

#endif

/* == dfota_isa_hexagon.c ================================================================= */

/*
 * References of Hexagon code: packets of up to four words, whose offsets count from the packet.
 *
 * State of a sweep: words[0] is where the packet begins, words[1] the upper 26 bits that a
 * constant extender holds for the word after it, bytes[0] whether there was one, bytes[1] how
 * many words of the packet were passed.
 */

#if DFOTA_HAS_ISA(6)

enum {
    H_JUMP = 1, H_CALL = 2, H_COND = 3, H_ZERO = 4, H_COMPARE = 5, H_LOOP = 6,
    H_FAR_UPPER = 7, H_FAR_LOWER = 8, H_UPPER = 9, H_LOWER = 10
};

/* The bits of value that the mask picks, put together; and the other way around. */
static uint32_t gather(uint32_t value, uint32_t mask)
{
    uint32_t result = 0;
    unsigned shift = 0;
    while (mask != 0) {
        const uint32_t lowest = mask & (0u - mask);
        if (value & lowest) {
            result |= (uint32_t)1 << shift;
        }
        shift++;
        mask ^= lowest;
    }
    return result;
}

static uint32_t scatter(uint32_t value, uint32_t mask)
{
    uint32_t result = 0;
    while (mask != 0) {
        const uint32_t lowest = mask & (0u - mask);
        if (value & 1) {
            result |= lowest;
        }
        value >>= 1;
        mask ^= lowest;
    }
    return result;
}

/* Jumps of all kinds: where their offset is, and how many bits it has. */
static unsigned jump_form(uint32_t word, uint32_t *mask, unsigned *bits)
{
    switch (word >> 24) {
    case 0x58: case 0x59: case 0x5a: case 0x5b:
        *mask = 0x01ff3ffeu;
        *bits = 22;
        return word & 0x02000000u ? H_CALL : H_JUMP;
    case 0x5c: case 0x5d:
        *mask = 0x00df20feu;
        *bits = 15;
        return H_COND;
    case 0x61:
        *mask = 0x00202ffeu;
        *bits = 13;
        return H_ZERO;
    case 0x10: case 0x11: case 0x12: case 0x13: case 0x14: case 0x15: case 0x16: case 0x17:
    case 0x20: case 0x21: case 0x22: case 0x23: case 0x24: case 0x25: case 0x26: case 0x27:
        *mask = 0x003000feu;
        *bits = 9;
        return H_COMPARE;
    case 0x60: case 0x69:
        if ((word & 0x00c00000u) != 0 && (word & 0x00e00000u) < 0x00a00000u) {
            return 0;
        }
        *mask = 0x00001f18u;
        *bits = 7;
        return H_LOOP;
    default:
        return 0;
    }
}

/* Where a word after an extender holds the lowest six bits of its constant; 0: unknown. */
static uint32_t low_mask(uint32_t word)
{
    uint32_t mask;
    unsigned bits;
    if ((word & 0xc000) == 0) {
        return 0x03f00000u; /* a duplex: its upper half */
    }
    switch (jump_form(word, &mask, &bits)) {
    case 0:
        break;
    case H_LOOP:
        return 0x00000f18u;
    default:
        return 0x0000007eu;
    }
    switch (word >> 28) {
    case 3:
        return word & 0x02000000u && word & 0x08000000u ? 0x00001f80u : (word & 0x0c000000u) == 0x0c000000u ? 0x3fu
                                                                  : (word & 0x08000000u) != 0 ? 0x0000201fu : 0;
    case 4:
        if (word & 0x08000000u) {
            return word & 0x01000000u ? 0x000007e0u : 0x3fu;
        }
        return word & 0x01000000u ? 0x000007e0u : 0x000020f8u;
    case 7:
        return (word & 0xff800000u) == 0x7c800000u ? 0x001f2000u : 0x000007e0u;
    case 9:
        if (!(word & 0x08000000u)) {
            return 0x000007e0u;
        }
        return (word & 0x0f000000u) == 0x0f000000u ? 0x001f0100u : 0x00000f60u;
    case 10:
        if (!(word & 0x08000000u)) {
            return 0x3fu;
        }
        return (word & 0x0f000000u) == 0x0f000000u ? 0x00030078u : 0x3fu;
    case 11:
        return 0x000007e0u;
    case 13:
        return (word & 0x0f000000u) == 0x0e000000u ? 0x002020e8u : 0x006020e0u;
    default:
        return 0;
    }
}

static int is_extender(uint32_t word)
{
    return word >> 28 == 0 && (word & 0xc000) != 0;
}

static uint32_t upper_of(uint32_t word)
{
    return (word << 4 & 0xfff00000u) | (word << 6 & 0x000fffc0u);
}

/* What a word with six bits of its own and these upper ones refers to. */
static int joined(uint32_t word, uint32_t upper, uint32_t packet, uint32_t *target)
{
    uint32_t mask = low_mask(word);
    unsigned bits;
    *target = upper | gather(word, mask);
    if (mask == 0) {
        return -1;
    }
    if ((word & 0xc000) != 0 && jump_form(word, &mask, &bits) != 0) {
        *target += packet;
        return 1;
    }
    return 0;
}

void dfota_hexagon_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                        dfota_reference *reference)
{
    uint32_t word;
    uint32_t mask;
    uint32_t packet;
    unsigned bits;
    unsigned kind;
    if ((at & 3) || left < 4) {
        const size_t rest = 4 - (at & 3);
        reference->length = (uint8_t)(rest < left ? rest : left);
        return;
    }
    word = isa_u32(bytes);
    reference->length = 4;
    if (scan->bytes[1] == 0) {
        scan->words[0] = at;
    }
    packet = scan->words[0];
    reference->anchor = at - packet;
    scan->bytes[1] = (uint8_t)(scan->bytes[1] + 1);
    if ((word & 0xc000) == 0 || (word & 0xc000) == 0xc000 || scan->bytes[1] == 4) {
        scan->bytes[1] = 0;
    }
    if (is_extender(word)) {
        scan->bytes[0] = 1;
        scan->words[1] = upper_of(word);
        if (left >= 8) {
            const int far = joined(isa_u32(bytes + 4), scan->words[1], packet, &reference->target);
            reference->kind = (uint8_t)(far < 0 ? 0 : far ? H_FAR_UPPER : H_UPPER);
        }
        return;
    }
    if (scan->bytes[0]) {
        const int far = joined(word, scan->words[1], packet, &reference->target);
        reference->kind = (uint8_t)(far < 0 ? 0 : far ? H_FAR_LOWER : H_LOWER);
        scan->bytes[0] = 0;
        return;
    }
    if ((word & 0xc000) == 0) {
        return;
    }
    kind = jump_form(word, &mask, &bits);
    if (kind != 0 && kind != H_ZERO) { /* which hardly ever leave their block, and look like text */
        isa_found(reference, kind, packet + isa_signed(gather(word, mask), bits) * 4);
    }
}

int dfota_hexagon_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t word = isa_u32(bytes);
    const uint32_t offset = target - (at - reference->anchor);
    uint32_t mask = 0;
    unsigned bits = 0;
    if (at & 3) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case H_FAR_UPPER:
        target = offset;
        /* fall through */
    case H_UPPER:
        word = (word & 0xf000c000u) | (target >> 4 & 0x0fff0000u) | (target >> 6 & 0x3fff);
        break;
    case H_FAR_LOWER:
        target = offset;
        /* fall through */
    case H_LOWER:
        mask = low_mask(word);
        word = (word & ~mask) | scatter(target, mask);
        break;
    default:
        if (jump_form(word, &mask, &bits) != reference->kind || (offset & 3) || !isa_fits(offset, bits + 2)) {
            return 0;
        }
        word = (word & ~mask) | scatter(offset >> 2, mask);
        break;
    }
    isa_put32(bytes, word);
    return 1;
}

int dfota_hexagon_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                       uint32_t near_to, uint32_t *target)
{
    const uint32_t word = isa_u32(bytes);
    const uint32_t packet = at - reference->anchor;
    uint32_t mask;
    unsigned bits;
    int far;
    switch (reference->kind) {
    case H_FAR_UPPER:
    case H_UPPER:
        *target = isa_in_row(near_to, upper_of(word) + (reference->kind == H_FAR_UPPER ? packet : 0), 64);
        return is_extender(word);
    case H_FAR_LOWER:
    case H_LOWER:
        far = joined(word, 0, packet, target);
        *target = isa_nearest_low(near_to, *target, 6);
        return far == (reference->kind == H_FAR_LOWER);
    default:
        if ((word & 0xc000) == 0 || jump_form(word, &mask, &bits) != reference->kind) {
            return 0;
        }
        *target = packet + isa_signed(gather(word, mask), bits) * 4;
        return 1;
    }
}

#endif

/* == dfota_isa_nds32.c =================================================================== */

/*
 * References of Andes NDS32 code, whose instructions are big-endian, of 16 and 32 bits.
 *
 * State of a sweep: words[0..31] has what SETHI put into each register, words[32] which of
 * them are known.
 */

#if DFOTA_HAS_ISA(10)

enum {
    N_JAL = 1, N_J = 2, N_BR1 = 3, N_BR2 = 4, N_BR3 = 5, N_SHORT = 6, N_SETHI = 7, N_LOW = 8, N_MEMORY = 9,
    N_GLOBAL = 10
};

static uint32_t big16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t big32(const uint8_t *p)
{
    return big16(p) << 16 | big16(p + 2);
}

static unsigned decode16_of_isa_nds32(uint32_t half, uint32_t at, uint32_t *target)
{
    const uint32_t group = half >> 11;
    if ((group < 0x18 || group > 0x1b) && (half & 0xfe00) != 0xe800) {
        return 0;
    }
    if ((half & 0xff00) == 0xdd00) { /* JR5 and its like */
        return 0;
    }
    *target = at + isa_signed(half, 8) * 2;
    return N_SHORT;
}

static unsigned decode32_of_isa_nds32(uint32_t word, uint32_t at, uint32_t *target)
{
    switch (word >> 25) {
    case 0x24:
        *target = at + isa_signed(word, 24) * 2;
        return word & 0x01000000u ? N_JAL : N_J;
    case 0x26:
        *target = at + isa_signed(word, 14) * 2;
        return N_BR1;
    case 0x27:
        if ((word & 0x000e0000u) == 0 || (word & 0x000f0000u) == 0x00080000u) {
            return 0;
        }
        *target = at + isa_signed(word, 16) * 2;
        return N_BR2;
    case 0x2d:
        *target = at + isa_signed(word, 8) * 2;
        return N_BR3;
    default:
        return 0;
    }
}

/* Instructions that join a constant with a register: how their constant is scaled. */
static unsigned consumer_of_isa_nds32(uint32_t word, unsigned *scale)
{
    *scale = 0;
    switch (word >> 25) {
    case 0x28: case 0x2c:
        return N_LOW;
    case 0x00: case 0x08: case 0x10:
        return N_MEMORY;
    case 0x01: case 0x09: case 0x11:
        *scale = 1;
        return N_MEMORY;
    case 0x02: case 0x0a:
        *scale = 2;
        return N_MEMORY;
    default:
        return 0;
    }
}

/* Loads, stores and additions that count from gp: the bits of their constant, and its scale; 0: none. */
static unsigned global_form(uint32_t word, unsigned *scale)
{
    *scale = 0;
    switch (word >> 25) {
    case 0x17: case 0x1f:
        return 19;
    case 0x1e:
        *scale = (word & 0x000c0000u) == 0x000c0000u ? 2 : 1;
        return 19 - *scale;
    default:
        return 0;
    }
}

static uint32_t global_of(uint32_t word, unsigned bits, unsigned scale)
{
    return ISA_NOWHERE + (isa_signed(word, bits) << scale);
}

static void forget_of_isa_nds32(dfota_scan *scan, unsigned reg)
{
    scan->words[32] &= ~((uint32_t)1 << reg);
}

void dfota_nds32_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                      dfota_reference *reference)
{
    uint32_t word;
    unsigned kind;
    unsigned scale;
    unsigned reg;
    if ((at & 1) || left < 2) {
        reference->length = 1;
        return;
    }
    word = big16(bytes);
    reference->length = 2;
    if (word & 0x8000) {
        reference->kind = (uint8_t)decode16_of_isa_nds32(word, at, &reference->target);
        if ((word & 0xfc00) == 0x8000 || (word & 0xfc00) == 0x8400) {
            forget_of_isa_nds32(scan, word >> 5 & 31); /* MOV55, MOVI55 */
        }
        return;
    }
    if (left < 4) {
        return;
    }
    word = big32(bytes);
    reference->length = 4;
    reg = word >> 20 & 31;
    if (word >> 25 == 0x23) {
        const uint32_t value = word << 12;
        size_t i = 4;
        scan->words[reg] = value;
        scan->words[32] |= (uint32_t)1 << reg;
        isa_found(reference, N_SETHI, value + 0x800);
        while (i + 4 <= left) {
            const uint32_t next = big32(bytes + i);
            if (next & 0x80000000u) {
                i += 2;
                continue;
            }
            if ((next >> 15 & 31) == reg && consumer_of_isa_nds32(next, &scale)) {
                reference->target = value + ((next & 0x7fff) << scale & 0xfff);
                break;
            }
            if (next >> 25 == 0x23 && (next >> 20 & 31) == reg) {
                break;
            }
            i += 4;
        }
        return;
    }
    kind = decode32_of_isa_nds32(word, at, &reference->target);
    if (kind != 0) {
        reference->kind = (uint8_t)kind;
        if (kind == N_JAL) {
            scan->words[32] &= 0x00007fc0u; /* s0-s8 */
        }
        return;
    }
    kind = consumer_of_isa_nds32(word, &scale);
    if (kind != 0) {
        const unsigned base = word >> 15 & 31;
        const uint32_t low = (word & 0x7fff) << scale;
        if ((scan->words[32] >> base & 1) && low < 0x1000) {
            reference->extra = (uint8_t)scale;
            isa_found(reference, kind, scan->words[base] + low);
        }
        if (word >> 25 < 8 || word >> 25 >= 0x10) {
            forget_of_isa_nds32(scan, reg);
        }
    } else {
        const unsigned bits = global_form(word, &scale);
        if (bits != 0) {
            isa_found(reference, N_GLOBAL, global_of(word, bits, scale));
        }
        forget_of_isa_nds32(scan, reg);
    }
}

int dfota_nds32_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t word = reference->length == 4 ? big32(bytes) : big16(bytes) << 16;
    const uint32_t offset = target - at;
    unsigned scale;
    unsigned bits;
    if (at & 1) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case N_JAL:
    case N_J:
        bits = 24;
        break;
    case N_BR1:
        bits = 14;
        break;
    case N_BR2:
        bits = 16;
        break;
    case N_BR3:
    case N_SHORT:
        bits = 8;
        break;
    case N_SETHI:
        bits = 0;
        word = (word & 0xfff00000u) | target >> 12;
        break;
    case N_LOW:
    case N_MEMORY:
        bits = 0;
        target &= 0xfff;
        if (target & (((uint32_t)1 << reference->extra) - 1)) {
            return 0;
        }
        word = (word & 0xffff8000u) | target >> reference->extra;
        break;
    case N_GLOBAL:
        bits = global_form(word, &scale);
        target -= ISA_NOWHERE;
        if (bits == 0 || !isa_fits(target, bits + scale) || (target & (((uint32_t)1 << scale) - 1))) {
            return 0;
        }
        word = (word & ~(((uint32_t)1 << bits) - 1)) | (target >> scale & (((uint32_t)1 << bits) - 1));
        bits = 0;
        break;
    default:
        return 0;
    }
    if (bits != 0) {
        const uint32_t mask = ((uint32_t)1 << bits) - 1;
        const unsigned shift = reference->length == 4 ? 0 : 16;
        if (!isa_fits(offset, bits + 1) || (offset & 1)) {
            return 0;
        }
        word = (word & ~(mask << shift)) | (offset >> 1 & mask) << shift;
    }
    bytes[0] = (uint8_t)(word >> 24);
    bytes[1] = (uint8_t)(word >> 16 & 0xff);
    if (reference->length == 4) {
        bytes[2] = (uint8_t)(word >> 8 & 0xff);
        bytes[3] = (uint8_t)(word & 0xff);
    }
    return 1;
}

int dfota_nds32_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                     uint32_t near_to, uint32_t *target)
{
    uint32_t word;
    unsigned scale;
    if (reference->length == 2) {
        return (bytes[0] & 0x80) && decode16_of_isa_nds32(big16(bytes), at, target) == reference->kind;
    }
    word = big32(bytes);
    if (reference->kind == N_SETHI) {
        *target = isa_in_row(near_to, word << 12, 0x1000);
        return word >> 25 == 0x23;
    }
    if (reference->kind == N_GLOBAL) {
        const unsigned bits = global_form(word, &scale);
        *target = bits == 0 ? 0 : global_of(word, bits, scale);
        return bits != 0;
    }
    if (reference->kind == N_LOW || reference->kind == N_MEMORY) {
        if (consumer_of_isa_nds32(word, &scale) != reference->kind || scale != reference->extra) {
            return 0;
        }
        *target = isa_nearest_low(near_to, (word & 0x7fff) << scale, 12);
        return 1;
    }
    return decode32_of_isa_nds32(word, at, target) == reference->kind;
}

#endif

/* == dfota_isa_riscv.c =================================================================== */

/*
 * References of RISC-V code, 32 and 64 bits, with compressed instructions.
 *
 * State of a sweep: words[0..31] has what AUIPC or LUI put into each register, words[32] which
 * are known, words[33] which came from AUIPC; bytes[0] whether 64-bit instructions were seen.
 */

#if DFOTA_HAS_ISA(4)

enum {
    V_JAL = 1, V_BRANCH = 2, V_CJ = 3, V_CJAL = 4, V_CBZ = 5, V_AUIPC = 6, V_PC_LOAD = 7,
    V_PC_STORE = 8, V_LUI = 9, V_LOAD = 10, V_STORE = 11, V_PC_CALL = 12, V_GP_LOAD = 13, V_GP_STORE = 14
};

/* What a call may change: ra, t0-t6, a0-a7. */
#define CALL_CHANGES 0xf003fce2u

static unsigned decode16_of_isa_riscv(uint32_t half, uint32_t at, uint32_t *target)
{
    uint32_t offset;
    switch (half & 0xe003) {
    case 0xa001:
    case 0x2001:
        offset = (half >> 1 & 0x800) | (half >> 7 & 0x10) | (half >> 1 & 0x300) | (half << 2 & 0x400) |
                 (half >> 1 & 0x40) | (half << 1 & 0x80) | (half >> 2 & 0xe) | (half << 3 & 0x20);
        *target = at + isa_signed(offset, 12);
        return half & 0x8000 ? V_CJ : V_CJAL;
    case 0xc001:
    case 0xe001:
        offset = (half >> 4 & 0x100) | (half >> 7 & 0x18) | (half << 1 & 0xc0) | (half >> 2 & 6) |
                 (half << 3 & 0x20);
        *target = at + isa_signed(offset, 9);
        return V_CBZ;
    default:
        return 0;
    }
}

static unsigned decode32_of_isa_riscv(uint32_t word, uint32_t at, uint32_t *target)
{
    uint32_t offset;
    switch (word & 0x7f) {
    case 0x6f:
        offset = (word >> 11 & 0x100000) | (word & 0xff000) | (word >> 9 & 0x800) | (word >> 20 & 0x7fe);
        *target = at + isa_signed(offset, 21);
        return V_JAL;
    case 0x63:
        if ((word & 0x6000) == 0x2000) {
            return 0;
        }
        offset = (word >> 19 & 0x1000) | (word << 4 & 0x800) | (word >> 20 & 0x7e0) | (word >> 7 & 0x1e);
        *target = at + isa_signed(offset, 13);
        return V_BRANCH;
    case 0x17:
        return V_AUIPC;
    case 0x37:
        return V_LUI;
    default:
        return 0;
    }
}

/* Instructions that add a signed 12-bit constant to a register: 1 load-like, 2 store-like, 3 jump. */
static unsigned consumer_of_isa_riscv(uint32_t word)
{
    switch (word & 0x7f) {
    case 0x13:
    case 0x1b:
        return (word & 0x7000) == 0 ? 1 : 0;
    case 0x03:
    case 0x07:
        return 1;
    case 0x23:
    case 0x27:
        return 2;
    case 0x67:
        return (word & 0x7000) == 0 ? 3 : 0;
    default:
        return 0;
    }
}

static uint32_t low_of(uint32_t word, int is_store)
{
    return isa_signed(is_store ? (word >> 20 & 0xfe0) | (word >> 7 & 31) : word >> 20, 12);
}

/* The register that a compressed instruction writes; 0: none. */
static unsigned written16(uint32_t half)
{
    switch (half & 3) {
    case 0:
        return half & 0x8000 ? 0 : (half >> 2 & 7) + 8;
    case 1:
        if ((half & 0xe000) == 0x8000) {
            return (half >> 7 & 7) + 8;
        }
        return half & 0x8000 ? 0 : half >> 7 & 31;
    default:
        return (half & 0xe000) < 0xa000 ? half >> 7 & 31 : 0;
    }
}

static void forget_of_isa_riscv(dfota_scan *scan, unsigned reg)
{
    scan->words[32] &= ~((uint32_t)1 << reg);
}

/* The first constant that is added to the register further on; 0 if none is in sight. */
static uint32_t low_ahead(const uint8_t *bytes, size_t left, uint32_t reg, uint8_t *seen)
{
    size_t i = 4;
    while (i + 4 <= left) {
        const uint32_t word = isa_u32(bytes + i);
        if ((word & 3) == 3) {
            const unsigned kind = consumer_of_isa_riscv(word);
            if (kind != 0 && (word >> 15 & 31) == reg) {
                *seen = 1;
                return low_of(word, kind == 2);
            }
            if ((word >> 7 & 31) == reg && (word & 0x7f) != 0x23 && (word & 0x7f) != 0x63 && (word & 0x7f) != 0x27) {
                break;
            }
            i += 4;
        } else {
            if (written16(word & 0xffff) == reg) {
                break;
            }
            i += 2;
        }
    }
    return 0;
}

void dfota_riscv_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                      dfota_reference *reference)
{
    uint32_t word;
    unsigned kind;
    unsigned reg;
    if ((at & 1) || left < 2) {
        reference->length = 1;
        return;
    }
    word = isa_u16(bytes);
    reference->length = 2;
    if ((word & 3) != 3) {
        kind = decode16_of_isa_riscv(word, at, &reference->target);
        reg = written16(word);
        if (kind == V_CJAL) {
            if (scan->bytes[0]) {
                kind = 0; /* C.ADDIW */
            } else {
                scan->words[32] &= ~CALL_CHANGES;
                reg = 0;
            }
        }
        reference->kind = (uint8_t)kind;
        if ((word & 0xe003) == 0xe002) {
            scan->bytes[0] = 1; /* C.SDSP (or C.FSWSP, rare) */
        }
        if ((word & 0xf07f) == 0x9002) {
            scan->words[32] &= ~CALL_CHANGES; /* C.JALR */
        } else if (word == 0x8082) {
            scan->words[32] = 0;
        } else {
            forget_of_isa_riscv(scan, reg);
        }
        return;
    }
    if (left < 4 || (word & 0x1f) == 0x1f) {
        return;
    }
    word = isa_u32(bytes);
    reference->length = 4;
    reg = word >> 7 & 31;
    kind = decode32_of_isa_riscv(word, at, &reference->target);
    if (kind == V_AUIPC || kind == V_LUI) {
        const uint32_t value = (word & 0xfffff000u) + (kind == V_AUIPC ? at : 0);
        if (reg == 0) {
            return;
        }
        scan->words[reg] = value;
        scan->words[32] |= (uint32_t)1 << reg;
        scan->words[33] &= ~((uint32_t)1 << reg);
        scan->words[33] |= (uint32_t)(kind == V_AUIPC) << reg;
        isa_found(reference, kind, value + low_ahead(bytes, left, reg, &reference->extra));
        return;
    }
    if (kind != 0) {
        reference->kind = (uint8_t)kind;
        if (kind == V_JAL && reg != 0) {
            scan->words[32] &= ~CALL_CHANGES;
        }
        return;
    }
    kind = consumer_of_isa_riscv(word);
    if (kind != 0) {
        const unsigned base = word >> 15 & 31;
        if ((word & 0x707f) == 0x3003 || (word & 0x707f) == 0x3023 || (word & 0x7f) == 0x1b) {
            scan->bytes[0] = 1;
        }
        if (scan->words[32] >> base & 1) {
            const uint32_t value = scan->words[base];
            reference->target = value + low_of(word, kind == 2);
            if (scan->words[33] >> base & 1) {
                reference->kind = (uint8_t)(kind == 3 ? V_PC_CALL : kind == 2 ? V_PC_STORE : V_PC_LOAD);
                reference->anchor = (at - value) & 0xfff;
            } else {
                reference->kind = (uint8_t)(kind == 2 ? V_STORE : V_LOAD);
            }
        } else if (base == 3 && kind != 3) {
            isa_found(reference, kind == 2 ? V_GP_STORE : V_GP_LOAD, ISA_NOWHERE + low_of(word, kind == 2));
        }
        if (kind == 3) {
            scan->words[32] &= reg == 0 ? 0 : ~CALL_CHANGES;
        } else if (kind == 1) {
            forget_of_isa_riscv(scan, reg);
        }
    } else if ((word & 0x7f) != 0x63) {
        forget_of_isa_riscv(scan, reg);
    }
}

int dfota_riscv_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    const uint32_t offset = target - at;
    uint32_t word = reference->length == 4 ? isa_u32(bytes) : isa_u16(bytes);
    if (at & 1) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case V_JAL:
        if (!isa_fits(offset, 21) || (offset & 1)) {
            return 0;
        }
        word = (word & 0xfff) | (offset << 11 & 0x80000000u) | (offset & 0xff000) | (offset << 9 & 0x100000) |
               (offset << 20 & 0x7fe00000u);
        break;
    case V_BRANCH:
        if (!isa_fits(offset, 13) || (offset & 1)) {
            return 0;
        }
        word = (word & 0x01fff07fu) | (offset << 19 & 0x80000000u) | (offset >> 4 & 0x80) |
               (offset << 20 & 0x7e000000u) | (offset << 7 & 0xf00);
        break;
    case V_CJ:
    case V_CJAL:
        if (!isa_fits(offset, 12) || (offset & 1)) {
            return 0;
        }
        word = (word & 0xe003) | (offset << 1 & 0x1000) | (offset << 7 & 0x800) | (offset << 1 & 0x600) |
               (offset >> 2 & 0x100) | (offset << 1 & 0x80) | (offset >> 1 & 0x40) | (offset << 2 & 0x38) |
               (offset >> 3 & 4);
        break;
    case V_CBZ:
        if (!isa_fits(offset, 9) || (offset & 1)) {
            return 0;
        }
        word = (word & 0xe383) | (offset << 4 & 0x1000) | (offset << 7 & 0xc00) | (offset >> 1 & 0x60) |
               (offset << 2 & 0x18) | (offset >> 3 & 4);
        break;
    case V_AUIPC:
        word = (word & 0xfff) | ((offset + 0x800) & 0xfffff000u);
        break;
    case V_LUI:
        word = (word & 0xfff) | ((target + 0x800) & 0xfffff000u);
        break;
    case V_PC_LOAD:
    case V_PC_CALL:
        word = (word & 0xfffff) | (offset + reference->anchor) << 20;
        break;
    case V_LOAD:
        word = (word & 0xfffff) | target << 20;
        break;
    case V_GP_LOAD:
        target -= ISA_NOWHERE;
        if (!isa_fits(target, 12)) {
            return 0;
        }
        word = (word & 0xfffff) | target << 20;
        break;
    case V_GP_STORE:
        target -= ISA_NOWHERE;
        if (!isa_fits(target, 12)) {
            return 0;
        }
        word = (word & 0x01fff07fu) | (target << 20 & 0xfe000000u) | (target << 7 & 0xf80);
        break;
    case V_PC_STORE:
        target = offset + reference->anchor;
        /* fall through */
    case V_STORE:
        word = (word & 0x01fff07fu) | (target << 20 & 0xfe000000u) | (target << 7 & 0xf80);
        break;
    default:
        return 0;
    }
    isa_put16(bytes, word);
    if (reference->length == 4) {
        isa_put16(bytes + 2, word >> 16);
    }
    return 1;
}

int dfota_riscv_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                     uint32_t near_to, uint32_t *target)
{
    uint32_t word = isa_u16(bytes);
    unsigned kind = reference->kind;
    if (reference->length == 2) {
        return (word & 3) != 3 && decode16_of_isa_riscv(word, at, target) == kind;
    }
    word = isa_u32(bytes);
    switch (kind) {
    case V_AUIPC:
    case V_LUI:
        *target = isa_in_row(near_to, (word & 0xfffff000u) + (kind == V_AUIPC ? at : 0) - 0x800, 0x1000);
        return (word & 0x7f) == (kind == V_AUIPC ? 0x17u : 0x37u);
    case V_GP_LOAD:
    case V_GP_STORE:
        *target = ISA_NOWHERE + low_of(word, kind == V_GP_STORE);
        return consumer_of_isa_riscv(word) == (kind == V_GP_STORE ? 2u : 1u) && (word >> 15 & 31) == 3;
    case V_PC_LOAD:
    case V_PC_STORE:
    case V_PC_CALL:
    case V_LOAD:
    case V_STORE: {
        const unsigned form = consumer_of_isa_riscv(word);
        const uint32_t from = kind == V_LOAD || kind == V_STORE ? 0 : at - reference->anchor;
        if (form != (kind == V_PC_CALL ? 3u : kind == V_PC_STORE || kind == V_STORE ? 2u : 1u) &&
            !(kind == V_LOAD && form == 3)) {
            return 0;
        }
        *target = isa_nearest_low(near_to, from + low_of(word, form == 2), 12);
        return 1;
    }
    default:
        return decode32_of_isa_riscv(word, at, target) == kind;
    }
}

#endif
#undef CALL_CHANGES

/* == dfota_isa_videocore.c =============================================================== */

/*
 * References of VideoCore IV and VI code: 16-bit parcels, 1 to 5 of them. A sweep needs no
 * state but whether the rest of a long vector instruction is still to come.
 */

#if DFOTA_HAS_ISA(11)

enum {
    VC_BL = 1, VC_B = 2, VC_COMPARE = 3, VC_LEA = 4, VC_LEA_LONG = 5, VC_CONSTANT = 6,
    VC_GLOBAL = 7, VC_GLOBAL_LONG = 8, VC_GLOBAL_CONSTANT = 9
};

static unsigned decode_of_isa_videocore(const uint8_t *bytes, unsigned length, uint32_t at, uint32_t *target)
{
    const uint32_t first = isa_u16(bytes);
    uint32_t second;
    if (length == 2) {
        return 0; /* its short branches stay within their function */
    }
    if (length == 4) {
        second = isa_u16(bytes + 2);
        if (first >> 12 == 9) {
            if (first & 0x80) {
                *target = at + isa_signed((first & 0xf00) << 15 | (first & 0x7f) << 16 | second, 27) * 2;
                return VC_BL;
            }
            *target = at + isa_signed((first & 0x7f) << 16 | second, 23) * 2;
            return VC_B;
        }
        if (first >> 12 == 8) {
            *target = at + (second & 0x8000 ? isa_signed(second, 8) : isa_signed(second, 10)) * 2;
            return VC_COMPARE;
        }
        if ((first & 0xffe0) == 0xbfe0) {
            *target = at + isa_signed(second, 16);
            return VC_LEA;
        }
        if (first >> 8 == 0xa8 || (first & 0xffe0) == 0xb700) { /* from r24: loads and stores, addition */
            *target = ISA_NOWHERE + isa_signed(second, 16);
            return VC_GLOBAL;
        }
        return 0;
    }
    second = isa_u32(bytes + 2);
    switch (first >> 8) {
    case 0xe5:
        *target = at + second;
        return VC_LEA_LONG;
    case 0xe6: case 0xe7:
        if (second >> 27 != 24) {
            return 0;
        }
        *target = ISA_NOWHERE + isa_signed(second, 27);
        return VC_GLOBAL_LONG;
    case 0xe8: case 0xe9: case 0xea: case 0xeb: case 0xec: case 0xed: case 0xee: case 0xef:
        if ((first & 0xffe0) == 0xef00) {
            *target = ISA_NOWHERE + second;
            return VC_GLOBAL_CONSTANT;
        }
        *target = second;
        return VC_CONSTANT;
    default:
        return 0;
    }
}

void dfota_videocore_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                          dfota_reference *reference)
{
    uint32_t first;
    unsigned length;
    if ((at & 1) || left < 2) {
        reference->length = 1;
        return;
    }
    first = isa_u16(bytes);
    length = first < 0x8000 ? 2 : first < 0xe000 ? 4 : 6;
    if (scan->bytes[0]) {
        scan->bytes[0] = 0; /* the second part of ten bytes */
        length = 4;
    } else if (left >= length) {
        if (first >= 0xf800) {
            scan->bytes[0] = 1;
        } else {
            reference->kind = (uint8_t)decode_of_isa_videocore(bytes, length, at, &reference->target);
        }
    }
    reference->length = (uint8_t)(left < length ? left : length);
}

int dfota_videocore_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    const uint32_t offset = target - at;
    uint32_t word = isa_u16(bytes);
    uint32_t second = reference->length >= 4 ? isa_u16(bytes + 2) : 0;
    unsigned bits;
    if (at & 1) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case VC_BL:
        bits = 27;
        word = (word & 0xf080) | (offset >> 16 & 0xf00) | (offset >> 17 & 0x7f);
        second = offset >> 1 & 0xffff;
        break;
    case VC_B:
        bits = 23;
        word = (word & 0xff80) | (offset >> 17 & 0x7f);
        second = offset >> 1 & 0xffff;
        break;
    case VC_COMPARE:
        bits = second & 0x8000 ? 8 : 10;
        second = bits == 8 ? (second & 0xff00) | (offset >> 1 & 0xff) : (second & 0xfc00) | (offset >> 1 & 0x3ff);
        break;
    case VC_LEA:
        bits = 0;
        if (!isa_fits(offset, 16)) {
            return 0;
        }
        second = offset & 0xffff;
        break;
    case VC_GLOBAL:
        bits = 0;
        if (!isa_fits(target - ISA_NOWHERE, 16)) {
            return 0;
        }
        second = (target - ISA_NOWHERE) & 0xffff;
        break;
    case VC_GLOBAL_LONG:
        if (!isa_fits(target - ISA_NOWHERE, 27)) {
            return 0;
        }
        isa_put32(bytes + 2, (uint32_t)24 << 27 | ((target - ISA_NOWHERE) & 0x07ffffffu));
        return 1;
    case VC_LEA_LONG:
        isa_put32(bytes + 2, offset);
        return 1;
    case VC_CONSTANT:
        isa_put32(bytes + 2, target);
        return 1;
    case VC_GLOBAL_CONSTANT:
        isa_put32(bytes + 2, target - ISA_NOWHERE);
        return 1;
    default:
        return 0;
    }
    if (bits != 0 && (!isa_fits(offset, bits + 1) || (offset & 1))) {
        return 0;
    }
    isa_put16(bytes, word);
    if (reference->length >= 4) {
        isa_put16(bytes + 2, second);
    }
    return 1;
}

int dfota_videocore_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                         uint32_t near_to, uint32_t *target)
{
    const uint32_t first = isa_u16(bytes);
    const unsigned length = first < 0x8000 ? 2 : first < 0xe000 ? 4 : 6;
    (void)near_to;
    return length == reference->length && decode_of_isa_videocore(bytes, length, at, target) == reference->kind;
}

#endif

/* == dfota_isa_x86.c ===================================================================== */

/*
 * References of x86 code, recognised by opcode and shape, without following instruction
 * lengths: a wrong guess leads outside every segment, and costs nothing.
 *
 * State of a sweep: bytes[0] counts prefixes of 64-bit code (up to 3), bytes[1] whether the
 * byte before was one.
 */

#if DFOTA_HAS_ISA(7)

enum { I_CALL = 1, I_JUMP = 2, I_JCC = 3, I_RELATIVE = 4, I_ABSOLUTE = 5, I_DIRECT = 6, I_CONSTANT = 7 };

/* Opcodes with a ModRM byte that often come with a 32-bit displacement; how much constant follows it plus 1. */
static unsigned has_modrm(uint8_t opcode, uint8_t modrm)
{
    switch (opcode) {
    case 0x01: case 0x03: case 0x09: case 0x0b: case 0x21: case 0x23: case 0x29: case 0x2b: case 0x31: case 0x33:
    case 0x38: case 0x39: case 0x3a: case 0x3b: case 0x63: case 0x84: case 0x85: case 0x87: case 0x88: case 0x89:
    case 0x8a: case 0x8b: case 0x8d: case 0xd1: case 0xd3: case 0xd8: case 0xd9: case 0xdb: case 0xdc: case 0xdd:
    case 0xff:
        return 1;
    case 0x6b: case 0x80: case 0x83: case 0xc0: case 0xc1: case 0xc6:
        return 2;
    case 0x69: case 0x81: case 0xc7:
        return 5;
    case 0xf6:
        return modrm & 0x30 ? 1 : 2;
    case 0xf7:
        return modrm & 0x30 ? 1 : 5;
    default:
        return 0;
    }
}

/* The second byte of opcodes that begin with 0f. */
static unsigned has_modrm_0f(uint8_t opcode)
{
    switch (opcode >> 4) {
    case 1: case 2: case 4: case 5: case 6: case 9: case 0xb: case 0xd: case 0xe: case 0xf:
        return opcode == 0xba ? 2 : 1;
    default:
        return opcode == 0x7e || opcode == 0x7f || opcode == 0xaf || opcode == 0xa3 || opcode == 0xab ? 1
               : opcode == 0xc2 || opcode == 0xc6                                                     ? 2
                                                                                                      : 0;
    }
}

static int starts(uint8_t byte)
{
    return (byte & 0xf8) == 0xb8 || byte == 0x68 || (byte & 0xfe) == 0xe8 || (byte & 0xfc) == 0xa0 || byte == 0x0f ||
           (byte & 0xf0) == 0x40 || has_modrm(byte, 0) != 0;
}

/* Where in the unit the 32 bits are, by its kind. */
static size_t field_of(const dfota_reference *reference)
{
    return (size_t)reference->length - 4;
}

void dfota_x86_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                    dfota_reference *reference)
{
    const uint8_t first = bytes[0];
    const int was_prefix = scan->bytes[1];
    const int wide = scan->bytes[0] >= 3 || was_prefix;
    size_t i = 1;
    unsigned after = 0;
    scan->bytes[1] = 0;
    if (left >= 5 && (first & 0xfe) == 0xe8 && (bytes[4] == 0 || bytes[4] == 0xff)) {
        reference->length = 5;
        isa_found(reference, first & 1 ? I_JUMP : I_CALL, at + 5 + isa_u32(bytes + 1));
        return;
    }
    if (left >= 7 && first == 0x0f) {
        if ((bytes[1] & 0xf0) == 0x80 && (bytes[5] == 0 || bytes[5] == 0xff)) {
            reference->length = 6;
            isa_found(reference, I_JCC, at + 6 + isa_u32(bytes + 2));
            return;
        }
        if ((bytes[2] & 0xc7) == 5) {
            after = has_modrm_0f(bytes[1]);
            i = 3;
        }
    } else if (left >= 6 && (bytes[1] & 0xc7) == 5) {
        after = has_modrm(first, bytes[1]);
        i = 2;
    }
    if (after != 0) {
        reference->length = (uint8_t)(i + 4);
        if (wide) {
            reference->extra = (uint8_t)(after - 1);
            isa_found(reference, I_RELATIVE, at + reference->length + (after - 1) + isa_u32(bytes + i));
        } else {
            isa_found(reference, I_ABSOLUTE, isa_u32(bytes + i));
        }
        return;
    }
    if (left >= 5 && !wide) {
        const int direct = (first & 0xfc) == 0xa0;
        if (direct || first == 0x68 || (first & 0xf8) == 0xb8) {
            const uint32_t value = isa_u32(bytes + 1);
            if (value >= 0x10000u) {
                reference->length = 5;
                isa_found(reference, direct ? I_DIRECT : I_CONSTANT, value);
                return;
            }
        }
    }
    if ((first & 0xf0) == 0x40 && left >= 2) {
        const uint8_t next = bytes[1];
        scan->bytes[1] = (uint8_t)((first & 8) != 0 || scan->bytes[0] >= 3);
        if ((first & 8) && (next == 0x8b || next == 0x89 || next == 0x8d || next == 0x85 || next == 0x83)) {
            scan->bytes[0] = (uint8_t)(scan->bytes[0] < 3 ? scan->bytes[0] + 1 : 3);
        } else if (scan->bytes[0] < 3) {
            scan->bytes[1] = 0;
        }
        reference->length = 1;
        return;
    }
    for (i = 1; i < left && i < DFOTA_UNIT_MAX && !starts(bytes[i]); i++) {
    }
    reference->length = (uint8_t)i;
}

int dfota_x86_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    if (reference->kind <= I_RELATIVE) {
        target -= at + reference->length + reference->extra;
    }
    isa_put32(bytes + field_of(reference), target);
    return 1;
}

int dfota_x86_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                   uint32_t near_to, uint32_t *target)
{
    (void)near_to;
    *target = isa_u32(bytes + field_of(reference));
    if (reference->kind <= I_RELATIVE) {
        *target += at + reference->length + reference->extra;
    }
    switch (reference->kind) {
    case I_CALL:
        return bytes[0] == 0xe8;
    case I_JUMP:
        return bytes[0] == 0xe9;
    case I_JCC:
        return bytes[0] == 0x0f && (bytes[1] & 0xf0) == 0x80;
    case I_DIRECT:
        return (bytes[0] & 0xfc) == 0xa0;
    case I_CONSTANT:
        return bytes[0] == 0x68 || (bytes[0] & 0xf8) == 0xb8;
    default:
        return (bytes[field_of(reference) - 1] & 0xc7) == 5;
    }
}

#endif

/* == dfota_isa_xtensa.c ================================================================== */

/*
 * References of little-endian Xtensa code. A sweep needs no state.
 */

#if DFOTA_HAS_ISA(5) || DFOTA_HAS_ISA(12)

enum {
    X_CALL = 1, X_J = 2, X_L32R = 3, X_BZ = 4, X_BI = 5, X_BR = 6, X_LOOP = 7, X_BZ_N = 8, X_BF = 9, X_BASED = 10
};

/* Instructions of three bytes. */
static unsigned decode_of_isa_xtensa(uint32_t word, uint32_t at, int based, uint32_t *target)
{
    const uint32_t pc = at + 4;
    switch (word & 15) {
    case 1:
        if (based) {
            *target = ISA_NOWHERE + (word >> 6 & 0x3fffc);
            return X_BASED;
        }
        *target = ((at + 3) & ~3u) + 0xfffc0000u + (word >> 6 & 0x3fffc);
        return X_L32R;
    case 5:
        *target = (pc & ~3u) + isa_signed(word >> 6, 18) * 4;
        return X_CALL;
    case 6:
        switch (word >> 4 & 3) {
        case 0:
            *target = pc + isa_signed(word >> 6, 18);
            return X_J;
        case 1:
            *target = pc + isa_signed(word >> 12, 12);
            return X_BZ;
        case 3:
            if ((word & 0xc0) == 0) { /* ENTRY */
                return 0;
            }
            if ((word & 0xc0) == 0x40) {
                const uint32_t r = word >> 12 & 15;
                if (r >= 8 && r <= 10) {
                    *target = pc + (word >> 16);
                    return X_LOOP;
                }
                *target = pc + isa_signed(word >> 16, 8);
                return r < 2 ? X_BF : 0;
            }
            break;
        default:
            break;
        }
        *target = pc + isa_signed(word >> 16, 8);
        return X_BI;
    case 7:
        *target = pc + isa_signed(word >> 16, 8);
        return X_BR;
    default:
        return 0;
    }
}

/* BEQZ.N and BNEZ.N. */
static unsigned decode_narrow(uint32_t half, uint32_t at, uint32_t *target)
{
    if ((half & 0x8f) != 0x8c) {
        return 0;
    }
    *target = at + 4 + ((half & 0x30) | half >> 12);
    return X_BZ_N;
}

void dfota_xtensa_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                       dfota_reference *reference)
{
    const unsigned op = bytes[0] & 15;
    const size_t size = op >= 8 && op < 14 ? 2 : 3;
    if (left < size) {
        reference->length = (uint8_t)left;
        return;
    }
    reference->length = (uint8_t)size;
    reference->kind = (uint8_t)(size == 2 ? decode_narrow(isa_u16(bytes), at, &reference->target)
                                          : decode_of_isa_xtensa(isa_u24(bytes), at, scan->isa == DFOTA_ISA_XTENSA_LITBASE,
                                                   &reference->target));
}

int dfota_xtensa_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t word = reference->length == 3 ? isa_u24(bytes) : isa_u16(bytes);
    uint32_t offset = target - (at + 4);
    switch (reference->kind) {
    case X_CALL:
        offset = target - ((at + 4) & ~3u);
        if (!isa_fits(offset, 20) || (offset & 3)) {
            return 0;
        }
        word = (word & 0x3f) | (offset << 4 & 0xffffc0u);
        break;
    case X_J:
        if (!isa_fits(offset, 18)) {
            return 0;
        }
        word = (word & 0x3f) | (offset << 6 & 0xffffc0u);
        break;
    case X_L32R:
        offset = target - (((at + 3) & ~3u) + 0xfffc0000u);
        if (offset > 0x3fffc || (offset & 3)) {
            return 0;
        }
        word = (word & 0xff) | offset << 6;
        break;
    case X_BASED:
        offset = target - ISA_NOWHERE;
        if (offset > 0x3fffc || (offset & 3)) {
            return 0;
        }
        word = (word & 0xff) | offset << 6;
        break;
    case X_BZ:
        if (!isa_fits(offset, 12)) {
            return 0;
        }
        word = (word & 0xfff) | (offset << 12 & 0xfff000u);
        break;
    case X_BI:
    case X_BR:
    case X_BF:
        if (!isa_fits(offset, 8)) {
            return 0;
        }
        word = (word & 0xffff) | (offset << 16 & 0xff0000u);
        break;
    case X_LOOP:
        if (offset > 255) {
            return 0;
        }
        word = (word & 0xffff) | offset << 16;
        break;
    case X_BZ_N:
        if (offset > 63) {
            return 0;
        }
        isa_put16(bytes, (word & 0x0fcf) | (offset & 0x30) | (offset & 15) << 12);
        return 1;
    default:
        return 0;
    }
    isa_put24(bytes, word);
    return 1;
}

int dfota_xtensa_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                      uint32_t near_to, uint32_t *target)
{
    (void)near_to;
    if (reference->length == 2) {
        return decode_narrow(isa_u16(bytes), at, target) == reference->kind;
    }
    return decode_of_isa_xtensa(isa_u24(bytes), at, reference->kind == X_BASED, target) == reference->kind;
}

#endif

/* == dfota_predict.c ===================================================================== */

/*
 * Segments, copy map and corrections put together: where a reference of old leads in new.
 * It reads nothing but what it is shown, and it codes nothing.
 */

static uint32_t get32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static void put32(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
    bytes[2] = (uint8_t)(value >> 16);
    bytes[3] = (uint8_t)(value >> 24);
}

/* -- where targets go ---------------------------------------------------------------- */

static int holds(const dfota_segment *segment, uint32_t target)
{
    return target - segment->old_base - segment->begin < segment->end - segment->begin;
}

/* The segment that old address `target` means for the segment under way, or NULL. */
static const dfota_segment *segment_of(const dfota_predictor *predictor, uint32_t target)
{
    const dfota_segment *const here = predictor->segment;
    const dfota_segment *const all_end = predictor->segments + predictor->segment_count;
    const dfota_segment *other;

    if (holds(here, target)) {
        return here;
    }
    /* The segments of one space are neighbours. */
    for (other = here; other > predictor->segments && other[-1].space == here->space;) {
        other--;
        if (holds(other, target)) {
            return other;
        }
    }
    for (other = here + 1; other < all_end && other->space == here->space; other++) {
        if (holds(other, target)) {
            return other;
        }
    }
    return NULL;
}

/* The last block that begins at or before old offset `from`, or NULL. */
static const dfota_block *block_before(const dfota_predictor *predictor, uint32_t from)
{
    uint32_t low = 0;
    uint32_t high = predictor->block_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2u;
        if (predictor->blocks[middle].from <= from) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low > 0 ? &predictor->blocks[low - 1u] : NULL;
}

uint32_t dfota_predict_target(const dfota_predictor *predictor, uint32_t target, unsigned *trust)
{
    const dfota_segment *segment = segment_of(predictor, target);
    const dfota_block *block;
    uint32_t offset;

    if (segment == NULL) {
        *trust = DFOTA_TRUST_OUTSIDE;
        return target;
    }
    offset = target - segment->old_base;
    block = block_before(predictor, offset);
    if (block == NULL) {
        if (predictor->block_count == 0) {
            *trust = DFOTA_TRUST_GAP;
            return offset + segment->new_base;
        }
        block = &predictor->blocks[0];
    }
    *trust = offset - block->from < (block->length & ~DFOTA_BLOCK_PLAIN) ? DFOTA_TRUST_MAPPED
                                                                          : DFOTA_TRUST_GAP;
    return offset - block->from + block->at + segment->new_base;
}

/* -- corrections --------------------------------------------------------------------- */

static dfota_correction *correction_for(const dfota_predictor *predictor, uint32_t key)
{
    return &predictor->corrections[(key * 0x9e3779b1u) >> (32u - predictor->correction_bits)];
}

/* Keys are never 0, so that a zeroed table is an empty one. */
static uint32_t exact_key(unsigned space, uint32_t target)
{
    const uint32_t key = target + space * 0x3c6ef373u;
    return key == 0 ? 1u : key;
}

/* Addresses that share these upper bits are taken to move alike, until one did not. */
static const uint8_t near_shift[] = {8, 12};
#define NEAR_LEVELS 2u

static uint32_t near_key(unsigned level, unsigned space, uint32_t target)
{
    const uint32_t tag = 0xa5000000u ^ (uint32_t)level << 29;
    const uint32_t key = ((target >> near_shift[level]) ^ tag) + space * 0x3c6ef373u;

    return key == 0 ? 1u : key;
}

static uint32_t corrected(const dfota_predictor *predictor, unsigned space, uint32_t target,
                          uint32_t mapped, unsigned *trust)
{
    const dfota_correction *known;
    unsigned level;

    if (predictor->correction_bits == 0) {
        return mapped;
    }
    known = correction_for(predictor, exact_key(space, target));
    if (known->key == exact_key(space, target)) {
        *trust = DFOTA_TRUST_LEARNED;
        return mapped + known->shift;
    }
    for (level = 0; *trust != DFOTA_TRUST_MAPPED && level < NEAR_LEVELS; level++) {
        known = correction_for(predictor, near_key(level, space, target));
        if (known->key == near_key(level, space, target)) {
            *trust = DFOTA_TRUST_NEAR;
            return mapped + known->shift;
        }
    }
    return mapped;
}

static void correct_one(dfota_predictor *predictor, uint32_t key, uint32_t shift)
{
    dfota_correction *known = correction_for(predictor, key);
    known->key = key;
    known->shift = shift;
}

static void correct(dfota_predictor *predictor, unsigned space, uint32_t target, uint32_t shift)
{
    unsigned level;

    if (predictor->correction_bits > 0) {
        for (level = NEAR_LEVELS; level > 0; level--) {
            correct_one(predictor, near_key(level - 1u, space, target), shift);
        }
        correct_one(predictor, exact_key(space, target), shift);
    }
}

/* -- units ---------------------------------------------------------------------------- */

/* Find the segment of the next byte, and how far it reaches. */
static void enter_segment(dfota_predictor *predictor)
{
    const uint32_t from = predictor->old_offset;
    uint32_t low = 0;
    uint32_t high = predictor->segment_count;
    const dfota_segment *segment;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2u;
        if (predictor->segments[middle].end <= from) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    predictor->segment = NULL;
    predictor->segment_end = 0xffffffffu;
    if (low < predictor->segment_count) {
        segment = &predictor->segments[low];
        if (segment->begin <= from) {
            predictor->segment = segment;
            predictor->segment_end = segment->end;
            dfota_scan_begin(&predictor->scan, segment->isa, from + segment->old_base);
        } else {
            predictor->segment_end = segment->begin;
        }
    }
}

void dfota_predict_begin(dfota_predictor *predictor, uint32_t at, uint32_t from, uint32_t length,
                         int plain)
{
    predictor->old_offset = from;
    predictor->new_offset = at;
    predictor->left = length;
    predictor->plain = plain;
    predictor->segment = NULL;
    predictor->segment_end = from;
    predictor->reference.kind = 0;
}

/*
 * A relative word as 32 bits. The unwind tables of Arm count in 31 (EHABI, prel31): where the
 * word in old, `like`, has bit 31 clear and bit 30 set, it is a negative one of those.
 */
static uint32_t widened(uint32_t word, uint32_t like)
{
    return like >> 30 == 1u ? ((word & 0x7fffffffu) ^ 0x40000000u) - 0x40000000u : word;
}

/* A reference to `target` was found: what it looks like in new. */
static void predict(dfota_predictor *predictor, uint32_t target, dfota_unit *unit)
{
    const dfota_segment *segment = predictor->segment;
    const uint32_t here = predictor->new_offset + segment->new_base;
    unsigned trust;

    predictor->reference.target = target;
    predictor->mapped = dfota_predict_target(predictor, target, &trust);
    predictor->moved = corrected(predictor, segment->space, target, predictor->mapped, &trust);
    if (unit->kind == DFOTA_KIND_POINTER) {
        put32(unit->predicted, predictor->moved);
    } else if (unit->kind == DFOTA_KIND_RELATIVE) {
        const uint32_t like = get32(unit->raw);
        const uint32_t away = predictor->moved - here;
        put32(unit->predicted, like >> 30 == 1u ? away & 0x7fffffffu : away);
    } else {
        (void)dfota_reference_place(segment->isa, &predictor->reference, here, predictor->moved,
                                    unit->predicted);
    }
    unit->trust = (uint8_t)trust;
    unit->moved = memcmp(unit->predicted, unit->raw, unit->length) != 0;
}

/* Whether the aligned word at `bytes`, at old address `at`, refers into its own space. */
static int is_word_reference(const dfota_predictor *predictor, const uint8_t *bytes, uint32_t at,
                             uint32_t *target)
{
    const dfota_segment *segment = predictor->segment;
    const uint32_t word = get32(bytes);

    *target = (segment->flags & DFOTA_SEGMENT_POINTERS) ? word : widened(word, word) + at;
    return word != 0 && segment_of(predictor, *target) != NULL;
}

static void find_reference(dfota_predictor *predictor, const uint8_t *window, uint32_t visible,
                           dfota_unit *unit)
{
    const dfota_segment *segment = predictor->segment;
    const uint32_t here = predictor->old_offset + segment->old_base;
    const int has_words = (segment->flags & (DFOTA_SEGMENT_POINTERS | DFOTA_SEGMENT_RELATIVE)) != 0;
    const uint32_t aligned = (0u - here) & 3u; /* bytes up to the next aligned word */
    uint32_t target = 0;

    predictor->reference.kind = 0;
    predictor->reference.length = 1;
    if (segment->isa != DFOTA_ISA_NONE) {
        dfota_scan_next(&predictor->scan, window, visible, here, &predictor->reference);
    } else {
        predictor->reference.length =
            (uint8_t)(visible < DFOTA_UNIT_MAX ? visible : DFOTA_UNIT_MAX);
    }
    unit->kind = predictor->reference.kind;
    unit->length = predictor->reference.length;
    if (unit->kind == 0 && has_words) {
        if (aligned == 0 && visible >= 4u && is_word_reference(predictor, window, here, &target)) {
            unit->kind = (segment->flags & DFOTA_SEGMENT_POINTERS) ? DFOTA_KIND_POINTER
                                                                   : DFOTA_KIND_RELATIVE;
            unit->length = 4;
        } else if (aligned == 0) {
            unit->length = unit->length < 4u ? unit->length : 4u;
        } else if (unit->length > aligned && visible >= aligned + 4u &&
                   is_word_reference(predictor, window + aligned, here + aligned, &target)) {
            unit->length = (uint8_t)aligned; /* no word may hide inside a unit of plain bytes */
        } else if (unit->length > aligned + 4u) {
            unit->length = (uint8_t)(aligned + 4u);
        }
    } else if (unit->kind != 0) {
        target = predictor->reference.target;
    }
    memcpy(unit->raw, window, unit->length);
    memcpy(unit->predicted, window, unit->length);
    if (unit->kind != 0) {
        predict(predictor, target, unit);
    }
}

void dfota_predict_next(dfota_predictor *predictor, const uint8_t *window, uint32_t visible,
                        dfota_unit *unit)
{
    uint32_t room;

    if (predictor->old_offset >= predictor->segment_end) {
        enter_segment(predictor);
    }
    room = predictor->segment_end - predictor->old_offset;
    room = room < predictor->left ? room : predictor->left;
    visible = visible < room ? visible : room;
    visible = visible < DFOTA_SCAN_WINDOW ? visible : DFOTA_SCAN_WINDOW;
    unit->kind = 0;
    unit->trust = DFOTA_TRUST_PLAIN;
    unit->moved = 0;
    unit->isa = DFOTA_ISA_NONE;
    if (predictor->plain || predictor->segment == NULL) {
        unit->length = (uint8_t)(visible < DFOTA_UNIT_MAX ? visible : DFOTA_UNIT_MAX);
        memcpy(unit->raw, window, unit->length);
        memcpy(unit->predicted, window, unit->length);
        predictor->reference.kind = 0;
        return;
    }
    unit->isa = predictor->segment->isa;
    find_reference(predictor, window, visible, unit);
}

void dfota_predict_learn(dfota_predictor *predictor, const dfota_unit *unit, const uint8_t *actual)
{
    const dfota_segment *segment = predictor->segment;
    uint32_t found = 0;
    int known = 0;

    if (unit->kind != 0 && memcmp(actual, unit->predicted, unit->length) != 0) {
        const uint32_t here = predictor->new_offset + segment->new_base;
        if (unit->kind == DFOTA_KIND_POINTER) {
            found = get32(actual);
            known = 1;
        } else if (unit->kind == DFOTA_KIND_RELATIVE) {
            found = widened(get32(actual), get32(unit->raw)) + here;
            known = 1;
        } else {
            known = dfota_reference_read(segment->isa, &predictor->reference, actual, here,
                                         predictor->moved, &found);
        }
        if (known) {
            correct(predictor, segment->space, predictor->reference.target,
                    found - predictor->mapped);
        }
    }
    predictor->old_offset += unit->length;
    predictor->new_offset += unit->length;
    predictor->left -= unit->length;
}
#undef NEAR_LEVELS

/* == dfota_adaptive.c ==================================================================== */

/*
 * The adaptive coder of profiles `balanced` and `embedded`: contexts, votes, weights. Integer
 * arithmetic only, so that every machine decodes the same bytes. It allocates nothing.
 */

/* Logits are logarithms to base 2 of odds, in units of 1/256, between these. */
#define LOGIT_MAX 4095
/* Probabilities of a dfota_bit. */
#define LOGITS 4096u
/* One in the weights of votes. */
#define WEIGHT_ONE 65536
#define WEIGHT_MAX DFOTA_ADAPTIVE_WEIGHT_MAX
/* Weights learn at 1 / 2^this of vote times error. */
#define WEIGHT_SHIFT 15

/* Which context a slot is for; part of its hash. */
enum {
    CONTEXT_LITERAL = 1,
    CONTEXT_BYTE = 17,
    CONTEXT_UNIT = 33
};

/* -- logits ----------------------------------------------------------------------------- */

/* 1024 times the logarithm to base 2 of x, 1 to 65536. */
static int32_t logarithm(uint32_t x)
{
    static const uint16_t table[33] = {0,   45,  90,  132, 174, 214, 254, 292, 330,  366, 402,
                                       436, 470, 504, 536, 568, 599, 629, 659, 689,  717, 745,
                                       773, 800, 827, 853, 879, 904, 929, 953, 977, 1001, 1024};
    unsigned whole = 16;
    uint32_t low;
    uint32_t index;

    if (x < 0x100u) {
        x <<= 8;
        whole -= 8;
    }
    if (x < 0x1000u) {
        x <<= 4;
        whole -= 4;
    }
    if (x < 0x4000u) {
        x <<= 2;
        whole -= 2;
    }
    if (x < 0x8000u) {
        x <<= 1;
        whole -= 1;
    }
    if (x < 0x10000u) {
        x <<= 1;
        whole -= 1;
    }
    x -= 0x10000u;
    index = x >> 11;
    if (index >= 32u) {
        return (int32_t)(whole << 10);
    }
    low = x & 0x7ffu;
    return (int32_t)((whole << 10) + table[index] +
                     (((uint32_t)(table[index + 1u] - table[index]) * low) >> 11));
}

/* The logit of probability p / 65536, 1 to 65535. */
static int32_t stretch(uint32_t p)
{
    return (logarithm(p) - logarithm(0x10000u - p)) / 4;
}

/* The probability, in units of 1/65536, of a logit. */
static uint32_t squash(int32_t logit)
{
    static const uint16_t table[65] = {
        32768, 35600, 38390, 41099, 43691, 46138, 48418, 50517, 52429, 54152, 55691, 57055, 58254,
        59303, 60214, 61002, 61681, 62264, 62762, 63188, 63550, 63858, 64119, 64340, 64528, 64686,
        64820, 64933, 65028, 65108, 65176, 65233, 65281, 65321, 65355, 65384, 65408, 65429, 65446,
        65460, 65472, 65482, 65491, 65498, 65504, 65509, 65513, 65517, 65520, 65523, 65525, 65526,
        65528, 65529, 65530, 65531, 65532, 65533, 65533, 65534, 65534, 65534, 65535, 65535, 65535};
    const uint32_t size = (uint32_t)(logit < 0 ? -logit : logit);
    const uint32_t index = size >> 6;
    uint32_t p;

    p = index >= 64u ? 65535u
                     : table[index] +
                           (((uint32_t)(table[index + 1u] - table[index]) * (size & 63u)) >> 6);
    return logit < 0 ? 0x10000u - p : p;
}

/* -- adaptive bits ---------------------------------------------------------------------- */

static void bit_learn(dfota_bit *model, unsigned bit)
{
    /* 65536 / (times seen + 1.5), rounded */
    static const uint16_t rate[16] = {43691, 26214, 18725, 14564, 11916, 10082, 8738, 7710,
                                      6899,  6242,  5699,  5243,  4855,  4520,  4228, 3972};
    const uint32_t seen = *model & 15u;
    uint32_t one = (uint32_t)*model >> 4;

    if (bit) {
        one += ((4096u - one) * rate[seen]) >> 16;
    } else {
        one -= (one * rate[seen]) >> 16;
    }
    *model = (dfota_bit)((one << 4) | (seen < 15u ? seen + 1u : 15u));
}

static void fine_bit_learn(dfota_fine_bit *model, unsigned bit)
{
    /* 4096 / (times seen + 1.5), rounded */
    static const uint16_t rate[128] = {
        2731, 1638, 1170, 910, 745, 630, 546, 482, 431, 390, 356, 328, 303, 282, 264, 248,
        234,  221,  210,  200, 191, 182, 174, 167, 161, 155, 149, 144, 139, 134, 130, 126,
        122,  119,  115,  112, 109, 106, 104, 101, 99,  96,  94,  92,  90,  88,  86,  84,
        83,   81,   80,   78,  77,  75,  74,  72,  71,  70,  69,  68,  67,  66,  65,  64,
        63,   62,   61,   60,  59,  58,  57,  56,  56,  55,  54,  54,  53,  52,  52,  51,
        50,   50,   49,   48,  48,  47,  47,  46,  46,  45,  45,  44,  44,  43,  43,  42,
        42,   42,   41,   41,  40,  40,  40,  39,  39,  38,  38,  38,  37,  37,  37,  36,
        36,   36,   35,   35,  35,  35,  34,  34,  34,  33,  33,  33,  33,  32,  32,  32};
    const uint32_t seen = *model & 127u; /* also where a checkpoint was forged */
    uint32_t one = *model >> 10;

    if (bit) {
        one += (((0x400000u - one) >> 3) * rate[seen]) >> 9;
    } else {
        one -= ((one >> 3) * rate[seen]) >> 9;
    }
    *model = (one << 10) | (seen < 127u ? seen + 1u : 127u);
}

void dfota_bits_reset(dfota_bit *bits, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        bits[i] = 0x8000u;
    }
}

static uint32_t probability(dfota_bit model)
{
    const uint32_t one = ((uint32_t)model >> 4) << 4;
    return one < 32u ? 32u : one > 0xffe0u ? 0xffe0u : one;
}

unsigned dfota_code_plain(dfota_code_bit code, void *coder, dfota_bit *model, unsigned bit)
{
    bit = code(coder, probability(*model), bit);
    bit_learn(model, bit);
    return bit;
}

unsigned dfota_code_tree(dfota_code_bit code, void *coder, dfota_bit *tree, unsigned depth,
                         unsigned value)
{
    unsigned node = 1;
    unsigned i;

    for (i = depth; i > 0; i--) {
        node = (node << 1) |
               dfota_code_plain(code, coder, &tree[node], (value >> (i - 1u)) & 1u);
    }
    return node - (1u << depth);
}

uint32_t dfota_code_number(dfota_code_bit code, void *coder, dfota_number_model *model,
                           unsigned phase, uint32_t value)
{
    unsigned length = 0;
    unsigned left;
    unsigned node = 1;
    uint32_t result = 1;

    while (length < 30u && value >> (length + 1u)) {
        length++;
    }
    length = dfota_code_tree(code, coder, model->length, 5, length);
    if (length > 30u) {
        return 0;
    }
    for (left = length; left > 0; left--) {
        unsigned bit = (value >> (left - 1u)) & 1u;
        if (length - left < 2u) {
            bit = dfota_code_plain(code, coder, &model->lead[length][node], bit);
            node = (node << 1) | bit;
        } else if (left <= 2u) {
            node = left == 2u ? 1u : 2u | (result & 1u);
            bit = dfota_code_plain(code, coder, &model->low[phase][node], bit);
        } else {
            bit = code(coder, 0x8000u, bit);
        }
        result = (result << 1) | bit;
    }
    return result;
}

/* Where memory is no object, logits are looked up; they are the same. */
static const int16_t *logits_of(const dfota_adaptive *adaptive)
{
    const dfota_slot *slots = (const dfota_slot *)(const void *)(adaptive + 1);
    const dfota_replacement *replacements =
        (const dfota_replacement *)(const void *)(slots + ((size_t)1 << adaptive->options.slot_bits));

    return adaptive->options.slot_bits >= DFOTA_ADAPTIVE_RICH_BITS
               ? (const int16_t *)(const void *)(replacements +
                                                 ((size_t)1 << adaptive->options.memory_bits))
               : NULL;
}

/* -- votes ------------------------------------------------------------------------------ */

/* The models that vote on one bit. */
typedef struct ballot {
    dfota_bit *bits[DFOTA_ADAPTIVE_VOTES];
    dfota_fine_bit *fine_bits[DFOTA_ADAPTIVE_VOTES];
    unsigned bit_count;
    unsigned fine_bit_count;
} ballot;

static unsigned vote(const dfota_adaptive *adaptive, const ballot *votes, int32_t *weights,
                     dfota_code_bit code, void *coder, unsigned bit)
{
    const int16_t *table = logits_of(adaptive);
    int32_t logits[DFOTA_ADAPTIVE_VOTES];
    const unsigned count = votes->bit_count + votes->fine_bit_count;
    int64_t sum = 0;
    int32_t logit;
    int32_t error;
    uint32_t one;
    unsigned i;

    for (i = 0; i < votes->bit_count; i++) {
        logits[i] = table != NULL ? table[*votes->bits[i] >> 4]
                                  : stretch(probability(*votes->bits[i]));
    }
    for (i = 0; i < votes->fine_bit_count; i++) {
        const uint32_t p = *votes->fine_bits[i] >> 16;
        logits[votes->bit_count + i] = stretch(p == 0 ? 1u : p);
    }
    for (i = 0; i < count; i++) {
        sum += (int64_t)weights[i] * logits[i];
    }
    sum /= WEIGHT_ONE;
    logit = sum > LOGIT_MAX ? LOGIT_MAX : sum < -LOGIT_MAX ? -LOGIT_MAX : (int32_t)sum;
    one = squash(logit);
    bit = code(coder, one, bit);
    error = (bit ? 65536 : 0) - (int32_t)one;
    for (i = 0; i < count; i++) {
        logit = weights[i] + (logits[i] * error) / (1 << WEIGHT_SHIFT);
        weights[i] = logit > WEIGHT_MAX ? WEIGHT_MAX : logit < -WEIGHT_MAX ? -WEIGHT_MAX : logit;
    }
    for (i = 0; i < votes->bit_count; i++) {
        bit_learn(votes->bits[i], bit);
    }
    for (i = 0; i < votes->fine_bit_count; i++) {
        fine_bit_learn(votes->fine_bits[i], bit);
    }
    return bit;
}

static int is_rich(const dfota_adaptive *adaptive)
{
    return adaptive->options.slot_bits >= DFOTA_ADAPTIVE_RICH_BITS;
}

/* -- memory ----------------------------------------------------------------------------- */

static dfota_slot *slots_of(dfota_adaptive *adaptive)
{
    return (dfota_slot *)(void *)(adaptive + 1);
}

/* The adaptive bit of a context: one of two slots, or the less used of these begins anew. */
static dfota_bit *slot_for(dfota_adaptive *adaptive, uint32_t hash)
{
    const uint32_t index = (hash * 0x9e3779b1u) >> (32u - adaptive->options.slot_bits);
    const uint16_t check = (uint16_t)((hash * 0x85ebca6bu) >> 16);
    dfota_slot *slot = slots_of(adaptive) + index;
    dfota_slot *other = slots_of(adaptive) + (index ^ 1u);

    if (slot->check == check) {
        return &slot->bit;
    }
    if (other->check == check) {
        return &other->bit;
    }
    if ((other->bit & 15u) < (slot->bit & 15u)) {
        dfota_slot *spared = slot;
        slot = other;
        other = spared;
    }
    other->bit = (dfota_bit)(other->bit - ((other->bit & 15u) ? 1u : 0u));
    slot->check = check;
    slot->bit = 0x8000u;
    return &slot->bit;
}

static dfota_replacement *replacement_for(dfota_adaptive *adaptive, uint32_t raw)
{
    dfota_replacement *all =
        (dfota_replacement *)(void *)(slots_of(adaptive) + ((size_t)1 << adaptive->options.slot_bits));
    return all + ((raw * 0x9e3779b1u) >> (32u - adaptive->options.memory_bits));
}

static uint32_t mixed(uint32_t context, uint32_t value)
{
    uint32_t hash = (value + context * 0x632be5abu) * 0x85ebca6bu;
    hash ^= hash >> 15;
    return hash * 0xc2b2ae35u;
}

size_t dfota_adaptive_size(const dfota_adaptive_options *options)
{
    if (options->slot_bits < DFOTA_ADAPTIVE_SLOT_BITS_MIN ||
        options->slot_bits > DFOTA_ADAPTIVE_SLOT_BITS_MAX ||
        options->memory_bits < DFOTA_ADAPTIVE_MEMORY_BITS_MIN ||
        options->memory_bits > DFOTA_ADAPTIVE_MEMORY_BITS_MAX) {
        return 0;
    }
    return sizeof(dfota_adaptive) + (sizeof(dfota_slot) << options->slot_bits) +
           (sizeof(dfota_replacement) << options->memory_bits) +
           (options->slot_bits >= DFOTA_ADAPTIVE_RICH_BITS ? LOGITS * sizeof(int16_t) : 0u);
}

static void fine_bits_reset(dfota_fine_bit *bits, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        bits[i] = 0x80000000u;
    }
}

static void weights_reset(int32_t *weights, size_t count, int32_t value)
{
    size_t i;

    for (i = 0; i < count; i++) {
        weights[i] = value;
    }
}

#define COUNT_OF(member, type) (sizeof(member) / sizeof(type))

dfota_adaptive *dfota_adaptive_begin(void *memory, const dfota_adaptive_options *options)
{
    dfota_adaptive *adaptive = (dfota_adaptive *)memory;
    size_t i;

    memset(memory, 0, dfota_adaptive_size(options));
    adaptive->options = *options;
    adaptive->since = 255;
    fine_bits_reset(&adaptive->wrong_kind[0][0][0], COUNT_OF(adaptive->wrong_kind, dfota_fine_bit));
    fine_bits_reset(&adaptive->wrong_history[0][0],
                    COUNT_OF(adaptive->wrong_history, dfota_fine_bit));
    fine_bits_reset(&adaptive->wrong_run[0][0], COUNT_OF(adaptive->wrong_run, dfota_fine_bit));
    fine_bits_reset(&adaptive->wrong_place[0][0][0],
                    COUNT_OF(adaptive->wrong_place, dfota_fine_bit));
    dfota_bits_reset(&adaptive->is_raw[0][0], COUNT_OF(adaptive->is_raw, dfota_bit));
    dfota_bits_reset(&adaptive->is_known[0][0], COUNT_OF(adaptive->is_known, dfota_bit));
    dfota_bits_reset(&adaptive->ends, 1);
    dfota_bits_reset(adaptive->run_length.length, COUNT_OF(adaptive->run_length, dfota_bit));
    for (i = 0; i < (size_t)1 << options->slot_bits; i++) {
        slots_of(adaptive)[i].bit = 0x8000u;
    }
    if (options->slot_bits >= DFOTA_ADAPTIVE_RICH_BITS) {
        int16_t *table = (int16_t *)(uintptr_t)logits_of(adaptive);
        for (i = 0; i < LOGITS; i++) {
            table[i] = (int16_t)stretch(probability((dfota_bit)(i << 4)));
        }
    }
    weights_reset(&adaptive->unit_weights[0][0], COUNT_OF(adaptive->unit_weights, int32_t),
                  WEIGHT_ONE * 3 / 10);
    weights_reset(&adaptive->byte_weights[0][0], COUNT_OF(adaptive->byte_weights, int32_t),
                  WEIGHT_ONE * 3 / 10);
    weights_reset(adaptive->literal_weights, COUNT_OF(adaptive->literal_weights, int32_t),
                  WEIGHT_ONE * 3 / 10);
    return adaptive;
}

static void remember_of_adaptive(dfota_adaptive *adaptive, uint8_t byte)
{
    adaptive->history[1] = (adaptive->history[1] << 8) | (adaptive->history[0] >> 24);
    adaptive->history[0] = (adaptive->history[0] << 8) | byte;
    adaptive->position++;
}

void dfota_adaptive_skip(dfota_adaptive *adaptive, const uint8_t *bytes, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        remember_of_adaptive(adaptive, bytes[i]);
    }
}

/* Code a byte whose contexts have these hashes; `ballot` may hold more votes behind them. */
static uint8_t code_byte(dfota_adaptive *adaptive, dfota_code_bit code, void *coder,
                         const uint32_t *hashes, unsigned count, int32_t *weights, unsigned value)
{
    ballot votes;
    unsigned node = 1;
    unsigned i;
    unsigned k;

    votes.bit_count = count;
    votes.fine_bit_count = 0;
    for (i = 0; i < 8u; i++) {
        for (k = 0; k < count; k++) {
            votes.bits[k] = slot_for(adaptive, hashes[k] + node * 0x2c1b3c6du);
        }
        node = (node << 1) | vote(adaptive, &votes, weights, code, coder, (value >> (7u - i)) & 1u);
    }
    return (uint8_t)node;
}

/* -- literals --------------------------------------------------------------------------- */

/* The contexts of the next byte of a gap; returns how many. */
static unsigned literal_hashes(const dfota_adaptive *adaptive, uint32_t *hashes)
{
    const uint32_t h = adaptive->history[0];
    const uint32_t place = adaptive->position & 3u;

    hashes[0] = mixed(CONTEXT_LITERAL, h & 0xffu);
    hashes[1] = mixed(CONTEXT_LITERAL + 1, h & 0xffffu);
    hashes[2] = mixed(CONTEXT_LITERAL + 2, (h >> 24) | place << 8);
    hashes[3] = mixed(CONTEXT_LITERAL + 3, h & 0xffffffu);
    if (!is_rich(adaptive)) {
        return 3;
    }
    hashes[4] = mixed(CONTEXT_LITERAL + 4, h);
    hashes[5] = mixed(CONTEXT_LITERAL + 5, (h & 0xffff00u) | place);
    hashes[6] = mixed(CONTEXT_LITERAL + 6, h ^ (adaptive->history[1] & 0xffffu) * 0x3d4d51cbu);
    return 7;
}

uint8_t dfota_adaptive_literal(dfota_adaptive *adaptive, dfota_code_bit code, void *coder,
                               uint8_t actual)
{
    uint32_t hashes[DFOTA_ADAPTIVE_VOTES];
    const unsigned count = literal_hashes(adaptive, hashes);

    actual = code_byte(adaptive, code, coder, hashes, count, adaptive->literal_weights, actual);
    remember_of_adaptive(adaptive, actual);
    return actual;
}

/* -- units ------------------------------------------------------------------------------ */

static unsigned log2_of(uint32_t value)
{
    unsigned log = 0;

    while (value > 1u) {
        value >>= 1;
        log++;
    }
    return log;
}

static uint32_t word_of(const uint8_t *bytes, unsigned length)
{
    uint32_t word = 0;
    unsigned i;

    for (i = 0; i < length && i < 4u; i++) {
        word |= (uint32_t)bytes[i] << (8u * i);
    }
    return word;
}

static unsigned kind_of(const dfota_unit *unit)
{
    return unit->kind >= DFOTA_KIND_POINTER ? unit->kind - DFOTA_KIND_POINTER + 10u
           : unit->kind > 9u                ? 9u
                                            : unit->kind;
}

/* Whether the unit is not what was predicted. */
static unsigned code_wrong(dfota_adaptive *adaptive, dfota_code_bit code, void *coder,
                           const dfota_unit *unit, uint32_t raw, unsigned known, unsigned wrong)
{
    const unsigned kind = kind_of(unit);
    const unsigned trust = unit->trust * 2u + unit->moved;
    const unsigned run = log2_of(adaptive->run + 1u);
    unsigned since = adaptive->since < 8u ? adaptive->since
                                          : 5u + log2_of((uint32_t)adaptive->since + 1u);
    ballot votes;

    since = since < 11u ? since : 11u;
    votes.fine_bit_count = 4;
    votes.fine_bits[0] = &adaptive->wrong_kind[kind][trust][adaptive->kinds[kind] & 3u];
    votes.fine_bits[1] = &adaptive->wrong_history[kind != 0][adaptive->hits & 63u];
    votes.fine_bits[2] = &adaptive->wrong_run[run][trust];
    votes.fine_bits[3] =
        &adaptive->wrong_place[adaptive->position & 3u][since][unit->length > 3u ? 3u
                                                                               : unit->length];
    votes.bit_count = 2;
    votes.bits[0] = slot_for(adaptive, mixed(CONTEXT_UNIT + unit->kind, raw));
    votes.bits[1] = slot_for(
        adaptive, mixed(CONTEXT_UNIT + 32u, (raw & 0xffffu) | (uint32_t)unit->kind << 16 | known << 24));
    return vote(adaptive, &votes, adaptive->unit_weights[kind], code, coder, wrong);
}

/* The bytes of a unit that was predicted wrongly, as differences. */
static void code_bytes(dfota_adaptive *adaptive, dfota_code_bit code, void *coder,
                       const dfota_unit *unit, uint8_t *actual)
{
    unsigned changed = 0; /* 0: nothing yet, 1: but the byte before was right, 2: it was wrong */
    unsigned i;

    for (i = 0; i < unit->length; i++) {
        const uint32_t old = unit->predicted[i];
        const uint32_t ahead = i + 1u < unit->length ? unit->predicted[i + 1u] : 0x100u;
        const uint32_t steps = adaptive->steps;
        const uint32_t place = i | (uint32_t)unit->kind << 3 | (uint32_t)unit->length << 8;
        uint32_t hashes[DFOTA_ADAPTIVE_VOTES];
        unsigned step;
        hashes[0] = mixed(CONTEXT_BYTE, place << 2 | changed);
        hashes[1] = mixed(CONTEXT_BYTE + 1, old << 2 | changed);
        hashes[2] = mixed(CONTEXT_BYTE + 2, steps & 0xffffu);
        hashes[3] = mixed(CONTEXT_BYTE + 3, old | (steps & 0xffu) << 8);
        hashes[4] = mixed(CONTEXT_BYTE + 4, (adaptive->history[0] & 0xffu) | old << 8);
        hashes[5] = mixed(CONTEXT_BYTE + 5, old | ahead << 8 | changed << 24);
        hashes[6] = mixed(CONTEXT_BYTE + 6, steps);
        hashes[7] = mixed(CONTEXT_BYTE + 7, adaptive->changes | i << 24);
        step = code_byte(adaptive, code, coder, hashes, is_rich(adaptive) ? 8u : 4u,
                         adaptive->byte_weights[(i & 3u) << 2 | changed],
                         (actual[i] - old) & 0xffu);
        actual[i] = (uint8_t)(old + step);
        adaptive->steps = steps << 8 | step;
        if (step) {
            adaptive->changes = (adaptive->changes << 8 | step) & 0xffffu;
        }
        changed = step ? 2u : changed ? 1u : 0u;
        remember_of_adaptive(adaptive, actual[i]);
    }
}

/* A wrong unit: which bytes it has. */
static void code_actual(dfota_adaptive *adaptive, dfota_code_bit code, void *coder,
                        const dfota_unit *unit, uint32_t raw, uint8_t *actual)
{
    dfota_replacement *known = replacement_for(adaptive, raw);
    uint8_t bytes[4];
    unsigned i;

    if (unit->moved &&
        dfota_code_plain(code, coder, &adaptive->is_raw[kind_of(unit)][unit->trust],
                         memcmp(actual, unit->raw, unit->length) == 0)) {
        memcpy(actual, unit->raw, unit->length);
        dfota_adaptive_skip(adaptive, actual, unit->length);
        return;
    }
    for (i = 0; i < 4u; i++) {
        bytes[i] = (uint8_t)(known->actual >> (8u * i));
    }
    if (unit->length <= 4u && known->raw == raw && known->actual != raw &&
        known->actual != word_of(unit->predicted, unit->length) &&
        dfota_code_plain(code, coder, &adaptive->is_known[kind_of(unit)][unit->moved],
                         memcmp(actual, bytes, unit->length) == 0)) {
        memcpy(actual, bytes, unit->length);
        dfota_adaptive_skip(adaptive, actual, unit->length);
        return;
    }
    code_bytes(adaptive, code, coder, unit, actual);
    if (unit->length <= 4u) {
        known->raw = raw;
        known->actual = word_of(actual, unit->length);
    }
}

static void code_run(dfota_adaptive *adaptive, dfota_code_bit code, void *coder, uint32_t ahead)
{
    if (dfota_code_plain(code, coder, &adaptive->ends, ahead == DFOTA_ADAPTIVE_ENDLESS)) {
        adaptive->endless = 1;
        return;
    }
    ahead = ahead > 0x3fffffffu ? 0x3fffffffu : ahead;
    adaptive->sure = dfota_code_number(code, coder, &adaptive->run_length, 0, ahead + 1u);
    adaptive->sure -= adaptive->sure ? 1u : 0u;
    adaptive->sure_wrong = 1;
}

void dfota_adaptive_unit(dfota_adaptive *adaptive, dfota_code_bit code, void *coder,
                         const dfota_unit *unit, uint32_t ahead, uint8_t *actual)
{
    const uint32_t raw = word_of(unit->raw, unit->length);
    unsigned wrong = memcmp(actual, unit->predicted, unit->length) != 0;

    if (dfota_adaptive_wants_run(adaptive)) {
        code_run(adaptive, code, coder, ahead);
    }
    if (adaptive->sure > 0 || adaptive->endless) {
        adaptive->sure -= adaptive->sure ? 1u : 0u;
        wrong = 0;
    } else if (adaptive->sure_wrong) {
        adaptive->sure_wrong = 0;
        wrong = 1;
    } else {
        const dfota_replacement *known = replacement_for(adaptive, raw);
        wrong = code_wrong(adaptive, code, coder, unit, raw,
                           known->raw == raw && known->actual != raw, wrong);
        adaptive->kinds[kind_of(unit)] = (uint8_t)((unsigned)adaptive->kinds[kind_of(unit)] << 1 | wrong);
        adaptive->hits = (uint8_t)((unsigned)adaptive->hits << 1 | wrong);
    }
    if (wrong) {
        adaptive->run = 0;
        adaptive->since = 0;
        code_actual(adaptive, code, coder, unit, raw, actual);
        return;
    }
    adaptive->run += adaptive->run < DFOTA_ADAPTIVE_RUN_LIMIT ? 1u : 0u;
    adaptive->since = (uint8_t)(adaptive->since + unit->length > 255 ? 255
                                                                  : adaptive->since + unit->length);
    memcpy(actual, unit->predicted, unit->length);
    dfota_adaptive_skip(adaptive, actual, unit->length);
}
#undef LOGIT_MAX
#undef LOGITS
#undef WEIGHT_ONE
#undef WEIGHT_MAX
#undef WEIGHT_SHIFT
#undef COUNT_OF

/* == dfota_map.c ========================================================================= */

/*
 * The head of a patch's body. Each function computes what it would have to say of its input,
 * lets the coder say it (or say something else), and makes its output of what was said.
 */

#define ADDRESS_BITS 32u

void dfota_map_begin(dfota_map *map, uint32_t old_size, uint32_t new_size)
{
    dfota_bit *bits = &map->is_gap[0][0];
    const size_t offset = (size_t)((const uint8_t *)bits - (const uint8_t *)map);

    memset(map, 0, sizeof *map);
    map->old_size = old_size;
    map->new_size = new_size;
    map->place = DFOTA_PLACE_COUNT;
    dfota_bits_reset(bits, (sizeof *map - offset) / sizeof *bits);
}

static uint32_t code_even(dfota_code_bit code, void *coder, unsigned count, uint32_t value)
{
    uint32_t result = 0;
    unsigned i;

    for (i = count; i > 0; i--) {
        result = result << 1 | code(coder, 0x8000u, (value >> (i - 1u)) & 1u);
    }
    return result;
}

/* -- segments --------------------------------------------------------------------------- */

/* An address: how many zeros it ends with, then the bits before those. */
static uint32_t code_address(dfota_map *map, dfota_code_bit code, void *coder, uint32_t address)
{
    unsigned zeros = 0;

    while (zeros < ADDRESS_BITS - 1u && !(address >> zeros & 1u)) {
        zeros++;
    }
    zeros = dfota_code_tree(code, coder, map->zeros_tree, 5, zeros);
    return code_even(code, coder, ADDRESS_BITS - zeros, address >> zeros) << zeros;
}

/* A number from 0 on. */
static uint32_t code_extent(dfota_map *map, dfota_code_bit code, void *coder, uint32_t value)
{
    return dfota_code_number(code, coder, &map->extent, 0, value + 1u) - 1u;
}

int dfota_map_segment(dfota_map *map, dfota_code_bit code, void *coder,
                      const dfota_segment *before, dfota_segment *segment)
{
    static const dfota_segment none = {0, 0, 0, 0, 0, 0, 0};
    const dfota_segment *last = before != NULL ? before : &none;
    const uint32_t room = map->old_size - last->end;
    uint32_t gap;
    uint32_t length;

    gap = code_extent(map, code, coder, segment->begin - last->end);
    if (gap >= room) {
        return 1;
    }
    if (dfota_code_plain(code, coder, &map->is_like_before[0], segment->end == map->old_size)) {
        length = room - gap;
    } else {
        length = code_extent(map, code, coder, segment->end - segment->begin);
        if (length == 0 || length > room - gap) {
            return 1;
        }
    }
    segment->begin = last->end + gap;
    segment->end = segment->begin + length;
    segment->isa = (uint8_t)dfota_code_tree(code, coder, map->isa_tree, 4, segment->isa);
    segment->flags = (uint8_t)dfota_code_tree(code, coder, map->flags_tree, 2, segment->flags);
    if (segment->isa >= DFOTA_ISA_COUNT || segment->flags == 3u) {
        return 1;
    }
    if (dfota_code_plain(code, coder, &map->is_like_before[1], segment->space == last->space)) {
        segment->space = last->space;
    } else {
        segment->space = (uint16_t)(last->space + 1u +
                                    code_extent(map, code, coder,
                                                (uint16_t)(segment->space - last->space - 1)));
    }
    if (dfota_code_plain(code, coder, &map->is_like_before[2],
                         segment->old_base == last->old_base)) {
        segment->old_base = last->old_base;
    } else {
        /* The address of its first byte is rounder than the base. */
        segment->old_base =
            code_address(map, code, coder, segment->old_base + segment->begin) - segment->begin;
    }
    if (dfota_code_plain(code, coder, &map->is_like_before[3],
                         segment->new_base - segment->old_base ==
                             last->new_base - last->old_base)) {
        segment->new_base = segment->old_base + (last->new_base - last->old_base);
    } else {
        segment->new_base =
            segment->old_base + code_address(map, code, coder, segment->new_base - segment->old_base);
    }
    return 0;
}

/* -- the copy map ----------------------------------------------------------------------- */

/* Put `displacement` first; `index` is where it stood, DFOTA_RECENT_COUNT if nowhere. */
static void use_recent(dfota_map *map, unsigned index, uint32_t displacement)
{
    unsigned i = index < DFOTA_RECENT_COUNT ? index : DFOTA_RECENT_COUNT - 1u;

    for (; i > 0; i--) {
        map->recent[i] = map->recent[i - 1u];
    }
    map->recent[0] = displacement;
}

static unsigned recent_index(const dfota_map *map, uint32_t displacement)
{
    unsigned index = 0;

    while (index < DFOTA_RECENT_COUNT && map->recent[index] != displacement) {
        index++;
    }
    return index;
}

/* Which place fits; `gap` bytes of new and `step` (modulo 2^32) bytes of old are passed over. */
static unsigned place_of(uint32_t gap, uint32_t step, unsigned index)
{
    if (step == gap) {
        return DFOTA_PLACE_SAME;
    }
    if (step == 0) {
        return DFOTA_PLACE_NEXT;
    }
    if (index < DFOTA_RECENT_COUNT) {
        return DFOTA_PLACE_RECENT;
    }
    return step < 0x80000000u ? DFOTA_PLACE_FORWARD : DFOTA_PLACE_BACKWARD;
}

static uint32_t code_gap(dfota_map *map, dfota_code_bit code, void *coder, uint32_t gap)
{
    if (!dfota_code_plain(code, coder, &map->is_gap[map->place][map->plain], gap != 0)) {
        return 0;
    }
    return dfota_code_number(code, coder, &map->gap[map->place == DFOTA_PLACE_SAME],
                             map->at & 3u, gap);
}

/* The old offset at which the block begins. */
static uint32_t code_from(dfota_map *map, dfota_code_bit code, void *coder, uint32_t gap,
                          uint32_t from)
{
    const uint32_t step = from - map->from;
    const unsigned gap_class = gap == 0 ? 0u : gap <= 8u ? 1u : 2u;
    const uint32_t at = map->at + gap;
    unsigned index = recent_index(map, from - at);
    unsigned place = place_of(gap, step, index);

    place = dfota_code_tree(code, coder, map->place_tree[gap_class][map->place], 3, place);
    map->place = (uint8_t)(place < DFOTA_PLACE_COUNT ? place : DFOTA_PLACE_COUNT);
    switch (place) {
    case DFOTA_PLACE_SAME:
        from = map->from + gap;
        break;
    case DFOTA_PLACE_NEXT:
        from = map->from;
        break;
    case DFOTA_PLACE_FORWARD:
        from = map->from + dfota_code_number(code, coder, &map->step[gap != 0], map->from & 3u, step);
        break;
    case DFOTA_PLACE_BACKWARD:
        from = map->from - dfota_code_number(code, coder, &map->step[2], map->from & 3u, 0u - step);
        break;
    case DFOTA_PLACE_RECENT:
        from = at + map->recent[dfota_code_tree(code, coder, map->recent_tree, 3, index & 7u)];
        break;
    default:
        from = 0xffffffffu;
        break;
    }
    index = recent_index(map, from - at);
    use_recent(map, index, from - at);
    return from;
}

/* The shape of the block `back` blocks ago, 0 being the last one. */
static const dfota_map_block_shape *shape_before(const dfota_map *map, uint32_t back)
{
    return &map->shapes[(map->known - 1u - back) % DFOTA_MAP_MEMORY];
}

static int is_same_shape(const dfota_map_block_shape *one, const dfota_map_block_shape *other)
{
    return one->gap == other->gap && one->displacement == other->displacement &&
           one->length == other->length;
}

/*
 * What followed when the last two blocks (*order 1), or else the last one (*order 0), were last
 * of the same shape; NULL if they never were. Images that are cut into records repeat themselves.
 */
static const dfota_map_block_shape *expected_shape(const dfota_map *map, unsigned *order)
{
    const uint32_t reach = map->known < DFOTA_MAP_MEMORY ? map->known : DFOTA_MAP_MEMORY;
    const dfota_map_block_shape *expected = NULL;
    uint32_t back;

    *order = 0;
    for (back = 1; back < reach; back++) {
        if (!is_same_shape(shape_before(map, 0), shape_before(map, back))) {
            continue;
        }
        if (back + 1u < reach && is_same_shape(shape_before(map, 1), shape_before(map, back + 1u))) {
            *order = 1;
            return shape_before(map, back - 1u);
        }
        if (expected == NULL) {
            expected = shape_before(map, back - 1u);
        }
    }
    return expected;
}

static void remember_of_map(dfota_map *map, const dfota_block *block)
{
    dfota_map_block_shape *shape = &map->shapes[map->known % DFOTA_MAP_MEMORY];

    shape->gap = block->at - map->at;
    shape->displacement = block->from - block->at;
    shape->length = block->length;
    map->known++;
}

/* Whether the next block is as expected; then `block` becomes that. */
static int code_expected(dfota_map *map, dfota_code_bit code, void *coder, dfota_block *block)
{
    unsigned order;
    const dfota_map_block_shape *const expected = expected_shape(map, &order);
    unsigned index;
    uint32_t at;

    if (expected == NULL) {
        return 0;
    }
    at = map->at + expected->gap;
    map->was_expected = (uint8_t)dfota_code_plain(
        code, coder, &map->is_expected[order][map->was_expected],
        block->at == at && block->from == at + expected->displacement &&
            block->length == expected->length);
    if (!map->was_expected) {
        return 0;
    }
    block->at = at;
    block->from = at + expected->displacement;
    block->length = expected->length;
    index = recent_index(map, expected->displacement);
    map->place = (uint8_t)place_of(expected->gap, block->from - map->from, index);
    map->plain = (block->length & DFOTA_BLOCK_PLAIN) != 0;
    use_recent(map, index, expected->displacement);
    return 1;
}

/* The next block, part by part. */
static int code_block(dfota_map *map, dfota_code_bit code, void *coder, int is_last,
                      dfota_block *block)
{
    const uint32_t room = map->new_size - map->at;
    const uint32_t gap = code_gap(map, code, coder, block->at - map->at);
    const unsigned plain = (block->length & DFOTA_BLOCK_PLAIN) != 0;
    uint32_t length = block->length & ~DFOTA_BLOCK_PLAIN;

    if (gap >= room) {
        return 1;
    }
    block->from = code_from(map, code, coder, gap, block->from);
    if (is_last && dfota_code_plain(code, coder, &map->reaches_end, length == room - gap)) {
        length = room - gap;
    } else {
        length = dfota_code_number(code, coder,
                                   &map->length[map->place == DFOTA_PLACE_SAME   ? 0
                                                : map->place == DFOTA_PLACE_NEXT ? 1
                                                                                 : 2],
                                   (map->at + gap) & 3u, length);
    }
    if (length == 0 || length > room - gap) {
        return 1;
    }
    map->plain = (uint8_t)dfota_code_plain(code, coder, &map->is_plain[map->plain], plain);
    block->at = map->at + gap;
    block->length = length | (map->plain ? DFOTA_BLOCK_PLAIN : 0u);
    return 0;
}

int dfota_map_block(dfota_map *map, dfota_code_bit code, void *coder, int is_last,
                    dfota_block *block)
{
    uint32_t length;

    if (!code_expected(map, code, coder, block) &&
        code_block(map, code, coder, is_last, block) != 0) {
        return 1;
    }
    length = block->length & ~DFOTA_BLOCK_PLAIN;
    if (block->at - map->at >= map->new_size - map->at ||
        length > map->new_size - block->at || block->from >= map->old_size ||
        length > map->old_size - block->from) {
        return 1;
    }
    remember_of_map(map, block);
    map->at = block->at + length;
    map->from = block->from + length;
    return 0;
}
#undef ADDRESS_BITS

/* == dfota_content.c ===================================================================== */

/*
 * The content of a patch's body: what is neither predicted nor modelled (runs of one byte,
 * incompressible stretches) is dealt with here, all else by the coders.
 */

void dfota_content_begin(dfota_content *content, dfota_is_noise is_noise)
{
    memset(content, 0, sizeof *content);
    content->is_noise = is_noise;
    content->coding = is_noise != NULL;
    dfota_bits_reset(&content->is_stored, 1);
    dfota_bits_reset(content->fill.length, sizeof content->fill / sizeof(dfota_bit));
}

void dfota_content_block(dfota_content *content, const dfota_block *block)
{
    (void)content;
    (void)block;
}

void dfota_content_gap_begin(dfota_content *content, uint32_t length, uint32_t from,
                             uint32_t next_from)
{
    (void)length;
    (void)from;
    (void)next_from;
    content->chunk_left = 0;
    content->fill_left = 0;
    content->stored = 0;
    content->equal = 0;
}

static void skip(dfota_content *content, const uint8_t *bytes, uint32_t size)
{
    dfota_adaptive_skip(content->adaptive, bytes, size);
}

static uint32_t fill(dfota_content *content, uint8_t *bytes, uint32_t room)
{
    const uint32_t take = content->fill_left < room ? content->fill_left : room;

    if (!content->coding) {
        memset(bytes, content->last, take);
    }
    skip(content, bytes, take);
    content->fill_left -= take;
    content->chunk_left -= take < content->chunk_left ? take : content->chunk_left;
    return take;
}

static uint32_t stored(dfota_content *content, dfota_code_bit code, void *coder, uint8_t *bytes,
                       uint32_t room)
{
    const uint32_t take = content->chunk_left < room ? content->chunk_left : room;
    uint32_t i;

    for (i = 0; i < take; i++) {
        const unsigned value = content->coding ? bytes[i] : 0u;
        unsigned byte = 0;
        unsigned k;
        for (k = 8; k > 0; k--) {
            byte = byte << 1 | code(coder, 0x8000u, (value >> (k - 1u)) & 1u);
        }
        if (!content->coding) {
            bytes[i] = (uint8_t)byte;
        }
    }
    skip(content, bytes, take);
    content->chunk_left -= take;
    content->equal = 0;
    return take;
}

static int literal(dfota_content *content, dfota_code_bit code, void *coder, uint8_t *byte)
{
    *byte = dfota_adaptive_literal(content->adaptive, code, coder, *byte);
    return 0;
}

uint32_t dfota_content_gap(dfota_content *content, dfota_code_bit code, void *coder,
                           uint32_t left, uint8_t *bytes, uint32_t room)
{
    uint8_t byte;

    room = room < left ? room : left;
    if (content->fill_left > 0) {
        return fill(content, bytes, room);
    }
    if (content->equal == DFOTA_FILL_AFTER) {
        uint32_t more = 0;
        while (content->coding && more < left && bytes[more] == content->last) {
            more++;
        }
        content->equal = 0;
        more = dfota_code_number(code, coder, &content->fill, 0, more + 1u) - 1u;
        if (more > left) {
            return 0;
        }
        if (more > 0) {
            content->fill_left = more;
            return fill(content, bytes, room);
        }
    }
    if (content->chunk_left == 0) {
        content->chunk_left = left < DFOTA_CHUNK_SIZE ? left : DFOTA_CHUNK_SIZE;
        content->stored = 0;
        if (content->chunk_left >= DFOTA_CHUNK_MIN) {
            content->stored = (uint8_t)dfota_code_plain(
                code, coder, &content->is_stored,
                content->coding ? content->is_noise(bytes, content->chunk_left) : 0u);
        }
    }
    if (content->stored) {
        return stored(content, code, coder, bytes, room);
    }
    byte = content->coding ? *bytes : 0u;
    if (literal(content, code, coder, &byte) != 0) {
        return 0;
    }
    if (!content->coding) {
        *bytes = byte;
    }
    content->equal = (uint8_t)(content->equal > 0 && byte == content->last ? content->equal + 1 : 1);
    content->last = byte;
    content->chunk_left--;
    return 1;
}

int dfota_content_unit(dfota_content *content, dfota_code_bit code, void *coder,
                       const dfota_unit *unit, uint32_t ahead, uint8_t *actual)
{
    if (!content->coding) {
        memset(actual, 0, unit->length);
    }
    dfota_adaptive_unit(content->adaptive, code, coder, unit, ahead, actual);
    return 0;
}

/* == dfota_checkpoint.c ================================================================== */

/*
 * Where a patch stands, as bytes: the fields in the order of docs/spec/patch-format.md, all
 * little-endian. Saving and loading are the same walk.
 */

typedef struct mover {
    dfota_move_checkpoint move;
    void *ctx;
    int saving;
    int failed;
} mover;

/* `count` numbers of `width` bytes each (1, 2 or 4) at `numbers`. */
static void move_numbers(mover *to, void *numbers, size_t count, unsigned width)
{
    uint8_t piece[64];
    uint8_t *at = (uint8_t *)numbers;
    size_t i;
    unsigned k;

    while (count > 0 && !to->failed) {
        const size_t take = count < sizeof piece / width ? count : sizeof piece / width;
        for (i = 0; i < take && to->saving; i++) {
            const uint32_t value = width == 1u   ? at[i]
                                   : width == 2u ? ((const uint16_t *)(const void *)at)[i]
                                                 : ((const uint32_t *)(const void *)at)[i];
            for (k = 0; k < width; k++) {
                piece[i * width + k] = (uint8_t)(value >> (8u * k));
            }
        }
        to->failed = to->move(to->ctx, piece, take * width) != 0;
        for (i = 0; i < take && !to->saving && !to->failed; i++) {
            uint32_t value = 0;
            for (k = 0; k < width; k++) {
                value |= (uint32_t)piece[i * width + k] << (8u * k);
            }
            if (width == 1u) {
                at[i] = (uint8_t)value;
            } else if (width == 2u) {
                ((uint16_t *)(void *)at)[i] = (uint16_t)value;
            } else {
                ((uint32_t *)(void *)at)[i] = value;
            }
        }
        at += take * width;
        count -= take;
    }
}

#define MOVE(to, member, type) move_numbers(to, &(member), sizeof(member) / sizeof(type), sizeof(type))

static void move_sha(mover *to, dfota_sha256 *sha)
{
    uint32_t size[2];

    size[0] = (uint32_t)sha->size;
    size[1] = (uint32_t)(sha->size >> 32);
    MOVE(to, sha->words, uint32_t);
    MOVE(to, size, uint32_t);
    MOVE(to, sha->block, uint8_t);
    sha->size = (uint64_t)size[1] << 32 | size[0];
}

static void move_predictor(mover *to, dfota_predictor *predictor)
{
    uint32_t segment = predictor->segment == NULL
                           ? 0u
                           : (uint32_t)(predictor->segment - predictor->segments) + 1u;
    uint8_t plain = (uint8_t)(predictor->plain != 0);

    MOVE(to, predictor->old_offset, uint32_t);
    MOVE(to, predictor->new_offset, uint32_t);
    MOVE(to, predictor->left, uint32_t);
    MOVE(to, predictor->segment_end, uint32_t);
    MOVE(to, segment, uint32_t);
    MOVE(to, plain, uint8_t);
    MOVE(to, predictor->scan.begin, uint32_t);
    MOVE(to, predictor->scan.words, uint32_t);
    MOVE(to, predictor->scan.isa, uint8_t);
    MOVE(to, predictor->scan.bytes, uint8_t);
    if (segment > predictor->segment_count) {
        to->failed = 1;
        return;
    }
    predictor->segment = segment > 0 ? &predictor->segments[segment - 1u] : NULL;
    if (segment > 0 && (predictor->segment_end != predictor->segment->end ||
                        predictor->scan.isa != predictor->segment->isa)) {
        to->failed = 1;
        return;
    }
    predictor->plain = plain;
    if (predictor->correction_bits > 0) {
        move_numbers(to, predictor->corrections, (size_t)2 << predictor->correction_bits, 4);
    }
}

static void move_content(mover *to, dfota_content *content)
{
    MOVE(to, content->chunk_left, uint32_t);
    MOVE(to, content->fill_left, uint32_t);
    MOVE(to, content->stored, uint8_t);
    MOVE(to, content->equal, uint8_t);
    MOVE(to, content->last, uint8_t);
    MOVE(to, content->is_stored, uint16_t);
    MOVE(to, content->fill, uint16_t);
}

/* Weights that learning would never have reached could overflow. */
static void bound_weights(int32_t *weights, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        weights[i] = weights[i] > DFOTA_ADAPTIVE_WEIGHT_MAX    ? DFOTA_ADAPTIVE_WEIGHT_MAX
                     : weights[i] < -DFOTA_ADAPTIVE_WEIGHT_MAX ? -DFOTA_ADAPTIVE_WEIGHT_MAX
                                                               : weights[i];
    }
}

#define BOUND(member) bound_weights((int32_t *)(void *)&(member), sizeof(member) / sizeof(int32_t))

static void move_adaptive(mover *to, dfota_adaptive *adaptive)
{
    const dfota_adaptive_options options = adaptive->options;

    MOVE(to, adaptive->history, uint32_t);
    MOVE(to, adaptive->position, uint32_t);
    MOVE(to, adaptive->steps, uint32_t);
    MOVE(to, adaptive->changes, uint32_t);
    MOVE(to, adaptive->run, uint32_t);
    MOVE(to, adaptive->sure, uint32_t);
    MOVE(to, adaptive->sure_wrong, uint8_t);
    MOVE(to, adaptive->endless, uint8_t);
    MOVE(to, adaptive->hits, uint8_t);
    MOVE(to, adaptive->since, uint8_t);
    MOVE(to, adaptive->kinds, uint8_t);
    MOVE(to, adaptive->wrong_kind, uint32_t);
    MOVE(to, adaptive->wrong_history, uint32_t);
    MOVE(to, adaptive->wrong_run, uint32_t);
    MOVE(to, adaptive->wrong_place, uint32_t);
    MOVE(to, adaptive->is_raw, uint16_t);
    MOVE(to, adaptive->is_known, uint16_t);
    MOVE(to, adaptive->ends, uint16_t);
    MOVE(to, adaptive->unit_weights, uint32_t);
    MOVE(to, adaptive->byte_weights, uint32_t);
    MOVE(to, adaptive->literal_weights, uint32_t);
    MOVE(to, adaptive->run_length, uint16_t);
    /* The slots, two numbers each, then the replacements, two numbers each. */
    move_numbers(to, adaptive + 1, (size_t)2 << options.slot_bits, 2);
    move_numbers(to, (dfota_slot *)(void *)(adaptive + 1) + ((size_t)1 << options.slot_bits),
                 (size_t)2 << options.memory_bits, 4);
    BOUND(adaptive->unit_weights);
    BOUND(adaptive->byte_weights);
    BOUND(adaptive->literal_weights);
    adaptive->run = adaptive->run < DFOTA_ADAPTIVE_RUN_LIMIT ? adaptive->run
                                                             : DFOTA_ADAPTIVE_RUN_LIMIT;
}

int dfota_checkpoint_move(dfota_patch *patch, dfota_move_checkpoint move, void *ctx, int saving)
{
    mover to = {0, 0, 0, 0};

    to.move = move;
    to.ctx = ctx;
    to.saving = saving;
    MOVE(&to, patch->header.new_digest, uint8_t);
    MOVE(&to, patch->consumed, uint32_t);
    MOVE(&to, patch->position, uint32_t);
    MOVE(&to, patch->range, uint32_t);
    MOVE(&to, patch->code, uint32_t);
    MOVE(&to, patch->gap_left, uint32_t);
    MOVE(&to, patch->next, uint32_t);
    MOVE(&to, patch->tail, uint8_t);
    MOVE(&to, patch->phase, uint8_t);
    MOVE(&to, patch->unit_used, uint8_t);
    MOVE(&to, patch->unit_size, uint8_t);
    MOVE(&to, patch->unit, uint8_t);
    move_sha(&to, &patch->sha);
    move_predictor(&to, &patch->predictor);
    move_content(&to, &patch->content);
    move_adaptive(&to, patch->content.adaptive);
    return to.failed || patch->range < DFOTA_RANGE_MIN ||
           patch->position > patch->header.new_size ||
           patch->gap_left > patch->header.new_size - patch->position ||
           patch->next > patch->header.block_count || patch->tail > DFOTA_RANGE_TAIL ||
           patch->unit_size > DFOTA_UNIT_MAX || patch->unit_used > patch->unit_size ||
           patch->predictor.old_offset > patch->header.old_size ||
           (uint64_t)patch->predictor.left + (uint64_t)(patch->unit_size - patch->unit_used) >
               patch->header.new_size - patch->position ||
           patch->predictor.left > patch->header.old_size - patch->predictor.old_offset;
}
#undef MOVE
#undef BOUND

/* == dfota_patch.c ======================================================================= */

/*
 * The applier of patch format 2 (docs/spec/patch-format.md). No heap, no globals, no libc but
 * memcpy, memmove, memset, memcmp.
 *
 * Rule 1. Every number from the patch is compared with what is left before it is used.
 * Rule 2. Every failure goes through fail(), which kills the patch; nothing is repaired.
 */

enum { PHASE_NONE, PHASE_OPEN, PHASE_MAP, PHASE_BLOCK, PHASE_GAP, PHASE_COPY, PHASE_DONE };

static const uint8_t MAGIC_of_patch[4] = {0xdfu, 'O', 'T', 'A'};

/* The byte behind the version. */
#define PROFILE_MASK 3u
#define HAS_PLACE 4u
#define HAS_PARAMETERS 8u

/* The first failure counts; later ones are its consequences. */
static void fail_of_patch(dfota_patch *patch, dfota_result result)
{
    if (patch->failure == DFOTA_OK) {
        patch->failure = result;
    }
}

/* -- the bytes of the patch --------------------------------------------------------- */

/* How many bytes can be taken from the buffer without waiting; 0 at the end of the patch. */
static unsigned refill(dfota_patch *patch)
{
    if (patch->buffer_used == patch->buffer_size) {
        const size_t got = patch->read_patch(patch->ctx, patch->buffer, sizeof patch->buffer);
        patch->buffer_used = 0;
        patch->buffer_size = 0;
        if (got > sizeof patch->buffer) {
            fail_of_patch(patch, DFOTA_ERR_IO);
        } else {
            patch->buffer_size = (uint16_t)got;
        }
    }
    return (unsigned)patch->buffer_size - patch->buffer_used;
}

static uint8_t next_byte(dfota_patch *patch)
{
    if (patch->failure != DFOTA_OK) {
        return 0;
    }
    if (refill(patch) == 0) {
        if (patch->phase == PHASE_NONE || patch->tail == DFOTA_RANGE_TAIL) {
            fail_of_patch(patch, DFOTA_ERR_TRUNCATED);
        } else {
            patch->tail++;
        }
        return 0;
    }
    patch->consumed++;
    return patch->buffer[patch->buffer_used++];
}

/* A dfota_code_bit. */
static unsigned decode_of_patch(void *coder, uint32_t one, unsigned bit)
{
    dfota_patch *patch = (dfota_patch *)coder;
    const uint32_t bound = dfota_range_split(patch->range, one);

    bit = dfota_range_rare(one);
    if (patch->code < bound) {
        patch->range = bound;
    } else {
        patch->code -= bound;
        patch->range -= bound;
        bit ^= 1u;
    }
    while (patch->range < DFOTA_RANGE_MIN) {
        patch->range <<= 8;
        patch->code = (patch->code << 8) | next_byte(patch);
    }
    return bit;
}

static void begin_decoding(dfota_patch *patch)
{
    unsigned i;

    patch->range = 0xffffffffu;
    patch->code = 0;
    for (i = 0; i < 4u; i++) {
        patch->code = (patch->code << 8) | next_byte(patch);
    }
    if (patch->code == 0xffffffffu) {
        fail_of_patch(patch, DFOTA_ERR_CODE);
    }
}

/* -- the header ------------------------------------------------------------------------- */

static uint8_t header_byte(dfota_patch *patch)
{
    const uint8_t byte = next_byte(patch);

    dfota_sha256_feed(&patch->sha, &byte, 1);
    return byte;
}

/* A number: seven bits a byte, the least significant first, in the fewest bytes. */
static uint32_t header_number(dfota_patch *patch, uint32_t most)
{
    uint32_t value = 0;
    unsigned shift;

    for (shift = 0; shift < 35u; shift += 7u) {
        const uint8_t byte = header_byte(patch);
        if (shift == 28u && byte > 4u) {
            break;
        }
        value |= (uint32_t)(byte & 0x7fu) << shift;
        if (byte < 0x80u) {
            if (byte == 0 && shift > 0) {
                fail_of_patch(patch, DFOTA_ERR_HEADER);
            }
            if (value > most) {
                break;
            }
            return value;
        }
    }
    fail_of_patch(patch, DFOTA_ERR_LIMIT);
    return 0;
}

static void header_bytes(dfota_patch *patch, uint8_t *out, unsigned size)
{
    unsigned i;

    for (i = 0; i < size; i++) {
        out[i] = header_byte(patch);
    }
}

/* `fewest` or more bits, up to `most`, so that 2 to their power is at least `count`. */
static uint8_t bits_for(uint32_t count, unsigned fewest, unsigned most)
{
    unsigned bits = fewest;

    while (bits < most && (uint32_t)1 << bits < count) {
        bits++;
    }
    return (uint8_t)bits;
}

void dfota_patch_defaults(dfota_patch_header *header)
{
    header->train = 0;
    header->index_bits = 0;
    header->memory_bits = 0;
    if (header->profile == DFOTA_PROFILE_MAX) {
        header->correction_bits = bits_for(header->old_size / 8u, 8, 16);
        header->slot_bits = bits_for(header->old_size / 2u + header->new_size / 2u, 12, 18);
        header->index_bits = bits_for(header->old_size, 10, 17);
        header->train = header->old_size < 0x100000u ? header->old_size : 0x100000u;
    } else if (header->profile == DFOTA_PROFILE_BALANCED) {
        header->correction_bits = 13;
        header->slot_bits = 17;
        header->memory_bits = 12;
    } else {
        header->correction_bits = 7;
        header->slot_bits = 12;
        header->memory_bits = 6;
    }
}

/* Where things are in the memory, in bytes; all are multiples of 8. */
typedef struct layout {
    uint64_t blocks;
    uint64_t order; /* as blocks follow each other in new; absent in `embedded` */
    uint64_t corrections;
    uint64_t coder;
    uint64_t size;
} layout;

static dfota_adaptive_options adaptive_options(const dfota_patch_header *header)
{
    dfota_adaptive_options options;

    options.slot_bits = header->slot_bits;
    options.memory_bits = header->memory_bits;
    return options;
}

/* 0 if a parameter is over its limit. */
static size_t coder_size(const dfota_patch_header *header)
{
    dfota_adaptive_options options;

    if (header->profile == DFOTA_PROFILE_MAX) {
        return 0;
    }
    options = adaptive_options(header);
    return dfota_adaptive_size(&options);
}

static uint64_t aligned(uint64_t size)
{
    return (size + 7u) & ~(uint64_t)7u;
}

/* Returns 0 if a parameter is over its limit. */
static int lay_out(const dfota_patch_header *header, layout *where)
{
    const size_t coder = coder_size(header);

    if (coder == 0) {
        return 0;
    }
    where->blocks = aligned((uint64_t)header->segment_count * sizeof(dfota_segment));
    where->order = aligned(where->blocks + (uint64_t)header->block_count * sizeof(dfota_block));
    where->corrections = where->order;
    if (header->profile != DFOTA_PROFILE_EMBEDDED) {
        where->corrections = aligned(where->order + (uint64_t)header->block_count * 4u);
    }
    where->coder = where->corrections;
    if (header->correction_bits > 0) {
        where->coder = aligned(where->coder + (sizeof(dfota_correction) << header->correction_bits));
    }
    if (header->profile == DFOTA_PROFILE_MAX) {
        where->coder = (where->coder + 63u) & ~(uint64_t)63u;
    }
    /* The models of the map are gone when the coder begins. */
    where->size = where->coder + (coder > sizeof(dfota_map) ? coder : sizeof(dfota_map));
    return where->size <= 0x7fffffffu;
}

uint32_t dfota_patch_memory_size(const dfota_patch_header *header)
{
    layout where;

    return lay_out(header, &where) ? (uint32_t)where.size : 0u;
}

static uint8_t header_bits(dfota_patch *patch, unsigned most)
{
    const uint8_t bits = header_byte(patch);

    if (bits > most) {
        fail_of_patch(patch, DFOTA_ERR_LIMIT);
    }
    return bits;
}

static void read_parameters(dfota_patch *patch)
{
    dfota_patch_header *header = &patch->header;

    header->correction_bits = header_bits(patch, DFOTA_PATCH_CORRECTION_BITS_MAX);
    header->slot_bits = header_bits(patch, 30);
    if (header->profile == DFOTA_PROFILE_MAX) {
        header->index_bits = header_bits(patch, 30);
        header->train = header_number(patch, DFOTA_PATCH_IMAGE_MAX);
    } else {
        header->memory_bits = header_bits(patch, 30);
    }
}

static uint32_t lesser(uint32_t one, uint32_t other)
{
    return one < other ? one : other;
}

static void read_header(dfota_patch *patch)
{
    dfota_patch_header *header = &patch->header;
    uint8_t bytes[DFOTA_SHA256_SIZE];
    uint8_t check[4];
    uint8_t flags;
    unsigned i;

    header_bytes(patch, bytes, sizeof MAGIC_of_patch);
    if (patch->failure == DFOTA_ERR_TRUNCATED || memcmp(bytes, MAGIC_of_patch, sizeof MAGIC_of_patch) != 0) {
        if (patch->failure != DFOTA_ERR_IO) {
            patch->failure = DFOTA_ERR_FORMAT;
        }
        return;
    }
    header->version = header_byte(patch);
    if (patch->failure == DFOTA_OK && header->version != DFOTA_PATCH_VERSION) {
        fail_of_patch(patch, DFOTA_ERR_VERSION);
        return;
    }
    flags = header_byte(patch);
    header->profile = flags & PROFILE_MASK;
    if (header->profile >= DFOTA_PROFILE_COUNT || flags > 15u ||
        (header->profile == DFOTA_PROFILE_MAX && (flags & HAS_PLACE))) {
        fail_of_patch(patch, DFOTA_ERR_HEADER);
        return;
    }
    header->old_size = header_number(patch, DFOTA_PATCH_IMAGE_MAX);
    header->new_size = header_number(patch, DFOTA_PATCH_IMAGE_MAX);
    /* Nothing is smaller than a byte: so few bytes of patch cannot ask for much memory. */
    header->segment_count = header_number(patch, lesser(DFOTA_PATCH_SEGMENT_MAX, header->old_size));
    header->block_count =
        header_number(patch, lesser(header->profile == DFOTA_PROFILE_EMBEDDED
                                        ? DFOTA_PATCH_EMBEDDED_BLOCK_MAX
                                        : DFOTA_PATCH_BLOCK_MAX,
                                    header->new_size));
    if (flags & HAS_PLACE) {
        header->sector_size = header_number(patch, DFOTA_PATCH_IMAGE_MAX);
        header->spare_size = header_number(patch, DFOTA_PATCH_IMAGE_MAX);
    }
    dfota_patch_defaults(header);
    if (flags & HAS_PARAMETERS) {
        read_parameters(patch);
    }
    header_bytes(patch, header->old_digest, sizeof header->old_digest);
    header_bytes(patch, header->new_digest, sizeof header->new_digest);
    dfota_sha256_end(&patch->sha, bytes);
    for (i = 0; i < sizeof check; i++) {
        check[i] = next_byte(patch);
    }
    if (memcmp(bytes, check, sizeof check) != 0) {
        fail_of_patch(patch, DFOTA_ERR_HEADER);
    }
    header->size = (uint8_t)patch->consumed;
    if (patch->failure != DFOTA_OK) {
        return;
    }
    if (header->profile == DFOTA_PROFILE_MAX) {
        fail_of_patch(patch, DFOTA_ERR_UNSUPPORTED);
        return;
    }
    header->memory_size = dfota_patch_memory_size(header);
    if (header->memory_size == 0) {
        fail_of_patch(patch, DFOTA_ERR_LIMIT);
    }
}

dfota_result dfota_patch_open(dfota_patch *patch, dfota_read_patch read_patch, void *ctx)
{
    memset(patch, 0, sizeof *patch);
    patch->read_patch = read_patch;
    patch->ctx = ctx;
    dfota_sha256_begin(&patch->sha);
    read_header(patch);
    patch->phase = patch->failure == DFOTA_OK ? PHASE_OPEN : PHASE_NONE;
    return patch->failure;
}

/* -- the map ---------------------------------------------------------------------------- */

static dfota_segment *segments_of(const dfota_patch *patch)
{
    return (dfota_segment *)(void *)patch->memory;
}

static dfota_block *blocks_of(const dfota_patch *patch)
{
    layout where;

    (void)lay_out(&patch->header, &where);
    return (dfota_block *)(void *)(patch->memory + where.blocks);
}

static uint32_t *order_of(const dfota_patch *patch)
{
    layout where;

    (void)lay_out(&patch->header, &where);
    return (uint32_t *)(void *)(patch->memory + where.order);
}

const dfota_block *dfota_patch_blocks(const dfota_patch *patch)
{
    return blocks_of(patch);
}

const dfota_segment *dfota_patch_segments(const dfota_patch *patch)
{
    return segments_of(patch);
}

static int is_before(const dfota_block *a, const dfota_block *b)
{
    return a->from != b->from ? a->from < b->from : a->at < b->at;
}

/* Of a heap of `count` blocks all but the one at `top` are in place: put that in place. */
static void sift(dfota_block *blocks, uint32_t top, uint32_t count)
{
    const dfota_block moved = blocks[top];

    while (top < count / 2u) {
        uint32_t child = 2u * top + 1u;
        if (child + 1u < count && is_before(&blocks[child], &blocks[child + 1u])) {
            child++;
        }
        if (!is_before(&moved, &blocks[child])) {
            break;
        }
        blocks[top] = blocks[child];
        top = child;
    }
    blocks[top] = moved;
}

static void sort_blocks(dfota_block *blocks, uint32_t count)
{
    uint32_t i;

    for (i = count / 2u; i > 0; i--) {
        sift(blocks, i - 1u, count);
    }
    for (i = count; i > 1u; i--) {
        const dfota_block last = blocks[i - 1u];
        blocks[i - 1u] = blocks[0];
        blocks[0] = last;
        sift(blocks, 0, i - 1u);
    }
}

/* The same for places in `blocks`, by what they are in new. */
static void sift_order(uint32_t *order, const dfota_block *blocks, uint32_t top, uint32_t count)
{
    const uint32_t moved = order[top];

    while (top < count / 2u) {
        uint32_t child = 2u * top + 1u;
        if (child + 1u < count && blocks[order[child]].at < blocks[order[child + 1u]].at) {
            child++;
        }
        if (blocks[moved].at >= blocks[order[child]].at) {
            break;
        }
        order[top] = order[child];
        top = child;
    }
    order[top] = moved;
}

static void sort_order(uint32_t *order, const dfota_block *blocks, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        order[i] = i;
    }
    for (i = count / 2u; i > 0; i--) {
        sift_order(order, blocks, i - 1u, count);
    }
    for (i = count; i > 1u; i--) {
        const uint32_t last = order[i - 1u];
        order[i - 1u] = order[0];
        order[0] = last;
        sift_order(order, blocks, 0, i - 1u);
    }
}

static void read_segments(dfota_patch *patch, dfota_map *map)
{
    dfota_segment *segments = segments_of(patch);
    uint32_t i;

    for (i = 0; i < patch->header.segment_count && patch->failure == DFOTA_OK; i++) {
        if (dfota_map_segment(map, decode_of_patch, patch, i > 0 ? &segments[i - 1u] : NULL,
                              &segments[i]) != 0) {
            fail_of_patch(patch, DFOTA_ERR_RANGE);
        } else if (segments[i].isa != DFOTA_ISA_NONE && !(DFOTA_ISAS >> segments[i].isa & 1u)) {
            fail_of_patch(patch, DFOTA_ERR_UNSUPPORTED);
        }
    }
}

static void read_blocks(dfota_patch *patch, dfota_map *map)
{
    const uint32_t count = patch->header.block_count;
    dfota_block *blocks = blocks_of(patch);
    uint32_t i;

    for (i = 0; i < count && patch->failure == DFOTA_OK; i++) {
        if (dfota_map_block(map, decode_of_patch, patch, i + 1u == count, &blocks[i]) != 0) {
            fail_of_patch(patch, DFOTA_ERR_RANGE);
        }
    }
}

/* The next block in order of new, or NULL. */
static const dfota_block *next_block(const dfota_patch *patch)
{
    const dfota_block *blocks = blocks_of(patch);
    const dfota_block *best = NULL;
    uint32_t i;

    if (patch->next >= patch->header.block_count) {
        return NULL;
    }
    if (patch->header.profile != DFOTA_PROFILE_EMBEDDED) {
        return &blocks[order_of(patch)[patch->next]];
    }
    for (i = 0; i < patch->header.block_count; i++) {
        if (blocks[i].at >= patch->position && (best == NULL || blocks[i].at < best->at)) {
            best = &blocks[i];
        }
    }
    return best;
}

/* Everything up to the content; on success the patch is ready to be read. */
static void read_head(dfota_patch *patch)
{
    layout where;
    dfota_map *map;

    (void)lay_out(&patch->header, &where);
    memset(patch->memory, 0, (size_t)where.size);
    map = (dfota_map *)(void *)(patch->memory + where.coder);
    dfota_map_begin(map, patch->header.old_size, patch->header.new_size);
    begin_decoding(patch);
    read_segments(patch, map);
    read_blocks(patch, map);
    if (patch->failure != DFOTA_OK) {
        return;
    }
    sort_blocks(blocks_of(patch), patch->header.block_count);
    if (patch->header.profile != DFOTA_PROFILE_EMBEDDED) {
        sort_order(order_of(patch), blocks_of(patch), patch->header.block_count);
    }
    patch->predictor.segments = segments_of(patch);
    patch->predictor.segment_count = patch->header.segment_count;
    patch->predictor.blocks = blocks_of(patch);
    patch->predictor.block_count = patch->header.block_count;
    patch->predictor.corrections =
        (dfota_correction *)(void *)(patch->memory + where.corrections);
    patch->predictor.correction_bits = patch->header.correction_bits;
    dfota_content_begin(&patch->content, NULL);
}

static void begin_coder(dfota_patch *patch)
{
    layout where;
    dfota_adaptive_options options;

    (void)lay_out(&patch->header, &where);
    if (patch->header.profile == DFOTA_PROFILE_MAX) {
        return;
    }
    options = adaptive_options(&patch->header);
    patch->content.adaptive = dfota_adaptive_begin(patch->memory + where.coder, &options);
}

/* -- content ---------------------------------------------------------------------------- */

/* What lies before the next block, or behind the last one. */
static void begin_gap(dfota_patch *patch)
{
    const dfota_block *block = next_block(patch);
    const uint32_t end = block != NULL ? block->at : patch->header.new_size;

    patch->phase = PHASE_GAP;
    if (end < patch->position) {
        fail_of_patch(patch, DFOTA_ERR_RANGE); /* only a forged checkpoint leads here */
        return;
    }
    patch->gap_left = end - patch->position;
    if (patch->gap_left == 0) {
        return;
    }
    dfota_content_gap_begin(&patch->content, patch->gap_left, patch->predictor.old_offset,
                            block != NULL ? block->from : DFOTA_CONTENT_NOWHERE);
}

static void begin_copy(dfota_patch *patch)
{
    const dfota_block *block = next_block(patch);

    if (block == NULL) {
        fail_of_patch(patch, DFOTA_ERR_RANGE);
        return;
    }
    dfota_predict_begin(&patch->predictor, block->at, block->from,
                        block->length & ~DFOTA_BLOCK_PLAIN,
                        (block->length & DFOTA_BLOCK_PLAIN) != 0);
    dfota_content_block(&patch->content, block);
    patch->next++;
    patch->window_at = block->from;
    patch->window_size = 0;
    patch->phase = PHASE_COPY;
}

/* Show old from the predictor's offset on; returns how many bytes are visible. */
static uint32_t show(dfota_patch *patch, const uint8_t **window)
{
    const uint32_t left = patch->predictor.left;
    const uint32_t wanted = left < DFOTA_SCAN_WINDOW ? left : DFOTA_SCAN_WINDOW;
    const uint32_t gone = patch->predictor.old_offset - patch->window_at;
    uint32_t visible = patch->window_size - gone;

    if (visible < wanted) {
        uint32_t more = left - visible;
        memmove(patch->window, patch->window + gone, visible);
        more = more < sizeof patch->window - visible ? more
                                                      : (uint32_t)sizeof patch->window - visible;
        if (patch->read_old(patch->ctx, patch->predictor.old_offset + visible,
                            patch->window + visible, more) != 0) {
            fail_of_patch(patch, DFOTA_ERR_IO);
        }
        visible += more;
        patch->window_at = patch->predictor.old_offset;
        patch->window_size = (uint16_t)visible;
    }
    *window = patch->window + (patch->predictor.old_offset - patch->window_at);
    return visible;
}

static void decode_unit(dfota_patch *patch)
{
    const uint8_t *window;
    const uint32_t visible = show(patch, &window);
    dfota_unit unit;

    if (patch->failure != DFOTA_OK) {
        return;
    }
    dfota_predict_next(&patch->predictor, window, visible, &unit);
    if (dfota_content_unit(&patch->content, decode_of_patch, patch, &unit, 0, patch->unit) != 0) {
        fail_of_patch(patch, DFOTA_ERR_IO);
        return;
    }
#if DFOTA_PATCH_WITH_MEASURE
    if (memcmp(patch->unit, unit.predicted, unit.length) != 0) {
        patch->counts.corrected += unit.length;
    } else if (unit.moved) {
        patch->counts.predicted += unit.length;
    } else {
        patch->counts.copied += unit.length;
    }
#endif
    dfota_predict_learn(&patch->predictor, &unit, patch->unit);
    patch->unit_size = unit.length;
    patch->unit_used = 0;
}

static uint32_t copy(dfota_patch *patch, uint8_t *out, uint32_t size)
{
    uint32_t done = 0;

    while (done < size && patch->failure == DFOTA_OK) {
        if (patch->unit_used < patch->unit_size) {
            out[done++] = patch->unit[patch->unit_used++];
        } else if (patch->predictor.left > 0) {
            decode_unit(patch);
        } else {
            break;
        }
    }
    if (patch->unit_used == patch->unit_size && patch->predictor.left == 0) {
        patch->phase = PHASE_BLOCK;
    }
    return done;
}

/* Decode up to `size` bytes of new into `out`; returns how many. */
static uint32_t advance(dfota_patch *patch, uint8_t *out, uint32_t size)
{
    uint32_t took = 0;

    switch (patch->phase) {
    case PHASE_BLOCK:
        begin_gap(patch);
        break;
    case PHASE_GAP:
        if (patch->gap_left == 0) {
            begin_copy(patch);
            break;
        }
        took = dfota_content_gap(&patch->content, decode_of_patch, patch, patch->gap_left, out, size);
        if (took == 0) {
            fail_of_patch(patch, DFOTA_ERR_RANGE);
        }
        patch->gap_left -= took;
#if DFOTA_PATCH_WITH_MEASURE
        patch->counts.literal += took;
#endif
        break;
    default:
        took = copy(patch, out, size);
        break;
    }
    patch->position += took;
    return took;
}

/* New is complete: the coder must be at rest and the patch must end here. */
static void finish_of_patch(dfota_patch *patch)
{
    uint8_t digest[DFOTA_SHA256_SIZE];

    patch->phase = PHASE_DONE;
    if (refill(patch) != 0 || patch->tail != DFOTA_RANGE_TAIL) {
        fail_of_patch(patch, DFOTA_ERR_TRAILING);
    } else if (patch->code >= DFOTA_RANGE_MIN) {
        fail_of_patch(patch, DFOTA_ERR_CODE);
    }
    dfota_sha256_end(&patch->sha, digest);
    if (memcmp(digest, patch->header.new_digest, sizeof patch->header.new_digest) != 0) {
        fail_of_patch(patch, DFOTA_ERR_DIGEST);
    }
}

/* -- the door --------------------------------------------------------------------------- */

dfota_result dfota_patch_map(dfota_patch *patch, void *memory, size_t size)
{
    if (patch->failure != DFOTA_OK || patch->phase != PHASE_OPEN) {
        return DFOTA_ERR_STATE;
    }
    if (size < patch->header.memory_size) {
        fail_of_patch(patch, DFOTA_ERR_MEMORY);
    } else {
        patch->memory = (uint8_t *)memory;
        read_head(patch);
    }
    patch->phase = patch->failure == DFOTA_OK ? PHASE_MAP : PHASE_NONE;
    return patch->failure;
}

dfota_result dfota_patch_start(dfota_patch *patch, void *memory, size_t size,
                               dfota_read_old read_old)
{
    const dfota_result result = dfota_patch_map(patch, memory, size);

    if (result != DFOTA_OK) {
        return result;
    }
    patch->read_old = read_old;
    begin_coder(patch);
    dfota_sha256_begin(&patch->sha);
    patch->phase = patch->failure == DFOTA_OK ? PHASE_BLOCK : PHASE_NONE;
    return patch->failure;
}

dfota_result dfota_patch_read(dfota_patch *patch, uint8_t *out, size_t size, size_t *produced)
{
    size_t done = 0;

    *produced = 0;
    if (patch->phase < PHASE_BLOCK || patch->failure != DFOTA_OK) {
        return DFOTA_ERR_STATE;
    }
    if (patch->phase == PHASE_DONE) {
        return DFOTA_OK;
    }
    while (done < size && patch->position < patch->header.new_size &&
           patch->failure == DFOTA_OK) {
        const uint32_t missing = patch->header.new_size - patch->position;
        const size_t room = size - done < missing ? size - done : missing;
        done += advance(patch, out + done, room > 0x10000u ? 0x10000u : (uint32_t)room);
    }
    dfota_sha256_feed(&patch->sha, out, done);
    if (patch->failure == DFOTA_OK && patch->position == patch->header.new_size) {
        finish_of_patch(patch);
    }
    if (patch->failure == DFOTA_OK) {
        *produced = done;
    }
    return patch->failure;
}

dfota_result dfota_patch_checkpoint(dfota_patch *patch, dfota_move_checkpoint write,
                                    void *write_ctx)
{
    if (patch->failure != DFOTA_OK || patch->phase < PHASE_BLOCK || patch->phase == PHASE_DONE) {
        return DFOTA_ERR_STATE;
    }
    if (patch->content.adaptive == NULL) {
        return DFOTA_ERR_UNSUPPORTED;
    }
    return dfota_checkpoint_move(patch, write, write_ctx, 1) == 0 ? DFOTA_OK : DFOTA_ERR_IO;
}

dfota_result dfota_patch_resume(dfota_patch *patch, void *memory, size_t size,
                                dfota_read_old read_old, dfota_move_checkpoint read,
                                void *read_ctx)
{
    uint8_t digest[DFOTA_PATCH_NEW_DIGEST_SIZE];
    uint32_t consumed;

    if (dfota_patch_start(patch, memory, size, read_old) != DFOTA_OK) {
        return patch->failure;
    }
    memcpy(digest, patch->header.new_digest, sizeof digest);
    consumed = patch->consumed;
    if (patch->content.adaptive == NULL) {
        fail_of_patch(patch, DFOTA_ERR_UNSUPPORTED);
    } else if (dfota_checkpoint_move(patch, read, read_ctx, 0) != 0 ||
               memcmp(digest, patch->header.new_digest, sizeof digest) != 0 ||
               patch->consumed < consumed || patch->phase < PHASE_BLOCK ||
               patch->phase >= PHASE_DONE) {
        fail_of_patch(patch, DFOTA_ERR_RANGE);
    } else {
        const uint32_t wanted = patch->consumed;
        const uint8_t tail = patch->tail;
        patch->consumed = consumed;
        patch->tail = 0;
        while (patch->consumed < wanted && patch->failure == DFOTA_OK && patch->tail == 0) {
            (void)next_byte(patch);
        }
        if (patch->tail != 0) {
            fail_of_patch(patch, DFOTA_ERR_TRUNCATED);
        }
        patch->tail = tail;
        patch->window_at = patch->predictor.old_offset;
        patch->window_size = 0;
    }
    patch->phase = patch->failure == DFOTA_OK ? patch->phase : (uint8_t)PHASE_NONE;
    return patch->failure;
}
#undef PROFILE_MASK
#undef HAS_PLACE
#undef HAS_PARAMETERS

/* == dfota_inplace.c ===================================================================== */

#if DFOTA_WITH_INPLACE
/*
 * Updates in place: the order of erasing and programming, and the journal that makes it
 * survive power cuts. It knows no chip, and of patches only what dfota_patch.h says.
 *
 * Rule 1. What a record promises is in flash before the record is; what it needs stays in
 *         flash until the next record is complete.
 * Rule 2. Nothing is programmed that was not erased in this very session: whatever a cut left
 *         half erased or half programmed is never built upon.
 * Rule 3. A record that was found is copied before it is relied on: its page may be what the
 *         cut hit, and read well for a while only. Until the copy is sealed, the record before
 *         it is kept too, which is as good as long as nothing was done since.
 */

/* What a record says; the order in which an update meets them. */
enum { RECORD_NONE, RECORD_MOVE, RECORD_WRITE, RECORD_DONE };

/*
 * The journal: two sectors for records, of which one is in use, then two halves for
 * checkpoints. A record is, all numbers least significant byte first:
 * 0 magic, 4 sequence, 8 turn, 12 kind, 16 progress, 20 checkpoint size and 24 place,
 * 28 identity of the patch, 44 digest of the checkpoint, 56 digest of all before.
 */
static const uint8_t MAGIC_of_inplace[4] = {0xdfu, 'O', 'T', 'J'};
#define AT_TURN 8u
#define AT_IDENTITY 28u
#define IDENTITY_SIZE 16u
#define AT_PAYLOAD_DIGEST 44u
#define PAYLOAD_DIGEST_SIZE 12u
#define AT_DIGEST 56u
#define DIGEST_SIZE 8u
#define NOWHERE 0xffffffffu

typedef struct record {
    uint32_t kind;
    uint32_t progress;
    uint32_t size; /* of the checkpoint */
    int is_ours;
    uint8_t payload_digest[PAYLOAD_DIGEST_SIZE];
} record;

/* The first failure counts; DFOTA_OK is none. */
static void fail_of_inplace(dfota_inplace *run, dfota_result result)
{
    if (run->failure == DFOTA_OK) {
        run->failure = result;
    }
}

static uint32_t round_up(uint32_t size, uint32_t unit)
{
    return (size + unit - 1u) / unit * unit;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void put_word(uint8_t *bytes, uint32_t value)
{
    unsigned i;

    for (i = 0; i < 4u; i++) {
        bytes[i] = (uint8_t)(value >> (8u * i));
    }
}

static uint32_t get_word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* -- flash ------------------------------------------------------------------------------ */

static void flash_read(dfota_inplace *run, uint32_t address, uint8_t *buf, uint32_t size)
{
    if (run->failure == DFOTA_OK && run->device->read(run->device->ctx, address, buf, size) != 0) {
        fail_of_inplace(run, DFOTA_ERR_IO);
    }
}

static void flash_erase(dfota_inplace *run, uint32_t address)
{
    if (run->failure == DFOTA_OK && run->device->erase(run->device->ctx, address) != 0) {
        fail_of_inplace(run, DFOTA_ERR_IO);
    }
}

/* Program the page buffer, of which `used` bytes matter. */
static void flash_program(dfota_inplace *run, uint32_t address, uint32_t used)
{
    const dfota_inplace_device *device = run->device;

    memset(device->page + used, 0xff, device->page_size - used);
    if (run->failure == DFOTA_OK &&
        device->program(device->ctx, address, device->page, device->page_size) != 0) {
        fail_of_inplace(run, DFOTA_ERR_IO);
    }
}

/* -- what the patch reads ---------------------------------------------------------------- */

static size_t read_patch(void *ctx, uint8_t *buf, size_t size)
{
    dfota_inplace *run = (dfota_inplace *)ctx;
    const uint32_t left = run->device->patch_size - run->patch_used;
    const uint32_t take = size < left ? (uint32_t)size : left;

    if (take > 0 && run->device->read_patch(run->device->ctx, run->patch_used, buf, take) != 0) {
        return size + 1u;
    }
    run->patch_used += take;
    return take;
}

/* Old, wherever it is: the sectors that were moved lie higher. */
static int read_old(void *ctx, uint32_t offset, uint8_t *buf, size_t size)
{
    dfota_inplace *run = (dfota_inplace *)ctx;
    const dfota_inplace_device *device = run->device;
    const uint32_t stay = (run->old_count - run->moved) * device->sector_size;

    if (offset + run->shift < run->gone) {
        fail_of_inplace(run, DFOTA_ERR_RANGE);
    }
    while (size > 0 && run->failure == DFOTA_OK) {
        const uint32_t most = offset < stay ? stay - offset : 0xffffffffu;
        const uint32_t take = size < most ? (uint32_t)size : most;
        flash_read(run, device->slot_address + offset + (offset < stay ? 0u : run->shift), buf,
                   take);
        offset += take;
        buf += take;
        size -= take;
    }
    return run->failure != DFOTA_OK;
}

static void open_patch(dfota_inplace *run)
{
    run->patch_used = 0;
    fail_of_inplace(run, dfota_patch_open(&run->patch, read_patch, run));
}

static void start_patch(dfota_inplace *run)
{
    if (run->failure == DFOTA_OK) {
        fail_of_inplace(run, dfota_patch_start(&run->patch, run->device->memory,
                                            run->device->memory_size, read_old));
    }
}

/* The next page of new, at `position`, into the page buffer. */
static uint32_t next_page(dfota_inplace *run, uint32_t position)
{
    const uint32_t batch = run->interval * run->device->sector_size;
    size_t produced = 0;

    /* All sectors up to the next checkpoint are counted as gone: decoding may begin again there. */
    run->gone = position / batch * batch + batch;
    if (run->failure == DFOTA_OK) {
        fail_of_inplace(run, dfota_patch_read(&run->patch, run->device->page, run->device->page_size,
                                           &produced));
    }
    return (uint32_t)produced;
}

/* -- digests ---------------------------------------------------------------------------- */

/* Feed `size` bytes of flash to the digest under way. */
static void hash_flash(dfota_inplace *run, uint32_t address, uint32_t size)
{
    const dfota_inplace_device *device = run->device;

    while (size > 0 && run->failure == DFOTA_OK) {
        const uint32_t take = least(size, device->page_size);
        flash_read(run, address, device->page, take);
        dfota_sha256_feed(&run->sha, device->page, take);
        address += take;
        size -= take;
    }
}

/* Whether the slot begins with `size` bytes of this digest. */
static int slot_has(dfota_inplace *run, uint32_t size, const uint8_t *digest, unsigned count)
{
    uint8_t actual[DFOTA_SHA256_SIZE];

    dfota_sha256_begin(&run->sha);
    hash_flash(run, run->device->slot_address, size);
    dfota_sha256_end(&run->sha, actual);
    return memcmp(actual, digest, count) == 0;
}

/* Whether old is all there, parts of it moved up. */
static int old_is_there(dfota_inplace *run)
{
    const uint32_t size = run->patch.header.old_size;
    uint8_t actual[DFOTA_SHA256_SIZE];
    uint32_t at;

    run->gone = 0;
    dfota_sha256_begin(&run->sha);
    for (at = 0; at < size && run->failure == DFOTA_OK; at += run->device->page_size) {
        const uint32_t take = least(size - at, run->device->page_size);
        (void)read_old(run, at, run->device->page, take);
        dfota_sha256_feed(&run->sha, run->device->page, take);
    }
    dfota_sha256_end(&run->sha, actual);
    return memcmp(actual, run->patch.header.old_digest, DFOTA_PATCH_OLD_DIGEST_SIZE) == 0;
}

static void identify(dfota_inplace *run)
{
    const dfota_inplace_device *device = run->device;
    uint8_t digest[DFOTA_SHA256_SIZE];
    uint32_t at;

    dfota_sha256_begin(&run->sha);
    for (at = 0; at < device->patch_size; at += device->page_size) {
        const uint32_t take = least(device->patch_size - at, device->page_size);
        if (device->read_patch(device->ctx, at, device->page, take) != 0) {
            fail_of_inplace(run, DFOTA_ERR_IO);
            return;
        }
        dfota_sha256_feed(&run->sha, device->page, take);
    }
    dfota_sha256_end(&run->sha, digest);
    memcpy(run->identity, digest, sizeof run->identity);
}

/* -- the journal: records ----------------------------------------------------------------- */

static uint32_t record_room(const dfota_inplace *run)
{
    return round_up(DFOTA_INPLACE_RECORD_SIZE, run->device->page_size);
}

static void record_digest(dfota_inplace *run, const uint8_t *bytes, uint8_t *digest)
{
    dfota_sha256_begin(&run->sha);
    dfota_sha256_feed(&run->sha, bytes, AT_DIGEST);
    dfota_sha256_end(&run->sha, digest);
}

/* Read the record at `at`; 0 if there is none. */
static int get_record(dfota_inplace *run, uint32_t at, uint8_t *bytes)
{
    uint8_t digest[DFOTA_SHA256_SIZE];

    flash_read(run, run->device->journal_address + at, bytes, DFOTA_INPLACE_RECORD_SIZE);
    record_digest(run, bytes, digest);
    return run->failure == DFOTA_OK && memcmp(bytes, MAGIC_of_inplace, sizeof MAGIC_of_inplace) == 0 &&
           memcmp(bytes + AT_DIGEST, digest, DIGEST_SIZE) == 0;
}

/* Program the record at the end of the log. */
static void append_record(dfota_inplace *run, uint8_t *bytes)
{
    const dfota_inplace_device *device = run->device;
    uint8_t digest[DFOTA_SHA256_SIZE];
    uint32_t done;

    put_word(bytes + AT_TURN, run->turn);
    record_digest(run, bytes, digest);
    memcpy(bytes + AT_DIGEST, digest, DIGEST_SIZE);
    run->newest = run->log;
    for (done = 0; done < DFOTA_INPLACE_RECORD_SIZE; done += device->page_size) {
        const uint32_t take = least(DFOTA_INPLACE_RECORD_SIZE - done, device->page_size);
        memcpy(device->page, bytes + done, take);
        flash_program(run, device->journal_address + run->log, take);
        run->log += device->page_size;
    }
}

/*
 * Go on in the other sector of the log, with a copy of the newest record, which comes twice:
 * the second one says that the first is complete. Such a sector is sealed, and from then on
 * (not before) the sector left behind is not needed.
 */
static void turn_over(dfota_inplace *run)
{
    const uint32_t sector = run->device->sector_size;
    const uint32_t newest = run->newest;
    uint8_t bytes[DFOTA_INPLACE_RECORD_SIZE];
    unsigned i;

    run->log = run->newest != NOWHERE && run->newest < sector ? sector : 0u;
    run->turn++;
    flash_erase(run, run->device->journal_address + run->log);
    for (i = 0; i < 2u && newest != NOWHERE && get_record(run, newest, bytes); i++) {
        append_record(run, bytes);
    }
}

/* What a sector of the log holds. */
typedef struct log_sector {
    uint32_t newest; /* NOWHERE: nothing */
    uint32_t sequence;
    uint32_t turn;
    int is_sealed;
} log_sector;

static void read_log(dfota_inplace *run, uint32_t begin, log_sector *log)
{
    uint8_t bytes[DFOTA_INPLACE_RECORD_SIZE];
    uint32_t at;

    memset(log, 0, sizeof *log);
    log->newest = NOWHERE;
    for (at = begin; at - begin + record_room(run) <= run->device->sector_size &&
                     get_record(run, at, bytes);
         at += record_room(run)) {
        if (log->newest != NOWHERE && get_word(bytes + 4) == log->sequence) {
            log->is_sealed = 1;
        }
        log->newest = at;
        log->sequence = get_word(bytes + 4);
        log->turn = get_word(bytes + AT_TURN);
    }
}

/*
 * Whether `a` is to be believed rather than `b`: the sealed one, of two sealed ones the later.
 * Where none is, the seal of the earlier one was hit by a cut (and read well until now); its
 * first record was not.
 */
static int is_better(const log_sector *a, const log_sector *b)
{
    if (a->newest == NOWHERE || b->newest == NOWHERE) {
        return a->newest != NOWHERE;
    }
    if (a->is_sealed != b->is_sealed) {
        return a->is_sealed;
    }
    if (a->is_sealed) {
        return a->turn > b->turn;
    }
    return a->sequence != b->sequence ? a->sequence > b->sequence : a->turn < b->turn;
}

/* The newest record, if there is one. */
static void find_record(dfota_inplace *run, record *found)
{
    uint8_t bytes[DFOTA_INPLACE_RECORD_SIZE];
    log_sector log;
    log_sector other;

    memset(found, 0, sizeof *found);
    read_log(run, 0, &log);
    read_log(run, run->device->sector_size, &other);
    run->turn = log.turn > other.turn ? log.turn : other.turn;
    if (is_better(&other, &log)) {
        log = other;
    }
    run->newest = log.newest;
    run->sequence = log.sequence;
    run->log = NOWHERE; /* no sector was erased in this session */
    run->half = 2u * run->device->sector_size;
    if (log.newest != NOWHERE && get_record(run, log.newest, bytes)) {
        found->kind = get_word(bytes + 12);
        found->progress = get_word(bytes + 16);
        found->size = get_word(bytes + 20);
        run->half = get_word(bytes + 24);
        memcpy(found->payload_digest, bytes + AT_PAYLOAD_DIGEST, PAYLOAD_DIGEST_SIZE);
        found->is_ours = memcmp(bytes + AT_IDENTITY, run->identity, IDENTITY_SIZE) == 0;
    }
}

/* -- the journal: checkpoints ------------------------------------------------------------- */

/* Bytes of the journal for one checkpoint. */
static uint32_t half_size(const dfota_inplace_device *device)
{
    const uint32_t sectors = device->journal_size / device->sector_size;

    return (sectors - 2u) / 2u * device->sector_size;
}

/* A dfota_move_checkpoint that only counts and hashes. */
static int measure_payload(void *ctx, uint8_t *buf, size_t size)
{
    dfota_inplace *run = (dfota_inplace *)ctx;

    dfota_sha256_feed(&run->sha, buf, size);
    run->payload += (uint32_t)size;
    return 0;
}

/* What the checkpoint of the patch as it stands takes, and its digest. */
static uint32_t measure_checkpoint(dfota_inplace *run, uint8_t digest[DFOTA_SHA256_SIZE])
{
    run->payload = 0;
    dfota_sha256_begin(&run->sha);
    if (run->failure == DFOTA_OK) {
        fail_of_inplace(run, dfota_patch_checkpoint(&run->patch, measure_payload, run));
    }
    dfota_sha256_end(&run->sha, digest);
    return run->payload;
}

/* A page of the checkpoint is full, or it ends. */
static void flush(dfota_inplace *run)
{
    const dfota_inplace_device *device = run->device;
    const uint32_t address = device->journal_address + run->payload;

    if (run->payload % device->sector_size == 0) {
        flash_erase(run, address);
    }
    flash_program(run, address, run->used);
    run->payload += device->page_size;
    run->used = 0;
}

/* A dfota_move_checkpoint that programs. */
static int write_payload(void *ctx, uint8_t *buf, size_t size)
{
    dfota_inplace *run = (dfota_inplace *)ctx;
    const uint32_t page_size = run->device->page_size;

    while (size > 0 && run->failure == DFOTA_OK) {
        const uint32_t room = page_size - run->used;
        const uint32_t take = size < room ? (uint32_t)size : room;
        memcpy(run->device->page + run->used, buf, take);
        run->used += take;
        buf += take;
        size -= take;
        if (run->used == page_size) {
            flush(run);
        }
    }
    return run->failure != DFOTA_OK;
}

/* A dfota_move_checkpoint that reads. */
static int read_payload(void *ctx, uint8_t *buf, size_t size)
{
    dfota_inplace *run = (dfota_inplace *)ctx;

    flash_read(run, run->device->journal_address + run->payload, buf, (uint32_t)size);
    run->payload += (uint32_t)size;
    return run->failure != DFOTA_OK;
}

/* Program a checkpoint of the patch where the newest one is not. */
static uint32_t put_checkpoint(dfota_inplace *run, uint8_t digest[DFOTA_SHA256_SIZE])
{
    const uint32_t first = 2u * run->device->sector_size;
    const uint32_t size = measure_checkpoint(run, digest);

    if (size > half_size(run->device)) {
        fail_of_inplace(run, DFOTA_ERR_LIMIT);
        return 0;
    }
    run->half = run->half == first ? first + half_size(run->device) : first;
    run->payload = run->half;
    run->used = 0;
    if (run->failure == DFOTA_OK) {
        fail_of_inplace(run, dfota_patch_checkpoint(&run->patch, write_payload, run));
    }
    if (run->used > 0) {
        flush(run);
    }
    return size;
}

/* Write down how far the update is; with a checkpoint of the patch if that is under way. */
static void put_record(dfota_inplace *run, uint32_t kind, uint32_t progress)
{
    const uint32_t sector = run->device->sector_size;
    uint8_t bytes[DFOTA_INPLACE_RECORD_SIZE];
    uint8_t digest[DFOTA_SHA256_SIZE];
    uint32_t size = 0;

    memset(bytes, 0, sizeof bytes);
    if (kind == RECORD_WRITE && progress > 0) {
        size = put_checkpoint(run, digest);
        memcpy(bytes + AT_PAYLOAD_DIGEST, digest, PAYLOAD_DIGEST_SIZE);
    }
    if (run->log == NOWHERE || run->log % sector == 0 || sector - run->log % sector < record_room(run)) {
        turn_over(run);
    }
    memcpy(bytes, MAGIC_of_inplace, sizeof MAGIC_of_inplace);
    run->sequence++;
    put_word(bytes + 4, run->sequence);
    put_word(bytes + 12, kind);
    put_word(bytes + 16, progress);
    put_word(bytes + 20, size);
    put_word(bytes + 24, run->half);
    memcpy(bytes + AT_IDENTITY, run->identity, IDENTITY_SIZE);
    append_record(run, bytes);
}

/* -- the three stages --------------------------------------------------------------------- */

/* Copy sector `index` of old up. */
static void move_sector(dfota_inplace *run, uint32_t index)
{
    const dfota_inplace_device *device = run->device;
    const uint32_t begin = index * device->sector_size;
    const uint32_t size = least(run->patch.header.old_size - begin, device->sector_size);
    const uint32_t from = device->slot_address + begin;
    uint32_t at;

    flash_erase(run, from + run->shift);
    for (at = 0; at < size && run->failure == DFOTA_OK; at += device->page_size) {
        const uint32_t take = least(size - at, device->page_size);
        flash_read(run, from + at, device->page, take);
        flash_program(run, from + at + run->shift, take);
    }
}

/*
 * Move old up, from its last sector on. Sources are overwritten only by later moves, at
 * least shift / sector_size of them later: so often a record is due.
 */
static void move_old(dfota_inplace *run)
{
    const uint32_t batch = run->shift / run->device->sector_size;

    if (batch == 0) {
        run->moved = run->old_count;
    }
    while (run->moved < run->old_count && run->failure == DFOTA_OK) {
        const uint32_t stop = least(run->moved + batch, run->old_count);
        for (; run->moved < stop && run->failure == DFOTA_OK; run->moved++) {
            move_sector(run, run->old_count - 1u - run->moved);
        }
        if (stop < run->old_count) {
            put_record(run, RECORD_MOVE, stop);
        }
    }
}

/* Write new from sector `begin` on, for which there is a record; the patch stands there. */
static void write_new(dfota_inplace *run, uint32_t begin)
{
    const dfota_inplace_device *device = run->device;
    const uint32_t size = run->patch.header.new_size;
    uint32_t position = begin * device->sector_size;

    do { /* also for an empty image, so that the end of the patch is looked at */
        const uint32_t sector = position / device->sector_size;
        uint32_t used;
        if (position % device->sector_size == 0 && position < size) {
            if (sector > begin && sector % run->interval == 0) {
                put_record(run, RECORD_WRITE, sector);
            }
            flash_erase(run, device->slot_address + position);
        }
        used = next_page(run, position);
        if (used > 0) {
            flash_program(run, device->slot_address + position, used);
        }
        position += device->page_size;
    } while (position < size && run->failure == DFOTA_OK);
}

static void finish_of_inplace(dfota_inplace *run)
{
    if (run->failure == DFOTA_OK &&
        !slot_has(run, run->patch.header.new_size, run->patch.header.new_digest,
                  DFOTA_PATCH_NEW_DIGEST_SIZE)) {
        fail_of_inplace(run, DFOTA_ERR_IO);
    }
    if (run->failure == DFOTA_OK) {
        put_record(run, RECORD_DONE, 0);
        put_record(run, RECORD_DONE, 1); /* which makes the other one sure */
    }
}

/* -- beginning and going on --------------------------------------------------------------- */

/* What can be said of device and header without looking at flash. */
static void check_room(dfota_inplace *run)
{
    const dfota_inplace_device *device = run->device;
    const dfota_patch_header *header = &run->patch.header;
    const uint32_t sector = device->sector_size;
    uint32_t spare;
    uint32_t old_room;

    if (header->profile == DFOTA_PROFILE_MAX || header->sector_size == 0) {
        fail_of_inplace(run, DFOTA_ERR_UNSUPPORTED);
        return;
    }
    spare = round_up(header->spare_size, sector);
    old_room = round_up(header->old_size, sector);
    run->slot_needed = round_up(header->new_size, sector);
    if (run->slot_needed < old_room + spare) {
        run->slot_needed = old_room + spare;
    }
    if (header->sector_size % sector != 0 || device->slot_size < run->slot_needed) {
        fail_of_inplace(run, DFOTA_ERR_LIMIT);
        return;
    }
    if (device->memory_size < header->memory_size) {
        fail_of_inplace(run, DFOTA_ERR_MEMORY);
        return;
    }
    /* Whatever room there is beyond the need saves checkpoints. */
    run->old_count = old_room / sector;
    run->shift = device->slot_size - old_room;
    run->interval = (run->shift - header->spare_size) / sector + 1u;
}

static int is_geometry(const dfota_inplace_device *device)
{
    const uint32_t sector = device->sector_size;
    const uint32_t page = device->page_size;

    return page > 0 && sector > 0 && sector % page == 0 && sector <= DFOTA_PATCH_IMAGE_MAX &&
           device->slot_size % sector == 0 && device->slot_size <= DFOTA_PATCH_IMAGE_MAX * 2u &&
           device->journal_size >= 2u * sector && device->journal_size % sector == 0 &&
           sector >= 4u * round_up(DFOTA_INPLACE_RECORD_SIZE, page);
}

/* Decode everything, with old as it lies, and program nothing. */
static void try_patch(dfota_inplace *run)
{
    const dfota_inplace_device *device = run->device;
    const uint32_t size = run->patch.header.new_size;
    uint8_t digest[DFOTA_SHA256_SIZE];
    uint32_t position = 0;

    start_patch(run);
    run->journal_needed = 2u * device->sector_size;
    if (size > run->interval * device->sector_size) {
        run->journal_needed += 2u * round_up(measure_checkpoint(run, digest), device->sector_size);
    }
    if (device->journal_size < run->journal_needed) {
        fail_of_inplace(run, DFOTA_ERR_LIMIT);
    }
    do {
        (void)next_page(run, position);
        position += device->page_size;
    } while (position < size && run->failure == DFOTA_OK);
}

static void begin(dfota_inplace *run)
{
    if (!old_is_there(run)) {
        fail_of_inplace(run, DFOTA_ERR_DIGEST);
    } else {
        try_patch(run);
    }
}

/* Whether `found` is what was written last, and the slot is as that was left. */
static void resume(dfota_inplace *run, const record *found)
{
    const uint32_t done = found->progress * run->device->sector_size;
    uint8_t digest[DFOTA_SHA256_SIZE];
    dfota_sha256 sha;

    run->moved = run->old_count;
    if (found->kind == RECORD_MOVE) {
        run->moved = found->progress;
        if (run->moved > run->old_count || !old_is_there(run)) {
            fail_of_inplace(run, DFOTA_ERR_DIGEST);
        }
    }
    if (found->size == 0) {
        return; /* nothing of new is sure to be there, and nothing of old before `gone` */
    }
    if (found->size > half_size(run->device) || done / run->device->sector_size != found->progress ||
        done > run->device->slot_size ||
        (run->half != 2u * run->device->sector_size &&
         run->half != 2u * run->device->sector_size + half_size(run->device))) {
        fail_of_inplace(run, DFOTA_ERR_LIMIT); /* of another device, or forged */
        return;
    }
    dfota_sha256_begin(&run->sha);
    hash_flash(run, run->device->journal_address + run->half, found->size);
    dfota_sha256_end(&run->sha, digest);
    if (memcmp(digest, found->payload_digest, PAYLOAD_DIGEST_SIZE) != 0) {
        fail_of_inplace(run, DFOTA_ERR_DIGEST);
        return;
    }
    run->payload = run->half;
    fail_of_inplace(run, dfota_patch_resume(&run->patch, run->device->memory,
                                         run->device->memory_size, read_old, read_payload, run));
    sha = run->patch.sha;
    dfota_sha256_end(&sha, digest);
    if (run->failure == DFOTA_OK && !slot_has(run, done, digest, sizeof digest)) {
        fail_of_inplace(run, DFOTA_ERR_DIGEST);
    }
}

/* Everything that programs, from where the journal says. */
static void go(dfota_inplace *run, const record *found)
{
    if (run->failure == DFOTA_OK && found->kind != RECORD_NONE) {
        turn_over(run);
    }
    if (run->failure != DFOTA_OK) {
        return;
    }
    if (found->size > 0) {
        write_new(run, found->progress);
    } else {
        if (found->kind != RECORD_WRITE) {
            move_old(run);
            put_record(run, RECORD_WRITE, 0);
        }
        open_patch(run);
        start_patch(run);
        write_new(run, 0);
    }
    finish_of_inplace(run);
}

dfota_result dfota_inplace_update(dfota_inplace *run, const dfota_inplace_device *device)
{
    record found;

    memset(run, 0, sizeof *run);
    run->device = device;
    if (!is_geometry(device)) {
        return DFOTA_ERR_LIMIT;
    }
    identify(run);
    open_patch(run);
    if (run->failure == DFOTA_OK) {
        check_room(run);
    }
    find_record(run, &found);
    if (run->failure != DFOTA_OK) {
        return run->failure;
    }
    if (found.is_ours && (found.kind == RECORD_MOVE || found.kind == RECORD_WRITE)) {
        resume(run, &found);
        go(run, &found);
        return run->failure;
    }
    if (slot_has(run, run->patch.header.new_size, run->patch.header.new_digest,
                 DFOTA_PATCH_NEW_DIGEST_SIZE)) {
        if (found.is_ours && found.kind == RECORD_DONE && found.progress == 0) {
            turn_over(run);
            put_record(run, RECORD_DONE, 1);
        }
        return run->failure;
    }
    found.kind = RECORD_NONE;
    found.size = 0;
    begin(run);
    go(run, &found);
    return run->failure;
}
#undef AT_TURN
#undef AT_IDENTITY
#undef IDENTITY_SIZE
#undef AT_PAYLOAD_DIGEST
#undef PAYLOAD_DIGEST_SIZE
#undef AT_DIGEST
#undef DIGEST_SIZE
#undef NOWHERE
#endif
