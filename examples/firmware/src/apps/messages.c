/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** What the application says: texts of +CME ERROR (3GPP TS 27.007 section 9.2) and help for each command. */
#include "apps.h"

struct text {
    int16_t code;
    const char *words;
};

static const struct text CME_TEXTS[] = {
    {0, "phone failure"},
    {1, "no connection to phone"},
    {2, "phone-adaptor link reserved"},
    {3, "operation not allowed"},
    {4, "operation not supported"},
    {5, "PH-SIM PIN required"},
    {6, "PH-FSIM PIN required"},
    {7, "PH-FSIM PUK required"},
    {10, "SIM not inserted"},
    {11, "SIM PIN required"},
    {12, "SIM PUK required"},
    {13, "SIM failure"},
    {14, "SIM busy"},
    {15, "SIM wrong"},
    {16, "incorrect password"},
    {17, "SIM PIN2 required"},
    {18, "SIM PUK2 required"},
    {20, "memory full"},
    {21, "invalid index"},
    {22, "not found"},
    {23, "memory failure"},
    {24, "text string too long"},
    {25, "invalid characters in text string"},
    {26, "dial string too long"},
    {27, "invalid characters in dial string"},
    {30, "no network service"},
    {31, "network timeout"},
    {32, "network not allowed - emergency calls only"},
    {40, "network personalization PIN required"},
    {41, "network personalization PUK required"},
    {42, "network subset personalization PIN required"},
    {43, "network subset personalization PUK required"},
    {44, "service provider personalization PIN required"},
    {45, "service provider personalization PUK required"},
    {46, "corporate personalization PIN required"},
    {47, "corporate personalization PUK required"},
    {50, "incorrect parameters"},
#if RELEASE >= 19
    {51, "command implemented but currently disabled"},
    {52, "command aborted by user"},
    {53, "not attached to network due to MT functionality restrictions"},
    {54, "modem not allowed - MT restricted to emergency calls only"},
#endif
    {100, "unknown"},
    {103, "illegal MS"},
    {106, "illegal ME"},
    {107, "GPRS services not allowed"},
    {111, "PLMN not allowed"},
    {112, "location area not allowed"},
    {113, "roaming not allowed in this location area"},
    {132, "service option not supported"},
    {133, "requested service option not subscribed"},
    {134, "service option temporarily out of order"},
    {148, "unspecified GPRS error"},
    {149, "PDP authentication failure"},
    {150, "invalid mobile class"},
};

const char *cme_text(int code)
{
    for (size_t i = 0; i < COUNT(CME_TEXTS); i++) {
        if (CME_TEXTS[i].code == code) {
            return CME_TEXTS[i].words;
        }
    }
    return "unknown";
}

struct help {
    const char *name;
    const char *words;
};

static const struct help HELP[] = {
    {"E", "Echo: ATE0 switches it off, ATE1 on."},
    {"I", "Say who this is: maker, model, revision."},
    {"V", "Result codes as words (ATV1) or as numbers (ATV0)."},
    {"Z", "Set all settings to what they were after the start."},
    {"&F", "Set all settings to those of the factory."},
    {"+CALC", "Calculate an integer expression: AT+CALC=\"(2+3)*4<<1\". "
              "Signs: + - * / % & | ^ ~ << >> < > ==, and min, max, abs."},
    {"+CBC", "Read the supply: charging, per cent, millivolts."},
    {"+CCLK", "Read the clock of the network."},
    {"+CFUN", "AT+CFUN=0 switches the radio off, 1 on; 1,1 restarts the module."},
    {"+CGMI", "Name of the maker."},
    {"+CGMM", "Name of the model."},
    {"+CGMR", "Revision of the firmware, in short."},
    {"+CGSN", "International mobile equipment identity."},
    {"+CMEE", "Errors as ERROR (0), as numbers (1) or as words (2)."},
    {"+CMGR", "Decode a received message: "
              "AT+CMGR=\"07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07\"."},
    {"+CMGS", "Encode a message for sending: AT+CMGS=\"+4917012345\",\"text\"."},
    {"+COAP", "Make a CoAP request, down to the bytes on the line: AT+COAP=\"/up/temperature\",\"22.5\"."},
    {"+COPS", "Read the operator."},
    {"+CPIN", "Read the state of the SIM."},
    {"+CREG", "Registration: status, and whether changes are reported."},
    {"+CSQ", "Signal quality: received strength and bit errors."},
    {"+DNS", "Make a query for the address of a name: AT+DNS=\"fota.example.com\"."},
    {"+ECHO", "Say a text back; shows how the parser took it."},
    {"+ENCRYPT", "AES-128 in counter mode: AT+ENCRYPT=\"key in hex\",\"text\"."},
    {"+FILE", "Show a text file of the configuration: AT+FILE=\"bands.csv\"."},
    {"+FILES", "List the files of the data partitions."},
#if RELEASE >= 19
    {"+HELP", "List all commands with what they do, or explain one: AT+HELP=\"+CSQ\"."},
#else
    {"+HELP", "List all commands, or explain one: AT+HELP=\"+CSQ\"."},
#endif
    {"+HMAC", "HMAC-SHA-256: AT+HMAC=\"key\",\"text\"."},
    {"+KV", "Keys and values: AT+KV? lists them, AT+KV=\"key\" reads, "
            "with a second text writes, with an empty one removes."},
#if RELEASE >= 19
    {"+LANG", "Language of greetings: AT+LANG=\"de\"; needs the assets partition."},
#endif
    {"+MCC", "Country of a mobile country code: AT+MCC=262."},
    {"+MQTT", "Make an MQTT packet: AT+MQTT=\"topic\",\"text\"."},
    {"+NMEA", "Decode a GGA sentence and say how far it is from the one before."},
    {"+PPP", "Read the state of the link, or give it an event of RFC 1661: AT+PPP=\"RCR+\"."},
    {"+QGMR", "Revision of the firmware, in full."},
    {"+QPOWD", "Switch the module off."},
    {"+QSPECTRUM", "Spectrum of a tone: AT+QSPECTRUM=375000."},
#if RELEASE >= 19
    {"+QTEMP", "Read the temperature, and the converter's reading it comes from."},
#endif
    {"+SELFTEST", "Run the known-answer tests again."},
    {"+SHA256", "Digest of a text: AT+SHA256=\"abc\"."},
    {"+TASKS", "List the tasks of the scheduler."},
    {"+TELEMETRY", "A measurement as JSON (AT+TELEMETRY=0) or CBOR (AT+TELEMETRY=1)."},
};

const char *help_text(const char *name)
{
    for (size_t i = 0; i < COUNT(HELP); i++) {
        if (same_text(HELP[i].name, name)) {
            return HELP[i].words;
        }
    }
    return NULL;
}
