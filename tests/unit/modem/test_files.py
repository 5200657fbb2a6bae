# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The file system and the file commands, as the manual and real clients use them."""

from __future__ import annotations

import errno
import itertools
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.at import xor16
from dfota.errors import FileSystemError
from dfota.modem import BG96, with_settings
from dfota.modem.directory_storage import DirectoryStorage
from dfota.modem.file_transfer import RunningXor
from dfota.modem.filesystem import FileSystem


def begin(bench, parameters: str) -> bytes:
    assert bench.send(f"AT+QFUPL={parameters}\r".encode()) == b""
    bench.wait(0.01)
    return bench.take()


def upload(bench, name: str, data: bytes, *, parameters: str = "") -> bytes:
    assert begin(bench, f'"{name}",{len(data)}{parameters}') == b"\r\nCONNECT\r\n"
    return bench.send(data)


def test_the_upload_of_the_manual(bench):
    assert upload(bench, "test1.txt", b"1234567890") == (b"\r\n+QFUPL: 10,3938\r\n\r\nOK\r\n")
    assert bench.ask('AT+QFLST="*"') == '\r\n+QFLST: "test1.txt",10\r\n\r\nOK\r\n'
    assert bench.ask("AT+QFLDS") == "\r\n+QFLDS: 10,1\r\n\r\nOK\r\n"
    assert bench.ask('AT+QFLDS="UFS"') == "\r\n+QFLDS: 12987830,14483456\r\n\r\nOK\r\n"
    bench.send(b'AT+QFDWL="test1.txt"\r')
    bench.wait(1)
    # What send() gives back came before any time passed; the rest follows at UART speed.
    assert bench.state.files.read("test1.txt") == b"1234567890"


def test_the_download_of_a_file(bench):
    data = bytes(range(256)) * 40
    upload(bench, "a.bin", data)
    bench.module.receive("usbat", b'AT+QFDWL="a.bin"\r', bench.now)
    bench.wait(5)
    checksum = f"{xor16(data):x}".encode()
    assert bench.take() == (
        b"\r\nCONNECT\r\n" + data + b"\r\n+QFDWL: 10240," + checksum + b"\r\n\r\nOK\r\n"
    )


def test_an_upload_the_fwupd_way(make_bench):
    bench = make_bench().boot()
    bench.send(b"ATE0\r")
    assert bench.send(b"AT+QFLST=?\r\n") == b"\r\nOK\r\n"
    assert bench.send(b'AT+QFLST="UFS:dfota_update.bin"\r\n') == b"\r\n+CME ERROR: 405\r\n"
    assert bench.send(b'AT+QFUPL="dfota_update.bin",5000,5,1\r\n') == b"\r\nCONNECT\r\n"
    data = bytes(index * 5 & 0xFF for index in range(5000))
    assert bench.send(data[:2048]) == b"AA"
    assert bench.send(data[2048:4096]) == b"AA"
    bench.module.receive("usbat", data[4096:] + b"\xff" * 1144, bench.now)
    assert bench.take_writes() == [f"\r\n+QFUPL: 5000,{xor16(data):x}\r\n\r\nOK\r\n".encode()]
    assert bench.send(b'AT+QFLST="UFS:dfota_update.bin"\r\n') == (
        b'\r\n+QFLST: "dfota_update.bin",5000\r\n\r\nOK\r\n'
    )
    assert bench.send(b'AT+QFDEL="dfota_update.bin"\r\n') == b"\r\nOK\r\n"


@pytest.mark.parametrize(("size", "acks"), [(4096, 4), (5120, 5), (1023, 0), (1024, 1), (1025, 1)])
def test_one_acknowledgement_for_each_whole_kilobyte(bench, size, acks):
    data = b"\0" * size
    assert upload(bench, "a", data, parameters=",5,1") == (
        b"A" * acks + f"\r\n+QFUPL: {size},0\r\n\r\nOK\r\n".encode()
    )


def test_the_last_acknowledgement_can_be_missing(make_bench):
    bench = make_bench("ack_on_exact_kb=false").boot().quiet()
    assert upload(bench, "a", b"\0" * 2048, parameters=",5,1").startswith(b"A\r\n")


def test_the_padding_leaves_no_trace_and_the_next_command_works(bench):
    upload(bench, "a", b"12" + b"\xff" * 0)
    assert bench.send(b"\xff" * 1000) == b""
    assert bench.send(b"AT\r\n") == b"\r\nOK\r\n"


