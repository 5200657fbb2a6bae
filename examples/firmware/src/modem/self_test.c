/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Known answers of the modem partition, from the documents that define each function. */
#include "modem.h"

static bool matches(const uint8_t *data, size_t size, const char *expected)
{
    uint8_t bytes[64];
    int count = hex_decode(expected, bytes, sizeof(bytes));

    return count == (int)size && memcmp(data, bytes, size) == 0;
}

static bool aes_passes(void)
{
    struct aes aes;
    uint8_t key[32], block[16], clear[16];

    for (unsigned i = 0; i < 32; i++) {
        key[i] = (uint8_t)i;
    }
    hex_decode("00112233445566778899AABBCCDDEEFF", clear, sizeof(clear));
    aes_begin(&aes, key, 16);
    aes_encrypt(&aes, clear, block);
    if (!matches(block, 16, "69C4E0D86A7B0430D8CDB78070B4C55A")) {
        return false;
    }
    aes_begin(&aes, key, 32);
    aes_encrypt(&aes, clear, block);
    if (!matches(block, 16, "8EA2B7CA516745BFEAFC49904B496089")) {
        return false;
    }
    aes_decrypt(&aes, block, block);
    return memcmp(block, clear, sizeof(clear)) == 0;
}

static bool cmac_passes(void)
{
    struct aes aes;
    uint8_t key[16], message[40], tag[16];

    hex_decode("2B7E151628AED2A6ABF7158809CF4F3C", key, sizeof(key));
    hex_decode("6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E5130C81C46A35CE411", message,
               sizeof(message));
    aes_begin(&aes, key, sizeof(key));
    aes_cmac(&aes, message, sizeof(message), tag);
    if (!matches(tag, 16, "DFA66747DE9AE63030CA32611497C827")) {
        return false;
    }
    aes_cmac(&aes, message, 16, tag);
    return matches(tag, 16, "070A16B46B4D4144F79BDD9DD04A287C");
}

static bool milenage_passes(void)
{
    static const uint8_t management[2] = {0xb9, 0xb9};
    uint8_t key[16], operator_code[16], challenge[16], sequence[6];
    struct milenage_answer answer;

    hex_decode("465B5CE8B199B49FAA5F0A2EE238A6BC", key, 16);
    hex_decode("CDC202D5123E20F62B6D676AC72CB318", operator_code, 16);
    hex_decode("23553CBE9637A89D218AE64DAE47BF35", challenge, 16);
    hex_decode("FF9BB4D0B607", sequence, 6);
    milenage(key, operator_code, challenge, sequence, management, &answer);
    return matches(answer.mac, 8, "4A9FFAC354DFAFB3") && matches(answer.response, 8, "A54211D5E3BA50BF") &&
           matches(answer.anonymity_key, 6, "AA689C648370") &&
           matches(answer.cipher_key, 16, "B40BA9A3C58B2A05BBF0D987B21BF8CB") &&
           matches(answer.integrity_key, 16, "F769BCD751044604127672711C6D3441");
}

static bool hdlc_passes(void)
{
    static const uint8_t data[] = {0x7e, 0x11, 0x13, 0x7d, 0x20, 0x7f, 'd', 'f'};
    uint8_t line[64], frame[32];
    struct hdlc_receiver receiver = {.frame = frame, .room = sizeof(frame)};
    size_t size = hdlc_encode(0x000a0000, PPP_IP, data, sizeof(data), line, sizeof(line));
    size_t got = 0;

    if (size == 0u || crc16_x25("123456789", 9) != 0x906eu) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        size_t whole = hdlc_feed(&receiver, line[i]);

        got = whole != 0u ? whole : got;
    }
    if (got != sizeof(data) + 2u || memcmp(frame + 2, data, sizeof(data)) != 0) {
        return false;
    }
    line[5] ^= 4;
    for (size_t i = 0; i < size; i++) {
        hdlc_feed(&receiver, line[i]);
    }
    return receiver.good == 1u && receiver.bad == 1u;
}

static bool ppp_passes(void)
{
    static const enum ppp_event road[] = {PPP_OPEN, PPP_UP, PPP_NAK, PPP_GOOD_REQUEST, PPP_ACK};
    struct ppp ppp = {.state = PPP_INITIAL};

    for (size_t i = 0; i < COUNT(road); i++) {
        ppp_take(&ppp, road[i]);
    }
    if (ppp.state != PPP_OPENED) {
        return false;
    }
    ppp_take(&ppp, PPP_TERMINATE);
    ppp_take(&ppp, PPP_TERMINATE_ACK);
    return ppp.state == PPP_STOPPED;
}

static bool internet_passes(void)
{
    uint8_t packet[64];
    struct datagram sent = {0x0a000001, 0x0a000002, 1000, 2000, (const uint8_t *)"telemetry", 9};
    struct datagram got;
    size_t size = udp_encode(&sent, 7, packet, sizeof(packet));

    if (size != 37u || !udp_decode(packet, size, &got) || got.size != 9u || got.to_port != 2000u) {
        return false;
    }
    packet[30] ^= 1;
    return !udp_decode(packet, size, &got);
}

