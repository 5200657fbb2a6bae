/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Runs the applier over vectors/patch in pieces of many sizes; it knows only the public header.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dfota_patch.h"

typedef struct blob {
    uint8_t *data;
    size_t size;
} blob;

typedef struct source {
    blob patch;
    blob old_image;
    size_t used;
    int patch_fails;
    int old_fails;
} source;

static int failures;

static void expect(int truth, const char *name, const char *what, long detail)
{
    if (!truth) {
        printf("FAILED %s: %s (%ld)\n", name, what, detail);
        failures++;
    }
}

static blob load(const char *folder, const char *name)
{
    char path[512];
    blob content;
    FILE *file;
    long size;

    content.data = (uint8_t *)calloc(1, 1);
    content.size = 0;
    if (strcmp(name, "-") == 0) {
        return content;
    }
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        printf("cannot read %s\n", path);
        exit(2);
    }
    size = ftell(file);
    rewind(file);
    free(content.data);
    /* Exactly as large as the file, so that a sanitizer sees a read behind it. */
    content.data = (uint8_t *)malloc(size > 0 ? (size_t)size : 1u);
    content.size = fread(content.data, 1, (size_t)size, file);
    (void)fclose(file);
    return content;
}

static size_t read_patch(void *ctx, uint8_t *buf, size_t size)
{
    source *from = (source *)ctx;
    const size_t left = from->patch.size - from->used;
    const size_t take = size < left ? size : left;
    if (from->patch_fails) {
        return size + 1u;
    }
    memcpy(buf, from->patch.data + from->used, take);
    from->used += take;
    return take;
}

static int read_old(void *ctx, uint32_t offset, uint8_t *buf, size_t size)
{
    const source *from = (const source *)ctx;
    if (from->old_fails || offset > from->old_image.size ||
        size > from->old_image.size - offset) {
        return 1;
    }
    memcpy(buf, from->old_image.data + offset, size);
    return 0;
}

static const char *const NAMES[] = {"OK",       "STATE",  "IO",        "FORMAT",
                                    "VERSION",  "LIMIT",  "HEADER",    "TRUNCATED",
                                    "RANGE",    "CODE",   "TRAILING",  "DIGEST",
                                    "MEMORY",   "UNSUPPORTED", "CANCELLED"};

/* Open and start; `*memory` is exactly as large as the header says, for a sanitizer to see. */
static dfota_result start(dfota_patch *patch, source *from, void **memory)
{
    dfota_result result = dfota_patch_open(patch, read_patch, from);

    *memory = NULL;
    if (result == DFOTA_OK) {
        *memory = malloc(patch->header.memory_size);
        if (*memory == NULL) {
            printf("no memory\n");
            exit(2);
        }
        memset(*memory, 0xa5, patch->header.memory_size);
        result = dfota_patch_start(patch, *memory, patch->header.memory_size, read_old);
    }
    return result;
}

/* Pull everything in pieces of `piece` bytes into `out`; the struct starts as garbage. */
static dfota_result pull(source *from, uint8_t *out, size_t room, size_t piece, size_t *total)
{
    static dfota_patch patch;
    dfota_result result;
    void *memory;
    size_t produced = 0;

    memset(&patch, 0xa5, sizeof patch);
    from->used = 0;
    *total = 0;
    result = start(&patch, from, &memory);
    if (result != DFOTA_OK) {
        free(memory);
        expect(dfota_patch_read(&patch, out, 1, &produced) == DFOTA_ERR_STATE && produced == 0,
               "begin", "a refused patch can be read", (long)result);
        return result;
    }
    do {
        const size_t left = room - *total;
        result = dfota_patch_read(&patch, out + *total, piece < left ? piece : left, &produced);
        *total += produced;
    } while (result == DFOTA_OK && produced > 0);
    if (result != DFOTA_OK) {
        expect(produced == 0, "read", "bytes with an error", (long)result);
        expect(dfota_patch_read(&patch, out, 1, &produced) == DFOTA_ERR_STATE, "read",
               "a dead patch can be read", (long)result);
    }
    free(memory);
    return result;
}

static void check(const char *name, const char *wanted, source *from, const blob *image)
{
    static const size_t pieces[] = {1, 2, 3, 7, 64, 255, 256, 4096};
    static uint8_t out[1 << 16];
    size_t i;

    for (i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        size_t total = 0;
        const dfota_result result = pull(from, out, sizeof out, pieces[i], &total);
        expect(strcmp(NAMES[result], wanted) == 0, name, NAMES[result], (long)pieces[i]);
        if (result == DFOTA_OK) {
            expect(total == image->size && memcmp(out, image->data, total) == 0, name,
                   "another image", (long)pieces[i]);
        }
    }
}

