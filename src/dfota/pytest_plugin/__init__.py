# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A virtual BG96 in a pytest suite: fixtures, nothing else; importing this loads no room.

pytest imports a plugin in every run of everybody who has dfota installed. So each import
that costs anything is inside the fixture that needs it; a test holds this.
"""

# ruff: noqa: PLC0415 - see above
from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from dfota.modem import (
        AsyncModule,
        ModuleOptions,
        PowerCut,
        Profile,
        RunningModule,
        Scenario,
    )
    from dfota.package import PublicKey, Release
    from dfota.server import PackageServer, TlsFiles
    from dfota.testing import PowerCuts

__all__ = [
    "AsyncModuleFactory",
    "ModuleFactory",
    "PackageServerFactory",
    "async_module",
    "dfota_tls_files",
    "module",
    "module_factory",
    "package_server",
    "power_cuts",
    "pytest_addoption",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_runtest_makereport",
]

START_TIMEOUT_S = 60.0
_TRANSCRIPT_LINES = 40
_IMAGES_MAX = 8
_SAMPLE_MAX = 400
_TRACE_NAME_MAX = 150
_DRAWN_PHASES = ("updating", "restore")
_DRAWN_MODES = ("before", "head", "tail", "after")
_MARKERS = """\
dfota_module(**options): how the fixture `module` calls `module_factory`.
dfota_profile(name, **settings): what kind of module the fixtures make where not told otherwise.
dfota_scenario(name): what happens by itself to the modules that the fixtures make.
dfota_power_cuts(*cuts, sample=0): run the test once for each PHASE:PERCENT[:MODE], and for as \
many drawn ones, with that cut armed in `module`; the test fails if the cut never happens.
""".splitlines()
_TRANSCRIPTS = pytest.StashKey[list[Path]]()
_STATES = pytest.StashKey[list[Path]]()
_TRACES = pytest.StashKey[list[Path]]()
_NUMBERS = pytest.StashKey[Iterator[int]]()
_HAS_FAILED = pytest.StashKey[bool]()
_IMAGES = pytest.StashKey[dict[int, Any]]()
"""Kept for the session, so that each firmware is laid out once."""


class ModuleFactory(Protocol):
    """What the fixture ``module_factory`` is."""

    def __call__(
        self,
        firmware: Release | Path | str | None = None,
        *,
        state: Path | None = None,
        profile: Profile | str | None = None,
        ports: Sequence[str] = (),
        trusted: Sequence[PublicKey] | None = None,
        any_signer: bool = False,
        speed: str | float | None = None,
        power_cut: PowerCut | str | None = None,
        scenario: Scenario | str | None = None,
        **settings: object,
    ) -> RunningModule:
        """Power a virtual module on; it is booted when this returns, and off after the test.

        Args:
            firmware: what a factory-new module runs: a release, or a directory or image
                file of one. Default: ``--dfota-firmware``, else a small one.
            state: directory in which it lives; one that is there already goes on. Default:
                memory, or a temporary directory with ``--dfota-keep-state``.
            profile: what kind of module, by its name; default: ``--dfota-profile``.
            ports: names of its serial ports, each a pseudo-terminal; default: ``usbat``.
            trusted: whose packages it installs; default: those of ``dfota.testing``.
            any_signer: installs everybody's packages.
            speed: ``max`` or a factor; default: ``--dfota-speed``.
            power_cut: armed from the start, ``PHASE:PERCENT[:MODE]``.
            scenario: what happens to it by itself: a file, or the name of one that comes with
                dfota; it says the profile and the ports where nobody else does.
            settings: of the profile, as ``docs/reference/modem-settings.md`` lists them.
        """


class AsyncModuleFactory(Protocol):
    """What the fixture ``async_module`` is."""

    def __call__(
        self,
        firmware: Release | Path | str | None = None,
        *,
        state: Path | None = None,
        profile: Profile | str | None = None,
        ports: Sequence[str] = (),
        trusted: Sequence[PublicKey] | None = None,
        any_signer: bool = False,
        speed: str | float | None = None,
        power_cut: PowerCut | str | None = None,
        scenario: Scenario | str | None = None,
        **settings: object,
    ) -> AsyncModule:
        """A module for ``async with``, in the loop of the test; see ``ModuleFactory``.

        It has no pseudo-terminal: ``module.open()`` gives a reader and a writer.
        """


class PackageServerFactory(Protocol):
    """What the fixture ``package_server`` is."""

    def __call__(
        self,
        files: Mapping[str, bytes] | None = None,
        *,
        directory: Path | None = None,
        tls: bool = False,
        client_ca: Path | None = None,
    ) -> PackageServer:
        """Serve on the loopback until the end of the test.

        Args:
            files: name → content, put into the directory first.
            directory: what to serve; default: a temporary one.
            tls: HTTPS; ``server.tls.ca_path`` is the CA file for the module.
            client_ca: demand client certificates of this CA; needs *tls*.
        """


# -- hooks ---------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; what the command line says goes before the ini file."""
    group = parser.getgroup("dfota", "virtual modules")
    group.addoption("--dfota-firmware", metavar="PATH", help="Release that modules run.")
    group.addoption("--dfota-speed", metavar="SPEED", help="Speed of modules: max, or a factor.")
    group.addoption("--dfota-profile", metavar="NAME", help="Kind of modules, e.g. bg96.")
    group.addoption(
        "--dfota-seed",
        type=int,
        default=0,
        metavar="N",
        help="Draw other power cuts for dfota_power_cuts(sample=…); the same number, the same cuts.",
    )
    group.addoption(
        "--dfota-trace-dir",
        metavar="DIR",
        help="Keep a trace of every module there; 'dfota modem replay' runs it again.",
    )
    group.addoption(
        "--dfota-keep-state",
        action="store_true",
        help="Let modules live in directories below the test's tmp_path, to be looked at.",
    )
    parser.addini("dfota_firmware", "Release that modules run (path from the root directory).")
    parser.addini("dfota_speed", "Speed of modules: max, or a factor.", default="max")
    parser.addini("dfota_profile", "Kind of modules.", default="bg96")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each power cut of the marker."""
    marker = metafunc.definition.get_closest_marker("dfota_power_cuts")
    if marker is None:
        return
    seed = metafunc.config.getoption("--dfota-seed")
    drawn = _drawn_cuts(f"{seed} {metafunc.definition.nodeid}", marker.kwargs.get("sample", 0))
    metafunc.parametrize("power_cuts", [*marker.args, *drawn], ids=str, indirect=True)


def _drawn_cuts(seed: str, count: int) -> list[str]:
    """Places anywhere in the installation; the same seed draws the same ones."""
    from random import Random

    source = Random(seed)  # noqa: S311 - a seeded sample is no secret
    cuts: dict[str, None] = {}
    while len(cuts) < min(count, _SAMPLE_MAX):
        phase, mode = source.choice(_DRAWN_PHASES), source.choice(_DRAWN_MODES)
        cuts[f"{phase}:{source.randint(1, 100)}:{mode}"] = None
    return list(cuts)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of what went over the ports of a failed test's modules."""
    report = yield
    if report.failed:
        item.stash[_HAS_FAILED] = True
        for path in item.stash.get(_TRANSCRIPTS, []):
            if path.exists():
                lines = path.read_text().splitlines()[-_TRANSCRIPT_LINES:]
                report.sections.append((f"dfota transcript {path}", "\n".join(lines)))
        for path in item.stash.get(_STATES, []):
            report.sections.append(("dfota state", f"dfota modem run --state {path}"))
        for path in item.stash.get(_TRACES, []):
            report.sections.append(("dfota trace", f"dfota modem replay {path}"))
    return report


