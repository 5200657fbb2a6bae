# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A suite as a user with strict type checking writes it; it is checked, not run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dfota.modem import AsyncModule, CutReport, RunningModule, VirtualModule
from dfota.package import Release
from dfota.pytest_plugin import AsyncModuleFactory, ModuleFactory, PackageServerFactory
from dfota.testing import PowerCuts, make_release


@pytest.fixture
def release() -> Release:
    return make_release()


@pytest.mark.dfota_profile("bg96", percent_style="plain")
def test_module(module: RunningModule, tmp_path: Path) -> None:
    port: str = module.port
    cut: CutReport | None = module.last_cut
    assert port
    assert cut is None


def test_factories(
    module_factory: ModuleFactory,
    package_server: PackageServerFactory,
    power_cuts: PowerCuts,
    release: Release,
    tmp_path: Path,
) -> None:
    module = module_factory(
        release, state=tmp_path, ports=("usbat", "uart1"), percent_style="plain"
    )
    url: str = package_server({"a.zip": b""}, tls=True).url_for("a.zip")
    power_cuts.arm("restore:37")
    assert module.ports["uart1"] != url


async def test_loop(async_module: AsyncModuleFactory, module: RunningModule) -> None:
    inner: AsyncModule
    async with async_module(profile="bg96", speed=60) as inner:
        reader, writer = inner.open()
        writer.write(b"AT\r")
        line: bytes = await reader.readline()
        revision: str = (await inner.wait_running()).revision.text
    reader, writer = await module.aopen()
    assert isinstance(reader, asyncio.StreamReader)
    assert line.decode() != revision


def test_bytes(release: Release) -> None:
    module = VirtualModule.in_memory(release)
    module.power_on()
    heard: bytes = module.elapse(10) + module.feed(b"AT\r", port="usbat", now=20.0)
    assert heard
