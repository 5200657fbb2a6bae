# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The control channel: verbs, files, snapshots, events; who may, and what is refused."""

from __future__ import annotations

import base64
import json
import socket
import stat
import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.errors import ControlRefusedError, EndpointError, MisuseError
from dfota.modem import ModuleOptions, Power, RunningModule, Trust, control_reference
from dfota.modem.control import ControlPlace
from dfota.modem.control.client import ControlClient
from dfota.modem.control.place import read_token
from dfota.modem.verbs import VERBS

PATIENCE_S = 20.0


@pytest.fixture
def run(tmp_path, lab):
    modules = []

    def start(control: str, **options) -> RunningModule:
        module = RunningModule(
            ModuleOptions(
                state=tmp_path / f"module{len(modules)}",
                firmware=lab.old,
                trust=Trust((lab.key.public_key,)),
                control=ControlPlace.parse(control),
                **options,
            )
        )
        modules.append(module)
        module.wait_running(PATIENCE_S)
        return module

    yield start
    for module in modules:
        module.close()


@pytest.fixture
def client(run, tmp_path):
    path = tmp_path / "control"
    module = run(f"unix:{path}")
    client = ControlClient(ControlPlace.parse(f"unix:{path}"), timeout_s=PATIENCE_S)
    client.module = module
    return client


def raw(module: RunningModule, data: bytes) -> bytes:
    """Bytes to a TCP channel, all that comes back."""
    place = module.control
    with socket.create_connection((place.host, place.port), PATIENCE_S) as line:
        line.settimeout(PATIENCE_S)
        line.sendall(data)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
        return answer


# -- verbs ---------------------------------------------------------------------------------


def test_the_state_says_what_the_module_is(client, lab):
    facts = client.facts("state")
    assert facts["power"] == "running"
    assert facts["revision"] == lab.old.revision.text
    assert facts["ports"]["usbat"]["address"] == client.module.port
    assert facts["flash"]["areas"]["journal"] == {"first": 2, "count": 2}
    assert facts["time"]["speed"] == "max"


def test_power_by_the_channel(client):
    client.perform("power-cut")
    assert client.module.power is Power.OFF
    assert client.facts("state")["last_cut"] == (
        "power lost in running, between two flash operations"
    )
    client.perform("power-on")
    client.module.wait_running(PATIENCE_S)
    assert client.perform("pwrkey", {"hold_s": 0.01}) == {"has_effect": False}
    assert client.perform("reset") == {"has_effect": True}
    client.module.wait_running(PATIENCE_S)
    assert client.facts("metrics")["boots"] == 3


def test_the_world_is_changed_by_name(client):
    client.perform("world", {"name": "rssi", "value": "7"})
    assert client.facts("world")["rssi"] == 7
    assert client.perform("world", {"name": "rssi"}) == {"rssi": 7}
    client.perform("sim-pull")
    assert client.facts("world")["sim"] == "none"
    client.perform("sim-insert")
    with pytest.raises(ControlRefusedError, match="the world has no 'wether'") as caught:
        client.perform("world", {"name": "wether", "value": "fine"})
    assert (caught.value.status, caught.value.reason) == (400, "dfota.misuse")


def test_files_go_in_and_out_as_bytes(client):
    client.request("PUT", "files/EUFS:/datatx/a b.bin", b"\x00\xff")
    assert client.request("GET", "files/EUFS:/datatx/a b.bin") == b"\x00\xff"
    assert client.perform("ls", {"folder": "datatx"})["files"] == {"a b.bin": 2}
    client.request("DELETE", "files/UFS:a b.bin")
    with pytest.raises(ControlRefusedError, match="405") as caught:
        client.request("GET", "files/UFS:a b.bin")
    assert caught.value.status == 404
    for name in ("EUFS:/../../etc/passwd", "EUFS:/datatx/../../x", "UFS:.", "x" * 300):
        with pytest.raises(ControlRefusedError):
            client.request("PUT", f"files/{name}", b"x")


def test_a_snapshot_is_the_whole_module(client, package, lab):
    client.request("PUT", "files/EUFS:/datatx/kept", b"kept")
    client.perform("put", {"name": "EUFS:/fota/update.zip", "content": ""})
    snapshot = client.request("GET", "snapshot")
    client.request("PUT", "files/EUFS:/fota/update.zip", package)
    client.request("DELETE", "files/UFS:kept")
    client.request("PUT", "files/EUFS:/datatx/later", b"later")
    client.perform("type", {"port": "usbat", "text": r"AT+QFOTADL=1\r"})
    wait_for_revision(client, "_01.019.01.019")
    client.request("PUT", "snapshot", snapshot)
    client.module.wait_running(PATIENCE_S)
    assert client.facts("state")["revision"] == lab.old.revision.text
    assert client.request("GET", "files/UFS:kept") == b"kept"
    assert client.perform("ls", {"folder": "datatx"})["files"] == {"kept": 4}
    assert client.request("GET", "files/EUFS:/fota/update.zip") == b""


