/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The mixing coder of profile `max`: contexts, counters, mixers. Integer arithmetic only, so
 * that every machine decodes the same bytes. It allocates nothing.
 */
#include "dfota_mixing.h"

#include <string.h>

/* -- sizes: all part of the patch format ----------------------------------------------- */

#define LITERAL_CONTEXTS 16u /* hashed contexts of a spelled byte */
#define MATCHES 2u
#define LITERAL_INPUTS 40u /* two of each context, two of each match, one constant; padded to eights */
#define FLAG_CONTEXTS 14u
#define FLAG_INPUTS 16u
#define FLAG_BITS 16u /* 2^FLAG_BITS counters for each flag context */
#define RING_BITS 20u
#define RING_SIZE (1u << RING_BITS)
#define SETS 3u                /* weight sets that are averaged */
#define LITERAL_SELECTORS 1024u /* weight vectors in a set */
#define FLAG_SELECTORS 512u
#define LOGIT_MAX 2815 /* 11 * 256 - 1 */
#define REFINED 1024u  /* entries of a map from counter states to probabilities */

typedef struct slot {
    uint16_t check;
    uint16_t node[15]; /* probability of 1 in the upper 12 bits, times seen below */
} slot;

typedef struct match {
    uint32_t at;      /* position in old, or old_size + position in new */
    uint32_t length;  /* equal bytes before it; 0: after a miss */
    uint32_t misses;  /* the last eight outcomes */
    int live;
    int expected;     /* byte, or -1 */
    uint32_t cached;  /* position of cache[0] */
    uint32_t cache_size;
    uint8_t cache[64];
} match;

typedef struct mixer {
    int16_t *weights[SETS];
    uint32_t inputs;
    uint32_t selected[SETS];
    int32_t logit[SETS];
} mixer;

struct dfota_mixing {
    dfota_mixing_options options;
    dfota_mixing_read read_old;
    void *ctx;
    slot *slots;
    uint32_t *index[MATCHES];
    uint32_t *flags; /* FLAG_CONTEXTS << FLAG_BITS counters */
    uint8_t *ring;   /* the last bytes of new */
    uint32_t position; /* in new */
    int failed;

    int16_t stretch_low[4096]; /* of probabilities below 4096 / 65536 */
    int16_t stretch_middle[4096];
    uint16_t squash[2u * LOGIT_MAX + 1u];
    uint32_t reciprocal[1024];

    /* spelled bytes */
    mixer literal;
    uint32_t refined[2][LITERAL_CONTEXTS][REFINED]; /* gap and miss */
    uint32_t match_counts[MATCHES][16 * 16 * 2];
    uint32_t literal_final[2][1024 * 33];
    slot *current[LITERAL_CONTEXTS];
    uint32_t hashes[LITERAL_CONTEXTS];
    match matches[MATCHES];
    uint32_t gap_from;  /* old offset that the previous block would go on with */
    uint32_t gap_next;  /* old offset that leads up to the next block */
    uint8_t gap_cache[2][64];
    uint32_t gap_cached[2];
    uint32_t gap_cache_size[2];

    /* flags */
    mixer flag;
    uint32_t flag_final[1024 * 33];
    uint32_t block_at;
    uint32_t block_length;
    uint32_t history;  /* the last 32 flags, newest in bit 0, 1 = miss */
    uint32_t run;      /* hits since the last miss */
    uint32_t last_miss[3]; /* positions in new */
    uint8_t kind_history[DFOTA_TRUST_COUNT * 32u * 2u];
    uint8_t before_raw[4];  /* bytes of old before this one */
    uint8_t last_delta[32]; /* actual - predicted, of each kind */
    uint8_t any_delta;

    int16_t literal_weights[SETS][LITERAL_SELECTORS][LITERAL_INPUTS];
    int16_t flag_weights[SETS][FLAG_SELECTORS][FLAG_INPUTS];
};

/* -- arithmetic ------------------------------------------------------------------------ */

/* 65536 / (1 + e^-x) for x = 0, 1/8, ... 11. */
static const uint16_t squash_anchor[89] = {
    32768, 34813, 36843, 38841, 40793, 42687, 44511, 46254, 47911, 49474, 50941, 52310, 53581,
    54754, 55834, 56822, 57724, 58544, 59287, 59959, 60565, 61109, 61598, 62036, 62428, 62778,
    63090, 63368, 63615, 63835, 64030, 64203, 64357, 64494, 64614, 64721, 64816, 64900, 64974,
    65039, 65097, 65149, 65194, 65234, 65269, 65300, 65328, 65352, 65374, 65393, 65410, 65425,
    65438, 65449, 65459, 65468, 65476, 65483, 65489, 65495, 65500, 65504, 65508, 65511, 65514,
    65517, 65519, 65521, 65523, 65524, 65526, 65527, 65528, 65529, 65530, 65530, 65531, 65532,
    65532, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65535, 65535, 65535};

#if (-5 >> 1) != -3
#error "The mixing coder needs a compiler that shifts negative numbers arithmetically."
#endif

/* Division by 2^shift, rounding down, also of negative numbers. */
static int32_t floor_shift(int32_t value, unsigned shift)
{
    return value >> shift;
}

static int32_t clamp_logit(int32_t logit)
{
    return logit > LOGIT_MAX ? LOGIT_MAX : logit < -LOGIT_MAX ? -LOGIT_MAX : logit;
}

static uint32_t squash(const dfota_mixing *mixing, int32_t logit)
{
    return mixing->squash[clamp_logit(logit) + LOGIT_MAX];
}

