/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Where partitions lie and how each describes itself; tools/image.py writes the same layout. */
#ifndef PARTITION_H
#define PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One slot is one erase sector of the flash that the module has, so that no two partitions
 * ever share a sector. The linker scripts use the same addresses. */
#define SLOT_SIZE 0x00020000u
#define BOOT_ADDRESS 0x00000000u
#define MODEM_ADDRESS 0x00020000u
#define APPS_ADDRESS 0x00040000u
#define CONFIG_ADDRESS 0x00060000u
#define ASSETS_ADDRESS 0x00080000u

/* The boot partition begins with the vectors; its header follows them. */
#define BOOT_HEADER_OFFSET 0x100u

#define PARTITION_MAGIC 0x54504644u /* "DFPT", little-endian */
#define PARTITION_LAYOUT 1u

struct partition_header {
    uint32_t magic;
    uint32_t layout;
    char name[12];
    char revision[36];
    uint32_t address; /* of the first byte of the image */
    uint32_t size;    /* of the image, header included; written by tools/image.py */
    uint32_t crc32;   /* of the image with this field zero; written by tools/image.py */
    uint32_t entry;   /* function to call, or 0 for data */
};

#define PARTITION_HEADER(label, where, function)                                                \
    __attribute__((section(".header"), used)) const struct partition_header partition = {       \
        .magic = PARTITION_MAGIC,                                                               \
        .layout = PARTITION_LAYOUT,                                                             \
        .name = label,                                                                          \
        .revision = REVISION,                                                                   \
        .address = (where),                                                                     \
        .entry = (uint32_t)(function),                                                          \
    }

/* A data partition holds an index of files behind its header. */
struct archive_entry {
    char name[24];
    uint32_t offset; /* from the start of the partition */
    uint32_t size;
};

/** Find a file of a data partition; NULL if it has none of that name. */
const uint8_t *archive_find(uint32_t address, const char *name, size_t *size);
/** Name of file `number` of a data partition, or NULL behind the last one. */
const char *archive_name(uint32_t address, size_t number, size_t *size);

enum partition_fault {
    PARTITION_GOOD,
    PARTITION_NO_MAGIC,
    PARTITION_BAD_LAYOUT,
    PARTITION_WRONG_NAME,
    PARTITION_WRONG_ADDRESS,
    PARTITION_BAD_SIZE,
    PARTITION_BAD_CRC,
};

/** Check the image at `address` against its own header. */
enum partition_fault partition_check(uint32_t address, uint32_t header_offset, const char *name);
const char *partition_fault_text(enum partition_fault fault);

#endif
