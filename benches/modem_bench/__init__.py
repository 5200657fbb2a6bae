# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of ``benches/modem.py``; nothing here is installed, and dfota never imports it."""