def test_padding_can_be_a_nuisance(make_bench):
    bench = make_bench("ignore_garbage_after_upload=false").boot()
    bench.send(b'AT+QFUPL="a",2\r\n')
    assert bench.send(b"12\xff\xff") == b"\r\n+QFUPL: 2,3132\r\n\r\nOK\r\n\xff\xff"
    # What stands before AT does not count (V.250, 5.2.1), inside a line it does.
    assert bench.send(b"AT\r\n") == b"AT\r\r\nOK\r\n"
    assert bench.send(b"AT\xff\r\n") == b"AT\xff\r\r\nERROR\r\n"


def test_data_may_come_with_the_command(bench):
    assert bench.send(b'AT+QFUPL="a",4\rabcdAT\r') == (
        b"\r\nCONNECT\r\n\r\n+QFUPL: 4,206\r\n\r\nOK\r\n\r\nOK\r\n"
    )


def test_a_line_feed_behind_the_command_is_no_data(bench):
    bench.send(b'AT+QFUPL="a",2\r')
    bench.wait(0.001)
    assert bench.send(b"\n") == b"\r\nCONNECT\r\n"
    bench.send(b"\n\n")
    assert bench.state.files.read("a") == b"\n\n"


def test_an_upload_that_stalls_keeps_what_came_and_says_421(bench):
    begin(bench, '"a",100,7')
    bench.send(b"12345")
    bench.wait(6.9)
    assert bench.take() == b""
    bench.wait(0.2)
    assert bench.take() == b"\r\n+CME ERROR: 421\r\n"
    assert bench.ask('AT+QFLST="a"') == '\r\n+QFLST: "a",5\r\n\r\nOK\r\n'


def test_an_upload_that_stalls_may_end_with_its_result(make_bench):
    bench = make_bench("upload_timeout=result").boot().quiet()
    begin(bench, '"a",100,7')
    bench.send(b"1234567890")
    bench.wait(7.1)
    assert bench.take() == b"\r\n+QFUPL: 10,3938\r\n\r\nOK\r\n"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ([], b"4"),
        (["checksum_leading_zeros=true"], b"0004"),
        (["checksum_upper_case=true"], b"4"),
    ],
)
def test_small_checksums(make_bench, settings, text):
    bench = make_bench(*settings).boot().quiet()
    assert upload(bench, "a", b"\0\4") == b"\r\n+QFUPL: 2," + text + b"\r\n\r\nOK\r\n"


def test_the_checksum_in_capitals_up_and_down(make_bench):
    bench = make_bench("checksum_upper_case=true").boot().quiet()
    assert upload(bench, "a", b"\xb3\x4a") == b"\r\n+QFUPL: 2,B34A\r\n\r\nOK\r\n"
    bench.module.receive("usbat", b'AT+QFDWL="a"\r\n', bench.now)
    bench.wait(1)
    assert bench.take() == b"\r\nCONNECT\r\n\xb3\x4a\r\n+QFDWL: 2,B34A\r\n\r\nOK\r\n"


def test_three_plus_signs_between_silences_leave_the_data_mode(bench):
    begin(bench, '"a",100,60')
    bench.send(b"12345")
    bench.wait(1.1)
    bench.send(b"+")
    bench.send(b"++")
    bench.wait(1.1)
    assert bench.take() == b"\r\nOK\r\n"
    assert bench.state.files.read("a") == b"12345"
    assert bench.send(b"AT\r") == b"\r\nOK\r\n"


def test_three_plus_signs_in_the_data_are_data(bench):
    begin(bench, '"a",11,60')
    bench.send(b"123+++")
    bench.wait(2)
    bench.send(b"+++")
    bench.wait(0.5)
    bench.send(b"45")
    assert bench.state.files.read("a") == b"123++++++45"


def test_three_plus_signs_without_a_silence_before_them_are_data(bench):
    begin(bench, '"a",11,60')
    bench.wait(2)
    bench.send(b"12345")
    bench.wait(0.5)
    bench.send(b"+++")
    bench.wait(2)
    assert bench.take() == b""
    bench.send(b"678")
    assert bench.state.files.read("a") == b"12345+++678"


def test_three_plus_signs_stop_a_download(bench):
    upload(bench, "a", bytes(200_000))
    bench.module.receive("usbat", b'AT+QFDWL="a"\r', bench.now)
    bench.wait(2)
    bench.module.receive("usbat", b"+++", bench.now)
    bench.wait(1.1)
    assert bench.take().endswith(b"\0\r\nOK\r\n")
    bench.wait(30)
    assert bench.take() == b""


