#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: 6.12
#
# A cluster falls in two halves and comes together again: no watch sees more of
# that than the other half go and come, each in one update, and why. And what
# becomes of a majority, of a better leader, and of a link that goes.
. "$(dirname "$0")/lib.sh"

# not to be taken for dead because the machine is busy
# shellcheck disable=SC2034 # for lib.sh
dead=20
left="1 2 3 4"
right="5 6 7 8"
everybody="$left $right"

# lines_since I: what its watch was told since the mark, a line for each update:
# "+ merged 5 6 7 8"
lines_since()
{
	tail -n "+$((watch_from[$1] + 1))" "$tmp/watch.$1" |
		sed -E 's/.*"op":"(.)[a-z]*","addresses":\[([^]]*)\],"why":\[([^]]*)\].*/\1 \3 \2/
			s/["]//g; s/,/ /g' |
		sed -E "s/^a/+/; s/^r/-/; s/$net\\.//g" |
		sed -E ':a; s/([a-z]+) \1\b/\1/; ta'
}

# each_told "I..." LINE: the watch of each was told just that, in one update
each_told()
{
	local i got

	for i in $1; do
		got=$(lines_since "$i")
		why="the watch on node $i was told: ${got:-nothing}"$'\n'
		why+="not:                        $2"
		[ "$got" = "$2" ] || return
	done
}

told_once()
{
	wait_until 30 each_told "$1" "$2" && holds 400 each_told "$1" "$2"
}

quorate_are()
{
	local i want=$2 got

	for i in $1; do
		member "$(ctl "$i" ring --json 2>/dev/null)" quorate
		got=$REPLY
		why="node $i: quorate is ${got:-not said}, not $want"
		[ "$got" = "$want" ] || return
	done
}

nodes_make 8
watch_start 1 2 3 4 5 6 7 8
for i in $everybody; do
	# one more vote on the left, so that one half has the majority
	node_up "$i" --expected-votes 9 --votes $((1 + (i == 1)))
	[ "$i" != 1 ] || wait_until 20 agree 1 "1*"
done
check "eight nodes are one cluster" wait_until 20 agree "$everybody" "1* 2 3 4 5 6 7 8"
check "eight nodes are quorate" wait_until 20 quorate_are "$everybody" true

watch_mark
# shellcheck disable=SC2086 # they are words
segment 1 $right
check "the segment falls in two: one half goes on with its leader" \
	wait_until 30 agree "$left" "1* 2 3 4"
check "the segment falls in two: the other half has a leader of its own" \
	wait_until 30 agree "$right" "5* 6 7 8"
check "the segment falls in two: each half sees the other fail, at once" \
	eval 'wait_until 10 folded "$left" "$left" && folded "$right" "$right"'
check "five of nine votes are a majority, when the others must know" \
	wait_until 20 quorate_are "$left" true
for i in $everybody; do
	stats_mark "$i"
done
watch_mark
# shellcheck disable=SC2086 # they are words
segment 0 $right
check "the halves meet: one half sees the other come in one update" \
	told_once "$left" "+ merged $right"
check "the halves meet: so does the other" \
	told_once "$right" "+ merged $left"
check "the halves meet: one cluster, led by the better leader" \
	agree "$everybody" "1* 2 3 4 5 6 7 8"
check "the halves meet: all are in one ring" same_ring 1 2 3 4 5 6 7 8
check "the halves meet: one leader gave way, one merged" eval '
	[[ $(counted 5) == *step_downs=1* && $(counted 1) == *merges=1* ]]'
check "the halves meet: nobody lost a leader" eval '
	[[ $(counted 2)$(counted 6) != *leader_lost* ]]'

# --- why ---
watch_mark
node_down 8
check "a node leaves: every watch is told that it left" \
	told_once "1 2 3 4 5 6 7" "- left 8"
watch_mark
node_up 8 --expected-votes 9
check "a node joins: every watch is told that it joined" \
	told_once "1 2 3 4 5 6 7" "+ joined 8"
watch_mark
cut_cable 8
check "a node falls silent: every watch is told that it failed" \
	told_once "1 2 3 4 5 6 7" "- failed 8"
heal 8
wait_until 30 agree "$everybody" "1* 2 3 4 5 6 7 8"

# --- preempt ---
watch_mark
ctl 3 set --priority 200 --preempt yes >"$tmp/null"
check "a better node with preempt takes the lead over" \
	wait_until 20 agree "$everybody" "1 2 3* 4 5 6 7 8"
check "a better node takes over: no watch sees a change" \
	holds 400 each_told "$everybody" ""

# --- the link ---
watch_mark
in_node 6 ip link set eth0 down
check "a node's link goes down: it is an orphan at once" \
	wait_until 1 role_is 6 orphan
check "a node's link goes down: it is not quorate" quorate_are 6 false
in_node 6 ip link set eth0 up
check "the link is back before the node is missed: it is tethered again" \
	wait_until 20 agree "$everybody" "1 2 3* 4 5 6 7 8"
check "the link is back before the node is missed: no watch saw it" \
	holds 400 each_told "$everybody" ""
# at the other end of the cable, so that only the carrier goes
on_segment "link set p6 down"
check "a node's cable is pulled: it is an orphan at once" \
	wait_until 1 role_is 6 orphan
on_segment "link set p6 up"
check "the cable is back before the node is missed: it is tethered again" \
	wait_until 20 agree "$everybody" "1 2 3* 4 5 6 7 8"
check "the cable is back before the node is missed: no watch saw it" \
	holds 400 each_told "$everybody" ""
check "every watch folds to the list" wait_until 10 folds 1 2 3 4 5 6 7 8
finish
