# What one does with a checkout. Every target sets itself up: a machine with Python 3.11 or
# later and pip is enough, and a second run finds the stamps in .venv and starts at once.
#
#   PYTHON=python3.12 make test     another interpreter than the fastest one found (only read while .venv is being made)
#   make run ARGS='--http 127.0.0.1:9000'

SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?=
ARGS ?=
CASES ?=
STORE ?= sqlite
FAULTS ?= 50
SEED ?= 1
ROWS ?= 1000000
KILLS ?= 1
TARGET ?= suppression
FUZZ_EXAMPLES ?= 5000
FROM ?=

PY := .venv/bin/python
RUN_READY := .venv/.ready-to-run
DEV_READY := .venv/.ready-to-develop
CHECKED := src tests tools benchmarks scripts

.PHONY: help run test check bench chaos imports clients fuzz models coverage-doc lock services clean

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUN_READY) ## Set up what running needs and serve (ARGS='--config FILE …')
	@exec .venv/bin/hatobin serve $(ARGS)

test: $(DEV_READY) services ## Set up everything, Debian packages too, and run all tests
	@exec scripts/run-tests $(ARGS)

check: $(DEV_READY) ## Lint, types, layers, house rules
	@status=0; \
	$(PY) -m ruff check $(wildcard $(CHECKED)) || status=1; \
	$(PY) -m mypy || status=1; \
	$(PY) .venv/bin/lint-imports --no-logo || status=1; \
	$(PY) -m pytest -q tests/tidy || status=1; \
	exit $$status

bench: $(DEV_READY) ## Measure beside the peers (CASES=smtp_delivered,api_accepted, ARGS=--docs)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" exec benchmarks/run $(if $(CASES),--case $(CASES)) $(ARGS)

chaos: $(DEV_READY) services ## Break things under load, then close the ledger (STORE=postgres FAULTS=1000 SEED=2)
	@exec $(PY) -m tests.chaos.run --store $(STORE) --faults $(FAULTS) --seed $(SEED) $(ARGS)

imports: $(DEV_READY) ## Import many rows, kill the server meanwhile (ROWS=1000000 KILLS=2 TARGET=contacts STORE=postgres)
	@exec $(PY) -m tests.chaos.imports --rows $(ROWS) --kills $(KILLS) --target $(TARGET) --store $(STORE) $(ARGS)

fuzz: $(DEV_READY) ## Fuzz the gateway, for longer than `make test` does (STORE=postgres FUZZ_EXAMPLES=2000 SEED=7)
	@HATOBIN_TEST_STORE=$(STORE) FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) FUZZ_SEED=$(SEED) exec $(PY) -m pytest tests/fuzz $(ARGS)

clients: $(DEV_READY) ## Run public client suites, unmodified, from a folder outside (FROM=DIR ARGS=--docs)
	@exec $(PY) -m tests.clients.run $(if $(FROM),'$(FROM)',$(error FROM=DIR is missing; docs/clients.md says what lies in it)) $(ARGS)

models: $(DEV_READY) ## Regenerate gateway/models from the pinned botocore
	@exec $(PY) -m tools.generate_models $(ARGS)

coverage-doc: $(DEV_READY) ## Regenerate docs/coverage.md from the registry of operations
	@PYTHONPATH=src exec $(PY) -m tools.generate_coverage $(ARGS)

lock: $(DEV_READY) ## Pin the newest versions that pyproject.toml allows into both lock files
	@exec $(PY) scripts/lock.py

services: ## Install the Debian packages that interop tests need (root; otherwise says which)
	@exec scripts/test-services

clean: ## Forget the environment and every cache
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN_READY): requirements.lock scripts/setup-python
	@PYTHON='$(PYTHON)' scripts/setup-python requirements.lock
	@touch $@

$(DEV_READY): requirements-dev.lock requirements.lock scripts/setup-python
	@PYTHON='$(PYTHON)' scripts/setup-python requirements-dev.lock
	@touch $@ $(RUN_READY)
