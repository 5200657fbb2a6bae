/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The applier of patch format 1 (docs/spec/patch-format.md). No heap, no globals, no libc but
 * memcpy, memmove, memset, memcmp.
 *
 * Rule 1. Every number from the patch is compared with what is left before it is used.
 * Rule 2. Every failure goes through fail(), which kills the patch; nothing is repaired.
 * Rule 3. Decoding must not depend on old: what the patch means can be read without it.
 */
#include "dfota_patch.h"

#include <string.h>

enum { PHASE_NONE, PHASE_BLOCK, PHASE_LITERALS, PHASE_ORIGIN, PHASE_COPY, PHASE_FILL, PHASE_DONE };

static const uint8_t MAGIC[4] = {0xdfu, 'O', 'T', 'A'};

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
        fail(patch, DFOTA_ERR_TRUNCATED);
        return 0;
    }
    return patch->buffer[patch->buffer_used++];
}

/* -- the range decoder -------------------------------------------------------------- */

/* What no encoder produces: from here on the intervals would mean nothing. */
static void check_code(dfota_patch *patch)
{
    if (patch->code >= patch->range) {
        fail(patch, DFOTA_ERR_CODE);
    }
}

static void normalize(dfota_patch *patch)
{
    while (patch->range < DFOTA_RANGE_MIN) {
        patch->range <<= 8;
        patch->code = (patch->code << 8) | next_byte(patch);
    }
}

static unsigned decode_bit(dfota_patch *patch, dfota_bit *bit)
{
    const uint32_t bound = (patch->range >> 12) * ((uint32_t)*bit >> 4);
    unsigned value = 0;

    if (patch->code < bound) {
        patch->range = bound;
    } else {
        patch->range -= bound;
        patch->code -= bound;
        value = 1;
    }
    dfota_bit_learn(bit, value);
    normalize(patch);
    return value;
}

static unsigned decode_even_bit(dfota_patch *patch)
{
    unsigned value = 0;

    patch->range >>= 1;
    if (patch->code >= patch->range) {
        patch->code -= patch->range;
        value = 1;
    }
    check_code(patch); /* an odd range lost its last unit */
    normalize(patch);
    return value;
}

/* `depth` bits, the most significant first; `tree` has 1 << depth entries, 0 is unused. */
static unsigned decode_tree(dfota_patch *patch, dfota_bit *tree, unsigned depth)
{
    unsigned node = 1;
    unsigned i;

    for (i = 0; i < depth; i++) {
        node = (node << 1) | decode_bit(patch, &tree[node]);
    }
    return node - (1u << depth);
}

/* 0 to 0x7ffffffe. */
static uint32_t decode_number(dfota_patch *patch, dfota_number_model *model)
{
    const unsigned length = decode_tree(patch, model->length, 5);
    uint32_t value = 1;
    unsigned node = 1;
    unsigned i;

    if (length > 30u) {
        fail(patch, DFOTA_ERR_CODE);
        return 0;
    }
    for (i = 0; i < length; i++) {
        unsigned bit;
        if (i < 3u) {
            bit = decode_bit(patch, &model->lead[length][node]);
            node = (node << 1) | bit;
        } else {
            bit = decode_even_bit(patch);
        }
        value = (value << 1) | bit;
    }
    return value - 1u;
}

/* -- blocks ------------------------------------------------------------------------- */

static uint8_t decode_literal(dfota_patch *patch)
{
    const unsigned before = patch->last_literal;
    const unsigned high = decode_tree(patch, patch->model.literal_high[before], 4);
    const unsigned low = decode_tree(patch, patch->model.literal_low[before >> 4][high], 4);

    patch->last_literal = (uint8_t)((high << 4) | low);
    return patch->last_literal;
}

