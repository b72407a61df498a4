# Everything starts here. It needs make and Python 3.11 or newer; the rest it brings into .venv,
# pinned and checked by hash, once, and again only when its list changes.

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
# python3 first: what its owner chose. The others are for systems whose python3 is older.
PYTHONS := $(or $(PYTHON),python3 python3.11 python3.12 python3.13 python3.14 python3.15)
COMPILE = $(BIN)/uv pip compile --quiet --system-certs --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command 'make pins' $(UPGRADE)

.PHONY: help run test lint words bench pins clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

run: $(VENV)/runtime.stamp ## Start Porchlight and say which address to open
	@$(BIN)/porchlight run

test: $(VENV)/tests.stamp ## Run the tests; ARGS='tests/house -x' goes to pytest, -n0 runs one by one
	@$(BIN)/python tests/provision/browser.py
	@$(BIN)/python tests/provision/mailserver.py
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist worksteal $(ARGS)

lint: $(VENV)/tests.stamp ## Check style, types and the direction of imports
	@failed=0; for check in 'ruff check' 'ruff format --check' mypy 'lint-imports --no-logo'; do \
		$(BIN)/$$check || failed=1; \
	done; exit $$failed

words: $(VENV)/tests.stamp ## Bring the translations up to date; ARGS=de begins a language
	@$(BIN)/python -m tests.provision.words $(ARGS)

bench: $(VENV)/tests.stamp $(VENV)/peer.stamp ## Measure how fast it is on this machine
	@$(BIN)/python tests/bench/run.py $(ARGS)

pins: $(VENV)/venv.stamp ## Pin again what pyproject.toml asks for; UPGRADE=--upgrade takes the newest
	@$(INSTALL) uv
	@printf 'hatchling\neditables\n' | $(COMPILE) pyproject.toml - --output-file constraints.txt
	@$(COMPILE) pyproject.toml --extra dev --constraints constraints.txt --output-file tests/constraints.txt \
		$$(sed -n 's/^\([a-z0-9-]*\)==.*/--no-emit-package \1/p' constraints.txt)
	@printf 'django>=5.2,<6\ndjango-invitations\ngunicorn\npsycopg[binary]\n' \
		| $(COMPILE) - --output-file tests/bench/constraints.txt

clean: ## Remove what was installed and cached; the database stays
	@rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/venv.stamp:
	@for python in $(PYTHONS); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
			echo "This Python lacks venv: install python3-venv (apt-get install python3-venv)."; \
			exit 1; }; \
		echo "Making $(VENV) with $$("$$python" --version)."; \
		"$$python" -m venv --clear $(VENV) && touch $@; exit $$?; \
	done; \
	echo "Porchlight needs Python 3.11 or newer, and none of these is: $(PYTHONS)."; \
	echo "Install one, or name yours:  make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; \
	exit 1

$(VENV)/peer.stamp: $(VENV)/venv.stamp tests/bench/constraints.txt
	@echo "Installing the peer to measure beside."
	@$(BIN)/python -m venv --clear $(VENV)/peer
	@$(VENV)/peer/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
		--require-hashes --no-deps --requirement tests/bench/constraints.txt
	@touch $@

$(VENV)/runtime.stamp: $(VENV)/venv.stamp constraints.txt pyproject.toml
	@echo "Installing what Porchlight needs. This is done once and takes a minute."
	@$(INSTALL) --require-hashes --no-deps --requirement constraints.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/tests.stamp: $(VENV)/runtime.stamp tests/constraints.txt
	@echo "Installing what the tests need. This is done once and takes a minute."
	@$(INSTALL) --require-hashes --no-deps --requirement tests/constraints.txt
	@touch $@
