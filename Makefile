# Commands of Innesto. Needs make, and Python 3.11 or newer with its venv module; everything else it fetches.
# Works with GNU make 3.81 (macOS) and the standard tools of any Unix.

VENV := .venv
PY := $(VENV)/bin/python
INNESTO := $(VENV)/bin/innesto
# What comes without a wheel is built with the setuptools of requirements-build.lock.
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --use-pep517 --no-build-isolation
PYTEST := $(PY) -m pytest
WORKERS ?= 2

# Where the site listens, and the folder of database, index and uploads. Given on the command line or by the environment, they reach every command; else the commands' own defaults hold.
PORT ?= 8000
DATA ?= var

BUILD_TOOLS := $(VENV)/.build
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
NODE_MODULES := frontend/node_modules/.installed
ASSETS := core/web/static/dist/manifest.json
FRONTEND := $(shell find frontend plugins -name node_modules -prune -o -path 'frontend/*' -type f -print -o -name icons.json -print)
CATALOGUES := $(patsubst %.po,%.mo,$(shell find core plugins -name '*.po'))
READY := $(RUNTIME) $(ASSETS) $(CATALOGUES)

SLOW := slow or postgres or matrix or story

.PHONY: help run setup assets translations messages test test-slow lint audit format types docs requirements bench wheel locks clean
.DEFAULT_GOAL := help

help:
	@echo 'make run           the portal on http://127.0.0.1:$(PORT)/, data in $(DATA)/'
	@echo 'make test          quick tests (about 8 minutes at most)'
	@echo 'make test-slow     PostgreSQL, kill storms, full matrices, measurements (45 minutes at most)'
	@echo 'make lint          style, types, import rules, dependencies, spelling'
	@echo 'make audit         known faults in what we depend on (asks a service on the network)'
	@echo 'make format        put the style right where a tool can'
	@echo 'make docs          are the generated pages of docs/ up to date?'
	@echo 'make requirements  which requirements have a passing test'
	@echo 'make bench         measure, into var/bench.json'
	@echo 'make assets        build style sheets, scripts and icons'
	@echo 'make messages      bring the English catalogues up to date with the Italian sentences'
	@echo 'make wheel         build the distribution, into dist/'
	@echo 'make locks         choose the versions of all dependencies anew'
	@echo 'make clean         remove what can be made again; data stay'

# A demo, for this machine only: it makes what is missing in the database, then serves.
run: $(READY)
	@exec $(INNESTO) run --demo

setup: $(READY) $(DEVELOPMENT)

assets: $(ASSETS)

translations: $(CATALOGUES)

messages: setup
	$(PY) -m scripts.messages

test: setup
	$(PYTEST) -n $(WORKERS) -m 'not ($(SLOW))'

# Measurements last, one at a time; a part for which no test exists yet (status 5) is no failure.
test-slow: setup
	$(PYTEST) -n $(WORKERS) -m '($(SLOW)) and not slow' || test $$? -eq 5
	$(PYTEST) -m slow || test $$? -eq 5

lint: $(DEVELOPMENT)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy core plugins scripts
	$(VENV)/bin/lint-imports
	$(VENV)/bin/deptry .
	$(VENV)/bin/codespell

# Not part of lint: it asks the network, and what it says changes from day to day.
audit: $(DEVELOPMENT)
	$(PY) -m scripts.audit

format: $(DEVELOPMENT)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

types: $(DEVELOPMENT)
	$(VENV)/bin/mypy core plugins scripts

docs: setup
	$(PY) -m scripts.check_docs
	$(INNESTO) docs --check

requirements: setup
	$(PY) -m scripts.requirements -n $(WORKERS)

bench: $(READY)
	$(PY) -m scripts.bench --out var/bench.json

wheel: $(ASSETS) $(CATALOGUES) $(DEVELOPMENT)
	rm -rf build dist
	$(PY) -m build --wheel --no-isolation
	$(PY) -m scripts.check_wheel dist/*.whl

locks: $(DEVELOPMENT)
	sh scripts/locks.sh $(VENV)

clean:
	rm -rf $(VENV) frontend/node_modules core/web/static/dist build dist innesto.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find core plugins scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +
	find core plugins -name '*.mo' -type f -exec rm -f {} +

# An environment from before this file, or half made, is filled up, not thrown away.
$(BUILD_TOOLS): requirements-build.lock scripts/venv.sh
	@PYTHON='$(PYTHON)' sh scripts/venv.sh $(VENV)
	$(PIP) --require-hashes -r requirements-build.lock
	@touch $@

$(RUNTIME): requirements.lock pyproject.toml $(BUILD_TOOLS)
	@echo 'Installing what Innesto runs on (a minute or so at the first time)'
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps -e .
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	@echo 'Installing the tools for tests and checks'
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

$(NODE_MODULES): frontend/package-lock.json frontend/package.json frontend/.npmrc scripts/node.py | $(RUNTIME)
	cd frontend && ../$(PY) ../scripts/node.py npm ci --include=dev --include=optional
	@touch $@

$(ASSETS): $(NODE_MODULES) $(FRONTEND)
	$(PY) scripts/node.py frontend/build.mjs
	@touch $@

%.mo: %.po | $(RUNTIME)
	$(VENV)/bin/pybabel --quiet compile --input-file $< --output-file $@
