/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The option negotiation automaton of PPP (RFC 1661 section 4.1) as a table. */
#include "modem.h"

enum action {
    UP = 1, DOWN = 2, STARTED = 4, FINISHED = 8, /* to the layers above and below */
    COUNT_RESTART = 16, REQUEST = 32, ACK = 64, NAK = 128, TERMINATE = 256, TERMINATE_ACK = 512,
};

struct transition {
    uint16_t actions;
    uint8_t next;
};

#define NEVER {0, PPP_STATES} /* the event cannot happen in this state */
#define STAY(state) {0, PPP_##state}
#define GO(state, actions) {(actions), PPP_##state}
#define RETRY (COUNT_RESTART | REQUEST)

static const struct transition TABLE[PPP_EVENTS][PPP_STATES] = {
    [PPP_UP] = {STAY(CLOSED), GO(REQUEST_SENT, RETRY), NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER},
    [PPP_DOWN] = {NEVER, NEVER, STAY(INITIAL), GO(STARTING, STARTED), STAY(INITIAL), STAY(STARTING), STAY(STARTING),
                  STAY(STARTING), STAY(STARTING), GO(STARTING, DOWN)},
    [PPP_OPEN] = {GO(STARTING, STARTED), STAY(STARTING), GO(REQUEST_SENT, RETRY), STAY(STOPPED), STAY(STOPPING),
                  STAY(STOPPING), STAY(REQUEST_SENT), STAY(ACK_RECEIVED), STAY(ACK_SENT), STAY(OPENED)},
    [PPP_CLOSE] = {STAY(INITIAL), GO(INITIAL, FINISHED), STAY(CLOSED), STAY(CLOSED), STAY(CLOSING), STAY(CLOSING),
                   GO(CLOSING, COUNT_RESTART | TERMINATE), GO(CLOSING, COUNT_RESTART | TERMINATE),
                   GO(CLOSING, COUNT_RESTART | TERMINATE), GO(CLOSING, DOWN | COUNT_RESTART | TERMINATE)},
    [PPP_TIMEOUT] = {NEVER, NEVER, NEVER, NEVER, GO(CLOSING, TERMINATE), GO(STOPPING, TERMINATE),
                     GO(REQUEST_SENT, REQUEST), GO(REQUEST_SENT, REQUEST), GO(ACK_SENT, REQUEST), NEVER},
    [PPP_TIMEOUT_LAST] = {NEVER, NEVER, NEVER, NEVER, GO(CLOSED, FINISHED), GO(STOPPED, FINISHED),
                          GO(STOPPED, FINISHED), GO(STOPPED, FINISHED), GO(STOPPED, FINISHED), NEVER},
    [PPP_GOOD_REQUEST] = {NEVER, NEVER, GO(CLOSED, TERMINATE_ACK), GO(ACK_SENT, RETRY | ACK), STAY(CLOSING),
                          STAY(STOPPING), GO(ACK_SENT, ACK), GO(OPENED, ACK | UP), GO(ACK_SENT, ACK),
                          GO(ACK_SENT, DOWN | REQUEST | ACK)},
    [PPP_BAD_REQUEST] = {NEVER, NEVER, GO(CLOSED, TERMINATE_ACK), GO(REQUEST_SENT, RETRY | NAK), STAY(CLOSING),
                         STAY(STOPPING), GO(REQUEST_SENT, NAK), GO(ACK_RECEIVED, NAK), GO(REQUEST_SENT, NAK),
                         GO(REQUEST_SENT, DOWN | REQUEST | NAK)},
    [PPP_ACK] = {NEVER, NEVER, GO(CLOSED, TERMINATE_ACK), GO(STOPPED, TERMINATE_ACK), STAY(CLOSING), STAY(STOPPING),
                 GO(ACK_RECEIVED, COUNT_RESTART), GO(REQUEST_SENT, REQUEST), GO(OPENED, COUNT_RESTART | UP),
                 GO(REQUEST_SENT, DOWN | REQUEST)},
    [PPP_NAK] = {NEVER, NEVER, GO(CLOSED, TERMINATE_ACK), GO(STOPPED, TERMINATE_ACK), STAY(CLOSING), STAY(STOPPING),
                 GO(REQUEST_SENT, RETRY), GO(REQUEST_SENT, REQUEST), GO(ACK_SENT, RETRY),
                 GO(REQUEST_SENT, DOWN | REQUEST)},
    [PPP_TERMINATE] = {NEVER, NEVER, GO(CLOSED, TERMINATE_ACK), GO(STOPPED, TERMINATE_ACK),
                       GO(CLOSING, TERMINATE_ACK), GO(STOPPING, TERMINATE_ACK), GO(REQUEST_SENT, TERMINATE_ACK),
                       GO(REQUEST_SENT, TERMINATE_ACK), GO(REQUEST_SENT, TERMINATE_ACK),
                       GO(STOPPING, DOWN | TERMINATE_ACK)},
    [PPP_TERMINATE_ACK] = {NEVER, NEVER, STAY(CLOSED), STAY(STOPPED), GO(CLOSED, FINISHED), GO(STOPPED, FINISHED),
                           STAY(REQUEST_SENT), STAY(REQUEST_SENT), STAY(ACK_SENT), GO(REQUEST_SENT, DOWN | REQUEST)},
};

static const char *const STATE_NAMES[PPP_STATES] = {
    "INITIAL", "STARTING", "CLOSED", "STOPPED", "CLOSING",
    "STOPPING", "REQ-SENT", "ACK-RCVD", "ACK-SENT", "OPENED",
};

static const char *const EVENT_NAMES[PPP_EVENTS] = {
    "UP", "DOWN", "OPEN", "CLOSE", "TO+", "TO-", "RCR+", "RCR-", "RCA", "RCN", "RTR", "RTA",
};

unsigned ppp_take(struct ppp *ppp, enum ppp_event event)
{
    const struct transition *transition = &TABLE[event][ppp->state];

    if (transition->next == PPP_STATES) {
        return 0;
    }
    if ((transition->actions & COUNT_RESTART) != 0u) {
#if RELEASE >= 19
        ppp->restarts = 6; /* narrow-band links need more patience than the ten times 3 s of a cable */
#else
        ppp->restarts = 10;
#endif
    }
    /* Packets are the actions from REQUEST on. */
    for (unsigned kind = 0; kind < COUNT(ppp->sent); kind++) {
        ppp->sent[kind] += transition->actions >> (kind + 5u) & 1u;
    }
    ppp->state = (enum ppp_state)transition->next;
    return transition->actions;
}

const char *ppp_state_name(enum ppp_state state)
{
    return state < PPP_STATES ? STATE_NAMES[state] : "?";
}

bool ppp_event_named(const char *name, enum ppp_event *event)
{
    for (unsigned i = 0; i < PPP_EVENTS; i++) {
        if (same_text(EVENT_NAMES[i], name)) {
            *event = (enum ppp_event)i;
            return true;
        }
    }
    return false;
}

size_t ppp_configure_request(struct ppp *ppp, uint32_t magic, uint8_t *out, size_t room)
{
    static const uint8_t fixed[] = {1, 4, 0x05, 0xdc, 2, 6, 0, 0x0a, 0, 0, 7, 2, 8, 2, 5, 6};
    const size_t size = 4u + sizeof(fixed) + 4u;

    if (room < size) {
        return 0;
    }
    out[0] = 1;
    out[1] = ++ppp->identifier;
    put16(out + 2, (uint16_t)size);
    memcpy(out + 4, fixed, sizeof(fixed));
    put32(out + 4 + sizeof(fixed), magic);
    return size;
}
