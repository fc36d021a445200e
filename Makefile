# shmtool: build, test, install. `make help` lists what can be made.
#
# Variables, all of them settable on the command line or in the environment:
#   CC CFLAGS CPPFLAGS LDFLAGS LDLIBS    as everywhere; yours come last and win
#   D=debug|asan|ubsan|coverage|fuzz     a developer's build, in build/$(D); without D: the release
#   BUILD=DIR                            where to build, `make CC=clang BUILD=build/clang`
#   WERROR=1                             warnings are errors (always so in developer builds)
#   V=1                                  show the commands
#   PREFIX DESTDIR BINDIR MANDIR         where to install
#   T='FILE...'                          which tests to run, `make test T=tests/cli/ls.bats`
#   FUZZ_SECONDS FUZZ_CC                 how long each fuzz target runs; a clang
#   NO_JANSSON=1                         build without libjansson: no names of Podman's and Docker's
#   NO_INSTALL=1                         never install a missing dependency, only name it

NAME := shmtool
VERSION := 1.0.0

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man

PKG_CONFIG ?= pkg-config

# --- Flavours ---------------------------------------------------------------------------------
# What sanitizers and coverage need stands in FLAVOUR, apart from CFLAGS, so that a CFLAGS of
# your own does not lose it.

ifeq ($(strip $(D)),)
BUILD ?= build
CFLAGS ?= -O2 -g
HARDEN = $(call once,HARDEN,$(call accepted,$(HARDEN_WANTED)))
LDHARDEN := -pie -Wl,-z,relro,-z,now
# Unit tests need not be fast, but be there soon. The developer's builds warn of what takes optimisation.
UNIT_CFLAGS := -O0 -U_FORTIFY_SOURCE
else
BUILD ?= build/$(D)
WERROR ?= 1
ifeq ($(D),debug)
CFLAGS ?= -O0 -g3
else ifeq ($(D),asan)
CFLAGS ?= -O1 -g
FLAVOUR := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# gcc's two shared sanitizer libraries do not agree on log_path, which tests/run looks into.
LDFLAVOUR = $(call once,LDFLAVOUR,$(shell echo 'int main(void) { return 0; }' | \
	$(CC) -fsanitize=address,undefined -static-libasan -static-libubsan -x c - -o /dev/null \
	2>/dev/null && echo -static-libasan -static-libubsan))
else ifeq ($(D),ubsan)
CFLAGS ?= -O1 -g
FLAVOUR := -fsanitize=undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else ifeq ($(D),coverage)
CFLAGS ?= -O0 -g
FLAVOUR := --coverage
else ifeq ($(D),fuzz)
CFLAGS ?= -O1 -g
FLAVOUR := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
else
$(error D=$(D): no such flavour; there are debug, asan, ubsan, coverage, fuzz)
endif
endif

# --- Flags ------------------------------------------------------------------------------------

# $(call once,NAME,VALUE): VALUE, worked out when NAME is first used and kept from then on.
once = $(eval $(1) := $(2))$($(1))

# $(call accepted,FLAGS): those of FLAGS that the compiler takes without a warning.
accepted = $(foreach flag,$(1),$(shell $(CC) -Werror $(flag) -x c -c /dev/null -o /dev/null \
	2>/dev/null && echo $(flag)))

# All symbols are bound at the start (-z now): a call through the PLT would only take longer.
HARDEN_WANTED := -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection -fno-plt
# Fortified libc calls need optimisation; some compilers bring a level of their own.
FORTIFY = $(if $(and $(LDHARDEN),$(filter -O1 -O2 -O3 -Os,$(CFLAGS))),-U_FORTIFY_SOURCE \
	-D_FORTIFY_SOURCE=2)

# On 32 bits too, times and offsets have 64. Only there: it gives libc's functions other names.
WIDE = $(call once,WIDE,$(if $(shell $(CC) -dM -E -x c /dev/null 2>/dev/null | \
	grep '__SIZEOF_LONG__ 4'),-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64))
STD := -std=c17 -D_GNU_SOURCE
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wformat=2 -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wvla $(if $(filter-out 0,$(WERROR)),-Werror)

