# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the host's bench: a paced line, the ways to upload, the page; no decision of dfota."""
