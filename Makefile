# The few words a person needs; `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PY := .venv/bin/python
# What the checks and the developers' commands need from the settings; the site itself never starts with DEBUG by default.
DEVELOPER := DEBUG=1

.PHONY: help demo dev reset setup test bench chaos leaks lint messages screenshot lock

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS='	' read -r name words; do printf '  make %-10s %s\n' "$$name" "$$words"; done

demo: setup  ## Start the demo firm and print who can sign in (PORT=8000)
	@$(PY) -m pipeline_crm.launch.demo

dev: setup  ## The same, restarting itself when a source changes
	@$(PY) -m pipeline_crm.launch.demo dev

reset:  ## Throw the demo's data away
	@test -x $(PY) || { echo "There is no demo yet."; exit 0; }; $(PY) -m pipeline_crm.launch.demo reset

setup:  ## Prepare the checkout: packages, pages, translations
	@python="$$(bin/find-python)" && "$$python" bin/setup.py

test: setup  ## Run every test against a database of their own (ARGS="tests/leads -x" for some)
	@$(PY) -m pytest -n 3 --dist worksteal $(ARGS)

bench: setup  ## Measure the pages beside their floors (ARGS=--short for a minute's worth)
	@$(PY) -m benchmarks $(ARGS)

chaos: setup  ## Shoot at the conveyor and ask whether anything broke (ARGS=--short for two minutes' worth)
	@$(PY) -m tests.chaos $(ARGS)

leaks: setup  ## Prove at length that nobody sees a client they should not (ARGS="matrix attacks" for some)
	@$(PY) -m tests.leaks $(ARGS)

lint: setup  ## Run every check that reads the code without running it
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/djlint --lint --quiet templates
	@$(DEVELOPER) .venv/bin/mypy
	@.venv/bin/lint-imports

messages: setup  ## Collect the strings to translate into locale/, and name those without words
	@$(PY) -m pipeline_crm.launch.gathering

screenshot:  ## Take the README's picture from the running demo (needs Chromium)
	@$(PY) bin/screenshot.py

lock: setup  ## Pin the newest versions that fit requirements/*.in
	@cd requirements && for name in production development; do \
	    ../.venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.12 --generate-hashes --no-header $$name.in -o $$name.txt || exit 1; \
	done
