/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Updates in place: the order of erasing and programming, and the journal that makes it
 * survive power cuts. It knows no chip, and of patches only what dfota_patch.h says.
 *
 * Rule 1. What a record promises is in flash before the record is; what it needs stays in
 *         flash until the next record is complete.
 * Rule 2. Nothing is programmed that was not erased in this very session: whatever a cut left
 *         half erased or half programmed is never built upon.
 * Rule 3. A record that was found is copied before it is relied on: its page may be what the
 *         cut hit, and read well for a while only. Until the copy is sealed, the record before
 *         it is kept too, which is as good as long as nothing was done since.
 */
#include "dfota_inplace.h"

#include <string.h>

/* What a record says; the order in which an update meets them. */
enum { RECORD_NONE, RECORD_MOVE, RECORD_WRITE, RECORD_DONE };

/*
 * The journal: two sectors for records, of which one is in use, then two halves for
 * checkpoints. A record is, all numbers least significant byte first:
 * 0 magic, 4 sequence, 8 turn, 12 kind, 16 progress, 20 checkpoint size and 24 place,
 * 28 identity of the patch, 44 digest of the checkpoint, 56 digest of all before.
 */
static const uint8_t MAGIC[4] = {0xdfu, 'O', 'T', 'J'};
#define AT_TURN 8u
#define AT_IDENTITY 28u
#define IDENTITY_SIZE 16u
#define AT_PAYLOAD_DIGEST 44u
#define PAYLOAD_DIGEST_SIZE 12u
#define AT_DIGEST 56u
#define DIGEST_SIZE 8u
#define NOWHERE 0xffffffffu

typedef struct record {
    uint32_t kind;
    uint32_t progress;
    uint32_t size; /* of the checkpoint */
    int is_ours;
    uint8_t payload_digest[PAYLOAD_DIGEST_SIZE];
} record;

/* The first failure counts; DFOTA_OK is none. */
static void fail(dfota_inplace *run, dfota_result result)
{
    if (run->failure == DFOTA_OK) {
        run->failure = result;
    }
}

