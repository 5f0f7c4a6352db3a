# The commands of this package. `make help` lists them.

SWIFT ?= swift
# What `make bench` hands to the program: `make bench ARGS="training --quick"`.
ARGS ?=

# BLAS and LAPACK as Debian and Ubuntu name them, and a faster drop-in for the BLAS.
# `make test OPENBLAS=` stays with the reference BLAS.
PACKAGES = libblas-dev liblapack-dev
OPENBLAS ?= libopenblas0-pthread
# What single targets can use beside that.
TOOLS =

SOURCES = Sources Tests Benchmarks Package.swift
TORCH_VERSION = 2.13.0

.PHONY: help setup bench peers counts test sanitize crosscheck format lint docs consumer venv fixtures clean

help:
	@echo "make bench     install what is missing, then measure: the tape against a graph of closures"
	@echo "               (make bench ARGS=\"training --svg two-moons.svg\" passes arguments on)"
	@echo "make peers     install PyTorch, JAX and autograd into .venv, and measure the same work in them beside ours"
	@echo "               (make peers ARGS=\"--filter tanh --json peers.json\" passes arguments on)"
	@echo "make counts    install what is missing, then count instructions, allocations and memory of fixed work, and"
	@echo "               compare with the numbers that are committed"
	@echo "make test      install what is missing, then run the tests, optimized"
	@echo "make sanitize  run the tests under the address and the thread sanitizer"
	@echo "make crosscheck  install PyTorch into .venv, and compare values, gradients and second derivatives with it"
	@echo "               (make crosscheck SEED=5 draws other cases)"
	@echo "make setup     only install what is missing"
	@echo "make consumer  build and run a small package that depends on a tagged copy of this one"
	@echo "make format    format all Swift sources in place"
	@echo "make lint      check their format and style"
	@echo "make docs      build the documentation of Wengert with DocC"
	@echo "make fixtures  compute what the tests compare with anew (needs Python; the results are committed)"
	@echo "make clean     delete everything that was built"

bench: setup
	$(SWIFT) run -c release bench $(ARGS)

peers: setup venv
	$(SWIFT) run -c release bench peers --python .venv/bin/python $(ARGS)

counts: TOOLS = valgrind
counts: setup
	$(SWIFT) run -c release bench counts

test: setup
	$(SWIFT) test -c release --disable-xctest

# Tests that start processes, or count what the allocator does, are left out: a sanitizer stands in their way.
# Calls in optimized code that a sanitizer has changed may lack a line.
sanitize: setup
	$(SWIFT) test -c release --disable-xctest --sanitize=address --scratch-path .build-address --skip Misuse --skip SourceLineTests
	$(SWIFT) test -c release --disable-xctest --sanitize=thread --scratch-path .build-thread --skip Misuse --skip SourceLineTests

format:
	$(SWIFT) format format --in-place --parallel --recursive $(SOURCES)

lint:
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)

docs: setup
	WENGERT_DOCS=1 $(SWIFT) package generate-documentation --target Wengert --warnings-as-errors

consumer: setup
	Tests/Consumer/check

# The cases that are compared with PyTorch are drawn anew for each seed.
SEED ?= 1
CASES = .build/crosscheck/cases.json

crosscheck: setup venv
	.venv/bin/python -W ignore Tests/Crosscheck/make_cases.py --large --seed $(SEED) $(CASES)
	$(SWIFT) run -c release crosscheck $(CASES)

fixtures: venv
	.venv/bin/python -W ignore Tests/Crosscheck/make_cases.py Tests/Fixtures/crosscheck.json
	.venv/bin/python Tests/Fixtures/make_elementwise.py

venv:
	python3 -m venv .venv
	.venv/bin/pip install --quiet torch==$(TORCH_VERSION) numpy mpmath jax autograd

clean:
	rm -rf .build .build-address .build-thread .venv

# Calls the package manager only if something is missing, and says so first.
setup:
	@installed() { dpkg-query -W -f='$${Status}' "$$1" 2>/dev/null | grep -q 'ok installed'; }; \
	missing=; for package in $(PACKAGES); do installed $$package || missing="$$missing $$package"; done; \
	faster=; for package in $(OPENBLAS) $(TOOLS); do installed $$package || faster="$$faster $$package"; done; \
	if [ -z "$$missing$$faster" ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
	  echo "Wengert links BLAS and LAPACK. There is no apt-get here to install them; if the build does not find"; \
	  echo "them, install their development files (Debian:$$missing$$faster)."; \
	  exit 0; \
	fi; \
	sudo=; \
	if [ "$$(id -u)" -ne 0 ]; then \
	  if command -v sudo >/dev/null; then sudo=sudo; \
	  elif [ -n "$$missing" ]; then echo "Please install, as root:$$missing$$faster" >&2; exit 1; \
	  else echo "Not installed:$$faster. Going on with what is there."; exit 0; fi; \
	fi; \
	apt() { $$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=1 "$$@"; }; \
	install() { \
	  echo "Installing with apt-get:$$1"; \
	  apt install -y --no-install-recommends $$1 && return; \
	  echo "Trying again with up-to-date package lists"; \
	  apt update && apt install -y --no-install-recommends $$1; \
	}; \
	if [ -n "$$missing" ] && ! install "$$missing"; then \
	  echo "Could not install$$missing: Wengert needs a BLAS and a LAPACK to link." >&2; exit 1; \
	fi; \
	if [ -n "$$faster" ] && ! install "$$faster"; then \
	  echo "Could not install$$faster: going on without (large matrix products are slow with the reference BLAS)."; \
	fi
