/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * libFuzzer harness of the applier: the input is a patch without its check and digests, which
 * are put right here, so that the coded stream behind them is reached.
 */
#include <stdlib.h>
#include <string.h>

#include "dfota_patch.h"

enum { OLD_SIZE = 1024, NEW_MAX = 4096, HEAD_SIZE = 77 };

typedef struct source {
    const uint8_t *head;
    const uint8_t *body;
    size_t body_size;
    size_t used;
} source;

static size_t read_patch(void *ctx, uint8_t *buf, size_t size)
{
    source *from = (source *)ctx;
    size_t done = 0;

    while (done < size && from->used < HEAD_SIZE + from->body_size) {
        buf[done++] = from->used < HEAD_SIZE ? from->head[from->used]
                                             : from->body[from->used - HEAD_SIZE];
        from->used++;
    }
    return done;
}

static int read_old(void *ctx, uint32_t offset, uint8_t *buf, size_t size)
{
    (void)ctx;
    if (offset > OLD_SIZE || size > OLD_SIZE - offset || size == 0) {
        abort();
    }
    memset(buf, (int)(offset & 0xffu), size);
    return 0;
}

static size_t read_raw(void *ctx, uint8_t *buf, size_t size)
{
    source *from = (source *)ctx;
    const size_t left = from->body_size - from->used;
    const size_t take = size < left ? size : left;
    memcpy(buf, from->body + from->used, take);
    from->used += take;
    return take;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static dfota_patch patch;
    uint8_t head[HEAD_SIZE] = {0xdf, 'O', 'T', 'A', 1, 0x80, 0x08};
    uint8_t digest[DFOTA_SHA256_SIZE];
    uint8_t *out;
    dfota_patch_counts counts;
    dfota_sha256 sha;
    source from;
    uint32_t new_size;
    size_t piece;
    size_t produced = 0;
    size_t total = 0;

    if (size < 3) {
        return 0;
    }
    /* As it is: the header's own checks. */
    memset(&from, 0, sizeof from);
    from.body = data + 3;
    from.body_size = size - 3;
    (void)dfota_patch_begin(&patch, read_raw, read_old, &from);

    /* With a true header: the coded stream. */
    new_size = 128u + (((uint32_t)data[0] << 8) | data[1]) % (NEW_MAX - 128u);
    piece = 1u + data[2];
    head[7] = (uint8_t)(new_size | 0x80u);
    head[8] = (uint8_t)(new_size >> 7);
    dfota_sha256_begin(&sha);
    dfota_sha256_feed(&sha, head, HEAD_SIZE - 4);
    dfota_sha256_end(&sha, digest);
    memcpy(head + HEAD_SIZE - 4, digest, 4);
    from.head = head;
    from.used = 0;
    if (dfota_patch_begin(&patch, read_patch, read_old, &from) == DFOTA_OK) {
        out = (uint8_t *)malloc(piece); /* so that a sanitizer sees every byte too many */
        while (dfota_patch_read(&patch, out, piece, &produced) == DFOTA_OK && produced > 0) {
            total += produced;
        }
        free(out);
        if (total > new_size) {
            abort();
        }
    }
    from.used = 0;
    if (dfota_patch_begin(&patch, read_patch, NULL, &from) == DFOTA_OK &&
        dfota_patch_measure(&patch, &counts) == DFOTA_OK &&
        counts.copied + counts.differing + counts.filled + counts.literal != new_size) {
        abort();
    }
    return 0;
}
