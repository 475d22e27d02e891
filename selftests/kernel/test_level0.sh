#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: 6.1
#
# Peers that send the bare nine bytes are served as the description of 1998
# says, byte by byte: level0.py, which was written from it, checks that.
. "$(dirname "$0")/lib.sh"
. "$here/level0.sh"

nodes_make 4
level0_make

# frame OP I...: the bytes of an update, in hex
frame()
{
	local op=$1

	shift
	printf '%08x%08x' "$op" $#
	printf "0a4900%02x" "$@"
}

# got NAME PEER: the updates that a peer was given since "got_from", each with
# its bytes
declare -A got_from=()
got()
{
	grep -E "^$2 (add|remove|tether|closed|WRONG)" "$tmp/$1.out" |
		tail -n +"$((${got_from[$2]:-0} + 1))"
}

got_mark()
{
	got_from[$2]=$(grep -cE "^$2 (add|remove|tether|closed|WRONG)" \
		"$tmp/$1.out")
}

got_is()
{
	local got

	got=$(got "$1" "$2")
	why="peer $2 got:"$'\n'"$got"$'\n'"not:"$'\n'"$3"
	[ "$got" = "$3" ]
}

# update OP-WORD I...: a line of level0.py
update()
{
	local word=$1 op=0

	shift
	[ "$word" = remove ] || op=$((0xffffffff))
	echo "$word $* = $(frame $op "$@")"
}

# has NAME PEER LIST: what the peer thinks the list is
has()
{
	tell "$1" list "$2"
	says "$1" "$2 list $3"
}

