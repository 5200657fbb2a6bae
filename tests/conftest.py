# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures for every test; nothing here belongs to one room."""

from __future__ import annotations

import importlib.util
import json
import lzma
import signal
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure(config: pytest.Config) -> None:
    """Register the figures of the power-loss sweep in the process that prints, also under -n."""
    path = ROOT / "tests" / "powerloss" / "figures.py"
    spec = importlib.util.spec_from_file_location("powerloss_figures", path)
    figures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(figures)
    config.pluginmanager.register(figures, "powerloss-figures")
    # A run in the background ignores these, and so would every program under test; a handler
    # that does nothing is not handed on.
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: None)
    # A slow moment of the machine is no failure of a property.
    # The same examples in every run: a machine that checks commits must not roll dice.
    hypothesis.settings.register_profile("dfota", deadline=None, derandomize=True)
    hypothesis.settings.load_profile("dfota")


@pytest.fixture(autouse=True)
def _own_state_folder(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test finds, or leaves, a record of an upgrade in the home of whoever runs it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg-state"))
    # The virtual modules of two tests that run at once may have one IMEI.
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two releases of one real firmware: ``old``, ``new`` and the pair's manifest."""

    name: str
    old: bytes
    new: bytes
    manifest: dict


@dataclass(frozen=True, slots=True)
class Corpus:
    """The folder of real firmware pairs."""

    path: Path

    def pair(self, name: str) -> Pair:
        """Read one pair, unpacked."""

        def image(which: str) -> bytes:
            plain = self.path / name / f"{which}.bin"
            return (
                plain.read_bytes()
                if plain.exists()
                else lzma.decompress((self.path / name / f"{which}.bin.xz").read_bytes())
            )

        manifest = json.loads((self.path / name / "manifest.json").read_text())
        return Pair(name, image("old"), image("new"), manifest)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The real firmware pairs, or a skip where the folder does not lie beside the checkout."""
    path = ROOT.parent / "shared" / "corpus"
    if not path.is_dir():
        pytest.skip("the corpus of real firmware pairs (../shared/corpus) is not here")
    return Corpus(path)
