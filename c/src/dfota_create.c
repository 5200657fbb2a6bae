/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The creator of patch format 2: codes a plan. What new is made of is decided in
 * dfota_plan.c; what the coders say is decided in the files that the applier shares.
 */
#include "dfota_create.h"

#include <stdlib.h>
#include <string.h>

#include "dfota_map.h"

/* Memory of `embedded` and `balanced`, beside the struct and the stack, if nothing else is said. */
#define EMBEDDED_MEMORY 30600u
#define BALANCED_MEMORY 1000000u
/* More segments than this are seldom worth their memory. */
#define EMBEDDED_SEGMENTS 16u
/* Fewer corrections than 2^this are not worth having. */
#define CORRECTION_BITS_MIN 4u

enum { PHASE_NONE, PHASE_LOOK, PHASE_CODE, PHASE_DONE };

typedef struct range_encoder {
    uint64_t low;
    uint64_t pending; /* bytes behind `cache` that a carry would change: all 0xff */
    uint32_t range;
    uint8_t cache;
    int started; /* whether `cache` holds the always-zero first byte no more */
} range_encoder;

struct dfota_creator {
    dfota_create_input in;
    dfota_result failure;
    dfota_patch_header header;
    dfota_plan plan;
    dfota_block *sorted; /* the plan's blocks by old offset */
    dfota_correction *corrections;
    void *coder_memory;
    uint32_t *misses; /* which units, counted through all copies, are predicted wrongly */
    size_t miss_count;
    size_t miss_room;
    /* where both passes stand */
    int phase;
    uint32_t position;
    uint32_t next_block;
    uint32_t unit_count;
    uint32_t moved_count;
    size_t next_miss;
    dfota_predictor predictor;
    dfota_content content;
    range_encoder coder;
    uint8_t *patch;
    size_t patch_size;
    size_t patch_room;
};

/* -- the range encoder ------------------------------------------------------------------ */

static void put_byte(dfota_creator *creator, uint8_t byte)
{
    if (creator->patch_size == creator->patch_room) {
        const size_t room = creator->patch_room ? creator->patch_room * 2u : 4096u;
        uint8_t *grown = (uint8_t *)realloc(creator->patch, room);
        if (grown == NULL) {
            creator->failure = DFOTA_ERR_MEMORY;
            return;
        }
        creator->patch = grown;
        creator->patch_room = room;
    }
    creator->patch[creator->patch_size++] = byte;
}

static void shift_low(dfota_creator *creator)
{
    range_encoder *coder = &creator->coder;

    if (coder->low < 0xff000000u || coder->low > 0xffffffffu) {
        const uint8_t carry = (uint8_t)(coder->low >> 32);
        if (coder->started) {
            put_byte(creator, (uint8_t)(coder->cache + carry));
        }
        for (; coder->pending > 0; coder->pending--) {
            put_byte(creator, (uint8_t)(0xffu + carry));
        }
        coder->cache = (uint8_t)(coder->low >> 24);
        coder->started = 1;
    } else {
        coder->pending++;
    }
    coder->low = (coder->low & 0x00ffffffu) << 8;
}

/* A dfota_code_bit. */
static unsigned encode(void *ctx, uint32_t one, unsigned bit)
{
    dfota_creator *creator = (dfota_creator *)ctx;
    range_encoder *coder = &creator->coder;
    const uint32_t bound = dfota_range_split(coder->range, one);

    if (bit == dfota_range_rare(one)) {
        coder->range = bound;
    } else {
        coder->low += bound;
        coder->range -= bound;
    }
    while (coder->range < DFOTA_RANGE_MIN) {
        coder->range <<= 8;
        shift_low(creator);
    }
    return bit;
}

/* The one value of the last interval that ends in DFOTA_RANGE_TAIL zeros, which are not written. */
static void finish(dfota_creator *creator)
{
    range_encoder *coder = &creator->coder;

    coder->low = (coder->low + 0x00ffffffu) & ~(uint64_t)0x00ffffffu;
    shift_low(creator);
    shift_low(creator);
}

/* -- the header ------------------------------------------------------------------------- */

static void put_number(dfota_creator *creator, uint32_t value)
{
    for (; value >= 0x80u; value >>= 7) {
        put_byte(creator, (uint8_t)(value | 0x80u));
    }
    put_byte(creator, (uint8_t)value);
}

