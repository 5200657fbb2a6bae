# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Modules in memory: they share what they were made with, and nothing else."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from dfota.errors import MisuseError
from dfota.modem import FactoryImage, MemoryState, Power, Speed, StateDirectory, VirtualModule


def booted(firmware, serial: int = 0) -> VirtualModule:
    module = VirtualModule.in_memory(firmware, serial=serial, speed=Speed(None))
    module.power_on()
    module.elapse(0)
    return module


def test_the_flash_is_the_one_that_a_directory_would_have(lab, tmp_path):
    with (
        StateDirectory(tmp_path / "module", firmware=lab.old) as other,
        MemoryState(lab.old) as own,
    ):
        assert own.flash.geometry == other.flash.geometry
        size = own.flash.geometry.size
        assert own.flash.read(0, size) == other.flash.read(0, size)


def test_modules_with_the_same_firmware_share_one_image(lab):
    one, two = MemoryState(lab.old), MemoryState(lab.old, serial=1)
    assert one.factory_image is two.factory_image
    assert MemoryState(lab.new).factory_image is not one.factory_image
    assert FactoryImage.of(lab.old) is one.factory_image
    assert MemoryState(one.factory_image).factory_image is one.factory_image


def test_each_has_its_own_imei_files_and_settings(lab):
    one, two = booted(lab.old), booted(lab.old, 1)
    numbers = [module.feed(b"ATE0;+CGSN\r") for module in (one, two)]
    assert numbers[0] != numbers[1]
    one.files.begin("a").end()
    one.feed(b"ATE0;+CREG=2;&W\r")
    assert not two.files.has("a")
    assert two.nv.stored_settings is None
    with pytest.raises(MisuseError, match="999999"):
        MemoryState(lab.old, serial=1_000_000)


def test_a_changed_byte_of_the_firmware_is_found_at_the_next_boot(lab):
    module, other = booted(lab.old), booted(lab.old)
    (qdsp, *_) = module.firmware.partitions
    flash = module._state.flash
    sector = flash.geometry.sector_size
    kept = flash.read(qdsp.offset, sector)
    flash.erase(qdsp.offset)
    for page in range(0, sector, flash.geometry.page_size):
        data = bytearray(kept[page : page + flash.geometry.page_size])
        if page == sector - flash.geometry.page_size:
            data[-1] ^= 1
        flash.prog(qdsp.offset + page, data)
    for one in (module, other):
        one.restart()
        one.elapse(0)
    assert module.power is Power.DAMAGED
    assert other.power is Power.RUNNING


def test_the_same_bytes_written_again_are_as_good(lab):
    module = booted(lab.old)
    (qdsp, *_) = module.firmware.partitions
    flash = module._state.flash
    sector, page_size = flash.geometry.sector_size, flash.geometry.page_size
    kept = flash.read(qdsp.offset, sector)
    flash.erase(qdsp.offset)
    for page in range(0, sector, page_size):
        flash.prog(qdsp.offset + page, kept[page : page + page_size])
    assert flash.digest(qdsp.offset, qdsp.size) is None
    module.restart()
    module.elapse(0)
    assert module.power is Power.RUNNING


def test_an_idle_module_needs_less_than_64_kib(lab):
    first = booted(lab.old)  # what all of them share
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        modules = [booted(lab.old, serial) for serial in range(1, 21)]
        for module in modules:
            module.feed(b"AT+CSQ;+CREG?;+COPS?\r")
        used = (tracemalloc.get_traced_memory()[0] - before) / len(modules)
    finally:
        tracemalloc.stop()
    assert first.power is Power.RUNNING
    assert used < 64 * 1024