SMARTCOLS_CFLAGS ?= $(call once,SMARTCOLS_CFLAGS,$(shell $(PKG_CONFIG) --cflags smartcols 2>/dev/null))
SMARTCOLS_LIBS ?= $(call once,SMARTCOLS_LIBS,$(shell $(PKG_CONFIG) --libs smartcols 2>/dev/null))
ifeq ($(strip $(NO_JANSSON)),)
JANSSON_CFLAGS ?= $(call once,JANSSON_CFLAGS,$(shell $(PKG_CONFIG) --cflags jansson 2>/dev/null))
JANSSON_LIBS ?= $(call once,JANSSON_LIBS,$(shell $(PKG_CONFIG) --libs jansson 2>/dev/null))
else
JANSSON_CFLAGS = -DNO_JANSSON
JANSSON_LIBS =
endif
CMOCKA_CFLAGS ?= $(call once,CMOCKA_CFLAGS,$(shell $(PKG_CONFIG) --cflags cmocka 2>/dev/null))
CMOCKA_LIBS ?= $(call once,CMOCKA_LIBS,$(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null))

ALL_CPPFLAGS = $(STD) $(WIDE) -Iinclude -DSHMTOOL_VERSION='"$(VERSION)"' $(SMARTCOLS_CFLAGS) $(JANSSON_CFLAGS) \
	$(FORTIFY) $(CPPFLAGS)
ALL_CFLAGS = $(WARN) $(HARDEN) $(FLAVOUR) $(CFLAGS)
ALL_LDFLAGS = $(LDHARDEN) $(FLAVOUR) $(LDFLAVOUR) $(CFLAGS) $(LDFLAGS)

# What the program is linked with.
LIBS = $(SMARTCOLS_LIBS) $(JANSSON_LIBS)

# --- Files ------------------------------------------------------------------------------------

LIB := $(BUILD)/lib$(NAME).a
BIN := $(BUILD)/$(NAME)

MAIN_SRC := src/command/main.c
LIB_SRC := $(filter-out $(MAIN_SRC),$(sort $(wildcard src/*/*.c)))
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
# What several unit tests share: linked into each.
UNIT_COMMON_SRC := $(filter-out $(UNIT_SRC),$(sort $(wildcard tests/unit/*.c)))
HELPER_SRC := $(sort $(wildcard tests/helpers/*.c))
# Two programs: churn in one IPC namespace, and in many.
STRESS_NS_SRC := tests/stress/everywhere.c
STRESS_SRC := $(filter-out $(STRESS_NS_SRC),$(sort $(wildcard tests/stress/*.c)))
STRESS_COMMON_SRC := tests/stress/board.c tests/stress/driver.c tests/stress/outcome.c
# The shim is linked into a program under test of its own, the rest is the judge.
FAULTS_SHIM := tests/faults/shim.c
FAULTS_SRC := $(filter-out $(FAULTS_SHIM),$(sort $(wildcard tests/faults/*.c)))
BENCH_SRC := $(sort $(wildcard tests/bench/*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))

# $(call object,SOURCES): where their object files go.
object = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

LIB_OBJ := $(call object,$(LIB_SRC))
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))
HELPER_BIN := $(patsubst tests/helpers/%.c,$(BUILD)/helpers/%,$(HELPER_SRC)) \
	$(addprefix $(BUILD)/helpers/,churn everywhere faults shmtool-faults)
BENCH_BIN := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC))
FUZZ_BIN := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
DEPFILES := $(patsubst %.o,%.d,$(call object,$(MAIN_SRC) $(LIB_SRC) $(UNIT_SRC) $(UNIT_COMMON_SRC) \
	$(HELPER_SRC) $(BENCH_SRC) $(STRESS_SRC) $(STRESS_NS_SRC) $(FAULTS_SRC) $(FAULTS_SHIM) $(FUZZ_SRC)))

# All objects depend on this file: a change of compiler or flags rebuilds everything.
STAMP := $(BUILD)/flags

Q := $(if $(filter 1,$(V)),,@)
# QUIET=1: not even what is made.
say = $(if $(filter 1,$(V)),,@$(if $(QUIET),:,printf '  %-6s %s\n' $(1) $@))
DEPS = PKG_CONFIG='$(PKG_CONFIG)' CC='$(CC)' tests/deps

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all demo-programs check-programs test test-slow stress fuzz fuzz-programs faults coverage memcheck test-packages test-systems bench lint demo schema picture install uninstall format clean dist help FORCE
.DEFAULT_GOAL := all

# --- Building ---------------------------------------------------------------------------------

## all: the program, build/shmtool (this is what a plain `make` does)
all: $(BIN)

$(STAMP): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(CC) | $(AR) | $(ALL_CPPFLAGS) | $(ALL_CFLAGS) | \
	$(ALL_LDFLAGS) | $(LIBS) $(LDLIBS))' >$@.new
	@if cmp -s $@.new $@; then rm -f $@.new; else \
		NO_INSTALL=1 $(DEPS) build && mv -f $@.new $@ || { rm -f $@.new; exit 1; }; fi

$(BUILD)/obj/%.o: %.c $(STAMP)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The list of members: a source file that is gone must leave the archive too.
$(BUILD)/members: FORCE
	@mkdir -p $(@D)
	@echo '$(LIB_OBJ)' | cmp -s - $@ || echo '$(LIB_OBJ)' >$@

$(LIB): $(LIB_OBJ) $(BUILD)/members
	$(call say,AR)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(LIB_OBJ)

$(BIN): $(call object,$(MAIN_SRC)) $(LIB)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) $(LDLIBS)

# A unit test replaces functions by the linker's --wrap: a comment line ` * wrap: shmctl openat`
# in it names them. On 32 bits libc's have names with 64 and time64 (WIDE): unit.h.
$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(call object,$(UNIT_COMMON_SRC)) $(LIB)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) $$(sed -n 's/^ \* wrap: //p' tests/unit/$*.c | tr -s ' ' '\n' | \
		sed 's/..*/-Wl,--wrap=&,--wrap=&64,--wrap=__&64,--wrap=__&_time64,--wrap=__&64_time64/') -o $@ $^ $(CMOCKA_LIBS) $(LIBS) $(LDLIBS)

$(BUILD)/helpers/churn: $(call object,$(STRESS_SRC))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/helpers/everywhere: $(call object,$(STRESS_NS_SRC) $(STRESS_COMMON_SRC))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/helpers/faults: $(call object,$(FAULTS_SRC))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/helpers/shmtool-faults: $(call object,$(MAIN_SRC) $(FAULTS_SHIM)) $(LIB)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) $(LDLIBS)

$(BUILD)/helpers/%: $(BUILD)/obj/tests/helpers/%.o
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lutil $(LDLIBS)

$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS) $(LDLIBS)

$(call object,$(UNIT_SRC) $(UNIT_COMMON_SRC)): private ALL_CPPFLAGS += $(CMOCKA_CFLAGS)
$(call object,$(UNIT_SRC) $(UNIT_COMMON_SRC)): private ALL_CFLAGS += $(UNIT_CFLAGS)
.SECONDARY: $(call object,$(UNIT_SRC) $(HELPER_SRC) $(BENCH_SRC) $(FUZZ_SRC))

# --- Testing ----------------------------------------------------------------------------------

# All processors build, unless make was told how many (-j, -j1, -j4).
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$$(nproc))

