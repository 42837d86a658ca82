# Every target installs what it needs; `make demo` and `make test` need only Python 3.11.
.DEFAULT_GOAL := help
.PHONY: help demo test check fix bench docs e2e compat wheel lock clean
PY := .venv/bin/python

help: ## show this list
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' Makefile | expand -t 10

demo: ## run a DAG against the sandbox and show the file it writes
	@scripts/setup-venv sandbox
	@$(PY) scripts/demo

# More processes than cores, because most tests wait for a limit, a penalty or a process that starts.
test: ## run the test suite; ARGS="-k receipt -x" goes to pytest
	@scripts/setup-venv dev
	$(PY) -m pytest --numprocesses 4 --dist worksteal $(ARGS)

check: ## check lint, format and types without changing anything
	@scripts/setup-venv dev
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy

fix: ## fix lint and format automatically
	@scripts/setup-venv dev
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

bench: ## measure the claims, with all contenders in one run
	@scripts/setup-venv dev
	$(PY) -m bench $(ARGS)

docs: ## generate docs/reference from the code
	@scripts/setup-venv dev
	$(PY) scripts/generate-docs

e2e: ## run mapped extracts under a real scheduler, triggerer and API server
	@scripts/setup-venv dev
	$(PY) -m pytest -m e2e tests/e2e $(ARGS)

compat: ## run the smoke tests on other Airflow versions, all or ARGS="2.11.2 3.1.8"
	@scripts/setup-venv dev
	$(PY) scripts/compat $(ARGS)

wheel: ## build dist/*.whl and dist/*.tar.gz
	@scripts/setup-venv dev
	rm -rf dist
	$(PY) -m hatchling build

lock: ## write constraints.txt with the newest packages that work together
	scripts/lock

clean: ## remove everything that the other targets created
	rm -rf .venv .tools .demo .compat dist .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