static int32_t stretch(const dfota_mixing *mixing, uint32_t one)
{
    if (one < 4096u) {
        return mixing->stretch_low[one];
    }
    if (one > 65536u - 4096u) {
        return -mixing->stretch_low[65536u - one];
    }
    return mixing->stretch_middle[one >> 4];
}

static void prepare_arithmetic(dfota_mixing *mixing)
{
    uint32_t one;
    int32_t logit;
    uint32_t i;

    for (i = 0; i <= LOGIT_MAX; i++) {
        const uint32_t low = squash_anchor[i >> 5];
        const uint32_t high = squash_anchor[(i >> 5) + 1u];
        const uint32_t value = (low * (32u - (i & 31u)) + high * (i & 31u) + 16u) >> 5;
        mixing->squash[LOGIT_MAX + i] = (uint16_t)value;
        mixing->squash[LOGIT_MAX - i] = (uint16_t)(65536u - value);
    }
    mixing->squash[LOGIT_MAX] = 32768;
    /* The least logit whose probability is at least so much. */
    logit = -LOGIT_MAX;
    for (one = 0; one < 4096u; one++) {
        while (mixing->squash[logit + LOGIT_MAX] < one) {
            logit++;
        }
        mixing->stretch_low[one] = (int16_t)logit;
    }
    logit = -LOGIT_MAX;
    for (one = 0; one < 4096u; one++) {
        while (mixing->squash[logit + LOGIT_MAX] < one * 16u + 8u && logit < LOGIT_MAX) {
            logit++;
        }
        mixing->stretch_middle[one] = (int16_t)logit;
    }
    for (i = 0; i < 1024u; i++) {
        mixing->reciprocal[i] = 131072u / (2u * i + 3u); /* 65536 / (i + 1.5) */
    }
}

/* Move a counter (probability in 22 bits, times seen in 10) towards `bit`. */
static void count(const dfota_mixing *mixing, uint32_t *counter, unsigned bit, uint32_t limit)
{
    const uint32_t seen = *counter & 1023u;
    const uint32_t rate = mixing->reciprocal[seen];
    uint32_t one = *counter >> 10;

    if (bit) {
        one += (uint32_t)(((uint64_t)(4194303u - one) * rate) >> 16);
    } else {
        one -= (uint32_t)(((uint64_t)one * rate) >> 16);
    }
    *counter = one << 10 | (seen < limit ? seen + 1u : seen);
}

static int32_t counted(const dfota_mixing *mixing, uint32_t counter)
{
    return stretch(mixing, counter >> 16);
}

static void count_node(uint16_t *node, unsigned bit)
{
    static const uint16_t rate[16] = {32768, 26214, 18725, 14564, 11916, 10082, 8738, 7710,
                                      6899,  6242,  5699,  5243,  4855,  4520,  4228, 3972};
    const uint32_t seen = *node & 15u;
    uint32_t one = (uint32_t)*node >> 4;

    if (bit) {
        one += ((4095u - one) * rate[seen] + 32768u) >> 16;
    } else {
        one -= (one * rate[seen] + 32768u) >> 16;
    }
    *node = (uint16_t)(one << 4 | (seen < 15u ? seen + 1u : 15u));
}

/* -- mixing ---------------------------------------------------------------------------- */

/* A vote of `inputs` logits with each selected weight vector (1.0 = 8192); the mean of them. */
static uint32_t mix(const dfota_mixing *mixing, mixer *mixer_, const int16_t *inputs)
{
    int32_t sum = 0;
    unsigned set;

    for (set = 0; set < SETS; set++) {
        const int16_t *weights = mixer_->weights[set] + mixer_->selected[set] * mixer_->inputs;
        int32_t dot = 0;
        uint32_t i;
        for (i = 0; i < mixer_->inputs; i += 8u) {
            int32_t part = 0; /* eight products of less than 2^27 */
            unsigned j;
            for (j = 0; j < 8u; j++) {
                part += (int32_t)weights[i + j] * inputs[i + j];
            }
            dot += floor_shift(part, 5);
        }
        dot = clamp_logit(floor_shift(dot, 8));
        mixer_->logit[set] = dot;
        sum += dot;
    }
    return squash(mixing, sum / (int32_t)SETS);
}

static void unmix(const dfota_mixing *mixing, mixer *mixer_, const int16_t *inputs, unsigned bit,
                  int32_t rate)
{
    unsigned set;

    for (set = 0; set < SETS; set++) {
        int16_t *weights = mixer_->weights[set] + mixer_->selected[set] * mixer_->inputs;
        const int32_t error = (int32_t)(bit << 16) - (int32_t)squash(mixing, mixer_->logit[set]);
        const int32_t step = floor_shift(error * rate + 8, 4); /* at most 2^16 */
        uint32_t i;
        for (i = 0; i < mixer_->inputs; i++) {
            const int32_t weight = weights[i] + floor_shift((int32_t)inputs[i] * step + 32768, 16);
            weights[i] = (int16_t)(weight > 32767 ? 32767 : weight < -32768 ? -32768 : weight);
        }
    }
}

/* Refine a probability by what came of it in this context: 33 counters over the logit. */
static uint32_t refine(const uint32_t *row, int32_t logit, uint32_t *cell)
{
    const uint32_t place = (uint32_t)(logit + 2816);
    const uint32_t low = place / 176u;
    const uint32_t part = place % 176u;

    *cell = part < 88u ? low : low + 1u;
    return ((row[low] >> 10) * (176u - part) / 176u + (row[low + 1u] >> 10) * part / 176u) >> 6;
}