# -- fixtures --------------------------------------------------------------------------------


@pytest.fixture
def module_factory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ModuleFactory]:
    """Make virtual modules; all are powered off after the test."""
    with ExitStack() as modules:

        def make(
            firmware: Release | Path | str | None = None,
            *,
            ports: Sequence[str] = (),
            **options: Any,
        ) -> RunningModule:
            from dataclasses import replace

            from dfota.modem import PortPlace, RunningModule

            chosen, names = _options(request, tmp_path, firmware, ports, **options)
            places = tuple(PortPlace(name, pty=True) for name in names)
            chosen = replace(chosen, ports=places)
            running = modules.enter_context(RunningModule(chosen))
            running.wait_running(START_TIMEOUT_S)
            return running

        yield make


@pytest.fixture
def module(request: pytest.FixtureRequest, module_factory: ModuleFactory) -> RunningModule:
    """A virtual BG96, booted and registered; ``module.port`` is what to open."""
    marker = request.node.get_closest_marker("dfota_module")
    return module_factory(**(marker.kwargs if marker is not None else {}))


@pytest.fixture
def async_module(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncModuleFactory:
    """Make modules for ``async with``, which live in the event loop of the test."""

    def make(
        firmware: Release | Path | str | None = None,
        *,
        ports: Sequence[str] = (),
        **options: Any,
    ) -> AsyncModule:
        from dfota.modem import AsyncModule

        chosen, names = _options(request, tmp_path, firmware, ports, **options)
        return AsyncModule(chosen, port_names=names)

    return make


@pytest.fixture
def power_cuts(request: pytest.FixtureRequest, module: RunningModule) -> Iterator[PowerCuts]:
    """Cuts the power of ``module`` where told, and brings it back."""
    from dfota.testing import PowerCuts

    with PowerCuts(module) as cuts:
        planned = getattr(request, "param", None)
        if planned is not None:
            cuts.arm(planned)
        yield cuts
        has_failed = request.node.stash.get(_HAS_FAILED, False)
        if planned is not None and not cuts.reports and not has_failed:
            pytest.fail(f"the power cut {planned} never happened", pytrace=False)


@pytest.fixture(scope="session")
def dfota_tls_files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], TlsFiles]:
    """A CA and a certificate for the loopback, made once and only when wanted."""
    directory = tmp_path_factory.mktemp("dfota-tls")

    def make() -> TlsFiles:
        from dfota.server import auto_tls

        return auto_tls(directory, ["localhost", "127.0.0.1"])

    return make