## test: run the quick tests (T=FILE... for some, D=asan for a flavour); `make test-slow` the rest
test:
	@$(DEPS) test
	@$(if $(FLAVOUR),$(DEPS) san)
	@$(MAKE) --no-print-directory $(JOBS) check-programs
	@tests/run -b $(BUILD) $(T)

## test-slow: run the tests that take minutes: thousands of rounds, real programs, all failures
test-slow:
	@$(DEPS) test
	@$(if $(FLAVOUR),$(DEPS) san)
	@$(MAKE) --no-print-directory $(JOBS) check-programs
	@tests/run -s -t 1800 -b $(BUILD) $(T)

# The program with what tests/demo runs; with all helpers and the unit tests, which tests/run runs.
demo-programs: $(BIN) $(addprefix $(BUILD)/helpers/,ptyrun server)
	@:
check-programs: demo-programs $(HELPER_BIN) $(UNIT_BIN)
	@:

## stress: list and remove 5,000 times while segments and IPC namespaces come and go
stress: $(BIN) $(BUILD)/helpers/churn $(BUILD)/helpers/everywhere
	@$(DEPS) stress || echo 'stress: stress-ng would make it harder'
	@tests/stress/run -b $(BUILD)

FUZZ_CC ?= clang
FUZZ_SECONDS ?= 20
FUZZ_BUILD = $(BUILD)/fuzz-clang

# Where clang cannot do it, and nothing can be installed, the targets are named and skipped.
## fuzz: give the readers of text any bytes, FUZZ_SECONDS each (T=NAME... for some of them)
fuzz:
	@$(DEPS) build
	@if CC='$(FUZZ_CC)' tests/deps fuzz; then \
		$(MAKE) --no-print-directory D=fuzz CC='$(FUZZ_CC)' BUILD=$(FUZZ_BUILD) fuzz-programs && \
		tests/fuzz/run -b $(FUZZ_BUILD) -s $(FUZZ_SECONDS) $(T); \
	else \
		echo 'fuzz: $(FUZZ_CC) has no libFuzzer here; skipped: $(notdir $(FUZZ_BIN))'; \
	fi
fuzz-programs: $(FUZZ_BIN)
	@:

## faults: make every system call and every allocation fail in turn
faults: $(BUILD)/helpers/faults $(BUILD)/helpers/shmtool-faults
	@tests/faults/run -b $(BUILD)

