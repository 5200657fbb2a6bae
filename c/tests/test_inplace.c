/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Updates in place on a simulated flash that is stricter than any chip, with the power cut at
 * every single flash operation, and again while recovering.
 *
 * Usage: test_inplace                                  every few operations, of many shapes
 *        test_inplace STRIDE                           every STRIDE-th operation (1: all; 0: no sweep)
 *        test_inplace OLD NEW SECTOR PAGE SPARE STRIDE the same for two files
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dfota_create.h"
#include "dfota_inplace.h"

/* What a cut leaves of the operation that it hits. */
enum { CUT_BEFORE, CUT_HALF, CUT_LAST_BYTE, CUT_AFTER, CUT_WEAK, CUT_COUNT };

typedef struct chip {
    uint8_t *bytes;
    uint32_t *erased; /* of each page: the session in which it was erased; 0: not since used */
    uint8_t *weak;    /* of each page: after so many sessions it reads well no more; 0: never */
    uint32_t session;
} chip;

typedef struct rig {
    dfota_inplace_device device;
    dfota_inplace run;
    chip flash;
    uint32_t size;
    const uint8_t *patch;
    uint32_t operations;
    uint32_t cut_at; /* 0: never */
    unsigned cut_mode;
    uint32_t bad_page; /* where a bit does not hold, plus 1; 0: nowhere */
    jmp_buf power;
    int is_main; /* tries all cuts at each of its operations */
    uint32_t stride;
} rig;

static const char *const MODES[] = {"before", "half", "all but the last byte", "after", "weak"};

static const uint8_t *new_image;
static uint32_t new_size;
static unsigned long cuts;
static unsigned long double_cuts;
static unsigned long failures;
static rig spare_rig;

