# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Handles: opening, reading, writing, seeking and cutting, and every refusal of the manual."""

from __future__ import annotations

import errno
import os

import pytest

from dfota.modem.directory_storage import DirectoryStorage
from dfota.modem.filesystem import FileSystem


def put(bench, name: str, data: bytes) -> None:
    file = bench.state.files.begin(name, replaces=True)
    file.write(data)
    file.end()


def write(bench, parameters: str, data: bytes = b"") -> bytes:
    """AT+QFWRITE; what comes behind CONNECT."""
    assert bench.send(b"AT+QFWRITE=%b\r\n" % parameters.encode()) == b"\r\nCONNECT\r\n"
    return bench.send(data)


def reading(bench, parameters: str) -> bytes:
    """AT+QFREAD, from CONNECT on."""
    bench.module.receive("usbat", b"AT+QFREAD=%b\r\n" % parameters.encode(), bench.now)
    bench.wait(60)
    return bench.take()


def cme(number: int) -> str:
    return f"\r\n+CME ERROR: {number}\r\n"


OK = "\r\nOK\r\n"


def test_the_example_of_the_manual(bench):
    assert bench.ask('AT+QFOPEN="test",0') == "\r\n+QFOPEN: 0\r\n\r\nOK\r\n"
    assert write(bench, "0,10", b"0123456789") == b"\r\n+QFWRITE: 10,10\r\n\r\nOK\r\n"
    assert bench.ask("AT+QFSEEK=0,0,0") == OK
    assert reading(bench, "0,10") == b"\r\nCONNECT 10\r\n0123456789\r\nOK\r\n"
    assert bench.ask("AT+QFCLOSE=0") == OK
    assert bench.ask("AT+QFCLOSE=0") == cme(416)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("AT+QFOPEN=?", "+QFOPEN: <filename>[,(0-2)]"),
        ("AT+QFREAD=?", "+QFREAD: <filehandle>[,<length>]"),
        ("AT+QFWRITE=?", "+QFWRITE: <filehandle>[,<length>[,<timeout>]]"),
        ("AT+QFSEEK=?", "+QFSEEK: <filehandle>,<offset>[,<position>]"),
        ("AT+QFPOSITION=?", "+QFPOSITION: <filehandle>"),
        ("AT+QFTUCAT=?", "+QFTUCAT: <filehandle>"),
        ("AT+QFCLOSE=?", "+QFCLOSE: <filehandle>"),
        ("AT+QFUPL=?", "+QFUPL: <filename>[,(1-12987837)[,(1-65535)[,(0,1)]]]"),
    ],
)
def test_test_forms_are_those_of_the_manual(bench, command, answer):
    put(bench, "abc", b"abc")
    assert bench.ask(command) == f"\r\n{answer}\r\n\r\nOK\r\n"


def test_a_reading_without_length_goes_to_the_end_and_moves_the_pointer(bench):
    put(bench, "a", b"0123456789")
    bench.ask('AT+QFOPEN="a",2;+QFSEEK=0,4')
    assert reading(bench, "0,3") == b"\r\nCONNECT 3\r\n456\r\nOK\r\n"
    assert bench.ask("AT+QFPOSITION=0") == "\r\n+QFPOSITION: 7\r\n\r\nOK\r\n"
    assert reading(bench, "0") == b"\r\nCONNECT 3\r\n789\r\nOK\r\n"
    assert bench.ask("AT+QFREAD=0") == cme(402)
    assert bench.ask("AT+QFREAD=0,1") == cme(402)


def test_more_than_is_there_is_cut_to_what_is_there(bench):
    put(bench, "a", b"01234")
    bench.ask('AT+QFOPEN="a",2')
    assert reading(bench, "0,99") == b"\r\nCONNECT 5\r\n01234\r\nOK\r\n"


def test_the_end_of_a_file_may_be_no_error(make_bench):
    bench = make_bench("read_at_end_is_error=false").boot().quiet()
    bench.ask('AT+QFOPEN="a"')
    assert reading(bench, "0") == b"\r\nCONNECT 0\r\n\r\nOK\r\n"