def test_unsolicited_result_codes_wait_for_the_end_of_a_data_mode(bench):
    bench.ask("AT+CREG=1")
    bench.module.radio.set_functionality(4)
    bench.module.radio.set_functionality(1)
    bench.wait(1)
    bench.take()
    assert begin(bench, '"a",4,60') == b"\r\nCONNECT\r\n"
    bench.wait(5)
    assert bench.take() == b""
    assert bench.send(b"abcd") == b"\r\n+QFUPL: 4,206\r\n\r\nOK\r\n\r\n+CREG: 1\r\n"


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ('AT+QFLST="none"', 405),
        ('AT+QFDEL="none"', 405),
        ('AT+QFDWL="none"', 405),
        ('AT+QFUPL="there",10', 407),
        ('AT+QFUPL="UFS:there",10', 407),
        ('AT+QFUPL="new",12987840', 420),
        ('AT+QFUPL="new",14483457', 423),
        ('AT+QFUPL="../new",10', 406),
        ('AT+QFUPL="a/b",10', 406),
        ('AT+QFUPL=".hidden",10', 406),
        ('AT+QFUPL="",10', 406),
        (f'AT+QFUPL="{"a" * 81}",10', 406),
        (f'AT+QFLST="{"a" * 81}"', 406),
        ('AT+QFUPL="EUFS:/etc/passwd",10', 410),
        ('AT+QFUPL="EUFS:/datatx/../../x",10', 406),
        ('AT+QFUPL="EUFS:datatx/x",10', 406),
        ('AT+QFDWL="EUFS:/fota/"', 406),
        ('AT+QFLDS="EUFS"', 425),
    ],
)
def test_refusals_have_the_numbers_of_the_manual(bench, command, number):
    upload(bench, "there", b"xx")
    assert bench.ask(command) == f"\r\n+CME ERROR: {number}\r\n"


WRONG_PARAMETERS = [
    'AT+QFUPL="a",0',
    'AT+QFUPL="a",10,0',
    'AT+QFUPL="a",10,65536',
    'AT+QFUPL="a",10,5,2',
    'AT+QFUPL="a",10,5,1,1',
    'AT+QFUPL="a","10"',
    "AT+QFUPL=a,10",
    "AT+QFUPL=",
    "AT+QFDEL=a",
    "AT+QFDWL=",
    "AT+QFLST=*",
    "AT+QFLDS=UFS",
    'AT+QFLDS="UFS",1',
]


@pytest.mark.parametrize("command", WRONG_PARAMETERS)
def test_every_wrong_parameter_is_a_cme_error(bench, command):
    assert bench.ask(command) == "\r\n+CME ERROR: 425\r\n"


def test_wrong_parameters_in_the_other_formats_and_with_other_numbers(make_bench):
    bench = make_bench("file_parameter_error=400").boot().quiet()
    assert bench.ask('AT+QFUPL="a",0') == "\r\n+CME ERROR: 400\r\n"
    assert bench.ask('AT+CMEE=2;+QFUPL="a",0') == "\r\n+CME ERROR: Invalid input value\r\n"
    assert bench.ask('AT+CMEE=0;+QFUPL="a",0') == "\r\nERROR\r\n"
    plain = make_bench("file_parameter_error=0").boot().quiet()
    assert plain.ask('AT+QFUPL="a",0') == "\r\nERROR\r\n"


@pytest.mark.parametrize("command", ["AT+QFUPL", "AT+QFUPL?", "AT+QFDEL", "AT+QFLST?", "AT+QFDWL"])
def test_forms_that_the_file_commands_do_not_have(bench, command):
    assert bench.ask(command) == "\r\nERROR\r\n"


def test_a_name_of_eighty_bytes_is_the_longest(bench):
    assert upload(bench, "a" * 80, b"1").endswith(b"\r\nOK\r\n")


def test_certificates_and_package_have_their_places(bench):
    upload(bench, "fota_cacert.pem", b"ca")
    upload(bench, "EUFS:/datatx/fota_client_cert.pem", b"cert")
    upload(bench, "EUFS:/fota/update.zip", b"zip")
    assert (bench.path / "efs/datatx/fota_cacert.pem").read_bytes() == b"ca"
    assert (bench.path / "efs/datatx/fota_client_cert.pem").read_bytes() == b"cert"
    assert (bench.path / "efs/fota/update.zip").read_bytes() == b"zip"
    assert bench.ask('AT+QFLST="EUFS:/fota/update.zip"') == (
        '\r\n+QFLST: "EUFS:/fota/update.zip",3\r\n\r\nOK\r\n'
    )
    assert bench.ask('AT+QFDEL="*"') == "\r\nOK\r\n"
    assert bench.ask("AT+QFLST") == "\r\nOK\r\n"
    assert (bench.path / "efs/fota/update.zip").exists()


