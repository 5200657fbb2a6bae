/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The creator of patch format 1: finds the stretches of new that resemble old, then codes
 * them. It decides nothing about the format; that is dfota_model.h and dfota_patch.c.
 */
#include "dfota_create.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that a search compares at most, so that runs of one byte cost no square of their length. */
#define MATCH_MAX 4096u
/* A match must beat the present displacement by this many bytes to be worth a new one. */
#define MATCH_GAIN 5u
/* Shortest run of one byte in a literal stretch that is coded as a fill. */
#define FILL_MIN 12u
/* What an equal byte is worth, and an unequal one costs, when a stretch is extended. */
#define HIT_GAIN 2
#define MISS_COST 1

/* `length` bytes of new at `at` resemble old at `from`. */
typedef struct cover {
    uint32_t at;
    uint32_t from;
    uint32_t length;
} cover;

typedef struct range_encoder {
    uint64_t low;
    uint32_t range;
    uint64_t pending; /* bytes behind `cache` that a carry would change: all 0xff */
    uint8_t cache;
    int started; /* whether `cache` holds the always-zero first byte no more */
} range_encoder;

struct dfota_creator {
    dfota_create_input in;
    dfota_result failure;
    /* suffixes that begin with two given bytes: bucket_at[b] up to bucket_end[b] */
    uint32_t *bucket_at;
    uint32_t *bucket_end;
    cover *covers;
    size_t cover_count;
    size_t cover_room;
    /* the search */
    uint32_t scan;       /* next byte of new to look at */
    uint32_t scored;     /* bytes of new before this are part of score */
    uint32_t score;      /* of [scan, scored) so many are right under the present displacement */
    uint32_t anchor_at;  /* present stretch: certain from here on */
    uint32_t anchor_from;
    int searched;
    /* the coder */
    size_t next_cover;
    uint32_t position;
    int32_t recent[DFOTA_RECENT_COUNT];
    uint8_t residuals[3];
    range_encoder coder;
    uint8_t *patch;
    size_t patch_size;
    size_t patch_room;
    int finished;
    dfota_model model;
};

/* -- finding ------------------------------------------------------------------------- */

static void sort_into_buckets(dfota_creator *creator)
{
    const uint8_t *old = creator->in.old_image;
    const uint32_t size = creator->in.old_size;
    uint32_t at = 0;
    uint32_t i;

    for (i = 0; i + 1u < size; i++) {
        creator->bucket_end[((uint32_t)old[i] << 8) | old[i + 1u]]++;
    }
    for (i = 0; i < 0x10000u; i++) {
        /* The suffix of one byte stands before all longer ones that begin with it. */
        if (size > 0 && (i & 0xffu) == 0 && old[size - 1u] == i >> 8) {
            at++;
        }
        creator->bucket_at[i] = at;
        at += creator->bucket_end[i];
        creator->bucket_end[i] = at;
    }
}

/* The longest match in old of new at `at`; at most MATCH_MAX bytes. */
static uint32_t longest_match(const dfota_creator *creator, uint32_t at, uint32_t *from)
{
    const uint8_t *old = creator->in.old_image;
    const uint8_t *wanted = creator->in.new_image + at;
    uint32_t most = creator->in.new_size - at;
    uint32_t low_common = 2;
    uint32_t high_common = 2;
    uint32_t best = 0;
    uint32_t low;
    uint32_t high;

    if (most < 2u) {
        return 0;
    }
    most = most < MATCH_MAX ? most : MATCH_MAX;
    low = creator->bucket_at[((uint32_t)wanted[0] << 8) | wanted[1]];
    high = creator->bucket_end[((uint32_t)wanted[0] << 8) | wanted[1]];
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2u;
        const uint32_t start = (uint32_t)creator->in.suffixes[middle];
        const uint32_t there = creator->in.old_size - start;
        const uint32_t end = most < there ? most : there;
        uint32_t common = low_common < high_common ? low_common : high_common;
        while (common < end && old[start + common] == wanted[common]) {
            common++;
        }
        if (common > best) {
            best = common;
            *from = start;
        }
        if (common == most) {
            break;
        }
        if (common == there || old[start + common] < wanted[common]) {
            low = middle + 1u;
            low_common = common;
        } else {
            high = middle;
            high_common = common;
        }
    }
    return best;
}

