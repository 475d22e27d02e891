# SPDX-License-Identifier: GPL-2.0
#
# pfsnl: cluster membership in the kernel. "make help" says what there is.

KVER	?= $(shell uname -r)
KDIR	?= /lib/modules/$(KVER)/build
PREFIX	?= /usr/local
have_headers := $(wildcard $(KDIR)/Makefile)

.PHONY: all modules library command install modules_install dkms_install \
	clean help setup demo shell check check-full check-debug hogs soak fuzz \
	bench

# A machine without headers for its kernel can still build what userspace needs.
all: library command $(if $(have_headers),modules,no-headers)

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

.PHONY: no-headers
no-headers:
	@echo "no kernel headers in $(KDIR): the module is not built"
	@echo "(Debian: apt install linux-headers-$(KVER); or make KVER=... for another kernel)"

library:
	$(MAKE) -C libpfsnl

command: library
	$(MAKE) -C tools/pfsnl

install: library command
	$(MAKE) -C libpfsnl install PREFIX=$(PREFIX)
	$(MAKE) -C tools/pfsnl install PREFIX=$(PREFIX)

modules_install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install

# the sources, where DKMS looks for them
version := $(shell sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' kmod/main.c)
dkms := $(DESTDIR)/usr/src/pfsnl-$(version)
dkms_install:
	install -d $(dkms)
	cp -r Kbuild kmod COPYING $(dkms)/
	install -m 644 tools/dkms/dkms.conf $(dkms)/

clean:
	$(if $(have_headers),$(MAKE) -C $(KDIR) M=$(CURDIR) clean)
	rm -rf .build

setup:
	tools/setup

demo:
	@tools/demo/demo

shell:
	@tools/demo/shell

check:
	@tools/check

check-full:
	@tools/check --full

check-debug:
	@tools/check --full setup kernel build uml

hogs:
	@tools/check --full setup kernel build hogs

soak:
	@tools/soak

fuzz:
	@tools/setup test
	@$(MAKE) -C selftests/core fuzz

bench:
	@status=0; for b in bench peers talk keep; do tools/bench/$$b || status=$$?; done; exit $$status

help:
	@echo 'make                  module for this kernel (or KVER=...), library, command'
	@echo 'make install          library and command, into PREFIX ($(PREFIX)); DESTDIR works'
	@echo 'make modules_install  the module, into the folder of its kernel'
	@echo 'make dkms_install     the sources for DKMS, which builds for every new kernel'
	@echo 'make clean            remove what was built'
	@echo
	@echo 'These need no preparation; they install the Debian packages they lack:'
	@echo 'make demo             watch a cluster form, lose its leader and heal, in a VM'
	@echo 'make shell            a VM with a running cluster to play in'
	@echo 'make check            all tests (make check-full: the long ones too)'
	@echo 'make check-debug      all tests on the debug kernel only'
	@echo 'make hogs             nodes on busy processors, on 6.1 and 6.12'
	@echo 'make soak             simulator and module in virtual time, until stopped'
	@echo 'make fuzz             the fuzzers of the protocol core, with clang'
	@echo 'make bench            how fast it is, alone and beside others'
