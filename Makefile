.DEFAULT_GOAL := help
.PHONY: help up down clean status test test-unit test-one test-faults test-soak test-compose bench docs lint lock

help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: ## Start the whole platform on this machine
	@./setup.sh
	@.venv/bin/goodsflow up

# The next three take what is installed: the platform may be up, and the network down.
down: ## Stop it; data stays
	@.venv/bin/goodsflow --version >/dev/null 2>&1 || ./setup.sh
	@.venv/bin/goodsflow down

clean: ## Stop it and remove its data, secrets and certificates
	@.venv/bin/goodsflow --version >/dev/null 2>&1 || ./setup.sh
	@.venv/bin/goodsflow clean --yes

status: ## Show each part
	@.venv/bin/goodsflow --version >/dev/null 2>&1 || ./setup.sh
	@.venv/bin/goodsflow status

test: ## Run the tests, on real parts of their own
	@./setup.sh --dev
	@tests/run.sh

test-unit: ## Run the tests that need no platform, on every core
	@./setup.sh --dev
	@.venv/bin/python -m pytest -q -n auto tests/unit

test-one: ## Run T=PATH on a platform that stays up for the next time
	@./setup.sh --dev
	@.venv/bin/python -m pytest --keep-platform $(or $(T),$(error say which: make test-one T=tests/integration/test_acls.py))

test-faults: ## Kill parts, cut starts short, make trouble, and see all recover
	@./setup.sh --dev
	@.venv/bin/python -m pytest -m faults --durations=25 --durations-min=5 $(if $(KEEP_PLATFORM),--keep-platform) tests/integration tests/e2e

test-soak: ## Do so with every case and the full numbers (hours)
	@./setup.sh --dev
	@.venv/bin/python -m pytest -m faults --soak tests/integration tests/e2e

test-compose: ## Build the images, bring the containers up, test and remove them
	@./setup.sh --dev
	@./tests/compose/run.sh

bench: ## Measure each part of the flow beside its peers, on a quiet machine
	@./setup.sh --dev
	@.venv/bin/python -m benchmarks.shop_api
	@.venv/bin/python -m benchmarks.filter
	@.venv/bin/python -m benchmarks.latency
	@.venv/bin/python -m benchmarks.search
	@.venv/bin/python -m benchmarks.sink
	@.venv/bin/python -m benchmarks.recommender

docs: ## Build the documentation site, and check its links
	@./setup.sh --dev
	@.venv/bin/sphinx-build -W --keep-going -n -q docs docs/_build/html
	@echo "The site: docs/_build/html/index.html"

lint: ## Check style, types, imports and scripts
	@./setup.sh --dev
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@env -i PATH="$$PATH" .venv/bin/dg check defs --no-check-yaml
	@.venv/bin/shellcheck -x -P SCRIPTDIR .ci/run setup.sh certs/cert.sh tests/run.sh goodsflow/deploy/native/spawn.sh containers/*.sh containers/*/*.sh tests/compose/*.sh

lock: ## Pin the Python packages anew, with hashes
	@.tools/bin/uv --version >/dev/null 2>&1 || ./setup.sh
	@PATH="$$PWD/.tools/bin:$$PATH" uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml -o requirements/base.txt
	@PATH="$$PWD/.tools/bin:$$PATH" uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra dev pyproject.toml -o requirements/dev.txt
	@PATH="$$PWD/.tools/bin:$$PATH" uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra containers pyproject.toml -o requirements/containers.txt -c requirements/base.txt
	@printf 'pytest\npytest-timeout\n' | PATH="$$PWD/.tools/bin:$$PATH" uv pip compile --quiet --universal --generate-hashes --python-version 3.11 - -o requirements/tests.txt -c requirements/dev.txt
