# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

from dfota.server import AccessLog, Download, HandshakeFailure, describe_end, describe_failure

RUNNING = Download(
    client="192.0.2.7:50123",
    path="/a.zip",
    sent_bytes=4096,
    total_bytes=16384,
    started_at=0.0,
    finished=False,
    status=200,
    number=1,
    elapsed_s=1.0,
)


def test_a_long_download_is_mentioned_every_five_seconds():
    log = AccessLog()
    lines = [log.line_for(replace(RUNNING, elapsed_s=second / 2)) for second in range(25)]

    mentioned = [index / 2 for index, line in enumerate(lines) if line]
    assert mentioned == [5.0, 10.0]
    assert "192.0.2.7:50123 GET /a.zip 25 % 4096 of 16384 bytes (0.8 kB/s)" in lines[10]


def test_two_downloads_have_their_own_clocks():
    log = AccessLog()
    assert log.line_for(replace(RUNNING, elapsed_s=5.0))
    assert log.line_for(replace(RUNNING, number=2, elapsed_s=5.0))
    assert not log.line_for(replace(RUNNING, elapsed_s=6.0))


def test_the_end_says_whether_all_was_sent():
    end = replace(RUNNING, finished=True, elapsed_s=2.0)

    assert describe_end(end).endswith(
        "200 4096 of 16384 bytes in 2.0 s (2.0 kB/s), the client left"
    )
    whole = replace(end, sent_bytes=16384)
    assert describe_end(whole).endswith("GET /a.zip 200 16384 bytes in 2.0 s (8.2 kB/s)")
    fast = replace(whole, elapsed_s=0.001)
    assert describe_end(fast).endswith("(16.4 MB/s)")
    gone = replace(end, status=None)
    assert describe_end(gone).endswith("- the client left before the answer")
    assert AccessLog().line_for(end) == describe_end(end)


def test_a_failed_handshake_has_a_line():
    line = describe_failure(HandshakeFailure("192.0.2.7:1", "no cipher suite in common"))

    assert line.endswith("192.0.2.7:1 TLS handshake failed: no cipher suite in common")