def test_connect_is_a_bare_number_after_atv0(bench):
    put(bench, "a", b"xy")
    bench.ask('AT+QFOPEN="a",2;V0')
    assert reading(bench, "0") == b"1\rxy0\r"


def test_writing_goes_on_at_the_pointer_and_tells_the_whole_size(bench):
    put(bench, "a", b"0123456789")
    bench.ask('AT+QFOPEN="a",0;+QFSEEK=0,8')
    assert write(bench, "0,4", b"abcd") == b"\r\n+QFWRITE: 4,12\r\n\r\nOK\r\n"
    bench.ask("AT+QFSEEK=0,2")
    assert write(bench, "0,2", b"XY") == b"\r\n+QFWRITE: 2,12\r\n\r\nOK\r\n"
    assert bench.state.files.read("a") == b"01XY4567abcd"


def test_a_writing_that_stalls_ends_with_what_came(bench):
    bench.ask('AT+QFOPEN="a"')
    write(bench, "0,100,7", b"12345")
    bench.wait(6.9)
    assert bench.take() == b""
    bench.wait(0.2)
    assert bench.take() == b"\r\n+QFWRITE: 5,5\r\n\r\nOK\r\n"
    assert bench.send(b"AT\r") == b"\r\nOK\r\n"


def test_a_writing_waits_five_seconds_for_ten_kilobytes_unless_told_otherwise(bench):
    bench.ask('AT+QFOPEN="a"')
    write(bench, "0")
    bench.wait(4.9)
    assert bench.send(b"x" * 10239) == b""
    bench.wait(4.9)
    assert bench.send(b"y") == b"\r\n+QFWRITE: 10240,10240\r\n\r\nOK\r\n"
    write(bench, "0")
    bench.wait(5.1)
    assert bench.take() == b"\r\n+QFWRITE: 0,10240\r\n\r\nOK\r\n"


def test_bytes_behind_the_length_are_commands(bench):
    bench.ask('AT+QFOPEN="a"')
    assert write(bench, "0,3", b"abcAT+QFPOSITION=0\r") == (
        b"\r\n+QFWRITE: 3,3\r\n\r\nOK\r\n\r\n+QFPOSITION: 3\r\n\r\nOK\r\n"
    )


def test_three_plus_signs_leave_a_writing_and_keep_what_came(bench):
    bench.ask('AT+QFOPEN="a"')
    write(bench, "0,100,60", b"12345")
    bench.wait(1.1)
    bench.send(b"+++")
    bench.wait(0.9)
    assert bench.take() == b""
    bench.wait(0.2)
    assert bench.take() == b"\r\nOK\r\n"
    assert bench.ask("AT+QFPOSITION=0") == "\r\n+QFPOSITION: 5\r\n\r\nOK\r\n"
    assert bench.state.files.read("a") == b"12345"


def test_three_plus_signs_leave_a_reading(bench):
    put(bench, "a", bytes(200_000))
    bench.ask('AT+QFOPEN="a",2')
    bench.module.receive("usbat", b"AT+QFREAD=0\r\n", bench.now)
    bench.wait(2)
    bench.module.receive("usbat", b"+++", bench.now)
    bench.wait(1.1)
    assert bench.take().endswith(b"\0\r\nOK\r\n")
    bench.wait(30)
    assert bench.take() == b""
    assert bench.ask("AT") == OK


@pytest.mark.parametrize(("setting", "leaves"), [(0, False), (1, True), (2, True)])
def test_a_dropped_dtr_leaves_a_data_mode_where_set(bench, setting, leaves):
    bench.ask(f'AT&D{setting}+QFOPEN="a"')
    write(bench, "0,100,60", b"123+")
    bench.module.ports["usbat"].drop_dtr()
    assert bench.take() == (b"\r\nOK\r\n" if leaves else b"")
    if leaves:
        assert bench.state.files.read("a") == b"123+"
        bench.wait(100)
        assert bench.take() == b""
        assert bench.ask("AT") == OK


