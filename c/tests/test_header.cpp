/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The public headers are C++98 too; nothing runs here.
 */
#include "dfota_create.h"
#include "dfota_patch.h"

int dfota_header_test(const dfota_patch *patch);

int dfota_header_test(const dfota_patch *patch)
{
    return static_cast<int>(patch->header.new_size);
}