static void prepare_rows(const dfota_mixing *mixing, uint32_t *rows, uint32_t number)
{
    uint32_t i;
    uint32_t j;

    for (i = 0; i < number; i++) {
        for (j = 0; j < 33u; j++) {
            rows[i * 33u + j] = squash(mixing, (int32_t)(j * 176u) - 2816) << 16 | 6u;
        }
    }
}

static uint32_t bounded(uint32_t one)
{
    return one < 1u ? 1u : one > 65535u ? 65535u : one;
}

/* -- bytes of new and old --------------------------------------------------------------- */

static uint32_t back(const dfota_mixing *mixing, uint32_t distance)
{
    return mixing->ring[(mixing->position - distance) & (RING_SIZE - 1u)];
}

static void push(dfota_mixing *mixing, uint8_t byte)
{
    mixing->ring[mixing->position & (RING_SIZE - 1u)] = byte;
    mixing->position++;
}

/* One byte of old through a small cache; -1 outside of old. */
static int old_byte(dfota_mixing *mixing, uint32_t at, uint8_t *cache, uint32_t *cached,
                    uint32_t *size)
{
    if (at >= mixing->options.old_size) {
        return -1;
    }
    if (at - *cached >= *size) {
        const uint32_t room = mixing->options.old_size - at;
        *cached = at;
        *size = room < 64u ? room : 64u;
        if (mixing->failed || mixing->read_old(mixing->ctx, at, cache, *size) != 0) {
            mixing->failed = 1;
            *size = 0;
            return -1;
        }
    }
    return cache[at - *cached];
}

/* -- contexts of spelled bytes ---------------------------------------------------------- */

static uint32_t mingle(uint32_t a, uint32_t b)
{
    uint32_t h = a * 0x2c1b3c6du + b * 0x297a2d39u + 0x9e3779b9u;
    h ^= h >> 15;
    h *= 0x85ebca6bu;
    return h ^ h >> 13;
}

static slot *find_slot(const dfota_mixing *mixing, uint32_t hash)
{
    const uint32_t mask = (1u << mixing->options.slot_bits) - 1u;
    const uint16_t check = (uint16_t)(hash >> 16 | 1u);
    slot *const first = &mixing->slots[(hash * 0x9e3779b1u >> 6) & mask];
    slot *const second = &mixing->slots[((hash * 0x9e3779b1u >> 6) & mask) ^ 1u];
    slot *victim;
    unsigned i;

    if (first->check == check) {
        return first;
    }
    if (second->check == check) {
        return second;
    }
    victim = (first->node[0] & 15u) <= (second->node[0] & 15u) ? first : second;
    victim->check = check;
    for (i = 0; i < 15u; i++) {
        victim->node[i] = 0x8000u;
    }
    return victim;
}

static void find_slots(dfota_mixing *mixing, uint32_t nibble)
{
    unsigned i;

    for (i = 0; i < LITERAL_CONTEXTS; i++) {
        mixing->current[i] = find_slot(mixing, mingle(mixing->hashes[i], nibble + 1u));
    }
}

/* What both kinds of spelled byte see of the bytes before. */
static void hash_before(dfota_mixing *mixing)
{
    const uint32_t c1 = back(mixing, 1);
    const uint32_t c2 = back(mixing, 2);
    const uint32_t c3 = back(mixing, 3);
    const uint32_t c4 = back(mixing, 4);
    const uint32_t phase = mixing->position & 3u;
    uint32_t *hashes = mixing->hashes;

    hashes[0] = mingle(0, phase);
    hashes[1] = mingle(1, c1);
    hashes[2] = mingle(2, c1 | c2 << 8 | (phase & 1u) << 16);
    hashes[3] = mingle(3, c1 | c2 << 8 | c3 << 16);
    hashes[4] = mingle(4, c1 | c2 << 8 | c3 << 16 | c4 << 24);
    hashes[5] = mingle(mingle(5, c1 | c2 << 8 | c3 << 16 | c4 << 24),
                       back(mixing, 5) | back(mixing, 6) << 8);
    hashes[6] = mingle(6, c1 | back(mixing, 4) << 8 | back(mixing, 8) << 16 | phase << 24);
    hashes[7] = mingle(7, (phase & 1u) ? c1 | c3 << 8 | back(mixing, 5) << 16 | 1u << 24
                                       : c1 | c3 << 8 | back(mixing, 5) << 16);
    hashes[8] = mingle(8, c2 | c4 << 8 | phase << 16);
    hashes[15] = mingle(30, c2 | c4 << 8 | back(mixing, 6) << 16 | (phase & 1u) << 24);
}

/* -- matches ----------------------------------------------------------------------------- */

static const uint32_t match_least[MATCHES] = {7, 4};

static uint32_t index_place(const dfota_mixing *mixing, uint32_t length, const uint8_t *bytes)
{
    uint32_t h = length;
    uint32_t i;

    for (i = 0; i < length; i++) {
        h = (h + bytes[i] + 1u) * 0x2c9277b5u;
        h ^= h >> 17;
    }
    return (h * 0x9e3779b1u) >> (32u - mixing->options.index_bits);
}