/* Whether the present displacement predicts the byte of new at `at`. */
static int is_right(const dfota_creator *creator, uint32_t at)
{
    const int64_t from =
        (int64_t)at + (int64_t)creator->anchor_from - (int64_t)creator->anchor_at;
    return from >= 0 && from < (int64_t)creator->in.old_size &&
           creator->in.old_image[from] == creator->in.new_image[at];
}

static void add_cover(dfota_creator *creator, uint32_t at, uint32_t from, uint32_t length)
{
    cover *last;

    if (creator->cover_count == creator->cover_room) {
        const size_t room = creator->cover_room ? creator->cover_room * 2u : 1024u;
        cover *grown = (cover *)realloc(creator->covers, room * sizeof *grown);
        if (grown == NULL) {
            creator->failure = DFOTA_ERR_MEMORY;
            return;
        }
        creator->covers = grown;
        creator->cover_room = room;
    }
    last = &creator->covers[creator->cover_count++];
    last->at = at;
    last->from = from;
    last->length = length;
}

/* How far the present stretch reaches forward at the best ratio, before `limit`. */
static uint32_t extend_forward(const dfota_creator *creator, uint32_t limit)
{
    const uint8_t *old = creator->in.old_image + creator->anchor_from;
    const uint8_t *new = creator->in.new_image + creator->anchor_at;
    const uint32_t room = creator->in.old_size - creator->anchor_from;
    const uint32_t end = limit - creator->anchor_at < room ? limit - creator->anchor_at : room;
    int64_t worth = 0;
    int64_t best_worth = 0;
    uint32_t best = 0;
    uint32_t i;

    for (i = 0; i < end; i++) {
        worth += old[i] == new[i] ? HIT_GAIN : -MISS_COST;
        if (worth > best_worth) {
            best_worth = worth;
            best = i + 1u;
        }
    }
    return best;
}

/* How far the stretch that begins at `at`/`from` reaches back, not before the present one. */
static uint32_t extend_backward(const dfota_creator *creator, uint32_t at, uint32_t from)
{
    const uint32_t room = at - creator->anchor_at;
    const uint32_t end = room < from ? room : from;
    int64_t worth = 0;
    int64_t best_worth = 0;
    uint32_t best = 0;
    uint32_t i;

    for (i = 1; i <= end; i++) {
        const int right = creator->in.old_image[from - i] == creator->in.new_image[at - i];
        worth += right ? HIT_GAIN : -MISS_COST;
        if (worth > best_worth) {
            best_worth = worth;
            best = i;
        }
    }
    return best;
}

/* Both stretches claim `overlap` bytes before `at` + ...: how many stay with the first? */
static uint32_t divide(const dfota_creator *creator, uint32_t first, uint32_t at, uint32_t from,
                       uint32_t overlap)
{
    int64_t worth = 0;
    int64_t best_worth = 0;
    uint32_t best = 0;
    uint32_t i;

    for (i = 0; i < overlap; i++) {
        const uint8_t wanted = creator->in.new_image[at + i];
        worth += creator->in.old_image[creator->anchor_from + first - overlap + i] == wanted;
        worth -= creator->in.old_image[from + i] == wanted;
        if (worth > best_worth) {
            best_worth = worth;
            best = i + 1u;
        }
    }
    return best;
}

