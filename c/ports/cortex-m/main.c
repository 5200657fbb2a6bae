/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The example: applies patches from one memory region to another page by page, and in place
 * on flash of which only one slot fits. It reads a list of jobs and prints what came out.
 *
 * A job is a line:
 *   apply NAME OLD PATCH NEW            NEW gets the new image
 *   inplace NAME FLASH PATCH SLOT CUT   FLASH holds slot (SLOT bytes) and journal, and is changed;
 *                                       the power fails half-way through operation CUT (0: never)
 */
#include "board.h"

#include <string.h>

#include "dfota_embedded.h"

/* All that dfota needs of RAM, besides the stack. */
#define PAGE_SIZE 256u
#define SECTOR_SIZE 4096u
#define MEMORY_SIZE 29000u
static uint64_t memory[MEMORY_SIZE / 8u];
static uint8_t page[PAGE_SIZE];
static union {
    dfota_patch patch;
    dfota_inplace inplace;
} state;

/* What lies in the store, which stands for flash. */
#define OLD_ROOM 0x400000u
static uint8_t *const old_image = store_begin;
static uint8_t *const new_image = store_begin + OLD_ROOM;
static uint8_t *const patch_bytes = store_begin + 2u * OLD_ROOM;
static char *const jobs = (char *)store_begin + 3u * OLD_ROOM;

static struct job {
    uint32_t old_size; /* in place: of the whole flash */
    uint32_t new_size;
    uint32_t patch_size;
    uint32_t patch_used;
    uint32_t operations;
    uint32_t cut;
    const char *flash_name;
} job;

static const char *const RESULTS[] = {"OK",       "STATE",  "IO",     "FORMAT",      "VERSION",
                                      "LIMIT",    "HEADER", "TRUNCATED", "RANGE",    "CODE",
                                      "TRAILING", "DIGEST", "MEMORY", "UNSUPPORTED", "CANCELLED"};

/* -- words out -------------------------------------------------------------------------- */

static void print_number(const char *name, uint32_t value)
{
    char text[11];
    char *at = text + sizeof text - 1u;

    *at = '\0';
    do {
        *--at = (char)('0' + value % 10u);
        value /= 10u;
    } while (value > 0);
    host_print(name);
    host_print(at);
}

static void print_digest(const uint8_t *data, uint32_t size)
{
    static const char HEX[] = "0123456789abcdef";
    uint8_t digest[DFOTA_SHA256_SIZE];
    char text[2u * DFOTA_SHA256_SIZE + 1u];
    dfota_sha256 sha;
    unsigned i;

    dfota_sha256_begin(&sha);
    dfota_sha256_feed(&sha, data, size);
    dfota_sha256_end(&sha, digest);
    for (i = 0; i < sizeof digest; i++) {
        text[2u * i] = HEX[digest[i] >> 4];
        text[2u * i + 1u] = HEX[digest[i] & 15u];
    }
    text[2u * i] = '\0';
    host_print(" sha256=");
    host_print(text);
}

/* -- from one region to another ----------------------------------------------------------- */

static size_t read_patch(void *ctx, uint8_t *buf, size_t size)
{
    const uint32_t left = job.patch_size - job.patch_used;
    const uint32_t take = size < left ? (uint32_t)size : left;

    (void)ctx;
    memcpy(buf, patch_bytes + job.patch_used, take);
    job.patch_used += take;
    return take;
}

static int read_old(void *ctx, uint32_t offset, uint8_t *buf, size_t size)
{
    (void)ctx;
    if (offset > job.old_size || size > job.old_size - offset) {
        return 1; /* the image there is shorter than the patch thinks */
    }
    memcpy(buf, old_image + offset, size);
    return 0;
}

static dfota_result apply(void)
{
    size_t produced = 0;
    dfota_result result = dfota_patch_open(&state.patch, read_patch, NULL);

    job.new_size = 0;
    if (result == DFOTA_OK && state.patch.header.new_size > OLD_ROOM) {
        result = DFOTA_ERR_MEMORY;
    }
    if (result == DFOTA_OK) {
        result = dfota_patch_start(&state.patch, memory, sizeof memory, read_old);
    }
    while (result == DFOTA_OK) {
        result = dfota_patch_read(&state.patch, page, sizeof page, &produced);
        if (result != DFOTA_OK || produced == 0) {
            break;
        }
        memcpy(new_image + job.new_size, page, produced); /* program a page */
        job.new_size += (uint32_t)produced;
    }
    return result;
}

/* -- in place ----------------------------------------------------------------------------- */

static int flash_read(void *ctx, uint32_t address, uint8_t *buf, size_t size)
{
    (void)ctx;
    if (address > job.old_size || size > job.old_size - address) {
        return 1;
    }
    memcpy(buf, old_image + address, size);
    return 0;
}

/* The power fails when half of the operation is done: nothing runs any more. */
static int is_cut(void)
{
    return ++job.operations == job.cut;
}

static void power_off(void)
{
    (void)host_save(job.flash_name, old_image, job.old_size);
    print_number(" cut=", job.operations);
    host_print("\n");
    host_exit(3);
}

static int flash_erase(void *ctx, uint32_t address)
{
    (void)ctx;
    if (address % SECTOR_SIZE != 0 || address >= job.old_size) {
        return 1;
    }
    if (is_cut()) {
        memset(old_image + address, 0xff, SECTOR_SIZE / 2u);
        power_off();
    }
    memset(old_image + address, 0xff, SECTOR_SIZE);
    return 0;
}

