/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The door of the modem partition: its entry, and the functions that the application may call. */
#include "memory.h"
#include "modem.h"
#include "partition.h"

modem_entry_function modem_entry;

PARTITION_HEADER("modem", MODEM_ADDRESS, modem_entry);

#define OWN_ADDRESS 0x0a4000fau /* 10.64.0.250, what the network gives in this example */
#define SERVER_ADDRESS 0xc6336407u /* 198.51.100.7, an address for documentation (RFC 5737) */
#define COAP_PORT 5683
#define CONTROL_MAP 0x000a0000u /* XON and XOFF */

/* The key of the example's SIM: test set 1 of 3GPP TS 35.208. */
static const uint8_t SIM_KEY[16] = {0x46, 0x5b, 0x5c, 0xe8, 0xb1, 0x99, 0xb4, 0x9f,
                                    0xaa, 0x5f, 0x0a, 0x2e, 0xe2, 0x38, 0xa6, 0xbc};
static const uint8_t OPERATOR_CODE[16] = {0xcd, 0xc2, 0x02, 0xd5, 0x12, 0x3e, 0x20, 0xf6,
                                          0x2b, 0x6d, 0x67, 0x6a, 0xc7, 0x2c, 0xb3, 0x18};

static const struct boot_services *boot;
static struct ppp link_ppp;
static uint16_t message_identifier;
static uint8_t symbols[4096];

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Send a known block through a noisy channel, and report how the decoder fared. */
static void measure(uint32_t seed, struct radio_report *report)
{
    uint8_t sent[96], received[96];
    uint32_t random = seed | 1u;
    uint32_t noise = 64u + next_random(&random) % 16u;
    uint32_t flips = 0;
    size_t count;

    for (size_t i = 0; i < sizeof(sent); i++) {
        sent[i] = (uint8_t)next_random(&random);
    }
    count = channel_encode(sent, sizeof(sent), symbols, sizeof(symbols));
    for (size_t i = 0; i < count; i++) {
        uint32_t error = next_random(&random) % (noise * 2u);
        uint8_t value = (uint8_t)(error > 255u ? 255u : error);

        flips += value > 127u ? 1u : 0u;
        symbols[i] = symbols[i] != 0u ? (uint8_t)(255u - value) : value;
    }
    channel_decode(symbols, sizeof(received), received);
    report->bit_errors = (uint16_t)(memcmp(sent, received, sizeof(sent)) == 0 ? flips : count);
    report->snr_decidb = (int16_t)((decibels(255u) - decibels(noise)) / 10);
    report->rssi_dbm = (int16_t)(-61 - (int32_t)(noise / 4u));
    report->rsrp_dbm = (int16_t)(report->rssi_dbm - 27);
}

static size_t post(const char *path, const uint8_t *payload, size_t size, uint8_t *frame, size_t room)
{
    static uint8_t coap_bytes[1200];
    static uint8_t packet[1280];
    struct coap_message message = {
        .type = 0,
        .code = 0x02,
        .identifier = ++message_identifier,
        .token_size = 2,
        .token = {0xd0, (uint8_t)message_identifier},
        .payload = payload,
        .payload_size = size,
    };
    struct datagram datagram = {OWN_ADDRESS, SERVER_ADDRESS, 49152, COAP_PORT, coap_bytes, 0};
    size_t packet_size;

    if (!coap_add_path(&message, path)) {
        return 0;
    }
    datagram.size = coap_encode(&message, coap_bytes, sizeof(coap_bytes));
    if (datagram.size == 0u) {
        return 0;
    }
    packet_size = udp_encode(&datagram, message_identifier, packet, sizeof(packet));
    return packet_size == 0u ? 0u : hdlc_encode(CONTROL_MAP, PPP_IP, packet, packet_size, frame, room);
}

static size_t query(const char *name, uint8_t *message, size_t room)
{
    return dns_query(++message_identifier, name, message, room);
}

static void authenticate(const uint8_t challenge[16], uint8_t response[8], uint8_t cipher_key[16])
{
    static const uint8_t sequence[6], management[2];
    struct milenage_answer answer;

    milenage(SIM_KEY, OPERATOR_CODE, challenge, sequence, management, &answer);
    memcpy(response, answer.response, sizeof(answer.response));
    memcpy(cipher_key, answer.cipher_key, sizeof(answer.cipher_key));
}

static void encrypt(const uint8_t key[16], const uint8_t counter[16], uint8_t *data, size_t size)
{
    struct aes aes;

    aes_begin(&aes, key, 16);
    aes_counter(&aes, counter, data, size);
}

static size_t spectrum(uint32_t frequency_hz, uint16_t *magnitudes, size_t count)
{
    static int16_t real[SPECTRUM_SIZE], imaginary[SPECTRUM_SIZE];
    size_t shown = count < SPECTRUM_SIZE / 2u ? count : SPECTRUM_SIZE / 2u;

    spectrum_tone(frequency_hz, real);
    memset(imaginary, 0, sizeof(imaginary));
    spectrum_window(real);
    spectrum_transform(real, imaginary);
    for (size_t i = 0; i < shown; i++) {
        magnitudes[i] = spectrum_magnitude(real[i], imaginary[i]);
    }
    return shown;
}

static const char *link_state(void)
{
    return ppp_state_name(link_ppp.state);
}

static bool link_event(const char *name)
{
    enum ppp_event event;

    if (!ppp_event_named(name, &event)) {
        return false;
    }
    ppp_take(&link_ppp, event);
    return true;
}

static struct modem_api api;

const struct modem_api *modem_entry(const struct boot_services *services)
{
    memory_begin();
    boot = services;
    api = (struct modem_api){
        .version = RELEASE,
        .tests = MODEM_TESTS,
        .test_count = MODEM_TEST_COUNT,
        .measure = measure,
        .post = post,
        .publish = mqtt_publish,
        .dns_query = query,
        .authenticate = authenticate,
        .encrypt = encrypt,
        .spectrum = spectrum,
        .link_state = link_state,
        .link_event = link_event,
    };
    message_identifier = (uint16_t)boot->uptime_ms();
    return &api;
}
