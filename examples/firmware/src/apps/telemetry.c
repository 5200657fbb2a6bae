/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Measurements as JSON (RFC 8259) and as CBOR (RFC 8949), and the task that takes them. */
#include "apps.h"

struct cbor {
    uint8_t *out;
    size_t room;
    size_t size;
};

static void cbor_byte(struct cbor *cbor, uint8_t byte)
{
    if (cbor->size < cbor->room) {
        cbor->out[cbor->size] = byte;
    }
    cbor->size++;
}

static void cbor_head(struct cbor *cbor, unsigned major, uint32_t value)
{
    uint8_t type = (uint8_t)(major << 5);

    if (value < 24u) {
        cbor_byte(cbor, (uint8_t)(type | value));
    } else if (value < 0x100u) {
        cbor_byte(cbor, type | 24);
        cbor_byte(cbor, (uint8_t)value);
    } else if (value < 0x10000u) {
        cbor_byte(cbor, type | 25);
        cbor_byte(cbor, (uint8_t)(value >> 8));
        cbor_byte(cbor, (uint8_t)value);
    } else {
        cbor_byte(cbor, type | 26);
        for (int shift = 24; shift >= 0; shift -= 8) {
            cbor_byte(cbor, (uint8_t)(value >> shift));
        }
    }
}

static void cbor_integer(struct cbor *cbor, int32_t value)
{
    if (value < 0) {
        cbor_head(cbor, 1, ~(uint32_t)value);
    } else {
        cbor_head(cbor, 0, (uint32_t)value);
    }
}

static void cbor_text(struct cbor *cbor, const char *text)
{
    cbor_head(cbor, 3, (uint32_t)strlen(text));
    while (*text != '\0') {
        cbor_byte(cbor, (uint8_t)*text++);
    }
}

static void cbor_field(struct cbor *cbor, const char *name, int32_t value)
{
    cbor_text(cbor, name);
    cbor_integer(cbor, value);
}

size_t telemetry_cbor(const struct sample *sample, uint8_t *out, size_t room)
{
    struct cbor cbor = {out, room, 0};

#if RELEASE >= 19
    cbor_head(&cbor, 5, sample->has_position ? 8 : 6);
    cbor_text(&cbor, "rev");
    cbor_text(&cbor, REVISION_SHORT);
#else
    cbor_head(&cbor, 5, sample->has_position ? 7 : 5);
#endif
    cbor_text(&cbor, "at");
    cbor_head(&cbor, 6, 1); /* tag 1: seconds of the epoch */
    cbor_head(&cbor, 0, sample->at_s);
    cbor_field(&cbor, "temp", sample->temperature_milli);
    cbor_field(&cbor, "mv", sample->supply_mv);
    cbor_field(&cbor, "rsrp", sample->radio.rsrp_dbm);
    cbor_field(&cbor, "snr", sample->radio.snr_decidb);
    if (sample->has_position) {
        cbor_field(&cbor, "lat", sample->latitude_micro);
        cbor_field(&cbor, "lon", sample->longitude_micro);
    }
    return cbor.size <= room ? cbor.size : 0u;
}

size_t telemetry_json(const struct sample *sample, char *out, size_t room)
{
    struct date date;
    size_t size;

    calendar_from_seconds(sample->at_s, &date);
    size = format(out, room,
                  "{\"at\":\"%04d-%02d-%02dT%02d:%02d:%02dZ\",\"temperature\":%q,\"supply_mv\":%u,"
#if RELEASE >= 19
                  "\"revision\":\"" REVISION_SHORT "\","
#endif
                  "\"radio\":{\"rssi\":%d,\"rsrp\":%d,\"snr\":%q,\"bit_errors\":%u}",
                  date.year, date.month, date.day, date.hour, date.minute, date.second, sample->temperature_milli,
                  sample->supply_mv, sample->radio.rssi_dbm, sample->radio.rsrp_dbm, sample->radio.snr_decidb * 100,
                  sample->radio.bit_errors);
    if (sample->has_position) {
        size += format(out + size, room - size, ",\"position\":[%d,%d]", sample->latitude_micro,
                       sample->longitude_micro);
    }
    return size + format(out + size, room - size, "}");
}

static struct sample history[32];
static uint32_t taken;

void telemetry_take(struct sample *sample)
{
    uint32_t now_ms = boot->uptime_ms();

    memset(sample, 0, sizeof(*sample));
    sample->at_s = 1767225600u + now_ms / 1000u; /* the imagined network's clock starts with 2026 */
    sample->temperature_milli = sensors_temperature_milli(sensors_reading(now_ms));
    sample->supply_mv = sensors_supply_mv(now_ms);
    modem->measure(now_ms / 1000u * 2654435761u, &sample->radio);
}

void telemetry_step(void)
{
    telemetry_take(&history[taken % COUNT(history)]);
    taken++;
}

uint32_t telemetry_count(void)
{
    return taken;
}
