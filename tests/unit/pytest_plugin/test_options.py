# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the command line, the ini file and the markers say, and who is asked first."""

from __future__ import annotations

import sys

ASK = """
        import os, select

        def ask(port, line):
            descriptor = os.open(port, os.O_RDWR | os.O_NOCTTY)
            try:
                os.write(descriptor, line + b"\\r")
                heard = b""
                while not heard.endswith((b"OK\\r\\n", b"ERROR\\r\\n")):
                    assert select.select([descriptor], [], [], 30)[0], heard
                    heard += os.read(descriptor, 4096)
                return heard
            finally:
                os.close(descriptor)
"""


def test_the_command_line_goes_before_the_ini_file_and_the_test_before_both(run_inside, pytester):
    pytester.makeini("[pytest]\ndfota_speed = 50\ndfota_profile = bg96\n")
    result = run_inside(
        """
        from dfota.modem import Speed

        def speed_of(module):
            return module._service.module.timeline.speed

        def test_speed(module, module_factory):
            assert speed_of(module) == Speed(200.0)
            assert speed_of(module_factory(speed="max")) == Speed(None)
        """,
        "--dfota-speed=200",
    )
    result.assert_outcomes(passed=1)


def test_the_ini_file_is_asked_where_the_command_line_is_silent(run_inside, pytester):
    pytester.makeini("[pytest]\ndfota_speed = 100\n")
    result = run_inside(
        """
        def test_speed(module):
            assert module._service.module.timeline.speed.factor == 100
        """
    )
    result.assert_outcomes(passed=1)


def test_the_firmware_of_the_command_line(run_inside, pytester):
    from dfota.package import save_release
    from dfota.testing import make_release

    save_release(make_release("OURS_2", images=[("a", b"x" * 100)]), pytester.path / "release")
    result = run_inside(
        """
        def test_revision(module, module_factory):
            assert str(module.firmware.revision) == "OURS_2"
        """,
        "--dfota-firmware=release",
    )
    result.assert_outcomes(passed=1)


def test_the_profile_by_marker_by_command_line_and_by_argument(run_inside):
    result = run_inside(
        """
        import pytest
        from dfota.modem import profile_named

        def profile_of(module):
            return module._service.module.profile

        def test_command_line(module):
            assert profile_of(module) == profile_named("ec2x")

        @pytest.mark.dfota_profile("bg96", urc_interval_ms=7, operator="Nobody")
        def test_marker(module, module_factory):
            assert profile_of(module).urc_interval_ms == 7
            assert profile_of(module).operator == "Nobody"
            assert profile_of(module).percent_style == profile_named("bg96").percent_style
            assert profile_of(module_factory(urc_interval_ms=8)).urc_interval_ms == 8
            assert profile_of(module_factory(profile="ec2x")) == profile_named("ec2x")

        @pytest.mark.dfota_profile("bg96")
        @pytest.mark.dfota_module(boot_s=0.5)
        def test_both_markers(module):
            assert profile_of(module).boot_s == 0.5
        """,
        "--dfota-profile=ec2x",
    )
    result.assert_outcomes(passed=3)


def test_an_unknown_profile_names_those_that_there_are(run_inside):
    result = run_inside("def test_it(module): pass", "--dfota-profile=nokia")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*there is no profile 'nokia'; there are bg96*"])


def test_modules_live_in_memory_unless_their_state_is_kept(run_inside):
    source = """
        def test_files(module, tmp_path):
            assert not [p for p in tmp_path.iterdir() if p.suffix != ".transcript"]
        """
    run_inside(source).assert_outcomes(passed=1)
    result = run_inside(source, "--dfota-keep-state")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*dfota modem run --state */module-1*"])


def test_state_ports_and_number_of_a_module(run_inside):
    result = run_inside(
        ASK
        + """
        def test_a_state_of_ones_own_lives_on(module_factory, tmp_path):
            first = module_factory(state=tmp_path / "unit")
            ask(first.port, b"ATE0;+CREG=2;&W")
            first.close()
            again = module_factory(state=tmp_path / "unit")
            assert b"+CREG: 2," in ask(again.port, b"AT+CREG?")

        def test_several_ports_of_one_module(module_factory):
            module = module_factory(ports=("usbat", "uart1"))
            assert list(module.ports) == ["usbat", "uart1"]
            ask(module.ports["uart1"], b"ATE0")
            assert ask(module.ports["uart1"], b"AT") == b"\\r\\nOK\\r\\n"
            assert ask(module.ports["usbat"], b"AT") == b"AT\\r\\r\\nOK\\r\\n"

        def test_modules_of_one_test_differ_in_their_number(module_factory):
            one, two = module_factory(), module_factory()
            assert ask(one.port, b"AT+CGSN") != ask(two.port, b"AT+CGSN")
        """
    )
    result.assert_outcomes(passed=3)


DRAWN = """
        import pytest

        @pytest.mark.dfota_power_cuts("restore:1", sample=3)
        def test_cuts(power_cuts):
            pass
"""


def drawn(result) -> list[str]:
    return [line.rpartition("[")[2].rstrip("]") for line in result.outlines if "test_cuts[" in line]


def test_power_cuts_are_drawn_from_a_seed_and_named_so_that_they_can_be_repeated(run_inside):
    first, again, other = (
        drawn(run_inside(DRAWN, "--collect-only", "-q", *seed))
        for seed in ((), ("--dfota-seed=0",), ("--dfota-seed=1",))
    )
    assert first[0] == "restore:1"
    assert len(set(first)) == 4
    assert first == again
    assert first != other
    result = run_inside(DRAWN, "--collect-only", "-q", "-k", first[2].replace(":", " and "))
    assert first[2] in drawn(result)


def test_a_scenario_happens_by_itself_and_says_what_kind_of_module_it_needs(run_inside):
    result = run_inside(
        ASK
        + """
        import pytest

        @pytest.mark.dfota_scenario("short-qgmr")
        def test_marker(module):
            assert b"_01.018" not in ask(module.port, b"AT+QGMR")

        def test_argument(module_factory, tmp_path):
            file = tmp_path / "mine.toml"
            file.write_text(
                'title = "t"\\ndescription = "d"\\nhost_sees = "h"\\nfact = "f"\\n'
                '[module]\\nset = { operator = "Nobody" }\\n'
            )
            assert b"Nobody" in ask(module_factory(scenario=str(file)).port, b"AT+COPS?")
        """
    )
    result.assert_outcomes(passed=2)


def test_every_module_leaves_a_trace_that_can_be_replayed(run_inside, pytester):
    result = run_inside(
        ASK
        + """
        def test_traced(module):
            ask(module.port, b"AT+CSQ")
            assert False
        """,
        "--dfota-trace-dir=traces",
    )
    result.assert_outcomes(failed=1)
    (trace,) = (pytester.path / "traces").iterdir()
    result.stdout.fnmatch_lines([f"*dfota modem replay {trace}*"])
    replayed = pytester.run(sys.executable, "-m", "dfota", "modem", "replay", str(trace))
    assert replayed.ret == 0
    replayed.stdout.fnmatch_lines(["is complete*True", "power*running"])