static void put_digest(dfota_creator *creator, const uint8_t *image, size_t size, unsigned count)
{
    uint8_t digest[DFOTA_SHA256_SIZE];
    dfota_sha256 sha;
    unsigned i;

    dfota_sha256_begin(&sha);
    dfota_sha256_feed(&sha, image, size);
    dfota_sha256_end(&sha, digest);
    for (i = 0; i < count; i++) {
        put_byte(creator, digest[i]);
    }
}

static void put_parameters(dfota_creator *creator)
{
    const dfota_patch_header *header = &creator->header;

    put_byte(creator, header->correction_bits);
    put_byte(creator, header->slot_bits);
    if (header->profile == DFOTA_PROFILE_MAX) {
        put_byte(creator, header->index_bits);
        put_number(creator, header->train);
    } else {
        put_byte(creator, header->memory_bits);
    }
}

static int has_defaults(const dfota_patch_header *header)
{
    dfota_patch_header usual = *header;

    dfota_patch_defaults(&usual);
    return usual.correction_bits == header->correction_bits &&
           usual.slot_bits == header->slot_bits && usual.index_bits == header->index_bits &&
           usual.memory_bits == header->memory_bits && usual.train == header->train;
}

static void put_header(dfota_creator *creator)
{
    static const uint8_t magic[5] = {0xdfu, 'O', 'T', 'A', DFOTA_PATCH_VERSION};
    const dfota_patch_header *header = &creator->header;
    const unsigned in_place = header->sector_size > 0;
    const unsigned unusual = !has_defaults(header);
    unsigned i;

    for (i = 0; i < sizeof magic; i++) {
        put_byte(creator, magic[i]);
    }
    put_byte(creator, (uint8_t)(header->profile | in_place << 2 | unusual << 3));
    put_number(creator, header->old_size);
    put_number(creator, header->new_size);
    put_number(creator, header->segment_count);
    put_number(creator, header->block_count);
    if (in_place) {
        put_number(creator, header->sector_size);
        put_number(creator, header->spare_size);
    }
    if (unusual) {
        put_parameters(creator);
    }
    put_digest(creator, creator->in.old_image, header->old_size, DFOTA_PATCH_OLD_DIGEST_SIZE);
    put_digest(creator, creator->in.new_image, header->new_size, DFOTA_PATCH_NEW_DIGEST_SIZE);
    if (creator->failure == DFOTA_OK) {
        put_digest(creator, creator->patch, creator->patch_size, 4);
    }
}

/* Whether these bytes are better stored: their values are as even as those of noise. */
static unsigned is_noise(const uint8_t *bytes, uint32_t size)
{
    uint16_t counts[256];
    uint32_t squares = 0;
    uint32_t i;

    if (size < DFOTA_CHUNK_SIZE) {
        return 0;
    }
    memset(counts, 0, sizeof counts);
    for (i = 0; i < size; i++) {
        counts[bytes[i]]++;
    }
    for (i = 0; i < 256u; i++) {
        squares += (uint32_t)counts[i] * counts[i];
    }
    /* Noise has size * size / 256 + size, give or take a fraction of the latter. */
    return squares < size * (size / 256u) + size + size / 2u;
}

/* -- the plan --------------------------------------------------------------------------- */

static int by_from(const void *left, const void *right)
{
    const dfota_block *a = (const dfota_block *)left;
    const dfota_block *b = (const dfota_block *)right;

    if (a->from != b->from) {
        return a->from < b->from ? -1 : 1;
    }
    return a->at < b->at ? -1 : a->at > b->at;
}

/* Bytes that the decoder has. */
static uint32_t memory_limit(const dfota_creator *creator)
{
    if (creator->in.memory_size > 0) {
        return creator->in.memory_size;
    }
    switch (creator->header.profile) {
    case DFOTA_PROFILE_BALANCED:
        return BALANCED_MEMORY;
    case DFOTA_PROFILE_EMBEDDED:
        return EMBEDDED_MEMORY;
    default:
        return 0x7fffffffu;
    }
}

/* Smaller tables for the coder; 0 if they are as small as can be. */
static int shrink(dfota_patch_header *header)
{
    if (header->slot_bits > DFOTA_ADAPTIVE_SLOT_BITS_MIN) {
        header->slot_bits--;
    } else if (header->memory_bits > DFOTA_ADAPTIVE_MEMORY_BITS_MIN) {
        header->memory_bits--;
    } else if (header->correction_bits > CORRECTION_BITS_MIN) {
        header->correction_bits--;
    } else {
        return 0;
    }
    return 1;
}

