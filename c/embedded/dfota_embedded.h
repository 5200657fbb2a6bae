/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * dfota for microcontrollers: apply a patch of profile `embedded` or `balanced`, also in place.
 * Copy this file and dfota_embedded.c, nothing else; c/README.md tells how to use them.
 *
 * Made by `make -C c single` from c/src: change it there.
 *
 * Choose what is compiled, with the same settings for all your files:
 *   DFOTA_ISAS               instruction sets, one bit each (DFOTA_ISA_... below); all by default
 *   DFOTA_WITH_INPLACE       0 leaves out what updates a device without a second slot
 *   DFOTA_PATCH_BUFFER_SIZE  bytes of the patch that are fetched at once
 *   DFOTA_PATCH_WINDOW_SIZE  bytes of old that are fetched at once
 */
#ifndef DFOTA_EMBEDDED_H
#define DFOTA_EMBEDDED_H

#include <stddef.h>
#include <stdint.h>

#ifndef DFOTA_WITH_INPLACE
#define DFOTA_WITH_INPLACE 1
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* == dfota_sha256.h ====================================================================== */

/*
 * SHA-256 (FIPS 180-4) over a stream; nothing about patches.
 */

/** Bytes of a SHA-256 digest. */
#define DFOTA_SHA256_SIZE 32u

/** A digest under way; the caller owns it, its fields are private. */
typedef struct dfota_sha256 {
    uint32_t words[8];
    uint64_t size;
    uint8_t block[64];
} dfota_sha256;

/**
 * Start a digest.
 *
 * Before:  `sha` points to writable memory; what it holds does not matter.
 * After:   `sha` stands for the digest of no bytes.
 * Returns: nothing; cannot fail.
 * Power:   all state is in `*sha`.
 * Cost:    no heap; constant time.
 */
void dfota_sha256_begin(dfota_sha256 *sha);

/**
 * Take the next bytes.
 *
 * Before:  dfota_sha256_begin() was called on `sha`; `data` points to `size`
 *          readable bytes; size 0 is allowed.
 * After:   the bytes are part of the digest.
 * Returns: nothing; cannot fail.
 * Power:   all state is in `*sha`.
 * Cost:    no heap; about 150 bytes of stack; O(size).
 */
void dfota_sha256_feed(dfota_sha256 *sha, const uint8_t *data, size_t size);

/**
 * Finish and write the digest.
 *
 * Before:  dfota_sha256_begin() was called on `sha`.
 * After:   `digest` holds the 32 bytes; `sha` must be begun anew before use.
 * Returns: nothing; cannot fail.
 * Power:   all state is in `*sha`.
 * Cost:    no heap; about 150 bytes of stack; constant time.
 */
void dfota_sha256_end(dfota_sha256 *sha, uint8_t digest[DFOTA_SHA256_SIZE]);

/* == dfota_isa.h ========================================================================= */

/*
 * What instructions refer to: finds the references in old code, and moves them to other
 * addresses. It knows instruction sets, and nothing of images, maps or coding.
 */

/** Instruction sets; the numbers are part of the patch format. All are little-endian but for NDS32's instructions. */
typedef enum dfota_isa {
    DFOTA_ISA_NONE = 0,    /* data only */
    DFOTA_ISA_THUMB = 1,   /* Thumb and Thumb-2 */
    DFOTA_ISA_ARM = 2,     /* A32 */
    DFOTA_ISA_AARCH64 = 3, /* A64 */
    DFOTA_ISA_RISCV = 4,   /* RV32 and RV64 with C */
    DFOTA_ISA_XTENSA = 5,
    DFOTA_ISA_HEXAGON = 6,
    DFOTA_ISA_X86 = 7,     /* 16, 32 and 64 bits */
    DFOTA_ISA_TC32 = 8,    /* Telink */
    DFOTA_ISA_ARC = 9,     /* ARCompact and ARCv2 */
    DFOTA_ISA_NDS32 = 10,  /* Andes V3 */
    DFOTA_ISA_VIDEOCORE = 11,
    DFOTA_ISA_XTENSA_LITBASE = 12, /* Xtensa whose literals count from a register */
    DFOTA_ISA_COUNT = 13
} dfota_isa;

/** Which instruction sets are compiled in, one bit each. */
#ifndef DFOTA_ISAS
#define DFOTA_ISAS 0xffffu
#endif

/** Bytes that dfota_scan_next() wants to see from the unit on, where the copy has them. */
#define DFOTA_SCAN_WINDOW 64u

/** Longest unit. */
#define DFOTA_UNIT_MAX 8u

/** State of a linear sweep through one stretch of code; no pointers, at most 192 bytes. */
typedef struct dfota_scan {
    uint32_t begin;      /* old address at which the sweep began */
    uint32_t words[40];  /* owned by the instruction set (pages of registers, pool words, ...) */
    uint8_t isa;
    uint8_t bytes[7];
} dfota_scan;

