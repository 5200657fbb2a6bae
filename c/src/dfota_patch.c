/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The applier of patch format 2 (docs/spec/patch-format.md). No heap, no globals, no libc but
 * memcpy, memmove, memset, memcmp.
 *
 * Rule 1. Every number from the patch is compared with what is left before it is used.
 * Rule 2. Every failure goes through fail(), which kills the patch; nothing is repaired.
 */
#include "dfota_patch.h"

#include <string.h>

#include "dfota_checkpoint.h"
#include "dfota_map.h"

enum { PHASE_NONE, PHASE_OPEN, PHASE_MAP, PHASE_BLOCK, PHASE_GAP, PHASE_COPY, PHASE_DONE };

static const uint8_t MAGIC[4] = {0xdfu, 'O', 'T', 'A'};

/* The byte behind the version. */
#define PROFILE_MASK 3u
#define HAS_PLACE 4u
#define HAS_PARAMETERS 8u

/* The first failure counts; later ones are its consequences. */
static void fail(dfota_patch *patch, dfota_result result)
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
            fail(patch, DFOTA_ERR_IO);
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
            fail(patch, DFOTA_ERR_TRUNCATED);
        } else {
            patch->tail++;
        }
        return 0;
    }
    patch->consumed++;
    return patch->buffer[patch->buffer_used++];
}

/* A dfota_code_bit. */
static unsigned decode(void *coder, uint32_t one, unsigned bit)
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
        fail(patch, DFOTA_ERR_CODE);
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
                fail(patch, DFOTA_ERR_HEADER);
            }
            if (value > most) {
                break;
            }
            return value;
        }
    }
    fail(patch, DFOTA_ERR_LIMIT);
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

#if DFOTA_PATCH_WITH_MIXING
static dfota_mixing_options mixing_options(const dfota_patch_header *header)
{
    dfota_mixing_options options;

    options.old_size = header->old_size;
    options.new_size = header->new_size;
    options.slot_bits = header->slot_bits;
    options.index_bits = header->index_bits;
    options.train = header->train;
    return options;
}
#endif

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
#if DFOTA_PATCH_WITH_MIXING
        const dfota_mixing_options mixing = mixing_options(header);
        return dfota_mixing_size(&mixing);
#else
        return 0;
#endif
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
        fail(patch, DFOTA_ERR_LIMIT);
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

    header_bytes(patch, bytes, sizeof MAGIC);
    if (patch->failure == DFOTA_ERR_TRUNCATED || memcmp(bytes, MAGIC, sizeof MAGIC) != 0) {
        if (patch->failure != DFOTA_ERR_IO) {
            patch->failure = DFOTA_ERR_FORMAT;
        }
        return;
    }
    header->version = header_byte(patch);
    if (patch->failure == DFOTA_OK && header->version != DFOTA_PATCH_VERSION) {
        fail(patch, DFOTA_ERR_VERSION);
        return;
    }
    flags = header_byte(patch);
    header->profile = flags & PROFILE_MASK;
    if (header->profile >= DFOTA_PROFILE_COUNT || flags > 15u ||
        (header->profile == DFOTA_PROFILE_MAX && (flags & HAS_PLACE))) {
        fail(patch, DFOTA_ERR_HEADER);
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
        fail(patch, DFOTA_ERR_HEADER);
    }
    header->size = (uint8_t)patch->consumed;
    if (patch->failure != DFOTA_OK) {
        return;
    }
#if !DFOTA_PATCH_WITH_MIXING
    if (header->profile == DFOTA_PROFILE_MAX) {
        fail(patch, DFOTA_ERR_UNSUPPORTED);
        return;
    }