/* How many blocks and segments the decoder has room for, if it has to be. */
static void set_limits(const dfota_creator *creator, dfota_plan_options *options)
{
    dfota_patch_header header = creator->header;
    const int is_embedded = header.profile == DFOTA_PROFILE_EMBEDDED;
    const uint32_t most = memory_limit(creator);
    uint32_t fixed;

    options->segment_max = is_embedded ? EMBEDDED_SEGMENTS : DFOTA_PATCH_SEGMENT_MAX;
    options->block_max = is_embedded ? DFOTA_PATCH_EMBEDDED_BLOCK_MAX : DFOTA_PATCH_BLOCK_MAX;
    if (header.profile == DFOTA_PROFILE_MAX) {
        return;
    }
    header.segment_count = is_embedded ? options->segment_max : 1024u;
    header.block_count = 0;
    header.slot_bits = (uint8_t)(header.slot_bits - 1u);
    if (creator->in.memory_size > 0) {
        /* Moves are worth more than large tables: half of what little there is is theirs. */
        if (header.segment_count > most / 160u) {
            header.segment_count = most / 160u > 16u ? most / 160u : 16u;
        }
        while (dfota_patch_memory_size(&header) > most / 2u && shrink(&header)) {
        }
    }
    options->segment_max = header.segment_count;
    fixed = dfota_patch_memory_size(&header) + 16u;
    fixed = most > fixed ? (most - fixed) / (is_embedded ? 12u : 16u) : 1u;
    options->block_max = fixed < options->block_max ? fixed : options->block_max;
}

static int by_length(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left;
    const uint32_t b = *(const uint32_t *)right;

    return a < b ? 1 : a > b ? -1 : 0;
}

/* The shortest blocks (and the last segments) that are too many become literals. */
static dfota_result fit_plan(dfota_creator *creator)
{
    dfota_plan *plan = &creator->plan;
    dfota_plan_options options;
    uint32_t *lengths;
    uint32_t least;
    uint32_t spare;
    uint32_t kept = 0;
    uint32_t i;

    set_limits(creator, &options);
    if (plan->segment_count > options.segment_max) {
        plan->segment_count = options.segment_max;
    }
    if (plan->block_count > options.block_max) {
        lengths = (uint32_t *)malloc(plan->block_count * sizeof *lengths);
        if (lengths == NULL) {
            return DFOTA_ERR_MEMORY;
        }
        for (i = 0; i < plan->block_count; i++) {
            lengths[i] = plan->blocks[i].length & ~DFOTA_BLOCK_PLAIN;
        }
        qsort(lengths, plan->block_count, sizeof *lengths, by_length);
        least = lengths[options.block_max - 1u];
        for (spare = 0; spare < options.block_max && lengths[options.block_max - 1u - spare] == least;) {
            spare++;
        }
        free(lengths);
        for (i = 0; i < plan->block_count; i++) {
            const uint32_t length = plan->blocks[i].length & ~DFOTA_BLOCK_PLAIN;
            if (length > least || (length == least && spare > 0)) {
                spare -= length == least ? 1u : 0u;
                plan->blocks[kept++] = plan->blocks[i];
            }
        }
        plan->block_count = kept;
    }
    /* What the map leaves free is the coder's. */
    creator->header.segment_count = plan->segment_count;
    creator->header.block_count = plan->block_count;
    while (creator->header.profile != DFOTA_PROFILE_MAX &&
           dfota_patch_memory_size(&creator->header) > memory_limit(creator) &&
           shrink(&creator->header)) {
    }
    return DFOTA_OK;
}

/* A pass over new begins. */
static dfota_result begin_pass(dfota_creator *creator)
{
    creator->header.segment_count = creator->plan.segment_count;
    creator->header.block_count = creator->plan.block_count;
    creator->position = 0;
    creator->next_block = 0;
    creator->unit_count = 0;
    creator->next_miss = 0;
    memset(&creator->predictor, 0, sizeof creator->predictor);
    creator->predictor.segments = creator->plan.segments;
    creator->predictor.segment_count = creator->plan.segment_count;
    creator->predictor.blocks = creator->sorted;
    creator->predictor.block_count = creator->plan.block_count;
    creator->predictor.corrections = creator->corrections;
    creator->predictor.correction_bits = creator->header.correction_bits;
    if (creator->corrections != NULL) {
        memset(creator->corrections, 0,
               sizeof(dfota_correction) << creator->header.correction_bits);
    }
    return creator->failure;
}

