# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Everything from the network is a value at an instant, so that a run can be told again."""

from __future__ import annotations

import pytest

from dfota.errors import MisuseError
from dfota.modem import Closed, Connected, Failed, LinkEvent, NetworkFailure, NoNetwork, Received
from dfota.modem.exchange import PIECE_BYTES, QUEUE_HIGH_BYTES
from dfota.modem.network import event_facts, event_of

URL = '"http://host/x"'
EVENTS: tuple[LinkEvent, ...] = (
    Connected(),
    Received(b""),
    Received(bytes(range(256))),
    Closed(),
    *(Failed(reason) for reason in NetworkFailure),
)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_can_be_written_down(event):
    assert event_of(event_facts(event)) == event


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"event": "rain"},
        {"event": "received"},
        {"event": "received", "data": "%"},
        {"event": "failed", "reason": "bad luck"},
        {"event": "failed"},
    ],
)
def test_what_is_no_event_is_refused(facts):
    with pytest.raises(MisuseError):
        event_of(facts)


def test_a_recorded_run_gives_the_same_bytes_at_the_same_instants_without_a_server(
    make_bench, package
):
    recorded: list[tuple[float, int, LinkEvent]] = []

    def run(bench, play) -> list[tuple[float, bytes]]:
        writes: list[tuple[float, bytes]] = []
        bench.module.ports["usbat"]._output = lambda data: writes.append((bench.now, data))
        bench.send(f"AT+QFOTADL={URL}\r".encode())
        play(bench)
        bench.wait(2000)
        return writes

    def live(bench) -> None:
        bench.run()
        half = len(package) // 2
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(package)
        for pause_s, event in (
            (0.3, Connected()),
            (0.2, Received(head + package[:half])),
            (1.0, Received(package[half:])),
            (0.0, Closed()),
        ):
            bench.wait(pause_s)
            recorded.append((bench.now, bench.network.links[0].number, event))
            bench.network.tell(event)

    def replay(bench) -> None:
        bench.module.links._network = NoNetwork()
        for at, number, event in recorded:
            bench.run(limit_s=at - bench.now, is_patient=True)
            bench.now = max(bench.now, at)
            bench.module.hear(number, event, at)

    told = run(make_bench().boot().quiet(), live)
    assert any(b'"END",0' in data for _, data in told)
    assert run(make_bench().boot().quiet(), replay) == told


def test_what_is_said_about_a_link_that_was_given_up_is_not_heard(bench):
    bench.send(f"AT+QFOTADL={URL}\r".encode())
    bench.run()
    first = bench.network.links[0].number
    bench.module.cut_power()
    bench.module.power_on()
    bench.wait(30)
    bench.take()
    for event in EVENTS:
        bench.module.hear(first, event, bench.now)
        bench.module.hear(4711, event, bench.now)
    bench.wait(30)
    assert bench.take() == b""
    bench.quiet()
    bench.send(f"AT+QFOTADL={URL}\r".encode())
    bench.run()
    assert bench.network.links[-1].number != first


def test_a_server_that_is_faster_than_the_radio_is_held_back(bench):
    bench.send(f"AT+QFOTADL={URL}\r".encode())
    bench.run()
    link = bench.network.links[0]
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    bench.network.tell(Connected(), Received(head))
    bench.wait(1)
    for _ in range(QUEUE_HIGH_BYTES // PIECE_BYTES):
        bench.network.tell(Received(bytes(PIECE_BYTES)))
    assert not link.is_paused
    bench.network.tell(Received(bytes(PIECE_BYTES)))
    assert link.is_paused
    bench.wait(2)
    assert not link.is_paused


@pytest.mark.parametrize("event", [Received(b"HTTP/1.1 200 OK\r\n\r\n"), Closed()])
def test_events_in_an_odd_order_do_no_harm(bench, event):
    bench.send(f"AT+QFOTADL={URL}\r".encode())
    bench.run()
    bench.take()
    bench.network.tell(event, Connected(), Closed(), Closed())
    bench.wait(500)
    assert b'"HTTPEND",70' in bench.take()