/** One unit of old code: an instruction (or part of it), or bytes that are none. */
typedef struct dfota_reference {
    uint8_t length;   /* 1..DFOTA_UNIT_MAX bytes of this unit, never more than were visible */
    uint8_t kind;     /* 0: refers to nothing; else 1..15, which form (own numbers of each ISA) */
    uint8_t visible;  /* owned by the instruction set */
    uint8_t extra;    /* owned by the instruction set */
    uint32_t target;  /* what it refers to: an address in old, modulo 2^32 */
    uint32_t anchor;  /* how many bytes before this unit the address counts from, if a pair */
} dfota_reference;

/* Begin a sweep at old address `at`. Never looks at anything before it. */
void dfota_scan_begin(dfota_scan *scan, unsigned isa, uint32_t at);

/* The unit that begins at `bytes`, of which `left` >= 1 are visible, at old address `at`. */
void dfota_scan_next(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                     dfota_reference *reference);

/*
 * Rewrite `bytes` (the unit as it is in old, `reference->length` of them) so that at new
 * address `at` it refers to new address `target`. Returns 0 and leaves `bytes` alone where
 * that cannot be expressed.
 */
int dfota_reference_place(unsigned isa, const dfota_reference *reference, uint32_t at,
                          uint32_t target, uint8_t *bytes);

/*
 * The address that `bytes` (as long as the unit, found in new at address `at`) refer to. Of
 * several (a pair shows only one half) the likeliest if `near` was expected: where the unit
 * was placed, so that the halves of a pair teach one after the other. Returns 0 if it is no
 * instruction of this kind any more.
 */
int dfota_reference_read(unsigned isa, const dfota_reference *reference, const uint8_t *bytes,
                         uint32_t at, uint32_t near, uint32_t *target);

/* == dfota_predict.h ===================================================================== */

/*
 * What a copied stretch of old will look like in new: every reference is moved to where its
 * target went. It knows segments, the copy map and corrections; it codes nothing.
 */

/** What a segment holds besides code; part of the patch format. */
#define DFOTA_SEGMENT_POINTERS 1u /* aligned 32-bit words that are addresses of its space */
#define DFOTA_SEGMENT_RELATIVE 2u /* aligned 32-bit words that count from their own address */

/** A stretch of old with one load address; sorted by `begin`, never overlapping. */
typedef struct dfota_segment {
    uint32_t begin;    /* offset in old */
    uint32_t end;
    uint32_t old_base; /* address of an old offset: offset + old_base, modulo 2^32 */
    uint32_t new_base; /* address of a new offset that came from here: offset + new_base */
    uint16_t space;    /* addresses mean the same within one space, a run of neighbouring segments */
    uint8_t isa;
    uint8_t flags;
} dfota_segment;

/** `length` & ~DFOTA_BLOCK_PLAIN bytes of new at `at` resemble old at `from`. */
typedef struct dfota_block {
    uint32_t at;
    uint32_t from;
    uint32_t length;
} dfota_block;
#define DFOTA_BLOCK_PLAIN 0x80000000u /* in `length`: predict no references here */

/** How a prediction came about; contexts for the coders. */
enum {
    DFOTA_TRUST_PLAIN = 0,    /* no reference: the byte as it is in old */
    DFOTA_TRUST_MAPPED = 1,   /* its target lies in a block */
    DFOTA_TRUST_GAP = 2,      /* its target lies between blocks */
    DFOTA_TRUST_OUTSIDE = 3,  /* its target lies in no segment of the space */
    DFOTA_TRUST_LEARNED = 4,  /* this very target was corrected before */
    DFOTA_TRUST_NEAR = 5,     /* a target near it was corrected before */
    DFOTA_TRUST_COUNT = 6
};

typedef struct dfota_correction {
    uint32_t key;
    uint32_t shift;
} dfota_correction;

typedef struct dfota_predictor {
    const dfota_segment *segments;
    uint32_t segment_count;
    const dfota_block *blocks; /* the copy map, sorted by `from` (then by `at`) */
    uint32_t block_count;
    dfota_correction *corrections; /* 2^correction_bits of them, zeroed by the caller */
    unsigned correction_bits;
    /* the copy under way */
    const dfota_segment *segment; /* NULL: plain bytes up to `segment_end` */
    uint32_t segment_end;         /* old offset */
    uint32_t old_offset;
    uint32_t new_offset;
    uint32_t left;
    int plain;
    dfota_scan scan;
    dfota_reference reference;
    uint32_t mapped; /* where the reference would lead without any correction */
    uint32_t moved;  /* where it is taken to lead */
} dfota_predictor;

/** The next bytes of a copy. */
typedef struct dfota_unit {
    uint8_t length;                    /* 1..DFOTA_UNIT_MAX */
    uint8_t isa;
    uint8_t kind;                      /* 0 plain, 1..15 as the ISA says, 16 pointer, 17 relative */
    uint8_t trust;
    uint8_t moved;                     /* whether predicted differs from raw */
    uint8_t raw[DFOTA_UNIT_MAX];       /* as it is in old */
    uint8_t predicted[DFOTA_UNIT_MAX];
} dfota_unit;
#define DFOTA_KIND_POINTER 16u
#define DFOTA_KIND_RELATIVE 17u

