# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import subprocess
import sys

import pytest

HEAVY = ("cryptography", "cffi", "ssl", "asyncio", "rich", "serialx", "starlette")


def test_the_plugin_loads_no_room():
    script = (
        "import sys, pytest; before = set(sys.modules); import dfota.pytest_plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    ).stdout.split()

    assert [name for name in loaded if name.partition(".")[0] in HEAVY] == []
    assert [name for name in loaded if name.startswith("dfota")] == ["dfota", "dfota.pytest_plugin"]


def test_a_run_without_our_fixtures_loads_no_room(run_inside):
    result = run_inside(
        """
        import sys

        def test_nothing_of_dfota():
            rooms = {n for n in sys.modules if n.startswith("dfota")}
            assert rooms <= {"dfota", "dfota.pytest_plugin"}
        """
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("number", range(5))
def test_the_examples_of_the_how_to_run(run_inside, page, number):
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5

    result = run_inside(blocks[number], asyncio=number == 3)

    result.assert_outcomes(passed=(1, 3, 2, 2, 2)[number])


def test_options_and_markers_are_declared_and_documented(run_inside, page):
    result = run_inside("", "--help", "--strict-markers")
    text = result.stdout.str()
    markers = run_inside("", "--markers").stdout.str()

    for option in (
        *("dfota_firmware", "dfota_speed", "dfota_profile"),
        *("--dfota-firmware", "--dfota-speed", "--dfota-profile"),
        *("--dfota-keep-state", "--dfota-seed", "--dfota-trace-dir"),
    ):
        assert option in text
        assert f"`{option}`" in page
    for marker in ("dfota_module", "dfota_profile", "dfota_scenario", "dfota_power_cuts"):
        assert f"@pytest.mark.{marker}(" in markers
        assert marker in page


def test_a_cut_that_never_happens_fails_the_test(run_inside):
    result = run_inside(
        """
        import pytest

        @pytest.mark.dfota_power_cuts("restore:50")
        def test_without_an_upgrade(power_cuts):
            pass
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the power cut restore:50 never happened*"])


def test_the_marker_without_the_fixture_is_refused(run_inside):
    result = run_inside(
        """
        import pytest

        @pytest.mark.dfota_power_cuts("restore:50")
        def test_cuts(module):
            pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*uses no fixture 'power_cuts'*"])


def test_the_power_comes_back_after_a_cut_by_hand(run_inside):
    result = run_inside(
        """
        from dfota.modem import Power

        def test_cut(module, power_cuts):
            module.cut_power()
            (report,) = power_cuts.wait()
            assert report.phase == "running"
            module.wait_running(60)
            module.cut_power()
            assert len(power_cuts.wait(2)) == 2
            assert power_cuts.pending == 0
        """
    )
    result.assert_outcomes(passed=1)


def test_only_one_cut_is_armed_at_a_time(run_inside):
    result = run_inside(
        """
        import pytest
        from dfota.errors import MisuseError
        from dfota.modem import CutPhase, PowerCut

        def test_cuts(power_cuts):
            power_cuts.arm(PowerCut(CutPhase.RESTORE, 5))
            assert power_cuts.pending == 1
            with pytest.raises(MisuseError):
                power_cuts.arm("restore:6")
            with pytest.raises(MisuseError):
                power_cuts.arm("nowhere:6")
        """
    )
    result.assert_outcomes(passed=1)


def test_the_ini_option_names_the_firmware(run_inside, pytester):
    pytester.makeini("[pytest]\ndfota_firmware = images/release\n")
    result = run_inside(
        """
        from pathlib import Path
        from dfota.package import save_release
        from dfota.testing import make_release

        def test_revision(pytestconfig, request):
            directory = pytestconfig.rootpath / "images" / "release"
            directory.parent.mkdir()
            save_release(make_release("OURS_1", images=[("a", b"x" * 100)]), directory)
            module = request.getfixturevalue("module")
            assert str(module.firmware.revision) == "OURS_1"

        def test_a_path_and_a_state(module_factory, pytestconfig, tmp_path):
            directory = pytestconfig.rootpath / "images" / "release"
            first = module_factory(directory, state=tmp_path / "unit")
            first.close()
            again = module_factory(make_release(), state=tmp_path / "unit")
            assert str(again.firmware.revision) == "OURS_1"
        """
    )
    result.assert_outcomes(passed=2)


def test_settings_reach_the_profile_and_wrong_ones_are_refused(run_inside):
    result = run_inside(
        """
        import pytest
        from dfota.at import PercentStyle
        from dfota.errors import MisuseError

        def test_settings(module_factory):
            module_factory(percent_style="percent", reboot_before_start=True)
            module_factory(percent_style=PercentStyle.PERCENT)
            for wrong in ({"no_such": "x"}, {"no_such": 1}, {"percent_style": "purple"}):
                with pytest.raises(MisuseError):
                    module_factory(**wrong)
        """
    )
    result.assert_outcomes(passed=1)


def test_packages_are_served_over_https_with_one_ca(run_inside):
    result = run_inside(
        """
        import http.client
        import ssl

        def fetch(server):
            context = ssl.create_default_context(cafile=server.tls.ca_path)
            client = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10, context=context)
            client.request("GET", "/update.zip")
            body = client.getresponse().read()
            client.close()
            return body

        def test_https(package_server, tmp_path):
            first = package_server({"update.zip": b"1"}, tls=True)
            second = package_server({"update.zip": b"2"}, tls=True)
            assert (fetch(first), fetch(second)) == (b"1", b"2")
            assert first.tls == second.tls
            assert first.url_for("update.zip").startswith("https://127.0.0.1:")

        def test_a_directory_of_ones_own(package_server, tmp_path):
            (tmp_path / "a.bin").write_bytes(b"x")
            assert [file.name for file in package_server(directory=tmp_path).files()] == ["a.bin"]
        """
    )
    result.assert_outcomes(passed=2)


def test_a_failed_test_shows_what_went_over_the_port(run_inside):
    result = run_inside(
        """
        import os

        def test_failing(module):
            descriptor = os.open(module.port, os.O_RDWR | os.O_NOCTTY)
            os.write(descriptor, b"AT+ODDITY\\r")
            heard = b""
            while b"ERROR" not in heard:
                heard += os.read(descriptor, 4096)
            os.close(descriptor)
            assert False
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*dfota transcript*", "*AT+ODDITY*"])