/* A better displacement begins at `at` (or new ends there): settle the present stretch. */
static void settle(dfota_creator *creator, uint32_t at, uint32_t from)
{
    uint32_t forward = extend_forward(creator, at);
    uint32_t backward = 0;

    if (at < creator->in.new_size) {
        backward = extend_backward(creator, at, from);
    }
    if (creator->anchor_at + forward > at - backward) {
        const uint32_t overlap = creator->anchor_at + forward - (at - backward);
        const uint32_t kept =
            divide(creator, forward, at - backward, from - backward, overlap);
        forward = forward - overlap + kept;
        backward -= kept;
    }
    if (forward > 0) {
        add_cover(creator, creator->anchor_at, creator->anchor_from, forward);
    }
    creator->anchor_at = at - backward;
    creator->anchor_from = from - backward;
}

/* Look at new from scan on until `budget` bytes were looked at or new ends. */
static void search(dfota_creator *creator, uint32_t budget)
{
    const uint32_t size = creator->in.new_size;
    const uint32_t stop = size - creator->scan < budget ? size : creator->scan + budget;

    while (creator->scan < stop && creator->failure == DFOTA_OK) {
        uint32_t from = 0;
        const uint32_t length = longest_match(creator, creator->scan, &from);
        while (creator->scored < creator->scan + length) {
            creator->score += is_right(creator, creator->scored) ? 1u : 0u;
            creator->scored++;
        }
        if (length > creator->score + MATCH_GAIN) {
            settle(creator, creator->scan, from);
        } else if (length == 0 || length != creator->score) {
            if (creator->scan < creator->scored) {
                creator->score -= is_right(creator, creator->scan) ? 1u : 0u;
            } else {
                creator->scored++;
            }
            creator->scan++;
            continue;
        }
        creator->scan += length;
        creator->scored = creator->scan;
        creator->score = 0;
    }
    if (creator->scan >= size) {
        settle(creator, size, 0);
        creator->searched = 1;
    }
}

/* -- coding -------------------------------------------------------------------------- */

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

static void normalize(dfota_creator *creator)
{
    while (creator->coder.range < DFOTA_RANGE_MIN) {
        creator->coder.range <<= 8;
        shift_low(creator);
    }
}

static void encode_bit(dfota_creator *creator, dfota_bit *bit, unsigned value)
{
    range_encoder *coder = &creator->coder;
    const uint32_t bound = (coder->range >> 12) * ((uint32_t)*bit >> 4);

    if (value) {
        coder->low += bound;
        coder->range -= bound;
    } else {
        coder->range = bound;
    }
    dfota_bit_learn(bit, value);
    normalize(creator);
}

static void encode_even_bit(dfota_creator *creator, unsigned value)
{
    range_encoder *coder = &creator->coder;

    coder->range >>= 1;
    if (value) {
        coder->low += coder->range;
    }
    normalize(creator);
}

static void encode_tree(dfota_creator *creator, dfota_bit *tree, unsigned depth, unsigned value)
{
    unsigned node = 1;
    unsigned i;

    for (i = depth; i > 0; i--) {
        const unsigned bit = (value >> (i - 1u)) & 1u;
        encode_bit(creator, &tree[node], bit);
        node = (node << 1) | bit;
    }
}

static void encode_number(dfota_creator *creator, dfota_number_model *model, uint32_t number)
{
    const uint32_t value = number + 1u;
    unsigned length = 0;
    unsigned node = 1;
    unsigned i;

    while (value >> (length + 1u)) {
        length++;
    }
    encode_tree(creator, model->length, 5, length);
    for (i = 0; i < length; i++) {
        const unsigned bit = (value >> (length - 1u - i)) & 1u;
        if (i < 3u) {
            encode_bit(creator, &model->lead[length][node], bit);
            node = (node << 1) | bit;
        } else {
            encode_even_bit(creator, bit);
        }
    }
}

static void encode_literals(dfota_creator *creator, uint32_t length)
{
    const uint8_t *data = creator->in.new_image + creator->position;
    unsigned before = 0;
    uint32_t i;

    encode_number(creator, &creator->model.literal_length, length);
    for (i = 0; i < length; i++) {
        const unsigned high = data[i] >> 4;
        encode_tree(creator, creator->model.literal_high[before], 4, high);
        encode_tree(creator, creator->model.literal_low[before >> 4][high], 4, data[i] & 15u);
        before = data[i];
    }
    creator->position += length;
}

