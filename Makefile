# SPDX-License-Identifier: Apache-2.0
# A thin front to CMake.  `make` builds everything into build/.
#
#   make demo        builds, then shows the two seed workloads
#   make test        builds, then runs all tests
#   make check-long  the tests again with more random cases, and the fuzzers
#   make bench       builds, then measures against the targets
#   make sanitize    builds with ASan and UBSan in build-asan/, runs all tests
#   make install     to PREFIX (/usr/local), below DESTDIR if given
#   make docs        writes the generated pages of docs/
#   make format      formats the sources
#   make clean       removes build/
#
# demo, test and the targets after them install the Debian packages that are
# missing (tools/packages.txt); `make` alone only names them.

BUILD ?= build
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
CMAKE_FLAGS ?=

CTEST = ctest --test-dir $(BUILD) --output-on-failure --timeout 300 -j $(JOBS)
PACKAGES = @tools/install-packages

.PHONY: all build demo test check-long bench sanitize install docs format clean

all:
	$(PACKAGES) --check build
	@$(MAKE) --no-print-directory build

build:
	@cmake -S . -B $(BUILD) $(if $(wildcard test/CMakeLists.txt),) \
	  $(CMAKE_FLAGS) >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@cmake --build $(BUILD) -j $(JOBS)
