# What a person types. `make demo` and `make test` create .venv themselves; nothing else needs to be installed than Python 3.11 or newer.
# What needs Apache Kafka (kafka, chaos, bench and some tests) needs Java 17, and Maven once, for the jars; so do the tests on a schema registry.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
KAFKA_JARS := deploy/kafka/libs/.fetched
REGISTRY_APP := deploy/registry/app/.fetched
KAFKA_PORT ?= 29092
TEST_PROCESSES ?= 3

.DEFAULT_GOAL := help
.PHONY: help install demo up test lint bench chaos truth kafka kafka-jars registry-app alerts lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(INSTALLED) ## create .venv from requirements.lock, hashes checked

$(INSTALLED): requirements.lock pyproject.toml deploy/install.sh
	@PYTHON="$(PYTHON)" sh deploy/install.sh
	@touch $@

demo: $(INSTALLED) ## several channels' touchpoints become journeys and inconsistencies in ClickHouse, here
	@$(BIN)/touchpoints demo $(ARGS)

up: $(INSTALLED) ## the embedded stack, until Ctrl-C; what it recorded stays in .touchpoints
	@$(BIN)/touchpoints up $(ARGS)

lint: $(INSTALLED) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Tests wait as much as they work, so there are more processes than cores. What these compile is kept for the hundreds that tests start;
# pytest compiles test files itself, and each of its processes would do so again: that is done while mypy has the other core.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(INSTALLED) ## lint, then every test that this machine can run; with CI=true all of them
	@$(BIN)/pytest --collect-only --quiet >/dev/null 2>&1 & $(MAKE) --no-print-directory lint && wait
	@if command -v java >/dev/null && command -v mvn >/dev/null; then $(MAKE) --no-print-directory --keep-going kafka-jars registry-app || true; fi
	$(BIN)/pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(ARGS)

bench: $(INSTALLED) $(KAFKA_JARS) ## CPU per touchpoint, by stage, by rule and for the pipeline
	@$(BIN)/python -m bench $(ARGS)

chaos: $(INSTALLED) $(KAFKA_JARS) ## workers killed, frozen, woken and joined on Apache Kafka; state and outputs must be exact
	@$(BIN)/python -m bench.chaos $(ARGS)

truth: $(INSTALLED) ## simulated stories whose truth is known: precision and recall by rule
	@$(BIN)/python -m bench.truth $(ARGS)

kafka: $(INSTALLED) $(KAFKA_JARS) ## Apache Kafka on 127.0.0.1:29092 (KAFKA_PORT), until Ctrl-C
	@$(BIN)/python -m streams.broker $(KAFKA_PORT) $(KAFKA_DIRECTORY)

kafka-jars: $(KAFKA_JARS) ## fetch Apache Kafka's jars (44 MB) by Maven

$(KAFKA_JARS): deploy/kafka/pom.xml
	@command -v java >/dev/null || { echo "Apache Kafka needs Java 17 or newer; on Debian: apt-get install openjdk-17-jre-headless" >&2; exit 1; }
	@command -v mvn >/dev/null || { echo "Apache Kafka's jars come by Maven; on Debian: apt-get install maven" >&2; exit 1; }
	@rm -rf deploy/kafka/libs
	@echo "fetching Apache Kafka's jars into deploy/kafka/libs" && mvn -B -q -f deploy/kafka/pom.xml dependency:copy-dependencies
	@touch $@

registry-app: $(REGISTRY_APP) ## fetch a schema registry (Apicurio, 142 MB) by Maven, for the tests that need a real one

$(REGISTRY_APP): deploy/registry/pom.xml
	@command -v java >/dev/null || { echo "Apicurio Registry needs Java 17 or newer; on Debian: apt-get install openjdk-17-jre-headless" >&2; exit 1; }
	@command -v mvn >/dev/null || { echo "Apicurio Registry comes by Maven; on Debian: apt-get install maven" >&2; exit 1; }
	@rm -rf deploy/registry/app
	@echo "fetching Apicurio Registry into deploy/registry/app" && mvn -B -q -f deploy/registry/pom.xml dependency:unpack-dependencies
	@touch $@

alerts: ## the alert rules' syntax and tests, by promtool
	promtool check rules deploy/prometheus/touchpoints.rules.yml
	promtool test rules deploy/prometheus/touchpoints.tests.yml deploy/prometheus/silence.tests.yml

lock: $(INSTALLED) ## resolve requirements.lock again, for Python 3.11 and newer
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--group dev --group install pyproject.toml --output-file requirements.lock

clean: ## remove .venv, caches, Kafka's jars and the schema registry; recorded data stays
	rm -rf .venv deploy/kafka/libs deploy/registry/app .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
