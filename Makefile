.DEFAULT_GOAL := help
.PHONY: help up down clean status test test-unit test-one test-faults test-soak test-compose bench docs lint lock

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: ## Start the platform on this machine
	@./setup.sh
	@.venv/bin/goodsflow up

# The next three use the installed version: they must work without a network.
down: ## Stop the platform and keep its data
	@.venv/bin/goodsflow --version >/dev/null 2>&1 || ./setup.sh
	@.venv/bin/goodsflow down

clean: ## Stop the platform and delete its data and secrets
	@.venv/bin/goodsflow --version >/dev/null 2>&1 || ./setup.sh
	@.venv/bin/goodsflow clean --yes

status: ## Show the state of each part
	@.venv/bin/goodsflow --version >/dev/null 2>&1 || ./setup.sh
	@.venv/bin/goodsflow status

test: ## Run all tests except fault tests, on a platform of their own
	@./setup.sh --dev
	@tests/run.sh

test-unit: ## Run the tests that need no platform, on all cores
	@./setup.sh --dev
	@.venv/bin/python -m pytest -q -n auto tests/unit

test-one: ## Run the tests in T=PATH on a platform that stays up
	@./setup.sh --dev
	@.venv/bin/python -m pytest --keep-platform $(or $(T),$(error set T to a path: make test-one T=tests/integration/test_acls.py))

test-faults: ## Run the fault tests, which kill parts and interrupt starts
	@./setup.sh --dev
	@.venv/bin/python -m pytest -m faults --durations=25 --durations-min=5 $(if $(KEEP_PLATFORM),--keep-platform) tests/integration tests/e2e

test-soak: ## Run the fault tests with all cases (takes hours)
	@./setup.sh --dev
	@.venv/bin/python -m pytest -m faults --soak tests/integration tests/e2e

test-compose: ## Build, start, test and remove the containers
	@./setup.sh --dev
	@./tests/compose/run.sh

bench: ## Run all benchmarks, or NAMES="..." (on an otherwise idle machine)
	@./setup.sh --dev
	@.venv/bin/python -m benchmarks $(NAMES)

docs: ## Build the documentation and check its links
	@./setup.sh --dev
	@.venv/bin/sphinx-build -W --keep-going -n -q docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

lint: ## Check style, types, imports and scripts
	@./setup.sh --dev
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@env -i PATH="$$PATH" .venv/bin/dg check defs --no-check-yaml
	@.venv/bin/shellcheck -x -P SCRIPTDIR .ci/run setup.sh certs/cert.sh tests/run.sh goodsflow/deploy/native/spawn.sh containers/*.sh containers/*/*.sh tests/compose/*.sh

lock: ## Update the pinned Python packages
	@.tools/bin/uv --version >/dev/null 2>&1 || ./setup.sh
	@PATH="$$PWD/.tools/bin:$$PATH" uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml -o requirements/base.txt
	@PATH="$$PWD/.tools/bin:$$PATH" uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra dev pyproject.toml -o requirements/dev.txt
	@PATH="$$PWD/.tools/bin:$$PATH" uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra containers pyproject.toml -o requirements/containers.txt -c requirements/base.txt
	@printf 'pytest\npytest-timeout\n' | PATH="$$PWD/.tools/bin:$$PATH" uv pip compile --quiet --universal --generate-hashes --python-version 3.11 - -o requirements/tests.txt -c requirements/dev.txt
