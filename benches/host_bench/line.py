# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A serial line in real time between two sockets: so many bits a second, and a delay; no AT.

It is a process of its own, so that what it costs is not counted as the host's:

    python benches/host_bench/line.py MODULE_HOST:PORT BAUD DELAY_MS

prints the port at which it listens, carries one connection and ends with it.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections import deque

BITS_PER_BYTE = 10  # 8N1
SLICE = 64
"""Bytes that arrive together, as from the FIFO of a UART."""
BUFFER = 4096
"""What the operating system takes before a writer has to wait."""


def carry(source: socket.socket, target: socket.socket, baud: int, delay_s: float) -> None:
    """Bytes from *source* to *target*, each slice when its last bit has arrived."""
    on_the_way: deque[tuple[float, bytes]] = deque()
    changed = threading.Condition()
    ended = False

    def deliver() -> None:
        while True:
            with changed:
                while not on_the_way and not ended:
                    changed.wait()
                if not on_the_way:
                    break
                due, data = on_the_way.popleft()
                changed.notify_all()
            wait_s = due - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            try:
                target.sendall(data)
            except OSError:
                break

    thread = threading.Thread(target=deliver, daemon=True)
    thread.start()
    free_at = 0.0
    while data := source.recv(1024):
        for begin in range(0, len(data), SLICE):
            piece = data[begin : begin + SLICE]
            free_at = max(free_at, time.monotonic()) + len(piece) * BITS_PER_BYTE / baud
            with changed:
                while len(on_the_way) * SLICE >= BUFFER:
                    changed.wait()
                on_the_way.append((free_at + delay_s, piece))
                changed.notify_all()
    with changed:
        ended = True
        changed.notify_all()
    thread.join()


def main() -> None:
    host, _, port = sys.argv[1].rpartition(":")
    baud, delay_s = int(sys.argv[2]), float(sys.argv[3]) / 1000
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        near, _ = server.accept()
    far = socket.create_connection((host, int(port)))
    for end in (near, far):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ways = [
        threading.Thread(target=carry, args=(near, far, baud, delay_s), daemon=True),
        threading.Thread(target=carry, args=(far, near, baud, delay_s), daemon=True),
    ]
    for way in ways:
        way.start()
    ways[0].join()


if __name__ == "__main__":
    main()