def edited(snapshot, *extra, **changes):
    """*snapshot* with another head, and more files."""
    head, *rest = snapshot.splitlines()
    facts = {**json.loads(head), **changes}
    facts["files"] += len(extra)
    more = [
        {"file": name, "size": len(data), "content": base64.b64encode(zlib.compress(data)).decode()}
        for name, data in extra
    ]
    return b"\n".join([json.dumps(facts).encode(), *rest, *(json.dumps(m).encode() for m in more)])


def test_a_refused_snapshot_costs_the_module_nothing(client):
    client.request("PUT", "files/UFS:kept", b"kept")
    client.module.wait_running(PATIENCE_S)
    snapshot = client.request("GET", "snapshot")
    too_much = [(f"datatx/{number}", bytes(8 << 20)) for number in range(8)]
    for forged in (
        edited(snapshot, ("../outside", b"x")),
        edited(snapshot, *too_much),
        edited(snapshot, folders=[".."]),
        edited(snapshot, nv={}),
    ):
        with pytest.raises(ControlRefusedError):
            client.request("PUT", "snapshot", forged)
    assert client.facts("state")["power"] == "running"
    assert client.request("GET", "files/UFS:kept") == b"kept"
    assert client.module.cuts == ()


def wait_for_revision(client, end):
    for _ in range(2000):
        state = client.facts("state")
        if (state["revision"] or "").endswith(end) and state["power"] == "running":
            return
    raise AssertionError(state)


def test_time_stands_still_and_goes_on(client):
    client.perform("pause")
    before = client.facts("state")["time"]
    assert before["is_paused"]
    client.perform("type", {"port": "usbat", "text": r"AT+CFUN=1,1\r"})
    assert client.facts("state")["time"]["virtual_s"] == before["virtual_s"]
    client.perform("step", {"seconds": 2.5})
    wait_for_virtual(client, before["virtual_s"] + 2.5)
    assert client.facts("state")["power"] == "booting"
    client.perform("resume")
    client.module.wait_running(PATIENCE_S)
    client.perform("speed", {"factor": "7"})
    assert client.facts("state")["time"]["speed"] == "7"


def wait_for_virtual(client, instant):
    for _ in range(2000):
        now = client.facts("state")["time"]["virtual_s"]
        if now >= instant:
            break
    assert now == pytest.approx(instant, abs=0.002)


def test_flash_faults_by_name(client):
    client.perform("flash-fault", {"kind": "fail", "operation": 0})
    client.perform("flash-damage", {"kind": "stuck", "offset": 0})
    with pytest.raises(ControlRefusedError, match="the flash has"):
        client.perform("flash-damage", {"kind": "stuck", "offset": 10**11})


def test_everything_that_happens_can_be_watched(client):
    seen, ended = [], threading.Event()
    closers = []

    def watch():
        for event in client.events(closers.append):
            seen.append(event)
            if event.get("text", "").startswith(r"\r\n+QIND: HELLO"):
                break
        ended.set()

    thread = threading.Thread(target=watch)
    thread.start()
    while not closers or client.facts("metrics")["watchers"] == 0:
        pass
    client.perform("world", {"name": "rssi", "value": "9"})
    client.perform("power-cut")
    client.perform("power-on")
    client.module.wait_running(PATIENCE_S)
    client.perform("urc", {"text": "+QIND: HELLO"})
    assert ended.wait(PATIENCE_S)
    thread.join()
    kinds = {event["kind"] for event in seen}
    assert {"world", "cut", "power", "bytes", "lines"} <= kinds
    assert [event["power"] for event in seen if event["kind"] == "power"] == [
        "off", "booting", "running",
    ]  # fmt: skip


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_refuses_what_it_does_not_know(client, verb):
    with pytest.raises(ControlRefusedError, match="has no 'xyzzy'"):
        client.perform(verb, {"xyzzy": 1})


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        ("power-cut", {"place": "lunch:3"}),
        ("power-cut", {"operation": "many"}),
        ("power-cut", {"place": "restore:1", "operation": 1}),
        ("step", {"seconds": -1}),
        ("step", {"seconds": float("nan")}),
        ("step", {}),
        ("speed", {"factor": "0"}),
        ("unplug", {"port": "lpt1"}),
        ("unplug", {"port": "uart1"}),
        ("urc", {"text": "a\r\nb"}),
        ("noise", {"port": "usbat", "text": "\\q\\x"}),
        ("put", {"name": "x", "content": "!"}),
        ("restore", {"snapshot": "{}"}),
        ("restore", {"snapshot": "\udcdf"}),
        ("flash-fault", {"kind": "gremlins"}),
    ],
)
def test_what_a_verb_cannot_do_is_one_sentence(client, verb, given):
    with pytest.raises(ControlRefusedError) as caught:
        client.perform(verb, given)
    assert caught.value.status == 400
    assert str(caught.value)
    assert client.module.power is Power.RUNNING


