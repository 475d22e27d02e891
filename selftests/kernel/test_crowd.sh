#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# More than a thousand members in a group, on two nodes. It takes a minute or two,
# so it is for --full.
here=$(cd "$(dirname "$0")" && pwd)

if [ "${PFSNL_FULL-}" != 1 ]; then
	echo "TAP version 13"
	echo "1..0 # SKIP takes long: only with --full"
	exit 4
fi
exec "$here/test_events.sh" vm_crowd
