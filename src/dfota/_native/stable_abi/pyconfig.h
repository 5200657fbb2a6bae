/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Empty on purpose: beside Python.h of this folder nothing depends on how Python was built.
 */
#ifndef DFOTA_STABLE_ABI_PYCONFIG_H
#define DFOTA_STABLE_ABI_PYCONFIG_H
#endif
