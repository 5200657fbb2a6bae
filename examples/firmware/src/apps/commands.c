/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The commands of the application: one table, one function for each; results are printed once, at the end. */
#include "apps.h"
#include "partition.h"

struct settings settings = {.verbose = true, .error_mode = 1};

static int text_of(const struct call *call, size_t number, const char **text)
{
    if (number >= call->count || !call->arguments[number].given) {
        return CME_INCORRECT_PARAMETERS;
    }
    *text = call->arguments[number].text;
    return OUTCOME_OK;
}

static bool number_in(const struct call *call, size_t number, int32_t low, int32_t high, int32_t *value)
{
    if (number >= call->count || !call->arguments[number].given) {
        return false;
    }
    *value = call->arguments[number].number;
    return *value >= low && *value <= high;
}

/* -- who and what ------------------------------------------------------------------------- */

static int identify(const struct call *call)
{
    (void)call;
    print("\r\ndfota example\r\nBG96\r\nRevision: %s\r\n", REVISION_SHORT);
    return OUTCOME_OK;
}

static int maker(const struct call *call)
{
    (void)call;
    print("\r\nThe dfota example firmware\r\n");
    return OUTCOME_OK;
}

static int model(const struct call *call)
{
    (void)call;
    print("\r\nBG96\r\n");
    return OUTCOME_OK;
}

static int revision(const struct call *call)
{
    print("\r\n%s\r\n", call->name[1] == 'Q' ? REVISION : REVISION_SHORT);
    return OUTCOME_OK;
}

static int serial_number(const struct call *call)
{
    (void)call;
    print("\r\n490154203237518\r\n"); /* the example of an IMEI in 3GPP documents */
    return OUTCOME_OK;
}

/* -- settings ----------------------------------------------------------------------------- */

static int echo(const struct call *call)
{
    int32_t value = 0;

    if (call->count > 0u && !number_in(call, 0, 0, 1, &value)) {
        return OUTCOME_ERROR;
    }
    line.echo = value != 0;
    return OUTCOME_OK;
}

static int verbose(const struct call *call)
{
    int32_t value = 0;

    if (call->count > 0u && !number_in(call, 0, 0, 1, &value)) {
        return OUTCOME_ERROR;
    }
    settings.verbose = value != 0;
    return OUTCOME_OK;
}

static int factory(const struct call *call)
{
    (void)call;
    settings = (struct settings){.verbose = true, .error_mode = 1};
    line.echo = true;
    line.terminator = '\r';
    line.linefeed = '\n';
    line.backspace = '\b';
    return OUTCOME_OK;
}

static int special_character(const struct call *call)
{
    char *which = call->name[1] == '3' ? &line.terminator : call->name[1] == '4' ? &line.linefeed : &line.backspace;
    int32_t value;

    if (call->form == FORM_READ) {
        print("\r\n%03d\r\n", *which);
        return OUTCOME_OK;
    }
    if (!number_in(call, 0, 0, 127, &value)) {
        return OUTCOME_ERROR;
    }
    *which = (char)value;
    return OUTCOME_OK;
}

static int error_mode(const struct call *call)
{
    int32_t value;

    switch (call->form) {
    case FORM_TEST:
        print("\r\n+CMEE: (0-2)\r\n");
        return OUTCOME_OK;
    case FORM_READ:
        print("\r\n+CMEE: %u\r\n", settings.error_mode);
        return OUTCOME_OK;
    default:
        if (!number_in(call, 0, 0, 2, &value)) {
            return CME_INCORRECT_PARAMETERS;
        }
        settings.error_mode = (uint8_t)value;
        return OUTCOME_OK;
    }
}

/* -- network ------------------------------------------------------------------------------ */

static int signal_quality(const struct call *call)
{
    struct sample sample;
    int strength;

    (void)call;
    telemetry_take(&sample);
    strength = (sample.radio.rssi_dbm + 113) / 2;
    strength = strength < 0 ? 0 : strength > 31 ? 31 : strength;
    print("\r\n+CSQ: %d,%u\r\n", strength, sample.radio.bit_errors > 7u ? 7u : sample.radio.bit_errors);
    return OUTCOME_OK;
}