/* Begin a copy of old to new (old [from, from+length) lies inside old). */
void dfota_predict_begin(dfota_predictor *predictor, uint32_t at, uint32_t from, uint32_t length, int plain);

/*
 * The next unit: `window` shows old from predictor->old_offset on, `visible` bytes of it:
 * min(DFOTA_SCAN_WINDOW, predictor->left) or more (more changes nothing).
 */
void dfota_predict_next(dfota_predictor *predictor, const uint8_t *window, uint32_t visible, dfota_unit *unit);

/* What the unit's bytes are in new; must follow every dfota_predict_next(). */
void dfota_predict_learn(dfota_predictor *predictor, const dfota_unit *unit, const uint8_t *actual);

/* Where old address `target`, as predictor->segment (not NULL) means it, goes by the map alone;
 * *trust: MAPPED, GAP or OUTSIDE. */
uint32_t dfota_predict_target(const dfota_predictor *predictor, uint32_t target, unsigned *trust);

/* == dfota_range.h ======================================================================= */

/*
 * How the range coder of patch format 2 divides its interval; no I/O, no state of its own.
 */

/** The coder keeps its range at or above this. */
#define DFOTA_RANGE_MIN 0x01000000u

/** Zero bytes at the end of every body that are not stored. */
#define DFOTA_RANGE_TAIL 3u

/**
 * Code one bit whose probability of being 1 is `one` / 65536 (1..65535).
 * An encoder writes `bit` and returns it; a decoder ignores `bit` and returns what it read.
 */
typedef unsigned (*dfota_code_bit)(void *coder, uint32_t one, unsigned bit);

/** Which value is the rarer one, if 1 has probability `one` / 65536. */
static inline unsigned dfota_range_rare(uint32_t one)
{
    return one < 0x8000u ? 1u : 0u;
}

/** What the rarer value gets of `range`; it lies at the bottom, the other gets all the rest. */
static inline uint32_t dfota_range_split(uint32_t range, uint32_t one)
{
    return (range >> 16) * (one < 0x8000u ? one : 0x10000u - one);
}

/* == dfota_adaptive.h ==================================================================== */

/*
 * The adaptive coder of profiles `balanced` and `embedded`: a few models vote on each bit,
 * integers only. The same code codes and decodes. It knows nothing of files, headers or maps.
 */

/** One adaptive bit of 16 bits: probability of 1 in the upper 12, times seen (up to 15) below. */
typedef uint16_t dfota_bit;

/** One adaptive bit of 32 bits: probability of 1 in the upper 22, times seen below. */
typedef uint32_t dfota_fine_bit;

/** A number of at least 1: how many bits it has, its leading bits, its two lowest bits. */
typedef struct dfota_number_model {
    dfota_bit length[32];
    dfota_bit lead[32][4];
    dfota_bit low[4][4];
} dfota_number_model;

/** An adaptive bit that is found by a hash. */
typedef struct dfota_slot {
    uint16_t check;
    dfota_bit bit;
} dfota_slot;

/** What the header declares for this coder. */
typedef struct dfota_adaptive_options {
    uint8_t slot_bits;   /* 2^slot_bits adaptive bits of 4 bytes (8..22) */
    uint8_t memory_bits; /* 2^memory_bits remembered replacements of 8 bytes (2..16) */
} dfota_adaptive_options;

/** Bounds of the options. */
#define DFOTA_ADAPTIVE_SLOT_BITS_MIN 8u
#define DFOTA_ADAPTIVE_SLOT_BITS_MAX 22u
#define DFOTA_ADAPTIVE_MEMORY_BITS_MIN 2u
/** Largest weight of a vote, in units of 1/65536. */
#define DFOTA_ADAPTIVE_WEIGHT_MAX (64 * 65536)
#define DFOTA_ADAPTIVE_MEMORY_BITS_MAX 16u

/** From so many slots (as bits) on, more models vote on each literal. */
#define DFOTA_ADAPTIVE_RICH_BITS 15u

/** After so many right units in a row, the length of the rest of the run is coded at once. */
#define DFOTA_ADAPTIVE_RUN_LIMIT 1024u

/** Most votes on one bit. */
#define DFOTA_ADAPTIVE_VOTES 8u

/** Kinds of units that are told apart: 0, 1 to 8, all others of instructions, the two of words. */
#define DFOTA_ADAPTIVE_KINDS 12u

/** What was once put in the place of old bytes. */
typedef struct dfota_replacement {
    uint32_t raw;
    uint32_t actual;
} dfota_replacement;