/* What to add to the byte of old; never 0. */
static uint8_t decode_residual(dfota_patch *patch)
{
    dfota_history *history = &patch->history;
    const unsigned burst = history->burst;
    uint8_t *known = &patch->residuals[burst];
    const unsigned again = decode_bit(patch, &patch->model.again[burst][history->repeated]);

    if (!again) {
        *known = (uint8_t)decode_tree(patch, patch->model.residual[burst], 8);
    }
    if (*known == 0) {
        fail(patch, DFOTA_ERR_CODE);
    }
    history->repeated = (uint8_t)again;
    dfota_history_miss(history);
    return *known;
}

static void begin_literals(dfota_patch *patch)
{
    patch->literal_length = decode_number(patch, &patch->model.literal_length);
    patch->literals_left = patch->literal_length;
    patch->last_literal = 0;
    if (patch->literal_length > patch->header.new_size - patch->position) {
        fail(patch, DFOTA_ERR_RANGE);
    }
    patch->phase = PHASE_LITERALS;
}

static int64_t decode_displacement(dfota_patch *patch)
{
    const unsigned backward = decode_bit(patch, &patch->model.backward);
    const int64_t shift = (int64_t)decode_number(patch, &patch->model.shift) + 1;

    return backward ? patch->recent[0] - shift : patch->recent[0] + shift;
}

static void begin_copy(dfota_patch *patch)
{
    const unsigned context = dfota_kind_context(patch->literal_length);
    const unsigned kind = decode_tree(patch, patch->model.kind[context], 3);
    int64_t displacement = 0;
    int64_t offset;

    if (kind >= DFOTA_KIND_COUNT) {
        fail(patch, DFOTA_ERR_CODE);
        return;
    }
    if (kind == DFOTA_KIND_EXPLICIT) {
        displacement = decode_displacement(patch);
    } else if (kind < DFOTA_RECENT_COUNT) {
        displacement = patch->recent[kind];
    }
    patch->copy_left = decode_number(patch, &patch->model.copy_length) + 1u;
    if (patch->copy_left > patch->header.new_size - patch->position) {
        fail(patch, DFOTA_ERR_RANGE);
        return;
    }
    if (kind == DFOTA_KIND_FILL) {
        patch->phase = PHASE_FILL;
        return;
    }
    offset = (int64_t)patch->position + displacement;
    if (offset < 0 || offset + (int64_t)patch->copy_left > (int64_t)patch->header.old_size) {
        fail(patch, DFOTA_ERR_RANGE);
        return;
    }
    patch->old_offset = (uint32_t)offset;
    dfota_recent_use(patch->recent, kind, (int32_t)displacement);
    dfota_history_begin(&patch->history);
    patch->sure_hits = 0;
    patch->sure_miss = 0;
    patch->phase = PHASE_COPY;
}

/* A long run of equal bytes: how long is the rest of it? `left` bytes of the copy remain. */
static void decode_run(dfota_patch *patch, uint32_t left)
{
    if (decode_bit(patch, &patch->model.run_to_end)) {
        patch->sure_hits = left;
        return;
    }
    patch->sure_hits = decode_number(patch, &patch->model.run_length);
    patch->sure_miss = 1;
    if (patch->sure_hits >= left) {
        fail(patch, DFOTA_ERR_RANGE);
    }
}

/* Correct `size` bytes of old in `out`; returns how many had to be changed. */
static uint32_t correct(dfota_patch *patch, uint8_t *out, uint32_t size)
{
    uint32_t left = patch->copy_left;
    uint32_t done = 0;
    uint32_t changed = 0;

    while (done < size && patch->failure == DFOTA_OK) {
        uint32_t step = 1;
        if (patch->sure_hits > 0) {
            step = patch->sure_hits < size - done ? patch->sure_hits : size - done;
            patch->sure_hits -= step;
        } else if (patch->sure_miss) {
            patch->sure_miss = 0;
            out[done] = (uint8_t)(out[done] + decode_residual(patch));
            changed++;
        } else if (patch->history.run == DFOTA_RUN_LIMIT) {
            decode_run(patch, left);
            step = 0;
        } else {
            const unsigned row = (patch->position + done) & 3u;
            const unsigned context = dfota_history_context(&patch->history);
            if (decode_bit(patch, &patch->model.miss[row][context])) {
                out[done] = (uint8_t)(out[done] + decode_residual(patch));
                changed++;
            } else {
                dfota_history_hit(&patch->history);
            }
        }
        done += step;
        left -= step;
    }
    return changed;
}

