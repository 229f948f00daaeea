# Everything starts here. `make help` lists the targets; each sets up by itself what it needs.
PYTHON := .venv/bin/python
APPS := ca tsm whitelist portal sandbox
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard */locale/*/LC_MESSAGES/*.po */*/locale/*/LC_MESSAGES/*.po))
COMPILE := .venv/bin/uv pip compile --universal --generate-hashes --no-annotate --no-header --quiet
# Tests of something that runs in real time have the machine to themselves; the rest shares it between two processes.
TWO := --numprocesses=2
UNITS := not running and not postgres
FAST := $(UNITS) and not slow

.DEFAULT_GOAL := help
.PHONY: help run documents reset demo test test-units test-running test-postgres coverage check check-code check-format check-lint \
	check-layers check-types check-tests format lock setup setup-tests bench bench-ca bench-tsm bench-pages \
	bench-headless bench-population

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: setup documents ## start the whole system and print its address; Ctrl-C stops it, the data stays (PORT=… for another port)
	@$(PYTHON) -m portal.supervision

reset: setup ## throw the data away, so that the next `make run` starts over
	@$(PYTHON) -m portal.supervision reset

demo: setup ## walk the whole path in the terminal and leave what was issued in demo-output/
	@$(PYTHON) manage.py demo

test: setup-tests ## run every test, on SQLite and on PostgreSQL
	@status=0; \
	for pass in units postgres running; do $(MAKE) --no-print-directory test-$$pass || status=1; done; \
	exit $$status

test-units: setup
	$(PYTHON) -m pytest $(TWO) -m "$(UNITS)" $(COVERED)

# One process: a second whole system beside the first, on two cores, saved a sixth of the time and made every wait longer.
test-running: setup
	$(PYTHON) -m pytest -m "running"

test-postgres: setup
	TEST_DATABASE=postgresql $(PYTHON) -m pytest $(TWO) -m "not running and not slow"

# Counting lines takes two fifths of the tests' time (Python 3.11 has no cheaper way), so it is done when asked for.
coverage: setup-tests ## run the tests that need no running system, and print which lines they leave out
	@$(MAKE) --no-print-directory test-units COVERED="--cov --cov-report=term"

check: setup ## the fast part: format, lint, layers, types, fast tests
	@$(MAKE) --no-print-directory --keep-going --jobs=2 --output-sync=target $(CODE) check-tests

CODE := check-types check-format check-lint check-layers check-styles
check-code: setup
	@$(MAKE) --no-print-directory --keep-going --jobs=2 --output-sync=target $(CODE)

check-format:
	.venv/bin/ruff format --check --output-format=concise .

check-lint:
	.venv/bin/ruff check .

check-layers:
	.venv/bin/lint-imports

check-styles:
	scripts/styles.py --check

check-types:
	.venv/bin/mypy $(APPS)

check-tests:
	$(PYTHON) -m pytest -q $(TWO) -m "$(FAST)"

bench: bench-ca bench-tsm bench-pages bench-headless ## measure everything that is measured

bench-ca: setup-tests ## measure the certification authorities, as ratios in one run; JSON in var/bench/
	$(PYTHON) -m benchmarks.ca_issuance
	$(PYTHON) -m benchmarks.ca_crl
	$(PYTHON) -m benchmarks.ca_ocsp
	$(PYTHON) -m benchmarks.ca_linkage
	$(PYTHON) -m benchmarks.ca_verdicts

bench-tsm: setup-tests ## measure the TSMs and the virtual element: CPU, wire, 200 phones at once; JSON in var/bench/
	$(PYTHON) -m benchmarks.tsm_enrolment
	$(PYTHON) -m benchmarks.tsm_wire
	$(PYTHON) -m benchmarks.tsm_phones

bench-pages: setup-tests ## measure the server's time for every page that waits for no phone; JSON in var/bench/
	$(PYTHON) -m benchmarks.pages

bench-headless: setup ## measure how long the headless sandbox takes to be ready; JSON in var/bench/
	$(PYTHON) -m benchmarks.headless_start

HOLDERS ?= 100000
bench-population: setup-tests ## measure everything among HOLDERS=… people on PostgreSQL, and draw docs/scale.md's curves anew
	$(PYTHON) -m benchmarks.population all $(HOLDERS)
	$(PYTHON) -m benchmarks.population.drawing

format: setup ## let ruff format and mend what it can
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

styles: ## build the site's stylesheet from portal/styles/
	scripts/styles.py

lock: setup ## write the lock files anew from pyproject.toml
	$(COMPILE) --upgrade --group bootstrap -o requirements-uv.lock
	$(COMPILE) --upgrade pyproject.toml --extra tracing --group dev -o requirements.lock
	$(COMPILE) --upgrade --group docs -c requirements.lock -o requirements-docs.lock
	$(COMPILE) --upgrade --group pcsc -c requirements.lock -o requirements-pcsc.lock

setup:
	@scripts/bootstrap.sh
	@$(if $(CATALOGUES),$(MAKE) --no-print-directory --silent $(CATALOGUES))

# Said and gone on: the site answers that a document can't be made, and everything else works.
documents:
	@scripts/system-packages.sh documents || true

setup-tests: setup
	@scripts/system-packages.sh postgresql pcscd chromium fonts documents poppler openssl softhsm nginx wrk rabbitmq || [ "$$CI" != true ]

%.mo: %.po
	.venv/bin/pybabel --quiet compile --input-file=$< --output-file=$@