static int registration(const struct call *call)
{
    int32_t value;

    if (call->form == FORM_TEST) {
        print("\r\n%s: (0,1)\r\n", call->name);
    } else if (call->form == FORM_READ) {
        print("\r\n%s: %u,%u\r\n", call->name, settings.registration_urc, registration_status());
    } else if (number_in(call, 0, 0, 1, &value)) {
        settings.registration_urc = (uint8_t)value;
    } else {
        return CME_INCORRECT_PARAMETERS;
    }
    return OUTCOME_OK;
}

static int operator_name(const struct call *call)
{
    (void)call;
    if (registration_status() == 1u) {
        print("\r\n+COPS: 0,0,\"Example Net\",8\r\n");
    } else {
        print("\r\n+COPS: 0\r\n");
    }
    return OUTCOME_OK;
}

static int sim_state(const struct call *call)
{
    (void)call;
    print("\r\n+CPIN: READY\r\n");
    return OUTCOME_OK;
}

static int functionality(const struct call *call)
{
    int32_t value, reset = 0;

    if (call->form == FORM_READ) {
        print("\r\n+CFUN: %u\r\n", strcmp(registration_name(), "off") == 0 ? 0u : 1u);
        return OUTCOME_OK;
    }
    if (!number_in(call, 0, 0, 1, &value) || (call->count > 1u && !number_in(call, 1, 0, 1, &reset))) {
        return CME_INCORRECT_PARAMETERS;
    }
    if (reset != 0) {
        print("\r\nOK\r\n");
        boot->restart();
    }
    registration_switch(value != 0);
    return OUTCOME_OK;
}

static int link(const struct call *call)
{
    const char *event;

    if (call->form == FORM_READ) {
        print("\r\n+PPP: \"%s\",\"%s\"\r\n", modem->link_state(), registration_name());
        return OUTCOME_OK;
    }
    return text_of(call, 0, &event) == OUTCOME_OK && modem->link_event(event) ? OUTCOME_OK : CME_INCORRECT_PARAMETERS;
}

static int country(const struct call *call)
{
    size_t size = 0;
    const char *table = (const char *)archive_find(CONFIG_ADDRESS, "countries.csv", &size);
    int32_t wanted;

    if (!number_in(call, 0, 200, 799, &wanted)) {
        return CME_INCORRECT_PARAMETERS;
    }
    for (size_t at = 0; table != NULL && at + 4u < size;) {
        size_t end = at;
        int32_t code = (table[at] - '0') * 100 + (table[at + 1u] - '0') * 10 + (table[at + 2u] - '0');

        while (end < size && table[end] != '\n') {
            end++;
        }
        if (code == wanted) {
            print("\r\n+MCC: %d,\"%.*s\"\r\n", wanted, (int)(end - at - 4u), table + at + 4u);
            return OUTCOME_OK;
        }
        at = end + 1u;
    }
    return CME_NOT_FOUND;
}

/* -- messages on the line ----------------------------------------------------------------- */

static uint8_t scratch[2048];

static int show_bytes(const char *name, size_t size)
{
    if (size == 0u) {
        return CME_TEXT_TOO_LONG;
    }
    print("\r\n%s: %u,", name, (unsigned)size);
    print_bytes(scratch, size);
    print("\r\n");
    return OUTCOME_OK;
}

static int coap_request(const struct call *call)
{
    const char *path, *payload;
    size_t size;

    if (text_of(call, 0, &path) != OUTCOME_OK || text_of(call, 1, &payload) != OUTCOME_OK) {
        return CME_INCORRECT_PARAMETERS;
    }
    size = modem->post(path, (const uint8_t *)payload, strlen(payload), scratch, sizeof(scratch));
    return show_bytes(call->name, size);
}

static int mqtt_packet(const struct call *call)
{
    const char *topic, *payload;
    size_t size;

    if (text_of(call, 0, &topic) != OUTCOME_OK || text_of(call, 1, &payload) != OUTCOME_OK) {
        return CME_INCORRECT_PARAMETERS;
    }
    size = modem->publish(topic, (const uint8_t *)payload, strlen(payload), scratch, sizeof(scratch));
    return show_bytes(call->name, size);
}

static int dns_packet(const struct call *call)
{
    const char *name;

    if (text_of(call, 0, &name) != OUTCOME_OK) {
        return CME_INCORRECT_PARAMETERS;
    }
    return show_bytes(call->name, modem->dns_query(name, scratch, sizeof(scratch)));
}