/* The byte at a position of old, or of new behind it; -1 where it is out of reach. */
static int any_byte(dfota_mixing *mixing, uint32_t at, match *m)
{
    if (at < mixing->options.old_size) {
        return old_byte(mixing, at, m->cache, &m->cached, &m->cache_size);
    }
    at -= mixing->options.old_size;
    if (at >= mixing->position || mixing->position - at > RING_SIZE) {
        return -1;
    }
    return mixing->ring[at & (RING_SIZE - 1u)];
}

static void recent_bytes(const dfota_mixing *mixing, uint32_t length, uint8_t *bytes)
{
    uint32_t i;

    for (i = 0; i < length; i++) {
        bytes[i] = (uint8_t)back(mixing, length - i);
    }
}

/* Look for where the last bytes occurred before. */
static void find_match(dfota_mixing *mixing, unsigned which, const uint8_t *recent, uint32_t place)
{
    match *m = &mixing->matches[which];
    const uint32_t candidate = mixing->index[which][place];
    uint8_t there[32];
    uint32_t start;
    uint32_t length = 0;
    uint32_t reach;
    uint32_t i;

    (void)recent;
    if (candidate == 0) {
        return;
    }
    reach = candidate < 32u ? candidate : 32u;
    reach = reach < mixing->position ? reach : mixing->position;
    start = candidate - reach;
    if (candidate <= mixing->options.old_size) {
        if (mixing->failed || mixing->read_old(mixing->ctx, start, there, reach) != 0) {
            mixing->failed = 1;
            return;
        }
    } else {
        uint32_t at = candidate - mixing->options.old_size;
        reach = reach < at ? reach : at;
        if (mixing->position - at + reach > RING_SIZE) {
            return;
        }
        for (i = 0; i < reach; i++) {
            there[i] = mixing->ring[(at - reach + i) & (RING_SIZE - 1u)];
        }
    }
    while (length < reach && there[reach - 1u - length] == back(mixing, length + 1u)) {
        length++;
    }
    if (length >= match_least[which] && (!m->live || length > m->length)) {
        m->at = candidate;
        m->length = length;
        m->misses = 0;
        m->live = 1;
    }
}

static void prepare_matches(dfota_mixing *mixing)
{
    unsigned which;

    for (which = 0; which < MATCHES; which++) {
        match *m = &mixing->matches[which];
        m->expected = -1;
        if (mixing->position >= 8u && (!m->live || m->length < 16u)) {
            uint8_t recent[8];
            uint32_t place;
            recent_bytes(mixing, match_least[which], recent);
            place = index_place(mixing, match_least[which], recent);
            find_match(mixing, which, recent, place);
            mixing->index[which][place] = mixing->options.old_size + mixing->position;
        }
        if (m->live) {
            m->expected = any_byte(mixing, m->at, m);
        }
    }
}

static void follow_matches(dfota_mixing *mixing, uint8_t byte)
{
    unsigned which;

    for (which = 0; which < MATCHES; which++) {
        match *m = &mixing->matches[which];
        if (!m->live) {
            continue;
        }
        if (m->expected == byte) {
            m->length += m->length < 65535u;
            m->misses = m->misses << 1 & 255u;
        } else {
            m->length = 0;
            m->misses = (m->misses << 1 | 1u) & 255u;
            if ((m->misses & (m->misses - 1u) & ((m->misses & (m->misses - 1u)) - 1u)) != 0) {
                m->live = 0; /* the third miss among eight */
            }
        }
        m->at++;
    }
}

static uint32_t match_context(const match *m)
{
    static const uint8_t bucket[32] = {0, 1, 2, 3, 4, 5, 6, 6, 7, 7, 8, 8,  9,  9,  10, 10,
                                       11, 11, 11, 11, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14};
    const uint32_t length = m->length < 32u ? bucket[m->length] : 15u;
    const uint32_t misses = (m->misses & 7u) | (m->misses > 7u ? 8u : 0u);
    return length << 4 | misses;
}

/* -- spelled bytes ------------------------------------------------------------------------- */

/* Which of the contexts that say most have been met before. */
static uint32_t known_contexts(const dfota_mixing *mixing, uint32_t inner)
{
    static const uint8_t telling[7] = {3, 4, 5, 2, 6, 7, 15};
    uint32_t known = 0;
    unsigned i;

    for (i = 0; i < 7u; i++) {
        known |= (uint32_t)((mixing->current[telling[i]]->node[inner - 1u] & 15u) != 0) << i;
    }
    return known;
}

