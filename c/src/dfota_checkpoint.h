/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where a patch stands, as bytes that mean the same on every machine. It decodes nothing;
 * dfota_patch_checkpoint() and dfota_patch_resume() are its only callers.
 */
#ifndef DFOTA_CHECKPOINT_H
#define DFOTA_CHECKPOINT_H

#include "dfota_patch.h"

/*
 * Save (or load) everything that changes while new is produced. 0, or nonzero: `move` failed,
 * or what was loaded cannot be of this patch.
 */
int dfota_checkpoint_move(dfota_patch *patch, dfota_move_checkpoint move, void *ctx, int saving);

#endif
