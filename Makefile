# `make` alone prints this menu. Needs python3 (3.11 or newer) and make; everything else is fetched into .venv.
.DEFAULT_GOAL := help
.PHONY: help run test test-fast bench bench-routing soak pictures lint types imports format lock locks docs widget reset venv venv-run

PYTHON ?= python3
PY := .venv/bin/python
NPM := @$(PYTHON) deploy/bootstrap.py npm
PYTEST := $(PY) -m pytest -p tests.plugin_skips

help: ## this menu
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: venv-run ## everything on this machine, with the demo (DEMO=0: without); Ctrl-C ends it
	@exec $(PY) -m trunkline.cli up

# More workers than cores, for most of what they do is wait; six are no quicker in the first half (333 s, 315 with five).
test: venv ## all tests that can run here, and at the end what was skipped and why
	$(NPM) test
	@$(PYTEST) tests/unit tests/contract tests/integration tests/deploy -n 5 --dist loadfile --no-loadscope-reorder
	@$(PYTEST) tests/e2e tests/browser tests/faults -n 6 --dist loadfile --no-loadscope-reorder

test-fast: venv ## the unit tests: seconds
	$(NPM) test
	@$(PYTEST) tests/unit

bench: venv ## the figures of docs/benchmarks.md, into build/bench.json
	@$(PY) -m tests.bench

bench-routing: venv ## the long proofs of routing, over an hour, into build/bench-routing.json
	@$(PY) -m tests.bench.routing

soak: venv ## a million moves by eight processes that are killed now and then; 1 if anything is violated
	@$(PY) -m tests.soak

pictures: venv ## the pictures of docs/pictures, taken anew from the demo (needs Chromium)
	@$(PY) -m tests.pictures

lint: venv ## style (ruff; the desk: eslint)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	$(NPM) run --silent lint

types: venv ## mypy --strict; the desk: tsc
	@$(PY) -m mypy
	$(NPM) run --silent check

imports: venv ## who may import whom
	@.venv/bin/lint-imports

format: venv ## rewrite what ruff can
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .

docs: venv ## write the generated parts of docs/, and the dashboard
	@$(PY) deploy/docs.py
	@$(PY) deploy/alerts.py
	@$(PY) deploy/dashboard.py
	$(NPM) run --silent types

widget: ## build the chat widget from its sources (needs node 20 or newer, and npm)
	@cd services/ingest/widget && npm ci --silent && npm run --silent build

lock: venv ## resolve the dependencies anew into the hash-locked requirements
	@$(PY) deploy/lock.py

locks: venv ## are the locks whole, hashed and without hosts? (offline)
	@$(PY) deploy/lock.py --check

reset: venv-run ## delete the data of `make run`
	@$(PY) -m trunkline.cli reset

venv:
	@$(PYTHON) deploy/bootstrap.py test

venv-run:
	@$(PYTHON) deploy/bootstrap.py run
