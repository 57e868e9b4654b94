# make run        set up what is needed, then boot Open Firmware with a waveform beside it;
#                 `make run RUN=` stays at the prompt
# make test       the tests that take seconds
# make test-all   all tests, long ones included
# make bench      speed, compared with other simulators and emulators
# make docs       the documentation as a site, in build/docs
# make dist       wheel and sdist, in dist
# make clean      remove what was built here; make distclean: .venv as well

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

# More options for `pteg run`, pytest and the benchmarks.
RUN    ?= --until '0 > ' --vcd rom.vcd --first 200 --last 300 \
          --trigger 'mmu.walker.state == UPDATE_C' --before 2100 --after 500
TESTS  ?=
BENCH  ?=

.PHONY: run test test-all bench docs dist setup clean distclean

run: $(VENV)/with-nothing
	@echo 'Booting Open Firmware. Its first fetch, first table searches and prompt go to rom.vcd:' \
	    'gtkwave rom.gtkw' >&2
	@$(BIN)/pteg run $(RUN)

# A worker for each core; one that has nothing left to do takes tests from another.
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal --max-worker-restart 0

test: setup
	$(PYTEST) $(TESTS)

test-all: setup
	$(PYTEST) --all $(TESTS)

bench: $(VENV)/with-test,cc,bench
	$(BIN)/python tests/bench/run.py $(BENCH)

docs: $(VENV)/with-docs
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs
	@echo 'build/docs/index.html' >&2

dist: setup
	$(BIN)/python -c 'from setuptools import build_meta as build; \
	    build.build_sdist("dist"); build.build_wheel("dist")'

setup: $(VENV)/with-test,cc

# One stamp for each set of extras (pyproject.toml), renewed when that file changes. The package
# itself is installed editable: new files need no new set-up.
$(VENV)/with-%: pyproject.toml setup.py requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo 'pteg needs Python 3.11 or later; name one with make PYTHON=...' >&2; exit 2; }
	@test -x $(BIN)/pip || { echo 'Setting up $(VENV); this happens once.' >&2; \
	    $(PYTHON) -m venv $(VENV); }
	$(BIN)/python -m pip --disable-pip-version-check install -c requirements.lock -e '.$(if $(filter nothing,$*),,[$*])'
	@touch $@

clean:
	rm -rf build dist *.egg-info .hypothesis .pytest_cache .ruff_cache rom.vcd rom.gtkw rom.sucl
	find $(wildcard sim hw components firmware waveforms tests docs examples) \
	    -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV)
