/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Runs one command and writes its wall time, user time and peak memory into a file; it never looks at the result.
 *
 * The kernel counts the memory of the process that forks into the peak of its child. This program is small,
 * so that the peak is the command's own; a Python process would add its ten megabytes.
 *
 *     launch REPORT COMMAND [ARGUMENT...]
 */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timespec then, struct timespec now)
{
    return (double)(now.tv_sec - then.tv_sec) + (double)(now.tv_nsec - then.tv_nsec) / 1e9;
}

int main(int argc, char **argv)
{
    struct timespec then, now;
    struct rusage usage;
    FILE *report;
    pid_t child;
    int status;

    if (argc < 3)
        return 125;
    clock_gettime(CLOCK_MONOTONIC, &then);
    child = fork();
    if (child < 0)
        return 125;
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    if (wait4(child, &status, 0, &usage) != child)
        return 125;
    clock_gettime(CLOCK_MONOTONIC, &now);
    report = fopen(argv[1], "w");
    if (report == NULL)
        return 125;
    fprintf(report, "%.6f %ld.%06ld %ld\n", seconds(then, now), (long)usage.ru_utime.tv_sec,
            (long)usage.ru_utime.tv_usec, usage.ru_maxrss);
    if (fclose(report) != 0)
        return 125;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
