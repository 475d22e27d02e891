#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml 6.1 6.12
#
# Programs that live with the events: the C++ class of 1998, watches of the C
# library in each form, and how it recovers when events are lost. They are the
# library's own tests, selftests/lib; this runs them here.
here=$(cd "$(dirname "$0")" && pwd)
build=${PFSNL_BUILD:-$here/../../.build}

# without sanitizers, which find no room in User-Mode Linux
export O=$build/selftests/lib-plain
if [ ! -x "$O/node" ]; then
	echo "TAP version 13"
	echo "1..0 # SKIP $O/node is missing: make -C selftests/kernel"
	exit 4
fi
[ "${PFSNL_SUBSET-}" != 1 ] || set -- vm_seed.sh
exec "$here/../lib/run-vm.sh" "$@"
