# Every target sets itself up: .venv, the hashed lock, then this project, editable.
# The names below are relative on purpose, so that blanks in the project's path do no harm.

PYTHON ?= python3
STUDY ?= data/demo
ARGS ?=

CODE := cxlib tests notebooks data
PY := .venv/bin/python
PYTEST := $(PY) -m pytest
# --nbval compares every cell (--nbval-lax would not); the kernel is the interpreter that runs pytest.
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout=600
PYTEST_SPREAD := -n 2 --dist loadfile
# The redirection makes make ask a shell: `command` is no program of its own.
UV := $(shell command -v uv 2>/dev/null)

# The kernel named python3 is this venv's, whatever the user or the machine has registered.
export JUPYTER_PREFER_ENV_PATH := 1
export JUPYTER_PATH := $(CURDIR)/.venv/share/jupyter$(if $(JUPYTER_PATH),:$(JUPYTER_PATH))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:
.PHONY: report test soak bench lab notebooks messages lock format clean help FORCE

report: .venv/.run  ## report on STUDY (data/demo) into reports/; options in ARGS
	.venv/bin/cx report "$(STUDY)" $(ARGS)

test: .venv/.test  ## unit, reference, property and end-to-end tests, then every notebook against its stored output
	$(PYTEST) tests $(PYTEST_SPREAD) $(ARGS)
	$(PYTEST) notebooks $(PYTEST_SPREAD) $(NBVAL)

soak: .venv/.test  ## what is too long for test: simulations, kills, fuzzing
	$(PYTEST) tests/soak -s $(ARGS)

bench: .venv/.test  ## measure the ratios, one page in reports/; options in ARGS, e.g. --list or --only NAME
	$(PY) tests/bench/bench.py $(ARGS)

# JupyterLab's settings in cxlib/lab stand beside the user's own, which come first.
lab: export JUPYTER_CONFIG_PATH := $(CURDIR)/cxlib/lab$(if $(JUPYTER_CONFIG_PATH),:$(JUPYTER_CONFIG_PATH))
lab: .venv/.run  ## JupyterLab, open at the README's tour; options in ARGS, e.g. --no-browser or --port=9999
	@test "$$(id -u)" -ne 0 || test -n '$(findstring --allow-root,$(ARGS))' || { \
		echo 'JupyterLab starts for root only when it is told to: make lab ARGS=--allow-root' >&2; exit 1; }
	$(PY) -m jupyterlab --LabApp.default_url=/lab/tree/README.md $(ARGS)

notebooks: .venv/.run  ## execute the notebooks again and store their outputs
	$(PY) -m cxlib.report.refresh $(ARGS)

messages: .venv/.run  ## bring the catalogues of all languages up to date (another language: ARGS=fr)
	$(PY) -m cxlib.messages $(ARGS)

# constraints.txt comes first and fixes every version; the locks add hashes to it. What is installed then tells its licence.
lock: .venv/.made  ## pin the dependencies anew (newest versions: ARGS=--upgrade)
	test -n "$(UV)" || test -x .venv/bin/uv || $(PY) -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) $(ARGS) --output-file constraints.txt
	$(COMPILE) --constraint constraints.txt --generate-hashes $(ARGS) --output-file requirements.lock
	$(COMPILE) --extra test --constraint constraints.txt --generate-hashes $(ARGS) --output-file requirements-test.lock
	$(MAKE) --no-print-directory .venv/.run
	$(PY) -m cxlib.licences

format: .venv/.test  ## ruff: mend what can be mended, then format
	$(PY) -m ruff check --fix $(CODE); status=$$?; $(PY) -m ruff format $(CODE) && exit $$status

clean:  ## remove .venv, caches and build leavings; reports stay
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -type d \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" "$(or $(UV),.venv/bin/uv)" --quiet --no-config pip compile \
	pyproject.toml --group build --universal --python-version 3.11

# Both refuse a file whose hash is not in the lock. The project follows by itself,
# since no installer takes an editable project beside hashes.
ifneq ($(UV),)
INSTALL = "$(UV)" pip install --quiet --python $(PY)
else
INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check
endif

define install_lock
	@echo "Installing $(1) into .venv (the first time takes a few minutes)"
	@$(INSTALL) --require-hashes --requirement $(1)
	@$(INSTALL) --no-deps --no-build-isolation --editable .
endef

.venv/.run: requirements.lock pyproject.toml .venv/.made
	$(call install_lock,requirements.lock)
	@touch $@

# requirements-test.lock holds every pin of requirements.lock, so that it serves both.
.venv/.test: requirements-test.lock requirements.lock pyproject.toml .venv/.made
	$(call install_lock,requirements-test.lock)
	@touch .venv/.run $@

# Scripts and the editable install carry absolute paths: a moved or copied project needs a new .venv.
ifneq ($(shell cat .venv/.made 2>/dev/null),$(CURDIR))
.venv/.made: FORCE
endif
.venv/.made:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'Python 3.11 or newer is needed, and "$(PYTHON)" is not it. Name one: make PYTHON=/path/to/python3' >&2; \
		exit 1; }
	@"$(PYTHON)" -m venv --clear .venv
	@printf '%s\n' "$(CURDIR)" > $@
