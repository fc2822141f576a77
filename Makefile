# The two commands of the README are `make demo` and `make test`. Everything lands in .venv; nothing is installed elsewhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What installs the rest, itself installed by the environment's own pip.
UV := uv==0.13.8
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock"

# uv is many times faster than pip; where it cannot reach a package index that pip is configured for, pip does it.
define install
	@echo "Installing $(1) into $(VENV)"
	@$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes $(1) --python $(BIN)/python \
		|| { echo "uv could not install the packages (see above): trying with pip, which takes longer"; \
			$(BIN)/python -m pip install --quiet --require-hashes -r $(1); }
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e . --python $(BIN)/python \
		|| $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
endef

.PHONY: help demo dashboards test test-long test-thorough test-demo test-walk-through env dev-env format lint pr pr-comment pr-end deploy nightly nightly-issue nightly-solved lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

demo: env ## Start Postgres, load the data, build the star schema, show a summary
	@$(BIN)/retail demo

dashboards: env ## Show the views in Superset (ENV=dev: another environment's)
	@$(BIN)/retail dashboards start --environment "$(or $(ENV),prod)"

test: dev-env ## Check format, lint, types and models, and run the tests that take seconds
	@$(BIN)/python -m ops.check

test-long: dev-env ## The tests that take minutes and that `make test` leaves out
	@$(BIN)/python -m ops.check --long

test-thorough: dev-env ## The rest: what takes longest and seldom breaks; before a release
	@$(BIN)/python -m ops.check --thorough

test-demo: dev-env ## The demo's dashboards in Chromium (apt install chromium)
	@RETAIL_DEMO_TESTS=required $(BIN)/pytest -q -p no:xdist -m "demo and not thorough" tests/dashboards tests/ops

test-walk-through: dev-env ## A change goes to the demo's prod and back, as docs/environments.md walks through it
	@RETAIL_DEMO_TESTS=required $(BIN)/pytest -q -p no:xdist tests/ops/test_walk_through.py

env: $(VENV)/.runtime ## Make the environment in .venv

dev-env: $(VENV)/.dev ## Make the environment with the development tools

format: dev-env ## Rewrite Python and SQL in the project's format
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .
	@$(BIN)/sqlmesh format

lint: dev-env ## The quick part of `make test`: format, lint, types
	@$(BIN)/python -m ops.check --quick

# What the workflows run. BASE=COMMIT to start from, SCALE=tiny, BOT=true (in GitHub Actions: SQLMesh's bot plans).
DIFF ?= diff.md
REPORT ?= nightly.md

pr: dev-env ## What the last commit changes: prod of its base, environment ENV, the difference in DIFF
	@$(BIN)/retail pr plan "$(or $(ENV),pr)" $(if $(BASE),--base "$(BASE)") $(if $(SCALE),--scale "$(SCALE)") \
		$(if $(filter true,$(BOT)),--bot) --markdown "$(DIFF)"

pr-comment: dev-env ## Show DIFF as the comment of pull request NUMBER
	@$(BIN)/retail github comment "$(NUMBER)" "$(DIFF)"

pr-end: dev-env ## Delete what `make pr` made, and stop its server
	@$(BIN)/retail pr end

deploy: dev-env ## Compute beside prod what changed, and promote it behind the gates (lint and tests are two of them)
	@$(BIN)/sqlmesh plan release --auto-apply --no-prompts --skip-tests
	@$(BIN)/retail promote release --yes

nightly: dev-env ## Refresh prod, check quality and freshness, say in REPORT how it went
	@$(BIN)/retail nightly --report "$(REPORT)"

nightly-solved: dev-env ## Close the issue that is open, with REPORT
	@$(BIN)/retail github solved "$(REPORT)"

nightly-issue: dev-env ## Open an issue with REPORT, or add to the one that is open
	@$(BIN)/retail github issue "$(REPORT)"

lock: $(VENV)/.uv ## Pin the newest allowed versions in the two lock files
	$(COMPILE) --upgrade --extra build -o requirements.lock pyproject.toml
	$(COMPILE) --upgrade --extra build --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	$(COMPILE) --upgrade -o dashboards/superset/requirements.lock dashboards/superset/requirements.in

clean: ## Stop the embedded server and delete the environment and caches (keeps .env and the data)
	@if [ -x $(BIN)/retail ]; then $(BIN)/retail dashboards stop || true; $(BIN)/retail pr end || true; $(BIN)/retail stop || true; fi
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis logs

$(VENV)/.uv:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "There is no '$(PYTHON)' here: install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "retailmesh needs Python 3.11 or newer and '$(PYTHON)' is $$("$(PYTHON)" --version 2>&1)." >&2; \
		echo "Name a newer one: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@echo "Making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv --clear $(VENV) || { \
		echo "'$(PYTHON) -m venv' failed. On Debian and Ubuntu: apt install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(UV)"
	@touch $@

$(VENV)/.runtime: $(VENV)/.uv requirements.lock pyproject.toml
	$(call install,$(if $(wildcard $(VENV)/.dev),requirements-dev.lock,requirements.lock))
	@touch $@

$(VENV)/.dev: $(VENV)/.uv requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch $@ $(VENV)/.runtime