/** The coder's state; no pointers. Slots and replacements follow it in memory. */
typedef struct dfota_adaptive {
    uint32_t history[2]; /* last eight bytes of new, the last one lowest */
    uint32_t position;   /* bytes of new so far */
    uint32_t steps;      /* by how much the last four bytes of wrong units were wrong */
    uint32_t changes;    /* the last two of these that were not 0 */
    uint32_t run;        /* right units in a row */
    uint32_t sure;       /* units that are known to be right; then comes a wrong one */
    uint8_t sure_wrong;
    uint8_t endless; /* all units to come are right */
    uint8_t hits;     /* last eight units, newest in bit 0; 1 = wrong */
    uint8_t since;    /* bytes since the last wrong unit, at most 255 */
    uint8_t kinds[DFOTA_ADAPTIVE_KINDS]; /* last two units of each kind; 1 = wrong */
    dfota_adaptive_options options;
    dfota_fine_bit wrong_kind[DFOTA_ADAPTIVE_KINDS][DFOTA_TRUST_COUNT * 2][4];
    dfota_fine_bit wrong_history[2][64];
    dfota_fine_bit wrong_run[12][DFOTA_TRUST_COUNT * 2];
    dfota_fine_bit wrong_place[4][12][4];
    dfota_bit is_raw[DFOTA_ADAPTIVE_KINDS][DFOTA_TRUST_COUNT];
    dfota_bit is_known[DFOTA_ADAPTIVE_KINDS][2];
    dfota_bit ends;
    int32_t unit_weights[DFOTA_ADAPTIVE_KINDS][DFOTA_ADAPTIVE_VOTES];
    int32_t byte_weights[16][DFOTA_ADAPTIVE_VOTES];
    int32_t literal_weights[DFOTA_ADAPTIVE_VOTES];
    dfota_number_model run_length;
} dfota_adaptive;

/* Code an adaptive bit. */
unsigned dfota_code_plain(dfota_code_bit code, void *coder, dfota_bit *model, unsigned bit);

/* Code `depth` bits, the most significant first; `tree` has 1 << depth entries. */
unsigned dfota_code_tree(dfota_code_bit code, void *coder, dfota_bit *tree, unsigned depth,
                         unsigned value);

/* Code a number of 1 to 2^31 - 1; `phase` (0..3) chooses the model of the two lowest bits. */
uint32_t dfota_code_number(dfota_code_bit code, void *coder, dfota_number_model *model,
                           unsigned phase, uint32_t value);

/* Set `count` adaptive bits to one half, never seen. */
void dfota_bits_reset(dfota_bit *bits, size_t count);

/** Bytes of memory for these options; 0 if they are out of bounds. */
size_t dfota_adaptive_size(const dfota_adaptive_options *options);

/** Prepare `memory` (of dfota_adaptive_size() bytes, aligned for uint32_t). */
dfota_adaptive *dfota_adaptive_begin(void *memory, const dfota_adaptive_options *options);

/** Whether the next unit needs `ahead` if coded: how many right units follow. */
static inline int dfota_adaptive_wants_run(const dfota_adaptive *adaptive)
{
    return adaptive->run >= DFOTA_ADAPTIVE_RUN_LIMIT && adaptive->sure == 0 &&
           !adaptive->sure_wrong && !adaptive->endless;
}

/** As `ahead`: no wrong unit follows. */
#define DFOTA_ADAPTIVE_ENDLESS 0xffffffffu

/**
 * Code the bytes of one unit of a copy: `actual` is input (coding) or output (decoding).
 * `ahead`: how many units from this one on are right; only coding looks at it.
 */
void dfota_adaptive_unit(dfota_adaptive *adaptive, dfota_code_bit code, void *coder,
                         const dfota_unit *unit, uint32_t ahead, uint8_t *actual);

/** Code one byte of a gap. */
uint8_t dfota_adaptive_literal(dfota_adaptive *adaptive, dfota_code_bit code, void *coder,
                               uint8_t actual);

/** The bytes of new that were made without this coder. */
void dfota_adaptive_skip(dfota_adaptive *adaptive, const uint8_t *bytes, size_t size);

/* == dfota_content.h ===================================================================== */

/*
 * The content of a patch's body: units of copies and bytes of gaps, both ways by the same
 * code, with either coder. It knows nothing of maps, files or the range coder.
 */

/** 1 compiles the mixing coder in: patches of profile `max` can be applied. */

/** Bytes of a gap that are stored together, or modelled together. */
#define DFOTA_CHUNK_SIZE 4096u
/** Shorter rests of a gap are always modelled. */
#define DFOTA_CHUNK_MIN 256u
/** After so many equal bytes in a gap, the number of further ones is coded at once. */
#define DFOTA_FILL_AFTER 8u

/** With the mixing coder: after so many units as predicted, the rest of the run is coded at once. */
#define DFOTA_CONTENT_RUN_LIMIT 4096u

/** Only coding asks: whether these bytes of a gap are better stored. */
typedef unsigned (*dfota_is_noise)(const uint8_t *bytes, uint32_t size);

