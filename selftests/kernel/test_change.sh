#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# The list changes: nodes join, leave, die in each of the ways there are, and
# come back; so do leaders. Each watch is told of each change once, of nothing
# else, and folds to the list.
. "$(dirname "$0")/lib.sh"
. "$here/level0.sh"

# Whoever was taken for dead comes back and is told of once too often, so it takes
# more than a busy machine's standstills to be taken for dead here.
# shellcheck disable=SC2034 # for lib.sh
dead=20

# enough for the crowd below, few enough for the room of a tether to be small
options=(--max-nodes 104)

# told "I..." CHANGES: the watches of these are told just that, and then nothing
told()
{
	wait_until 30 changes_are "$1" "$2" && holds 400 changes_are "$1" "$2"
}

# told_all "I..." CHANGES: the same, in whatever order
told_all()
{
	wait_until 30 changes_are_sorted "$1" "$2" &&
		holds 400 changes_are_sorted "$1" "$2"
}

changes_are_sorted()
{
	local i got

	# shellcheck disable=SC2086 # they are words
	read_watches changes $1
	for i in $1; do
		got=$(printf '%s\n' ${watched[$i]} | sort | tr '\n' ' ')
		why="the watch on node $i was told: $got"$'\n'"not: $2"
		[ "$got" = "$2 " ] || return
	done
}

# up I...: one after the other, all with the same options
up()
{
	local i

	for i; do
		node_up "$i" "${options[@]}"
	done
}

nodes_make 6
watch_start 1 2 3 4 5 6
up 1
wait_until 20 agree 1 "1*"
up 2 3 4 5
wait_until 20 agree "1 2 3 4 5" "1* 2 3 4 5"

watch_mark
up 6
check "a node joins: every watch is told once" told "1 2 3 4 5" "+6"
check "a node joins: it has the list that the others have" \
	wait_until 20 agree "1 2 3 4 5 6" "1* 2 3 4 5 6"

watch_mark
stats_mark 1
node_down 6
check "a node leaves: every watch is told once" told "1 2 3 4 5" "-6"
check "a node leaves: counted as left" \
	counted_is 1 "drop_left=1 installs=1 update_remove=1"
check "a node leaves: its own watch folds to nobody" \
	wait_until 10 folded 6 ""

# --- a tether is reset ---
# Its node, unheard for a moment, can't say that it wants to come back.
watch_mark
stats_mark 1
filter 1 "ip saddr $(node_addr 3) udp dport 7319 drop"
in_node 3 ss -K dst "$(node_addr 1)" sport = 7319 >"$tmp/null"
check "a tether is reset: every other watch is told that its node went" \
	told "1 2 4 5" "-3"
check "a tether is reset: counted as closed" \
	counted_is 1 "drop_closed=1 installs=1 update_remove=1"
filter 1
check "a tether is reset: its node comes back" \
	wait_until 20 agree "1 2 3 4 5" "1* 2 3 4 5"
check "a tether is reset: every other watch is told once" \
	told "1 2 4 5" "-3 +3"

# --- a node falls silent ---
watch_mark
stats_mark 1
cut_cable 4
check "a node falls silent: every other watch is told once" told "1 2 3 5" "-4"
check "a node falls silent: counted as silent" \
	counted_is 1 "drop_silent=1 installs=1 update_remove=1"
check "a node falls silent: in the end it is alone" wait_until 20 agree 4 "4*"
watch_mark
heal 4
check "the silent node is heard again: every other watch is told once" \
	told "1 2 3 5" "+4"
check "the silent node is heard again: all have one list" \
	wait_until 20 agree "1 2 3 4 5" "1* 2 3 4 5"
check "the silent node is heard again: it is told of the others" \
	changes_are 4 "+1 +2 +3 +5"

if full_only; then
	watch_mark
	filter 1 "ip saddr $(node_addr 4) udp dport 7319 drop"
	filter 4 "udp dport 7319 drop"
	check "beacons are lost, the tether is not: nobody is removed" \
		holds 3000 changes_are "1 2 3 4 5" ""
	filter 1
	filter 4

	# --- an update would block ---
	# Node 5 beacons, but nothing that the leader sends it by TCP gets there. The
	# updates are those about a crowd that comes.
	level0_make
	crowd_start 80
	stats_mark 1
	watch_mark
	# it finds by the leader's beacons that it misses rings, but not soon
	ctl 5 set --dead 100 >"$tmp/null"
	filter 5 "tcp dport 7319 drop"
	crowd_passes 1 drop_blocked
	is "a node takes no updates: it is dropped because one would block" "$value" 1
	note "after $rounds times $crowd nodes came and went"
	wait_until 10 removal 1 5 >"$tmp/null"
	wait_until 10 removal 2 5 >"$tmp/null"
	delay=$(($(removal 2 5) - $(removal 1 5)))
	note "the watch of another node was told $delay ms after that of the leader"
	check "a node takes no updates: the others hear of it at once" \
		[ $delay -lt $((interval * dead)) ]
	check "a node takes no updates: its beacons were heard all the time" \
		stat_is 1 drop_silent 1
	check "a node takes no updates: it is told that it is no member" \
		wait_until 20 stat_over 5 not_member_rx 0
	filter 5
	ctl 5 set --dead $dead >"$tmp/null"
	helper_stop crowd
	check "it takes updates again: it comes back and all have one list" \
		wait_until 40 agree "1 2 3 4 5" "1* 2 3 4 5"
	check "every watch folds to the list so far" wait_until 10 folds 1 2 3 4 5
