/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The adaptive coder of profiles `balanced` and `embedded`: contexts, votes, weights. Integer
 * arithmetic only, so that every machine decodes the same bytes. It allocates nothing.
 */
#include "dfota_adaptive.h"

#include <string.h>

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

static void remember(dfota_adaptive *adaptive, uint8_t byte)
{
    adaptive->history[1] = (adaptive->history[1] << 8) | (adaptive->history[0] >> 24);
    adaptive->history[0] = (adaptive->history[0] << 8) | byte;
    adaptive->position++;
}

void dfota_adaptive_skip(dfota_adaptive *adaptive, const uint8_t *bytes, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        remember(adaptive, bytes[i]);
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
    remember(adaptive, actual);
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
        remember(adaptive, actual[i]);
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
