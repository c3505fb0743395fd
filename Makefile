# The commands of the project. `make` alone lists them. Needs Python 3.11+ with pip and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Nobody is told that this runs: dbt, DuckDB and every other tool that honours the convention.
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

# Every command works in the installation of one connector: make build CONNECTOR=mine, make export CONNECTOR=mine
OF := $(if $(CONNECTOR),--connector $(CONNECTOR))

# A run of one's own: make build AS_OF=2018-02-01 CONNECTOR=mine ACCEPT=2018-01
RUN_OPTIONS := $(if $(DAILY),--daily) $(if $(AT),--at $(AT)) $(if $(FULL),--full) $(if $(AS_OF),--as-of $(AS_OF)) $(OF) $(if $(ACCEPT),--accept $(ACCEPT))
REPLAY_OPTIONS := $(if $(FORCE),--force) $(OF) $(if $(ACCEPT),--accept $(ACCEPT))

.DEFAULT_GOAL := help
.PHONY: help demo test build replay explain whatif status publish boards metrics export access erase fit backup restore lint test-spark check-builds check-python worlds mutations coverage kills bench docs lock clean demo-env dev-env lint-types lint-conventions

help: ## List the commands
	@echo "Rekindle: make <command> [CONNECTOR=mine]"
	@awk -F ':.*## ' ' \
		function told(name,  words, count, place, line) { \
			line = sprintf("  %-10s", name); count = split(help[name], words, " "); \
			for (place = 1; place <= count; place++) { \
				if (length(line " " words[place]) > 78) { print line; line = sprintf("  %-10s", "") } \
				line = line " " words[place] } \
			print line; delete help[name] } \
		function group(title, names,  each, count, place) { \
			print "\n" title; count = split(names, each, " "); \
			for (place = 1; place <= count; place++) if (each[place] in help) told(each[place]) } \
		/^[a-z-]+:.*## / { help[$$1] = $$2; order[++commands] = $$1 } \
		END { \
			group("See what it is", "demo docs help"); \
			group("Each month, each day", "build publish boards export status backup"); \
			group("Ask", "metrics explain whatif access"); \
			group("Forget, restore, begin anew", "erase restore replay fit"); \
			group("Change it", "test lint test-spark worlds mutations coverage kills bench lock clean"); \
			for (place = 1; place <= commands; place++) if (order[place] in help) rest = rest " " order[place]; \
			if (rest) group("And", rest) }' $(MAKEFILE_LIST)
	@echo
	@echo "Start with: make demo"

demo: demo-env ## The whole road on public data: load, replay 2017, build, summary, publish
	@$(BIN)/python scripts/load_demo.py
	@$(BIN)/python scripts/demo.py replay --from 2017-01 --to 2017-12 --decide-from 2017-07 --weekly-from 2017-10 --daily-from 2017-12-25 $(if $(FORCE),--force)
	@$(BIN)/python scripts/run.py --connector completejourney --as-of 2018-01-01
	@$(BIN)/python scripts/demo.py acknowledge

build: demo-env ## Build, summary, publish, export (AS_OF=2018-02-01 CONNECTOR=mine ACCEPT=2018-01 DAILY=1 AT=20:00 FULL=1)
	@$(BIN)/python scripts/run.py $(RUN_OPTIONS)

replay: demo-env ## Rebuild history month by month (FROM=2017-01 TO=2017-12 FORCE=1)
	@$(BIN)/python scripts/replay.py --from $(or $(FROM),2017-01) --to $(or $(TO),2017-12) $(REPLAY_OPTIONS)

explain: demo-env ## Why somebody is written to, or not (PROFILE=… SCENARIO=… AS_OF=…)
	@$(BIN)/python scripts/explain.py $(PROFILE) $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(AS_OF),--as-of $(AS_OF)) $(OF)

whatif: demo-env ## Try changed seeds and settings first (SET=name=value AS_OF=… AGAINST=… PEOPLE=1)
	@$(BIN)/python scripts/whatif.py $(if $(AS_OF),--as-of $(AS_OF)) $(if $(AGAINST),--against $(AGAINST)) $(if $(SET),--set $(SET)) $(if $(PEOPLE),--people) $(OF)