static uint32_t random_number(void)
{
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static void complain(const char *what, unsigned long a, unsigned long b, unsigned long c)
{
    if (failures++ < 10u) {
        printf("FAILED: %s (%lu, %lu, %lu)\n", what, a, b, c);
    }
}

/* -- the chip --------------------------------------------------------------------------- */

static void *room(size_t size)
{
    void *memory = calloc(size > 0 ? size : 1u, 1);
    if (memory == NULL) {
        exit(2);
    }
    return memory;
}

static uint32_t pages_of(const rig *it)
{
    return it->size / it->device.page_size;
}

static void power_on(rig *it)
{
    uint32_t page;

    it->flash.session++;
    for (page = 0; page < pages_of(it); page++) {
        if (it->flash.weak[page] > 0 && --it->flash.weak[page] == 0) {
            it->flash.bytes[page * it->device.page_size + random_number() % it->device.page_size] ^=
                (uint8_t)(1u << random_number() % 8u);
            it->flash.erased[page] = 0;
        }
    }
}

static int flash_read(void *ctx, uint32_t address, uint8_t *buf, size_t size)
{
    const rig *it = (const rig *)ctx;
    if (address > it->size || size > it->size - address) {
        complain("read outside flash", address, size, 0);
        return 1;
    }
    memcpy(buf, it->flash.bytes + address, size);
    return 0;
}

/* Erase (`data` NULL) or program, as far as the cut lets it. */
static void change(rig *it, uint32_t address, const uint8_t *data, uint32_t size, unsigned mode)
{
    const uint32_t page_size = it->device.page_size;
    const uint32_t done = mode == CUT_BEFORE      ? 0
                          : mode == CUT_HALF      ? size / 2u
                          : mode == CUT_LAST_BYTE ? size - 1u
                                                  : size;
    uint32_t i;

    for (i = 0; i < done; i++) {
        it->flash.bytes[address + i] = data == NULL ? 0xffu : data[i];
    }
    for (i = address / page_size; i < (address + size) / page_size && mode != CUT_BEFORE; i++) {
        const int whole = mode == CUT_AFTER || mode == CUT_WEAK || mode == CUT_COUNT;
        it->flash.erased[i] = data == NULL && whole ? it->flash.session : 0;
        it->flash.weak[i] = (uint8_t)(mode == CUT_WEAK ? 2u + random_number() % 3u : 0u);
    }
}

static void recover(rig *it, uint32_t first, unsigned mode);

/* At this operation of the main run, cut in every way, on a copy. */
static void try_cuts(rig *it, uint32_t address, const uint8_t *data, uint32_t size)
{
    unsigned mode;

    for (mode = 0; mode < CUT_COUNT; mode++) {
        memcpy(spare_rig.flash.bytes, it->flash.bytes, it->size);
        memcpy(spare_rig.flash.erased, it->flash.erased, pages_of(it) * sizeof(uint32_t));
        memcpy(spare_rig.flash.weak, it->flash.weak, pages_of(it));
        spare_rig.flash.session = it->flash.session;
        change(&spare_rig, address, data, size, mode);
        cuts++;
        recover(&spare_rig, it->operations, mode);
    }
}

static void operate(rig *it, uint32_t address, const uint8_t *data, uint32_t size)
{
    it->operations++;
    /* The pages of checkpoints are many and alike: of them only some, if so wanted. */
    if (it->is_main && (it->operations % it->stride == 0 ||
                        address < it->device.slot_size + 2u * it->device.sector_size)) {
        try_cuts(it, address, data, size);
    }
    if (it->operations == it->cut_at) {
        change(it, address, data, size, it->cut_mode);
        longjmp(it->power, 1);
    }
    change(it, address, data, size, CUT_COUNT);
}

static int flash_erase(void *ctx, uint32_t address)
{
    rig *it = (rig *)ctx;
    if (address % it->device.sector_size != 0 || address >= it->size) {
        complain("erased what is no sector", address, 0, 0);
        return 1;
    }
    operate(it, address, NULL, it->device.sector_size);
    return 0;
}

static int flash_program(void *ctx, uint32_t address, const uint8_t *buf, size_t size)
{
    rig *it = (rig *)ctx;
    const uint32_t page = address / it->device.page_size;
    if (address % it->device.page_size != 0 || size != it->device.page_size ||
        address >= it->size) {
        complain("programmed what is no page", address, size, 0);
        return 1;
    }
    if (it->flash.erased[page] != it->flash.session) {
        complain("programmed a page that was not erased in this session", address, 0, 0);
        return 1;
    }
    operate(it, address, buf, (uint32_t)size);
    if (it->bad_page == address + 1u) {
        it->flash.bytes[address] ^= 16u;
    }
    return 0;
}

static int read_patch(void *ctx, uint32_t offset, uint8_t *buf, size_t size)
{
    const rig *it = (const rig *)ctx;
    if (offset > it->device.patch_size || size > it->device.patch_size - offset) {
        complain("read outside the patch", offset, size, 0);
        return 1;
    }
    memcpy(buf, it->patch + offset, size);
    return 0;
}

/* -- a rig ------------------------------------------------------------------------------ */

static void set_up(rig *it, uint32_t slot, uint32_t journal, uint32_t sector, uint32_t page,
                   const uint8_t *patch, size_t patch_size)
{
    memset(it, 0, sizeof *it);
    it->size = slot + journal;
    it->flash.bytes = (uint8_t *)room(it->size);
    it->flash.erased = (uint32_t *)room(it->size / page * sizeof(uint32_t));
    it->flash.weak = (uint8_t *)room(it->size / page);
    it->flash.session = 1;
    it->patch = patch;
    it->stride = 1;
    it->device.read = flash_read;
    it->device.erase = flash_erase;
    it->device.program = flash_program;
    it->device.read_patch = read_patch;
    it->device.ctx = it;
    it->device.patch_size = (uint32_t)patch_size;
    it->device.sector_size = sector;
    it->device.page_size = page;
    it->device.slot_size = slot;
    it->device.journal_address = slot;
    it->device.journal_size = journal;
    it->device.page = (uint8_t *)room(page);
    it->device.memory_size = 32768;
    it->device.memory = room(it->device.memory_size);
}

static void tear_down(rig *it)
{
    free(it->flash.bytes);
    free(it->flash.erased);
    free(it->flash.weak);
    free(it->device.page);
    free(it->device.memory);
}

/* The slot holds `image`, the rest of the flash is dirt, as it is in life. */
static void install(rig *it, const uint8_t *image, uint32_t size)
{
    uint32_t i;

    for (i = 0; i < it->size; i++) {
        it->flash.bytes[i] = (uint8_t)random_number();
    }
    memcpy(it->flash.bytes, image, size);
    memset(it->flash.erased, 0, pages_of(it) * sizeof(uint32_t));
    memset(it->flash.weak, 0, pages_of(it));
    it->operations = 0;
    it->cut_at = 0;
    it->is_main = 0;
}

/* One session: 1 if the power was cut. */
static int session(rig *it, dfota_result *result)
{
    power_on(it);
    it->operations = 0;
    if (setjmp(it->power) != 0) {
        return 1;
    }
    *result = dfota_inplace_update(&it->run, &it->device);
    return 0;
}

static int is_new(const rig *it)
{
    return memcmp(it->flash.bytes, new_image, new_size) == 0;
}

static uint32_t pages_of_record(const rig *it)
{
    const uint32_t page = it->device.page_size;

    return (DFOTA_INPLACE_RECORD_SIZE + page - 1u) / page;
}

/*
 * After one cut: up to four more at random, most of them where the journal is renewed, then go
 * through; then nothing is left to do.
 */
static void recover(rig *it, uint32_t first, unsigned mode)
{
    const unsigned more = random_number() % 5u;
    dfota_result result = DFOTA_OK;
    unsigned i;

    for (i = 0; i < more; i++) {
        it->cut_at = 1u + random_number() % (random_number() % 4u ? 6u : 400u);
        it->cut_mode = random_number() % 2u ? (unsigned)CUT_WEAK : random_number() % CUT_COUNT;
        if (!session(it, &result)) {
            break;
        }
        double_cuts++;
    }
    it->cut_at = 0;
    if (result == DFOTA_OK) {
        (void)session(it, &result);
    }
    if (result != DFOTA_OK || !is_new(it)) {
        complain(MODES[mode], first, (unsigned long)result, (unsigned long)is_new(it));
        return;
    }
    (void)session(it, &result);
    /* The cut may have weakened the last record: a sector is erased, three records are written. */
    if (it->operations > 0 && it->operations <= 3u + 3u * pages_of_record(it)) {
        (void)session(it, &result);
    }
    if (result != DFOTA_OK || it->operations != 0 || !is_new(it)) {
        complain("a finished update is not recognised", first, it->operations, 0);
    }
}

/* -- patches ---------------------------------------------------------------------------- */

static uint8_t *make_patch(const uint8_t *old, uint32_t old_size, uint32_t sector, uint32_t spare,
                           int honest, size_t *size)
{
    dfota_create_input input;
    dfota_creator *creator;
    const uint8_t *patch = NULL;
    uint8_t *copy = NULL;
    uint32_t done = 0;
    dfota_result result;

    memset(&input, 0, sizeof input);
    input.old_image = old;
    input.new_image = new_image;
    input.old_size = old_size;
    input.new_size = new_size;
    input.profile = DFOTA_PROFILE_EMBEDDED;
    input.sector_size = sector;
    input.spare_size = spare;
    input.isas = DFOTA_ISAS;
    creator = dfota_create_begin(&input);
    if (creator == NULL) {
        return NULL;
    }
    if (honest) {
        result = dfota_create_plan(creator, NULL, NULL);
    } else { /* a plan that thinks of no place */
        dfota_plan plan;
        dfota_plan_options options;
        memset(&options, 0, sizeof options);
        options.block_max = 300;
        options.isas = DFOTA_ISAS;
        result = dfota_plan_make(&plan, old, old_size, new_image, new_size, &options) == 0
                     ? dfota_create_use(creator, &plan)
                     : DFOTA_ERR_MEMORY;
        dfota_plan_free(&plan);
    }
    while (result == DFOTA_OK && patch == NULL) {
        result = dfota_create_step(creator, 1000000, &done);
        patch = dfota_create_patch(creator, size);
    }
    if (patch != NULL) {
        copy = (uint8_t *)room(*size);
        memcpy(copy, patch, *size);
    }
    dfota_create_free(creator);
    return copy;
}

/* A next release: pieces of old put elsewhere, edited, and some new ones. */
static uint8_t *evolve(const uint8_t *old, uint32_t old_size, uint32_t most, uint32_t *size)
{
    uint8_t *image = (uint8_t *)room(most);
    uint32_t at = 0;

    while (at < most) {
        uint32_t length = 100u + random_number() % 900u;
        const uint32_t from = old_size > 0 && random_number() % 3u ? at % old_size
                              : old_size > 0                       ? random_number() % old_size
                                                                   : 0;
        const int fresh = old_size == 0 || random_number() % 8u == 0;
        for (; length > 0 && at < most; length--, at++) {
            image[at] = (uint8_t)(random_number() % 64u);
            if (!fresh && from + length < old_size && random_number() % 40u) {
                image[at] = old[(from + at) % old_size];
            }
        }
    }
    *size = most;
    return image;
}

/* -- tests ------------------------------------------------------------------------------ */

static uint32_t up(uint32_t size, uint32_t unit)
{
    return (size + unit - 1u) / unit * unit;
}

static uint32_t slot_for(uint32_t old_size, uint32_t sector, uint32_t spare)
{
    const uint32_t old_room = up(old_size, sector) + up(spare, sector);
    const uint32_t new_room = up(new_size, sector);
    return old_room > new_room ? old_room : new_room;
}

static void expect(rig *it, dfota_result wanted, const char *what)
{
    dfota_result result = DFOTA_OK;
    (void)session(it, &result);
    if (result != wanted || (wanted != DFOTA_OK && it->operations != 0)) {
        complain(what, (unsigned long)result, it->operations, 0);
    }
}

/* Whatever cannot be done is refused, and not one sector is touched. */
static void test_refusals(const uint8_t *old, uint32_t old_size, uint32_t sector, uint32_t spare)
{
    const uint32_t slot = slot_for(old_size, sector, spare);
    size_t size = 0;
    uint8_t *patch = make_patch(old, old_size, sector, spare, 1, &size);
    rig it;

    set_up(&it, slot, up(64000, 2u * sector), sector, sector / 4u, patch, size);
    install(&it, old, old_size);
    it.flash.bytes[old_size / 2u] ^= 1u;
    expect(&it, DFOTA_ERR_DIGEST, "another old image");
    install(&it, old, old_size);
    it.device.slot_size -= sector;
    expect(&it, DFOTA_ERR_LIMIT, "a slot too small");
    if (it.run.slot_needed != slot) {
        complain("the slot that is needed", it.run.slot_needed, slot, 0);
    }
    it.device.slot_size = slot;
    it.device.journal_size = 2u * sector;
    expect(&it, DFOTA_ERR_LIMIT, "a journal too small");
    it.device.journal_size = it.run.journal_needed;
    expect(&it, DFOTA_OK, "the journal that is needed");
    if (it.operations == 0 || !is_new(&it)) {
        complain("the update itself", it.operations, 0, 0);
    }
    expect(&it, DFOTA_OK, "a finished update");
    if (it.operations != 0) {
        complain("a finished update writes", it.operations, 0, 0);
    }
    install(&it, old, old_size);
    it.device.memory_size = 1000;
    expect(&it, DFOTA_ERR_MEMORY, "memory too small");
    it.device.memory_size = 32768;
    it.device.patch_size--;
    expect(&it, DFOTA_ERR_TRUNCATED, "a truncated patch");
    it.device.patch_size++;
    patch[size / 2u] ^= 4u;
    {
        dfota_result result = DFOTA_OK;
        (void)session(&it, &result);
        if (result == DFOTA_OK || it.operations != 0) {
            complain("a damaged patch", (unsigned long)result, it.operations, 0);
        }
    }
    patch[size / 2u] ^= 4u;
    expect(&it, DFOTA_OK, "after all refusals");
    tear_down(&it);
    free(patch);

    patch = make_patch(old, old_size, 0, 0, 1, &size);
    set_up(&it, slot, up(64000, 2u * sector), sector, sector / 4u, patch, size);
    install(&it, old, old_size);
    expect(&it, DFOTA_ERR_UNSUPPORTED, "a patch for two slots");
    tear_down(&it);
    free(patch);

    patch = make_patch(old, old_size, sector, 0, 0, &size);
    set_up(&it, slot_for(old_size, sector, 0), up(64000, 2u * sector), sector, sector / 4u, patch,
           size);
    install(&it, old, old_size);
    expect(&it, DFOTA_ERR_RANGE, "a patch that needs what it overwrites");
    tear_down(&it);
    free(patch);
}

/* Run until just before operation `cut_at`, flip a bit at `address` (0: in the newest checkpoint), and go on. */
static void flip(rig *it, const uint8_t *old, uint32_t old_size, uint32_t cut_at, uint32_t address,
                 const char *what)
{
    dfota_result result = DFOTA_OK;

    install(it, old, old_size);
    it->cut_at = cut_at;
    it->cut_mode = CUT_BEFORE;
    (void)session(it, &result);
    it->cut_at = 0;
    if (address == 0) {
        address = it->device.journal_address + it->run.half + 99u;
    }
    it->flash.bytes[address] ^= 1u;
    expect(it, DFOTA_ERR_DIGEST, what);
    it->flash.bytes[address] ^= 1u;
    expect(it, DFOTA_OK, "as it was before the flipped bit");
    if (!is_new(it)) {
        complain(what, cut_at, address, 0);
    }
}

/* Flash that lies is noticed, before more is overwritten where that can be. */
static void test_faults(const uint8_t *old, uint32_t old_size, uint32_t sector)
{
    const uint32_t slot = slot_for(old_size, sector, 2u * sector);
    const uint32_t page = sector / 4u;
    const uint32_t sectors = up(old_size, sector) / sector;
    const uint32_t moving = up(old_size, page) / page + sectors; /* operations */
    dfota_result result = DFOTA_OK;
    size_t size = 0;
    uint8_t *patch = make_patch(old, old_size, sector, 2u * sector, 1, &size);
    uint32_t writing;
    uint32_t i;
    rig it;

    set_up(&it, slot, up(64000, 2u * sector), sector, page, patch, size);
    install(&it, old, old_size);
    (void)session(&it, &result);
    for (i = new_size; i < up(new_size, page); i++) {
        if (it.flash.bytes[i] != 0xffu) {
            complain("the last page is not padded", i, 0, 0);
        }
    }
    writing = it.operations - 4u; /* the last checkpoint is complete, nothing says that all is done */
    flip(&it, old, old_size, moving / 2u, 7u, "old is damaged that was not moved yet");
    flip(&it, old, old_size, moving / 2u, slot - sector, "old is damaged that was moved");
    flip(&it, old, old_size, writing, 9u, "new is damaged that was written");
    flip(&it, old, old_size, writing, 0, "a checkpoint is damaged");
    install(&it, old, old_size);
    it.bad_page = 1u + sector;
    (void)session(&it, &result);
    if (result != DFOTA_ERR_IO) {
        complain("a bit that does not hold", (unsigned long)result, 0, 0);
    }
    tear_down(&it);
    free(patch);
}

/* The same journal serves one update after the other, there and back again. */
static void test_journal_lives_on(const uint8_t *old, uint32_t old_size, uint32_t sector)
{
    const uint8_t *const there = new_image;
    const uint32_t there_size = new_size;
    const uint32_t slot = slot_for(old_size, sector, 4u * sector) + 2u * sector;
    size_t sizes[2] = {0, 0};
    uint8_t *patches[2];
    unsigned round;
    rig it;

    patches[0] = make_patch(old, old_size, sector, sector, 1, &sizes[0]);
    new_image = old;
    new_size = old_size;
    patches[1] = make_patch(there, there_size, sector, sector, 1, &sizes[1]);
    set_up(&it, slot, up(64000, 2u * sector), sector, sector / 4u, NULL, 0);
    install(&it, old, old_size);
    for (round = 0; round < 40u; round++) {
        dfota_result result = DFOTA_OK;
        const unsigned back = round & 1u;
        unsigned tries = 0;
        new_image = back ? old : there;
        new_size = back ? old_size : there_size;
        it.patch = patches[back];
        it.device.patch_size = (uint32_t)sizes[back];
        do {
            it.cut_at = 1u + random_number() % 200u;
            it.cut_mode = random_number() % CUT_COUNT;
            if (tries == 50u) {
                it.cut_at = 0;
            }
            /* The other patch is refused while this one is under way. */
            if (session(&it, &result) && !is_new(&it) && random_number() % 4u == 0) {
                double_cuts++;
                it.cut_at = 0;
                it.patch = patches[!back];
                it.device.patch_size = (uint32_t)sizes[!back];
                (void)session(&it, &result);
                if (it.operations != 0 || (result != DFOTA_ERR_DIGEST && result != DFOTA_OK)) {
                    complain("another patch meddles", round, (unsigned long)result, it.operations);
                }
                it.patch = patches[back];
                it.device.patch_size = (uint32_t)sizes[back];
            }
            cuts++;
        } while (++tries <= 51u && (!is_new(&it) || it.cut_at != 0));
        it.cut_at = 0;
        expect(&it, DFOTA_OK, "the last session of a round");
        if (!is_new(&it)) {
            complain("round", round, (unsigned long)result, tries);
        }
    }
    new_image = there;
    new_size = there_size;
    tear_down(&it);
    free(patches[0]);
    free(patches[1]);
}

/* From one state, three sessions in a row are cut while they renew the journal, in all ways. */
static void renew(const rig *it, uint32_t at)
{
    unsigned code;

    for (code = 0; code < 8u * 8u * 8u; code++) {
        dfota_result result = DFOTA_OK;
        unsigned left = code;
        unsigned i;
        memcpy(spare_rig.flash.bytes, it->flash.bytes, it->size);
        memcpy(spare_rig.flash.erased, it->flash.erased, pages_of(it) * sizeof(uint32_t));
        memcpy(spare_rig.flash.weak, it->flash.weak, pages_of(it));
        spare_rig.flash.session = it->flash.session;
        for (i = 0; i < 3u; i++, left /= 8u) {
            spare_rig.cut_at = 1u + left % 4u;
            spare_rig.cut_mode = left % 8u < 4u ? CUT_BEFORE : CUT_WEAK;
            (void)session(&spare_rig, &result);
            double_cuts++;
        }
        spare_rig.cut_at = 0;
        (void)session(&spare_rig, &result);
        if (result != DFOTA_OK || !is_new(&spare_rig)) {
            complain("while the journal is renewed", at, code, (unsigned long)result);
        }
    }
}

static void test_renewal(const uint8_t *old, uint32_t old_size)
{
    const uint32_t sector = 256;
    const uint32_t slot = slot_for(old_size, sector, 8u * sector); /* no checkpoint is due */
    dfota_result result = DFOTA_OK;
    size_t size = 0;
    uint8_t *patch = make_patch(old, old_size, sector, 2u * sector, 1, &size);
    uint32_t at;
    rig it;

    set_up(&it, slot, up(64000, 2u * sector), sector, 64, patch, size);
    set_up(&spare_rig, slot, up(64000, 2u * sector), sector, 64, patch, size);
    for (at = 27; at < 31u; at++) { /* around the first record of writing */
        install(&it, old, old_size);
        it.cut_at = at;
        it.cut_mode = CUT_WEAK;
        (void)session(&it, &result);
        cuts++;
        renew(&it, at);
    }
    tear_down(&it);
    tear_down(&spare_rig);
    free(patch);
}

/* Every operation of an update is cut in every way. */
static void test_sweep(const uint8_t *old, uint32_t old_size, uint32_t sector, uint32_t page,
                       uint32_t spare, uint32_t extra, uint32_t stride)
{
    const uint32_t slot = slot_for(old_size, sector, spare) + extra;
    const unsigned long before = cuts;
    const unsigned long before_double = double_cuts;
    dfota_result result = DFOTA_OK;
    size_t size = 0;
    uint8_t *patch = make_patch(old, old_size, sector, spare, 1, &size);
    rig it;

    if (patch == NULL) {
        complain("no patch", old_size, new_size, 0);
        return;
    }
    set_up(&it, slot, up(64000, 2u * sector), sector, page, patch, size);
    set_up(&spare_rig, slot, up(64000, 2u * sector), sector, page, patch, size);
    install(&it, old, old_size);
    (void)session(&it, &result); /* tells how large the journal must be; use just that */
    if (it.run.journal_needed > 0) {
        it.device.journal_size = it.run.journal_needed;
        spare_rig.device.journal_size = it.run.journal_needed;
    }
    install(&it, old, old_size);
    it.is_main = 1;
    it.stride = stride;
    (void)session(&it, &result);
    if (result != DFOTA_OK || !is_new(&it)) {
        complain("without a cut", (unsigned long)result, sector, spare);
    }
    printf("sector %u, page %u, spare %u, slot %u, journal %u: %u -> %u bytes, patch %u, every %u "
           "sectors a checkpoint; %u operations, %lu cuts and %lu later ones\n",
           (unsigned)sector, (unsigned)page, (unsigned)spare, (unsigned)slot,
           (unsigned)it.run.journal_needed, (unsigned)old_size, (unsigned)new_size, (unsigned)size,
           (unsigned)it.run.interval, (unsigned)it.operations, cuts - before,
           double_cuts - before_double);
    tear_down(&it);
    tear_down(&spare_rig);
    free(patch);
}

static uint8_t *load(const char *path, uint32_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *content = (uint8_t *)room(1u << 24);

    if (file == NULL) {
        printf("cannot read %s\n", path);
        exit(2);
    }
    *size = (uint32_t)fread(content, 1, 1u << 24, file);
    (void)fclose(file);
    return content;
}

int main(int argc, char **argv)
{
    uint8_t *old;
    uint8_t *new;
    uint32_t old_size;

    if (argc == 7) {
        old = load(argv[1], &old_size);
        new = load(argv[2], &new_size);
        new_image = new;
        test_sweep(old, old_size, (uint32_t)atol(argv[3]), (uint32_t)atol(argv[4]),
                   (uint32_t)atol(argv[5]), 0, (uint32_t)atol(argv[6]));
        free(old);
        free(new);
    } else {
        /* old and new sizes, sector, page, spare, extra room, every how-many-th operation */
        static const uint32_t shapes[][7] = {
            {5000, 5600, 1024, 256, 0, 0, 19},      {6000, 6100, 1024, 256, 1024, 0, 41},
            {9000, 9500, 1024, 256, 2048, 2048, 19}, {4000, 7000, 512, 128, 512, 1024, 19},
            {7000, 3000, 512, 64, 512, 0, 97},     {3000, 0, 512, 64, 512, 0, 1},
            {0, 3000, 512, 64, 0, 0, 3},            {3000, 3000, 512, 32, 700, 20480, 9},
        };
        unsigned i;
        for (i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
            const uint32_t *s = shapes[i];
            old = evolve(NULL, 0, s[0], &old_size);
            new = evolve(old, old_size, s[1], &new_size);
            new_image = new;
            if (i == 1u) {
                test_refusals(old, old_size, s[2], s[4]);
                test_faults(old, old_size, s[2]);
            }
            if (i == 6u) { /* small images: there are many runs */
                const uint32_t size = new_size;
                uint8_t *small = evolve(NULL, 0, 1300, &old_size);
                new_size = 1300;
                test_renewal(small, old_size);
                free(small);
                new_size = size;
                old_size = 0;
            }
            if (i == 1u) {
                test_journal_lives_on(old, old_size, s[2]);
            }
            if (argc < 2 || atol(argv[1]) > 0) {
                test_sweep(old, old_size, s[2], s[3], s[4], s[5],
                           argc == 2 ? (uint32_t)atol(argv[1]) : s[6]);
            }
            free(old);
            free(new);
        }
    }
    printf("%lu cuts and %lu later ones, %lu failures\n", cuts, double_cuts, failures);
    return failures != 0;
}