def test_a_dropped_dtr_leaves_an_upload_and_a_download(bench):
    bench.send(b'AT+QFUPL="a",9,60\r\n12345')
    bench.module.ports["usbat"].drop_dtr()
    assert bench.take() == b"\r\nOK\r\n"
    assert bench.state.files.read("a") == b"12345"
    put(bench, "b", bytes(100_000))
    bench.module.receive("usbat", b'AT+QFDWL="b"\r\n', bench.now)
    bench.wait(1)
    bench.take()
    bench.module.ports["usbat"].drop_dtr()
    assert bench.take() == b"\r\nOK\r\n"
    bench.wait(30)
    assert bench.take() == b""


def test_a_dropped_dtr_in_command_mode_is_nothing(bench):
    bench.module.ports["usbat"].drop_dtr()
    assert bench.take() == b""
    assert bench.ask("AT") == OK


@pytest.mark.parametrize(
    ("mode", "old", "left"),
    [(0, b"old", b"old"), (0, None, b""), (1, b"old", b""), (1, None, b""), (2, b"old", b"old")],
)
def test_modes(bench, mode, old, left):
    if old is not None:
        put(bench, "a", old)
    assert bench.ask(f'AT+QFOPEN="a",{mode}') == "\r\n+QFOPEN: 0\r\n\r\nOK\r\n"
    assert bench.state.files.read("a") == left
    assert bench.ask('AT+QFLST="a"') == f'\r\n+QFLST: "a",{len(left)}\r\n\r\nOK\r\n'


def test_open_files_are_listed_with_handle_and_mode(bench):
    assert bench.ask("AT+QFOPEN?") == OK
    put(bench, "b", b"")
    bench.ask('AT+QFOPEN="a",1;+QFOPEN="UFS:b",2')
    assert bench.ask("AT+QFOPEN?") == ('\r\n+QFOPEN: "a",0,1\r\n+QFOPEN: "UFS:b",1,2\r\n\r\nOK\r\n')


def test_a_handle_is_given_again_when_it_is_free(bench):
    bench.ask('AT+QFOPEN="a";+QFOPEN="b";+QFOPEN="c"')
    bench.ask("AT+QFCLOSE=1")
    assert bench.ask('AT+QFOPEN="d"') == "\r\n+QFOPEN: 1\r\n\r\nOK\r\n"


def test_ten_files_can_be_open_and_no_eleventh(bench):
    for number in range(10):
        assert bench.ask(f'AT+QFOPEN="f{number}"') == f"\r\n+QFOPEN: {number}\r\n\r\nOK\r\n"
    assert bench.ask('AT+QFOPEN="f10"') == cme(413)
    assert not bench.state.files.has("f10")
    assert bench.ask('AT+QFCLOSE=3;+QFOPEN="f10"') == "\r\n+QFOPEN: 3\r\n\r\nOK\r\n"


@pytest.mark.parametrize("name", ["a", "UFS:a", "EUFS:/datatx/a"])
def test_one_file_has_one_handle_whatever_it_is_called(bench, name):
    bench.ask('AT+QFOPEN="a"')
    assert bench.ask(f'AT+QFOPEN="{name}",2') == cme(426)


def test_a_file_that_is_being_uploaded_cannot_be_opened(make_bench):
    bench = make_bench(port_names=("usbat", "uart1")).boot().quiet()
    bench.send(b"ATE0\r", "uart1")
    bench.send(b'AT+QFUPL="a",9\r\n123', "uart1")
    assert bench.ask('AT+QFOPEN="a"') == cme(426)
    assert bench.ask('AT+QFUPL="a",3') == cme(407)
    assert bench.send(b"456789", "uart1").endswith(b"OK\r\n")
    assert bench.ask('AT+QFOPEN="a",2') == "\r\n+QFOPEN: 0\r\n\r\nOK\r\n"