static void encode_residual(dfota_creator *creator, dfota_history *history, uint8_t residual)
{
    const unsigned burst = history->burst;
    const unsigned again = creator->residuals[burst] == residual;

    encode_bit(creator, &creator->model.again[burst][history->repeated], again);
    if (!again) {
        encode_tree(creator, creator->model.residual[burst], 8, residual);
        creator->residuals[burst] = residual;
    }
    history->repeated = (uint8_t)again;
    dfota_history_miss(history);
}

static uint32_t run_of_hits(const uint8_t *old, const uint8_t *new, uint32_t length)
{
    uint32_t run = 0;

    while (run < length && old[run] == new[run]) {
        run++;
    }
    return run;
}

static void encode_differences(dfota_creator *creator, uint32_t from, uint32_t length)
{
    const uint8_t *old = creator->in.old_image + from;
    const uint8_t *new = creator->in.new_image + creator->position;
    dfota_history history;
    uint32_t i = 0;

    dfota_history_begin(&history);
    while (i < length) {
        const uint8_t residual = (uint8_t)(new[i] - old[i]);
        if (history.run == DFOTA_RUN_LIMIT) {
            const uint32_t run = run_of_hits(old + i, new + i, length - i);
            encode_bit(creator, &creator->model.run_to_end, run == length - i);
            i += run;
            if (i == length) {
                break;
            }
            encode_number(creator, &creator->model.run_length, run);
            encode_residual(creator, &history, (uint8_t)(new[i] - old[i]));
        } else {
            const unsigned row = (creator->position + i) & 3u;
            const unsigned context = dfota_history_context(&history);
            encode_bit(creator, &creator->model.miss[row][context], residual != 0);
            if (residual) {
                encode_residual(creator, &history, residual);
            } else {
                dfota_history_hit(&history);
            }
        }
        i++;
    }
    creator->position += length;
}

/* One block: literals up to `at`, then a copy of `length` bytes of old, or a fill. */
static void encode_block(dfota_creator *creator, const cover *copy, int fill)
{
    const uint32_t literals = copy->at - creator->position;
    const int64_t displacement = (int64_t)copy->from - (int64_t)copy->at;
    unsigned kind = 0;

    encode_literals(creator, literals);
    while (kind < DFOTA_RECENT_COUNT && creator->recent[kind] != displacement) {
        kind++;
    }
    kind = fill ? DFOTA_KIND_FILL : kind;
    encode_tree(creator, creator->model.kind[dfota_kind_context(literals)], 3, kind);
    if (kind == DFOTA_KIND_EXPLICIT) {
        const int64_t shift = displacement - creator->recent[0];
        encode_bit(creator, &creator->model.backward, shift < 0);
        encode_number(creator, &creator->model.shift, (uint32_t)(shift < 0 ? -shift : shift) - 1u);
    }
    encode_number(creator, &creator->model.copy_length, copy->length - 1u);
    if (fill) {
        creator->position += copy->length;
        return;
    }
    dfota_recent_use(creator->recent, kind, (int32_t)displacement);
    encode_differences(creator, copy->from, copy->length);
}

/* The bytes of new up to `end` that resemble nothing: literals, with runs of one byte as fills. */
static void encode_fills(dfota_creator *creator, uint32_t end)
{
    const uint8_t *new = creator->in.new_image;
    uint32_t at = creator->position;

    while (at < end) {
        const uint8_t before = at > 0 ? new[at - 1u] : 0xffu;
        uint32_t run = 0;
        while (at + run < end && new[at + run] == before) {
            run++;
        }
        if (run >= FILL_MIN) {
            cover fill;
            fill.at = at;
            fill.from = 0;
            fill.length = run;
            encode_block(creator, &fill, 1);
        }
        at += run + 1u;
    }
}

