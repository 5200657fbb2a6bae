# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Modules in the caller's event loop, with streams for ports."""

from __future__ import annotations

import asyncio

import pytest

from dfota.errors import EndpointError, MisuseError
from dfota.modem import AsyncModule, ModuleOptions, Power, RunningModule, Speed, Trust
from dfota.modem.port_streams import open_port


def options(lab, **more) -> ModuleOptions:
    trust = Trust((lab.key.public_key,))
    return ModuleOptions(**{"firmware": lab.old, "trust": trust, **more})


async def ask(streams, line: bytes) -> bytes:
    reader, writer = streams
    writer.write(line + b"\r")
    await writer.drain()
    return await asyncio.wait_for(reader.readuntil(b"OK\r\n"), 30)


def test_a_port_is_a_pair_of_streams(lab):
    async def run():
        async with AsyncModule(options(lab)) as module:
            streams = module.open()
            assert await ask(streams, b"AT") == b"AT\r\r\nOK\r\n"
            streams[1].close()
            await streams[1].wait_closed()
            assert await streams[0].read() == b""

    asyncio.run(run())


def test_the_host_reads_an_end_when_another_takes_the_line_or_the_module_goes(lab):
    async def run():
        async with AsyncModule(options(lab)) as module:
            first, _ = module.open()
            second = module.open()
            assert await first.read() == b""
            assert await ask(second, b"ATE0") == b"ATE0\r\r\nOK\r\n"
        assert await second[0].read() == b""
        second[1].write(b"AT\r")  # to nobody, and without harm
        with pytest.raises(EndpointError):
            module.open()

    asyncio.run(run())


def test_ports_have_names_and_lines_of_their_own(lab):
    async def run():
        async with AsyncModule(options(lab), port_names=("usbat", "uart1")) as module:
            usb, uart = module.open(), module.open("uart1")
            await ask(uart, b"ATE0")
            assert await ask(uart, b"AT") == b"\r\nOK\r\n"
            assert await ask(usb, b"AT") == b"AT\r\r\nOK\r\n"
            with pytest.raises(MisuseError, match="usbat, uart1"):
                module.open("usbmodem")

    asyncio.run(run())


def test_a_host_that_does_not_read_loses_nothing_up_to_the_bound(lab):
    async def run():
        async with AsyncModule(options(lab)) as module:
            reader, writer = module.open()
            count = 3000
            for _ in range(count):
                writer.write(b"ATI\r")
                await asyncio.sleep(0)
            heard = b""
            while heard.count(b"OK\r\n") < count:
                heard += await asyncio.wait_for(reader.read(65536), 30)
            assert heard.count(b"Revision: ") == count

    asyncio.run(run())


def test_power_is_cut_and_comes_back(lab):
    async def run():
        async with AsyncModule(options(lab)) as module:
            module.cut_power()
            assert module.power is Power.OFF
            assert (await module.wait_power_lost(5)).phase == "running"
            with pytest.raises(TimeoutError):
                await module.wait_power_lost(0.01)
            module.power_on()
            assert (await module.wait_running()).revision == lab.old.revision

    asyncio.run(run())


def test_an_upgrade_with_a_power_cut_in_the_loop(lab, package):
    async def run():
        async with AsyncModule(options(lab)) as module:
            file = module.module.files.begin("EUFS:/fota/update.zip", replaces=True)
            file.write(package)
            file.end()
            module.arm_power_cut("restore:50")
            reader, writer = module.open()
            writer.write(b"AT+QFOTADL=1\r")
            heard = await asyncio.wait_for(reader.readuntil(b'"FOTA","END",0\r\n'), 60)
            assert b"Last upgrade was not finished" in heard
            assert module.last_cut is not None
            assert (await module.wait_running()).revision == lab.new.revision

    asyncio.run(run())


def test_a_module_in_a_directory_lives_on(lab, tmp_path):
    async def run():
        for expected in (b"+CREG: 0,", b"+CREG: 2,"):
            async with AsyncModule(options(lab, state=tmp_path / "unit")) as module:
                streams = module.open()
                assert expected in await ask(streams, b"AT+CREG?")
                await ask(streams, b"AT+CREG=2;&W")

    asyncio.run(run())


def test_a_hundred_modules_need_no_task_each(lab):
    async def run():
        modules = [AsyncModule(options(lab, serial=serial)) for serial in range(100)]
        for module in modules:
            await module.__aenter__()
        assert len(asyncio.all_tasks()) == 1
        numbers = [await ask(module.open(), b"ATE0;+CGSN") for module in modules]
        assert len(set(numbers)) == 100
        for module in modules:
            await module.close()

    asyncio.run(run())


def test_without_firmware_there_is_nothing_to_run():
    async def run():
        async with AsyncModule(ModuleOptions()):
            pass

    with pytest.raises(MisuseError, match="firmware"):
        asyncio.run(run())


@pytest.mark.parametrize("tcp", [None, ("127.0.0.1", 0)])
def test_a_module_in_a_thread_can_be_talked_to_from_a_loop(lab, tcp):
    async def run(module):
        reader, writer = await module.aopen()
        assert await ask((reader, writer), b"AT") == b"AT\r\r\nOK\r\n"
        writer.close()
        await writer.wait_closed()

    with RunningModule(options(lab, tcp=tcp)) as module:
        module.wait_running(60)
        asyncio.run(run(module))
        asyncio.run(run(module))


@pytest.mark.parametrize("address", ["/nowhere/tty", "rfc2217://127.0.0.1:1", "socket://127.0.0.1"])
def test_a_port_that_cannot_be_opened_is_an_error(address):
    with pytest.raises(EndpointError):
        asyncio.run(open_port(address))


def test_the_loop_gives_the_time(lab):
    async def run():
        async with AsyncModule(options(lab, speed=Speed(100.0))) as module:
            reader, writer = module.open()
            began = asyncio.get_running_loop().time()
            await ask((reader, writer), b"AT+COPS=?")
            assert 0.19 < asyncio.get_running_loop().time() - began < 10

    asyncio.run(run())
