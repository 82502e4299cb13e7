# The outbound campaign manager for Odoo 19. Everything is done by scripts/; this file names it.
PYTHON ?= python3
export HTTP_PORT SERVE ODOO_DIR ODOO_DEB

.DEFAULT_GOAL := help

.PHONY: help
help:  ## Show what can be made
	@sed -n 's/^\([a-z]*\):.*##/\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  make %-8s%s\n", $$1, $$2}'

.PHONY: setup
setup:  ## Have Odoo 19, Python packages and PostgreSQL ready in .build (ODOO_DIR= or ODOO_DEB= for your own Odoo)
	@$(PYTHON) -m scripts.setup
