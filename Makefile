# One command for each thing a person or a machine does here. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

# What tests and their tools need is installed here; nothing outside the tree is touched.
TARGET := $(CURDIR)/target
E2E := $(TARGET)/e2e
UI := $(TARGET)/ui
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export npm_config_fund := false
export npm_config_audit := false
export npm_config_update_notifier := false

CRASH_ROUNDS ?= 1000
BENCH_ARGS ?=

.PHONY: help run test test-rust test-ui test-e2e check bench crash dist tools clean

help: ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)$$/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

run: ## Build and start Spoor on its defaults, with data in ./data
	@$(call need,cargo,Rust (rustup.rs))
	$(call need,node,Node 20.19 or newer: it builds the web page)
	$(call need,npm,npm: it comes with Node)
	SPOOR_UI=require cargo build --release --locked -p spoor-server
	exec target/release/spoor --data-dir data

test: test-rust test-ui test-e2e ## Run every test, after installing what tests need under ./target

test-rust:
	@$(call need,cargo,Rust (rustup.rs))
	SPOOR_UI=require cargo test --workspace --locked --no-fail-fast

test-ui: tools-ui
	@cd $(UI)
	npm test

# The services under test are real: SDKs in Python and Node, a browser. Each finds its tools through these variables;
# none starts with SPOOR_, because the server refuses such a name when it sets no key.
test-e2e: tools
	@SPOOR_UI=require cargo build --locked -p spoor-server
	if [ ! -x e2e/run ]; then
	  echo "no end-to-end tests: e2e/run is not there"
	  exit 0
	fi
	export E2E_BINARY=$(TARGET)/debug/spoor
	export E2E_DIR=$(E2E)
	export E2E_PYTHON=$(E2E)/venv/bin/python
	export E2E_NODE=$(E2E)/node
	export E2E_CHROMIUM="$$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)"
	e2e/run

check: tools-ui ## Formatting, lints, documentation, and the same of the web page
	@cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	if command -v cargo-deny >/dev/null; then cargo deny check bans licenses sources; fi
	cd $(UI)
	npm run check

bench: ## Measure, and print the table with targets and peers beside it (BENCH_ARGS="--only ingest")
	@$(call need,node,Node 20.19 or newer: it builds the web page)
	SPOOR_UI=require cargo build --release --locked -p spoor-server -p spoor-bench
	target/release/spoor-bench run $(BENCH_ARGS)

crash: ## Kill the server under load CRASH_ROUNDS times and compare what was acknowledged with what is found
	@CRASH_ROUNDS=$(CRASH_ROUNDS) cargo test --release --locked -p spoor-server --test crash -- --nocapture

dist: ## Build the binary for release: link-time optimisation, stripped
	@$(call need,node,Node 20.19 or newer: it builds the web page)
	SPOOR_UI=require cargo build --profile dist --locked -p spoor-server
	ls -l target/dist/spoor

tools: tools-python tools-node tools-browser

# The page's tests run in a copy, so that the tree keeps only what is in the repository.
.PHONY: tools-ui tools-python tools-node tools-browser
tools-ui:
	@$(call need,node,Node 20.19 or newer)
	$(call need,npm,npm: it comes with Node)
	mkdir -p $(UI)
	find $(UI) -mindepth 1 -maxdepth 1 ! -name node_modules -exec rm -rf {} +
	tar -C ui --exclude=./node_modules --exclude=./dist -cf - . | tar -C $(UI) -xf -
	cd $(UI)
	if ! cmp -s package-lock.json node_modules/.installed; then
	  npm ci --ignore-scripts
	  cp package-lock.json node_modules/.installed
	fi

tools-python:
	@[ -f e2e/requirements.txt ] || exit 0
	$(call need,python3,Python 3.9 or newer)
	mkdir -p $(E2E)
	if [ ! -x $(E2E)/venv/bin/pip ]; then
	  python3 -m venv $(E2E)/venv || { $(call apt,python3-venv) && python3 -m venv --clear $(E2E)/venv; }
	fi
	if ! cmp -s e2e/requirements.txt $(E2E)/venv/installed.txt; then
	  $(E2E)/venv/bin/pip install --quiet -r e2e/requirements.txt
	  cp e2e/requirements.txt $(E2E)/venv/installed.txt
	fi

tools-node:
	@[ -f e2e/package.json ] || exit 0
	$(call need,npm,Node 20.19 or newer with npm)
	mkdir -p $(E2E)/node
	cp e2e/package.json e2e/package-lock.json $(E2E)/node/
	cd $(E2E)/node
	if ! cmp -s package-lock.json node_modules/.installed; then
	  npm ci --ignore-scripts
	  cp package-lock.json node_modules/.installed
	fi

tools-browser:
	@[ -x e2e/run ] || exit 0
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
	  { $(call apt,chromium); }

clean: ## Remove everything built and installed
	rm -rf target

# need COMMAND,WHAT: says what is missing, before anything is built.
define need
command -v $(1) >/dev/null || { echo "make: $(1) is missing; install $(2)" >&2; exit 1; }
endef

# apt PACKAGE: installs where we may, says what to do where we may not.
define apt
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $(1); \
else echo "make: $(1) is missing; install it" >&2; exit 1; fi
endef