## coverage: how much of the code the tests run; fails below 90 % of the lines of a library layer
coverage:
	@$(DEPS) test
	@$(MAKE) --no-print-directory D=coverage BUILD=$(BUILD)/coverage check-programs
	@tests/coverage -b $(BUILD)/coverage $(T)

## memcheck: the unit tests and many command lines under valgrind
memcheck:
	@$(DEPS) test memcheck
	@$(MAKE) --no-print-directory check-programs
	@tests/memcheck -b $(BUILD)

## test-packages: build, install, use and remove the packages (as root, on Debian)
test-packages:
	@$(DEPS) test packages
	@$(MAKE) --no-print-directory check-programs
	@tests/run -b $(BUILD) -t 1200 $(or $(T),$(sort $(wildcard tests/packaging/*.bats)))

## test-systems: run what README.md says on Debian 12, 13 and sid, and with fewer rights (as root)
test-systems:
	@$(DEPS) systems
	@tests/systems $(T)

## demo: show the main job in an IPC namespace of its own
demo:
	@$(DEPS) demo
	@echo 'building $(BIN) (V=1 shows how)'
	@$(MAKE) --no-print-directory QUIET=1 demo-programs
	@tests/demo -b $(BUILD)

## schema: write the JSON Schema of `run --report` from the tables of the code
schema: $(BUILD)/unit/test_view_run_report_schema
	@SHMTOOL_WRITE_SCHEMA=1 SRC=. $<

## picture: draw what the demo writes, contrib/demo.svg
picture: demo-programs
	@tests/picture -b $(BUILD) contrib/demo.svg

## bench: time each command against its rival, in an IPC namespace of its own; BUILD/bench.json
bench: $(BIN) $(BENCH_BIN) $(addprefix $(BUILD)/helpers/,mkseg holdseg keepns)
	@$(DEPS) bench
	@tests/bench/run -b $(BUILD)

## lint: check the code's form, mistakes that tools can find, and the rules of the house
lint:
	@NO_INSTALL=1 $(DEPS) build lint
	@$(MAKE) --no-print-directory check-programs
	@tests/lint/run -b $(BUILD)

## format: lay out the C code as .clang-format says
format:
	clang-format -i $(sort $(wildcard include/*/*.h src/*/*.c tests/*/*.c tests/*/*.h))

# --- Installing -------------------------------------------------------------------------------

MAN_PAGES := $(sort $(wildcard man/*.[15]))
BASH_COMPLETION := $(wildcard contrib/completions/shmtool.bash)
ZSH_COMPLETION := $(wildcard contrib/completions/shmtool.zsh)
FISH_COMPLETION := $(wildcard contrib/completions/shmtool.fish)

# SOURCE:MODE:DESTINATION, for install and uninstall alike.
INSTALLED := $(BIN):755:$(BINDIR)/$(NAME) \
	$(foreach page,$(MAN_PAGES),$(page):644:$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page))) \
	$(BASH_COMPLETION:%=%:644:$(DATADIR)/bash-completion/completions/shmtool) \
	$(ZSH_COMPLETION:%=%:644:$(DATADIR)/zsh/site-functions/_shmtool) \
	$(FISH_COMPLETION:%=%:644:$(DATADIR)/fish/vendor_completions.d/shmtool.fish)

## install: put the program, its man pages and completions under PREFIX (and DESTDIR)
install: $(BIN)
	$(Q)set -e; for entry in $(INSTALLED); do \
		source=$${entry%%:*}; rest=$${entry#*:}; \
		echo "  INSTALL $(DESTDIR)$${rest#*:}"; \
		install -D -m "$${rest%%:*}" "$$source" "$(DESTDIR)$${rest#*:}"; done

## uninstall: remove what install put there
uninstall:
	$(Q)set -e; for entry in $(INSTALLED); do \
		rest=$${entry#*:}; \
		echo "  RM      $(DESTDIR)$${rest#*:}"; \
		rm -f "$(DESTDIR)$${rest#*:}"; done

## dist: the committed sources as build/shmtool-VERSION.tar.gz
dist:
	@mkdir -p $(BUILD)
	git archive --prefix=$(NAME)-$(VERSION)/ -o $(BUILD)/$(NAME)-$(VERSION).tar.gz HEAD

## clean: remove everything that was built, in every flavour
clean:
	rm -rf build $(addprefix $(BUILD)/,obj unit helpers flags members lib$(NAME).a $(NAME))

## help: this list
help:
	@sed -n 's/^## //p' Makefile | awk -F ': ' '{ printf "  make %-14s %s\n", $$1, $$2 }'
	@echo 'Variables and flavours are described at the top of the Makefile.'

FORCE:

-include $(DEPFILES)
