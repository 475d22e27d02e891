#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Not everybody reaches everybody, and that stays so: the leader hears a node that
# it can't connect to, a node hears a leader that doesn't hear it, a leader and one
# client lose each other while a third hears both. What can't be is tried again,
# ever more rarely, and said why; those who reach each other see nothing of it,
# and when the way is free all are one cluster.
# shellcheck disable=SC2034 # variables are for lib.sh
. "$(dirname "$0")/lib.sh"
. "$here/weather.sh"

interval=50 dead=10
# ms for which nothing may change
lasting=800
[ "${PFSNL_FULL-}" != 1 ] || lasting=30000
seven="1 2 3 4 5 6 7"

from()
{
	echo "ip saddr $(node_addr "$1") ${*:2} drop"
}

# Dials take longer each time: 0.1 s, 0.15 s, 0.2 s, 0.3 s ..., and at least 1 s
# each in the end; two for each of these, should a second leader try, too.
few_dials()
{
	local most=$((2 * (6 + elapsed / 1000)))

	why="$dials dials in $elapsed ms"
	[ "$dials" -le $most ]
}

# nothing_moves NAME LIST LIST8: for a while the seven and node 8 have these lists,
# no ring is made, and there are few dials
nothing_moves()
{
	local name=$1 list=$2 list8=$3

	watch_mark
	trace_mark
	check "$name: it stays so" \
		holds $lasting eval 'agree "$who" "$list" && agree 8 "$list8"'
	trace_sum
	is "$name: no ring is made" "$rings" 0
	check "$name: few attempts are made" few_dials
	note "$dials dials in $elapsed ms"
	check "$name: no watch is told anything" changes_are "$who 8" ""
}

# all_one NAME: the filters are gone
all_one()
{
	local i

	trace_mark
	for i in 1 2 8; do
		filter "$i"
	done
	check "$1, and then no more: all are one cluster" \
		wait_until 30 one_list "$who 8"
	trace_sum
	note "after $elapsed ms"
}

# newcomer NAME LIST LIST8: node 8 is new, its filters are set; what becomes of it
newcomer()
{
	trace_mark
	node_up 8
	check "$1: the others go on, it has ${3:-nobody}" \
		wait_until 20 eval "agree '$who' '$2' && agree 8 '$3'"
}

nodes_make 8
watch_start 1 2 3 4 5 6 7 8
trace_start
node_up 1
wait_until 20 agree 1 "1*"
nodes_together 2 3 4 5 6 7
who=$seven
check "seven nodes are one cluster" wait_until 20 agree "$seven" "1* 2 3 4 5 6 7"

name="the leader can't connect to a node that it hears"
filter 8 "tcp dport 7319 drop"
newcomer "$name" "1* 2 3 4 5 6 7" 8
check "$name: it is noted why" \
	wait_until 20 noted_over 2 1 dial-failed 8 "no answer in time"
check "$name: and counted" stat_over 1 tether_dial_failed 2
check "$name: it listens" role_is 8 listening
nothing_moves "$name" "1* 2 3 4 5 6 7" 8
all_one "$name"
check "$name, and then no more: the others saw it join once" \
	changes_are "$seven" "+8"
node_down 8

if full_only; then
	name="a node refuses the leader's connections"
	filter 8 "tcp dport 7319 reject with tcp reset"
	newcomer "$name" "1* 2 3 4 5 6 7" 8
	check "$name: it is noted why" wait_until 20 \
		noted_over 2 1 dial-failed 8 "connection refused or unreachable"
	nothing_moves "$name" "1* 2 3 4 5 6 7" 8
	all_one "$name"
	node_down 8

	name="the leader does not hear a node that hears it"
	filter 1 "$(from 8 ip protocol udp)"
	newcomer "$name" "1* 2 3 4 5 6 7" 8
	check "$name: it listens" role_is 8 listening
	check "$name: it is noted which leader that is" \
		wait_until 20 noted_over 0 8 unclaimed 1 "nobody tethered it in time"
	nothing_moves "$name" "1* 2 3 4 5 6 7" 8
	is "$name: nobody dials" "$dials" 0
	all_one "$name"
	node_down 8
fi

# it hears no beacon, but what the leader sends along the tether
name="a node hears none of the leader's beacons"
filter 8 "$(from 1 ip protocol udp)"
trace_mark
node_up 8
check "$name: it is a client all the same" \
	wait_until 20 agree "$seven 8" "1* 2 3 4 5 6 7 8"
check "$name: it asks the leader along the tether" \
	wait_until 20 noted_over 2 8 ask 1
nothing_moves "$name" "1* 2 3 4 5 6 7 8" "1* 2 3 4 5 6 7 8"
filter 8

if full_only; then
	# the node is a member, and suddenly the leader hears nothing of it
	name="the leader hears no more of a client that hears it"
	watch_mark
	filter 1 "$(from 8)"
	check "$name: it is dropped, and knows" wait_until 20 \
		eval 'agree "$seven" "1* 2 3 4 5 6 7" && agree 8 8'
	nothing_moves "$name" "1* 2 3 4 5 6 7" 8
	all_one "$name"
fi

name="leader and client lose each other, others hear both"
filter 1 "$(from 8)"
filter 8 "$(from 1)"
check "$name: each goes on without the other" wait_until 20 \
	eval 'agree "$seven" "1* 2 3 4 5 6 7" && agree 8 "8*"'
check "$name: those who hear both tell their leader" \
	wait_until 20 stat_over 1 foreign_rx 0
nothing_moves "$name" "1* 2 3 4 5 6 7" "8*"
all_one "$name"

if full_only; then
	name="the leader is lost, and one client does not hear its successor"
	filter 8 "$(from 2)"
	cut_cable 1
	who="2 3 4 5 6 7"
	check "$name: each goes on without the other" wait_until 20 \
		eval 'agree "2 3 4 5 6 7" "2* 3 4 5 6 7" && agree 8 "8*"'
	nothing_moves "$name" "2* 3 4 5 6 7" "8*"
	all_one "$name"
	heal 1
	who="$seven"
	check "and the old leader comes back: all are one cluster" \
		wait_until 30 one_list "$seven 8"
fi

check "every watch folds to the list" wait_until 20 folds 1 2 3 4 5 6 7 8
all_down
trace_stop
finish