static dfota_result begin_look(dfota_creator *creator)
{
    size_t room;

    if (fit_plan(creator) != DFOTA_OK) {
        return DFOTA_ERR_MEMORY;
    }
    room = creator->plan.block_count > 0 ? creator->plan.block_count : 1u;
    creator->sorted = (dfota_block *)malloc(room * sizeof(dfota_block));
    if (creator->header.correction_bits > 0) {
        creator->corrections = (dfota_correction *)malloc(sizeof(dfota_correction)
                                                          << creator->header.correction_bits);
    }
    if (creator->sorted == NULL ||
        (creator->corrections == NULL && creator->header.correction_bits > 0)) {
        return DFOTA_ERR_MEMORY;
    }
    if (creator->plan.block_count > 0) {
        memcpy(creator->sorted, creator->plan.blocks,
               creator->plan.block_count * sizeof(dfota_block));
        qsort(creator->sorted, creator->plan.block_count, sizeof(dfota_block), by_from);
    }
    creator->phase = PHASE_LOOK;
    return begin_pass(creator);
}

/* -- both passes ------------------------------------------------------------------------ */

static void add_miss(dfota_creator *creator)
{
    if (creator->miss_count == creator->miss_room) {
        const size_t room = creator->miss_room ? creator->miss_room * 2u : 1024u;
        uint32_t *grown = (uint32_t *)realloc(creator->misses, room * sizeof *grown);
        if (grown == NULL) {
            creator->failure = DFOTA_ERR_MEMORY;
            return;
        }
        creator->misses = grown;
        creator->miss_room = room;
    }
    creator->misses[creator->miss_count++] = creator->unit_count;
}

/* How many units from the present one on are predicted rightly. */
static uint32_t right_ahead(dfota_creator *creator)
{
    while (creator->next_miss < creator->miss_count &&
           creator->misses[creator->next_miss] < creator->unit_count) {
        creator->next_miss++;
    }
    if (creator->next_miss == creator->miss_count) {
        return DFOTA_ADAPTIVE_ENDLESS;
    }
    return creator->misses[creator->next_miss] - creator->unit_count;
}

static void do_unit(dfota_creator *creator)
{
    dfota_predictor *predictor = &creator->predictor;
    uint8_t actual[DFOTA_UNIT_MAX];
    dfota_unit unit;

    dfota_predict_next(predictor, creator->in.old_image + predictor->old_offset, predictor->left,
                       &unit);
    memcpy(actual, creator->in.new_image + creator->position, unit.length);
    if (creator->phase == PHASE_CODE) {
        (void)dfota_content_unit(&creator->content, encode, creator, &unit, right_ahead(creator),
                                 actual);
    } else if (memcmp(actual, unit.predicted, unit.length) != 0) {
        add_miss(creator);
    } else if (unit.moved) {
        creator->moved_count++;
    }
    dfota_predict_learn(predictor, &unit, actual);
    creator->unit_count++;
    creator->position += unit.length;
}

/* `end`: where the gap ends. */
static void do_gap(dfota_creator *creator, uint32_t end)
{

    if (creator->phase == PHASE_LOOK) {
        creator->position = end;
        return;
    }
    while (creator->position < end) {
        const uint32_t left = end - creator->position;
        creator->position += dfota_content_gap(
            &creator->content, encode, creator, left,
            (uint8_t *)(uintptr_t)(creator->in.new_image + creator->position), left);
    }
}

/* The next gap and block, or the rest of either. Returns 0 at the end of new. */
static int do_next(dfota_creator *creator, uint32_t budget)
{
    const uint32_t start = creator->position;
    const dfota_block *block = creator->next_block < creator->plan.block_count
                                   ? &creator->plan.blocks[creator->next_block]
                                   : NULL;
    const uint32_t end = block != NULL ? block->at : creator->in.new_size;

    if (creator->predictor.left > 0) {
        while (creator->predictor.left > 0 && creator->position - start < budget &&
               creator->failure == DFOTA_OK) {
            do_unit(creator);
        }
        return 1;
    }
    if (creator->position < end) {
        if (creator->phase == PHASE_CODE) {
            dfota_content_gap_begin(&creator->content, end - creator->position,
                                    creator->predictor.old_offset,
                                    block != NULL ? block->from : DFOTA_CONTENT_NOWHERE);
        }
        do_gap(creator, end);
        return 1;
    }
    if (block == NULL) {
        return 0;
    }
    dfota_predict_begin(&creator->predictor, block->at, block->from,
                        block->length & ~DFOTA_BLOCK_PLAIN,
                        (block->length & DFOTA_BLOCK_PLAIN) != 0);
    if (creator->phase == PHASE_CODE) {
        dfota_content_block(&creator->content, block);
    }
    creator->next_block++;
    return 1;
}