status: demo-env ## How things stand: what is there, what falls due, what waits
	@$(BIN)/python scripts/status.py $(OF)

publish: demo-env ## Publish the last finished build to published/rekindle.duckdb (TO=postgres://user@host/db SCHEMA=…)
	@$(BIN)/python scripts/publish.py $(if $(TO),--to "$(TO)") $(if $(SCHEMA),--schema "$(SCHEMA)") $(OF)

boards: demo-env ## Make the page of boards again from what is published: boards/index.html (every run makes it)
	@$(BIN)/python scripts/boards.py $(OF)

metrics: dev-env ## Figures by name; alone, which there are (METRIC=revisit_rate BY=scenario WHERE=…)
	@$(BIN)/python scripts/metrics.py $(METRIC) $(BY:%=--by %) $(WHERE:%=--where "%") $(OF)

export: demo-env ## Write the published audiences as files for platforms (FEED=win_back PLAN=1)
	@$(BIN)/python scripts/export_audiences.py $(if $(PLAN),plan,export) $(FEED) $(OF)

# the shell reads who it is from the environment: what an id holds is never part of a command
access: demo-env ## Write what is held about a person to access/ (CONTACT=till:123 or PROFILE=…; ALL=1 every record)
	@$(BIN)/python scripts/access.py $${CONTACT:+--contact "$$CONTACT"} $${PROFILE:+--profile "$$PROFILE"} $(if $(ALL),--all) $(OF)

ERASE_OPTIONS := $(if $(PROFILE),--profile "$(PROFILE)") $(if $(CONTACT),--contact "$(CONTACT)") $(if $(REQUESTS),--requests) $(if $(PURGE),--purge) $(if $(NOW),--now) $(if $(YES),--yes) $(OF)

erase: demo-env ## Forget a person (CONTACT=till:123, PROFILE=…, REQUESTS=1 or PURGE=1; YES=1 carries it out, NOW=1 does not wait)
	@$(BIN)/python scripts/erase.py $(ERASE_OPTIONS)

fit: demo-env ## Fit the expected value to the last build (the monthly run does it when due)
	@$(BIN)/python scripts/fit.py $(OF)

backup: demo-env ## Export the tables that cannot be rebuilt to backups/
	@$(BIN)/python scripts/backup.py $(OF)

restore: demo-env ## Fill a fresh warehouse from a backup (FOLDER=installations/mine/backups/2018-01-01_1)
	@$(BIN)/python scripts/backup.py --restore "$(FOLDER)" $(OF)

test: lint check-builds check-python ## Everything: lint, types, conventions, builds, tests (WORKERS=4 on four cores)

check-builds: dev-env
	@$(BIN)/python scripts/checks/check_builds.py

check-python: dev-env
	@$(BIN)/python -m pytest -n $(or $(WORKERS),2) --dist loadfile --no-loadscope-reorder --durations=10 tests/python

test-spark: ## What an installation does, on Spark with Iceberg tables, compared with DuckDB's (needs Java 17; KILLS=5 RUN=month SEED=…; CONNECTOR=mine AS_OF="2018-01-01 2018-02-01")
	@$(PYTHON) scripts/checks/bootstrap.py spark
	@.venv-spark/bin/python scripts/checks/check_spark.py $(if $(KILLS),--kills $(KILLS)) $(RUN:%=--of %) $(if $(SEED),--seed $(SEED)) $(if $(AS_OF),$(OF) $(AS_OF:%=--as-of %))

# the layering of every connector's models is checked, not only of the one that is built by default
CONNECTORS := completejourney fixture empty shopify

lint: dev-env ## Style, types and conventions of SQL, yml and Python
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/python scripts/checks/lint_sql.py
	@$(MAKE) --no-print-directory -j 2 $(CONNECTORS:%=lint-%) lint-types lint-conventions

lint-types:
	@$(BIN)/mypy