def test_handles_belong_to_the_module_not_to_a_port(make_bench):
    bench = make_bench(port_names=("usbat", "uart1")).boot().quiet()
    bench.send(b"ATE0\r", "uart1")
    bench.ask('AT+QFOPEN="a"')
    assert write(bench, "0,2", b"xy") == b"\r\n+QFWRITE: 2,2\r\n\r\nOK\r\n"
    assert bench.send(b"AT+QFPOSITION=0\r\n", "uart1") == b"\r\n+QFPOSITION: 2\r\n\r\nOK\r\n"


def test_a_reboot_forgets_handles_and_keeps_what_was_written(bench):
    bench.ask('AT+QFOPEN="a"')
    write(bench, "0,2", b"xy")
    bench.ask("AT+CFUN=1,1")
    bench.wait(60)
    bench.take()
    bench.quiet()
    assert bench.ask("AT+QFPOSITION=0") == cme(416)
    assert bench.ask("AT+QFOPEN?") == OK
    assert bench.state.files.read("a") == b"xy"


@pytest.mark.parametrize(
    ("commands", "position"),
    [
        ("AT+QFSEEK=0,0,0", 0),
        ("AT+QFSEEK=0,10", 10),
        ("AT+QFSEEK=0,3;+QFSEEK=0,4,1", 7),
        ("AT+QFSEEK=0,0,2", 10),
        ("AT+QFSEEK=0,3,2", 7),
        ("AT+QFSEEK=0,10,2", 0),
    ],
)
def test_seeking(bench, commands, position):
    put(bench, "a", b"0123456789")
    bench.ask('AT+QFOPEN="a",2')
    assert bench.ask(commands) == OK
    assert bench.ask("AT+QFPOSITION=0") == f"\r\n+QFPOSITION: {position}\r\n\r\nOK\r\n"


@pytest.mark.parametrize(
    "command", ["AT+QFSEEK=0,11", "AT+QFSEEK=0,6,1", "AT+QFSEEK=0,11,2", "AT+QFSEEK=0,2147483647,1"]
)
def test_seeking_outside_is_401_and_moves_nothing(bench, command):
    put(bench, "a", b"0123456789")
    bench.ask('AT+QFOPEN="a",2;+QFSEEK=0,5')
    assert bench.ask(command) == cme(401)
    assert bench.ask("AT+QFPOSITION=0") == "\r\n+QFPOSITION: 5\r\n\r\nOK\r\n"


def test_a_cut_takes_all_behind_the_pointer(bench):
    put(bench, "a", b"0123456789")
    bench.ask('AT+QFOPEN="a";+QFSEEK=0,4')
    assert bench.ask("AT+QFTUCAT=0") == OK
    assert bench.state.files.read("a") == b"0123"
    assert write(bench, "0,1", b"x") == b"\r\n+QFWRITE: 1,5\r\n\r\nOK\r\n"