static int flash_program(void *ctx, uint32_t address, const uint8_t *buf, size_t size)
{
    size_t i;

    (void)ctx;
    if (address % PAGE_SIZE != 0 || size != PAGE_SIZE || address >= job.old_size) {
        return 1;
    }
    for (i = 0; i < size; i++) {
        if (old_image[address + i] != 0xffu) {
            return 1; /* not erased */
        }
    }
    if (is_cut()) {
        memcpy(old_image + address, buf, size / 2u);
        power_off();
    }
    memcpy(old_image + address, buf, size);
    return 0;
}

static int read_patch_at(void *ctx, uint32_t offset, uint8_t *buf, size_t size)
{
    (void)ctx;
    memcpy(buf, patch_bytes + offset, size);
    return 0;
}

static dfota_result update(uint32_t slot_size)
{
    dfota_inplace_device device;

    memset(&device, 0, sizeof device);
    device.read = flash_read;
    device.erase = flash_erase;
    device.program = flash_program;
    device.read_patch = read_patch_at;
    device.patch_size = job.patch_size;
    device.sector_size = SECTOR_SIZE;
    device.page_size = PAGE_SIZE;
    device.slot_size = slot_size;
    device.journal_address = slot_size;
    device.journal_size = job.old_size - slot_size;
    device.page = page;
    device.memory = memory;
    device.memory_size = sizeof memory;
    return dfota_inplace_update(&state.inplace, &device);
}

/* -- jobs --------------------------------------------------------------------------------- */

/* The next word of the line; it ends with 0 then. */
static char *next_word(char **line)
{
    char *const word = *line;

    while (**line != ' ' && **line != '\0') {
        (*line)++;
    }
    if (**line == ' ') {
        *(*line)++ = '\0';
    }
    return word;
}

static uint32_t number_of(const char *digits)
{
    uint32_t value = 0;

    for (; *digits >= '0' && *digits <= '9'; digits++) {
        value = value * 10u + (uint32_t)(*digits - '0');
    }
    return value;
}

static int load(const char *old_name, const char *patch_name)
{
    const int32_t old_size = host_load(old_name, old_image, OLD_ROOM);
    const int32_t patch_size = host_load(patch_name, patch_bytes, OLD_ROOM);

    memset(&job, 0, sizeof job);
    job.old_size = (uint32_t)old_size;
    job.patch_size = (uint32_t)patch_size;
    return old_size < 0 || patch_size < 0;
}

/* Returns nonzero where the job makes no sense. */
static int do_job(char *line)
{
    const char *const verb = next_word(&line);
    const int in_place = strcmp(verb, "inplace") == 0;
    const char *const name = next_word(&line);
    const char *const old_name = next_word(&line);
    const char *const patch_name = next_word(&line);
    const char *const third = next_word(&line);
    dfota_result result;
    uint32_t ticks;

    host_print(name);
    if (load(old_name, patch_name) != 0) {
        host_print(" cannot be read\n");
        return 1;
    }
    job.cut = number_of(line);
    job.flash_name = old_name;
    memset(memory, 0xa5, sizeof memory); /* as it is after start: anything */
    memset(&state, 0xa5, sizeof state);
    stack_paint();
    ticks = clock_ticks();
    result = in_place ? update(number_of(third)) : apply();
    ticks = clock_ticks() - ticks;
    print_number(" stack=", stack_used());
    host_print(" result=");
    host_print(RESULTS[result]);
    if (in_place) {
        job.new_size = state.inplace.patch.header.new_size;
        print_number(" operations=", job.operations);
        print_number(" journal=", state.inplace.journal_needed);
        print_number(" slot=", state.inplace.slot_needed);
        (void)host_save(old_name, old_image, job.old_size);
    } else if (result == DFOTA_OK) {
        (void)host_save(third, new_image, job.new_size);
    }
    print_number(" memory=",
                 in_place ? state.inplace.patch.header.memory_size : state.patch.header.memory_size);
    if (result == DFOTA_OK) {
        print_number(" bytes=", job.new_size);
        print_digest(in_place ? old_image : new_image, job.new_size);
        print_number(" kiloinstructions=",
                     (uint32_t)((uint64_t)ticks * INSTRUCTIONS_PER_TICK / 1000u));
    }
    host_print("\n");
    return 0;
}

/* How well the clock counts instructions: a loop of exactly a million of them. */
static void calibrate(void)
{
    uint32_t ticks = clock_ticks();
    uint32_t rounds = 250000u;

    __asm volatile("1: nop\n nop\n subs %0, %0, #1\n bne 1b\n" : "+r"(rounds) : : "cc");
    ticks = clock_ticks() - ticks;
    print_number("million=", ticks * INSTRUCTIONS_PER_TICK);
}

int main(void)
{
    char *at = (char *)store_begin; /* nothing else is there yet */
    int32_t size;
    int status = 0;

    clock_begin();
    host_arguments(at, 4096);
    (void)next_word(&at);
    size = host_load(at, (uint8_t *)jobs, 0x100000u);
    if (size < 0) {
        host_print("no list of jobs\n");
        return 2;
    }
    jobs[size] = '\0';
    calibrate();
    print_number(" struct_patch=", sizeof(dfota_patch));
    print_number(" struct_inplace=", sizeof(dfota_inplace));
    print_number(" variables=", (uint32_t)(bss_end - bss_begin));
    print_number(" stack_room=", (uint32_t)(stack_top - stack_limit));
    host_print("\n");
    for (at = jobs; *at != '\0' && status == 0;) {
        char *line = at;
        while (*at != '\n' && *at != '\0') {
            at++;
        }
        if (*at == '\n') {
            *at++ = '\0';
        }
        status = do_job(line);
    }
    return status;
}