static void put_head(dfota_creator *creator)
{
    dfota_map map;
    uint32_t i;

    dfota_map_begin(&map, creator->header.old_size, creator->header.new_size);
    for (i = 0; i < creator->plan.segment_count; i++) {
        dfota_segment segment = creator->plan.segments[i];
        if (dfota_map_segment(&map, encode, creator, i > 0 ? &creator->plan.segments[i - 1u] : NULL,
                              &segment) != 0) {
            creator->failure = DFOTA_ERR_RANGE;
        }
    }
    for (i = 0; i < creator->plan.block_count; i++) {
        dfota_block block = creator->plan.blocks[i];
        if (dfota_map_block(&map, encode, creator, i + 1u == creator->plan.block_count, &block) !=
            0) {
            creator->failure = DFOTA_ERR_RANGE;
        }
    }
}

#if DFOTA_PATCH_WITH_MIXING
static int read_old(void *ctx, uint32_t offset, uint8_t *buf, size_t size)
{
    memcpy(buf, ((const dfota_creator *)ctx)->in.old_image + offset, size);
    return 0;
}
#endif

static dfota_result begin_coder(dfota_creator *creator)
{
    const dfota_patch_header *header = &creator->header;
    dfota_adaptive_options options;

#if DFOTA_PATCH_WITH_MIXING
    if (header->profile == DFOTA_PROFILE_MAX) {
        dfota_mixing_options mixing;
        mixing.old_size = header->old_size;
        mixing.new_size = header->new_size;
        mixing.slot_bits = header->slot_bits;
        mixing.index_bits = header->index_bits;
        mixing.train = header->train;
        creator->coder_memory = malloc(dfota_mixing_size(&mixing));
        if (creator->coder_memory == NULL) {
            return DFOTA_ERR_MEMORY;
        }
        creator->content.mixing =
            dfota_mixing_begin(creator->coder_memory, &mixing, read_old, creator);
        return creator->content.mixing != NULL ? DFOTA_OK : DFOTA_ERR_MEMORY;
    }
#endif
    options.slot_bits = header->slot_bits;
    options.memory_bits = header->memory_bits;
    creator->coder_memory = malloc(dfota_adaptive_size(&options));
    if (creator->coder_memory == NULL) {
        return DFOTA_ERR_MEMORY;
    }
    creator->content.adaptive = dfota_adaptive_begin(creator->coder_memory, &options);
    return DFOTA_OK;
}

/* The first pass is over: write all but the content. */
static dfota_result begin_code(dfota_creator *creator)
{
    creator->phase = PHASE_CODE;
    (void)begin_pass(creator);
    put_header(creator);
    dfota_content_begin(&creator->content, is_noise);
    creator->coder.range = 0xffffffffu;
    put_head(creator);
    if (creator->failure == DFOTA_OK) {
        creator->failure = begin_coder(creator);
    }
    return creator->failure;
}

static void end_pass(dfota_creator *creator)
{
    if (creator->phase == PHASE_CODE) {
        finish(creator);
        creator->phase = PHASE_DONE;
    } else if (creator->moved_count == 0 && creator->plan.segment_count > 0) {
        /* No prediction came true: without segments the head is shorter. */
        creator->plan.segment_count = 0;
        creator->miss_count = 0;
        (void)begin_pass(creator);
    } else {
        (void)begin_code(creator);
    }
}

/* -- the door --------------------------------------------------------------------------- */

dfota_creator *dfota_create_begin(const dfota_create_input *input)
{
    dfota_creator *creator;

    if (input->old_size > DFOTA_PATCH_IMAGE_MAX || input->new_size > DFOTA_PATCH_IMAGE_MAX ||
        input->profile >= DFOTA_PROFILE_COUNT || input->sector_size > DFOTA_PATCH_IMAGE_MAX ||
        input->spare_size > DFOTA_PATCH_IMAGE_MAX) {
        return NULL;
    }
    creator = (dfota_creator *)calloc(1, sizeof *creator);
    if (creator == NULL) {
        return NULL;
    }
    creator->in = *input;
    creator->header.old_size = input->old_size;
    creator->header.new_size = input->new_size;
    creator->header.profile = (uint8_t)input->profile;
    creator->header.sector_size = input->sector_size;
    creator->header.spare_size = input->spare_size;
    dfota_patch_defaults(&creator->header);
    return creator;
}

