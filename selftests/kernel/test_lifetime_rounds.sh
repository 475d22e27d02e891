#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module is loaded, nodes are started and it is unloaded again, 200 times,
# each time at another moment, under traffic and with watches open; nothing is
# left of it, and memory does not grow.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"

rounds=200
# an emulated machine needs most of a second for one
full_only || rounds=20

hurry
nodes_make 4
churn=$build/selftests/kernel/churn
[ -x "$churn" ] || skip_all "$churn is missing: make -C selftests/kernel"

# objects_used: how many objects of each slab cache are in use, sorted by name
objects_used()
{
	local cache

	# memory that only lies in a quarantine of the checkers, or in caches
	echo 3 >/proc/sys/vm/drop_caches
	for cache in /sys/kernel/slab/*/; do
		echo 1 >"${cache}shrink" 2>/dev/null
	done
	grep -H . /sys/kernel/slab/*/objects 2>/dev/null |
		sed 's,^/sys/kernel/slab/\([^/]*\)/objects:\([0-9]*\).*,\1 \2,' |
		sort
}

# churn ROUNDS: its last words are in $why, those about numbers are shown
churn()
{
	why=$("$churn" "$PFSNL_KO" "$1" "$(node_ns 1)" "$(node_ns 2)" \
		"$(node_ns 3)" "$(node_ns 4)" 2>&1)
}

# What the checkers of a debug kernel keep for themselves: debug objects, what
# the leak checker knows of all memory, and the last 128 references to each
# device and namespace (objects of 32 bytes).
spared='^debug_objects_cache$|^kmemleak_object$'
! grep -qw ref_tracker_alloc /proc/kallsyms || spared+='|^kmalloc-32$'

# no_growth ROUNDS: each round left less than half an object in each cache
no_growth()
{
	why=$(join "$tmp/before" "$tmp/after" | awk -v rounds="$1" \
		-v spared="$spared" '
		$3 - $2 > rounds / 2 && $1 !~ spared {
			printf "%s: %d objects before, %d after\n", $1, $2, $3
		}')
	[ -z "$why" ]
}

check "unloaded in 5 rounds to warm up" churn 5
load
objects_used >"$tmp/before"
begin=$EPOCHREALTIME
check "$rounds rounds of loading, starting and unloading under traffic" \
	churn $rounds
note "${why#\# }"
note "$(awk "BEGIN { print $EPOCHREALTIME - $begin }") s"
check "$rounds rounds: no thread and no socket is left" nothing_left 1 2 3 4
# A few rounds on a kernel with all its other work show that work instead.
if full_only && [ -s "$tmp/before" ]; then
	check "$rounds rounds: it is loaded again" load
	objects_used >"$tmp/after"
	check "$rounds rounds: memory in use doesn't grow with each" \
		no_growth $rounds
else
	skip "$rounds rounds: memory in use doesn't grow with each" \
		"this kernel has no /sys/kernel/slab, or these are too few"
	load
fi
finish
