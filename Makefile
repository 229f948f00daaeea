# Everything starts here. `make help` lists the targets; each sets up by itself what it needs.
PYTHON := .venv/bin/python
APPS := ca tsm whitelist portal sandbox
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard */locale/*/LC_MESSAGES/*.po */*/locale/*/LC_MESSAGES/*.po))
COMPILE := .venv/bin/uv pip compile --universal --generate-hashes --no-annotate --no-header --quiet
TWO := --numprocesses=2
# What starts something is started once for the tests of a file, and the longest file isn't the last.
BY_FILE := $(TWO) --dist=loadfile --no-loadscope-reorder
# What pytest makes of the tests' asserts is kept, whatever the environment says: it is made anew otherwise, seconds of each
# process.
PYTEST := PYTHONDONTWRITEBYTECODE= $(PYTHON) -m pytest
UNITS := not running and not postgres
FAST := quick

.DEFAULT_GOAL := help
# No target with a plain name is a file.
.PHONY: $(shell awk -F: '/^[a-z-]+:/ { print $$1 }' $(firstword $(MAKEFILE_LIST)))

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
	$(PYTEST) $(TWO) -m "$(UNITS)" $(COVERED)

# Two keep two cores busy: with a third each test took half as long again, and all of them as long.
test-running: setup
	$(PYTEST) $(BY_FILE) -m "running"

test-postgres: setup
	TEST_DATABASE=postgresql $(PYTEST) $(TWO) -m "not running and not slow"

test-roles: setup-tests ## the browser's tests and the journeys with each process under its own role and user, PostgreSQL and RabbitMQ
	UNDER_ROLES=1 $(PYTHON) -m pytest -m "running" tests/browser tests/journeys

chaos: setup-tests ## break a whole system under load, fault by fault, and read its books after each (FAULT=… TIMES=… FOR=seconds)
	@scripts/system-packages.sh chaos || true
	CHAOS=1 $(PYTHON) -m pytest -m chaos tests/chaos

# Counting lines takes two fifths of the tests' time (Python 3.11 has no cheaper way), so it is done when asked for.
coverage: setup-tests ## run the tests that need no running system, and print which lines they leave out
	@$(MAKE) --no-print-directory test-units COVERED="--cov --cov-report=term"

check: setup ## the fast part: format, lint, layers, types, bandit, audit, fast tests
	@$(MAKE) --no-print-directory --keep-going --jobs=2 --output-sync=target $(CODE) check-tests

CODE := check-types check-bandit check-audit check-format check-lint check-layers check-styles
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

check-bandit:
	$(PYTHON) scripts/static-analysis.py

check-audit:
	$(PYTHON) scripts/audit.py

audit: setup ## hold what is locked against the published advisories, asking anew; AUDIT=required: incomplete is a failure
	$(PYTHON) scripts/audit.py --fresh

sbom: setup ## write the bill of materials of what production installs: CycloneDX, var/sbom.json
	$(PYTHON) scripts/sbom.py

check-tests:
	$(PYTEST) -q $(TWO) -m "$(FAST)"

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

fuzz: setup ## feed every parser of bytes for minutes, guided by coverage; var/fuzz/ (SECONDS_EACH=120, TARGETS="tlv crl")
	$(PYTHON) -m tests.fuzz --seconds $(or $(SECONDS_EACH),120) $(TARGETS)

fuzz-apis: setup-tests ## ask every operation of every API as each who might (EXAMPLES=3 of each kind)
	EXAMPLES=$(or $(EXAMPLES),3) $(PYTHON) -m pytest -q tests/fuzz/apis.py

bench-hosts: setup-tests ## measure enrolments by the number of hosts, as network namespaces (root); JSON in var/bench/
	@scripts/system-packages.sh hosts
	$(PYTHON) -m benchmarks.hosts

docs: setup ## build the documentation's site in docs/_build/html; a dead link or a page that nothing leads to fails it
	@scripts/system-packages.sh diagrams
	@.venv/bin/uv pip install --quiet --python $(PYTHON) --require-hashes -r requirements-docs.lock
	DJANGO_SETTINGS_MODULE=portal.settings .venv/bin/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

upgrade: setup-tests ## let the first release serve while its database is migrated, then go on with it; minutes
	$(PYTHON) -m pytest -q tests/upgrade/serving.py

drill: setup-tests ## lose the database of a running system, restore a backup, and see that no number is given twice; minutes
	$(PYTHON) -m pytest -q -s tests/upgrade/drill.py tests/upgrade/recovery.py

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
	$(COMPILE) pyproject.toml --extra tracing -c requirements.lock -o requirements-production.lock
	$(COMPILE) --upgrade --group docs -c requirements.lock -o requirements-docs.lock
	$(COMPILE) --upgrade --group pcsc -c requirements.lock -o requirements-pcsc.lock

setup:
	@scripts/bootstrap.sh
	@$(if $(CATALOGUES),$(MAKE) --no-print-directory --silent $(CATALOGUES))

# Said and gone on: the site answers that a document can't be made, and everything else works.
documents:
	@scripts/system-packages.sh documents || true

setup-tests: setup
	@scripts/system-packages.sh headless || true
	@scripts/system-packages.sh postgresql pcscd chromium fonts documents poppler openssl softhsm nginx logs wrk rabbitmq age firewall || [ "$$CI" != true ]

%.mo: %.po
	.venv/bin/pybabel --quiet compile --input-file=$< --output-file=$@

release: setup ## make dist/jpki-….tar.gz: what hosts install, whole (docs/operating.md)
	@scripts/release.sh

trial: setup-tests release ## run docs/operating.md on hosts of its own with systemd, and the Containerfile (root; some minutes)
	$(PYTHON) -m pytest -s tests/trial/operating.py tests/trial/enrolling.py tests/trial/verifiers.py tests/trial/sealing.py \
		tests/trial/container.py tests/trial/image.py
