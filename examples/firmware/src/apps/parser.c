/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The grammar of command lines: names, forms, and arguments that are numbers or quoted texts. */
#include "apps.h"

static bool is_letter(char letter)
{
    letter = upper(letter);
    return letter >= 'A' && letter <= 'Z';
}

static bool ends_command(char letter)
{
    return letter == '\0' || letter == ';';
}

static int32_t number_of(const char *text)
{
    bool negative = *text == '-';
    int32_t value = 0;

    text += negative ? 1 : 0;
    if (!is_digit(*text)) {
        return INT32_MIN;
    }
    for (; is_digit(*text); text++) {
        if (value > (INT32_MAX - 9) / 10) {
            return INT32_MIN;
        }
        value = value * 10 + (*text - '0');
    }
    return *text == '\0' ? (negative ? -value : value) : INT32_MIN;
}

#if RELEASE >= 19
static int hexadecimal(char letter)
{
    letter = upper(letter);
    return is_digit(letter) ? letter - '0' : letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}
#endif

/* Unquote in place; the position behind the closing quote, or NULL. */
static char *take_quoted(char *at, struct argument *argument)
{
    char *out = ++at;

    argument->text = out;
    argument->quoted = true;
    while (*at != '"') {
        if (*at == '\0') {
            return NULL;
        }
#if RELEASE >= 19
        /* V.250 5.4.2.2: \hh stands for any character; 01.018 took it for three. */
        if (at[0] == '\\' && hexadecimal(at[1]) >= 0 && hexadecimal(at[2]) >= 0) {
            *out++ = (char)(hexadecimal(at[1]) << 4 | hexadecimal(at[2]));
            at += 3;
            continue;
        }
#endif
        *out++ = *at++;
    }
    *out = '\0';
    return at + 1;
}

static char *take_argument(char *at, struct argument *argument, char *stop)
{
    memset(argument, 0, sizeof(*argument));
    argument->number = INT32_MIN;
    if (*at == '"') {
        at = take_quoted(at, argument);
        if (at == NULL || (!ends_command(*at) && *at != ',')) {
            return NULL;
        }
        argument->given = true;
    } else {
        argument->text = at;
        while (!ends_command(*at) && *at != ',') {
            at++;
        }
        argument->given = at != argument->text;
    }
    *stop = *at;
    *at = '\0';
    if (argument->given && !argument->quoted) {
        argument->number = number_of(argument->text);
    }
    return *stop == '\0' ? at : at + 1;
}

bool parse_call(char **text, struct call *call)
{
    static char name[24];
    char *at = *text;
    size_t size = 0;

    memset(call, 0, sizeof(*call));
    call->name = name;
    while (*at == ' ') {
        at++;
    }
    if (*at == '+' || *at == '&' || *at == '$') {
        name[size++] = *at++;
    }
    if (!is_letter(*at)) {
        return false;
    }
    if (size == 0u || name[0] == '&') {
        name[size++] = upper(*at++); /* a basic command is one letter and perhaps a number */
        name[size] = '\0';
        if (name[0] == 'S' && is_digit(*at)) {
            while (is_digit(*at) && size + 1u < sizeof(name)) {
                name[size++] = *at++;
            }
            name[size] = '\0';
        } else if (is_digit(*at)) {
            call->form = FORM_WRITE;
            call->count = 1;
            call->arguments[0] = (struct argument){.given = true, .text = at, .number = 0};
            for (; is_digit(*at); at++) {
                call->arguments[0].number = call->arguments[0].number * 10 + (*at - '0');
            }
            *text = at;
            return true;
        }
        if (name[0] != 'S' || (*at != '=' && *at != '?')) {
            *text = at;
            return true;
        }
    } else {
        while ((is_letter(*at) || is_digit(*at) || *at == '_') && size + 1u < sizeof(name)) {
            name[size++] = upper(*at++);
        }
        name[size] = '\0';
    }
    if (*at == '?') {
        call->form = FORM_READ;
        at++;
    } else if (at[0] == '=' && at[1] == '?') {
        call->form = FORM_TEST;
        at += 2;
    } else if (*at == '=') {
        char stop = ',';

        call->form = FORM_WRITE;
        for (at++; stop == ','; ) {
            if (call->count == ARGUMENTS_MAX) {
                return false;
            }
            at = take_argument(at, &call->arguments[call->count++], &stop);
            if (at == NULL) {
                return false;
            }
        }
        *text = at;
        return true;
    }
    if (!ends_command(*at)) {
        return false;
    }
    *text = *at == ';' ? at + 1 : at;
    return true;
}
