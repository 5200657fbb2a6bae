/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Registration to the network as a table of states; the network itself is imagined. */
#include "apps.h"

enum state { OFF, SIM_READING, SCANNING, ATTACHING, AUTHENTICATING, REGISTERED, STATES };

struct state_rule {
    const char *name;
    uint8_t status;     /* <stat> of +CREG */
    uint8_t steps;      /* how many steps it lasts */
    uint8_t next;
    const char *link;   /* event for the link when the state is entered */
};

static const struct state_rule RULES[STATES] = {
    [OFF] = {"off", 0, 0, OFF, "CLOSE"},
    [SIM_READING] = {"reading SIM", 0, 2, SCANNING, NULL},
#if RELEASE >= 19
    [SCANNING] = {"scanning", 2, 3, ATTACHING, "OPEN"},
    [ATTACHING] = {"attaching", 2, 2, AUTHENTICATING, "UP"},
    [AUTHENTICATING] = {"authenticating", 2, 1, REGISTERED, "RCR+"},
#else
    [SCANNING] = {"scanning", 2, 5, ATTACHING, "OPEN"},
    [ATTACHING] = {"attaching", 2, 3, AUTHENTICATING, "UP"},
    [AUTHENTICATING] = {"authenticating", 2, 2, REGISTERED, "RCR+"},
#endif
    [REGISTERED] = {"registered, home network", 1, 0, REGISTERED, "RCA"},
};

static enum state state = SIM_READING;
static unsigned steps;

static void enter(enum state next)
{
    unsigned before = RULES[state].status;

    state = next;
    steps = 0;
    if (RULES[state].link != NULL) {
        modem->link_event(RULES[state].link);
    }
    if (settings.registration_urc != 0u && RULES[state].status != before) {
        print("\r\n+CREG: %u\r\n", RULES[state].status);
    }
}

void registration_step(void)
{
    const struct state_rule *rule = &RULES[state];

    if (rule->steps == 0u || ++steps < rule->steps) {
        return;
    }
    if (state == AUTHENTICATING) {
        uint8_t challenge[16], response[8], key[16];

        for (unsigned i = 0; i < sizeof(challenge); i++) {
            challenge[i] = (uint8_t)(boot->uptime_ms() * (i + 1u));
        }
        modem->authenticate(challenge, response, key);
    }
    enter((enum state)rule->next);
}

unsigned registration_status(void)
{
    return RULES[state].status;
}

const char *registration_name(void)
{
    return RULES[state].name;
}

void registration_switch(bool on)
{
    if (on != (state != OFF)) {
        enter(on ? SIM_READING : OFF);
    }
}
