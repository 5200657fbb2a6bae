# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The plugin beside the plugins that run asynchronous tests."""

from __future__ import annotations

import pytest

UPGRADE = """
import asyncio

from dfota.testing import NEW_REVISION, make_package, make_release_pair

PAIR = make_release_pair()
PACKAGE = make_package(PAIR.old, PAIR.new)


async def run_upgrade(reader, writer, url):
    writer.write(f'AT+QFOTADL="{url}"\\r'.encode())
    heard = await asyncio.wait_for(reader.readuntil(b'"END",0'), 60)
    assert b'"RESTORE", 100%' in heard
"""

MARKS = {"asyncio": "pytest.mark.asyncio", "anyio": "pytest.mark.anyio"}


@pytest.mark.parametrize("runner", MARKS)
def test_a_module_in_its_thread_and_the_test_in_its_loop(run_inside, runner):
    result = run_inside(
        UPGRADE
        + f"""
import pytest

@pytest.fixture
def anyio_backend():
    return "asyncio"

@{MARKS[runner]}
@pytest.mark.dfota_module(firmware=PAIR.old)
@pytest.mark.dfota_power_cuts("restore:37")
async def test_with_a_port(module, package_server, power_cuts):
    reader, writer = await module.aopen()
    server = package_server({{"update.zip": PACKAGE}})
    writer.write(f'AT+QFOTADL="{{server.url_for("update.zip")}}"\\r'.encode())
    heard = await asyncio.wait_for(reader.readuntil(b'"END",0'), 60)
    assert b"Last upgrade was not finished" in heard
    await asyncio.to_thread(module.wait_running, 60)
    assert str(module.firmware.revision) == NEW_REVISION
    writer.close()
""",
        asyncio=True,
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("runner", ["asyncio"])
def test_a_module_in_the_loop_of_the_test(run_inside, runner):
    result = run_inside(
        UPGRADE
        + f"""
import pytest

@pytest.fixture
def anyio_backend():
    return "asyncio"

@{MARKS[runner]}
async def test_in_the_loop(async_module, package_server):
    url = package_server({{"update.zip": PACKAGE}}).url_for("update.zip")
    async with async_module(PAIR.old, operator="Nobody") as module:
        reader, writer = module.open()
        await run_upgrade(reader, writer, url)
        assert str((await module.wait_running()).revision) == NEW_REVISION

@{MARKS[runner]}
async def test_many(async_module):
    async def one():
        async with async_module() as module:
            reader, writer = module.open()
            writer.write(b"ATE0;+CGSN\\r")
            return (await reader.readuntil(b"OK\\r\\n")).split()[1]

    assert len(set(await asyncio.gather(*(one() for _ in range(50))))) == 50
""",
        asyncio=True,
    )
    result.assert_outcomes(passed=2)


def test_a_failed_asynchronous_test_shows_what_went_over_the_port(run_inside):
    result = run_inside(
        """
import pytest

@pytest.mark.asyncio
async def test_failing(async_module):
    async with async_module() as module:
        reader, writer = module.open()
        writer.write(b"AT+ODDITY\\r")
        await reader.readuntil(b"ERROR\\r\\n")
        assert False
""",
        asyncio=True,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*dfota transcript*", "*AT+ODDITY*"])
