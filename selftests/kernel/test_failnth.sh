#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every allocation fails once: those of start, join, tether, leave, stop, set,
# reading and unloading, in the thread that asks, in node and beacon threads.
# What is done there is in failnth.c.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"

[ -w /proc/thread-self/fail-nth ] ||
	skip_all "this kernel has no fail-nth: it is for the debug kernel"
hurry
nodes_make 3
failnth=$build/selftests/kernel/failnth
[ -x "$failnth" ] || skip_all "$failnth is missing: make -C selftests/kernel"

# a list of sweeps may be given, by a part of their name
while IFS= read -r line; do
	case $line in
	"ok "*)		pass "${line#ok }" ;;
	"not ok "*)	fail "${line#not ok }" ;;
	"status "*)	status=${line#status } ;;
	*)		echo "$line" ;;
	esac
done < <(
	"$failnth" "$PFSNL_KO" "$(node_ns 1)" "$(node_ns 2)" "$(node_ns 3)" "$@"
	echo "status $?"
)
if [ "$status" = 0 ] || [ "$status" = 1 ]; then
	check "no fault was left armed: the nodes go down" all_down
	check "unloading finds nothing to end" unload
	load
else
	fail "failnth ends with status $status"
fi
if dmesg | grep -qE "ODEBUG: Out of memory|kmemleak disabled"; then
	fail "the checkers of the kernel are still on"
fi
finish