/** Where the content stands; `adaptive` or `mixing` is the coder. */
typedef struct dfota_content {
    dfota_adaptive *adaptive;
    dfota_is_noise is_noise; /* NULL: decoding */
    uint32_t chunk_left; /* bytes up to the next decision whether to store */
    uint32_t fill_left;  /* repetitions of `last` to come */
    uint8_t coding;      /* whether bytes are input */
    uint8_t stored;
    uint8_t equal; /* how many of the gap's last bytes are `last` */
    uint8_t last;
    dfota_bit is_stored;
    dfota_number_model fill;
} dfota_content;

/* Begin to code, or with NULL to decode; the caller sets the coder. */
void dfota_content_begin(dfota_content *content, dfota_is_noise is_noise);

/** No block follows. */
#define DFOTA_CONTENT_NOWHERE 0xffffffffu

/*
 * A gap of `length` bytes begins: the block before would go on in old at `from`, the next one
 * begins in old at `next_from`.
 */
void dfota_content_gap_begin(dfota_content *content, uint32_t length, uint32_t from,
                             uint32_t next_from);

/* A block begins. */
void dfota_content_block(dfota_content *content, const dfota_block *block);

/*
 * Code some of the `left` bytes that the gap still has, at most `room`; coding looks at all
 * of `left`. Returns how many; 0 where what was decoded is longer than the gap, or where the
 * coder failed.
 */
uint32_t dfota_content_gap(dfota_content *content, dfota_code_bit code, void *coder,
                           uint32_t left, uint8_t *bytes, uint32_t room);

/* Code a unit of a copy; see dfota_adaptive_unit(). Returns 0, or nonzero if the coder failed. */
int dfota_content_unit(dfota_content *content, dfota_code_bit code, void *coder,
                       const dfota_unit *unit, uint32_t ahead, uint8_t *actual);

/* == dfota_patch.h ======================================================================= */

/*
 * Apply a dfota patch: pull the new image out of the old image and the patch, in pieces of
 * any size. It never allocates, never writes to flash and keeps nothing outside its struct
 * and the memory that it is given.
 */

/** Format version that this code reads and writes. */
#define DFOTA_PATCH_VERSION 2u

/** Largest image, in bytes, old or new: 1 GiB. */
#define DFOTA_PATCH_IMAGE_MAX 0x40000000u

/** Most segments, most blocks, and most blocks in profile `embedded`. */
#define DFOTA_PATCH_SEGMENT_MAX 4096u
#define DFOTA_PATCH_BLOCK_MAX 0x01000000u
#define DFOTA_PATCH_EMBEDDED_BLOCK_MAX 4096u

/** Most corrections, as bits. */
#define DFOTA_PATCH_CORRECTION_BITS_MAX 20u

/** Bytes of the digests in the header: the first of the SHA-256 of old and of new. */
#define DFOTA_PATCH_OLD_DIGEST_SIZE 8u
#define DFOTA_PATCH_NEW_DIGEST_SIZE 16u

/** Longest header, in bytes. */
#define DFOTA_PATCH_HEADER_MAX 72u

/** What a call can answer. Numbers never change. */
typedef enum dfota_result {
    DFOTA_OK = 0,
    DFOTA_ERR_STATE = 1,      /* not begun, or dead after an earlier error */
    DFOTA_ERR_IO = 2,         /* a callback failed */
    DFOTA_ERR_FORMAT = 3,     /* these bytes are not a dfota patch */
    DFOTA_ERR_VERSION = 4,    /* a dfota patch of another format version */
    DFOTA_ERR_LIMIT = 5,      /* the header names a size over its limit */
    DFOTA_ERR_HEADER = 6,     /* the header fails its check */
    DFOTA_ERR_TRUNCATED = 7,  /* the patch ends too early */
    DFOTA_ERR_RANGE = 8,      /* the patch points outside old or new */
    DFOTA_ERR_CODE = 9,       /* the coded stream ends as no creator ends it */
    DFOTA_ERR_TRAILING = 10,  /* bytes follow the end of the patch */
    DFOTA_ERR_DIGEST = 11,    /* new does not hash to what the header says */
    DFOTA_ERR_MEMORY = 12,    /* less memory than the patch needs */
    DFOTA_ERR_UNSUPPORTED = 13, /* a profile or an instruction set that was not compiled in */
    DFOTA_ERR_CANCELLED = 14  /* dfota_create only: stopped by its callback */
} dfota_result;

/** Who a patch is for. Numbers are part of the format. */
typedef enum dfota_profile {
    DFOTA_PROFILE_MAX = 0,      /* a host or a module: the mixing coder */
    DFOTA_PROFILE_BALANCED = 1, /* up to 1 MiB of memory */
    DFOTA_PROFILE_EMBEDDED = 2, /* up to 32 KiB of memory */
    DFOTA_PROFILE_COUNT = 3
} dfota_profile;

/** Bytes of the patch that are fetched at once; part of the struct. */
#ifndef DFOTA_PATCH_BUFFER_SIZE
#define DFOTA_PATCH_BUFFER_SIZE 128u
#endif

