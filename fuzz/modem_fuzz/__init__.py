# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What is fuzzed of the virtual module, and what must hold whatever comes."""
