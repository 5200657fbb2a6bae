# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The driver for asyncio takes a module through the same procedures, with the same outcomes."""

from __future__ import annotations

import asyncio
import os
import pty
import socket

import pytest

from dfota.errors import DownloadFailedError, PortBusyError, PortError
from dfota.host import (
    AsyncSession,
    Plan,
    PortLost,
    PortReturned,
    SerialxAsyncTransport,
    SerialxTransport,
    get_attention,
    upgrade,
)


class AsyncPort:
    """The scripted port behind an asynchronous door; time stays virtual."""

    def __init__(self, port) -> None:
        self.port = port

    async def read(self, timeout_s: float) -> bytes:
        await asyncio.sleep(0)
        return self.port.read(timeout_s)

    async def write(self, data: bytes) -> None:
        self.port.write(data)

    async def aclose(self) -> None:
        self.port.close()


def run_upgrade(bench, plan: Plan | None = None):
    async def opened() -> AsyncPort:
        return AsyncPort(bench.port.open())

    async def pause(seconds: float) -> None:
        bench.port.pause(seconds)

    async def main():
        async with AsyncSession(
            opened, port="fake", on_event=bench.events.append,
            clock=lambda: bench.module.now, pause=pause,
        ) as session:  # fmt: skip
            return await session.run(upgrade(plan or Plan(url=bench.URL, facts=bench.FACTS)))

    return asyncio.run(main())


def test_an_upgrade_runs_in_an_event_loop(any_bench) -> None:
    any_bench.script_remote()
    assert run_upgrade(any_bench).revision_after == any_bench.NEW
    assert any_bench.starts == 1
    assert any_bench.phases[-1] == "rebooting"


def test_a_failure_is_the_same_error(bench) -> None:
    bench.script_remote(http_err=702)
    with pytest.raises(DownloadFailedError):
        run_upgrade(bench)


def test_a_port_that_goes_away_is_opened_again(bench) -> None:
    def begin() -> None:
        bench.module.at(1, *bench.fota('"HTTPSTART"', '"HTTPEND",0', '"START"'))
        bench.module.later(3, bench.port.vanish)
        bench.module.later(13, bench.port.appear)
        done = bench.module.at(20, *bench.installation(), every_s=1)
        bench.script_boot(done, bench.module.boot_new)

    bench.when(bench.START_URL, begin)
    assert run_upgrade(bench).revision_after == bench.NEW
    kinds = [type(event) for event in bench.events]
    assert PortLost in kinds
    assert PortReturned in kinds


def test_a_port_that_cannot_be_opened_is_told() -> None:
    async def main() -> None:
        async with AsyncSession(lambda: SerialxAsyncTransport.open("/dev/nowhere")):
            pass

    with pytest.raises(PortError, match="nowhere"):
        asyncio.run(main())


def test_a_real_terminal_is_read_written_and_locked() -> None:
    master, slave = pty.openpty()
    name = os.ttyname(slave)

    async def main() -> None:
        port = await SerialxAsyncTransport.open(name)
        with pytest.raises(PortBusyError):
            SerialxTransport(name)
        await port.write(b"AT\r")
        assert os.read(master, 10) == b"AT\r"
        assert await port.read(0.0) == b""
        os.write(master, b"OK\r\n")
        assert await port.read(5.0) == b"OK\r\n"
        await port.aclose()
        await port.aclose()

    asyncio.run(main())
    SerialxTransport(name).close()
    os.close(slave)
    os.close(master)


def test_a_real_socket_tells_when_it_is_closed_and_frees_its_lock() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"

        async def main() -> None:
            port = await SerialxAsyncTransport.open(url)
            with pytest.raises(PortBusyError):
                await SerialxAsyncTransport.open(url)
            far, _ = server.accept()
            far.close()
            with pytest.raises(PortError):
                await port.read(5.0)
            await port.aclose()
            await (await SerialxAsyncTransport.open(url)).aclose()

        asyncio.run(main())


def test_cancelling_leaves_the_session_usable(bench) -> None:
    async def opened() -> AsyncPort:
        return AsyncPort(bench.port.open())

    async def main() -> None:
        async with AsyncSession(opened, clock=lambda: bench.module.now) as session:
            bench.module.deaf = True
            task = asyncio.ensure_future(session.run(get_attention()))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            bench.module.deaf = False
            assert await session.run(get_attention()) is None

    asyncio.run(main())