static int send_message(const struct call *call)
{
    const char *number, *text;

    if (text_of(call, 0, &number) != OUTCOME_OK || text_of(call, 1, &text) != OUTCOME_OK) {
        return CME_INCORRECT_PARAMETERS;
    }
    return show_bytes(call->name, sms_submit(number, text, scratch, sizeof(scratch)));
}

static int read_message(const struct call *call)
{
    const char *pdu;
    char sender[24], text[168];
    int size;

    if (text_of(call, 0, &pdu) != OUTCOME_OK) {
        return CME_INCORRECT_PARAMETERS;
    }
    size = hex_decode(pdu, scratch, sizeof(scratch));
    if (size < 0 || !sms_deliver(scratch, (size_t)size, sender, sizeof(sender), text, sizeof(text))) {
        return CME_INVALID_TEXT;
    }
    print("\r\n+CMGR: \"%s\"\r\n%s\r\n", sender, text);
    return OUTCOME_OK;
}

/* -- digests, ciphers, signals ------------------------------------------------------------ */

static int digest(const struct call *call)
{
    const char *text;

    if (text_of(call, 0, &text) != OUTCOME_OK) {
        return CME_INCORRECT_PARAMETERS;
    }
    sha256(text, strlen(text), scratch);
    return show_bytes(call->name, 32);
}

static int authenticate(const struct call *call)
{
    const char *key, *text;

    if (text_of(call, 0, &key) != OUTCOME_OK || text_of(call, 1, &text) != OUTCOME_OK) {
        return CME_INCORRECT_PARAMETERS;
    }
    hmac_sha256((const uint8_t *)key, strlen(key), text, strlen(text), scratch);
    return show_bytes(call->name, 32);
}

static int encrypt(const struct call *call)
{
    static const uint8_t counter[16];
    const char *key_text, *text;
    uint8_t key[16];

    if (text_of(call, 0, &key_text) != OUTCOME_OK || text_of(call, 1, &text) != OUTCOME_OK ||
        hex_decode(key_text, key, sizeof(key)) != (int)sizeof(key)) {
        return CME_INCORRECT_PARAMETERS;
    }
    memcpy(scratch, text, strlen(text));
    modem->encrypt(key, counter, scratch, strlen(text));
    return show_bytes(call->name, strlen(text));
}

static int spectrum(const struct call *call)
{
    uint16_t magnitudes[256];
    int32_t frequency;
    size_t count, best = 0;
    uint32_t sum = 0;

    if (!number_in(call, 0, 0, 959999, &frequency)) {
        return CME_INCORRECT_PARAMETERS;
    }
    count = modem->spectrum((uint32_t)frequency, magnitudes, COUNT(magnitudes));
    for (size_t i = 0; i < count; i++) {
        best = magnitudes[i] > magnitudes[best] ? i : best;
        sum += magnitudes[i];
    }
    print("\r\n+QSPECTRUM: %u,%u,%u\r\n", (unsigned)best * 3750u, magnitudes[best], sum - magnitudes[best]);
    for (size_t i = best > 4u ? best - 4u : 0u; i < count && i < best + 5u; i++) {
        print("%7u Hz %6u\r\n", (unsigned)i * 3750u, magnitudes[i]);
    }
    return OUTCOME_OK;
}

/* -- measurements ------------------------------------------------------------------------- */

static int supply(const struct call *call)
{
    uint16_t supply_mv = sensors_supply_mv(boot->uptime_ms());

    (void)call;
    print("\r\n+CBC: 0,%u,%u\r\n", (supply_mv - 3300u) / 9u, supply_mv);
    return OUTCOME_OK;
}

#if RELEASE >= 19
static int temperature(const struct call *call)
{
    uint16_t reading = sensors_reading(boot->uptime_ms());

    (void)call;
    print("\r\n+QTEMP: %q,%u\r\n", sensors_temperature_milli(reading), reading);
    return OUTCOME_OK;
}
#endif

static int clock(const struct call *call)
{
    struct sample sample;
    struct date date;

    (void)call;
    telemetry_take(&sample);
    calendar_from_seconds(sample.at_s, &date);
    print("\r\n+CCLK: \"%02d/%02d/%02d,%02d:%02d:%02d+00\"\r\n", date.year % 100, date.month, date.day, date.hour,
          date.minute, date.second);
    return OUTCOME_OK;
}

