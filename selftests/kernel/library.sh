# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # here is the test's
#
# Runs tests of the library's own, selftests/lib, as a test of these. Source it.

build=${PFSNL_BUILD:-$here/../../.build}

# without sanitizers, which find no room in User-Mode Linux
export O=$build/selftests/lib-plain

# library TEST...: instead of what follows
library()
{
	if [ ! -x "$O/node" ]; then
		echo "TAP version 13"
		echo "1..0 # SKIP $O/node is missing: make -C selftests/kernel"
		exit 4
	fi
	exec "$here/../lib/run-vm.sh" "$@"
}