/** Bytes of old that are fetched at once; part of the struct. At least 2 * DFOTA_SCAN_WINDOW. */
#ifndef DFOTA_PATCH_WINDOW_SIZE
#define DFOTA_PATCH_WINDOW_SIZE 256u
#endif
#if DFOTA_PATCH_WINDOW_SIZE < 128
#error "DFOTA_PATCH_WINDOW_SIZE must be at least 2 * DFOTA_SCAN_WINDOW, 128."
#endif
#if DFOTA_PATCH_BUFFER_SIZE < 1 || DFOTA_PATCH_BUFFER_SIZE > 65535
#error "DFOTA_PATCH_BUFFER_SIZE must be from 1 to 65535."
#endif

/** 1 adds counts of where new comes from, which a device does not need. */
#ifndef DFOTA_PATCH_WITH_MEASURE
#define DFOTA_PATCH_WITH_MEASURE 0
#endif

/**
 * Fetch the next `size` bytes of the patch into `buf`.
 *
 * Returns how many were stored: fewer than `size` (also 0) means the patch ends there;
 * more than `size` means that reading failed.
 */
typedef size_t (*dfota_read_patch)(void *ctx, uint8_t *buf, size_t size);

/** Fetch exactly `size` bytes of old at `offset`; always inside old. Returns 0, else failure. */
typedef int (*dfota_read_old)(void *ctx, uint32_t offset, uint8_t *buf, size_t size);

/** Move exactly `size` bytes to (or from) where a checkpoint is kept. Returns 0, else failure. */
typedef int (*dfota_move_checkpoint)(void *ctx, uint8_t *buf, size_t size);

/** What the header says; valid after dfota_patch_open() succeeded. */
typedef struct dfota_patch_header {
    uint32_t old_size;
    uint32_t new_size;
    uint32_t segment_count;
    uint32_t block_count;
    uint32_t memory_size; /* bytes that dfota_patch_start() needs, its struct not included */
    uint32_t sector_size; /* in place: bytes that are erased at once; else 0 */
    uint32_t spare_size;  /* in place: bytes of new that may be held back */
    uint32_t train;       /* profile `max`: bytes of old that the models learn first */
    uint8_t version;
    uint8_t profile; /* dfota_profile */
    uint8_t correction_bits;
    uint8_t slot_bits;
    uint8_t index_bits;  /* profile `max` */
    uint8_t memory_bits; /* the others */
    uint8_t size;        /* bytes of the header */
    uint8_t old_digest[DFOTA_PATCH_OLD_DIGEST_SIZE];
    uint8_t new_digest[DFOTA_PATCH_NEW_DIGEST_SIZE];
} dfota_patch_header;

#if DFOTA_PATCH_WITH_MEASURE
/** Where the bytes of new come from; the first four add up to new_size. */
typedef struct dfota_patch_counts {
    uint32_t copied;    /* as they are in old */
    uint32_t predicted; /* moved references, as predicted */
    uint32_t corrected; /* of units that were predicted wrongly */
    uint32_t literal;   /* of gaps */
} dfota_patch_counts;
#endif

/** A patch under way; the caller owns it, only `header` (and `counts`) are public. */
typedef struct dfota_patch {
    dfota_patch_header header;
#if DFOTA_PATCH_WITH_MEASURE
    dfota_patch_counts counts;
#endif
    dfota_read_patch read_patch;
    dfota_read_old read_old;
    void *ctx;
    uint8_t *memory;
    dfota_result failure;
    uint32_t consumed; /* bytes of the patch */
    uint32_t position;
    uint32_t range;
    uint32_t code;
    uint32_t gap_left;
    uint32_t next;         /* block under way or to come, in order of new */
    uint32_t window_at;    /* old offset of window[0] */
    uint16_t window_size;
    uint16_t buffer_used;
    uint16_t buffer_size;
    uint8_t tail; /* zero bytes behind the end of the patch that were used */
    uint8_t phase;
    uint8_t unit_used;
    uint8_t unit_size;
    uint8_t unit[DFOTA_UNIT_MAX];
    uint8_t buffer[DFOTA_PATCH_BUFFER_SIZE];
    uint8_t window[DFOTA_PATCH_WINDOW_SIZE];
    dfota_sha256 sha;
    dfota_predictor predictor;
    dfota_content content;
} dfota_patch;

/**
 * Read and check the header of a patch.
 *
 * Before:  `patch` points to writable memory; what it holds does not matter. `read_patch`
 *          stands at the first byte of the patch; it gets `ctx`.
 * After:   on DFOTA_OK `patch->header` is valid and dfota_patch_start() may be called. The
 *          caller compares old_size and old_digest with its old image, and new_size and
 *          memory_size with the room it has. On any error the patch is dead.
 * Returns: DFOTA_OK; DFOTA_ERR_IO, _FORMAT, _VERSION, _LIMIT, _HEADER, _TRUNCATED,
 *          _UNSUPPORTED. The patch is untrusted: no input reads or writes out of bounds.
 * Power:   nothing outside `*patch` is changed; after a cut begin again.
 * Cost:    no heap; at most 512 bytes of stack; reads at most
 *          DFOTA_PATCH_HEADER_MAX + DFOTA_PATCH_BUFFER_SIZE bytes of the patch.
 */
