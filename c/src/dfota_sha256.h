/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (FIPS 180-4) over a stream; nothing about patches.
 */
#ifndef DFOTA_SHA256_H
#define DFOTA_SHA256_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a SHA-256 digest. */
#define DFOTA_SHA256_SIZE 32u

/** A digest under way; the caller owns it, its fields are private. */
typedef struct dfota_sha256 {
    uint32_t words[8];
    uint64_t size;
    uint8_t block[64];
} dfota_sha256;

/**
 * Start a digest.
 *
 * Before:  `sha` points to writable memory; what it holds does not matter.
 * After:   `sha` stands for the digest of no bytes.
 * Returns: nothing; cannot fail.
 * Power:   all state is in `*sha`.
 * Cost:    no heap; constant time.
 */
void dfota_sha256_begin(dfota_sha256 *sha);

/**
 * Take the next bytes.
 *
 * Before:  dfota_sha256_begin() was called on `sha`; `data` points to `size`
 *          readable bytes; size 0 is allowed.
 * After:   the bytes are part of the digest.
 * Returns: nothing; cannot fail.
 * Power:   all state is in `*sha`.
 * Cost:    no heap; about 150 bytes of stack; O(size).
 */
void dfota_sha256_feed(dfota_sha256 *sha, const uint8_t *data, size_t size);

/**
 * Finish and write the digest.
 *
 * Before:  dfota_sha256_begin() was called on `sha`.
 * After:   `digest` holds the 32 bytes; `sha` must be begun anew before use.
 * Returns: nothing; cannot fail.
 * Power:   all state is in `*sha`.
 * Cost:    no heap; about 150 bytes of stack; constant time.
 */
void dfota_sha256_end(dfota_sha256 *sha, uint8_t digest[DFOTA_SHA256_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
