/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Which release this is; everything that differs between releases asks RELEASE, nothing else. */
#ifndef RELEASE_H
#define RELEASE_H

#if RELEASE == 18
#define REVISION "BG96MAR02A07M1G_01.018.01.018"
#define REVISION_SHORT "BG96MAR02A07M1G"
#elif RELEASE == 19
#define REVISION "BG96MAR02A07M1G_01.019.01.019"
#define REVISION_SHORT "BG96MAR02A07M1G"
#else
#error "compile with -DRELEASE=18 or -DRELEASE=19"
#endif

#endif