@pytest.fixture
def package_server(
    tmp_path: Path, dfota_tls_files: Callable[[], TlsFiles]
) -> Iterator[PackageServerFactory]:
    """Serve packages on the loopback; needs the extra ``dfota[server]``."""
    numbers = itertools.count(1)

    with ExitStack() as servers:

        def make(
            files: Mapping[str, bytes] | None = None,
            *,
            directory: Path | None = None,
            tls: bool = False,
            client_ca: Path | None = None,
        ) -> PackageServer:
            from dfota.server import PackageServer

            served = directory or tmp_path / f"packages-{next(numbers)}"
            served.mkdir(parents=True, exist_ok=True)
            for name, content in (files or {}).items():
                (served / name).write_bytes(content)
            server = PackageServer(
                served, tls=dfota_tls_files() if tls else None, client_ca=client_ca
            )
            return servers.enter_context(server)

        yield make


def _options(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    firmware: Release | Path | str | None,
    ports: Sequence[str],
    *,
    state: Path | None = None,
    profile: Profile | str | None = None,
    trusted: Sequence[PublicKey] | None = None,
    any_signer: bool = False,
    speed: str | float | None = None,
    power_cut: PowerCut | str | None = None,
    scenario: Scenario | str | None = None,
    **settings: object,
) -> tuple[ModuleOptions, Sequence[str]]:
    """What the test, its markers, the command line and the ini file say, in this order.

    The second value is the names of the ports.
    """
    from dfota.modem import ModuleOptions, PowerCut, Speed, Trust
    from dfota.testing import fixed_key

    config, stash = request.config, request.node.stash
    number = next(stash.setdefault(_NUMBERS, itertools.count(1)))
    keys = [fixed_key().public_key] if trusted is None else trusted
    transcript = tmp_path / f"module-{number}.transcript"
    stash.setdefault(_TRANSCRIPTS, []).append(transcript)
    if state is None and config.getoption("--dfota-keep-state"):
        state = tmp_path / f"module-{number}"
    if state is not None:
        stash.setdefault(_STATES, []).append(state)
    performed = _scenario(request, scenario)
    options = ModuleOptions(
        state=state,
        firmware=_firmware(config, firmware, is_in_memory=state is None),
        profile=_profile(request, profile, performed, settings),
        trust=Trust(tuple(keys), any_signer),
        speed=Speed.parse(str(_chosen(config, "speed") if speed is None else speed)),
        scenario=performed,
        power_cut=PowerCut.parse(power_cut) if isinstance(power_cut, str) else power_cut,
        transcript=transcript,
        trace=_trace(request, number),
        serial=number,
    )
    return options, ports or (performed.ports if performed else ("usbat",))