static int telemetry(const struct call *call)
{
    struct sample sample;
    int32_t kind = 0;
    char text[512];

    if (call->form == FORM_READ) {
        print("\r\n+TELEMETRY: %u\r\n", telemetry_count());
        return OUTCOME_OK;
    }
    if (call->count > 0u && !number_in(call, 0, 0, 1, &kind)) {
        return CME_INCORRECT_PARAMETERS;
    }
    telemetry_take(&sample);
    if (kind == 1) {
        return show_bytes(call->name, telemetry_cbor(&sample, scratch, sizeof(scratch)));
    }
    telemetry_json(&sample, text, sizeof(text));
    print("\r\n+TELEMETRY: %s\r\n", text);
    return OUTCOME_OK;
}

static int position(const struct call *call)
{
    static struct position before;
    static bool has_before;
    struct position now;
    char sentence[128];
    size_t size = 0;

    /* The sentence has commas, so that the parser took it apart where it was not quoted. */
    for (size_t i = 0; i < call->count; i++) {
        size += format(sentence + size, sizeof(sentence) - size, "%s%s", i > 0u ? "," : "", call->arguments[i].text);
    }
    if (!position_parse(sentence, &now)) {
        return CME_INVALID_TEXT;
    }
    print("\r\n+NMEA: %d,%d,%q,%u", now.latitude_micro, now.longitude_micro, now.altitude_milli, now.satellites);
    if (has_before) {
        print(",%u", position_distance(&before, &now));
    }
    print("\r\n");
    before = now;
    has_before = true;
    return OUTCOME_OK;
}

/* -- tools -------------------------------------------------------------------------------- */

static int calculation(const struct call *call)
{
    const char *expression;
    int32_t result;

    if (text_of(call, 0, &expression) != OUTCOME_OK) {
        return CME_INCORRECT_PARAMETERS;
    }
    switch (calculate(expression, &result)) {
    case CALCULATED:
        print("\r\n+CALC: %d\r\n", result);
        return OUTCOME_OK;
    case CALCULATION_TOO_LONG:
        return CME_TEXT_TOO_LONG;
    case CALCULATION_DIVISION:
        return CME_NOT_ALLOWED;
    default:
        return CME_INVALID_TEXT;
    }
}

static int say(const struct call *call)
{
    print("\r\n");
    for (size_t i = 0; i < call->count; i++) {
        const struct argument *argument = &call->arguments[i];

        print("+ECHO: %u,%s,\"%s\"\r\n", (unsigned)i, argument->quoted ? "text" : argument->given ? "number" : "none",
              argument->text);
    }
    return OUTCOME_OK;
}

static int key_value(const struct call *call)
{
    const char *key, *value;
    char name[40], text[264];
    size_t cursor = 0, used, total;
    uint32_t compactions;

    if (call->form == FORM_READ) {
        print("\r\n");
        while (store_next(&cursor, name, text, sizeof(text))) {
            print("+KV: \"%s\",\"%s\"\r\n", name, text);
        }
        store_usage(&used, &total, &compactions);
        print("+KV: %u,%u,%u\r\n", (unsigned)used, (unsigned)total, compactions);
        return OUTCOME_OK;
    }
    if (text_of(call, 0, &key) != OUTCOME_OK) {
        return CME_INCORRECT_PARAMETERS;
    }
    if (call->count == 1u) {
        if (!store_get(key, text, sizeof(text))) {
            return CME_NOT_FOUND;
        }
        print("\r\n+KV: \"%s\",\"%s\"\r\n", key, text);
        return OUTCOME_OK;
    }
    if (text_of(call, 1, &value) != OUTCOME_OK) {
        return CME_INCORRECT_PARAMETERS;
    }
    if (*value == '\0') {
        return store_remove(key) ? OUTCOME_OK : CME_NOT_FOUND;
    }
    return store_put(key, value) ? OUTCOME_OK : CME_MEMORY_FULL;
}

static void list_files(uint32_t address, const char *owner)
{
    const char *name;
    size_t size;

    for (size_t i = 0; (name = archive_name(address, i, &size)) != NULL; i++) {
        print("+FILES: \"%s\",\"%.24s\",%u\r\n", owner, name, (unsigned)size);
    }
}

