# Everything sets itself up in .venv; nothing but Python 3.11 or newer is needed.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin

.PHONY: help demo test lint crash browser test-cluster bench relevance dist clean

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 18

demo: .venv/demo-ready ## Index the sample pages and show a few searches
	@$(BIN)/procsearch demo

test: .venv/test-ready ## Run the tests
	$(BIN)/pytest tests --ignore=tests/crash --ignore=tests/browser --ignore=tests/cluster

lint: .venv/lint-ready ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

crash: .venv/test-ready ## Kill, damage and starve indexes
	$(BIN)/pytest tests/crash

browser: .venv/test-ready ## Use the search page in Chromium
	$(BIN)/pytest tests/browser

test-cluster: .venv/test-ready ## Test against a cluster: make test-cluster PROCSEARCH_TEST_CLUSTER=host:9200
	@test -n "$$PROCSEARCH_TEST_CLUSTER" || { echo "PROCSEARCH_TEST_CLUSTER names no cluster" >&2; exit 1; }
	$(BIN)/pytest tests/cluster

bench: .venv/bench-ready ## Measure procsearch beside its peers (hours at the largest sizes)
	$(BIN)/python -m benchmarks.engines --codes hcpcs --codes icd10pcs
	$(BIN)/python -m benchmarks.raw_html
	$(BIN)/python -m benchmarks.cli_latency

relevance: .venv/bench-ready ## Measure the ranking on judged collections: make relevance DATA=folder
	$(BIN)/python -m benchmarks.relevance --data $(DATA)

dist: .venv/test-ready ## Build the wheel and the source distribution
	$(BIN)/python -m build

clean: ## Remove what was made
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name it: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "python -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade pip

.venv/demo-ready: .venv/bin/python pyproject.toml
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@touch $@

.venv/%-ready: .venv/demo-ready pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[all]' --group $*
	@touch $@
