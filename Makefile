# Everything sets itself up in .venv; nothing but Python 3.11 or newer is needed.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
TESTS := --numprocesses auto --dist loadscope tests --ignore=tests/crash --ignore=tests/browser --ignore=tests/cluster
ALL_PYTHONS := python3.11 python3.12 python3.13 python3.14
# It ends in true: of a shell that ends in 127, as one that does not find its last command does, make takes no output.
PYTHONS = $(shell for p in $(ALL_PYTHONS); do $$p -c '' 2>/dev/null && echo $$p; done; true)
COVERED_TESTS := tests/corpus tests/indexer tests/search tests/crash/test_damage.py

.PHONY: help demo test test-lowest test-all-pythons docs lint crash browser test-cluster bench relevance coverage locks sbom \
	licences dist clean

help: ## Show what can be made
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/make \1\t\2/' | expand -t 24

demo: .venv/demo-ready ## Index the sample pages and show a few searches
	@$(BIN)/procsearch demo

test: .venv/test-ready ## Run the tests
	$(BIN)/pytest $(TESTS)

test-lowest: .venv/supply-ready ## Run the tests with the oldest libraries that pyproject.toml allows
	$(BIN)/uv venv --quiet --clear --seed --python $(BIN)/python .venv-lowest
	$(BIN)/uv pip compile --quiet --resolution lowest-direct --all-extras pyproject.toml -o .venv-lowest/lowest.txt
	$(BIN)/uv pip install --quiet --python .venv-lowest/bin/python -r .venv-lowest/lowest.txt --group test
	$(BIN)/uv pip install --quiet --python .venv-lowest/bin/python --no-deps -e .
	.venv-lowest/bin/pytest -W default::DeprecationWarning -W default::PendingDeprecationWarning $(TESTS)  # old libraries warn of newer ones

test-all-pythons: ## Run the tests on every Python that is here, from 3.11 to 3.14
	@for python in $(PYTHONS); do \
		echo "== $$python"; \
		$$python -m venv .venv-$$python && .venv-$$python/bin/pip install -q --upgrade pip && \
		.venv-$$python/bin/pip install -q -e '.[all]' --group test && .venv-$$python/bin/pytest $(TESTS) || exit 1; \
	done
	@echo "not here, so not tested: $(or $(filter-out $(PYTHONS),$(ALL_PYTHONS)),none)"

docs: .venv/docs-ready ## Build the manual in docs/_build
	$(BIN)/sphinx-build -W --keep-going -q -b html -d docs/_build/doctrees docs docs/_build/html

lint: .venv/lint-ready ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

crash: .venv/test-ready ## Kill, damage and starve indexes
	$(BIN)/pytest --numprocesses auto tests/crash

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

coverage: .venv/test-ready ## Measure branch coverage of storage, parser and bounds (at least 95 %)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(COVERED_TESTS)
	$(BIN)/coverage report
	@$(BIN)/coverage json -q -o - | $(BIN)/python -c "import json, sys; share = json.load(sys.stdin)['totals']['percent_branches_covered']; \
		print(f'{share:.1f} % of branches'); sys.exit(share < 95)"

locks: .venv/supply-ready ## Lock all dependencies with their hashes, in requirements/
	$(LOCK) --extra web pyproject.toml -o requirements/image.txt
	$(LOCK) --extra web --group docs pyproject.toml -o requirements/docs.txt
	$(LOCK) --all-extras --group lint --group supply pyproject.toml -o requirements/development.txt
	echo 'hatchling>=1.24' | $(LOCK) - -o requirements/build.txt

sbom: .venv/supply-ready ## Write the SBOM (CycloneDX) of what the image installs to dist/
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements requirements/image.txt --pyproject pyproject.toml --output-reproducible \
		--of JSON -o dist/procsearch-sbom.json

licences: .venv/lint-ready .venv/docs-ready .venv/supply-ready ## List the licences of all dependencies in docs/dependencies.md
	sed '/^| Name/,$$d' docs/dependencies.md > docs/dependencies.new
	$(BIN)/pip-licenses --from=mixed --format=markdown --no-version --with-system --ignore-packages procsearch pip \
		setuptools >> docs/dependencies.new
	mv docs/dependencies.new docs/dependencies.md

dist: .venv/test-ready ## Build the wheel and the source distribution
	$(BIN)/python -m build

clean: ## Remove what was made
	rm -rf .venv .venv-* docs/_build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name it: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "python -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade pip

.venv/demo-ready: .venv/bin/python pyproject.toml
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@touch $@

.venv/test-ready .venv/lint-ready: .venv/demo-ready requirements/development.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/development.txt
	@touch $@

.venv/docs-ready: .venv/demo-ready requirements/docs.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

.venv/%-ready: .venv/demo-ready pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[all]' --group $*
	@touch $@
