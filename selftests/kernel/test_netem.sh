#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: 6.12
#
# Packets get lost, late, twice, or overtake each other, those of beacons and of
# tethers alike, and that all the time: a cluster forms in it, nodes join and
# leave, and when it is over all are one ring. How many nodes are taken for dead
# though they live is noted, beside what the loss makes likely.
# shellcheck disable=SC2034 # variables are for lib.sh
. "$(dirname "$0")/lib.sh"
. "$here/weather.sh"

interval=50
# ms for which it acts on a cluster that has nothing else to do
resting=400
full=
if [ "${PFSNL_FULL-}" = 1 ]; then
	resting=30000
	full=1
fi
seven="1 2 3 4 5 6 7"
eight="$seven 8"

# shellcheck disable=SC2086 # they are words
one_ring()
{
	one_list "$1" && same_ring $1
}

# Each ring has a cause: one of eight nodes that came, a node that went and came
# back, or a leader that was lost, had a successor, and was merged again.
few_rings()
{
	why="$rings rings in $elapsed ms, with $drops nodes dropped, $lost leaders lost"
	why+=$'\n'$(trace_rings)
	[ "$rings" -le $((9 + 2 * drops + 3 * lost)) ]
}

few_silent()
{
	why="$silent live nodes taken for silent, predicted $predicted"
	awk -v got="$silent" -v p="$predicted" 'BEGIN { exit got > 3 + 4 * p }'
}

# in_weather NAME LOSS NETEM...: LOSS is how many percent get lost of that. If no
# node is up it begins with seven that form a cluster, else with those that are.
in_weather()
{
	local name=$1 loss=$2

	shift 2
	weather "$@"
	trace_mark
	lists 1
	if [ "${roles[1]}" = down ]; then
		# shellcheck disable=SC2086 # they are words
		nodes_together $seven
		check "$name: seven nodes form one cluster" \
			wait_until 90 one_list "$seven"
	fi
	node_up 8
	check "$name: one more joins" wait_until 90 one_list "$eight"
	holds "$resting" :
	trace_sum
	predict "$loss" 7
	note "in $elapsed ms $drops nodes dropped, $lost leaders lost, $silent of both for silence"
	note "predicted $predicted; at most $rings rings on one node, $dials dials"
	if [ "$loss" = 0 ]; then
		is "$name: no live node is dropped" "$drops $lost" "0 0"
	else
		check "$name: no more are taken for dead than the loss explains" \
			few_silent
	fi
	check "$name: no more rings than there was reason for" few_rings
	node_down 8
	check "$name: one leaves" wait_until 90 one_list "$seven"
	weather
	check "$name, and then no more: all are one ring" \
		wait_until 60 one_ring "$seven"
	# shellcheck disable=SC2086 # they are words
	check "$name: every watch folds to the list" wait_until 20 folds $eight
}

nodes_make 8
# shellcheck disable=SC2086 # they are words
watch_start $eight
trace_start
dead=5
! full_only || in_weather "5 % get lost" 5 loss 5%
in_weather "15 % get lost" 15 loss 15%
if full_only; then
	all_down
	in_weather "all are late" 0 delay 30ms
	in_weather "some are later than others" 0 delay 30ms 25ms
	in_weather "some come twice" 0 duplicate 30%
	in_weather "some overtake others" 0 delay 20ms reorder 30% 50%
fi
# TCP tries again after 0.2 s and then 0.4 s: with less time than that a tether
# breaks when it loses two packets
dead=12
all_down
! full_only || in_weather "30 % get lost" 30 loss 30%
all_down
in_weather "all of that" 15 delay 20ms 15ms loss 15% duplicate 20% \
	reorder 20%
if [ "$full" ]; then
	dead=5
	all_down
	in_weather "30 % get lost, and short times" 30 loss 30%
fi
all_down
trace_stop
finish
