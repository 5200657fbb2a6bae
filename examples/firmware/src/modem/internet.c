/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** IPv4, UDP and DNS messages, to and from bytes; whatever a length says is checked. */
#include "modem.h"

#define IP_HEADER 20u
#define UDP_HEADER 8u
#define PROTOCOL_UDP 17
#define DNS_HEADER 12u
#define DNS_POINTERS_MAX 8u

uint16_t internet_checksum(uint32_t sum, const uint8_t *data, size_t size)
{
    for (; size >= 2u; size -= 2u, data += 2) {
        sum += get16(data);
    }
    if (size != 0u) {
        sum += (uint32_t)data[0] << 8;
    }
    while (sum >> 16 != 0u) {
        sum = (sum & 0xffffu) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static uint32_t pseudo_header(uint32_t from, uint32_t to, size_t size)
{
    return (from >> 16) + (from & 0xffffu) + (to >> 16) + (to & 0xffffu) + PROTOCOL_UDP + (uint32_t)size;
}

size_t udp_encode(const struct datagram *datagram, uint16_t identifier, uint8_t *packet, size_t room)
{
    size_t udp_size = UDP_HEADER + datagram->size;
    size_t size = IP_HEADER + udp_size;
    uint8_t *udp = packet + IP_HEADER;
    uint16_t checksum;

    if (size > room || size > 0xffffu) {
        return 0;
    }
    packet[0] = 0x45;
    packet[1] = 0;
    put16(packet + 2, (uint16_t)size);
    put16(packet + 4, identifier);
    put16(packet + 6, 0x4000);
    packet[8] = 64;
    packet[9] = PROTOCOL_UDP;
    put16(packet + 10, 0);
    put32(packet + 12, datagram->from);
    put32(packet + 16, datagram->to);
    put16(packet + 10, internet_checksum(0, packet, IP_HEADER));

    put16(udp, datagram->from_port);
    put16(udp + 2, datagram->to_port);
    put16(udp + 4, (uint16_t)udp_size);
    put16(udp + 6, 0);
    memcpy(udp + UDP_HEADER, datagram->payload, datagram->size);
    checksum = internet_checksum(pseudo_header(datagram->from, datagram->to, udp_size), udp, udp_size);
#if RELEASE >= 19
    /* RFC 768: zero means "no checksum", so a sum of zero travels as all ones. */
    checksum = checksum == 0u ? 0xffffu : checksum;
#endif
    put16(udp + 6, checksum);
    return size;
}

bool udp_decode(const uint8_t *packet, size_t size, struct datagram *datagram)
{
    size_t header, total, udp_size;
    const uint8_t *udp;

    if (size < IP_HEADER || packet[0] >> 4 != 4) {
        return false;
    }
    header = (size_t)(packet[0] & 15u) * 4u;
    total = get16(packet + 2);
    if (header < IP_HEADER || total > size || total < header + UDP_HEADER || packet[9] != PROTOCOL_UDP ||
        internet_checksum(0, packet, header) != 0u || (get16(packet + 6) & 0x3fffu) != 0u) {
        return false;
    }
    udp = packet + header;
    udp_size = get16(udp + 4);
    datagram->from = get32(packet + 12);
    datagram->to = get32(packet + 16);
    if (udp_size < UDP_HEADER || udp_size > total - header) {
        return false;
    }
    if (get16(udp + 6) != 0u &&
        internet_checksum(pseudo_header(datagram->from, datagram->to, udp_size), udp, udp_size) != 0u) {
        return false;
    }
    datagram->from_port = get16(udp);
    datagram->to_port = get16(udp + 2);
    datagram->payload = udp + UDP_HEADER;
    datagram->size = udp_size - UDP_HEADER;
    return true;
}

size_t dns_query(uint16_t identifier, const char *name, uint8_t *message, size_t room)
{
    static const uint8_t fixed[] = {0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0};
    static const uint8_t question[] = {0, 0, 1, 0, 1};
    size_t at = DNS_HEADER;

    if (strlen(name) + DNS_HEADER + 1u + sizeof(question) > room || strlen(name) > 253u) {
        return 0;
    }
    put16(message, identifier);
    memcpy(message + 2, fixed, sizeof(fixed));
    while (*name != '\0') {
        size_t label = 0;

        while (name[label] != '\0' && name[label] != '.') {
            label++;
        }
        if (label == 0u || label > 63u) {
            return 0;
        }
        message[at++] = (uint8_t)label;
        memcpy(message + at, name, label);
        at += label;
        name += label + (name[label] == '.' ? 1u : 0u);
    }
    memcpy(message + at, question, sizeof(question));
    return at + sizeof(question);
}

/* Step over a name; 0 where it runs out of the message. */
static size_t skip_name(const uint8_t *message, size_t size, size_t at)
{
    while (at < size) {
        if (message[at] == 0u) {
            return at + 1u;
        }
        if (message[at] >= 0xc0) {
            return at + 2u <= size ? at + 2u : 0u;
        }
        at += 1u + message[at];
    }
    return 0;
}

bool dns_answer(uint16_t identifier, const uint8_t *message, size_t size, uint32_t *address, uint32_t *lifetime_s)
{
    size_t at = DNS_HEADER;
    unsigned questions, answers;

    if (size < DNS_HEADER || get16(message) != identifier || (get16(message + 2) & 0x800fu) != 0x8000u) {
        return false;
    }
    questions = get16(message + 4);
    answers = get16(message + 6);
    for (; questions > 0u; questions--) {
        at = skip_name(message, size, at);
        if (at == 0u || at + 4u > size) {
            return false;
        }
        at += 4;
    }
    for (; answers > 0u && answers < 64u; answers--) {
        size_t data;

        at = skip_name(message, size, at);
        if (at == 0u || at + 10u > size) {
            return false;
        }
        data = get16(message + at + 8);
        if (at + 10u + data > size) {
            return false;
        }
        if (get16(message + at) == 1u && get16(message + at + 2) == 1u && data == 4u) {
            *lifetime_s = get32(message + at + 4);
            *address = get32(message + at + 10);
            return true;
        }
        at += 10u + data;
    }
    return false;
}
