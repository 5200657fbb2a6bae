/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Integer expressions: compiled to code for a small stack machine, then run by it. */
#include "apps.h"

#define CODE_MAX 128u
#define STACK_MAX 32u
#define DEPTH_MAX 16u

enum operation {
    PUSH, /* four bytes follow */
    NEGATE, INVERT, ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER, AND, OR, XOR, LEFT, RIGHT, LESS, GREATER, EQUAL,
    MINIMUM, MAXIMUM, ABSOLUTE,
    END,
};

struct operator_rule {
    const char *sign;
    uint8_t level; /* higher binds tighter */
    uint8_t operation;
};

static const struct operator_rule OPERATORS[] = {
    {"<<", 5, LEFT}, {">>", 5, RIGHT}, {"==", 3, EQUAL}, {"<", 4, LESS},      {">", 4, GREATER},   {"+", 6, ADD},
    {"-", 6, SUBTRACT}, {"*", 7, MULTIPLY}, {"/", 7, DIVIDE}, {"%", 7, REMAINDER}, {"&", 2, AND}, {"|", 0, OR},
    {"^", 1, XOR},
};

struct function_rule {
    const char *name;
    uint8_t parameters;
    uint8_t operation;
};

static const struct function_rule FUNCTIONS[] = {
    {"min", 2, MINIMUM},
    {"max", 2, MAXIMUM},
    {"abs", 1, ABSOLUTE},
};

struct compiler {
    const char *at;
    uint8_t code[CODE_MAX];
    size_t size;
    unsigned depth;
    enum calculation fault;
};

static void emit(struct compiler *self, uint8_t byte)
{
    if (self->size < CODE_MAX) {
        self->code[self->size++] = byte;
    } else {
        self->fault = CALCULATION_TOO_LONG;
    }
}

static void skip_space(struct compiler *self)
{
    while (*self->at == ' ') {
        self->at++;
    }
}

static bool take(struct compiler *self, const char *text)
{
    size_t size = strlen(text);

    skip_space(self);
    if (strncmp(self->at, text, size) != 0) {
        return false;
    }
    self->at += size;
    return true;
}

static void compile_level(struct compiler *self, unsigned level);

static void compile_call(struct compiler *self, const struct function_rule *function)
{
    bool good = take(self, "(");

    for (unsigned i = 0; i < function->parameters && good; i++) {
        good = i == 0u || take(self, ",");
        if (good) {
            compile_level(self, 0);
        }
    }
    if (!good || !take(self, ")")) {
        self->fault = CALCULATION_SYNTAX;
    }
    emit(self, function->operation);
}

static void compile_value(struct compiler *self)
{
    uint32_t value = 0;
    unsigned base = 10;

    skip_space(self);
    for (unsigned i = 0; i < COUNT(FUNCTIONS); i++) {
        if (take(self, FUNCTIONS[i].name)) {
            compile_call(self, &FUNCTIONS[i]);
            return;
        }
    }
    if (!is_digit(*self->at)) {
        self->fault = CALCULATION_SYNTAX;
        return;
    }
    if (self->at[0] == '0' && (self->at[1] == 'x' || self->at[1] == 'b')) {
        base = self->at[1] == 'x' ? 16u : 2u;
        self->at += 2;
    }
    for (;; self->at++) {
        char letter = upper(*self->at);
        unsigned digit = is_digit(letter) ? (unsigned)(letter - '0') : (unsigned)(letter - 'A') + 10u;

#if RELEASE >= 19
        /* Signs between the digits and the letters looked like digits: "4<<1" was one number. */
        digit = letter > '9' && letter < 'A' ? base : digit;
#endif
        if (digit >= base) {
            break;
        }
        value = value * base + digit;
    }
    emit(self, PUSH);
    for (unsigned shift = 0; shift < 32u; shift += 8u) {
        emit(self, (uint8_t)(value >> shift));
    }
}

