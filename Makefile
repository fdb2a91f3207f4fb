# The manual of this repository: `make book` builds the site, `make test` checks everything.
# Each sets itself up in .venv, by uv; a machine needs Python 3.11, 3.12 or 3.13, and make.

.DEFAULT_GOAL := help
.PHONY: help book test lint nightly experiments bench archive pdf lab serve chapter texts \
	translation address format lock versions binder audit linkcheck backends lint-js clean

# The first of these that runs and has a suitable version; or name one: make book PYTHON=python3.12
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	"$$python" -c '$(SUITABLE)' 2>/dev/null && echo "$$python" && break; done)
VENV := .venv/bin
INSTALL := $(VENV)/uv pip install --quiet --python $(VENV)/python

# Notebooks run side by side, as many as there are cores and memory for; fewer: make book JOBS=1
JOBS ?=
BUILD := $(VENV)/python -m tools.book $(if $(JOBS),--jobs $(JOBS))

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

book: .venv/book  ## build the site into _build/html
	$(BUILD)

# Each process loads TensorFlow. One builds the site while the others test what needs none.
PROCESSES ?= 2
test: lint  ## build the site and check everything that must hold; PROCESSES=4 on four cores
	$(VENV)/python -m pytest --numprocesses $(PROCESSES) --dist loadgroup --no-loadscope-reorder

lint: .venv/test  ## look for what a formatter, a linter or a spelling checker finds
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/codespell
	$(VENV)/zizmor --offline --no-progress --quiet .github
	@$(MAKE) --silent lint-js

nightly: .venv/test book  ## all tests, those too that are slow and seldom fail
	BOOK_NIGHTLY=1 $(VENV)/python -m pytest --numprocesses $(PROCESSES) --dist loadgroup --no-loadscope-reorder

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
.venv-%/ready: $(VENV)/uv constraints.txt
	"$(PYTHON)" -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt keras numpy pytest "$(PACKAGE)"
	@touch $@

# The whole takes 15 minutes; the parts are named in benchmarks/__main__.py.
PART ?=
bench: .venv/test book  ## measure labs, trainer, notebooks, pages into benchmarks/RESULTS.md; PART=labs
	$(VENV)/python -m benchmarks $(PART)

archive: book  ## pack the site into one file that works without the internet
	$(VENV)/python -m tools.archive

pdf: .venv/test book  ## print the book as one PDF (needs a Chromium)
	$(VENV)/python -m tools.pdf

lab: .venv/book  ## open the notebooks in JupyterLab
	$(VENV)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --notebook-dir=. \
		chapters/01_from_a_sequence_to_datax.ipynb

serve: book  ## show the site on http://localhost:8000
	$(VENV)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

CHAPTER ?=
chapter: .venv/book  ## start a chapter from the template: make chapter CHAPTER=18_my_subject
	$(VENV)/python -m tools.new_chapter $(CHAPTER)

LOCALE ?= zh_CN
texts: book  ## collect the texts of all pages for translators: make texts LOCALE=zh_CN
	$(INSTALL) sphinx-intl
	$(VENV)/jupyter-book build --path-output _build/texts \
		--builder custom --custom-builder gettext .
	$(VENV)/sphinx-intl update --pot-dir _build/texts/_build/gettext --locale-dir locale \
		--language $(LOCALE)

translation: book .config.$(LOCALE).yml  ## build the site in another language: make translation LOCALE=zh_CN
	$(BUILD) --config .config.$(LOCALE).yml --output _build/$(LOCALE)

.PHONY: .config.$(LOCALE).yml
.config.$(LOCALE).yml:
	@sed -e 's#^    language: en#    language: $(LOCALE)#' \
		-e 's#\(github.io/.*\)/$$#\1/$(LOCALE)/#' _config.yml > $@

REPOSITORY ?=
address:  ## write where the book is published, everywhere: make address REPOSITORY=owner/name
	"$(PYTHON)" -m tools.address $(REPOSITORY)

format: .venv/test  ## format the code, strip the outputs from the notebooks
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .
	$(VENV)/nbstripout --keep-id chapters/*.ipynb reference/*.ipynb

lock: .venv/test  ## resolve constraints.txt anew from the requirements files
	sed '/^-[cr] /d' requirements.txt requirements-dev.txt > .venv/direct.txt
	$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
		--no-annotate --no-header .venv/direct.txt --output-file constraints.txt

# These two work on clones of the last commit, in temporary folders.
ONLY ?=
versions: $(VENV)/uv  ## try every Python, the oldest and newest Keras (75 minutes); ONLY=newest for one
	$(VENV)/python -m tools.versions $(ONLY)

binder: .venv/book  ## run every notebook as on mybinder.org: fresh packages, one core, 2 GB (15 minutes)
	$(VENV)/python -m tools.binder

audit: $(VENV)/uv  ## look the pins up among known vulnerabilities (needs the internet)
	$(VENV)/uv tool run pip-audit@2.10.1 --strict --no-deps --disable-pip --requirement constraints.txt

linkcheck: book  ## try every link to another site (needs the internet)
	$(VENV)/jupyter-book build --all --builder linkcheck .

# Node is needed for nothing else. Its packages go where the build and git do not look.
lint-js:  ## check the labs' JavaScript, its types and its style (needs Node 20 or newer)
	@if ! command -v npm >/dev/null; then \
		echo "Skipped: the labs' JavaScript is not checked, as there is no Node here."; \
	elif $(MAKE) --silent .venv/node; then \
		.venv/node_modules/.bin/oxlint --deny-warnings --ignore-pattern 'utils/labs/vendor' utils/labs _recipe _static && \
		.venv/node_modules/.bin/tsc --project jsconfig.json; \
	elif [ -n "$$CI" ]; then exit 1; \
	else echo "Skipped: the labs' JavaScript is not checked, as npm could not install its tools."; fi

.venv/node: package.json package-lock.json
	@mkdir -p .venv
	@cp package.json package-lock.json .venv/
	@npm ci --prefix .venv --silent --no-audit --no-fund
	@touch $@

clean:  ## remove what was built; keep the environment
	rm -rf _build .config.*.yml

$(VENV)/uv:
	@"$(PYTHON)" -c '$(SUITABLE)' 2>/dev/null || { \
		echo "This book needs Python 3.11, 3.12 or 3.13: install one of them, or name it with make book PYTHON=/path/to/python." >&2; \
		exit 1; }
	@"$(PYTHON)" -m venv .venv || { \
		echo "Python cannot make a virtual environment: on Debian and Ubuntu, install python3-venv." >&2; \
		exit 1; }
	@$(VENV)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv

.venv/book: $(VENV)/uv requirements.txt constraints.txt
	$(INSTALL) -r requirements.txt
	@touch $@

.venv/test: .venv/book requirements-dev.txt
	$(INSTALL) -r requirements-dev.txt
	@touch $@
