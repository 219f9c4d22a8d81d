# Every target works on a bare machine with Python and make: the virtual environment is made when it is missing.

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name) 2>/dev/null)))
STORE  ?= $(or $(GOLDILOCKS_STORE),data/grid.duckdb)
PORT   ?= 8501
RUN    := .venv/bin/python -m
TESTS  := pytest -q -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: setup run grid test all-tests thorough quick quick-tests durations faults bench lint clean distclean

setup: .venv/compiled

# pip would compile one file after the other, and all of them: Python does it afterwards, by every core, for all but what
# is never loaded.
UNLOADED := /(tests|testing|_inductor|_dynamo|distributed|sympy|networkx|mypy|mypyc|pip)/
PIP := .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile

# pip gets torch by itself first, so that no other package pulls in a different build of it.
.venv/installed: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; none was found" >&2; exit 2; }
	@test -x .venv/bin/python || { echo "Creating .venv with $(PYTHON)" >&2; "$(PYTHON)" -m venv .venv; }
	@echo "Installing requirements.txt into .venv (a few minutes the first time)" >&2
	@$(PIP) "$$(grep '^torch==' requirements.txt)"
	@$(PIP) -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/compiled: .venv/installed
	@$(RUN) compileall -qq -j 0 -x '$(UNLOADED)' .venv/lib dashboard engine store || true
	@touch $@

run: setup
	@.venv/bin/goldilocks dashboard --store "$(STORE)" --port $(PORT) --reference --compute demo

grid: setup
	@.venv/bin/goldilocks run demo --store "$(STORE)"
	@.venv/bin/goldilocks store info --store "$(STORE)"

# Types take a core for a while: side by side with the tests.
test: setup .venv/ray-installed
	@$(MAKE) --no-print-directory -j 2 lint all-tests

all-tests: setup
	@$(RUN) $(TESTS)

# All of what `make test` takes samples of: tests that take long, every pair of members, every page, every way to fail.
thorough: setup .venv/ray-installed lint
	@$(RUN) $(TESTS) --thorough

# Lint, types, and the files of tests that are not known to be slow, side by side.
quick: setup
	@$(MAKE) --no-print-directory -j 2 lint quick-tests

quick-tests: setup
	@$(RUN) $(TESTS) --quick

# All tests, to note what they take.
durations: setup .venv/ray-installed
	@$(RUN) $(TESTS) --measure

# Ray is for clusters only, and not built for every Python: without it the tests of a cluster are skipped.
.venv/ray-installed: requirements-ray.txt .venv/installed
	@if $(PIP) -r requirements-ray.txt; then touch $@; \
	else echo "Ray cannot be installed: the tests of a cluster are skipped" >&2; fi

# Kills, full disks, torn files and the like, at length; `make test` runs a short version.
faults: setup
	@$(RUN) tests.faults
	@$(RUN) tests.faults.flips
	@$(RUN) tests.store.hostility

lint: setup
	@$(RUN) ruff check .
	@$(RUN) ruff format --check --quiet . || { echo "Run: .venv/bin/ruff format ." >&2; exit 1; }
	@$(RUN) mypy

bench: setup
	@$(PIP) -r engine/bench/requirements.txt
	@mkdir -p data
	@.venv/bin/goldilocks bench --output data/bench.json

# What can be made again. Results are not: `distclean` removes them, and asks.
clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path "./data/*" -prune -exec rm -rf {} +

distclean: clean
	@if [ -e data ]; then \
	  printf 'Remove data, with every result in it (%s)? Type yes: ' "$$(du -sh data | cut -f1)" >&2; \
	  read -r answer; \
	  if [ "$$answer" = yes ]; then rm -rf data; else echo "data was kept" >&2; exit 1; fi; fi
