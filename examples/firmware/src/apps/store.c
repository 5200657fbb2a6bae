/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Keys and values in an append-only log with a CRC for each record; compaction when it is full. */
#include "apps.h"

#define LOG_SIZE 4096u
#define KEY_MAX 32u
#define VALUE_MAX 256u
#define HEAD 8u /* magic, key size, value size (u16), crc32 */
#define MAGIC 0xa5

static uint8_t logs[2][LOG_SIZE];
static unsigned active;
static size_t used;
static uint32_t compactions;

struct record {
    size_t at;
    size_t key_size;
    size_t value_size;
};

static bool record_at(size_t at, struct record *record)
{
    const uint8_t *head = logs[active] + at;
    size_t size;

    if (at + HEAD > used || head[0] != MAGIC) {
        return false;
    }
    record->at = at;
    record->key_size = head[1];
    record->value_size = get16(head + 2);
    size = record->key_size + record->value_size;
    return at + HEAD + size <= used && get32(head + 4) == crc32(0, head + HEAD, size);
}

static size_t record_end(const struct record *record)
{
    return record->at + HEAD + record->key_size + record->value_size;
}

static const char *record_key(const struct record *record)
{
    return (const char *)logs[active] + record->at + HEAD;
}

static bool has_key(const struct record *record, const char *key, size_t size)
{
    return record->key_size == size && memcmp(record_key(record), key, size) == 0;
}

/* The newest record of a key counts; one without a value says that the key was removed. */
static bool find(const char *key, size_t key_size, struct record *found)
{
    struct record record;
    bool any = false;

    for (size_t at = 0; record_at(at, &record); at = record_end(&record)) {
        if (has_key(&record, key, key_size)) {
            *found = record;
            any = true;
        }
    }
    return any && found->value_size > 0u;
}

static bool append(const char *key, size_t key_size, const char *value, size_t value_size)
{
    uint8_t *head = logs[active] + used;

    if (used + HEAD + key_size + value_size > LOG_SIZE) {
        return false;
    }
    memcpy(head + HEAD, key, key_size);
    memcpy(head + HEAD + key_size, value, value_size);
    head[0] = MAGIC;
    head[1] = (uint8_t)key_size;
    put16(head + 2, (uint16_t)value_size);
    put32(head + 4, crc32(0, head + HEAD, key_size + value_size));
    used += HEAD + key_size + value_size;
    return true;
}

static void compact(void)
{
    unsigned other = active ^ 1u;
    size_t filled = 0;
    struct record record, newest;

    for (size_t at = 0; record_at(at, &record); at = record_end(&record)) {
        size_t size = record_end(&record) - at;

        if (find(record_key(&record), record.key_size, &newest) && newest.at == at) {
            memcpy(logs[other] + filled, logs[active] + at, size);
            filled += size;
        }
    }
    active = other;
    used = filled;
    compactions++;
}

bool store_put(const char *key, const char *value)
{
    size_t key_size = strlen(key);
    size_t value_size = strlen(value);

    if (key_size == 0u || key_size > KEY_MAX || value_size == 0u || value_size > VALUE_MAX) {
        return false;
    }
#if RELEASE >= 19
    struct record newest;

    /* Writing what is there already would only wear the flash. */
    if (find(key, key_size, &newest) && newest.value_size == value_size &&
        memcmp(record_key(&newest) + key_size, value, value_size) == 0) {
        return true;
    }
#endif
    if (append(key, key_size, value, value_size)) {
        return true;
    }
    compact();
    return append(key, key_size, value, value_size);
}

bool store_get(const char *key, char *value, size_t room)
{
    struct record record;

    if (!find(key, strlen(key), &record) || record.value_size >= room) {
        return false;
    }
    memcpy(value, record_key(&record) + record.key_size, record.value_size);
    value[record.value_size] = '\0';
    return true;
}

bool store_remove(const char *key)
{
    struct record record;
    size_t size = strlen(key);

    return find(key, size, &record) && (append(key, size, "", 0) || (compact(), append(key, size, "", 0)));
}

bool store_next(size_t *cursor, char *key, char *value, size_t room)
{
    struct record record, newest;

    while (record_at(*cursor, &record)) {
        *cursor = record_end(&record);
        if (find(record_key(&record), record.key_size, &newest) && newest.at == record.at && record.value_size < room) {
            memcpy(key, record_key(&record), record.key_size);
            key[record.key_size] = '\0';
            memcpy(value, record_key(&record) + record.key_size, record.value_size);
            value[record.value_size] = '\0';
            return true;
        }
    }
    return false;
}

void store_usage(size_t *bytes, size_t *total, uint32_t *count)
{
    *bytes = used;
    *total = LOG_SIZE;
    *count = compactions;
}
