# run (the main job), dev (the local stack, kept running), check, test; plan STACK=dev (what a stack is made of),
# packages (functions and layers, their sizes and import times), diagrams (docs made from the program). Each sets itself up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
STAMP := $(VENV)/.installed

.PHONY: run dev check test plan packages diagrams clean
.DEFAULT_GOAL := run

$(STAMP): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 14) else f"anime-infra needs Python 3.11 to 3.13 and found {v.major}.{v.minor}; try: make PYTHON=python3.13")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@echo "installing the locked dependencies" >&2
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv sync --quiet --frozen --active
	@touch $@

run: $(STAMP)
	@$(BIN)/anime demo

dev: $(STAMP)
	@$(BIN)/anime local up

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/uv export --quiet --frozen --no-dev --only-group deploy --no-emit-local --no-header | diff - requirements.txt
	$(BIN)/python -m local.diagram --check
	$(BIN)/python -m scripts.make_settings_reference --check
	$(BIN)/zizmor --quiet --offline --persona auditor .github
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/cicd.yml
	@if command -v actionlint >/dev/null; then actionlint; fi
	$(BIN)/pytest -q tests/architecture

test: $(STAMP)
	$(BIN)/pytest -n auto --dist loadfile --ignore tests/e2e
	$(BIN)/pytest tests/e2e

plan: $(STAMP)
	@$(BIN)/python -m local.plan --stack $(or $(STACK),dev)

packages: $(STAMP)
	@$(BIN)/python -m scripts.packages

diagrams: $(STAMP)
	@$(BIN)/python -m local.diagram
	@$(BIN)/python -m scripts.make_settings_reference
	@$(BIN)/python -m scripts.make_priorities
	@$(BIN)/python -m scripts.make_coverage

clean:
	rm -rf $(VENV) build .local .mypy_cache .pytest_cache .ruff_cache .hypothesis
