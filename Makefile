# consortium: everything a fresh machine needs is python3 (>= 3.11, with venv), make and the Python package index.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := consensus network node scenarios configs

.PHONY: help demo test lint types contracts bench soak lock schema clean

help: ## say what there is to make
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# One virtual environment for everything, installed from the hash-locked requirements and then this checkout on top,
# offline: a second make needs no network.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "consortium needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## run the main scenario on real processes, with the live dashboard
	@$(BIN)/consortium demo

test: $(READY) ## run the test suite
	$(BIN)/python -m pytest -q -m "not soak"

lint: $(READY) types contracts ## ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

bench: $(READY) ## measure; prints figures beside their floors
	@for file in tests/benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

soak: $(READY) ## long campaigns
	$(BIN)/python -m pytest -q -m soak --timeout=0

lock: ## renew requirements.txt from pyproject.toml (needs uv: pip install uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --quiet -o requirements.txt

schema: $(READY) ## renew the shipped JSON Schema of scenarios
	$(BIN)/consortium schema > configs/scenario.schema.json

clean: ## remove the virtual environment and caches; runs/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
