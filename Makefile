# SPDX-License-Identifier: Apache-2.0
# A thin front to CMake.  `make` builds everything into build/.
#
#   make demo        builds the command, then shows the two seed workloads, and
#                    what virtual threads do to the cycles of one
#   make test        builds, then runs all tests
#   make check-long  the tests with many more random cases, illegal ones with
#                    ASan and UBSan, all with each path of the simulator, with
#                    ASan and UBSan, too, and the fuzzers: FUZZ_SECONDS each,
#                    FUZZ_RPC_SECONDS what a network feeds
#   make bench       builds, then measures against the targets
#   make sanitize    builds with ASan and UBSan in build-asan/, runs all tests
#   make install     to PREFIX (/usr/local), below DESTDIR if given
#   make docs        writes the generated pages of docs/
#   make format      formats the sources
#   make clean       removes the build folders
#
# All but `make` and `make install` install the Debian packages that are
# missing (tools/packages.txt); those two only name them.

MAKEFLAGS += --no-print-directory

BUILD ?= build
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
FUZZ_RPC_SECONDS ?= 600
CMAKE_FLAGS ?=

packages = @tools/install-packages
configure = @cmake -S . -B $(BUILD) --log-level=WARNING $(CMAKE_FLAGS)
compile = @cmake --build $(BUILD) -j $(JOBS)
run_tests = ctest --output-on-failure --no-tests=error -j $(JOBS)
fuzz_targets = $(patsubst test/fuzz/fuzz_%.c,%,\
  $(wildcard test/fuzz/fuzz_*.c))
sources = find include src test examples bench tools -name '*.[ch]'

.PHONY: all everything demo test check-long bench sanitize install docs \
  format clean

all:
	$(packages) --check build test
	@$(MAKE) everything

everything:
	$(configure) -DBUILD_TESTING=ON
	$(compile)

demo:
	$(packages) build
	$(configure) -DBUILD_TESTING=OFF
	$(compile) --target vtac_command
	@for operator in gemm conv2d; do \
	  printf '\n$$ vtac %s\n' $$operator; \
	  $(BUILD)/vtac $$operator || exit; \
	done
	@for threads in 1 2; do \
	  run="conv2d --sim tsim --vthreads $$threads"; \
	  printf '\n$$ vtac %s\n' "$$run"; \
	  $(BUILD)/vtac $$run | grep -e cycle_count -e gemm_utilisation || exit; \
	done

test:
	$(packages) build test
	@$(MAKE) everything
	@$(run_tests) --timeout 300 --test-dir $(BUILD)

check-long:
	$(packages) build test ci long
	@$(MAKE) everything
	@tools/test_isas $(BUILD) -j $(JOBS) --timeout 300
	@VTAC_LONG=1 $(run_tests) --timeout 3600 --test-dir $(BUILD)
	@cmake --preset asan --log-level=WARNING
	@cmake --build --preset asan -j $(JOBS)
	@tools/test_isas build-asan -j $(JOBS) --timeout 600
	@VTAC_LONG=1 $(run_tests) --timeout 3600 --test-dir build-asan \
	  -R '^property\.(illegal|spoiled)$$'
	@awk '/^ *[0-9]+\/[0-9]+ Test: / { name = $$3 } \
	  /^seed [0-9]+: / { print name ": " $$0 }' \
	  $(BUILD)/Testing/Temporary/LastTest.log \
	  build-asan/Testing/Temporary/LastTest.log
	@cmake --preset fuzz --log-level=WARNING
	@cmake --build --preset fuzz -j $(JOBS)
	@for target in $(fuzz_targets); do \
	  case $$target in \
	    rpc_* | tracker) echo $$target $(FUZZ_RPC_SECONDS) ;; \
	    *) echo $$target $(FUZZ_SECONDS) ;; \
	  esac \
	done | xargs -n 2 -P $(JOBS) tools/run_fuzz

bench:
	$(packages) build test
	@$(MAKE) everything
	@$(BUILD)/bench/bench --json $(BUILD)/bench.json

sanitize:
	$(packages) build test
	@cmake --preset asan --log-level=WARNING
	@cmake --build --preset asan -j $(JOBS)
	@$(run_tests) --timeout 600 --test-dir build-asan

install:
	$(packages) --check build
	$(configure) -DBUILD_TESTING=OFF
	$(compile)
	@cmake --install $(BUILD) --prefix $(PREFIX)

docs:
	$(packages) build test
	@$(MAKE) everything
	@tools/gen_docs $(BUILD)

format:
	$(packages) ci
	@$(sources) -exec clang-format -i {} +

clean:
	@rm -rf build build-asan build-clang build-coverage build-debug \
	  build-fuzz build-tsan