/* Write out what tells the last intervals apart, all four bytes: the decoder checks them. */
static void finish(dfota_creator *creator)
{
    unsigned i;

    for (i = 0; i < 5u; i++) {
        shift_low(creator);
    }
    creator->finished = 1;
}

static void encode(dfota_creator *creator, uint32_t budget)
{
    const uint32_t start = creator->position;

    while (creator->position - start < budget && creator->failure == DFOTA_OK &&
           !creator->finished) {
        if (creator->next_cover < creator->cover_count) {
            const cover *copy = &creator->covers[creator->next_cover++];
            encode_fills(creator, copy->at);
            encode_block(creator, copy, 0);
            continue;
        }
        encode_fills(creator, creator->in.new_size);
        if (creator->position < creator->in.new_size) {
            encode_literals(creator, creator->in.new_size - creator->position);
        }
        finish(creator);
    }
}

/* -- the door ------------------------------------------------------------------------ */

static void put_size(dfota_creator *creator, uint32_t size)
{
    for (; size >= 0x80u; size >>= 7) {
        put_byte(creator, (uint8_t)(size | 0x80u));
    }
    put_byte(creator, (uint8_t)size);
}

static void put_bytes(dfota_creator *creator, const uint8_t *data, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        put_byte(creator, data[i]);
    }
}

static void put_header(dfota_creator *creator)
{
    static const uint8_t magic[5] = {0xdfu, 'O', 'T', 'A', DFOTA_PATCH_VERSION};
    uint8_t digest[DFOTA_SHA256_SIZE];
    dfota_sha256 sha;

    put_bytes(creator, magic, sizeof magic);
    put_size(creator, creator->in.old_size);
    put_size(creator, creator->in.new_size);
    put_bytes(creator, creator->in.old_digest, DFOTA_SHA256_SIZE);
    put_bytes(creator, creator->in.new_digest, DFOTA_SHA256_SIZE);
    if (creator->failure == DFOTA_OK) {
        dfota_sha256_begin(&sha);
        dfota_sha256_feed(&sha, creator->patch, creator->patch_size);
        dfota_sha256_end(&sha, digest);
        put_bytes(creator, digest, 4);
    }
}

dfota_creator *dfota_create_begin(const dfota_create_input *input)
{
    dfota_creator *creator;

    if (input->old_size > DFOTA_PATCH_IMAGE_MAX || input->new_size > DFOTA_PATCH_IMAGE_MAX) {
        return NULL;
    }
    creator = (dfota_creator *)calloc(1, sizeof *creator);
    if (creator == NULL) {
        return NULL;
    }
    creator->in = *input;
    creator->bucket_at = (uint32_t *)calloc(0x10000u, sizeof(uint32_t));
    creator->bucket_end = (uint32_t *)calloc(0x10000u, sizeof(uint32_t));
    if (creator->bucket_at == NULL || creator->bucket_end == NULL) {
        dfota_create_free(creator);
        return NULL;
    }
    sort_into_buckets(creator);
    dfota_model_reset(&creator->model);
    creator->coder.range = 0xffffffffu;
    put_header(creator);
    return creator;
}

dfota_result dfota_create_step(dfota_creator *creator, uint32_t budget, uint32_t *done)
{
    if (creator->failure == DFOTA_OK && !creator->searched) {
        search(creator, budget);
    } else if (creator->failure == DFOTA_OK && !creator->finished) {
        encode(creator, budget);
    }
    *done = creator->scan + creator->position;
    return creator->failure;
}

const uint8_t *dfota_create_patch(const dfota_creator *creator, size_t *size)
{
    if (!creator->finished || creator->failure != DFOTA_OK) {
        return NULL;
    }
    *size = creator->patch_size;
    return creator->patch;
}

void dfota_create_free(dfota_creator *creator)
{
    if (creator != NULL) {
        free(creator->bucket_at);
        free(creator->bucket_end);
        free(creator->covers);
        free(creator->patch);
        free(creator);
    }
}