static int files(const struct call *call)
{
    (void)call;
    print("\r\n");
    list_files(CONFIG_ADDRESS, "config");
#if RELEASE >= 19
    list_files(ASSETS_ADDRESS, "assets");
#endif
    return OUTCOME_OK;
}

static int file(const struct call *call)
{
    const char *name;
    const uint8_t *data;
    size_t size;

    if (text_of(call, 0, &name) != OUTCOME_OK) {
        return CME_INCORRECT_PARAMETERS;
    }
    data = archive_find(CONFIG_ADDRESS, name, &size);
#if RELEASE >= 19
    if (data == NULL) {
        data = archive_find(ASSETS_ADDRESS, name, &size);
    }
#endif
    if (data == NULL) {
        return CME_NOT_FOUND;
    }
    print("\r\n+FILE: %u,%08x\r\n", (unsigned)size, crc32(0, data, size));
    for (size_t at = 0, end = 0; end < size; end++) {
        if (data[end] == '\n') {
            print("%.*s\r\n", (int)(end - at), (const char *)data + at);
            at = end + 1u;
        }
    }
    return OUTCOME_OK;
}

#if RELEASE >= 19
/* Line `number` of a language's file is greeting `number`. */
static int language(const struct call *call)
{
    const char *name;
    char file_name[24];
    const char *words;
    size_t size;

    if (text_of(call, 0, &name) != OUTCOME_OK) {
        return CME_INCORRECT_PARAMETERS;
    }
    format(file_name, sizeof(file_name), "messages.%.8s.txt", name);
    words = (const char *)archive_find(ASSETS_ADDRESS, file_name, &size);
    if (words == NULL) {
        return CME_NOT_FOUND;
    }
    for (size_t end = 0; end < size; end++) {
        if (words[end] == '\n') {
            print("\r\n+LANG: \"%.*s\"\r\n", (int)end, words);
            return OUTCOME_OK;
        }
    }
    return CME_NOT_FOUND;
}
#endif

static int tasks(const struct call *call)
{
    (void)call;
    print("\r\n");
    for (size_t i = 0; i < TASK_COUNT; i++) {
        print("+TASKS: \"%s\",%u,%u\r\n", TASKS[i].name, TASKS[i].period_ms, TASKS[i].runs);
    }
    return OUTCOME_OK;
}

static int self_test(const struct call *call)
{
    unsigned failed = 0;

    (void)call;
    for (size_t i = 0; i < APPS_TEST_COUNT; i++) {
        failed += APPS_TESTS[i].passes() ? 0u : 1u;
    }
    for (size_t i = 0; i < modem->test_count; i++) {
        failed += modem->tests[i].passes() ? 0u : 1u;
    }
    print("\r\n+SELFTEST: %u,%u\r\n", (unsigned)(APPS_TEST_COUNT + modem->test_count), failed);
    return OUTCOME_OK;
}

static int power_off(const struct call *call)
{
    (void)call;
    print("\r\nOK\r\n\r\nPOWERED DOWN\r\n");
    boot->power_off(0);
    return OUTCOME_SILENT;
}

static int help(const struct call *call);

/* -- the table ---------------------------------------------------------------------------- */

#define EXECUTE (1u << FORM_EXECUTE)
#define READ (1u << FORM_READ)
#define TEST (1u << FORM_TEST)
#define WRITE (1u << FORM_WRITE)

struct command {
    const char *name;
    uint8_t forms;
    int (*run)(const struct call *call);
};

