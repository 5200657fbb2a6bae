/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** A cooperative scheduler: a table of tasks with periods; nothing waits inside a task. */
#include "apps.h"

struct task TASKS[] = {
    {.name = "registration", .run = registration_step, .period_ms = 50},
    {.name = "telemetry", .run = telemetry_step, .period_ms = 1000},
};
const size_t TASK_COUNT = COUNT(TASKS);

void scheduler_begin(uint32_t now_ms)
{
    for (size_t i = 0; i < TASK_COUNT; i++) {
        TASKS[i].due_ms = now_ms + TASKS[i].period_ms;
    }
}

bool scheduler_step(struct task *tasks, size_t count, uint32_t now_ms)
{
    bool ran = false;

    for (size_t i = 0; i < count; i++) {
        /* A difference, not a comparison: the clock wraps after 49 days. */
        if ((int32_t)(now_ms - tasks[i].due_ms) < 0) {
            continue;
        }
        tasks[i].run();
        tasks[i].runs++;
#if RELEASE >= 19
        /* Keep the beat, but do not run a task many times to catch up after a long sleep. */
        tasks[i].due_ms += tasks[i].period_ms;
        if ((int32_t)(now_ms - tasks[i].due_ms) >= 0) {
            tasks[i].due_ms = now_ms + tasks[i].period_ms;
        }
#else
        tasks[i].due_ms = now_ms + tasks[i].period_ms;
#endif
        ran = true;
    }
    return ran;
}
