# A few verbs, the same by hand and in .ci/run.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := src tests benchmarks hatch_build.py man_page.py

help:  ## these verbs
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

# One environment. Its stamp says which lock it was made from, so that a changed lock makes it anew.
.venv/runtime: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv/development: requirements-dev.lock .venv/runtime
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	touch $@

demo: .venv/runtime  ## the document's own example on real packets
	$(BIN)/haechi lab run examples/test-network-policy

test: check .tools/nft  ## format, lint, types, layers, tests
	$(BIN)/pytest --numprocesses 2 --dist worksteal $(PYTEST_ARGS)

check: .venv/development  ## format, lint, types and layers only
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

fuzz: .venv/development  ## 10,000 random clusters through the whole chain, half an hour at most; the seed is printed
	$(BIN)/python -m tests.fuzz --clusters 10000 --seconds 1800

# A real API server and etcd, built with Go once on a machine and kept in the user's cache (tests/conformance/server.py).
conformance: .venv/development  ## validation and clients against a real API server; skipped where there is no Go
	$(BIN)/python -m tests.conformance $(CONFORMANCE_ARGS)
	HAECHI_CONFORMANCE=1 $(BIN)/pytest -p no:xdist tests/conformance

bench: .venv/runtime  ## the figures, printed and stored in bench.json
	$(BIN)/python -m benchmarks --output bench.json

clean:  ## remove what these verbs made
	rm -rf .venv .tools build dist bench.json .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage*

# The nft tool judges what Haechi prints; the product itself never runs it. Debian's package, unpacked beside the
# project where it is not installed (no root needed).
.tools/nft: .venv/runtime
	sh tests/get-nft .tools

.PHONY: help demo test check fuzz conformance bench clean
.DEFAULT_GOAL := help
