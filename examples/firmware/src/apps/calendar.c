/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Dates of the Gregorian calendar from seconds since 1970, and back; no zones, no leap seconds. */
#include "apps.h"

#define DAYS_TO_1970 719468 /* from 0000-03-01 */

void calendar_from_seconds(uint32_t seconds, struct date *date)
{
    int days = (int)(seconds / 86400u) + DAYS_TO_1970;
    int era = days / 146097;
    int day_of_era = days - era * 146097;
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (5 * day_of_year + 2) / 153; /* from March */
    int rest = (int)(seconds % 86400u);

    date->day = day_of_year - (153 * month + 2) / 5 + 1;
    date->month = month < 10 ? month + 3 : month - 9;
    date->year = year_of_era + era * 400 + (date->month <= 2 ? 1 : 0);
    date->hour = rest / 3600;
    date->minute = rest / 60 % 60;
    date->second = rest % 60;
}

uint32_t calendar_to_seconds(const struct date *date)
{
    int year = date->year - (date->month <= 2 ? 1 : 0);
    int era = year / 400;
    int year_of_era = year - era * 400;
    int month = date->month > 2 ? date->month - 3 : date->month + 9;
    int day_of_year = (153 * month + 2) / 5 + date->day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    int days = era * 146097 + day_of_era - DAYS_TO_1970;

    return (uint32_t)days * 86400u + (uint32_t)(date->hour * 3600 + date->minute * 60 + date->second);
}

int calendar_weekday(uint32_t seconds)
{
    return (int)((seconds / 86400u + 3u) % 7u);
}