/* One byte less than the header asks for is refused at once. */
static void check_memory(const char *name, source *from)
{
    static dfota_patch patch;
    void *memory;

    from->used = 0;
    if (dfota_patch_open(&patch, read_patch, from) == DFOTA_OK) {
        memory = malloc(patch.header.memory_size);
        expect(dfota_patch_start(&patch, memory, patch.header.memory_size - 1u, read_old) ==
                   DFOTA_ERR_MEMORY,
               name, "less memory is enough", (long)patch.header.memory_size);
        free(memory);
    }
}

#if DFOTA_PATCH_WITH_MEASURE
static void check_counts(const char *name, const char *wanted, source *from, size_t size)
{
    static dfota_patch patch;
    static uint8_t out[1 << 16];
    const dfota_patch_counts *counts = &patch.counts;
    void *memory;
    size_t produced = 0;

    from->used = 0;
    if (strcmp(wanted, "OK") == 0 && start(&patch, from, &memory) == DFOTA_OK) {
        expect(dfota_patch_read(&patch, out, sizeof out, &produced) == DFOTA_OK &&
                   counts->copied + counts->predicted + counts->corrected + counts->literal == size,
               name, "the counts do not add up", (long)counts->copied);
        free(memory);
    }
}
#endif

static void check_io(source *from, const blob *image)
{
    static uint8_t out[1 << 16];
    size_t total = 0;

    from->patch_fails = 1;
    expect(pull(from, out, sizeof out, 64, &total) == DFOTA_ERR_IO, "io", "patch", 0);
    from->patch_fails = 0;
    from->old_fails = 1;
    expect(pull(from, out, sizeof out, 64, &total) == DFOTA_ERR_IO, "io", "old", 0);
    from->old_fails = 0;
    expect(pull(from, out, sizeof out, 64, &total) == DFOTA_OK && total == image->size, "io",
           "afterwards", 0);
}

static void check_sha256(void)
{
    static const uint8_t wanted[32] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22,
        0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00,
        0x15, 0xad}; /* FIPS 180-4: "abc" */
    uint8_t whole[32];
    uint8_t pieces[32];
    uint8_t data[300];
    dfota_sha256 sha;
    size_t size;
    size_t i;

    dfota_sha256_begin(&sha);
    dfota_sha256_feed(&sha, (const uint8_t *)"abc", 3);
    dfota_sha256_end(&sha, whole);
    expect(memcmp(whole, wanted, 32) == 0, "sha256", "abc", 0);
    for (i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7u);
    }
    for (size = 0; size <= sizeof data; size++) {
        dfota_sha256_begin(&sha);
        dfota_sha256_feed(&sha, data, size);
        dfota_sha256_end(&sha, whole);
        dfota_sha256_begin(&sha);
        for (i = 0; i < size; i++) {
            dfota_sha256_feed(&sha, data + i, 1);
        }
        dfota_sha256_end(&sha, pieces);
        expect(memcmp(whole, pieces, 32) == 0, "sha256", "pieces", (long)size);
    }
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "../vectors/patch";
    char line[512];
    int cases = 0;
    FILE *index;

    (void)snprintf(line, sizeof line, "%s/index.txt", folder);
    index = fopen(line, "r");
    if (index == NULL) {
        printf("cannot read %s\n", line);
        return 2;
    }
    check_sha256();
    while (fgets(line, (int)sizeof line, index) != NULL) {
        char name[100];
        char wanted[20];
        char files[3][100];
        source from;
        blob image;
        if (line[0] == '#' || sscanf(line, "%99s %19s %99s %99s %99s", name, wanted, files[0],
                                     files[1], files[2]) != 5) {
            continue;
        }
        memset(&from, 0, sizeof from);
        from.old_image = load(folder, files[0]);
        image = load(folder, files[1]);
        from.patch = load(folder, files[2]);
        check(name, wanted, &from, &image);
        check_memory(name, &from);
#if DFOTA_PATCH_WITH_MEASURE
        check_counts(name, wanted, &from, image.size);
#endif
        if (strcmp(name, "moved") == 0) {
            check_io(&from, &image);
        }
        free(from.old_image.data);
        free(from.patch.data);
        free(image.data);
        cases++;
    }
    (void)fclose(index);
    printf("%d cases, %d failures\n", cases, failures);
    return failures == 0 && cases >= 30 ? 0 : 1;
}