/* The same image again is one block: there is nothing to search. */
static int is_identical(const dfota_create_input *in)
{
    return in->old_size == in->new_size && in->new_size > 0 &&
           memcmp(in->old_image, in->new_image, in->new_size) == 0;
}

dfota_result dfota_create_plan(dfota_creator *creator, dfota_create_progress progress, void *ctx)
{
    dfota_plan_options options;
    int result;

    if (creator->phase != PHASE_NONE) {
        return DFOTA_ERR_STATE;
    }
    if (is_identical(&creator->in)) {
        dfota_block whole = {0, 0, 0};
        dfota_plan plan;
        whole.length = creator->in.new_size;
        memset(&plan, 0, sizeof plan);
        plan.blocks = &whole;
        plan.block_count = 1;
        return dfota_create_use(creator, &plan);
    }
    memset(&options, 0, sizeof options);
    set_limits(creator, &options);
    options.effort = creator->in.effort;
    options.isas = creator->in.isas;
    options.in_place_sector = creator->in.sector_size;
    options.in_place_spare = creator->in.spare_size;
    options.progress = progress;
    options.ctx = ctx;
    result = dfota_plan_make(&creator->plan, creator->in.old_image, creator->in.old_size,
                             creator->in.new_image, creator->in.new_size, &options);
    if (result != 0) {
        creator->failure = result == DFOTA_ERR_CANCELLED ? DFOTA_ERR_CANCELLED : DFOTA_ERR_MEMORY;
        return creator->failure;
    }
    creator->failure = begin_look(creator);
    return creator->failure;
}

dfota_result dfota_create_use(dfota_creator *creator, const dfota_plan *plan)
{
    if (creator->phase != PHASE_NONE) {
        return DFOTA_ERR_STATE;
    }
    creator->plan.segments =
        (dfota_segment *)malloc(((size_t)plan->segment_count + 1u) * sizeof(dfota_segment));
    creator->plan.blocks =
        (dfota_block *)malloc(((size_t)plan->block_count + 1u) * sizeof(dfota_block));
    if (creator->plan.segments == NULL || creator->plan.blocks == NULL) {
        creator->failure = DFOTA_ERR_MEMORY;
        return creator->failure;
    }
    creator->plan.segment_count = plan->segment_count;
    creator->plan.block_count = plan->block_count;
    if (plan->segment_count > 0) {
        memcpy(creator->plan.segments, plan->segments,
               plan->segment_count * sizeof(dfota_segment));
    }
    if (plan->block_count > 0) {
        memcpy(creator->plan.blocks, plan->blocks, plan->block_count * sizeof(dfota_block));
    }
    creator->failure = begin_look(creator);
    return creator->failure;
}

dfota_result dfota_create_like(dfota_creator *creator, const dfota_creator *planned)
{
    return dfota_create_use(creator, &planned->plan);
}

dfota_result dfota_create_step(dfota_creator *creator, uint32_t budget, uint32_t *done)
{
    uint32_t spent = 0;

    if (creator->failure == DFOTA_OK && creator->phase == PHASE_NONE) {
        return DFOTA_ERR_STATE;
    }
    while (creator->failure == DFOTA_OK && creator->phase != PHASE_DONE && spent < budget) {
        const uint32_t before = creator->position;
        const int phase = creator->phase;
        if (!do_next(creator, budget - spent)) {
            end_pass(creator);
        }
        spent += creator->phase == phase && creator->position > before ? creator->position - before
                                                                       : 1u;
    }
    *done = creator->position + (creator->phase >= PHASE_CODE ? creator->in.new_size : 0u);
    return creator->failure;
}

const uint8_t *dfota_create_patch(const dfota_creator *creator, size_t *size)
{
    if (creator->phase != PHASE_DONE || creator->failure != DFOTA_OK) {
        return NULL;
    }
    *size = creator->patch_size;
    return creator->patch;
}

void dfota_create_free(dfota_creator *creator)
{
    if (creator != NULL) {
        dfota_plan_free(&creator->plan);
        free(creator->sorted);
        free(creator->corrections);
        free(creator->coder_memory);
        free(creator->misses);
        free(creator->patch);
        free(creator);
    }
}
