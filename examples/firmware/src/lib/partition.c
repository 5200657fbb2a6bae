/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Reading and checking partitions where they lie; nothing here writes. */
#include "partition.h"

#include "lib.h"
#include "release.h"

static const char *const FAULTS[] = {
    [PARTITION_GOOD] = "good",
    [PARTITION_NO_MAGIC] = "no partition there",
    [PARTITION_BAD_LAYOUT] = "header of an unknown layout",
    [PARTITION_WRONG_NAME] = "another partition's image",
    [PARTITION_WRONG_ADDRESS] = "linked for another address",
    [PARTITION_BAD_SIZE] = "size beyond its slot",
    [PARTITION_BAD_CRC] = "CRC-32 differs",
};

static const struct partition_header *header_at(uint32_t address)
{
    return (const struct partition_header *)(uintptr_t)address;
}

enum partition_fault partition_check(uint32_t address, uint32_t header_offset, const char *name)
{
    static const uint8_t zero[4];
    const struct partition_header *header = header_at(address + header_offset);
    uint32_t field = header_offset + (uint32_t)offsetof(struct partition_header, crc32);
    uint32_t crc;

    if (header->magic != PARTITION_MAGIC) {
        return PARTITION_NO_MAGIC;
    }
    if (header->layout != PARTITION_LAYOUT) {
        return PARTITION_BAD_LAYOUT;
    }
    if (strncmp(header->name, name, sizeof(header->name)) != 0) {
        return PARTITION_WRONG_NAME;
    }
#if RELEASE >= 19
    /* An image of the right name in the wrong slot would crash at its first call. */
    if (header->address != address) {
        return PARTITION_WRONG_ADDRESS;
    }
#endif
    if (header->size < field + 8u || header->size > SLOT_SIZE) {
        return PARTITION_BAD_SIZE;
    }
    crc = crc32(0, (const void *)(uintptr_t)address, field);
    crc = crc32(crc, zero, sizeof(zero));
    crc = crc32(crc, (const void *)(uintptr_t)(address + field + 4u), header->size - field - 4u);
    return crc == header->crc32 ? PARTITION_GOOD : PARTITION_BAD_CRC;
}

const char *partition_fault_text(enum partition_fault fault)
{
    return (size_t)fault < COUNT(FAULTS) ? FAULTS[fault] : "unknown fault";
}

const char *archive_name(uint32_t address, size_t number, size_t *size)
{
    const struct partition_header *header = header_at(address);
    const uint32_t *count = (const uint32_t *)(header + 1);
    const struct archive_entry *entries = (const struct archive_entry *)(count + 1);

    if (header->magic != PARTITION_MAGIC || header->entry != 0u || number >= *count) {
        return NULL;
    }
    *size = entries[number].size;
    return entries[number].name;
}

const uint8_t *archive_find(uint32_t address, const char *name, size_t *size)
{
    const struct archive_entry *entries =
        (const struct archive_entry *)((const uint32_t *)(header_at(address) + 1) + 1);
    const char *found;

    for (size_t number = 0; (found = archive_name(address, number, size)) != NULL; number++) {
        if (strncmp(found, name, sizeof(entries->name)) == 0) {
            return (const uint8_t *)(uintptr_t)(address + entries[number].offset);
        }
    }
    return NULL;
}