/* Code one byte by its bits; `kind` 0: gap, 1: miss. `excluded`: a byte that it is not, or -1. */
static uint8_t spell(dfota_mixing *mixing, dfota_code_bit code, void *coder, unsigned kind,
                     uint32_t selector, uint32_t aim, int excluded, uint8_t byte)
{
    int16_t inputs[LITERAL_INPUTS] = {0};
    uint32_t cells[LITERAL_CONTEXTS];
    uint32_t match_cells[MATCHES];
    uint32_t node = 1;
    unsigned i;
    unsigned bit_number;

    prepare_matches(mixing);
    mixing->hashes[9] = mingle(
        9, (uint32_t)(mixing->matches[0].expected + 1) |
               (match_context(&mixing->matches[0]) >> 4) << 9 | back(mixing, 1) << 16);
    mixing->hashes[10] = mingle(
        10, (uint32_t)(mixing->matches[0].expected + 1) |
                (uint32_t)(mixing->matches[1].expected + 1) << 9 | (aim & 255u) << 18);
    find_slots(mixing, 0);
    for (bit_number = 0; bit_number < 8u; bit_number++) {
        const uint32_t inner = bit_number < 4u ? node : (node & ((1u << (bit_number - 4u)) - 1u)) |
                                                            1u << (bit_number - 4u);
        uint32_t one;
        uint32_t cell[2];
        uint32_t refined[2];
        int32_t logit;
        unsigned bit = ((unsigned)byte >> (7u - bit_number)) & 1u;

        if (bit_number == 4u) {
            find_slots(mixing, node);
        }
        if (excluded >= 0 && bit_number == 7u && node == (((uint32_t)excluded >> 1) | 128u)) {
            bit = (unsigned)(~excluded & 1);
            node = node << 1 | bit;
            break;
        }
        for (i = 0; i < LITERAL_CONTEXTS; i++) {
            const uint32_t state = mixing->current[i]->node[inner - 1u];
            const uint32_t seen = state & 15u;
            cells[i] = (state >> 10) << 4 | seen;
            if (seen == 0) {
                inputs[2u * i] = 0;
                inputs[2u * i + 1u] = 0;
            } else {
                const int32_t direct = stretch(mixing, (state >> 4) * 16u + 8u);
                inputs[2u * i] =
                    (int16_t)counted(mixing, mixing->refined[kind][i][cells[i]]);
                inputs[2u * i + 1u] =
                    (int16_t)(direct * (int32_t)seen / 16);
            }
        }
        for (i = 0; i < MATCHES; i++) {
            const match *m = &mixing->matches[i];
            int16_t *in = &inputs[2u * LITERAL_CONTEXTS + 2u * i];
            match_cells[i] = 0xffffffffu;
            in[0] = 0;
            in[1] = 0;
            if (m->expected >= 0 && (((uint32_t)m->expected | 256u) >> (8u - bit_number)) == node) {
                const unsigned expected = ((unsigned)m->expected >> (7u - bit_number)) & 1u;
                const uint32_t seen = m->length < 15u ? m->length : 15u;
                match_cells[i] = match_context(m) << 1 | expected;
                in[0] = (int16_t)counted(mixing, mixing->match_counts[i][match_cells[i]]);
                in[1] = (int16_t)(expected ? (int32_t)(seen * 32u) : -(int32_t)(seen * 32u));
            }
        }
        inputs[2u * LITERAL_CONTEXTS + 2u * MATCHES] = 256;
        mixing->literal.selected[0] = selector * 8u + bit_number; /* selector < 64 */
        mixing->literal.selected[1] = (kind << 8 | node);
        mixing->literal.selected[2] = kind << 7 | known_contexts(mixing, inner);
        one = mix(mixing, &mixing->literal, inputs);
        logit = stretch(mixing, bounded(one));
        refined[0] = refine(&mixing->literal_final[0][(kind << 8 | node) * 33u], logit, &cell[0]);
        refined[1] = refine(
            &mixing->literal_final[1][(mingle(back(mixing, 1), node | aim << 8) & 1023u) * 33u],
            logit, &cell[1]);
        one = bounded((2u * one + refined[0] + refined[1] + 2u) / 4u);
        bit = code(coder, one, bit);
        unmix(mixing, &mixing->literal, inputs, bit, 6);
        count(mixing, &mixing->literal_final[0][(kind << 8 | node) * 33u + cell[0]], bit, 255);
        count(mixing,
              &mixing->literal_final[1]
                                    [(mingle(back(mixing, 1), node | aim << 8) & 1023u) * 33u +
                                     cell[1]],
              bit, 255);
        for (i = 0; i < LITERAL_CONTEXTS; i++) {
            uint16_t *state = &mixing->current[i]->node[inner - 1u];
            if ((*state & 15u) != 0) {
                count(mixing, &mixing->refined[kind][i][cells[i]], bit, 255);
            }
            count_node(state, bit);
        }
        for (i = 0; i < MATCHES; i++) {
            if (match_cells[i] != 0xffffffffu) {
                count(mixing, &mixing->match_counts[i][match_cells[i]], bit, 255);
            }
        }
        node = node << 1 | bit;
    }
    byte = (uint8_t)node;
    follow_matches(mixing, byte);
    push(mixing, byte);
    return byte;
}

/* Learn a byte of old as if it had been spelled; the position stands behind those before it. */
static void train_byte(dfota_mixing *mixing, uint8_t byte)
{
    static const uint8_t trained[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 15};
    uint32_t node = 1;
    unsigned half;

    hash_before(mixing);
    for (half = 0; half < 2u; half++) {
        unsigned i;
        for (i = 0; i < sizeof trained; i++) {
            slot *s =
                find_slot(mixing, mingle(mixing->hashes[trained[i]], half ? node + 1u : 1u));
            uint32_t inner = 1;
            unsigned b;
            for (b = 0; b < 4u; b++) {
                const unsigned bit = ((unsigned)byte >> (7u - 4u * half - b)) & 1u;
                count_node(&s->node[inner - 1u], bit);
                inner = inner << 1 | bit;
            }
        }
        node = 16u | byte >> 4;
    }
    push(mixing, byte);
}