# -- every number of the manual's table 1 that these commands can print ------------------------


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("AT+QFREAD=0,0", 400),
        ("AT+QFSEEK=0,99", 401),
        ("AT+QFSEEK=0,0,2;+QFREAD=0", 402),
        ('AT+QFOPEN="none",2', 405),
        ('AT+QFOPEN="a/b"', 406),
        ('AT+QFOPEN="*"', 406),
        (f'AT+QFOPEN="{"x" * 81}"', 406),
        ('AT+QFUPL="a",1', 407),
        ('AT+QFOPEN="EUFS:/nowhere/x"', 410),
        ("AT+QFWRITE=0,1", 414),
        ("AT+QFTUCAT=0", 414),
        ("AT+QFREAD=7", 416),
        ("AT+QFWRITE=7,1", 416),
        ("AT+QFSEEK=7,0", 416),
        ("AT+QFPOSITION=7", 416),
        ("AT+QFTUCAT=7", 416),
        ("AT+QFCLOSE=2147483647", 416),
        ('AT+QFDEL="a"', 418),
        ('AT+QFDEL="*"', 418),
        ('AT+QFDEL="EUFS:/datatx/a"', 418),
        ('AT+QFUPL="b",12987840', 420),
        ('AT+QFUPL="b",14483457', 423),
        ('AT+QFOPEN="RAM:a"', 425),
        ('AT+QFUPL="RAM:a",1', 425),
        ('AT+QFLST="SD:*"', 425),
        ('AT+QFOPEN="b",3', 425),
        ("AT+QFSEEK=0,0,3", 425),
        ("AT+QFSEEK=0", 425),
        ("AT+QFREAD=0,-1", 425),
        ("AT+QFWRITE=0,0", 425),
        ("AT+QFCLOSE=", 425),
        ("AT+QFCLOSE=2147483648", 425),
        ('AT+QFOPEN="a"', 426),
    ],
)
def test_refusals_have_the_numbers_of_the_manual(bench, command, number):
    put(bench, "a", b"0123456789")
    bench.ask('AT+QFOPEN="a",2')
    assert bench.ask(command) == cme(number)
    assert bench.state.files.read("a") == b"0123456789"


def test_403_when_the_drive_fills_up_while_a_file_is_written(make_bench):
    bench = make_bench(
        "ufs_total_bytes=1000", "ufs_reserved_bytes=0", port_names=("usbat", "uart1")
    )
    bench.boot().quiet()
    bench.send(b"ATE0\r", "uart1")
    bench.ask('AT+QFOPEN="a"')
    assert bench.ask("AT+QFWRITE=0,1001") == cme(423)
    write(bench, "0,900", b"x" * 300)
    assert bench.send(b'AT+QFUPL="b",600\r\n' + bytes(600), "uart1").endswith(b"OK\r\n")
    assert bench.send(b"y" * 600) == cme(403).encode()
    # What found room is there, and the rest of the data was no command.
    assert bench.state.files.read("a") == b"x" * 300 + b"y" * 100
    assert bench.ask("AT+QFPOSITION=0") == "\r\n+QFPOSITION: 400\r\n\r\nOK\r\n"
    assert bench.ask("AT+QFWRITE=0,1") == cme(420)
    bench.ask("AT+QFSEEK=0,0")
    assert bench.ask('AT+QFDEL="b"') == OK
    assert write(bench, "0,600", b"z" * 600) == b"\r\n+QFWRITE: 600,600\r\n\r\nOK\r\n"


def broken(*_: object, **__: object) -> None:
    raise OSError(errno.EIO, "broken")


@pytest.mark.parametrize("name", ["pwrite", "fsync"])
def test_409_when_the_drive_does_not_take_it(bench, monkeypatch, name):
    bench.ask('AT+QFOPEN="a"')
    bench.send(b"AT+QFWRITE=0,4\r\n")
    monkeypatch.setattr(os, name, broken)
    assert bench.send(b"1234") == cme(409).encode()
    assert bench.ask("AT") == OK


def test_409_when_the_drive_does_not_cut(bench, monkeypatch):
    put(bench, "a", b"1234")
    bench.ask('AT+QFOPEN="a"')
    monkeypatch.setattr(os, "ftruncate", broken)
    assert bench.ask("AT+QFTUCAT=0") == cme(409)


def test_411_when_the_drive_does_not_give_it(bench, monkeypatch):
    put(bench, "a", b"1234")
    bench.ask('AT+QFOPEN="a",2')
    monkeypatch.setattr(os, "pread", broken)
    assert reading(bench, "0") == b"\r\nCONNECT 4\r\n\r\n+CME ERROR: 411\r\n"
    assert bench.ask("AT+QFCLOSE=0") == OK
    bench.module.receive("usbat", b'AT+QFDWL="a"\r\n', bench.now)
    bench.wait(1)
    assert bench.take() == b"\r\nCONNECT\r\n\r\n+CME ERROR: 411\r\n"


