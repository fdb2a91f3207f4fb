# The manual of this repository: `make book` builds the site, `make test` checks everything.
# Each sets itself up in .venv; a machine needs Python 3.11, 3.12 or 3.13, and make.

.DEFAULT_GOAL := help
.PHONY: help book test experiments backends bench archive pdf lab serve chapter texts translation format lock versions binder audit linkcheck clean

# The first of these that runs and has a suitable version; or name one: make book PYTHON=python3.12
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	"$$python" -c '$(SUITABLE)' 2>/dev/null && echo "$$python" && break; done)
VENV := .venv/bin
INSTALL := $(VENV)/python -m pip install --quiet --disable-pip-version-check

# --all reads every page again. Without it, pages that did not change are skipped, and a warning
# in one of them would pass unseen. Notebooks still come from the cache.
BUILD := $(VENV)/jupyter-book build -W -n --keep-going --all

# A fork's buttons and addresses point at the fork: make book REPOSITORY=owner/name
REPOSITORY ?=
OWNER := $(firstword $(subst /, ,$(REPOSITORY)))
NAME := $(lastword $(subst /, ,$(REPOSITORY)))
CONFIG := $(if $(REPOSITORY),.config.yml,_config.yml)

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

book: .venv/book $(CONFIG)  ## build the site into _build/html
	$(BUILD) --config $(CONFIG) .

.PHONY: .config.yml
.config.yml:
	@sed -e 's#https://[a-z.-]*github.io/[a-z-]*#https://$(OWNER).github.io/$(NAME)#' \
		-e 's#github.com/[a-z-]*/[a-z-]*#github.com/$(REPOSITORY)#' _config.yml > $@

# Each process loads TensorFlow. One builds the site while the others test what needs none.
PROCESSES ?= 2
test: .venv/test  ## build the site and check everything that must hold; PROCESSES=4 on four cores
	$(VENV)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder

# Without a name it lists the studies; with CHECK=1 it compares and changes no file.
STUDY ?=
CHECK ?=
experiments: .venv/book  ## run a study anew: make experiments STUDY=six (or all); CHECK=1 compares
	$(VENV)/python -m experiments $(STUDY) $(if $(CHECK),--check)

# JAX and PyTorch for the CPU, each in an environment of its own; the same Keras as the book. On
# Linux x86-64 PyPI's PyTorch is a CUDA build of several GB: name another with TORCH=... if you can.
JAX ?= jax==0.10.2
TORCH ?= torch==2.13.0
backends: .venv/book .venv-jax/ready .venv-torch/ready  ## ask TensorFlow, JAX and PyTorch how they treat state; CHECK=1 compares
	for name in jax torch; do KERAS_BACKEND=$$name .venv-$$name/bin/python -m pytest --quiet \
		--noconftest tests/unit/test_state_backends.py || exit 1; done
	$(VENV)/python -m experiments backends $(if $(CHECK),--check)

.venv-jax/ready: PACKAGE = $(JAX)
.venv-torch/ready: PACKAGE = $(TORCH)
.venv-%/ready: .venv/python-is-suitable constraints.txt
	"$(PYTHON)" -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt keras numpy pytest "$(PACKAGE)"
	@touch $@

bench: .venv/test book  ## measure the labs, the trainer against fit, each notebook, each page (15 minutes)
	$(VENV)/python -m benchmarks.labs
	$(VENV)/python -m benchmarks.race_lab
	$(VENV)/python -m benchmarks.published_code
	$(VENV)/python -m benchmarks.notebooks
	$(VENV)/python -m benchmarks.pages --weights

archive: book  ## pack the site into one file that works without the internet
	$(VENV)/python -m tools.archive

pdf: .venv/test book  ## print the book as one PDF (needs a Chromium)
	$(VENV)/python -m tools.pdf $(CONFIG)

lab: .venv/book  ## open the notebooks in JupyterLab
	$(VENV)/jupyter lab --notebook-dir=. chapters/01_from_a_sequence_to_datax.ipynb

serve: book  ## show the site on http://localhost:8000
	$(VENV)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

CHAPTER ?=
chapter: .venv/book  ## start a chapter from the template: make chapter CHAPTER=14_my_subject
	$(VENV)/python -m tools.new_chapter $(CHAPTER)

# Texts and translations take the outputs of the notebooks from the cache of the site in English.
LOCALE ?= zh_CN
texts: book  ## collect the texts of all pages for translators: make texts LOCALE=zh_CN
	$(INSTALL) sphinx-intl
	@mkdir -p _build/texts/_build
	cp -R _build/.jupyter_cache _build/texts/_build
	$(VENV)/jupyter-book build --config $(CONFIG) --path-output _build/texts \
		--builder custom --custom-builder gettext .
	$(VENV)/sphinx-intl update --pot-dir _build/texts/_build/gettext --locale-dir locale \
		--language $(LOCALE)

translation: book .config.$(LOCALE).yml  ## build the site in another language: make translation LOCALE=zh_CN
	@mkdir -p _build/$(LOCALE)/_build
	cp -R _build/.jupyter_cache _build/$(LOCALE)/_build
	$(BUILD) --config .config.$(LOCALE).yml --path-output _build/$(LOCALE) .

.PHONY: .config.$(LOCALE).yml
.config.$(LOCALE).yml: $(CONFIG)
	@sed -e 's#^    language: en#    language: $(LOCALE)#' \
		-e 's#\(github.io/.*\)/$$#\1/$(LOCALE)/#' $(CONFIG) > $@

format: .venv/test  ## format the code, strip the outputs from the notebooks
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .
	$(VENV)/nbstripout --keep-id chapters/*.ipynb reference/*.ipynb

lock: .venv/test  ## resolve constraints.txt anew from the requirements files
	$(INSTALL) uv
	sed '/^-[cr] /d' requirements.txt requirements-dev.txt > .venv/direct.txt
	$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
		--no-annotate --no-header .venv/direct.txt --output-file constraints.txt

# Both work on clones of the last commit, in temporary folders.
ONLY ?=
versions:  ## try every Python, the oldest and newest Keras (75 minutes); ONLY=newest for one
	"$(PYTHON)" -m tools.versions $(ONLY)

binder:  ## do what mybinder.org does: its environment, its limits, every notebook (15 minutes)
	"$(PYTHON)" -m tools.binder

audit: .venv/python-is-suitable  ## look the pins up among known vulnerabilities (needs the internet)
	$(INSTALL) uv
	$(VENV)/uv tool run pip-audit@2.10.1 --strict --no-deps --disable-pip --requirement constraints.txt

linkcheck: .venv/book  ## try every link to another site (needs the internet)
	$(VENV)/jupyter-book build --all --builder linkcheck .

clean:  ## remove what was built; keep the environment
	rm -rf _build .config.yml .config.*.yml

.venv/python-is-suitable:
	@"$(PYTHON)" -c '$(SUITABLE)' 2>/dev/null || { \
		echo "This book needs Python 3.11, 3.12 or 3.13: install one of them, or name it with make book PYTHON=/path/to/python." >&2; \
		exit 1; }
	@"$(PYTHON)" -m venv .venv || { \
		echo "Python cannot make a virtual environment: on Debian and Ubuntu, install python3-venv." >&2; \
		exit 1; }
	@touch $@

.venv/book: .venv/python-is-suitable requirements.txt constraints.txt
	$(INSTALL) -r requirements.txt
	@touch $@

.venv/test: .venv/book requirements-dev.txt
	$(INSTALL) -r requirements-dev.txt
	@touch $@