dfota_result dfota_patch_open(dfota_patch *patch, dfota_read_patch read_patch, void *ctx);

/**
 * Read the copy map and get ready to produce new.
 *
 * Before:  dfota_patch_open() succeeded on `patch`. `memory` points to `size` bytes, aligned
 *          as for uint64_t; they stay the patch's until it is done. `read_old` gets the same
 *          `ctx` as `read_patch`.
 * After:   on DFOTA_OK dfota_patch_read() may be called. On any error the patch is dead.
 * Returns: DFOTA_OK; DFOTA_ERR_MEMORY, _IO, _TRUNCATED, _RANGE, _UNSUPPORTED, _STATE. No
 *          input reads or writes out of bounds.
 * Power:   nothing outside `*patch` and `memory` is changed; after a cut begin again.
 * Cost:    no heap; at most 1 KiB of stack; O(blocks * log(blocks)). Profile `max` reads old.
 */
dfota_result dfota_patch_start(dfota_patch *patch, void *memory, size_t size,
                               dfota_read_old read_old);

/**
 * Produce the next bytes of new, in order.
 *
 * Before:  dfota_patch_start() or dfota_patch_resume() succeeded on `patch`; `out` points to
 *          `size` writable bytes; size 0 is allowed.
 * After:   on DFOTA_OK `out` holds `*produced` bytes: `size`, or fewer where new ends. The
 *          call that delivers the last byte (or the first call, if new is empty) has also
 *          verified the digest of new and that the patch ends there; later calls produce
 *          0 bytes. On any error `*produced` is 0, the bytes in `out` mean nothing, the
 *          patch is dead, and later calls return DFOTA_ERR_STATE.
 * Returns: DFOTA_OK; DFOTA_ERR_IO, _TRUNCATED, _RANGE, _CODE, _TRAILING, _DIGEST, _STATE.
 *          The patch is untrusted: no input reads or writes out of bounds, and old is
 *          only read inside header.old_size; but for profile `max`, only inside the block
 *          that is being copied.
 * Power:   nothing outside `*patch`, its memory and `out` is changed; after a cut begin again,
 *          or go on from a checkpoint.
 * Cost:    no heap; at most 1 KiB of stack; O(size), plus O(blocks) for each block begun in
 *          profile `embedded`. Each reference is looked up among the segments of its address
 *          space: with thousands of them a hostile patch takes seconds for each MiB of new.
 */
dfota_result dfota_patch_read(dfota_patch *patch, uint8_t *out, size_t size, size_t *produced);

/**
 * Write down where a patch stands, between two calls of dfota_patch_read().
 *
 * Before:  dfota_patch_start() or dfota_patch_resume() succeeded on `patch`, no error since;
 *          its profile is not `max`.
 * After:   `write` got, in pieces and in order, the bytes that docs/spec/patch-format.md
 *          describes; the patch can go on.
 * Returns: DFOTA_OK; DFOTA_ERR_IO (the patch is still good), _STATE, _UNSUPPORTED.
 * Power:   a checkpoint that was cut is incomplete, and it holds no check of its own: the
 *          caller adds one.
 * Cost:    no heap; at most 512 bytes of stack; O(memory).
 */
dfota_result dfota_patch_checkpoint(dfota_patch *patch, dfota_move_checkpoint write,
                                    void *write_ctx);

/**
 * Go on from a checkpoint.
 *
 * Before:  as for dfota_patch_start(): dfota_patch_open() succeeded on `patch`, the very patch
 *          of the checkpoint, from its first byte. `read` gives the checkpoint's bytes in order;
 *          the caller has made sure that they are what was written.
 * After:   as after dfota_patch_start(), at the point of the checkpoint. The patch was read
 *          up to there.
 * Returns: as dfota_patch_start(); DFOTA_ERR_RANGE also where the checkpoint is not of this
 *          patch.
 * Power:   as dfota_patch_start().
 * Cost:    as dfota_patch_start(), and O(memory + patch).
 */
dfota_result dfota_patch_resume(dfota_patch *patch, void *memory, size_t size,
                                dfota_read_old read_old, dfota_move_checkpoint read,
                                void *read_ctx);

/* Bytes that a patch with this header needs; 0 if a member is over its limit. */
uint32_t dfota_patch_memory_size(const dfota_patch_header *header);

/* The parameters of profile `header->profile` (set by the caller, with both sizes) that are not written. */
void dfota_patch_defaults(dfota_patch_header *header);

/**
 * Read the copy map and nothing else: to look into a patch without its old image.
 *
 * Before:  dfota_patch_open() succeeded on `patch`; `memory` as for dfota_patch_start().
 * After:   on DFOTA_OK dfota_patch_blocks() and dfota_patch_segments() tell the map. The
 *          patch cannot be started any more.
 * Returns: as dfota_patch_start().
 * Power:   nothing outside `*patch` and `memory` is changed.
 * Cost:    as dfota_patch_start(), but old is not read.
 */
