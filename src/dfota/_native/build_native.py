# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Describe the C extension to cffi; run by the package's own build, never imported at run time."""

from __future__ import annotations

from cffi import FFI

DECLARATIONS = """
    typedef struct {
        uint32_t old_size;
        uint32_t new_size;
        uint8_t old_digest[32];
        uint8_t new_digest[32];
        uint8_t version;
        ...;
    } dfota_patch_header;

    typedef struct {
        dfota_patch_header header;
        ...;
    } dfota_patch;

    typedef struct {
        uint32_t copied;
        uint32_t differing;
        uint32_t filled;
        uint32_t literal;
        uint32_t copies;
    } dfota_patch_counts;

    typedef struct {
        const uint8_t *old_image;
        const uint8_t *new_image;
        const int32_t *suffixes;
        uint32_t old_size;
        uint32_t new_size;
        uint8_t old_digest[32];
        uint8_t new_digest[32];
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

    int dfota_patch_read(dfota_patch *patch, uint8_t *out, size_t size, size_t *produced);
    int dfota_patch_measure(dfota_patch *patch, dfota_patch_counts *counts);

    int begin_in_memory(dfota_patch *patch, dfota_memory *memory);
    int begin_with_callbacks(dfota_patch *patch, void *handle);

    dfota_creator *dfota_create_begin(const dfota_create_input *input);
    int dfota_create_step(dfota_creator *creator, uint32_t budget, uint32_t *done);
    const uint8_t *dfota_create_patch(const dfota_creator *creator, size_t *size);
    void dfota_create_free(dfota_creator *creator);

    extern "Python" size_t read_patch_python(void *, uint8_t *, size_t);
    extern "Python" int read_old_python(void *, uint32_t, uint8_t *, size_t);
"""

SOURCE = """
#include <string.h>

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

static int begin_in_memory(dfota_patch *patch, dfota_memory *memory)
{
    return (int)dfota_patch_begin(patch, read_patch_memory, read_old_memory, memory);
}

static size_t read_patch_python(void *ctx, uint8_t *buf, size_t size);
static int read_old_python(void *ctx, uint32_t offset, uint8_t *buf, size_t size);

static int begin_with_callbacks(dfota_patch *patch, void *handle)
{
    return (int)dfota_patch_begin(patch, read_patch_python, read_old_python, handle);
}
"""

ffibuilder = FFI()
ffibuilder.cdef(DECLARATIONS)
ffibuilder.set_source(
    "dfota._native._dfota",
    SOURCE,
    sources=["c/src/dfota_sha256.c", "c/src/dfota_patch.c", "c/src/dfota_create.c"],
    include_dirs=["c/src"],
    define_macros=[("DFOTA_PATCH_WITH_MEASURE", "1")],
    extra_compile_args=["-std=c99", "-O2"],
    py_limited_api=True,
)
