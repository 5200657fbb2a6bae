/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Two threads for what does not depend on each other; one where there are no threads. What is
 * done, and so the plan, is the same with either.
 */
#include "dfota_plan_parts.h"

/* Whether there are threads: POSIX ones. */
#ifndef DFOTA_PLAN_THREADS
#if defined(__unix__) || defined(__APPLE__)
#define DFOTA_PLAN_THREADS 1
#else
#define DFOTA_PLAN_THREADS 0
#endif
#endif

#if DFOTA_PLAN_THREADS
#include <pthread.h>
#endif

typedef struct sharing {
    dfota_work work;
    void *ctx;
    uint32_t next;
    uint32_t count;
    int failed;
#if DFOTA_PLAN_THREADS
    pthread_mutex_t lock;
#endif
} sharing;

/* Do what is left, one item after the other. */
static void take_items(sharing *all, int is_caller)
{
    int result = 0;

    for (;;) {
        uint32_t item;
#if DFOTA_PLAN_THREADS
        (void)pthread_mutex_lock(&all->lock);
#endif
        all->failed |= result != 0;
        item = all->failed ? all->count : all->next;
        all->next = item < all->count ? item + 1u : all->count;
#if DFOTA_PLAN_THREADS
        (void)pthread_mutex_unlock(&all->lock);
#endif
        if (item == all->count) {
            return;
        }
        result = all->work(all->ctx, item, is_caller);
    }
}

#if DFOTA_PLAN_THREADS
static void *help(void *ctx)
{
    take_items((sharing *)ctx, 0);
    return NULL;
}
#endif

int dfota_share(dfota_work work, void *ctx, uint32_t count)
{
    sharing all;

    all.work = work;
    all.ctx = ctx;
    all.next = 0;
    all.count = count;
    all.failed = 0;
#if DFOTA_PLAN_THREADS
    if (pthread_mutex_init(&all.lock, NULL) != 0) {
        return 1;
    }
    {
        pthread_t helper;
        const int is_helped = count > 1u && pthread_create(&helper, NULL, help, &all) == 0;
        take_items(&all, 1);
        if (is_helped) {
            (void)pthread_join(helper, NULL);
        }
    }
    (void)pthread_mutex_destroy(&all.lock);
#else
    take_items(&all, 1);
#endif
    return all.failed;
}
