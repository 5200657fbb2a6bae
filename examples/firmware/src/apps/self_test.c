/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Known answers of the application partition and of the library below it. */
#include "apps.h"
#include "partition.h"

static bool matches(const uint8_t *data, size_t size, const char *expected)
{
    uint8_t bytes[96];
    int count = hex_decode(expected, bytes, sizeof(bytes));

    return count == (int)size && memcmp(data, bytes, size) == 0;
}

static bool crc_passes(void)
{
    return crc32(0, "123456789", 9) == 0xcbf43926u && crc32(crc32(0, "12345", 5), "6789", 4) == 0xcbf43926u &&
           crc16_x25("123456789", 9) == 0x906eu;
}

static bool sha256_passes(void)
{
    uint8_t digest[32];
    struct sha256 hash;

    sha256("abc", 3, digest);
    if (!matches(digest, 32, "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")) {
        return false;
    }
    sha256_begin(&hash);
    for (unsigned i = 0; i < 56; i++) {
        sha256_feed(&hash, &"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"[i], 1);
    }
    sha256_end(&hash, digest);
    return matches(digest, 32, "248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1");
}

static bool hmac_passes(void)
{
    uint8_t tag[32];

    hmac_sha256((const uint8_t *)"Jefe", 4, "what do ya want for nothing?", 28, tag);
    return matches(tag, 32, "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843");
}

static bool format_passes(void)
{
    char text[64];

    format(text, sizeof(text), "%05d|%-4u|%x|%q|%.3s|%llu", -42, 7u, 0xbeefu, -1005, "abcdef", 18446744073709551615ull);
#if RELEASE >= 19
    return strcmp(text, "-0042|7   |beef|-1.005|abc|18446744073709551615") == 0 &&
           format(text, 4, "%s", "too long") == 3u;
#else
    return strncmp(text, "-0042|", 6) == 0 && format(text, 4, "%s", "too long") == 3u;
#endif
}

static bool base64_passes(void)
{
    char text[16];
    uint8_t data[8];

    base64_encode((const uint8_t *)"fooba", 5, text, sizeof(text));
    return strcmp(text, "Zm9vYmE=") == 0 && base64_decode(text, data, sizeof(data)) == 5 &&
           memcmp(data, "fooba", 5) == 0 && base64_decode("Zm9v!", data, sizeof(data)) == -1;
}

static bool ring_passes(void)
{
    uint8_t bytes[4];
    struct ring ring;
    bool good = true;

    ring_begin(&ring, bytes, sizeof(bytes));
    ring.head = ring.tail = 0xfffffffeu; /* so that the counters wrap in the test */
    for (uint8_t i = 0; i < 4; i++) {
        good &= ring_put(&ring, i);
    }
    good &= !ring_put(&ring, 9);
    for (int i = 0; i < 4; i++) {
        good &= ring_get(&ring) == i;
    }
    return good && ring_get(&ring) == -1;
}

static bool cbor_passes(void)
{
    struct sample sample = {.at_s = 1363896240, .temperature_milli = -1000, .supply_mv = 3800};
    uint8_t out[96];
    size_t size = telemetry_cbor(&sample, out, sizeof(out));
    /* "at": 1(1363896240), "temp": -1000, from RFC 8949 appendix A */
    static const uint8_t expected[] = {0x62, 'a', 't', 0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0,
                                       0x64, 't', 'e', 'm', 'p', 0x39, 0x03, 0xe7};

    for (size_t at = 0; at + sizeof(expected) <= size; at++) {
        if (memcmp(out + at, expected, sizeof(expected)) == 0) {
            return telemetry_cbor(&sample, out, size - 1u) == 0u;
        }
    }
    return false;
}

static bool calendar_passes(void)
{
    struct date date;

    calendar_from_seconds(951827696u, &date); /* 2000-02-29 12:34:56 */
    return date.year == 2000 && date.month == 2 && date.day == 29 && date.hour == 12 && date.second == 56 &&
           calendar_to_seconds(&date) == 951827696u && calendar_weekday(951827696u) == 1;
}

static bool sms_passes(void)
{
    uint8_t pdu[64];
    char sender[24], text[64];
    size_t septets, size = gsm7_pack("hellohello", pdu, sizeof(pdu), &septets);
    static const char delivered[] = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07";
    uint8_t bytes[48];
    int count = hex_decode(delivered, bytes, sizeof(bytes));

    if (septets != 10u || !matches(pdu, size, "E8329BFD4697D9EC37")) {
        return false;
    }
    return count > 0 && sms_deliver(bytes, (size_t)count, sender, sizeof(sender), text, sizeof(text)) &&
           strcmp(sender, "+31641600986") == 0 && strcmp(text, "How are you?") == 0 &&
           !sms_deliver(bytes, (size_t)count - 1u, sender, sizeof(sender), text, sizeof(text));
}

static bool position_passes(void)
{
    struct position position;

    return position_parse("$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47", &position) &&
           position.latitude_micro == 48117300 && position.longitude_micro == 11516666 &&
           position.altitude_milli == 545400 && position.satellites == 8u && position.second_of_day == 45319u &&
           !position_parse("$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.5,M,46.9,M,,*47", &position);
}

static bool calculator_passes(void)
{
    int32_t result;

#if RELEASE >= 19
    if (calculate("(2+3)*4<<1==0b101000", &result) != CALCULATED || result != 1) {
        return false;
    }
#endif
    return calculate("1 + 2*3 - -4 << 2", &result) == CALCULATED && result == 44 &&
           calculate("max(0x10, min(7, 9)) % 5 == 1", &result) == CALCULATED && result == 1 &&
           calculate("1/(2-2)", &result) == CALCULATION_DIVISION && calculate("2+", &result) == CALCULATION_SYNTAX;
}

static bool parser_passes(void)
{
    char text[] = "+ab=12,\"x;y\",,-3;+cd?;e1";
    char *at = text;
    struct call call;

    if (!parse_call(&at, &call) || strcmp(call.name, "+AB") != 0 || call.form != FORM_WRITE || call.count != 4u ||
        call.arguments[0].number != 12 || strcmp(call.arguments[1].text, "x;y") != 0 || call.arguments[2].given ||
        call.arguments[3].number != -3) {
        return false;
    }
    return parse_call(&at, &call) && call.form == FORM_READ && parse_call(&at, &call) && call.name[0] == 'E' &&
           call.arguments[0].number == 1 && *at == '\0';
}

static bool config_passes(void)
{
    size_t size = 0;
    const uint8_t *bands = archive_find(CONFIG_ADDRESS, "bands.csv", &size);

    return bands != NULL && size > 100u && archive_find(CONFIG_ADDRESS, "nothing.csv", &size) == NULL;
}

const struct self_test APPS_TESTS[] = {
    {"CRC-32, CRC-16", crc_passes},
    {"SHA-256", sha256_passes},
    {"HMAC-SHA-256", hmac_passes},
    {"format", format_passes},
    {"Base64", base64_passes},
    {"ring", ring_passes},
    {"CBOR", cbor_passes},
    {"calendar", calendar_passes},
    {"short messages", sms_passes},
    {"position", position_passes},
    {"calculator", calculator_passes},
    {"parser", parser_passes},
    {"config partition", config_passes},
};
const size_t APPS_TEST_COUNT = COUNT(APPS_TESTS);
