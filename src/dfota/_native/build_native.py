# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Describe the C extension to cffi; run by the package's own build, never imported at run time."""

from __future__ import annotations

from pathlib import Path

from cffi import FFI

DECLARATIONS = """
    typedef struct {
        uint32_t old_size;
        uint32_t new_size;
        uint32_t segment_count;
        uint32_t block_count;
        uint32_t memory_size;
        uint32_t sector_size;
        uint32_t spare_size;
        uint8_t version;
        uint8_t profile;
        uint8_t size;
        uint8_t old_digest[8];
        uint8_t new_digest[16];
        ...;
    } dfota_patch_header;

    typedef struct {
        uint32_t copied;
        uint32_t predicted;
        uint32_t corrected;
        uint32_t literal;
    } dfota_patch_counts;

    typedef struct {
        dfota_patch_header header;
        dfota_patch_counts counts;
        uint32_t consumed;
        ...;
    } dfota_patch;

    typedef struct {
        uint32_t begin;
        uint32_t end;
        uint32_t old_base;
        uint32_t new_base;
        uint16_t space;
        uint8_t isa;
        uint8_t flags;
    } dfota_segment;

    typedef struct {
        uint32_t at;
        uint32_t from;
        uint32_t length;
    } dfota_block;

    typedef struct {
        const uint8_t *old_image;
        const uint8_t *new_image;
        uint32_t old_size;
        uint32_t new_size;
        uint32_t profile;
        uint32_t effort;
        uint32_t memory_size;
        uint32_t sector_size;
        uint32_t spare_size;
        uint32_t isas;
    } dfota_create_input;

    typedef struct dfota_creator dfota_creator;

    typedef struct {
        const uint8_t *patch;
        size_t patch_size;
        const uint8_t *old_image;
        size_t old_size;
        ...;
    } dfota_memory;

    #define DFOTA_PATCH_VERSION ...
    #define DFOTA_PATCH_IMAGE_MAX ...
    #define DFOTA_PATCH_HEADER_MAX ...
    #define DFOTA_BLOCK_PLAIN ...

    int dfota_patch_map(dfota_patch *patch, void *memory, size_t size);
    int dfota_patch_read(dfota_patch *patch, uint8_t *out, size_t size, size_t *produced);
    const dfota_block *dfota_patch_blocks(const dfota_patch *patch);
    const dfota_segment *dfota_patch_segments(const dfota_patch *patch);

    int open_in_memory(dfota_patch *patch, dfota_memory *memory);
    int start_in_memory(dfota_patch *patch, void *memory, size_t size);
    int open_with_callbacks(dfota_patch *patch, void *handle);
    int start_with_callbacks(dfota_patch *patch, void *memory, size_t size);

    size_t checkpoint_size(dfota_patch *patch);
    int save_checkpoint(dfota_patch *patch, uint8_t *out, size_t size, size_t *used);
    int resume_in_memory(dfota_patch *patch, void *memory, size_t size,
                         const uint8_t *saved, size_t saved_size);
    int resume_with_callbacks(dfota_patch *patch, void *memory, size_t size,
                              const uint8_t *saved, size_t saved_size);

    dfota_creator *dfota_create_begin(const dfota_create_input *input);
    int create_plan(dfota_creator *creator, void *handle);
    int dfota_create_like(dfota_creator *creator, const dfota_creator *planned);
    int dfota_create_step(dfota_creator *creator, uint32_t budget, uint32_t *done);
    const uint8_t *dfota_create_patch(const dfota_creator *creator, size_t *size);
    void dfota_create_free(dfota_creator *creator);

    typedef struct {
        uint32_t copied;
        uint32_t predicted;
        uint32_t corrected;
        uint32_t literal;
        uint64_t kept_cost;
        uint64_t corrected_cost;
        uint64_t literal_cost;
    } dfota_account_share;

    #define DFOTA_ACCOUNT_BIT ...

    typedef enum { DFOTA_OK, ... } dfota_result;
    typedef struct dfota_account dfota_account;

    dfota_account *dfota_account_begin(const uint8_t *patch, size_t patch_size,
                                       const uint8_t *old_image, uint32_t bin_count,
                                       dfota_result *result);
    int dfota_account_step(dfota_account *account, uint32_t budget, uint32_t *done);
    const dfota_patch_header *dfota_account_header(const dfota_account *account);
    uint64_t dfota_account_map_cost(const dfota_account *account);
    const dfota_account_share *dfota_account_shares(const dfota_account *account);
    const dfota_account_share *dfota_account_bins(const dfota_account *account);
    void dfota_account_free(dfota_account *account);

    extern "Python" size_t read_patch_python(void *, uint8_t *, size_t);
    extern "Python" int read_old_python(void *, uint32_t, uint8_t *, size_t);
    extern "Python" int plan_progress_python(void *, uint32_t, uint32_t);
"""

