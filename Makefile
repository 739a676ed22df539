# Every target does its own set-up: Python 3.11 or later and make are enough. `make PYTHON=python3.12 test` chooses another.
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-benchmarks demo screenshots test check check-code check-lock check-migrations format lock clean

RUN := .venv/bin/python -m
NEWEST = $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
# An interpreter that was named is meant; otherwise an environment that works is kept, whatever made it.
BOOTSTRAP = $(if $(PYTHON),$(PYTHON) kit/bootstrap.py --this-python,$(or $(NEWEST),python3) kit/bootstrap.py)
COMPILE = .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --system-certs --python-version 3.11 $(UPGRADE) --extra redis --extra rabbitmq pyproject.toml

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s%s\n", $$1, $$2 }' Makefile

setup: ## make or repair .venv, for running
	@$(BOOTSTRAP)

setup-dev: ## make or repair .venv, for developing
	@$(BOOTSTRAP) --dev

setup-benchmarks: setup-dev ## setup-dev, and the two libraries that benchmarks/attribution.py measures itself against
	@.venv/bin/uv pip install --quiet --system-certs --require-hashes -r requirements-benchmarks.txt

demo: setup ## the whole system on this machine, with a Slack to click on (ARGS=--once: one story, then the end)
	@$(RUN) handlers.demo $(ARGS)

screenshots: setup-dev ## play sample leads and take the pictures of docs/screenshots (wants a Chromium)
	@$(RUN) tests.browser.pictures

test: setup-dev ## all tests, on a real Postgres (ARGS="-k accept -n0" for some of them)
	@$(RUN) pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: check-code check-lock check-migrations ## everything that must hold besides the tests

check-code: setup-dev ## format, lint and types
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy

check-lock: setup-dev ## whether the lock is what pyproject.toml asks for (no network needed)
	@$(RUN) pytest -q tests/kit/test_bootstrap.py -k lock

check-migrations: setup-dev ## the rules of the house, and whether the migrations make the tables
	@$(RUN) pytest -q tests/test_house.py

format: setup-dev ## bring the code into shape
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

lock: setup-dev ## make the lock anew from pyproject.toml (UPGRADE=--upgrade: with the newest versions)
	@$(COMPILE) -o requirements.txt
	@$(COMPILE) --extra dev -c requirements.txt -o requirements-dev.txt
	@$(COMPILE) --extra dev --extra benchmarks -c requirements-dev.txt -o requirements-benchmarks.txt
	@$(RUN) pytest -q tests/kit/test_bootstrap.py -k lock

clean: ## remove .venv and what tools left behind; data stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