int dfota_mixing_literal(dfota_mixing *mixing, dfota_code_bit code, void *coder, uint8_t *actual)
{
    const int first = old_byte(mixing, mixing->gap_from, mixing->gap_cache[0],
                               &mixing->gap_cached[0], &mixing->gap_cache_size[0]);
    const int second = old_byte(mixing, mixing->gap_next, mixing->gap_cache[1],
                                &mixing->gap_cached[1], &mixing->gap_cache_size[1]);
    const uint32_t c1 = back(mixing, 1);
    uint32_t selector;

    hash_before(mixing);
    mixing->hashes[11] = mingle(11, (uint32_t)(first + 1) | c1 << 9);
    mixing->hashes[12] = mingle(12, (uint32_t)(second + 1) | c1 << 9);
    mixing->hashes[13] = mingle(13, (uint32_t)(first + 1) | (uint32_t)(second + 1) << 9);
    mixing->hashes[14] = mingle(14, c1 | back(mixing, 2) << 8 | (uint32_t)(first + 1) << 16);
    selector = (mixing->matches[0].live ? 1u + (mixing->matches[0].length > 15u) : 0u) * 3u +
               (mixing->matches[1].live ? 1u + (mixing->matches[1].length > 15u) : 0u);
    selector = selector * 2u + (first >= 0 && first == second);
    *actual = spell(mixing, code, coder, 0, selector, (uint32_t)(first + 1), -1, *actual);
    if (mixing->gap_from != DFOTA_MIXING_NOWHERE) {
        mixing->gap_from++;
    }
    if (mixing->gap_next != DFOTA_MIXING_NOWHERE) {
        mixing->gap_next++;
    }
    return mixing->failed;
}

/* -- copied bytes --------------------------------------------------------------------------- */

static uint32_t log2_of(uint32_t value)
{
    uint32_t bits = 0;

    while (value > 1u) {
        value >>= 1;
        bits++;
    }
    return bits;
}

static uint32_t run_bucket(uint32_t run)
{
    return run < 8u ? run : 2u + 2u * log2_of(run) + (run >> (log2_of(run) - 1u) & 1u);
}