static uint32_t round_up(uint32_t size, uint32_t unit)
{
    return (size + unit - 1u) / unit * unit;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void put_word(uint8_t *bytes, uint32_t value)
{
    unsigned i;

    for (i = 0; i < 4u; i++) {
        bytes[i] = (uint8_t)(value >> (8u * i));
    }
}

static uint32_t get_word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* -- flash ------------------------------------------------------------------------------ */

static void flash_read(dfota_inplace *run, uint32_t address, uint8_t *buf, uint32_t size)
{
    if (run->failure == DFOTA_OK && run->device->read(run->device->ctx, address, buf, size) != 0) {
        fail(run, DFOTA_ERR_IO);
    }
}

static void flash_erase(dfota_inplace *run, uint32_t address)
{
    if (run->failure == DFOTA_OK && run->device->erase(run->device->ctx, address) != 0) {
        fail(run, DFOTA_ERR_IO);
    }
}

/* Program the page buffer, of which `used` bytes matter. */
static void flash_program(dfota_inplace *run, uint32_t address, uint32_t used)
{
    const dfota_inplace_device *device = run->device;

    memset(device->page + used, 0xff, device->page_size - used);
    if (run->failure == DFOTA_OK &&
        device->program(device->ctx, address, device->page, device->page_size) != 0) {
        fail(run, DFOTA_ERR_IO);
    }
}

/* -- what the patch reads ---------------------------------------------------------------- */

static size_t read_patch(void *ctx, uint8_t *buf, size_t size)
{
    dfota_inplace *run = (dfota_inplace *)ctx;
    const uint32_t left = run->device->patch_size - run->patch_used;
    const uint32_t take = size < left ? (uint32_t)size : left;

    if (take > 0 && run->device->read_patch(run->device->ctx, run->patch_used, buf, take) != 0) {
        return size + 1u;
    }
    run->patch_used += take;
    return take;
}

/* Old, wherever it is: the sectors that were moved lie higher. */
static int read_old(void *ctx, uint32_t offset, uint8_t *buf, size_t size)
{
    dfota_inplace *run = (dfota_inplace *)ctx;
    const dfota_inplace_device *device = run->device;
    const uint32_t stay = (run->old_count - run->moved) * device->sector_size;

    if (offset + run->shift < run->gone) {
        fail(run, DFOTA_ERR_RANGE);
    }
    while (size > 0 && run->failure == DFOTA_OK) {
        const uint32_t most = offset < stay ? stay - offset : 0xffffffffu;
        const uint32_t take = size < most ? (uint32_t)size : most;
        flash_read(run, device->slot_address + offset + (offset < stay ? 0u : run->shift), buf,
                   take);
        offset += take;
        buf += take;
        size -= take;
    }
    return run->failure != DFOTA_OK;
}

static void open_patch(dfota_inplace *run)
{
    run->patch_used = 0;
    fail(run, dfota_patch_open(&run->patch, read_patch, run));
}

static void start_patch(dfota_inplace *run)
{
    if (run->failure == DFOTA_OK) {
        fail(run, dfota_patch_start(&run->patch, run->device->memory,
                                            run->device->memory_size, read_old));
    }
}

/* The next page of new, at `position`, into the page buffer. */
static uint32_t next_page(dfota_inplace *run, uint32_t position)
{
    const uint32_t batch = run->interval * run->device->sector_size;
    size_t produced = 0;

    /* All sectors up to the next checkpoint are counted as gone: decoding may begin again there. */
    run->gone = position / batch * batch + batch;
    if (run->failure == DFOTA_OK) {
        fail(run, dfota_patch_read(&run->patch, run->device->page, run->device->page_size,
                                           &produced));
    }
    return (uint32_t)produced;
}

/* -- digests ---------------------------------------------------------------------------- */

/* Feed `size` bytes of flash to the digest under way. */
static void hash_flash(dfota_inplace *run, uint32_t address, uint32_t size)
{
    const dfota_inplace_device *device = run->device;

    while (size > 0 && run->failure == DFOTA_OK) {
        const uint32_t take = least(size, device->page_size);
        flash_read(run, address, device->page, take);
        dfota_sha256_feed(&run->sha, device->page, take);
        address += take;
        size -= take;
    }
}

/* Whether the slot begins with `size` bytes of this digest. */
static int slot_has(dfota_inplace *run, uint32_t size, const uint8_t *digest, unsigned count)
{
    uint8_t actual[DFOTA_SHA256_SIZE];

    dfota_sha256_begin(&run->sha);
    hash_flash(run, run->device->slot_address, size);
    dfota_sha256_end(&run->sha, actual);
    return memcmp(actual, digest, count) == 0;
}

/* Whether old is all there, parts of it moved up. */
static int old_is_there(dfota_inplace *run)
{
    const uint32_t size = run->patch.header.old_size;
    uint8_t actual[DFOTA_SHA256_SIZE];
    uint32_t at;

    run->gone = 0;
    dfota_sha256_begin(&run->sha);
    for (at = 0; at < size && run->failure == DFOTA_OK; at += run->device->page_size) {
        const uint32_t take = least(size - at, run->device->page_size);
        (void)read_old(run, at, run->device->page, take);
        dfota_sha256_feed(&run->sha, run->device->page, take);
    }
    dfota_sha256_end(&run->sha, actual);
    return memcmp(actual, run->patch.header.old_digest, DFOTA_PATCH_OLD_DIGEST_SIZE) == 0;
}

static void identify(dfota_inplace *run)
{
    const dfota_inplace_device *device = run->device;
    uint8_t digest[DFOTA_SHA256_SIZE];
    uint32_t at;

    dfota_sha256_begin(&run->sha);
    for (at = 0; at < device->patch_size; at += device->page_size) {
        const uint32_t take = least(device->patch_size - at, device->page_size);
        if (device->read_patch(device->ctx, at, device->page, take) != 0) {
            fail(run, DFOTA_ERR_IO);
            return;
        }
        dfota_sha256_feed(&run->sha, device->page, take);
    }
    dfota_sha256_end(&run->sha, digest);
    memcpy(run->identity, digest, sizeof run->identity);
}

/* -- the journal: records ----------------------------------------------------------------- */

static uint32_t record_room(const dfota_inplace *run)
{
    return round_up(DFOTA_INPLACE_RECORD_SIZE, run->device->page_size);
}

static void record_digest(dfota_inplace *run, const uint8_t *bytes, uint8_t *digest)
{
    dfota_sha256_begin(&run->sha);
    dfota_sha256_feed(&run->sha, bytes, AT_DIGEST);
    dfota_sha256_end(&run->sha, digest);
}

/* Read the record at `at`; 0 if there is none. */
static int get_record(dfota_inplace *run, uint32_t at, uint8_t *bytes)
{
    uint8_t digest[DFOTA_SHA256_SIZE];

    flash_read(run, run->device->journal_address + at, bytes, DFOTA_INPLACE_RECORD_SIZE);
    record_digest(run, bytes, digest);
    return run->failure == DFOTA_OK && memcmp(bytes, MAGIC, sizeof MAGIC) == 0 &&
           memcmp(bytes + AT_DIGEST, digest, DIGEST_SIZE) == 0;
}

/* Program the record at the end of the log. */
static void append_record(dfota_inplace *run, uint8_t *bytes)
{
    const dfota_inplace_device *device = run->device;
    uint8_t digest[DFOTA_SHA256_SIZE];
    uint32_t done;

    put_word(bytes + AT_TURN, run->turn);
    record_digest(run, bytes, digest);
    memcpy(bytes + AT_DIGEST, digest, DIGEST_SIZE);
    run->newest = run->log;
    for (done = 0; done < DFOTA_INPLACE_RECORD_SIZE; done += device->page_size) {
        const uint32_t take = least(DFOTA_INPLACE_RECORD_SIZE - done, device->page_size);
        memcpy(device->page, bytes + done, take);
        flash_program(run, device->journal_address + run->log, take);
        run->log += device->page_size;
    }
}

/*
 * Go on in the other sector of the log, with a copy of the newest record, which comes twice:
 * the second one says that the first is complete. Such a sector is sealed, and from then on
 * (not before) the sector left behind is not needed.
 */
static void turn_over(dfota_inplace *run)
{
    const uint32_t sector = run->device->sector_size;
    const uint32_t newest = run->newest;
    uint8_t bytes[DFOTA_INPLACE_RECORD_SIZE];
    unsigned i;

    run->log = run->newest != NOWHERE && run->newest < sector ? sector : 0u;
    run->turn++;
    flash_erase(run, run->device->journal_address + run->log);
    for (i = 0; i < 2u && newest != NOWHERE && get_record(run, newest, bytes); i++) {
        append_record(run, bytes);
    }
}

/* What a sector of the log holds. */
typedef struct log_sector {
    uint32_t newest; /* NOWHERE: nothing */
    uint32_t sequence;
    uint32_t turn;
    int is_sealed;
} log_sector;

static void read_log(dfota_inplace *run, uint32_t begin, log_sector *log)
{
    uint8_t bytes[DFOTA_INPLACE_RECORD_SIZE];
    uint32_t at;

    memset(log, 0, sizeof *log);
    log->newest = NOWHERE;
    for (at = begin; at - begin + record_room(run) <= run->device->sector_size &&
                     get_record(run, at, bytes);
         at += record_room(run)) {
        if (log->newest != NOWHERE && get_word(bytes + 4) == log->sequence) {
            log->is_sealed = 1;
        }
        log->newest = at;
        log->sequence = get_word(bytes + 4);
        log->turn = get_word(bytes + AT_TURN);
    }
}

/*
 * Whether `a` is to be believed rather than `b`: the sealed one, of two sealed ones the later.
 * Where none is, the seal of the earlier one was hit by a cut (and read well until now); its
 * first record was not.
 */
static int is_better(const log_sector *a, const log_sector *b)
{
    if (a->newest == NOWHERE || b->newest == NOWHERE) {
        return a->newest != NOWHERE;
    }
    if (a->is_sealed != b->is_sealed) {
        return a->is_sealed;
    }
    if (a->is_sealed) {
        return a->turn > b->turn;
    }
    return a->sequence != b->sequence ? a->sequence > b->sequence : a->turn < b->turn;
}

/* The newest record, if there is one. */
static void find_record(dfota_inplace *run, record *found)
{
    uint8_t bytes[DFOTA_INPLACE_RECORD_SIZE];
    log_sector log;
    log_sector other;

    memset(found, 0, sizeof *found);
    read_log(run, 0, &log);
    read_log(run, run->device->sector_size, &other);
    run->turn = log.turn > other.turn ? log.turn : other.turn;
    if (is_better(&other, &log)) {
        log = other;
    }
    run->newest = log.newest;
    run->sequence = log.sequence;
    run->log = NOWHERE; /* no sector was erased in this session */
    run->half = 2u * run->device->sector_size;
    if (log.newest != NOWHERE && get_record(run, log.newest, bytes)) {
        found->kind = get_word(bytes + 12);
        found->progress = get_word(bytes + 16);
        found->size = get_word(bytes + 20);
        run->half = get_word(bytes + 24);
        memcpy(found->payload_digest, bytes + AT_PAYLOAD_DIGEST, PAYLOAD_DIGEST_SIZE);
        found->is_ours = memcmp(bytes + AT_IDENTITY, run->identity, IDENTITY_SIZE) == 0;
    }
}

/* -- the journal: checkpoints ------------------------------------------------------------- */

/* Bytes of the journal for one checkpoint. */
static uint32_t half_size(const dfota_inplace_device *device)
{
    const uint32_t sectors = device->journal_size / device->sector_size;

    return (sectors - 2u) / 2u * device->sector_size;
}

/* A dfota_move_checkpoint that only counts and hashes. */
static int measure_payload(void *ctx, uint8_t *buf, size_t size)
{
    dfota_inplace *run = (dfota_inplace *)ctx;

    dfota_sha256_feed(&run->sha, buf, size);
    run->payload += (uint32_t)size;
    return 0;
}

/* What the checkpoint of the patch as it stands takes, and its digest. */
static uint32_t measure_checkpoint(dfota_inplace *run, uint8_t digest[DFOTA_SHA256_SIZE])
{
    run->payload = 0;
    dfota_sha256_begin(&run->sha);
    if (run->failure == DFOTA_OK) {
        fail(run, dfota_patch_checkpoint(&run->patch, measure_payload, run));
    }
    dfota_sha256_end(&run->sha, digest);
    return run->payload;
}

/* A page of the checkpoint is full, or it ends. */
static void flush(dfota_inplace *run)
{
    const dfota_inplace_device *device = run->device;
    const uint32_t address = device->journal_address + run->payload;

    if (run->payload % device->sector_size == 0) {
        flash_erase(run, address);
    }
    flash_program(run, address, run->used);
    run->payload += device->page_size;
    run->used = 0;
}

/* A dfota_move_checkpoint that programs. */
static int write_payload(void *ctx, uint8_t *buf, size_t size)
{
    dfota_inplace *run = (dfota_inplace *)ctx;
    const uint32_t page_size = run->device->page_size;

    while (size > 0 && run->failure == DFOTA_OK) {
        const uint32_t room = page_size - run->used;
        const uint32_t take = size < room ? (uint32_t)size : room;
        memcpy(run->device->page + run->used, buf, take);
        run->used += take;
        buf += take;
        size -= take;
        if (run->used == page_size) {
            flush(run);
        }
    }
    return run->failure != DFOTA_OK;
}

/* A dfota_move_checkpoint that reads. */
static int read_payload(void *ctx, uint8_t *buf, size_t size)
{
    dfota_inplace *run = (dfota_inplace *)ctx;

    flash_read(run, run->device->journal_address + run->payload, buf, (uint32_t)size);
    run->payload += (uint32_t)size;
    return run->failure != DFOTA_OK;
}

/* Program a checkpoint of the patch where the newest one is not. */
static uint32_t put_checkpoint(dfota_inplace *run, uint8_t digest[DFOTA_SHA256_SIZE])
{
    const uint32_t first = 2u * run->device->sector_size;
    const uint32_t size = measure_checkpoint(run, digest);

    if (size > half_size(run->device)) {
        fail(run, DFOTA_ERR_LIMIT);
        return 0;
    }
    run->half = run->half == first ? first + half_size(run->device) : first;
    run->payload = run->half;
    run->used = 0;
    if (run->failure == DFOTA_OK) {
        fail(run, dfota_patch_checkpoint(&run->patch, write_payload, run));
    }
    if (run->used > 0) {
        flush(run);
    }
    return size;
}

/* Write down how far the update is; with a checkpoint of the patch if that is under way. */
static void put_record(dfota_inplace *run, uint32_t kind, uint32_t progress)
{
    const uint32_t sector = run->device->sector_size;
    uint8_t bytes[DFOTA_INPLACE_RECORD_SIZE];
    uint8_t digest[DFOTA_SHA256_SIZE];
    uint32_t size = 0;

    memset(bytes, 0, sizeof bytes);
    if (kind == RECORD_WRITE && progress > 0) {
        size = put_checkpoint(run, digest);
        memcpy(bytes + AT_PAYLOAD_DIGEST, digest, PAYLOAD_DIGEST_SIZE);
    }
    if (run->log == NOWHERE || run->log % sector == 0 || sector - run->log % sector < record_room(run)) {
        turn_over(run);
    }
    memcpy(bytes, MAGIC, sizeof MAGIC);
    run->sequence++;
    put_word(bytes + 4, run->sequence);
    put_word(bytes + 12, kind);
    put_word(bytes + 16, progress);
    put_word(bytes + 20, size);
    put_word(bytes + 24, run->half);
    memcpy(bytes + AT_IDENTITY, run->identity, IDENTITY_SIZE);
    append_record(run, bytes);
}

/* -- the three stages --------------------------------------------------------------------- */

/* Copy sector `index` of old up. */
static void move_sector(dfota_inplace *run, uint32_t index)
{
    const dfota_inplace_device *device = run->device;
    const uint32_t begin = index * device->sector_size;
    const uint32_t size = least(run->patch.header.old_size - begin, device->sector_size);
    const uint32_t from = device->slot_address + begin;
    uint32_t at;

    flash_erase(run, from + run->shift);
    for (at = 0; at < size && run->failure == DFOTA_OK; at += device->page_size) {
        const uint32_t take = least(size - at, device->page_size);
        flash_read(run, from + at, device->page, take);
        flash_program(run, from + at + run->shift, take);
    }
}

/*
 * Move old up, from its last sector on. Sources are overwritten only by later moves, at
 * least shift / sector_size of them later: so often a record is due.
 */
static void move_old(dfota_inplace *run)
{
    const uint32_t batch = run->shift / run->device->sector_size;

    if (batch == 0) {
        run->moved = run->old_count;
    }
    while (run->moved < run->old_count && run->failure == DFOTA_OK) {
        const uint32_t stop = least(run->moved + batch, run->old_count);
        for (; run->moved < stop && run->failure == DFOTA_OK; run->moved++) {
            move_sector(run, run->old_count - 1u - run->moved);
        }
        if (stop < run->old_count) {
            put_record(run, RECORD_MOVE, stop);
        }
    }
}

/* Write new from sector `begin` on, for which there is a record; the patch stands there. */
static void write_new(dfota_inplace *run, uint32_t begin)
{
    const dfota_inplace_device *device = run->device;
    const uint32_t size = run->patch.header.new_size;
    uint32_t position = begin * device->sector_size;

    do { /* also for an empty image, so that the end of the patch is looked at */
        const uint32_t sector = position / device->sector_size;
        uint32_t used;
        if (position % device->sector_size == 0 && position < size) {
            if (sector > begin && sector % run->interval == 0) {
                put_record(run, RECORD_WRITE, sector);
            }
            flash_erase(run, device->slot_address + position);
        }
        used = next_page(run, position);
        if (used > 0) {
            flash_program(run, device->slot_address + position, used);
        }
        position += device->page_size;
    } while (position < size && run->failure == DFOTA_OK);
}

static void finish(dfota_inplace *run)
{
    if (run->failure == DFOTA_OK &&
        !slot_has(run, run->patch.header.new_size, run->patch.header.new_digest,
                  DFOTA_PATCH_NEW_DIGEST_SIZE)) {
        fail(run, DFOTA_ERR_IO);
    }
    if (run->failure == DFOTA_OK) {
        put_record(run, RECORD_DONE, 0);
        put_record(run, RECORD_DONE, 1); /* which makes the other one sure */
    }
}

/* -- beginning and going on --------------------------------------------------------------- */

/* What can be said of device and header without looking at flash. */
static void check_room(dfota_inplace *run)
{
    const dfota_inplace_device *device = run->device;
    const dfota_patch_header *header = &run->patch.header;
    const uint32_t sector = device->sector_size;
    uint32_t spare;
    uint32_t old_room;

    if (header->profile == DFOTA_PROFILE_MAX || header->sector_size == 0) {
        fail(run, DFOTA_ERR_UNSUPPORTED);
        return;
    }
    spare = round_up(header->spare_size, sector);
    old_room = round_up(header->old_size, sector);
    run->slot_needed = round_up(header->new_size, sector);
    if (run->slot_needed < old_room + spare) {
        run->slot_needed = old_room + spare;
    }
    if (header->sector_size % sector != 0 || device->slot_size < run->slot_needed) {
        fail(run, DFOTA_ERR_LIMIT);
        return;
    }
    if (device->memory_size < header->memory_size) {
        fail(run, DFOTA_ERR_MEMORY);
        return;
    }
    /* Whatever room there is beyond the need saves checkpoints. */
    run->old_count = old_room / sector;
    run->shift = device->slot_size - old_room;
    run->interval = (run->shift - header->spare_size) / sector + 1u;
}

static int is_geometry(const dfota_inplace_device *device)
{
    const uint32_t sector = device->sector_size;
    const uint32_t page = device->page_size;

    return page > 0 && sector > 0 && sector % page == 0 && sector <= DFOTA_PATCH_IMAGE_MAX &&
           device->slot_size % sector == 0 && device->slot_size <= DFOTA_PATCH_IMAGE_MAX * 2u &&
           device->journal_size >= 2u * sector && device->journal_size % sector == 0 &&
           sector >= 4u * round_up(DFOTA_INPLACE_RECORD_SIZE, page);
}

/* Decode everything, with old as it lies, and program nothing. */
static void try_patch(dfota_inplace *run)
{
    const dfota_inplace_device *device = run->device;
    const uint32_t size = run->patch.header.new_size;
    uint8_t digest[DFOTA_SHA256_SIZE];
    uint32_t position = 0;

    start_patch(run);
    run->journal_needed = 2u * device->sector_size;
    if (size > run->interval * device->sector_size) {
        run->journal_needed += 2u * round_up(measure_checkpoint(run, digest), device->sector_size);
    }
    if (device->journal_size < run->journal_needed) {
        fail(run, DFOTA_ERR_LIMIT);
    }
    do {
        (void)next_page(run, position);
        position += device->page_size;
    } while (position < size && run->failure == DFOTA_OK);
}

static void begin(dfota_inplace *run)
{
    if (!old_is_there(run)) {
        fail(run, DFOTA_ERR_DIGEST);
    } else {
        try_patch(run);
    }
}

/* Whether `found` is what was written last, and the slot is as that was left. */
static void resume(dfota_inplace *run, const record *found)
{
    const uint32_t done = found->progress * run->device->sector_size;
    uint8_t digest[DFOTA_SHA256_SIZE];
    dfota_sha256 sha;

    run->moved = run->old_count;
    if (found->kind == RECORD_MOVE) {
        run->moved = found->progress;
        if (run->moved > run->old_count || !old_is_there(run)) {
            fail(run, DFOTA_ERR_DIGEST);
        }
    }
    if (found->size == 0) {
        return; /* nothing of new is sure to be there, and nothing of old before `gone` */
    }
    if (found->size > half_size(run->device) || done / run->device->sector_size != found->progress ||
        done > run->device->slot_size ||
        (run->half != 2u * run->device->sector_size &&
         run->half != 2u * run->device->sector_size + half_size(run->device))) {
        fail(run, DFOTA_ERR_LIMIT); /* of another device, or forged */
        return;
    }
    dfota_sha256_begin(&run->sha);
    hash_flash(run, run->device->journal_address + run->half, found->size);
    dfota_sha256_end(&run->sha, digest);
    if (memcmp(digest, found->payload_digest, PAYLOAD_DIGEST_SIZE) != 0) {
        fail(run, DFOTA_ERR_DIGEST);
        return;
    }
    run->payload = run->half;
    fail(run, dfota_patch_resume(&run->patch, run->device->memory,
                                         run->device->memory_size, read_old, read_payload, run));
    sha = run->patch.sha;
    dfota_sha256_end(&sha, digest);
    if (run->failure == DFOTA_OK && !slot_has(run, done, digest, sizeof digest)) {
        fail(run, DFOTA_ERR_DIGEST);
    }
}

/* Everything that programs, from where the journal says. */
static void go(dfota_inplace *run, const record *found)
{
    if (run->failure == DFOTA_OK && found->kind != RECORD_NONE) {
        turn_over(run);
    }
    if (run->failure != DFOTA_OK) {
        return;
    }
    if (found->size > 0) {
        write_new(run, found->progress);
    } else {
        if (found->kind != RECORD_WRITE) {
            move_old(run);
            put_record(run, RECORD_WRITE, 0);
        }
        open_patch(run);
        start_patch(run);
        write_new(run, 0);
    }
    finish(run);
}

dfota_result dfota_inplace_update(dfota_inplace *run, const dfota_inplace_device *device)
{
    record found;

    memset(run, 0, sizeof *run);
    run->device = device;
    if (!is_geometry(device)) {
        return DFOTA_ERR_LIMIT;
    }
    identify(run);
    open_patch(run);
    if (run->failure == DFOTA_OK) {
        check_room(run);
    }
    find_record(run, &found);
    if (run->failure != DFOTA_OK) {
        return run->failure;
    }
    if (found.is_ours && (found.kind == RECORD_MOVE || found.kind == RECORD_WRITE)) {
        resume(run, &found);
        go(run, &found);
        return run->failure;
    }
    if (slot_has(run, run->patch.header.new_size, run->patch.header.new_digest,
                 DFOTA_PATCH_NEW_DIGEST_SIZE)) {
        if (found.is_ours && found.kind == RECORD_DONE && found.progress == 0) {
            turn_over(run);
            put_record(run, RECORD_DONE, 1);
        }
        return run->failure;
    }
    found.kind = RECORD_NONE;
    found.size = 0;
    begin(run);
    go(run, &found);
    return run->failure;
}