/* Decode up to `size` bytes of the present block into `out`; returns how many. */
static uint32_t advance(dfota_patch *patch, uint8_t *out, uint32_t size, uint32_t *changed)
{
    uint32_t take = 0;
    uint32_t i;

    switch (patch->phase) {
    case PHASE_BLOCK:
        begin_literals(patch);
        break;
    case PHASE_LITERALS:
        take = patch->literals_left < size ? patch->literals_left : size;
        for (i = 0; i < take && patch->failure == DFOTA_OK; i++) {
            out[i] = decode_literal(patch);
        }
        patch->literals_left -= take;
        if (patch->literals_left == 0) {
            patch->phase = PHASE_ORIGIN;
        }
        break;
    case PHASE_ORIGIN:
        begin_copy(patch);
        break;
    case PHASE_COPY:
        take = patch->copy_left < size ? patch->copy_left : size;
        if (patch->read_old == NULL) {
            memset(out, 0, take);
        } else if (patch->read_old(patch->ctx, patch->old_offset, out, take) != 0) {
            fail(patch, DFOTA_ERR_IO);
        }
        *changed = correct(patch, out, take);
        patch->old_offset += take;
        patch->copy_left -= take;
        break;
    case PHASE_FILL:
        take = patch->copy_left < size ? patch->copy_left : size;
        memset(out, patch->last, take);
        patch->copy_left -= take;
        break;
    default:
        fail(patch, DFOTA_ERR_STATE);
        break;
    }
    if ((patch->phase == PHASE_COPY || patch->phase == PHASE_FILL) && patch->copy_left == 0) {
        patch->phase = PHASE_BLOCK;
    }
    if (take > 0) {
        patch->last = out[take - 1u];
        patch->position += take;
    }
    return take;
}

/* New is complete: the coder must be at rest and the patch must end here. */
static void finish(dfota_patch *patch)
{
    patch->phase = PHASE_DONE;
    if (patch->code != 0) {
        fail(patch, DFOTA_ERR_CODE);
    } else if (refill(patch) != 0) {
        fail(patch, DFOTA_ERR_TRAILING);
    }
}

/* -- the door ------------------------------------------------------------------------ */

