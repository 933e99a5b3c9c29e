# consortium: everything a fresh machine needs is python3 (>= 3.11, with venv), make and the Python package index.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BASE := $(VENV)/.base
READY := $(VENV)/.ready

export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help demo test lint types contracts bench crashes explore bug-bank soak lock schema docs clean

help: ## say what there is to make
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# One virtual environment, installed from one hash-locked file. Its first part runs the program; what stands below the
# line "# development" is for tests and checks. This checkout comes on top, offline: a second make needs no network.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(BASE): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "consortium needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 ..." >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@sed '/^# development/,$$d' requirements.txt > $(VENV)/base.txt
	$(PIP) --require-hashes -r $(VENV)/base.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(READY): $(BASE)
	$(PIP) --require-hashes -r requirements.txt
	@touch $@

demo: $(BASE) ## run the main scenario on real processes, with the live dashboard
	@$(BIN)/consortium demo

test: $(READY) ## run the test suite
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup

lint: $(READY) types contracts ## ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

bench: $(READY) ## measure; prints figures beside their floors
	@for file in tests/benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

bug-bank: $(READY) ## plant every bug, see what catches it, write docs/bug-bank.md (goes on where it stopped)
	$(BIN)/python -m scenarios.adversary.bank --jobs 2 --page docs/bug-bank.md

crashes: $(BASE) ## crash whole networks ten thousand times in virtual time, and kill real nodes two hundred times
	$(BIN)/python -m scenarios.crashes virtual --crashes 10000 --resume runs/crashes.json
	$(BIN)/python -m scenarios.crashes kill --protocol pbft --instants 200
	$(BIN)/python -m scenarios.crashes kill --protocol raft --instants 200

explore: $(BASE) ## search every order of events of small networks, two minutes a protocol
	$(BIN)/consortium explore --protocol raft
	$(BIN)/consortium explore --protocol pbft

soak: $(READY) ## long campaigns
	$(BIN)/python -m pytest -q -m soak --timeout=0

lock: ## renew requirements.txt from pyproject.toml (needs uv: pip install uv)
	bash .ci/lock

schema: $(BASE) ## renew the shipped JSON Schema of scenarios
	$(BIN)/consortium schema > configs/scenario.schema.json
	$(BIN)/consortium products schema > configs/product.schema.json

docs: $(BASE) ## renew the reference pages that are made from the program
	$(BIN)/python docs/generate.py

clean: ## remove the virtual environment and caches; runs/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
