/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The parts of the application, as they know one another. */
#ifndef APPS_H
#define APPS_H

#include "lib.h"
#include "release.h"
#include "services.h"

extern const struct boot_services *boot;
extern const struct modem_api *modem;

void print(const char *pattern, ...);
void print_bytes(const uint8_t *data, size_t size);

/* -- line.c: characters to lines ---------------------------------------------------------- */

#define LINE_MAX 512u

struct line {
    char text[LINE_MAX];
    char last[LINE_MAX];
    size_t size;
    bool echo;
    bool overflowed;
    char terminator;
    char linefeed;
    char backspace;
};

void line_begin(struct line *line);
/** Feed a character; true when `text` is a whole command line. */
bool line_feed(struct line *line, char letter);

/* -- parser.c: lines to commands ---------------------------------------------------------- */

#define ARGUMENTS_MAX 8u

enum form { FORM_EXECUTE, FORM_READ, FORM_TEST, FORM_WRITE };

struct argument {
    bool given;
    bool quoted;
    const char *text;
    int32_t number; /* INT32_MIN where the text is no number */
};

struct call {
    const char *name; /* with its prefix: "+CSQ", "&F", "I" */
    enum form form;
    size_t count;
    struct argument arguments[ARGUMENTS_MAX];
};

/** Cut the next command off `*line`, in place; false where the syntax is wrong. */
bool parse_call(char **line, struct call *call);

/* -- commands.c, messages.c --------------------------------------------------------------- */

enum outcome {
    OUTCOME_OK = -1,
    OUTCOME_SILENT = -2,
    OUTCOME_ERROR = -3,
    /* zero and above: a +CME ERROR */
};

#define CME_NOT_ALLOWED 3
#define CME_NOT_SUPPORTED 4
#define CME_MEMORY_FULL 20
#define CME_NOT_FOUND 22
#define CME_TEXT_TOO_LONG 24
#define CME_INVALID_TEXT 25
#define CME_INCORRECT_PARAMETERS 50

struct settings {
    bool verbose;
    uint8_t error_mode;
    uint8_t registration_urc;
    uint8_t language;
};

extern struct settings settings;
extern struct line line;

void commands_run(char *text);
const char *cme_text(int code);
const char *help_text(const char *name);

/* -- scheduler.c, registration.c ---------------------------------------------------------- */

struct task {
    const char *name;
    void (*run)(void);
    uint32_t period_ms;
    uint32_t due_ms;
    uint32_t runs;
};

extern struct task TASKS[];
extern const size_t TASK_COUNT;

void scheduler_begin(uint32_t now_ms);
/** Run what is due; true where something ran. */
bool scheduler_step(struct task *tasks, size_t count, uint32_t now_ms);

void registration_step(void);
unsigned registration_status(void); /* the <stat> of +CREG */
const char *registration_name(void);
void registration_switch(bool on);

/* -- telemetry.c -------------------------------------------------------------------------- */

struct sample {
    uint32_t at_s;
    int32_t temperature_milli;
    uint16_t supply_mv;
    struct radio_report radio;
    int32_t latitude_micro;
    int32_t longitude_micro;
    bool has_position;
};

void telemetry_take(struct sample *sample);
size_t telemetry_json(const struct sample *sample, char *out, size_t room);
size_t telemetry_cbor(const struct sample *sample, uint8_t *out, size_t room);
void telemetry_step(void);
uint32_t telemetry_count(void);

/* -- sensors.c, calendar.c, position.c ---------------------------------------------------- */

uint16_t sensors_reading(uint32_t now_ms);
int32_t sensors_temperature_milli(uint16_t reading);
uint16_t sensors_supply_mv(uint32_t now_ms);

struct date {
    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
};

void calendar_from_seconds(uint32_t seconds, struct date *date);
uint32_t calendar_to_seconds(const struct date *date);
int calendar_weekday(uint32_t seconds); /* 0 is Monday */

struct position {
    int32_t latitude_micro;
    int32_t longitude_micro;
    int32_t altitude_milli;
    unsigned satellites;
    uint32_t second_of_day;
};

/** Take a GGA sentence of NMEA 0183 with its checksum. */
bool position_parse(const char *sentence, struct position *position);
/** Metres between two places that are not far apart. */
uint32_t position_distance(const struct position *from, const struct position *to);

/* -- sms.c -------------------------------------------------------------------------------- */

size_t gsm7_pack(const char *text, uint8_t *out, size_t room, size_t *septets);
size_t gsm7_unpack(const uint8_t *data, size_t septets, char *out, size_t room);
size_t sms_submit(const char *number, const char *text, uint8_t *pdu, size_t room);
bool sms_deliver(const uint8_t *pdu, size_t size, char *sender, size_t sender_room, char *text, size_t text_room);

/* -- store.c, calculator.c ---------------------------------------------------------------- */

bool store_put(const char *key, const char *value);
bool store_get(const char *key, char *value, size_t room);
bool store_remove(const char *key);
bool store_next(size_t *cursor, char *key, char *value, size_t room);
void store_usage(size_t *used, size_t *total, uint32_t *compactions);

enum calculation { CALCULATED, CALCULATION_SYNTAX, CALCULATION_DIVISION, CALCULATION_TOO_LONG };

enum calculation calculate(const char *expression, int32_t *result);

extern const struct self_test APPS_TESTS[];
extern const size_t APPS_TEST_COUNT;

#endif