def test_417_418_and_419_when_the_drive_is_gone(bench, monkeypatch):
    put(bench, "a", b"1234")
    monkeypatch.setattr(os, "unlink", broken)
    assert bench.ask('AT+QFDEL="a"') == cme(418)
    monkeypatch.setattr(os, "scandir", broken)
    assert bench.ask("AT+QFLST") == cme(417)
    assert bench.ask('AT+QFLDS="UFS"') == cme(419)
    assert bench.ask("AT+QFUPL=?") == cme(419)
    assert bench.ask("AT+QFLDS") == cme(417)


def test_a_file_that_is_open_may_be_deletable(make_bench):
    bench = make_bench("delete_open_file=true").boot().quiet()
    put(bench, "a", b"1234")
    bench.ask('AT+QFOPEN="a"')
    assert bench.ask('AT+QFDEL="a"') == OK
    assert bench.ask("AT+QFREAD=0") == cme(405)
    bench.send(b"AT+QFWRITE=0,4\r\n")
    assert bench.send(b"1234") == cme(409).encode()
    assert bench.ask("AT+QFCLOSE=0") == OK


# -- power ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cut_at", range(13))
def test_a_power_cut_in_a_writing_leaves_a_beginning_of_it(bench, cut_at):
    """What was answered stays; of what was not, as much as had come, and nothing else."""
    bench.ask('AT+QFOPEN="a"')
    write(bench, "0,8", b"ABCDEFGH")
    bench.ask("AT+QFSEEK=0,4")
    write(bench, "0,12", b"abcdefghijkl"[:cut_at] if cut_at < 12 else b"abcdefghijkl")
    bench.module.cut_power()
    bench.module.power_on()
    bench.wait(30)
    expected = bytearray(b"ABCDEFGH")
    expected[4 : 4 + cut_at] = b"abcdefghijkl"[:cut_at]
    assert bench.state.files.read("a") == bytes(expected)


def test_killing_the_process_keeps_what_was_answered(bench):
    bench.ask('AT+QFOPEN="a"')
    write(bench, "0,8", b"ABCDEFGH")
    write(bench, "0,8", b"ijk")
    bench.state.close()
    there = FileSystem(DirectoryStorage(bench.path / "efs"), total_bytes=1000, reserved_bytes=0)
    assert there.read("a") == b"ABCDEFGHijk"


# -- folders behind EUFS: -------------------------------------------------------------------


def test_a_folder_is_listed_where_the_firmware_has_the_paths(bench):
    put(bench, "EUFS:/fota/update.zip", b"zip")
    bench.state.files.make_folder(("datatx", "inner"))
    put(bench, "EUFS:/datatx/inner/deep", b"12")
    assert bench.ask('AT+QFLST="EUFS:/fota/*"') == (
        '\r\n+QFLST: "EUFS:/fota/update.zip",3\r\n\r\nOK\r\n'
    )
    assert bench.ask('AT+QFLST="EUFS:/datatx/inner/*"') == (
        '\r\n+QFLST: "EUFS:/datatx/inner/deep",2\r\n\r\nOK\r\n'
    )
    assert bench.ask('AT+QFLST="EUFS:/*"') == OK
    assert bench.ask('AT+QFLST="EUFS:/none/*"') == cme(417)
    assert bench.ask("AT+QFLST") == OK  # UFS has a folder, and no file
    assert bench.ask('AT+QFDEL="*"') == OK
    assert bench.state.files.has("EUFS:/datatx/inner/deep")


def test_on_a_new_module_the_package_folder_may_be_missing(make_bench):
    bench = make_bench("fota_folder=false").boot().quiet()
    assert bench.ask('AT+QFUPL="EUFS:/fota/update.zip",3') == cme(410)
    bench.state.files.make_folder(("fota",))
    bench.send(b'AT+QFUPL="EUFS:/fota/update.zip",3\r\n')
    assert bench.send(b"zip").endswith(b"OK\r\n")