def _trace(request: pytest.FixtureRequest, number: int) -> Path | None:
    directory = request.config.getoption("--dfota-trace-dir")
    if not directory:
        return None
    import re

    folder = request.config.invocation_params.dir / directory
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", request.node.nodeid)[-_TRACE_NAME_MAX:]
    path: Path = folder / f"{name}-{number}.trace"
    request.node.stash.setdefault(_TRACES, []).append(path)
    return path


def _scenario(request: pytest.FixtureRequest, given: Scenario | str | None) -> Scenario | None:
    from dfota.modem import scenario_named

    marker = request.node.get_closest_marker("dfota_scenario")
    if given is None and marker is not None:
        given = marker.args[0]
    return scenario_named(given) if isinstance(given, str) else given


def _chosen(config: pytest.Config, name: str) -> str:
    """The option of the command line, else of the ini file."""
    return str(config.getoption(f"--dfota-{name}") or config.getini(f"dfota_{name}"))


def _firmware(
    config: pytest.Config, given: Release | Path | str | None, *, is_in_memory: bool
) -> Release | Callable[[], Release]:
    from dfota.package import load_release
    from dfota.testing import make_release

    if given is None:
        given = _chosen(config, "firmware") or make_release()
    if isinstance(given, (str, Path)):
        path = config.rootpath / given
        if not is_in_memory:
            return lambda: load_release(path)  # a module that is there already needs none
        given = load_release(path)
    if is_in_memory:
        _keep_image(config, given)
    return given


def _keep_image(config: pytest.Config, release: Release) -> None:
    from dfota.modem import FactoryImage

    images = config.stash.setdefault(_IMAGES, {})
    image = FactoryImage.of(release)
    images[id(image)] = image
    while len(images) > _IMAGES_MAX:
        del images[next(iter(images))]


def _profile(
    request: pytest.FixtureRequest,
    given: Profile | str | None,
    scenario: Scenario | None,
    settings: Mapping[str, object],
) -> Profile:
    from dataclasses import replace

    from dfota.modem import profile_named, with_settings

    marker = request.node.get_closest_marker("dfota_profile")
    if given is None and marker is not None:
        given = marker.args[0] if marker.args else None
        settings = {**marker.kwargs, **settings}
    if given is None:
        given = scenario.profile if scenario else _chosen(request.config, "profile")
    kind = profile_named(given) if isinstance(given, str) else given
    if scenario is not None:
        kind = with_settings(kind, scenario.settings)
    texts = [f"{name}={value}" for name, value in settings.items() if isinstance(value, str)]
    profile = with_settings(kind, texts)
    unknown = [name for name in settings if not hasattr(profile, name)]
    if unknown:
        with_settings(kind, [f"{unknown[0]}="])  # refuses, and names those that there are
    values: dict[str, Any] = {
        name: value for name, value in settings.items() if not isinstance(value, str)
    }
    return replace(profile, **values)
