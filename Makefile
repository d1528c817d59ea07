# Everything runs from .venv in this folder; nothing is installed anywhere else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test property check lint types floors bench lock smoke-aws clean

demo: $(VENV)/installed      ## the main job, with neither AWS nor Slack
	$(BIN)/flows demo --out demo-out

test: $(VENV)/installed-dev  ## the tests
	$(BIN)/python -m pytest -n auto

property: $(VENV)/installed-dev  ## 20,000 random queries against a plain evaluation
	$(BIN)/python -m pytest tests/insights/test_against_plain.py --examples 20000

check: lint types floors test ## what CI runs

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

floors: $(VENV)/installed-dev
	$(BIN)/lint-imports

SPIKES ?= $(wildcard ../shared/spikes)
bench: $(VENV)/installed-dev ## the figures the README quotes; SPIKES is a folder with a scorer
	$(BIN)/python -m benchmarks.acknowledgement
	$(BIN)/python -m benchmarks.inventory
	$(BIN)/python -m benchmarks.engine
	$(BIN)/python -m benchmarks.bill
	$(BIN)/python -m benchmarks.spikes $(SPIKES)

smoke-aws: $(VENV)/installed-dev ## the same questions of a real account: SOURCE=cloudwatch://…
	$(BIN)/python tests/smoke_aws.py $(SOURCE) $(if $(CASES),--cases)

lock:                        ## pin newest versions again, with hashes and no addresses
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-header --no-annotate --quiet -o requirements.lock
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --quiet -c requirements.lock -o requirements-dev.lock

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("flows needs Python 3.11 or newer; set PYTHON=python3.x" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

clean:
	rm -rf $(VENV) demo-out