# -- who may -------------------------------------------------------------------------------


def test_a_socket_is_its_owners_and_goes_with_the_module(run, tmp_path):
    path = tmp_path / "control"
    module = run(f"unix:{path}")
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    module.close()
    assert not path.exists()


def test_a_socket_that_was_left_behind_is_replaced_and_nothing_else_is(run, tmp_path):
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    run(f"unix:{path}")
    with pytest.raises(EndpointError, match="controlled there already"):
        run(f"unix:{path}")
    (tmp_path / "file").write_text("precious")
    with pytest.raises(EndpointError, match="something else"):
        run(f"unix:{tmp_path / 'file'}")
    assert (tmp_path / "file").read_text() == "precious"


def test_tcp_wants_the_token_of_a_private_file(run, tmp_path):
    module = run("127.0.0.1:0")
    path = Path(module.control_token)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ControlClient(module.control, read_token(path)).facts("state")["power"] == "running"
    for token in ("", "wrong"):
        with pytest.raises(ControlRefusedError, match="token") as caught:
            ControlClient(module.control, token).facts("state")
        assert caught.value.status == 401
        assert "--token" in caught.value.remedy
    module.close()
    assert not path.exists()


def test_no_page_of_a_browser_gets_in(run):
    module = run("127.0.0.1:0")
    token = read_token(Path(module.control_token))

    def status(*headers: str) -> bytes:
        lines = "\r\n".join(("GET /v1/state HTTP/1.1", f"Authorization: Bearer {token}", *headers))
        return raw(module, f"{lines}\r\n\r\n".encode()).split(b"\r\n")[0]

    assert b"200" in status("Host: 127.0.0.1:1")
    assert b"200" in status("Host: localhost")
    assert b"200" in status("Host: [::1]:8")
    assert b"403" in status("Host: evil.example")
    assert b"403" in status("Host: 127.0.0.1", "Origin: http://localhost")
    assert b"400" in status("X: y"), "HTTP/1.1 wants a Host"


def test_other_computers_are_kept_out_unless_told_otherwise(run):
    with pytest.raises(MisuseError, match="other computers"):
        run("0.0.0.0:0")
    module = run("0.0.0.0:0", control_anywhere=True)
    with pytest.raises(ControlRefusedError, match="token"):
        ControlClient(ControlPlace.parse(f"127.0.0.1:{module.control.port}")).facts("state")


@pytest.mark.parametrize("text", ["unix:", "unix:" + "x" * 200, "8000", "host:", "host:99999", ""])
def test_a_place_that_is_none_is_refused(text):
    with pytest.raises(MisuseError):
        ControlPlace.parse(text)


# -- hostile -------------------------------------------------------------------------------


def test_what_is_no_request_is_answered_and_forgotten(run):
    module = run("127.0.0.1:0")
    assert raw(module, b"\x00\xff\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert raw(module, b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000).startswith(b"HTTP/1.1 431")
    token = read_token(Path(module.control_token))
    client = ControlClient(module.control, token)
    for method, path, status in [
        ("GET", "nothing", 404),
        ("POST", "state/x", 404),
        ("GET", "power-on", 405),
        ("PATCH", "files/x", 405),
    ]:
        with pytest.raises(ControlRefusedError) as caught:
            client.request(method, path)
        assert caught.value.status == status
    for body in (b"{", b"[]", b"[" * 100_000, b"1", b"\xff"):
        with pytest.raises(ControlRefusedError) as caught:
            client.request("POST", "power-on", body)
        assert caught.value.status == 400


@given(st.dictionaries(st.text(max_size=8), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5), max_size=3), st.sampled_from(sorted(VERBS)))  # fmt: skip
def test_parameters_of_any_shape_are_checked_or_refused(given_parameters, verb):
    for parameter in VERBS[verb].parameters[:1]:
        given_parameters = {parameter.name: next(iter(given_parameters.values()), 1)}
    try:
        values = VERBS[verb].checked(given_parameters)
    except MisuseError:
        return
    assert json.dumps(values)


def test_the_page_of_the_reference_is_the_generated_one(root):
    page = root / "docs" / "reference" / "control-api.md"
    assert page.read_text("utf-8") == control_reference()
