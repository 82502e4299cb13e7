# The outbound campaign manager for Odoo 19. Everything is done by scripts/; this file names it.
PYTHON ?= python3
VENV_PYTHON := .build/venv/bin/python
export ARGS CAMPAIGN CONTACTS DB DIALER FRESH HTTP_PORT JOBS ODOO_DEB ODOO_DIR RETRY_MINUTES SERVE STAGES TIMEOUT

.DEFAULT_GOAL := help
.NOTPARALLEL:

.PHONY: help
help:  ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  make %-14s%s\n", $$1, $$2}'

.PHONY: setup
setup:  ## Have Odoo 19, Python packages and PostgreSQL ready in .build (ODOO_DIR= or ODOO_DEB= for an Odoo of your own)
	@$(PYTHON) -m scripts.setup

.PHONY: demo
demo: setup  ## Run a campaign of 1,000 contacts to its end in the browser (HTTP_PORT=8069, CAMPAIGN=voice, sms, callback or crm, DIALER=uccx or cce; SERVE=0 to exit then)
	@$(VENV_PYTHON) -m scripts.demo

.PHONY: test
test: setup  ## Run all checks, or some: ARGS="-k strategy", STAGES="install lint pure simulator odoo tours e2e"
	@$(VENV_PYTHON) -m scripts.run_tests

.PHONY: test-long
test-long: setup  ## Run the tests with three times as many made-up cases, all crash points and all walks
	@LONG=1 STAGES="pure e2e tours" ARGS="$${ARGS:-tests/pure tests/e2e/test_crash_points.py ecm_campaign/tests/shared/test_screens_tour.py}" $(VENV_PYTHON) -m scripts.run_tests

.PHONY: lint
lint: setup  ## Run the linters and type checks
	@$(VENV_PYTHON) -m scripts.lint

.PHONY: format
format: setup  ## Lay out Python, JavaScript and XML as make lint asks for
	@$(VENV_PYTHON) -m scripts.lint --format

.PHONY: bench
bench: setup  ## Run a benchmark of benchmarks/: NAME=import
	@$(VENV_PYTHON) -m scripts.bench $(NAME)

.PHONY: chaos
chaos: setup  ## Kill, cut and restart everything for ARGS="minutes seed" (25), and compare what was called
	@$(VENV_PYTHON) -m tests.chaos $(ARGS)

.PHONY: shell
shell: setup  ## Open Odoo's Python shell (DB=ecm_demo)
	@scripts/odoo shell -d $${DB:-ecm_demo}

.PHONY: pot
pot: setup  ## Write the translation templates, for a release
	@$(VENV_PYTHON) -m scripts.pot

.PHONY: screenshots
screenshots: setup  ## Take the guide's pictures of the demo (ARGS=de for another language, in .build/screenshots)
	@$(VENV_PYTHON) -m scripts.screenshots $(ARGS)

.PHONY: guide
guide: setup  ## Write the pages of docs that Odoo shows as its guide (ecm_campaign/guide/pages)
	@$(VENV_PYTHON) -m scripts.guide

.PHONY: release-check
release-check: setup  ## Say which terms are missing in the translation templates
	@$(VENV_PYTHON) -m scripts.pot --check

.PHONY: stop
stop:  ## Stop PostgreSQL, which otherwise goes on for the next command
	@$(PYTHON) -m scripts.cluster stop

.PHONY: clean
clean:  ## Remove all that was downloaded or generated
	@$(PYTHON) -m scripts.clean