# dbt-bouncer looks for the manifest in the folder target/ of a folder that the environment names
lint-%: export DBT_PROJECT_DIR = target/lint/$*
lint-%:
	@$(BIN)/python scripts/checks/faster_dbt.py parse --quiet --project-dir . --target-path $(DBT_PROJECT_DIR)/target --log-path $(DBT_PROJECT_DIR)/logs --vars "{connector: $*}"
	@$(BIN)/dbt-bouncer run --show-all-failures

lint-conventions: $(CONNECTORS:%=lint-%)
	@$(BIN)/python scripts/checks/check_conventions.py $(CONNECTORS:%=--target target/lint/%/target)

# new stories from a seed of one's own or of the clock; a failure prints the story, and its seed finds it again
worlds: SEED := $(or $(SEED),$(shell date +%s))
worlds: dev-env ## Try permissions on new made-up people, decisions on new stories, every scenario on new lives (PEOPLE=100000 STORIES=100000 LIVES=1000 SEED=…)
	@echo "Seed: $(SEED)"
	@$(BIN)/python tests/python/people_worlds.py --people $(or $(PEOPLE),10000) --seed $(SEED)
	@STORIES=$(or $(STORIES),5000) SEED=$(SEED) $(BIN)/python -m pytest -q -s -p no:cacheprovider tests/python/test_decision_worlds.py -k side_by_side
	@LIVES=$(or $(LIVES),1000) SEED=$(SEED) $(BIN)/python -m pytest -q -s -p no:cacheprovider tests/python/test_scenario_worlds.py

mutations: dev-env ## Break each rule of who is written to once: do the worlds see it? (PEOPLE=3000 ONLY=stop; an hour)
	@$(BIN)/python tests/python/people_mutations.py --people $(or $(PEOPLE),3000) $(if $(ONLY),--only "$(ONLY)")

coverage: dev-env ## Draw arms again and again: do intervals hold what they promise? (DRAWS=2000; half a minute)
	@$(BIN)/python tests/python/coverage_of_intervals.py --draws $(or $(DRAWS),2000)

# exact moments and delays after them; a failure prints the life, and its seed finds it again
kills: SEED := $(or $(SEED),$(shell date +%s))
kills: dev-env ## Kill commands at drawn moments and look whether all is whole (N=200 SEED=…)
	@echo "Seed: $(SEED)"
	@$(BIN)/python tests/python/kills.py --kills $(or $(N),200) --seed $(SEED)

bench: dev-env ## Measure against hand-written SQL, pandas and lifetimes (PROFILES=1000000 RESUME=1)
	@$(BIN)/python scripts/bench.py $(if $(PROFILES),--profiles $(PROFILES)) $(if $(RESUME),--resume)

docs: dev-env ## The documentation as one site, made in half a minute: target/site/index.html
	@$(BIN)/python scripts/docs.py $(OF)

LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command='make lock'

lock: dev-env ## Recompile the locked requirements from pyproject.toml
	@$(BIN)/$(LOCK) requirements/bootstrap.in -o requirements/bootstrap.txt
	@$(BIN)/$(LOCK) pyproject.toml --extra demo --extra dev -c requirements/pins.txt -o requirements/dev.txt
	@$(BIN)/$(LOCK) pyproject.toml --extra demo -c requirements/dev.txt -o requirements/demo.txt
	@$(BIN)/$(LOCK) pyproject.toml --extra demo requirements/spark.in -c requirements/dev.txt -o requirements/spark.txt

clean: ## Remove what any run makes again (keeps installations but for unfinished replays)
	@rm -rf target logs .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis installations/*/warehouse/replay installations/*/warehouse/whatif
	@find scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +

demo-env:
	@command -v $(PYTHON) > /dev/null || { echo "Error: there is no program '$(PYTHON)': install Python 3.11 or newer, or name it, as in \`make demo PYTHON=python3.12\`." >&2; exit 1; }
	@$(PYTHON) scripts/checks/bootstrap.py demo

dev-env:
	@command -v $(PYTHON) > /dev/null || { echo "Error: there is no program '$(PYTHON)': install Python 3.11 or newer, or name it, as in \`make test PYTHON=python3.12\`." >&2; exit 1; }
	@$(PYTHON) scripts/checks/bootstrap.py dev