#endif
    header->memory_size = dfota_patch_memory_size(header);
    if (header->memory_size == 0) {
        fail(patch, DFOTA_ERR_LIMIT);
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
        if (dfota_map_segment(map, decode, patch, i > 0 ? &segments[i - 1u] : NULL,
                              &segments[i]) != 0) {
            fail(patch, DFOTA_ERR_RANGE);
        } else if (segments[i].isa != DFOTA_ISA_NONE && !(DFOTA_ISAS >> segments[i].isa & 1u)) {
            fail(patch, DFOTA_ERR_UNSUPPORTED);
        }
    }
}

static void read_blocks(dfota_patch *patch, dfota_map *map)
{
    const uint32_t count = patch->header.block_count;
    dfota_block *blocks = blocks_of(patch);
    uint32_t i;

    for (i = 0; i < count && patch->failure == DFOTA_OK; i++) {
        if (dfota_map_block(map, decode, patch, i + 1u == count, &blocks[i]) != 0) {
            fail(patch, DFOTA_ERR_RANGE);
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
#if DFOTA_PATCH_WITH_MIXING
        const dfota_mixing_options mixing = mixing_options(&patch->header);
        patch->content.mixing =
            dfota_mixing_begin(patch->memory + where.coder, &mixing, patch->read_old, patch->ctx);
        if (patch->content.mixing == NULL) {
            fail(patch, DFOTA_ERR_IO);
        }
#endif
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
        fail(patch, DFOTA_ERR_RANGE); /* only a forged checkpoint leads here */
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
        fail(patch, DFOTA_ERR_RANGE);
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
            fail(patch, DFOTA_ERR_IO);
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
    if (dfota_content_unit(&patch->content, decode, patch, &unit, 0, patch->unit) != 0) {
        fail(patch, DFOTA_ERR_IO);
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
        took = dfota_content_gap(&patch->content, decode, patch, patch->gap_left, out, size);
        if (took == 0) {
            fail(patch, DFOTA_ERR_RANGE);
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
static void finish(dfota_patch *patch)
{
    uint8_t digest[DFOTA_SHA256_SIZE];

    patch->phase = PHASE_DONE;
    if (refill(patch) != 0 || patch->tail != DFOTA_RANGE_TAIL) {
        fail(patch, DFOTA_ERR_TRAILING);
    } else if (patch->code >= DFOTA_RANGE_MIN) {
        fail(patch, DFOTA_ERR_CODE);
    }
    dfota_sha256_end(&patch->sha, digest);
    if (memcmp(digest, patch->header.new_digest, sizeof patch->header.new_digest) != 0) {
        fail(patch, DFOTA_ERR_DIGEST);
    }
}

/* -- the door --------------------------------------------------------------------------- */

dfota_result dfota_patch_map(dfota_patch *patch, void *memory, size_t size)
{
    if (patch->failure != DFOTA_OK || patch->phase != PHASE_OPEN) {
        return DFOTA_ERR_STATE;
    }
    if (size < patch->header.memory_size) {
        fail(patch, DFOTA_ERR_MEMORY);
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
        finish(patch);
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
        fail(patch, DFOTA_ERR_UNSUPPORTED);
    } else if (dfota_checkpoint_move(patch, read, read_ctx, 0) != 0 ||
               memcmp(digest, patch->header.new_digest, sizeof digest) != 0 ||
               patch->consumed < consumed || patch->phase < PHASE_BLOCK ||
               patch->phase >= PHASE_DONE) {
        fail(patch, DFOTA_ERR_RANGE);
    } else {
        const uint32_t wanted = patch->consumed;
        const uint8_t tail = patch->tail;
        patch->consumed = consumed;
        patch->tail = 0;
        while (patch->consumed < wanted && patch->failure == DFOTA_OK && patch->tail == 0) {
            (void)next_byte(patch);
        }
        if (patch->tail != 0) {
            fail(patch, DFOTA_ERR_TRUNCATED);
        }
        patch->tail = tail;
        patch->window_at = patch->predictor.old_offset;
        patch->window_size = 0;
    }
    patch->phase = patch->failure == DFOTA_OK ? patch->phase : (uint8_t)PHASE_NONE;
    return patch->failure;
}
