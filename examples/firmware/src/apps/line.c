/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The line discipline of V.250: echo, backspace, S3, S4, S5 and A/. */
#include "apps.h"

void line_begin(struct line *self)
{
    memset(self, 0, sizeof(*self));
    self->echo = true;
    self->terminator = '\r';
    self->linefeed = '\n';
    self->backspace = '\b';
}

static void erase_last(struct line *self)
{
#if RELEASE >= 19
    /* 01.018 stepped back in front of the buffer, and the next command was lost. */
    if (self->size == 0u) {
        return;
    }
    self->size--;
    if (self->echo) {
        print("\b \b");
    }
#else
    self->size--;
    if (self->echo) {
        print("\b \b");
    }
    if (self->size >= LINE_MAX) {
        self->size = 0;
        self->overflowed = true;
    }
#endif
}

bool line_feed(struct line *self, char letter)
{
    if (letter == self->linefeed && self->size == 0u) {
        return false; /* of a CR LF pair */
    }
    if (letter == self->backspace || letter == 0x7f) {
        erase_last(self);
        return false;
    }
    if (self->echo) {
        print("%c", letter);
    }
    if (self->size == 1u && upper(self->text[0]) == 'A' && letter == '/') {
        memcpy(self->text, self->last, sizeof(self->text));
        self->size = 0;
        return self->text[0] != '\0';
    }
    if (letter == self->terminator) {
        bool whole = self->size > 0u && !self->overflowed;

        self->text[self->size] = '\0';
        self->size = 0;
        if (self->overflowed) {
            self->overflowed = false;
            print("\r\nERROR\r\n");
        }
        if (whole) {
            memcpy(self->last, self->text, sizeof(self->last));
        }
        return whole;
    }
    if (self->size + 1u < sizeof(self->text)) {
        self->text[self->size++] = letter;
    } else {
        self->overflowed = true;
    }
    return false;
}