SOURCE = """
#include <string.h>

#include "dfota_account.h"
#include "dfota_create.h"

/* Patch and old image in memory: the applier runs without a call into Python. */
typedef struct dfota_memory {
    const uint8_t *patch;
    size_t patch_size;
    const uint8_t *old_image;
    size_t old_size;
    size_t used;
} dfota_memory;

static size_t read_patch_memory(void *ctx, uint8_t *buf, size_t size)
{
    dfota_memory *memory = (dfota_memory *)ctx;
    const size_t left = memory->patch_size - memory->used;
    const size_t take = size < left ? size : left;
    memcpy(buf, memory->patch + memory->used, take);
    memory->used += take;
    return take;
}

static int read_old_memory(void *ctx, uint32_t offset, uint8_t *buf, size_t size)
{
    const dfota_memory *memory = (const dfota_memory *)ctx;
    if (offset > memory->old_size || size > memory->old_size - offset) {
        return 1;
    }
    memcpy(buf, memory->old_image + offset, size);
    return 0;
}

static int open_in_memory(dfota_patch *patch, dfota_memory *memory)
{
    return (int)dfota_patch_open(patch, read_patch_memory, memory);
}

static int start_in_memory(dfota_patch *patch, void *memory, size_t size)
{
    return (int)dfota_patch_start(patch, memory, size, read_old_memory);
}

static size_t read_patch_python(void *ctx, uint8_t *buf, size_t size);
static int read_old_python(void *ctx, uint32_t offset, uint8_t *buf, size_t size);
static int plan_progress_python(void *ctx, uint32_t done, uint32_t total);

static int open_with_callbacks(dfota_patch *patch, void *handle)
{
    return (int)dfota_patch_open(patch, read_patch_python, handle);
}

static int start_with_callbacks(dfota_patch *patch, void *memory, size_t size)
{
    return (int)dfota_patch_start(patch, memory, size, read_old_python);
}

/* A checkpoint in memory, of which `used` bytes are done. */
typedef struct saved_bytes {
    uint8_t *out;
    const uint8_t *in;
    size_t size;
    size_t used;
} saved_bytes;

static int count_saved(void *ctx, uint8_t *buf, size_t size)
{
    (void)buf;
    ((saved_bytes *)ctx)->used += size;
    return 0;
}

static int put_saved(void *ctx, uint8_t *buf, size_t size)
{
    saved_bytes *saved = (saved_bytes *)ctx;
    if (size > saved->size - saved->used) {
        return 1;
    }
    memcpy(saved->out + saved->used, buf, size);
    saved->used += size;
    return 0;
}

static int get_saved(void *ctx, uint8_t *buf, size_t size)
{
    saved_bytes *saved = (saved_bytes *)ctx;
    if (size > saved->size - saved->used) {
        return 1;
    }
    memcpy(buf, saved->in + saved->used, size);
    saved->used += size;
    return 0;
}

/* Bytes of a checkpoint; 0 where the patch cannot have one. */
static size_t checkpoint_size(dfota_patch *patch)
{
    saved_bytes saved = {NULL, NULL, 0, 0};
    return dfota_patch_checkpoint(patch, count_saved, &saved) == DFOTA_OK ? saved.used : 0;
}

static int save_checkpoint(dfota_patch *patch, uint8_t *out, size_t size, size_t *used)
{
    saved_bytes saved = {NULL, NULL, 0, 0};
    int result;
    saved.out = out;
    saved.size = size;
    result = (int)dfota_patch_checkpoint(patch, put_saved, &saved);
    *used = saved.used;
    return result;
}

static int resume_from(dfota_patch *patch, void *memory, size_t size, dfota_read_old read_old,
                       const uint8_t *bytes, size_t saved_size)
{
    saved_bytes saved = {NULL, NULL, 0, 0};
    int result;
    saved.in = bytes;
    saved.size = saved_size;
    result = (int)dfota_patch_resume(patch, memory, size, read_old, get_saved, &saved);
    return result == DFOTA_OK && saved.used != saved_size ? (int)DFOTA_ERR_RANGE : result;
}

static int resume_in_memory(dfota_patch *patch, void *memory, size_t size,
                            const uint8_t *saved, size_t saved_size)
{
    return resume_from(patch, memory, size, read_old_memory, saved, saved_size);
}

static int resume_with_callbacks(dfota_patch *patch, void *memory, size_t size,
                                 const uint8_t *saved, size_t saved_size)
{
    return resume_from(patch, memory, size, read_old_python, saved, saved_size);
}

static int create_plan(dfota_creator *creator, void *handle)
{
    return (int)dfota_create_plan(creator, plan_progress_python, handle);
}
"""

ffibuilder = FFI()
ffibuilder.cdef(DECLARATIONS)
ffibuilder.set_source(
    "dfota._native._dfota",
    SOURCE,
    sources=sorted(path.as_posix() for path in Path("c/src").glob("*.c")),
    include_dirs=["c/src"],
    define_macros=[("DFOTA_PATCH_WITH_MEASURE", "1")],
    extra_compile_args=["-std=c99", "-O3", "-pthread", "-Wno-maybe-uninitialized"],
    extra_link_args=["-pthread"],
    py_limited_api=True,
)
