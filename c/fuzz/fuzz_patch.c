/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * libFuzzer harness of the applier: the input is a patch without its check and digests, which
 * are put right here, so that the coded stream behind them is reached.
 */
#include <stdlib.h>
#include <string.h>

#include "dfota_patch.h"

enum { OLD_SIZE = 4096, NEW_MAX = 4096, HEAD_MAX = 64, MEMORY_MAX = 4 << 20 };

typedef struct source {
    uint8_t head[HEAD_MAX];
    size_t head_size;
    const uint8_t *body;
    size_t body_size;
    size_t used;
} source;

static size_t read_patch(void *ctx, uint8_t *buf, size_t size)
{
    source *from = (source *)ctx;
    size_t done = 0;

    while (done < size && from->used < from->head_size + from->body_size) {
        buf[done++] = from->used < from->head_size ? from->head[from->used]
                                                   : from->body[from->used - from->head_size];
        from->used++;
    }
    return done;
}

/* Old looks like code here and there: calls, loads, words, and runs of one byte. */
static int read_old(void *ctx, uint32_t offset, uint8_t *buf, size_t size)
{
    uint32_t i;

    (void)ctx;
    if (offset > OLD_SIZE || size > OLD_SIZE - offset || size == 0) {
        abort();
    }
    for (i = 0; i < size; i++) {
        const uint32_t at = offset + i;
        uint32_t word = (at >> 2) * 0x9e3779b1u;
        word = (at >> 8) & 1u ? word : 0x08000000u + (word >> 20);
        buf[i] = (uint8_t)(word >> (8u * (at & 3u)));
    }
    return 0;
}

static void put_number(source *from, uint32_t value)
{
    for (; value >= 0x80u; value >>= 7) {
        from->head[from->head_size++] = (uint8_t)(value | 0x80u);
    }
    from->head[from->head_size++] = (uint8_t)value;
}

/* A true header before the body: `shape` chooses profile and numbers. */
static void put_header(source *from, const uint8_t *shape, uint32_t new_size)
{
    static const uint8_t magic[5] = {0xdfu, 'O', 'T', 'A', DFOTA_PATCH_VERSION};
    uint8_t digest[DFOTA_SHA256_SIZE];
    dfota_sha256 sha;

    memcpy(from->head, magic, sizeof magic);
    from->head_size = sizeof magic;
    from->head[from->head_size++] = (uint8_t)(shape[0] % 3u | 8u);
    put_number(from, OLD_SIZE);
    put_number(from, new_size);
    put_number(from, shape[1] & 7u);
    put_number(from, shape[1] >> 3);
    from->head[from->head_size++] = shape[2] & 7u; /* bits of corrections */
    from->head[from->head_size++] = 10;            /* bits of slots */
    if (shape[0] % 3u == (unsigned)DFOTA_PROFILE_MAX) {
        from->head[from->head_size++] = 10; /* bits of the index */
        put_number(from, 64);
    } else {
        from->head[from->head_size++] = 4; /* bits of replacements */
    }
    memset(from->head + from->head_size, 0, 24);
    from->head_size += 24;
    dfota_sha256_begin(&sha);
    dfota_sha256_feed(&sha, from->head, from->head_size);
    dfota_sha256_end(&sha, digest);
    memcpy(from->head + from->head_size, digest, 4);
    from->head_size += 4;
}

static void run(source *from, size_t piece, uint32_t new_most)
{
    static dfota_patch patch;
    size_t produced = 0;
    size_t total = 0;
    void *memory;
    uint8_t *out;

    if (dfota_patch_open(&patch, read_patch, from) != DFOTA_OK ||
        patch.header.memory_size > MEMORY_MAX || patch.header.old_size > OLD_SIZE ||
        patch.header.new_size > new_most) {
        return;
    }
    /* Exactly as large as promised, so that a sanitizer sees every byte too many. */
    memory = malloc(patch.header.memory_size);
    out = (uint8_t *)malloc(piece);
    if (dfota_patch_start(&patch, memory, patch.header.memory_size, read_old) == DFOTA_OK) {
        while (dfota_patch_read(&patch, out, piece, &produced) == DFOTA_OK && produced > 0) {
            total += produced;
        }
    }
    free(out);
    free(memory);
    if (total > patch.header.new_size) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static source from;
    uint32_t new_size;

    if (size < 5) {
        return 0;
    }
    memset(&from, 0, sizeof from);
    from.body = data + 5;
    from.body_size = size - 5;
    run(&from, 1u + data[4], NEW_MAX); /* as it is: the header's own checks */

    new_size = 128u + (((uint32_t)data[3] << 8) | data[4]) % (NEW_MAX - 128u);
    from.used = 0;
    put_header(&from, data, new_size);
    run(&from, 1u + data[4], new_size);
    return 0;
}
