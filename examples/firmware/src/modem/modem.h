/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The parts of the modem partition, as they know one another; others see only struct modem_api. */
#ifndef MODEM_H
#define MODEM_H

#include "lib.h"
#include "release.h"
#include "services.h"

/* -- cipher.c ---------------------------------------------------------------------------- */

struct aes {
    uint32_t encrypt[60];
    uint32_t decrypt[60];
    unsigned rounds;
};

/** Expand a key of 16, 24 or 32 bytes. */
void aes_begin(struct aes *aes, const uint8_t *key, size_t size);
void aes_encrypt(const struct aes *aes, const uint8_t in[16], uint8_t out[16]);
void aes_decrypt(const struct aes *aes, const uint8_t in[16], uint8_t out[16]);
void aes_counter(const struct aes *aes, const uint8_t counter[16], uint8_t *data, size_t size);
void aes_cmac(const struct aes *aes, const uint8_t *data, size_t size, uint8_t tag[16]);

/* -- milenage.c -------------------------------------------------------------------------- */

struct milenage_answer {
    uint8_t mac[8];            /* f1 */
    uint8_t response[8];       /* f2 */
    uint8_t cipher_key[16];    /* f3 */
    uint8_t integrity_key[16]; /* f4 */
    uint8_t anonymity_key[6];  /* f5 */
};

void milenage(const uint8_t key[16], const uint8_t operator_code[16], const uint8_t challenge[16],
              const uint8_t sequence[6], const uint8_t management[2], struct milenage_answer *answer);

/* -- hdlc.c, ppp.c ----------------------------------------------------------------------- */

#define HDLC_FLAG 0x7e
#define HDLC_ESCAPE 0x7d
#define PPP_IP 0x0021
#define PPP_LCP 0xc021

struct hdlc_receiver {
    uint8_t *frame;
    size_t room;
    size_t size;
    bool escaped;
    bool overflowed;
    uint32_t good;
    uint32_t bad;
};

/** Frame with flags, transparency and FCS; 0 where it does not fit. `map` has the control bytes to escape. */
size_t hdlc_encode(uint32_t map, uint16_t protocol, const uint8_t *data, size_t size, uint8_t *out, size_t room);
/** Feed one byte; the size of a good frame (protocol first) at its end, else 0. */
size_t hdlc_feed(struct hdlc_receiver *receiver, uint8_t byte);

enum ppp_state {
    PPP_INITIAL, PPP_STARTING, PPP_CLOSED, PPP_STOPPED, PPP_CLOSING,
    PPP_STOPPING, PPP_REQUEST_SENT, PPP_ACK_RECEIVED, PPP_ACK_SENT, PPP_OPENED,
    PPP_STATES,
};

enum ppp_event {
    PPP_UP, PPP_DOWN, PPP_OPEN, PPP_CLOSE, PPP_TIMEOUT, PPP_TIMEOUT_LAST,
    PPP_GOOD_REQUEST, PPP_BAD_REQUEST, PPP_ACK, PPP_NAK, PPP_TERMINATE, PPP_TERMINATE_ACK,
    PPP_EVENTS,
};

struct ppp {
    enum ppp_state state;
    uint8_t identifier;
    uint8_t restarts;
    uint32_t sent[5]; /* packets by kind, from requests on */
};

/** Take one event; the bit set of actions of RFC 1661 that follow from it. */
unsigned ppp_take(struct ppp *ppp, enum ppp_event event);
const char *ppp_state_name(enum ppp_state state);
bool ppp_event_named(const char *name, enum ppp_event *event);
size_t ppp_configure_request(struct ppp *ppp, uint32_t magic, uint8_t *out, size_t room);

/* -- internet.c -------------------------------------------------------------------------- */

struct datagram {
    uint32_t from;
    uint32_t to;
    uint16_t from_port;
    uint16_t to_port;
    const uint8_t *payload;
    size_t size;
};

uint16_t internet_checksum(uint32_t sum, const uint8_t *data, size_t size);
size_t udp_encode(const struct datagram *datagram, uint16_t identifier, uint8_t *packet, size_t room);
bool udp_decode(const uint8_t *packet, size_t size, struct datagram *datagram);
size_t dns_query(uint16_t identifier, const char *name, uint8_t *message, size_t room);
/** The first address of an answer to `identifier`; false where there is none or it is malformed. */
bool dns_answer(uint16_t identifier, const uint8_t *message, size_t size, uint32_t *address, uint32_t *lifetime_s);

/* -- coap.c, mqtt.c ---------------------------------------------------------------------- */

struct coap_option {
    uint16_t number;
    uint16_t size;
    const uint8_t *value;
};

#define COAP_OPTIONS_MAX 12

struct coap_message {
    uint8_t type;
    uint8_t code;
    uint16_t identifier;
    uint8_t token_size;
    uint8_t token[8];
    size_t option_count;
    struct coap_option options[COAP_OPTIONS_MAX];
    const uint8_t *payload;
    size_t payload_size;
};

size_t coap_encode(const struct coap_message *message, uint8_t *out, size_t room);
bool coap_decode(const uint8_t *data, size_t size, struct coap_message *message);
bool coap_add_path(struct coap_message *message, const char *path);
const char *coap_code_name(uint8_t code);

size_t mqtt_connect(const char *client, uint16_t keep_alive_s, uint8_t *out, size_t room);
size_t mqtt_publish(const char *topic, const uint8_t *payload, size_t size, uint8_t *out, size_t room);
/** Size of the first whole packet in `data`, 0 where more is needed, -1 where it is malformed. */
int mqtt_packet_size(const uint8_t *data, size_t size);

/* -- channel.c, reed_solomon.c, spectrum.c ----------------------------------------------- */

size_t channel_encode(const uint8_t *data, size_t size, uint8_t *symbols, size_t room);
/** Decode soft symbols (0 is a sure 0, 255 a sure 1); returns the path metric of the winner. */
uint32_t channel_decode(const uint8_t *symbols, size_t size, uint8_t *data);

#define REED_SOLOMON_SIZE 255
#define REED_SOLOMON_DATA 223

void reed_solomon_encode(uint8_t block[REED_SOLOMON_SIZE]);
/** Mend up to 16 wrong bytes; how many there were, or -1 where there were too many. */
int reed_solomon_decode(uint8_t block[REED_SOLOMON_SIZE]);

#define SPECTRUM_SIZE 512

void spectrum_transform(int16_t *real, int16_t *imaginary);
void spectrum_tone(uint32_t frequency_hz, int16_t *samples);
void spectrum_window(int16_t *samples);
uint16_t spectrum_magnitude(int16_t real, int16_t imaginary);
/** Hundredths of a decibel of a ratio to 1. */
int32_t decibels(uint32_t value);

extern const struct self_test MODEM_TESTS[];
extern const size_t MODEM_TEST_COUNT;

#endif
