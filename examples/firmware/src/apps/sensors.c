/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Temperature and supply, from converter readings; the board has no converter, so readings are imagined. */
#include "apps.h"

static const int32_t THERMISTOR_MILLI[1024] = {
#include "thermistor.inc"
};

static uint32_t triangle(uint32_t now_ms, uint32_t period_ms, uint32_t height)
{
    uint32_t phase = now_ms % period_ms;

    return (phase < period_ms / 2u ? phase : period_ms - phase) * height * 2u / period_ms;
}

uint16_t sensors_reading(uint32_t now_ms)
{
    return (uint16_t)(470u + triangle(now_ms, 60000, 60));
}

int32_t sensors_temperature_milli(uint16_t reading)
{
    return THERMISTOR_MILLI[reading < COUNT(THERMISTOR_MILLI) ? reading : COUNT(THERMISTOR_MILLI) - 1u];
}

uint16_t sensors_supply_mv(uint32_t now_ms)
{
    return (uint16_t)(3790u + triangle(now_ms, 17000, 40));
}
