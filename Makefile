# Everything runs in .venv, made from requirements.lock by the first target that needs it.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready
# One worker more than the two cores of a small machine: some tests wait for a clock. A worker takes
# files as a whole, in the order of tests/conftest.py: the longest come first.
SIDE_BY_SIDE := -n 3 --dist loadfile --no-loadscope-reorder
DEMO := $(BIN)/footnote --data-dir .footnote-demo
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM ?= false
# Every process that a test starts would compile our modules and tests again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test check fix eval examples lock clean

help: ## Show all targets.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: $(READY) ## Set up .venv (every other target does this itself).

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed (Debian: apt install python3 python3-venv)"; exit 1; }
	@echo "Setting up .venv from requirements.lock (once; this takes a few minutes) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## Index the example documents and answer three questions.
	@$(BIN)/python examples/demo.py

test: $(READY) ## Run every check and every test.
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE)

.PHONY: test-faults bench
test-faults: $(READY) ## Test every fault and every attack; `make test` tests a sample of them.
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) --campaign tests

bench: $(READY) ## Measure building and searching, and rewrite docs/performance.md (half an hour).
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps llama-index-embeddings-huggingface==0.8.0
	@$(BIN)/python -m benchmarks.speed --write

check: $(READY) ## Run the linters and the quick tests.
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not slow and not live"

.PHONY: lint
# A worker of mypy that has not started after 3 seconds is an error to it: then one process does all.
lint: $(READY)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary --num-workers 2 > .mypy.log 2>&1 || $(BIN)/mypy --no-error-summary
	@rm -f .mypy.log
	@$(BIN)/lint-imports --no-cache > .lint-imports.log || { cat .lint-imports.log; exit 1; }
	@rm -f .lint-imports.log
	@$(BIN)/codespell

fix: $(READY) ## Format, and fix what the linter can fix.
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

eval: $(READY) ## Measure the answers on every available set (MODELS=output of training), write docs/quality.md.
	@$(BIN)/python benchmarks/quality.py --data-dir .footnote-demo $(if $(MODELS),--models $(MODELS))

.PHONY: eval-live
eval-live: $(READY) ## Put attacks and unanswerable questions to the models of footnote.toml (costs money).
	@$(DEMO) index build examples/documents --json > /dev/null
	@$(BIN)/python -m benchmarks.live --data-dir .footnote-demo

examples: $(READY) ## Write the example documents again from their sources.
	@$(BIN)/python examples/make_documents.py

.PHONY: texts
texts: $(READY) ## Collect the texts of Slack and of the pages, and compile the catalogues of each language.
	@$(BIN)/python -m footnote_qa.bot.languages.compiling

.PHONY: docs
docs: $(READY) ## Write the reference from the code, and the site to build/site (links are checked).
	@$(BIN)/python -m docs.site.reference
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build
	@echo "Open build/site/index.html"

.PHONY: pictures
pictures: $(READY) ## Draw the pictures of the README and of docs/slack.md again (needs node, npm and chromium).
	@cd docs/pictures && npm install --no-audit --no-fund --no-package-lock --silent
	@$(DEMO) index build examples/documents --json > /dev/null
	@$(BIN)/python docs/pictures/make_pictures.py
	@$(BIN)/python docs/pictures/gallery.py
	@$(BIN)/python docs/pictures/web_pages.py

lock: $(READY) ## Pin the newest dependencies in requirements.lock.
	@$(BIN)/pip-compile --quiet --upgrade --strip-extras --allow-unsafe --no-emit-options --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --extra dev --extra openai-like -o requirements.lock pyproject.toml
	@sed -i.bak -E 's/^(torch==[0-9.]+)\+.*/\1/; /^pip==/,/via pip-tools/d' requirements.lock && rm requirements.lock.bak

clean: ## Remove the environment and everything built.
	@rm -rf .venv .footnote-demo *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
