/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where ELF files and ESP images inside an image say that their parts are linked to. Every field
 * may lie; what does not fit is passed over. It judges nothing.
 */
#include "dfota_plan_parts.h"

#include <string.h>

/* Parts of one file that are looked at. */
#define PART_MAX 32u
/* Files inside one image. */
#define SPACE_MAX 4096u

/* One part: offsets in the image, and the address of its first byte. */
typedef struct part {
    uint32_t begin;
    uint32_t end;
    uint32_t address;
} part;

static uint32_t get16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t get32(const uint8_t *bytes)
{
    return get16(bytes) | get16(bytes + 2) << 16;
}

/* Keep a part if it fits and lies behind the ones before. */
static void keep_part(part *parts, uint32_t *count, uint32_t size, uint64_t begin, uint64_t length,
                      uint32_t address)
{
    const uint32_t least = *count > 0 ? parts[*count - 1u].end : 0;

    if (*count < PART_MAX && length > 0 && begin >= least && begin < size &&
        length <= size - begin) {
        parts[*count].begin = (uint32_t)begin;
        parts[*count].end = (uint32_t)(begin + length);
        parts[*count].address = address;
        (*count)++;
    }
}

/* The loaded parts of a little-endian ELF file at `at`, in order. */
static uint32_t elf_parts(const uint8_t *image, uint32_t size, uint32_t at, part *parts)
{
    const uint8_t *const header = image + at;
    const uint32_t room = size - at;
    uint32_t wide;
    uint32_t count = 0;
    uint32_t entry_size;
    uint32_t entries;
    uint32_t table;
    uint32_t i;

    if (room < 64u || memcmp(header, "\177ELF", 4) != 0 || (header[4] != 1 && header[4] != 2) ||
        header[5] != 1) {
        return 0;
    }
    wide = header[4] == 2;
    table = get32(header + (wide ? 32 : 28));
    entry_size = get16(header + (wide ? 54 : 42));
    entries = get16(header + (wide ? 56 : 44));
    if (entry_size < (wide ? 56u : 32u) || entries > 512u || table > room ||
        entries * entry_size > room - table) {
        return 0;
    }
    for (i = 0; i < entries; i++) {
        const uint8_t *const entry = header + table + i * entry_size;
        const uint64_t offset = get32(entry + (wide ? 8 : 4));
        const uint64_t length = get32(entry + (wide ? 32 : 16));
        if (get32(entry) == 1u) {
            keep_part(parts, &count, size, at + offset, length, get32(entry + (wide ? 16 : 8)));
        }
    }
    return count;
}

/* The parts of an ESP32-like (24 bytes of header) or ESP8266 (8 bytes) image at `at`. */
static uint32_t esp_parts(const uint8_t *image, uint32_t size, uint32_t at, uint32_t header_size,
                          part *parts)
{
    uint32_t count = 0;
    uint32_t left;
    uint64_t where = (uint64_t)at + header_size;

    if (size - at < header_size || image[at] != 0xe9u || image[at + 1u] == 0 ||
        image[at + 1u] > 16u || image[at + 2u] > 5u) {
        return 0;
    }
    for (left = image[at + 1u]; left > 0; left--) {
        uint32_t address;
        uint32_t length;
        if (where + 8u > size) {
            return 0;
        }
        address = get32(image + where);
        length = get32(image + where + 4u);
        where += 8u;
        if (length > 0x1000000u || where + length > size ||
            (address != 0 && address < 0x3c000000u) || address >= 0x60000000u) {
            return 0;
        }
        if (address != 0 || length == 0) {
            keep_part(parts, &count, size, where, length, address);
        }
        where += length;
    }
    return count;
}

static uint32_t file_parts(const uint8_t *image, uint32_t size, uint32_t at, part *parts)
{
    uint32_t count = 0;

    if (image[at] == 0x7f) {
        return elf_parts(image, size, at, parts);
    }
    if (image[at] == 0xe9) {
        count = esp_parts(image, size, at, 24, parts);
        if (count == 0) {
            count = esp_parts(image, size, at, 8, parts);
        }
    }
    return count;
}

/* Where the block map puts old offset `from`; 0 if in no block. `map` is sorted by `from`. */
static int place_of(const dfota_blocks *map, uint32_t from, uint32_t *at)
{
    uint32_t low = 0;
    uint32_t high = map->count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2u;
        if (map->items[middle].from <= from) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    if (low == 0 || from - map->items[low - 1u].from >= map->items[low - 1u].length) {
        return 0;
    }
    *at = map->items[low - 1u].at + (from - map->items[low - 1u].from);
    return 1;
}

/* The parts of the file at `at` become regions; where they are linked to in new is looked up. */
static int add_file(const dfota_pair *pair, const dfota_blocks *map, uint32_t at, uint32_t space,
                    const part *parts, uint32_t count, dfota_segments *regions)
{
    part moved[PART_MAX];
    uint32_t moved_count = 0;
    uint32_t moved_at;
    uint32_t i;

    if (place_of(map, at, &moved_at)) {
        moved_count = file_parts(pair->new_image, pair->new_size, moved_at, moved);
    }
    for (i = 0; i < count; i++) {
        dfota_segment region;
        memset(&region, 0, sizeof region);
        region.begin = parts[i].begin;
        region.end = parts[i].end;
        region.old_base = parts[i].address - parts[i].begin;
        region.new_base = region.old_base;
        region.space = (uint16_t)space;
        if (moved_count == count) {
            region.new_base = moved[i].address - moved[i].begin;
        }
        if (dfota_segments_add(regions, &region) != 0) {
            return 1;
        }
    }
    return 0;
}

int dfota_claims(const dfota_pair *pair, const dfota_blocks *map, dfota_segments *regions)
{
    part parts[PART_MAX];
    uint32_t space = 0;
    uint32_t at = 0;

    while (at < pair->old_size && space < SPACE_MAX) {
        const uint32_t count = file_parts(pair->old_image, pair->old_size, at, parts);
        if (count > 0) {
            if (add_file(pair, map, at, space, parts, count, regions) != 0) {
                return 1;
            }
            space++;
            at = parts[count - 1u].end > at ? parts[count - 1u].end - 1u : at;
        }
        at = at - at % 4u + 4u;
    }
    return 0;
}
