#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: 6.1
#
# The leader is lost at any moment while a crowd joins: its cable is cut, or its
# namespace deleted. Those who joined, and those who were about to, are one ring
# soon, and when the lost one is back it is one of them.
# shellcheck disable=SC2034 # variables are for lib.sh
. "$(dirname "$0")/lib.sh"
. "$here/weather.sh"

interval=50 dead=10
crowd="2 3 4 5 6 7 8 9"
# ms after the start of the crowd; packets are so late that joining takes 200
moments=(60 120)
full_only || moments=(100)
[ "${PFSNL_FULL-}" != 1 ] || mapfile -t moments < <(seq 0 8 320)

# shellcheck disable=SC2086 # they are words
one_ring()
{
	one_list "$1" && same_ring $1
}

# round MS HOW COMMAND...: one of them
round()
{
	local ms=$1 how=$2 began

	shift 2
	weather delay 25ms 10ms
	node_up 1
	wait_until 20 agree 1 "1*"
	# shellcheck disable=SC2086 # they are words
	nodes_together $crowd &
	now_ms
	began=$now
	holds "$ms" :
	"$@"
	lists 1 3 9
	note "after $((now - began)) ms, when 1, 3 and 9 had: ${lists[1]}, ${lists[3]}, ${lists[9]}"
	now_ms
	began=$now
	wait $!
	check "its leader's $how $ms ms after a crowd started: the crowd is one ring" \
		wait_until 30 one_ring "$crowd"
	now_ms
	note "$((now - began)) ms later"
	weather
	# shellcheck disable=SC2086 # they are words
	check "its leader's $how $ms ms after a crowd started: every watch folds to the list" \
		wait_until 20 folds $crowd
}

nodes_make 9
# shellcheck disable=SC2086 # they are words
watch_start 1 $crowd
for ms in "${moments[@]}"; do
	round "$ms" "cable is cut" cut_cable 1
	heal 1
	check "its cable is mended: all are one ring" \
		wait_until 30 one_ring "1 $crowd"
	# shellcheck disable=SC2086 # they are words
	check "its cable is mended: every watch folds to the list" \
		wait_until 20 folds 1 $crowd
	all_down
done
# the kernel deletes namespaces one after the other, which takes long
full_only || moments=()
for ms in "${moments[@]}"; do
	round "$ms" "namespace is deleted" node_delete 1
	node_make 1
	watch_start 1
	all_down
done
finish
