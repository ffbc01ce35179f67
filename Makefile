# Two commands on a machine that has only Python and make:
#   make run    plans a small shop and writes the roster to out/small_shop
#   make test   runs every test and check
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export PYTHONUTF8 := 1

.PHONY: run test format clean

run: $(VENV)/.run
	$(BIN)/cssim optimise scenarios/small_shop.yaml -o out/small_shop --force --seed 1

test: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) out

# A stamp is older than pyproject.toml only where something has to be installed again.
$(VENV)/.made:
	@$(PYTHON) -c "import sys; sys.exit(None if sys.version_info >= (3, 11) else \
	'cssim needs Python 3.11 or newer; name one with: make PYTHON=python3.12')"
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made pyproject.toml
	$(PIP) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	$(PIP) --editable '.[dev]'
	@touch $@