int dfota_mixing_unit(dfota_mixing *mixing, dfota_code_bit code, void *coder,
                      const dfota_unit *unit, uint8_t *actual)
{
    const uint32_t form = unit->kind + 18u * unit->isa;
    const uint32_t kind = unit->kind;
    uint8_t *const kind_history =
        &mixing->kind_history[(unit->trust * 32u + kind) * 2u + unit->moved];
    uint32_t unit_misses = 0;
    int like_raw = unit->moved;
    int like_predicted = 1;
    uint32_t whole = 0;
    unsigned i;

    for (i = 0; i < unit->length; i++) {
        whole = mingle(whole, unit->raw[i]);
    }
    for (i = 0; i < unit->length; i++) {
        const uint8_t predicted = !like_predicted && like_raw ? unit->raw[i] : unit->predicted[i];
        const uint32_t position = mixing->position;
        const uint32_t c1 = back(mixing, 1);
        const uint32_t c2 = back(mixing, 2);
        const uint32_t begin = position - mixing->block_at;
        const uint32_t end = mixing->block_length - begin;
        const uint32_t since = position - mixing->last_miss[0];
        const uint32_t gap1 = mixing->last_miss[0] - mixing->last_miss[1];
        const uint32_t gap2 = mixing->last_miss[1] - mixing->last_miss[2];
        const uint32_t differs = unit->raw[i] != unit->predicted[i];
        const uint32_t inside = i | (unit_misses & 15u) << 3 | differs << 7;
        const uint32_t what = form | (uint32_t)unit->trust << 8 | (uint32_t)unit->moved << 11;
        const uint32_t next = i + 1u < unit->length ? unit->raw[i + 1u] : 256u;
        const uint32_t run = run_bucket(mixing->run);
        uint32_t contexts[FLAG_CONTEXTS];
        int16_t inputs[FLAG_INPUTS] = {0};
        uint32_t *row;
        uint32_t cell;
        uint32_t one;
        int32_t logit;
        unsigned miss;
        unsigned j;
        uint8_t byte;

        contexts[0] = mingle(what, inside | (run > 6u ? 7u : run) << 8);
        contexts[1] = mingle(1, (mixing->history & 0xfffu) | differs << 12 | i << 13 |
                                    (uint32_t)(kind != 0) << 16);
        contexts[2] = mingle(2, run | inside << 6 | (uint32_t)(kind != 0) << 16);
        contexts[3] = mingle(3, predicted | c1 << 8 | (uint32_t)unit->moved << 16 |
                                    (position & 3u) << 17);
        contexts[4] = mingle(mingle(4, whole), inside | (uint32_t)unit->length << 8);
        contexts[5] = mingle(mingle(5, predicted | next << 8), c1 | c2 << 8);
        contexts[6] = mingle(mingle(6, what), *kind_history | inside << 8);
        contexts[7] = mingle(7, log2_of(begin + 1u) | log2_of(end) << 5 |
                                    (run > 10u ? 11u : run) << 10 | (uint32_t)(kind != 0) << 16);
        contexts[8] = mingle(8, (since < 40u ? since : 40u) | (gap1 < 40u ? gap1 : 40u) << 8 |
                                    (gap2 < 40u ? gap2 : 40u) << 16 | differs << 24);
        contexts[9] = mingle(9, mixing->before_raw[0] | (uint32_t)unit->raw[i] << 8 |
                                    (uint32_t)mixing->before_raw[1] << 16 | inside << 24);
        contexts[10] = mingle(mingle(10, whole), inside | (uint32_t)mixing->before_raw[3] << 8 |
                                                     (uint32_t)mixing->before_raw[2] << 16);
        contexts[11] = mingle(11, (mixing->history & 0xffffffu) | differs << 24 | i << 25);
        contexts[12] = mingle(12, unit->raw[unit->length - 1u] | inside << 8 |
                                      (uint32_t)unit->length << 16 | (uint32_t)(run > 3u) << 20 | form << 21);
        contexts[13] = mingle(mingle(13, back(mixing, 4) | (uint32_t)predicted << 8 | c1 << 16),
                              (mixing->history & 0xffu));
        for (j = 0; j < FLAG_CONTEXTS; j++) {
            contexts[j] = j << FLAG_BITS | (contexts[j] >> (32u - FLAG_BITS));
            inputs[j] = (int16_t)counted(mixing, mixing->flags[contexts[j]]);
        }
        inputs[FLAG_CONTEXTS] = 256;
        mixing->flag.selected[0] = kind == 0 ? (i < 4u ? i : 3u)
                                             : 4u + ((unit->trust * 2u + unit->moved) * 4u +
                                                     (i < 4u ? i : 3u)) * 2u + (unit_misses != 0);
        mixing->flag.selected[1] = run * 4u + differs * 2u + (end < 8u);
        mixing->flag.selected[2] = kind;
        one = mix(mixing, &mixing->flag, inputs);
        logit = stretch(mixing, bounded(one));
        row = &mixing->flag_final[(mingle(14, inside | kind << 8 | (run > 6u ? 7u : run) << 16) & 1023u) *
                                  33u];
        one = bounded((one + refine(row, logit, &cell) + 1u) / 2u);
        miss = code(coder, one, actual[i] != predicted);
        unmix(mixing, &mixing->flag, inputs, miss, 4);
        count(mixing, &row[cell], miss, 1023);
        for (j = 0; j < FLAG_CONTEXTS; j++) {
            count(mixing, &mixing->flags[contexts[j]], miss, j == 0 || j == 2 || j == 7 ? 1023u : 255u);
        }
        if (miss) {
            const uint8_t delta = mixing->last_delta[kind];
            const uint8_t guess = (uint8_t)(predicted + delta);
            const uint8_t any_guess = (uint8_t)(predicted + mixing->any_delta);
            hash_before(mixing);
            mixing->hashes[0] = mingle(20, inside | kind << 8);
            mixing->hashes[5] = mingle(21, predicted | (uint32_t)unit->raw[i] << 8 | inside << 16);
            mixing->hashes[6] = mingle(mingle(22, whole), inside);
            mixing->hashes[8] = mingle(23, guess | (position & 3u) << 8 | (uint32_t)(kind != 0) << 10);
            mixing->hashes[11] = mingle(24, any_guess | (uint32_t)predicted << 8);
            mixing->hashes[12] = mingle(25, predicted | c1 << 8);
            mixing->hashes[13] = mingle(26, predicted | next << 8 | (position & 3u) << 20);
            mixing->hashes[14] = mingle(mingle(27, predicted | c1 << 8 | c2 << 16), next);
            byte = spell(mixing, code, coder, 1,
                         18u + (kind != 0) * 8u + (unit_misses != 0) * 4u + unit->moved * 2u +
                             (unsigned)(differs != 0),
                         predicted + 257u, predicted, actual[i]);
            mixing->last_delta[kind] = (uint8_t)(byte - predicted);
            mixing->any_delta = (uint8_t)(byte - predicted);
            mixing->last_miss[2] = mixing->last_miss[1];
            mixing->last_miss[1] = mixing->last_miss[0];
            mixing->last_miss[0] = position;
            mixing->run = 0;
            unit_misses = unit_misses << 1 | 1u;
        } else {
            byte = predicted;
            push(mixing, byte);
            mixing->run++;
            unit_misses <<= 1;
            for (j = 0; j < MATCHES; j++) {
                mixing->matches[j].live = 0;
            }
        }
        actual[i] = byte;
        like_raw = like_raw && byte == unit->raw[i];
        like_predicted = like_predicted && byte == unit->predicted[i];
        mixing->history = mixing->history << 1 | miss;
        mixing->before_raw[3] = mixing->before_raw[2];
        mixing->before_raw[2] = mixing->before_raw[1];
        mixing->before_raw[1] = mixing->before_raw[0];
        mixing->before_raw[0] = unit->raw[i];
    }
    *kind_history = (uint8_t)(*kind_history << 1 | (unit_misses != 0));
    return mixing->failed;
}

/* -- the door -------------------------------------------------------------------------------- */

static size_t rounded(size_t size)
{
    return (size + 63u) & ~(size_t)63u;
}

size_t dfota_mixing_size(const dfota_mixing_options *options)
{
    if (options->slot_bits < 10u || options->slot_bits > 18u || options->index_bits < 10u ||
        options->index_bits > 20u || options->train > options->old_size) {
        return 0;
    }
    return rounded(sizeof(dfota_mixing)) + (sizeof(slot) << options->slot_bits) +
           MATCHES * (sizeof(uint32_t) << options->index_bits) +
           (sizeof(uint32_t) * FLAG_CONTEXTS << FLAG_BITS) + RING_SIZE;
}