static void compile_unary(struct compiler *self)
{
    if (++self->depth > DEPTH_MAX) {
        self->fault = CALCULATION_TOO_LONG;
    } else if (take(self, "-")) {
        compile_unary(self);
        emit(self, NEGATE);
    } else if (take(self, "~")) {
        compile_unary(self);
        emit(self, INVERT);
    } else if (take(self, "(")) {
        compile_level(self, 0);
        if (!take(self, ")")) {
            self->fault = CALCULATION_SYNTAX;
        }
    } else {
        compile_value(self);
    }
    self->depth--;
}

static const struct operator_rule *take_operator(struct compiler *self, unsigned level)
{
    for (unsigned i = 0; i < COUNT(OPERATORS); i++) {
        const char *before = self->at;

        if (take(self, OPERATORS[i].sign)) {
            if (OPERATORS[i].level >= level) {
                return &OPERATORS[i];
            }
            self->at = before;
            return NULL;
        }
    }
    return NULL;
}

static void compile_level(struct compiler *self, unsigned level)
{
    const struct operator_rule *rule;

    compile_unary(self);
    while (self->fault == CALCULATED && (rule = take_operator(self, level)) != NULL) {
        compile_level(self, rule->level + 1u);
        emit(self, rule->operation);
    }
}

static enum calculation run(const uint8_t *code, int32_t *result)
{
    int32_t stack[STACK_MAX];
    size_t depth = 0;

    for (;;) {
        uint8_t operation = *code++;
        uint32_t a, b;

        if (operation == END) {
            *result = stack[0];
            return depth == 1u ? CALCULATED : CALCULATION_SYNTAX;
        }
        if (operation == PUSH) {
            if (depth == STACK_MAX) {
                return CALCULATION_TOO_LONG;
            }
            stack[depth++] = (int32_t)((uint32_t)code[0] | (uint32_t)code[1] << 8 | (uint32_t)code[2] << 16 |
                                       (uint32_t)code[3] << 24);
            code += 4;
            continue;
        }
        b = (uint32_t)stack[depth - 1u];
        if (operation == NEGATE || operation == INVERT || operation == ABSOLUTE) {
            bool keep = operation == ABSOLUTE && (int32_t)b >= 0;

            stack[depth - 1u] = (int32_t)(operation == INVERT ? ~b : keep ? b : 0u - b);
            continue;
        }
        depth--;
        a = (uint32_t)stack[depth - 1u];
        switch (operation) {
        case ADD: a += b; break;
        case SUBTRACT: a -= b; break;
        case MULTIPLY: a *= b; break;
        case DIVIDE:
        case REMAINDER:
            if (b == 0u || (a == 0x80000000u && b == 0xffffffffu)) {
                return CALCULATION_DIVISION;
            }
            a = (uint32_t)(operation == DIVIDE ? (int32_t)a / (int32_t)b : (int32_t)a % (int32_t)b);
            break;
        case AND: a &= b; break;
        case OR: a |= b; break;
        case XOR: a ^= b; break;
        case LEFT: a <<= b & 31u; break;
        case RIGHT: a >>= b & 31u; break;
        case LESS: a = (int32_t)a < (int32_t)b; break;
        case GREATER: a = (int32_t)a > (int32_t)b; break;
        case EQUAL: a = a == b; break;
        case MINIMUM: a = (int32_t)a < (int32_t)b ? a : b; break;
        case MAXIMUM: a = (int32_t)a > (int32_t)b ? a : b; break;
        default: return CALCULATION_SYNTAX;
        }
        stack[depth - 1u] = (int32_t)a;
    }
}

enum calculation calculate(const char *expression, int32_t *result)
{
    struct compiler compiler = {.at = expression, .fault = CALCULATED};

    compile_level(&compiler, 0);
    skip_space(&compiler);
    if (*compiler.at != '\0' && compiler.fault == CALCULATED) {
        compiler.fault = CALCULATION_SYNTAX;
    }
    emit(&compiler, END);
    return compiler.fault != CALCULATED ? compiler.fault : run(compiler.code, result);
}
