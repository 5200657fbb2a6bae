/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where a patch stands, as bytes: the fields in the order of docs/spec/patch-format.md, all
 * little-endian. Saving and loading are the same walk.
 */
#include "dfota_checkpoint.h"

#include <string.h>

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