static void prepare_counters(dfota_mixing *mixing)
{
    uint32_t i;
    uint32_t j;
    uint32_t k;

    for (i = 0; i < FLAG_CONTEXTS << FLAG_BITS; i++) {
        mixing->flags[i] = 0x02000000u; /* a miss in 128 */
    }
    for (i = 0; i < 1u << mixing->options.slot_bits; i++) {
        mixing->slots[i].check = 0;
        for (j = 0; j < 15u; j++) {
            mixing->slots[i].node[j] = 0x8000u;
        }
    }
    for (k = 0; k < 2u; k++) {
        for (i = 0; i < LITERAL_CONTEXTS; i++) {
            for (j = 0; j < REFINED; j++) {
                mixing->refined[k][i][j] = ((j >> 4) * 1024u + 512u) << 16 | 12u;
            }
        }
    }
    for (k = 0; k < MATCHES; k++) {
        for (i = 0; i < 256u; i++) {
            const uint32_t length = i >> 4;
            const uint32_t sure = 65536u / (3u + 2u * length);
            mixing->match_counts[k][i << 1] = sure << 16 | 3u;
            mixing->match_counts[k][i << 1 | 1u] = (65535u - sure) << 16 | 3u;
        }
    }
    for (k = 0; k < SETS; k++) {
        for (i = 0; i < LITERAL_SELECTORS; i++) {
            for (j = 0; j < LITERAL_INPUTS; j++) {
                mixing->literal_weights[k][i][j] = j & 1u ? 0 : 1750;
            }
        }
        for (i = 0; i < FLAG_SELECTORS; i++) {
            for (j = 0; j < FLAG_INPUTS; j++) {
                mixing->flag_weights[k][i][j] = j < FLAG_CONTEXTS ? 500 : 0;
            }
        }
        mixing->literal.weights[k] = &mixing->literal_weights[k][0][0];
        mixing->flag.weights[k] = &mixing->flag_weights[k][0][0];
    }
    mixing->literal.inputs = LITERAL_INPUTS;
    mixing->flag.inputs = FLAG_INPUTS;
    prepare_rows(mixing, mixing->literal_final[0], 1024);
    prepare_rows(mixing, mixing->literal_final[1], 1024);
    prepare_rows(mixing, mixing->flag_final, 1024);
}

/* Index every position of old by the bytes before it, and learn from the last ones. */
static int read_through(dfota_mixing *mixing)
{
    const uint32_t size = mixing->options.old_size;
    uint8_t piece[1024 + 8];
    uint32_t held = 0; /* bytes of the piece before, in front */
    uint32_t at = 0;
    uint32_t i;

    memset(piece, 0, sizeof piece);
    while (at < size) {
        const uint32_t count_ = size - at < 1024u ? size - at : 1024u;
        if (mixing->read_old(mixing->ctx, at, piece + 8, count_) != 0) {
            return -1;
        }
        for (i = 0; i < count_; i++) {
            unsigned which;
            for (which = 0; which < MATCHES; which++) {
                const uint32_t least = match_least[which];
                if (at + i + 1u >= least) {
                    mixing->index[which][index_place(mixing, least, piece + 8 + i + 1u - least)] =
                        at + i + 1u;
                }
            }
            if (at + i >= size - mixing->options.train) {
                train_byte(mixing, piece[8u + i]);
            }
        }
        memmove(piece, piece + count_, 8);
        at += count_;
        held = 8;
    }
    (void)held;
    return 0;
}

dfota_mixing *dfota_mixing_begin(void *memory, const dfota_mixing_options *options,
                                 dfota_mixing_read read_old, void *ctx)
{
    dfota_mixing *mixing = (dfota_mixing *)memory;
    uint8_t *rest = (uint8_t *)memory + rounded(sizeof *mixing);
    unsigned i;

    memset(memory, 0, dfota_mixing_size(options));
    mixing->options = *options;
    mixing->read_old = read_old;
    mixing->ctx = ctx;
    mixing->slots = (slot *)(void *)rest;
    rest += sizeof(slot) << options->slot_bits;
    for (i = 0; i < MATCHES; i++) {
        mixing->index[i] = (uint32_t *)(void *)rest;
        rest += sizeof(uint32_t) << options->index_bits;
        mixing->matches[i].expected = -1;
    }
    mixing->flags = (uint32_t *)(void *)rest;
    rest += sizeof(uint32_t) * FLAG_CONTEXTS << FLAG_BITS;
    mixing->ring = rest;
    mixing->gap_from = DFOTA_MIXING_NOWHERE;
    mixing->gap_next = DFOTA_MIXING_NOWHERE;
    prepare_arithmetic(mixing);
    prepare_counters(mixing);
    if (read_through(mixing) != 0) {
        return NULL;
    }
    memset(mixing->ring, 0, RING_SIZE);
    mixing->position = 0;
    return mixing;
}

void dfota_mixing_block(dfota_mixing *mixing, const dfota_block *block)
{
    mixing->block_at = block->at;
    mixing->block_length = block->length & ~DFOTA_BLOCK_PLAIN;
    mixing->run = mixing->run < 4u ? mixing->run : 4u;
    memset(mixing->before_raw, 0, sizeof mixing->before_raw);
}

void dfota_mixing_gap(dfota_mixing *mixing, uint32_t length, uint32_t from, uint32_t next_from)
{
    unsigned i;

    (void)length;
    mixing->gap_from = from;
    mixing->gap_next = next_from;
    for (i = 0; i < MATCHES; i++) {
        mixing->matches[i].live = 0;
    }
}

void dfota_mixing_skip(dfota_mixing *mixing, const uint8_t *bytes, size_t size)
{
    size_t i;
    unsigned k;

    for (i = 0; i < size; i++) {
        push(mixing, bytes[i]);
    }
    for (k = 0; k < MATCHES; k++) {
        mixing->matches[k].live = 0;
    }
    if (mixing->gap_from != DFOTA_MIXING_NOWHERE) {
        mixing->gap_from += (uint32_t)size;
    }
    if (mixing->gap_next != DFOTA_MIXING_NOWHERE) {
        mixing->gap_next += (uint32_t)size;
    }
}