static bool dns_passes(void)
{
    static const uint8_t answer[] = {0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 192, 0, 2, 33};
    uint8_t message[96];
    uint32_t address, lifetime_s;
    size_t size = dns_query(0x1234, "fota.example.com", message, sizeof(message));

    if (size != 34u || message[12] != 4u || message[size - 5u] != 0u) {
        return false;
    }
    memcpy(message + size, answer, sizeof(answer));
    message[2] = 0x81;
    message[3] = 0x80;
    message[7] = 1;
    return dns_answer(0x1234, message, size + sizeof(answer), &address, &lifetime_s) && address == 0xc0000221u &&
           lifetime_s == 3600u && !dns_answer(0x1234, message, size + 15u, &address, &lifetime_s) &&
           !dns_answer(0x1235, message, size + sizeof(answer), &address, &lifetime_s);
}

static bool coap_passes(void)
{
    uint8_t wire[512];
    struct coap_message sent = {
        .code = 2, .identifier = 0x7d34, .token_size = 1, .token = {0x20},
        .payload = (const uint8_t *)"22.5 C", .payload_size = 6,
    };
    struct coap_message got;
    size_t size;

    if (!coap_add_path(&sent, "/up/temperature")) {
        return false;
    }
#if RELEASE >= 19
    static uint8_t long_value[300];

    sent.options[sent.option_count++] = (struct coap_option){15, sizeof(long_value), long_value};
#endif
    size = coap_encode(&sent, wire, sizeof(wire));
    if (!coap_decode(wire, size, &got) || got.option_count != sent.option_count || got.payload_size != 6u) {
        return false;
    }
    for (size_t i = 0; i < got.option_count; i++) {
        if (got.options[i].number != sent.options[i].number || got.options[i].size != sent.options[i].size) {
            return false;
        }
    }
    return !coap_decode(wire, 3, &got) && strcmp(coap_code_name(0x45), "Content") == 0;
}

static bool mqtt_passes(void)
{
    uint8_t packet[192];
    uint8_t payload[130] = {0};
    size_t size = mqtt_connect("bg96", 60, packet, sizeof(packet));

    if (size != 18u || mqtt_packet_size(packet, size) != 18 || mqtt_packet_size(packet, size - 1u) != 0) {
        return false;
    }
    size = mqtt_publish("t", payload, sizeof(payload), packet, sizeof(packet));
    return size == 136u && packet[1] == 0x85 && packet[2] == 0x01 && mqtt_packet_size(packet, size) == 136;
}

static bool channel_passes(void)
{
    static uint8_t symbols[512];
    static const uint8_t sent[] = "the quick brown fox";
    uint8_t got[sizeof(sent)];
    size_t count = channel_encode(sent, sizeof(sent), symbols, sizeof(symbols));

    for (size_t i = 5; i < count; i += 17) {
        symbols[i] = (uint8_t)(255u - symbols[i]);
    }
    return channel_decode(symbols, sizeof(sent), got) > 0u && memcmp(sent, got, sizeof(sent)) == 0;
}

static bool reed_solomon_passes(void)
{
    static uint8_t block[REED_SOLOMON_SIZE], damaged[REED_SOLOMON_SIZE];

    for (unsigned i = 0; i < REED_SOLOMON_DATA; i++) {
        block[i] = (uint8_t)(i * i + 3u * i);
    }
    reed_solomon_encode(block);
    memcpy(damaged, block, sizeof(block));
    for (unsigned i = 0; i < 16; i++) {
        damaged[i * 15u + 4u] ^= (uint8_t)(0x55u + i);
    }
    if (reed_solomon_decode(damaged) != 16 || memcmp(block, damaged, sizeof(block)) != 0) {
        return false;
    }
    for (unsigned i = 0; i < 40; i++) {
        damaged[i * 6u] ^= 0xa5;
    }
    return reed_solomon_decode(damaged) == -1;
}

static bool spectrum_passes(void)
{
    static int16_t real[SPECTRUM_SIZE], imaginary[SPECTRUM_SIZE];
    unsigned highest = 0;

    spectrum_tone(375000, real); /* the middle of bin 100 */
    memset(imaginary, 0, sizeof(imaginary));
    spectrum_window(real);
    spectrum_transform(real, imaginary);
    for (unsigned i = 1; i < SPECTRUM_SIZE / 2u; i++) {
        if (spectrum_magnitude(real[i], imaginary[i]) > spectrum_magnitude(real[highest], imaginary[highest])) {
            highest = i;
        }
    }
    return highest == 100u && decibels(1000) == 5999; /* a hundredth below 60 dB: whole octaves are rounded */
}

const struct self_test MODEM_TESTS[] = {
    {"AES-128, AES-256", aes_passes},
    {"AES-CMAC", cmac_passes},
    {"Milenage", milenage_passes},
    {"HDLC framing", hdlc_passes},
    {"PPP automaton", ppp_passes},
    {"IPv4 and UDP", internet_passes},
    {"DNS", dns_passes},
    {"CoAP", coap_passes},
    {"MQTT", mqtt_passes},
    {"Viterbi decoder", channel_passes},
    {"Reed-Solomon", reed_solomon_passes},
    {"Fourier transform", spectrum_passes},
};
const size_t MODEM_TEST_COUNT = COUNT(MODEM_TESTS);