dfota_result dfota_patch_map(dfota_patch *patch, void *memory, size_t size);

/* The copy map (sorted by old offset) and the segments, once started. */
const dfota_block *dfota_patch_blocks(const dfota_patch *patch);
const dfota_segment *dfota_patch_segments(const dfota_patch *patch);

#if DFOTA_WITH_INPLACE

/* == dfota_inplace.h ===================================================================== */

/*
 * Update a device whose flash has room for one image only: new is written over old, and a
 * power cut at any moment is survived. It decides what is erased and programmed, and when;
 * it knows no chip, and it does not decide whether a patch may be trusted.
 */

/** Bytes of a journal record, which takes whole pages. */
#define DFOTA_INPLACE_RECORD_SIZE 64u

/**
 * The device. Flash is addressed as the callbacks like; each returns 0, or else failure.
 * Sectors are erased to ff. A page is programmed at most once after each erase of its sector.
 */
typedef struct dfota_inplace_device {
    int (*read)(void *ctx, uint32_t address, uint8_t *buf, size_t size);
    int (*erase)(void *ctx, uint32_t address);                          /* one sector */
    int (*program)(void *ctx, uint32_t address, const uint8_t *buf, size_t size); /* one page */
    int (*read_patch)(void *ctx, uint32_t offset, uint8_t *buf, size_t size);
    void *ctx;
    uint32_t patch_size;
    uint32_t sector_size;     /* a multiple of page_size */
    uint32_t page_size;
    uint32_t slot_address;    /* old, then new, begin here */
    uint32_t slot_size;       /* a multiple of sector_size */
    uint32_t journal_address; /* outside the slot */
    uint32_t journal_size;    /* a multiple of sector_size: two sectors and two checkpoints */
    uint8_t *page;            /* page_size bytes of RAM */
    void *memory;             /* for dfota_patch_start() */
    size_t memory_size;
} dfota_inplace_device;

/** An update under way; the caller owns it. The first two members are public. */
typedef struct dfota_inplace {
    uint32_t slot_needed;    /* set when the header was read: least slot_size */
    uint32_t journal_needed; /* set before anything is erased: least journal_size */
    const dfota_inplace_device *device;
    dfota_result failure;
    uint32_t patch_used;
    uint32_t shift;      /* how far old is moved up */
    uint32_t interval;   /* sectors of new from checkpoint to checkpoint */
    uint32_t old_count;  /* sectors of old */
    uint32_t moved;      /* how many of them, from the last one on, were moved up */
    uint32_t gone;       /* bytes of the slot, from its begin, in which nothing of old is left */
    uint32_t sequence;   /* of the newest record */
    uint32_t turn;       /* how often the log changed its sector */
    uint32_t log;        /* where in the journal the next record goes */
    uint32_t newest;     /* where in the journal the newest record is */
    uint32_t half;       /* where in the journal the newest checkpoint begins */
    uint32_t payload;    /* where in the journal the next byte of a checkpoint is */
    uint32_t used;       /* bytes of the page that are filled */
    uint8_t identity[16];
    dfota_sha256 sha;
    dfota_patch patch;
} dfota_inplace;

/**
 * Turn the old image in the slot into the new one; or go on with that; or notice that it is done.
 *
 * Before:  `device` describes the device, the same in each call for one update; the patch
 *          was made with in-place options that fit it, and its origin was verified. `run`
 *          points to writable memory; what it holds does not matter.
 * After:   on DFOTA_OK the slot begins with the new image, read back and verified. What lies
 *          behind it in the slot means nothing.
 * Returns: DFOTA_OK;
 *          with slot and journal untouched: _LIMIT (geometry, slot or journal do not do; see
 *          slot_needed, journal_needed), _MEMORY, _UNSUPPORTED (not an in-place patch, or of
 *          profile `max`), _DIGEST (the slot holds neither old nor new, nor what was left of
 *          a cut update with this patch), _RANGE (the patch needs bytes of old that it
 *          overwrites) and whatever dfota_patch.h says of damaged patches: the whole patch is
 *          tried before the first sector is erased;
 *          with the update unfinished: _IO (a callback failed, or the flash does not hold what
 *          was programmed). Calling again goes on.
 * Power:   may be cut at any moment, also in the middle of a flash operation, also again and
 *          again: the next call with the same patch goes on from the journal. No page is
 *          programmed that was not erased since the last cut.
 * Cost:    no heap; at most 1 KiB of stack; old is hashed and the patch decoded twice (once to
 *          try it); each sector of old is moved once, each of new written once, and the
 *          journal gets a checkpoint for every `interval` sectors, which grows with the room
 *          that the slot has beyond what the patch needs.
 */
dfota_result dfota_inplace_update(dfota_inplace *run, const dfota_inplace_device *device);

#endif

#ifdef __cplusplus
}
#endif

#endif
