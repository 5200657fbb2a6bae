# The commands of a dfota checkout; `make` alone lists them. Nothing here needs root.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
NATIVE := $(wildcard c/src/*.c c/src/*.h src/dfota/_native/build_native.py) setup.py pyproject.toml
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long fuzz-modem check bench bench-delta bench-modem bench-host format pin clean tools c-test firmware

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

setup: $(VENV)/.installed  ## make .venv with the dfota command and all development tools

tools:
	@command -v $(PYTHON) >/dev/null || { echo "dfota needs Python 3.11 or newer: apt-get install python3 python3-venv (or set PYTHON=...)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "dfota needs Python 3.11 or newer; set PYTHON=/path/to/python3.11 (this one is $$($(PYTHON) -V))" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "A C compiler is missing: apt-get install gcc libc6-dev" >&2; exit 1; }

$(VENV)/.requirements: requirements/dev.txt | tools
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.installed: $(VENV)/.requirements $(NATIVE)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## upgrade a virtual BG96 from one firmware to the next, with a power cut in RESTORE
	@$(BIN)/dfota demo $(ARGS)

test: setup  ## run all tests (under ten minutes on 2 cores)
	$(PYTEST) -n 2 -m "not long" $(ARGS)

test-long: setup  ## the long sweeps and fuzzing
	$(PYTEST) -n 2 -m long $(ARGS)

MINUTES ?= 5
fuzz-modem: $(VENV)/.fuzz  ## fuzz the virtual module, guided by coverage (MINUTES=5 per target; ARGS="session --jobs 2")
	nice -n 19 $(BIN)/python fuzz/modem.py --minutes $(MINUTES) $(ARGS)

$(VENV)/.fuzz: requirements/fuzz.txt $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.txt
	@touch $@

check: setup  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup  ## let ruff format and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: bench-delta  ## the same as bench-delta

bench-delta: $(VENV)/.peers  ## patch sizes, times and memory against peers, side by side (ARGS=--help)
	$(BIN)/python benches/delta.py $(ARGS)

bench-modem: setup  ## the virtual module by the thousand, against its goals (ARGS=--help)
	$(BIN)/python benches/modem.py $(ARGS)

bench-host: setup  ## uploads over a paced line, side by side with other ways (ARGS=--help)
	$(BIN)/python benches/host.py $(ARGS)

# A peer that cannot be installed here is skipped with a reason; the others are measured.
$(VENV)/.peers: requirements/bench.txt $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt \
	  && touch $@ || echo "not every peer of requirements/bench.txt could be installed" >&2

c-test:  ## build and test the C files alone
	$(MAKE) -C c test

firmware: setup  ## rebuild the example firmware with arm-none-eabi-gcc and compare it bit for bit
	$(MAKE) -C examples/firmware verify

pin:  ## pin the newest versions with their hashes (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --upgrade -o requirements/dev.txt requirements/dev.in
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --upgrade -o requirements/bench.txt requirements/bench.in

clean:  ## remove what the other commands made
	rm -rf $(VENV) build dist demo src/*.egg-info c/build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src -name '*.so' -delete
