# Two commands: `make run` starts the product with a demo group, `make test` runs all tests.
# Both set up everything they need first (scripts/setup.sh says what).

PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 3

.PHONY: run test soak lint bench assets lock setup setup-test clean

run: setup
	$(BIN)/sluice run

# A run starts the product hundreds of times: its compiled modules are kept whatever the environment
# says of that.
test: export PYTHONDONTWRITEBYTECODE :=
test: setup-test lint
	$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

# SOAK="--payments 2000 --each 500" makes it shorter.
soak: setup-test
	$(BIN)/python -m tests.faults.soak $(SOAK)

lint: setup-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	PYTHON=$(PYTHON) scripts/bench.sh

assets:
	PYTHON=$(PYTHON) scripts/assets.sh

setup:
	PYTHON=$(PYTHON) scripts/setup.sh run

setup-test:
	PYTHON=$(PYTHON) scripts/setup.sh test

lock:
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --quiet -o requirements.lock

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