/* A size: seven bits a byte, the least significant first, in the fewest bytes. */
static uint32_t header_size(dfota_patch *patch)
{
    uint32_t value = 0;
    unsigned shift;

    for (shift = 0; shift < 35u; shift += 7u) {
        const uint8_t byte = next_byte(patch);
        dfota_sha256_feed(&patch->sha, &byte, 1);
        if (shift == 28u && byte > 4u) {
            break;
        }
        value |= (uint32_t)(byte & 0x7fu) << shift;
        if (byte < 0x80u) {
            if (byte == 0 && shift > 0) {
                fail(patch, DFOTA_ERR_HEADER);
            }
            if (value > DFOTA_PATCH_IMAGE_MAX) {
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
        out[i] = next_byte(patch);
    }
    dfota_sha256_feed(&patch->sha, out, size);
}

static void read_header(dfota_patch *patch)
{
    uint8_t bytes[DFOTA_SHA256_SIZE];
    uint8_t check[4];

    header_bytes(patch, bytes, sizeof MAGIC);
    if (patch->failure == DFOTA_ERR_TRUNCATED || memcmp(bytes, MAGIC, sizeof MAGIC) != 0) {
        if (patch->failure != DFOTA_ERR_IO) {
            patch->failure = DFOTA_ERR_FORMAT;
        }
        return;
    }
    header_bytes(patch, &patch->header.version, 1);
    if (patch->failure == DFOTA_OK && patch->header.version != DFOTA_PATCH_VERSION) {
        fail(patch, DFOTA_ERR_VERSION);
        return;
    }
    patch->header.old_size = header_size(patch);
    patch->header.new_size = header_size(patch);
    header_bytes(patch, patch->header.old_digest, DFOTA_SHA256_SIZE);
    header_bytes(patch, patch->header.new_digest, DFOTA_SHA256_SIZE);
    dfota_sha256_end(&patch->sha, bytes);
    check[0] = next_byte(patch);
    check[1] = next_byte(patch);
    check[2] = next_byte(patch);
    check[3] = next_byte(patch);
    if (memcmp(bytes, check, sizeof check) != 0) {
        fail(patch, DFOTA_ERR_HEADER);
    }
}

dfota_result dfota_patch_begin(dfota_patch *patch, dfota_read_patch read_patch,
                               dfota_read_old read_old, void *ctx)
{
    unsigned i;

    memset(patch, 0, sizeof *patch);
    patch->read_patch = read_patch;
    patch->read_old = read_old;
    patch->ctx = ctx;
    dfota_sha256_begin(&patch->sha);
    read_header(patch);
    patch->range = 0xffffffffu;
    for (i = 0; i < 4u; i++) {
        patch->code = (patch->code << 8) | next_byte(patch);
    }
    check_code(patch);
    dfota_model_reset(&patch->model);
    dfota_sha256_begin(&patch->sha);
    patch->last = 0xffu;
    patch->phase = patch->failure == DFOTA_OK ? PHASE_BLOCK : PHASE_NONE;
    return patch->failure;
}

dfota_result dfota_patch_read(dfota_patch *patch, uint8_t *out, size_t size, size_t *produced)
{
    uint8_t digest[DFOTA_SHA256_SIZE];
    uint32_t changed = 0;
    size_t done = 0;

    *produced = 0;
    if (patch->phase == PHASE_NONE || patch->failure != DFOTA_OK || patch->read_old == NULL) {
        return DFOTA_ERR_STATE;
    }
    if (patch->phase == PHASE_DONE) {
        return DFOTA_OK;
    }
    while (done < size && patch->position < patch->header.new_size &&
           patch->failure == DFOTA_OK) {
        const size_t room = size - done;
        const uint32_t most = room > 0x10000u ? 0x10000u : (uint32_t)room;
        const uint32_t took = advance(patch, out + done, most, &changed);
        dfota_sha256_feed(&patch->sha, out + done, took);
        done += took;
    }
    if (patch->failure == DFOTA_OK && patch->position == patch->header.new_size) {
        finish(patch);
        dfota_sha256_end(&patch->sha, digest);
        if (memcmp(digest, patch->header.new_digest, sizeof digest) != 0) {
            fail(patch, DFOTA_ERR_DIGEST);
        }
    }
    if (patch->failure == DFOTA_OK) {
        *produced = done;
    }
    return patch->failure;
}

#if DFOTA_PATCH_WITH_MEASURE
dfota_result dfota_patch_measure(dfota_patch *patch, dfota_patch_counts *counts)
{
    uint8_t out[256];

    memset(counts, 0, sizeof *counts);
    if (patch->phase != PHASE_BLOCK || patch->position != 0 || patch->failure != DFOTA_OK) {
        return DFOTA_ERR_STATE;
    }
    patch->read_old = NULL;
    while (patch->position < patch->header.new_size && patch->failure == DFOTA_OK) {
        const uint8_t phase = patch->phase;
        uint32_t changed = 0;
        const uint32_t took = advance(patch, out, sizeof out, &changed);
        counts->literal += phase == PHASE_LITERALS ? took : 0u;
        counts->filled += phase == PHASE_FILL ? took : 0u;
        counts->copied += phase == PHASE_COPY ? took - changed : 0u;
        counts->differing += changed;
        counts->copies += phase == PHASE_ORIGIN && patch->phase == PHASE_COPY ? 1u : 0u;
    }
    if (patch->failure == DFOTA_OK) {
        finish(patch);
    }
    patch->phase = PHASE_NONE;
    return patch->failure;
}
#endif
