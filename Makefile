# Each target makes what it needs; nothing but Python 3.11 or later and make has to be there.
PYTHON ?= python3
PYTHON312 ?= python3.12
ARGS ?=
# One more than there are processors: tests wait, too.
WORKERS ?= $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The first builds an image and makes networks, the second uses all processors: both disturb clocks and browsers of other tests.
ALONE := tests/integration/test_compose.py tests/integration/test_load.py

.PHONY: demo test check bench seal-bench verify-bench faults verifiers vendor pictures format lock clean

demo: $(READY)  ## 2017-08 to 2021-01 on the real table, in about a minute (ARGS=--once ends by itself)
	$(BIN)/duban demo $(ARGS)

test: export PYTHONDONTWRITEBYTECODE =  # else each of some hundred processes would compile all modules again
test: $(READY)  ## in WORKERS processes, each with a server (ARGS="tests/ingest -x" for a part; ARGS="-n 0" in one process)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(or $(ARGS),$(ALONE:%=--ignore=%))
	$(if $(ARGS),,$(BIN)/python -m pytest $(ALONE))

check: $(READY)  ## format, lint, types, import contracts, the published contract, vendored files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/duban contract --check deploy/contract
	$(BIN)/python -m tests.vendored --check

bench: $(READY)  ## ratios against a bare baseline (ARGS=--json for machines)
	$(BIN)/python -m tests.bench $(ARGS)

seal-bench: $(READY)  ## entries hashed, sealed and checked a second, on one processor (ARGS=--json for machines)
	$(BIN)/python -m tests.bench.sealing $(ARGS)

verify-bench: $(READY)  ## events of sealed archives verified a second, in all processes (ARGS=200000 for so many)
	$(BIN)/python -m tests.bench.verifying $(ARGS)

verifiers:  ## other projects' verifiers and witness of archives, and a server of buckets, for tests; needs Python 3.12
	$(PYTHON312) -m venv .verifiers
	.verifiers/bin/pip install --quiet --disable-pip-version-check aics-tlog==0.2.1 aics-witness==0.1.0 proofbundle==6.3.1 \
	  "moto[s3,server]==5.2.5"

faults: $(READY)  ## inject faults by seed, resuming after the last sitting; totals in docs/faults.md (ARGS=--points 1000)
	$(BIN)/python -m tests.faults $(ARGS)

vendor: $(READY)  ## fetch the files of other projects at their recorded versions; needs npm
	$(BIN)/python -m tests.vendored

pictures: $(READY)  ## pictures of the page's views for the READMEs, in docs/page/; needs Chromium
	$(BIN)/python -m tests.browser.pictures

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## after a change of the dependencies; needs uv
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --python-version 3.11 --extra embedded --extra sm -o requirements.lock pyproject.toml
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --python-version 3.11 --all-extras --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "duban needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
