# Every target sets up what it needs; `make demo` and `make test` work on a machine that has Python 3.11 and nothing else.
.DEFAULT_GOAL := help
.PHONY: help demo test check fix bench docs e2e compat wheel lock clean
PY := .venv/bin/python

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' Makefile | expand -t 10

demo: ## RingCentral's sandbox, a DAG run against it, and the file that comes out
	@scripts/setup-venv sandbox
	@$(PY) scripts/demo

# More processes than cores: most tests wait for a limit, a penalty or a process that starts.
test: ## the whole test suite; ARGS="-k parts -x" goes to pytest
	@scripts/setup-venv dev
	$(PY) -m pytest --numprocesses 4 --dist worksteal $(ARGS)

check: ## lint, format and types, nothing changed
	@scripts/setup-venv dev
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy

fix: ## what lint and format can mend by themselves
	@scripts/setup-venv dev
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

bench: ## the measured claims, side by side in one run
	@scripts/setup-venv dev
	$(PY) -m bench $(ARGS)

docs: ## docs/reference, written from the code
	@scripts/setup-venv dev
	$(PY) scripts/generate-docs

e2e: ## a DAG of mapped extracts under a real scheduler, triggerer and API server
	@scripts/setup-venv dev
	$(PY) -m pytest -m e2e tests/e2e $(ARGS)

compat: ## the smoke tests on other Airflow versions; ARGS="2.11.2 3.1.8" picks
	@scripts/setup-venv dev
	$(PY) scripts/compat $(ARGS)

wheel: ## dist/*.whl and dist/*.tar.gz
	@scripts/setup-venv dev
	rm -rf dist
	$(PY) -m hatchling build

lock: ## constraints.txt from the newest packages that resolve today
	scripts/lock

clean: ## everything the other targets made
	rm -rf .venv .tools .demo .compat dist .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