def test_old_firmware_does_not_know_the_other_paths(make_bench):
    bench = make_bench("eufs_paths=false").boot().quiet()
    assert bench.ask('AT+QFUPL="EUFS:/fota/update.zip",3') == "\r\n+CME ERROR: 425\r\n"


def test_a_list_with_prefixes(make_bench):
    bench = make_bench("list_prefix=true").boot().quiet()
    upload(bench, "a", b"1")
    assert bench.ask("AT+QFLST") == '\r\n+QFLST: "UFS:a",1\r\n\r\nOK\r\n'


def test_a_power_cut_in_an_upload_leaves_no_file(bench):
    begin(bench, '"a",100')
    bench.send(b"12345")
    bench.module.cut_power()
    bench.module.power_on()
    bench.wait(30)
    bench.take()
    assert bench.send(b"ATE0\r").endswith(b"OK\r\n")
    assert bench.ask('AT+QFLST="a"') == "\r\n+CME ERROR: 405\r\n"


def test_killing_the_process_in_an_upload_leaves_no_file(bench):
    begin(bench, '"a",100')
    bench.send(b"12345")
    bench.kill()
    bench.open()
    assert list((bench.path / "efs/datatx").iterdir()) == []


def test_two_uploads_at_once_share_the_room(make_bench):
    bench = make_bench(
        "ufs_total_bytes=1000", "ufs_reserved_bytes=0", port_names=("usbat", "uart1")
    )
    bench.boot()
    for port in ("usbat", "uart1"):
        bench.send(b"ATE0\r", port)
        bench.send(b'AT+QFUPL="%s",900\r\n' % port.encode(), port)
    assert bench.send(bytes(900), "usbat").endswith(b"OK\r\n")
    assert bench.send(bytes(900), "uart1") == b"\r\n+CME ERROR: 420\r\n"
    assert bench.state.files.used_bytes == 900


def test_a_file_never_grows_beyond_the_room(tmp_path):
    files = FileSystem(DirectoryStorage(tmp_path / "efs"), total_bytes=1000, reserved_bytes=100)
    file = files.begin("a")
    file.write(bytes(900))
    with pytest.raises(FileSystemError) as caught:
        file.write(b"x")
    assert caught.value.number == 420
    file.end()
    assert files.free_bytes == 0


def test_a_disk_error_in_an_upload_swallows_the_rest_and_says_409(bench, monkeypatch):
    begin(bench, '"a",10')

    def fail(*_):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", fail)
    assert bench.send(b"0123456789") == b"\r\n+CME ERROR: 409\r\n"
    assert list((bench.path / "efs/datatx").iterdir()) == []


def test_a_link_in_the_folder_leads_nowhere(tmp_path):
    files = FileSystem(DirectoryStorage(tmp_path / "efs"), total_bytes=1000, reserved_bytes=0)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (tmp_path / "efs/datatx/link").symlink_to(secret)
    for action in (files.read, files.delete, files.file):
        with pytest.raises(FileSystemError) as caught:
            action("link")
        assert caught.value.number == 405
    with pytest.raises(FileSystemError) as caught:
        files.begin("link", replaces=True)
    assert caught.value.number == 407
    assert secret.read_text() == "secret"


@given(name=st.text(max_size=100))
def test_no_name_leaves_the_two_folders(tmp_path_factory, name):
    root = tmp_path_factory.getbasetemp() / "hostile" / "efs"
    files = FileSystem(DirectoryStorage(root), total_bytes=1000, reserved_bytes=0)
    for candidate in (name, f"UFS:{name}", f"EUFS:/fota/{name}", f"EUFS:/{name}"):
        try:
            path = files.locate(candidate)
        except FileSystemError:
            continue
        assert path[0] in ("datatx", "fota") or candidate.upper().startswith("EUFS:/")
        for step in path:
            assert step not in ("", ".", "..")
            assert "/" not in step
            assert len(step) <= 80


@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=5))
def test_a_running_checksum_is_the_checksum(data, cuts):
    running = RunningXor()
    edges = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
    for start, end in itertools.pairwise(edges):
        running.feed(data[start:end])
    assert running.text(BG96) == f"{xor16(data):x}"
    capitals = with_settings(BG96, ["checksum_upper_case=true", "checksum_leading_zeros=true"])
    assert running.text(capitals) == f"{xor16(data):04X}"