fi

# --- the leader ---
watch_mark
for i in 2 3 4 5; do
	stats_mark $i
done
cut_cable 1
check "the leader falls silent: the next best one leads the others" \
	wait_until 20 agree "2 3 4 5" "2* 3 4 5"
check "the leader falls silent: every watch is told of it once" \
	told "2 3 4 5" "-1"
check "the leader falls silent: each lost it once, one leads" eval '
	[[ $(counted 2) == *"leader_lost=1 leads=1"* &&
	   $(counted 3) == *"leader_lost=1 installs"* ]]'
wait_until 20 agree 1 "1*"
watch_mark
heal 1
check "the old leader comes back: it follows the new one" \
	wait_until 20 agree "1 2 3 4 5" "1 2* 3 4 5"
check "the old leader comes back: every watch is told of it once" \
	told "2 3 4 5" "+1"

if full_only; then
	watch_mark
	node_down 2
	check "the leader leaves: the next best one leads the others" \
		wait_until 20 agree "1 3 4 5" "1* 3 4 5"
	check "the leader leaves: every watch is told of it once" told "1 3 4 5" "-2"
	up 2
	wait_until 20 agree "1 2 3 4 5" "1* 2 3 4 5"

	watch_mark
	node_delete 1
	check "the leader's namespace is deleted: the next best one leads the others" \
		wait_until 20 agree "2 3 4 5" "2* 3 4 5"
	check "the leader's namespace is deleted: every watch is told of it once" \
		told "2 3 4 5" "-1"
	node_make 1
	watch_start 1
	up 1
	check "the leader's namespace is made anew: the node is one among others" \
		wait_until 20 agree "1 2 3 4 5" "1 2* 3 4 5"

	watch_mark
	stats_mark 2
	node_delete 5
	check "a node's namespace is deleted: every watch is told of it once" \
		told "1 2 3 4" "-5"
	check "a node's namespace is deleted: counted as left or closed" eval '
		[[ $(counted 2) == drop_@(left|closed)"=1 installs=1 update_remove=1" ]]'
	node_make 5
	watch_start 5
	up 5
	check "a node's namespace is made anew: it is one among others" \
		wait_until 20 agree "1 2 3 4 5" "1 2* 3 4 5"
fi

# --- one becomes two, and one again ---
up 6
wait_until 20 agree "1 2 3 4 5 6" "1 2* 3 4 5 6"
watch_mark
segment 1 4 5 6
check "the segment falls in two: the half with the leader goes on with it" \
	wait_until 20 agree "1 2 3" "1 2* 3"
check "the segment falls in two: the other half has a new one" \
	wait_until 20 agree "4 5 6" "4* 5 6"
check "the segment falls in two: each watch is told once who is beyond" \
	eval 'told_all "1 2 3" "-4 -5 -6" && told_all "4 5 6" "-1 -2 -3"'
node_down 6
check "the halves go on each for itself" \
	eval 'wait_until 20 agree "4 5" "4* 5" && agree "1 2 3" "1 2* 3"'
segment 0 4 5 6
check "the segment is one again: so is the cluster" \
	wait_until 30 one_list "1 2 3 4 5"
check "the segment is one again: every watch folds to the list" \
	wait_until 10 folds 1 2 3 4 5

# --- restarts ---
lists 1
leader=${lists[1]%%\**}
leader=${leader##* }
watch_mark
node_down 5
up 5
others=$(seq -s ' ' 4)
check "a node is restarted: every watch is told that it went and came" \
	told "$others" "-5 +5"
# its goodbye is lost and its beacons aren't missed: only the beacons of its new
# life tell
ctl "$leader" set --dead 100 >"$tmp/null"
stats_mark "$leader"
watch_mark
cut_cable 5
node_down 5 --wait 0
up 5
heal 5
check "a node is restarted unheard: every watch is told that it went and came" \
	told "$others" "-5 +5"
check "a node is restarted unheard: counted as restarted" \
	eval '[[ $(counted "$leader") == *drop_restarted=1* ]]'
check "in the end every watch folds to the list" \
	wait_until 10 folds 1 2 3 4 5
finish