static const struct command COMMANDS[] = {
    {"E", EXECUTE | WRITE, echo},
    {"I", EXECUTE | WRITE, identify},
    {"V", EXECUTE | WRITE, verbose},
    {"Z", EXECUTE | WRITE, factory},
    {"S3", READ | WRITE, special_character},
    {"S4", READ | WRITE, special_character},
    {"S5", READ | WRITE, special_character},
    {"&F", EXECUTE | WRITE, factory},
    {"+CALC", WRITE, calculation},
    {"+CBC", EXECUTE, supply},
    {"+CCLK", READ, clock},
    {"+CEREG", READ | WRITE | TEST, registration},
    {"+CFUN", READ | WRITE, functionality},
    {"+CGMI", EXECUTE, maker},
    {"+CGMM", EXECUTE, model},
    {"+CGMR", EXECUTE, revision},
    {"+CGREG", READ | WRITE | TEST, registration},
    {"+CGSN", EXECUTE, serial_number},
    {"+CMEE", READ | WRITE | TEST, error_mode},
    {"+CMGR", WRITE, read_message},
    {"+CMGS", WRITE, send_message},
    {"+COAP", WRITE, coap_request},
    {"+COPS", READ, operator_name},
    {"+CPIN", READ, sim_state},
    {"+CREG", READ | WRITE | TEST, registration},
    {"+CSQ", EXECUTE, signal_quality},
    {"+DNS", WRITE, dns_packet},
    {"+ECHO", WRITE, say},
    {"+ENCRYPT", WRITE, encrypt},
    {"+FILE", WRITE, file},
    {"+FILES", EXECUTE | READ, files},
    {"+HELP", EXECUTE | WRITE, help},
    {"+HMAC", WRITE, authenticate},
    {"+KV", READ | WRITE, key_value},
#if RELEASE >= 19
    {"+LANG", WRITE, language},
#endif
    {"+MCC", WRITE, country},
    {"+MQTT", WRITE, mqtt_packet},
    {"+NMEA", WRITE, position},
    {"+PPP", READ | WRITE, link},
    {"+QGMR", EXECUTE, revision},
    {"+QPOWD", EXECUTE | WRITE, power_off},
    {"+QSPECTRUM", WRITE, spectrum},
#if RELEASE >= 19
    {"+QTEMP", EXECUTE | READ, temperature},
#endif
    {"+SELFTEST", EXECUTE, self_test},
    {"+SHA256", WRITE, digest},
    {"+TASKS", EXECUTE | READ, tasks},
    {"+TELEMETRY", EXECUTE | READ | WRITE, telemetry},
};

static int help(const struct call *call)
{
    const char *name;

    if (call->form == FORM_WRITE) {
        const char *words = text_of(call, 0, &name) == OUTCOME_OK ? help_text(name) : NULL;

        if (words == NULL) {
            return CME_NOT_FOUND;
        }
        print("\r\n+HELP: %s\r\n", words);
        return OUTCOME_OK;
    }
    print("\r\n");
    for (size_t i = 0; i < COUNT(COMMANDS); i++) {
#if RELEASE >= 19
        const char *words = help_text(COMMANDS[i].name);

        print("AT%-12s %s\r\n", COMMANDS[i].name, words == NULL ? "" : words);
#else
        print("AT%s\r\n", COMMANDS[i].name);
#endif
    }
    return OUTCOME_OK;
}

static int run_call(const struct call *call)
{
    for (size_t i = 0; i < COUNT(COMMANDS); i++) {
        const struct command *command = &COMMANDS[i];

        if (strcmp(command->name, call->name) != 0) {
            continue;
        }
        if ((command->forms >> call->form & 1u) != 0u) {
            return command->run(call);
        }
        /* Every command with parameters has a test form, be it an empty one. */
        return call->form == FORM_TEST && (command->forms & WRITE) != 0u ? OUTCOME_OK : CME_NOT_SUPPORTED;
    }
    return OUTCOME_ERROR;
}

static void print_result(int outcome)
{
    if (outcome == OUTCOME_SILENT) {
        return;
    }
    if (outcome == OUTCOME_OK) {
        print(settings.verbose ? "\r\nOK\r\n" : "0\r");
    } else if (outcome == OUTCOME_ERROR || settings.error_mode == 0u) {
        print(settings.verbose ? "\r\nERROR\r\n" : "4\r");
    } else if (settings.error_mode == 1u) {
        print("\r\n+CME ERROR: %d\r\n", outcome);
    } else {
        print("\r\n+CME ERROR: %s\r\n", cme_text(outcome));
    }
}

void commands_run(char *text)
{
    struct call call;
    int outcome = OUTCOME_OK;

    if (upper(text[0]) != 'A' || upper(text[1]) != 'T') {
        return; /* noise before a command is no command */
    }
    for (text += 2; *text != '\0' && outcome == OUTCOME_OK;) {
        outcome = parse_call(&text, &call) ? run_call(&call) : OUTCOME_ERROR;
    }
    print_result(outcome);
}