# shellcheck disable=SC2086 # lists are words
{
watch_start 1 2 3
node_up 1
wait_until 20 agree 1 "1*"
node_up 2
node_up 3
wait_until 20 agree "1 2 3" "1* 2 3"

level0 one 101-103
tell one speak 101
check "a node that sends the nine bytes enters everybody's list" \
	wait_until 20 agree "1 2 3" "1* 2 3 101"
check "it is given the whole list first, and not a byte more" \
	wait_until 20 got_is one 101 "101 tether $net.1
101 $(update add 1 2 3 101)"
json=$(ctl 1 peers --json)
json=${json#*\"$net.101\"}
json=${json%%\}*}
is "it is shown as of level 0, without an incarnation" \
	"$(member "$json" level; echo $REPLY) $(member "$json" incarnation; echo $REPLY)" \
	"0 0x0000000000000000"
check "every watch has it" wait_until 10 folds 1 2 3

got_mark one 101
node_up 4
check "a node that joins is told to it with the bytes of one add" \
	wait_until 20 got_is one 101 "101 $(update add 4)"
got_mark one 101
node_down 4
check "a node that leaves is told to it with the bytes of one remove" \
	wait_until 20 got_is one 101 "101 $(update remove 4)"

got_mark one 101
tell one speak 102
wait_until 20 agree "1 2 3" "1* 2 3 101 102"
tell one speak 103
check "several such nodes enter everybody's list" \
	wait_until 20 agree "1 2 3" "1* 2 3 101 102 103"
check "several: the first is told of the others" \
	wait_until 20 got_is one 101 "101 $(update add 102)
101 $(update add 103)"
# the departure of 4 is repeated, as they might have known it
check "several: the last is given the whole list" \
	eval 'wait_until 20 has one 103 "1 2 3 101 102 103" &&
		[[ $(got one 103) == *"$(frame $((0xffffffff)) 1 2 3 101 102 103)"* ]]'

stats_mark 1
tell one send 101 49276d20616c697665
check "bytes that such a node sends up its tether are counted, and no more" \
	wait_until 10 counted_is 1 level0_bytes=9 "beacon_rx_level0"
check "nobody noticed" agree "1 2 3" "1* 2 3 101 102 103"

if full_only; then
	got_mark one 101
	watch_mark
	node_down 1
	check "the leader leaves: the next one has them all" \
		wait_until 20 agree "2 3" "2* 3 101 102 103"
	check "the leader leaves: other watches see it go and nothing else" \
		changes_are "2 3" "-1"
	check "the new leader gives the whole list and then who departed" \
		wait_until 20 got_is one 101 "101 closed
101 tether $net.2
101 $(update add 2 3 101 102 103)
101 $(update remove 1 4)"

	got_mark one 102
	watch_mark
	cut_cable 2
	check "the leader falls silent: the next one has them all" \
		wait_until 30 agree 3 "3* 101 102 103"
	check "the leader falls silent: the watch of the next one sees one remove" \
		changes_are 3 "-2"
	check "the next one gives the whole list and then who departed" \
		wait_until 20 eval '[[ $(got one 102) == *"102 $(update add 3 101 102 103)
102 $(update remove 1 2 4)" ]]'
	heal 2
	wait_until 30 one_list "2 3" "2 3 101 102 103"
	node_down 2
	node_up 1
	check "a node that comes back is told to them again" \
		eval 'wait_until 20 one_list "1 3" "1 3 101 102 103" &&
			wait_until 10 has one 101 "1 3 101 102 103"'
fi

role_is 1 leader && leader=1 || leader=3
stats_mark $leader
watch_mark
tell one fin 102
check "one that closes its connection (FIN) is removed, and comes back" \
	wait_until 20 changes_are "1 3" "-102 +102"
check "FIN: counted as closed" eval '
	[[ $(counted '$leader') == *drop_closed=1* ]]'
watch_mark
tell one reset 103
check "one that resets its connection (RST) is removed, and comes back" \
	wait_until 20 changes_are "1 3" "-103 +103"
check "RST: counted as closed" eval '
	[[ $(counted '$leader') == *drop_closed=2* ]]'

if full_only; then
	watch_mark
	# its acknowledgements are lost, its beacons are not
	filter $leader "ip saddr $net.103 tcp sport 7319 drop"
	tell one fin 102
	check "one whose connection passes nothing is removed, though it beacons" \
		wait_until 30 changes_are "1 3" "-102 +102 -103"
	filter $leader
	check "and comes back when it passes something again" \
		wait_until 30 one_list "1 3" "1 3 101 102 103"
fi

watch_mark
tell one silence 103
check "one that falls silent is removed after level0-dead" \
	wait_until 20 stat_is $leader drop_silent 1
check "the silent one is gone from every watch" \
	wait_until 10 changes_are "1 3" "-103"
check "none of them ever got a byte that should not be" \
	eval '! grep WRONG "$tmp/one.out"'
check "every watch folds to the list" wait_until 10 folds 1 3
helper_stop one
all_down

# --- whom it is not for ---
if full_only; then
	node_up 1 --level0 off
	node_up 2 --cluster other
	wait_until 20 eval 'agree 1 "1*" && agree 2 "2*"'
	level0 two 110
	tell two speak 110
	check "with level0 off the nine bytes are refused and counted" \
		wait_until 10 stat_over 1 beacon_level0_refused 2
	check "so they are in a cluster of another name" \
		wait_until 10 stat_over 2 beacon_level0_refused 2
	is "nobody connected to it" "$(got two 110)" ""
	check "nobody has it in the list" eval 'agree 1 "1*" && agree 2 "2*"'
	node_down 2
	node_up 2 --cluster other --level0 on
	check "with level0 on it is served there too" \
		wait_until 20 agree 2 "2* 110"
	helper_stop two
	all_down
fi

# --- one that stops reading ---
# What a tether holds back is bounded: here by 4096 bytes, beyond what the
# peer's receive buffer takes. The others come and go until that is full.
room=4096
dead=3
for i in 1 2; do
	node_up $i --level0-dead 60000 --max-nodes 104
done
check "two nodes again" wait_until 20 agree "1 2" "1* 2"
level0 stuck 198-199 --rcvbuf 1
crowd_start 90
tell stuck deaf 199
tell stuck speak all
check "a node that never reads is in the list at first" \
	wait_until 20 agree "1 2" "1* 2 198 199"
stats_mark 1
watch_mark

crowd_passes 1 drop_blocked
is "it is dropped because an update would block" "$value" 1
note "after $rounds times $crowd nodes came and went"
# what another like it, which reads, was told meanwhile
wait_until 10 eval 'got stuck 198 | grep -q "remove .*\<199\>"'
told=$(got stuck 198 | sed -n '/remove .*\<199\>/q; s/.*= //p' | tr -d '\n')
told=$((${#told} / 2))
check "before that it was sent more than the room that is kept for updates" \
	[ $told -gt $room ]
check "its beacons went on: that was no silence" stat_is 1 drop_silent 0
wait_until 10 removal 1 199 >"$tmp/null"
wait_until 10 removal 2 199 >"$tmp/null"
later=$(($(removal 2 199) - $(removal 1 199)))
note "the other node heard of it $later ms after the leader did"
check "the other node hears of it at once" [ "$later" -lt 1000 ]
check "every watch folds to the list after all that" \
	wait_until 20 folds 1 2
helper_stop crowd
helper_stop stuck
}
finish
