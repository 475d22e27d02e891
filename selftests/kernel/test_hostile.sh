#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# A stranger says everything that must not be believed, by beacons and by
# tethers. The list stays what it is, each thing is counted as what it was, and
# nothing of it stays in memory.
. "$(dirname "$0")/lib.sh"
. "$here/level0.sh"

# attack NAME WORDS...: has hostile.py do it; sets answer
attack()
{
	local name=$1 lines before

	shift
	mapfile -t lines <"$tmp/$name.out"
	before=${#lines[@]}
	tell "$name" "$@" || return
	wait_until 120 answered "$name" "$before" || return
	verbose "$* -> $answer"
	why="$* -> $answer"
	[[ $answer == done* ]]
}

answered()
{
	local lines

	mapfile -t lines <"$tmp/$1.out"
	why="$1 has not answered yet"
	[ ${#lines[@]} -gt "$2" ] && answer=${lines[-1]}
}

# of KEY: sets REPLY to the number that the answer gives, or 0
of()
{
	REPLY=${answer#* "$1="}
	REPLY=${REPLY%%[ .]*}
	[[ $REPLY == +([0-9]) ]] || REPLY=0
}

# beacons NAME KIND I COUNTERS...: sends them to node I, which counts each under
# one of these
beacons()
{
	local text=$1 kind=$2 i=$3 sum sent

	shift 3
	stats_mark "$i"
	attack hostile beacons "$kind" "$(node_addr "$i")" || {
		fail "$text" "$why"
		return
	}
	of sent
	sent=$REPLY
	check "$text" wait_until 20 sums_to "$i" "$sent" "$*"
}

# sums_to I SUM "COUNTERS...": what has no room in the receive buffer is fine
sums_to()
{
	local got pair sum=0

	got=$(counted "$1" 'tether_dial*' 'beacon_no_room')
	for pair in $got; do
		[[ " $3 beacon_overrun " == *" ${pair%=*} "* ]] || {
			why="node $1 counted: $got"
			return 1
		}
		sum=$((sum + ${pair#*=}))
	done
	why="node $1 counted: $got"$'\n'"of $2 sent as: $3"
	[ $sum = "$2" ]
}

# sockets I...: how many TCP sockets each of these nodes has
sockets()
{
	local i

	for i; do
		in_node "$i" sed -n 's/^TCP: inuse \([0-9]*\) .*/\1/p' \
			/proc/net/sockstat
	done | tr '\n' ' '
}

sockets_are()
{
	local got

	# shellcheck disable=SC2086 # they are words
	got=$(sockets $1)
	why="nodes $1 have so many TCP sockets: $got, before: $2"
	[ "$got" = "$2" ]
}

# A frame must come within the interval, which a slow guest needs long for.
interval=2000
dead=3
nodes_make 4
level0_make
watch_start 1 2 3 4
node_up 1 --level0 off
wait_until 20 agree 1 "1*"
node_up 2 --level0 off
node_up 3 --level0 off
wait_until 20 agree "1 2 3" "1* 2 3"
helper_start hostile 20 "$here/hostile.py" pfsnl "$(node_addr 20)" "$net"
helper_start pirate 20 "$here/hostile.py" island "$(node_addr 20)" "$net"
wait_until 30 says hostile "ready*"
wait_until 30 says pirate "ready*"
note "random numbers: $(<"$tmp/hostile.out")"
had=$(sockets 1 2 3)
watch_mark

# --- beacons ---
for i in 1 2; do
	full_only || [ $i = 1 ] || break
	on="to a client"
	[ $i = 2 ] || on="to the leader"
	beacons "beacons $on, cut off at each length: malformed" \
		truncated $i beacon_malformed
	beacons "beacons $on, of other lengths than they say: malformed" \
		stated $i beacon_malformed
	beacons "beacons $on, longer than they say or than any is: malformed" \
		oversized $i beacon_malformed
	beacons "beacons $on, of later versions and another cluster: foreign" \
		longer $i beacon_foreign
	beacons "beacons $on, with absurd intervals, rings, flags: malformed" \
		absurd $i beacon_malformed
	beacons "beacons $on, of other clusters: foreign" \
		foreign $i beacon_foreign
	beacons "beacons $on, with the address of somebody else: spoofed" \
		spoofed $i beacon_spoofed
	beacons "beacons $on, thousands of random ones: malformed" \
		random $i beacon_malformed
	beacons "beacons $on, a thousand with some bytes changed" \
		mangled $i beacon_malformed beacon_foreign
done
stats_mark 1
tell hostile bare "$(node_addr 1)"
check "the bare nine bytes, where level 0 is off: refused" \
	wait_until 20 counted_is 1 beacon_level0_refused=1
for i in 1 2; do
	stats_mark $i
	check "goodbyes and claims to lead by beacons of a stranger" \
		attack hostile beacons talk "$(node_addr $i)"
done
check "beacons of a crowd that is not there" \
	attack hostile crowd "$(node_addr 1)"
check "after all these beacons no watch was told anything" \
	holds 500 changes_are "1 2 3" ""
check "after all these beacons each is in the role it had" eval '
	lists 1 2 3; [ "${roles[1]} ${roles[2]} ${roles[3]}" = \
		"leader client client" ]'

# --- connections ---
# connections TEXT KIND I COUNTED: COUNTED may use the numbers of the answer
connections()
{
	local text=$1 kind=$2 i=$3 wanted=$4 key

	stats_mark "$i"
	attack hostile connect "$kind" "$(node_addr "$i")" || {
		fail "$text" "$why"
		return
	}
	for key in malformed unexpected; do
		of $key
		wanted=${wanted//${key^^}/$REPLY}
	done
	check "$text" wait_until 20 counted_like "$i" "$wanted"
}

counted_like()
{
	local got

	got=$(counted "$1" 'beacon_*' 'tether_dial*')
	why="node $1 counted: $got"$'\n'"not:            $2"
	# shellcheck disable=SC2053 # a pattern it is
	[[ $got == $2 ]]
}

for i in 1 2; do
	full_only || [ $i = 1 ] || break
	on="to a client"
	[ $i = 2 ] || on="to the leader"
	connections "connections $on that say nonsense: malformed" \
		malformed $i "tether_in=MALFORMED frame_malformed=MALFORMED"
	connections "connections $on that begin in the middle: unexpected" \
		unexpected $i "tether_in=UNEXPECTED frame_unexpected=UNEXPECTED"
	connections "connections $on that end within a claim" \
		halves $i "tether_in=+([0-9])"
	connections "claims $on by a stranger who leads nobody: answered BUSY" \
		stranger $i "tether_in=3 claim_refused=3"
	connections "claims $on of another cluster or life: answered BUSY" \
		foreign $i "tether_in=3 claim_refused=3"
	connections "a claim $on, byte by byte: answered BUSY" \
		slow $i "tether_in=1 claim_refused=1 frame_unknown=1"
done

stats_mark 3
check "connections that never speak: all are closed" \
	attack hostile connect silent "$(node_addr 3)"
of seconds
if [ "$REPLY" -lt 1 ]; then
	check "more than 16 connections that never speak at once: refused" \
		counted_is 3 "tether_in=40 tether_refused=24" 'beacon_*'
else
	skip "more than 16 connections that never speak at once: refused" \
		"it took $REPLY s to make 40"
fi
stats_mark 2
check "connections without end" \
	attack hostile connect endless "$(node_addr 2)"
check "connections without end: nothing else is counted" eval '
	[[ $(counted 2 "beacon_*" tether_refused) == tether_in=+([0-9]) ]]'
check "after all these connections no watch was told anything" \
	holds 500 changes_are "1 2 3" ""

# --- nodes that misbehave ---
# node TEXT KIND LAST COUNTED CHANGES: the leader dials NET.LAST; watches are told
# the changes
node()
{
	watch_mark
	stats_mark 1
	if ! attack hostile node "$2" "$3" "$(node_addr 1)"; then
		fail "$1" "$why"
		return
	fi
	check "$1" wait_until 20 counted_is 1 "$4" 'beacon_*' 'installs' \
		'update_*' &&
		check "$1: watches" wait_until 20 changes_are "1 2 3" "$5"
}

met="tether_dial=1 tether_up=1"
failed="tether_dial=1 tether_dial_failed=1"
node "a node answers a claim with garbage: malformed" \
	garbage 101 "$failed frame_malformed=1" ""
node "a node accepts for another cluster: malformed" \
	foreign 104 "$failed frame_malformed=1" ""
node "a node makes a list for its leader: dropped as malformed" \
	list 108 "$met frame_malformed=1 drop_malformed=1" "+108 -108"
if full_only; then
	node "a node stops within its answer" half 102 "$failed" ""
	node "a node never answers" mute 103 "$failed" ""
	node "a node hangs up" hangup 113 "$failed" ""
	node "a node accepts in the name of another: malformed" \
		other 105 "$failed frame_malformed=1" ""
	node "a node has no room for the list" tiny 106 "$failed" ""
	node "a node follows another" busy 107 \
		"$failed tether_busy=1" ""
	node "a node sends its leader an update: dropped as malformed" \
		update 109 "$met frame_malformed=1 drop_malformed=1" "+109 -109"
	node "a node accepts twice: dropped, unexpected" \
		again 110 "$met frame_unexpected=1 drop_malformed=1" "+110 -110"
	node "a node's goodbye is too short: dropped as malformed" \
		short 111 "$met frame_malformed=1 drop_malformed=1" "+111 -111"
	node "a node ends its tether (FIN): dropped as closed" \
		fin 114 "$met drop_closed=1" "+114 -114"
fi
node "a node that does all as it should is a node" \
	ping 112 "$met drop_left=1" "+112 -112"

# --- leaders that misbehave ---
node_up 4 --cluster island --priority 0 --interval 500 --dead 4
check "a node of priority 0 is alone" wait_until 20 agree 4 4
watch_mark
stats_mark 4
check "a leader gives malformed lists to a node that accepted it" \
	attack pirate lead malformed "$(node_addr 4)"
of malformed
wanted=frame_malformed=$REPLY
of unexpected
check "malformed lists: each is counted" \
	counted_like 4 "*$wanted frame_unexpected=$REPLY*"
check "rings larger than the node can hold" \
	attack pirate lead huge "$(node_addr 4)"
check "malformed lists: nothing of them is taken" \
	holds 300 changes_are 4 ""
check "a leader gives a proper list" attack pirate lead proper "$(node_addr 4)"
check "a proper list is taken" wait_until 10 agree 4 "4 20*"
check "a leader resets its tether" attack pirate lead end "$(node_addr 4)"
check "after a while the node goes on alone" wait_until 30 agree 4 4

check "in the end the cluster is what it was" agree "1 2 3" "1* 2 3"
check "in the end every watch folds to the list" wait_until 10 folds 1 2 3 4
check "in the end there are as many sockets as before" \
	wait_until 20 sockets_are "1 2 3" "$had"
finish
