PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 10

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(READY) ## the whole product on two simulated systems
	@$(BIN)/syncrules demo

test: lint ## lint, types and all tests
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadscope

lint: $(READY) ## ruff and strict types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@mkdir -p .venv/types && ln -sfn ../.. .venv/types/syncrules
	MYPYPATH=.venv/types $(BIN)/mypy -p syncrules

docs: $(READY) ## the pages of docs/ that follow from the product
	$(BIN)/python -m docs.generate

guide: $(READY) ## what Apollo's own integration does, row by row, and the tests that show it
	@$(BIN)/python -m tests.guide

bench: $(READY) ## requests over fewest possible, records a second, memory
	$(BIN)/python -m bench

mutants: $(READY) ## seeded bugs, and the random histories that must find each of them
	@$(BIN)/python -m tests.mutants

soak: $(READY) ## the long tests: [PART=crashes|kills|days|histories|previews|weeks|logic|files|hostile|jsforce] [MINUTES=5]
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,soak]'
	$(BIN)/python -m tests.soak $(if $(PART),--part $(PART)) $(if $(MINUTES),--minutes $(MINUTES))

.PHONY: help demo test lint docs guide bench mutants soak
