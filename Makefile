# Everything one does with Atrium from a shell. Each target installs what it needs: Cargo tools into .tools/, npm packages into
# node_modules/, system packages with apt. Nothing asks a question, and everything can be repeated.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help run build deb front models test test-rust test-browser lint fmt watch check-api bench lighthouse screenshots coverage clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build, fetch the models, start Atrium on 127.0.0.1:3000 with its data in data/
	@scripts/run

build: ## target/release/atrium, which needs nothing beside it
	@scripts/run build

deb: ## Debian packages in target/debian/: atrium, and atrium-models
	@scripts/deb

front: ## Only the browser half: WASM, styles and files into target/site/
	@scripts/front

models: ## The two model files into data/models/
	@scripts/models

test: ## All tests: unit, store (SQLite and PostgreSQL), HTTP, browser
	@scripts/test

test-rust: ## Without the browser
	@scripts/test rust

test-browser: ## Only the browser
	@scripts/test browser

lint: ## rustfmt, clippy for both halves, licences, shellcheck
	@scripts/lint

fmt: ## Format the Rust code
	@cargo fmt --all

watch: ## Build and restart at each change, reload the page (cargo leptos watch)
	@scripts/watch

check-api: ## Both APIs as programs use them: OpenAI's packages, a generated client, schemathesis
	@scripts/check-api

bench: ## The table of budgets, with what this build reaches
	@if [ -f end2end/bench.mjs ]; then scripts/run build && cargo build --release -p atrium-server --example reference && node end2end/bench.mjs; else echo "There are no benchmarks yet: end2end/bench.mjs is missing."; fi

lighthouse: ## What Lighthouse says of four pages: speed, accessibility, good practice
	@scripts/lighthouse

screenshots: ## The pictures in docs/, taken anew from a server with sample data
	@scripts/screenshots

coverage: ## Which lines the Rust tests reach, as pages in coverage/
	@scripts/coverage

clean: ## Remove what was built, but neither tools nor data
	rm -rf target coverage
