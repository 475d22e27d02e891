#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml 6.1
#
# The module is unloaded at any moment: while nodes form a cluster, while they
# are one with watches open and lists being read, while nodes start and stop.
# It ends what runs, and nothing of it is left.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"

hurry
nodes_make 3

up_all()
{
	node_up 1 && wait_until 20 agree 1 "1*" && node_up 2 && node_up 3 &&
		wait_until 20 agree "1 2 3" "1* 2 3"
}

# in_background NAME COMMAND...: again and again, exit codes in $tmp/NAME
in_background()
{
	local name=$1

	shift
	: >"$tmp/$name"
	while [ -d "$tmp" ] && [ ! -e "$tmp/stop" ]; do
		"$@" >"$tmp/null" 2>&1
		echo $? >>"$tmp/$name"
	done
}

# codes NAME: which exit codes these were
codes()
{
	sort -nu "$tmp/$1" | tr '\n' ' '
}

watch_start 1 2 3
check "three nodes are one cluster" up_all
pids=()
for i in 1 3; do
	in_background "peers.$i" ctl $i peers &
	pids+=($!)
done
in_background "stats.2" ctl 2 stats &
pids+=($!)
reads_on()
{
	[ "$(grep -c 0 "$tmp/$1")" -ge 3 ]
}
check "lists are being read" wait_until 20 reads_on peers.3
check "unloaded while watches are open and lists are read" unload
note "tethers created and destroyed: $created"
check "unloaded while watches are open: they fold to nobody" \
	wait_until 20 folded "1 2 3" ""
not_loaded()
{
	local n
	n=$(grep -cx 3 "$tmp/peers.1")
	why="$n readers were told that the module is not loaded"
	[ "$n" -gt 0 ]
}
check "unloaded: who asks is told that the module is not loaded" \
	wait_until 20 not_loaded
load
check "loaded again: the nodes are one cluster again" up_all
check "loaded again: the watches go on" wait_until 20 folds 1 2 3
touch "$tmp/stop"
wait "${pids[@]}"
rm "$tmp/stop"
read=$(cat "$tmp"/peers.* "$tmp"/stats.* | sort -nu | tr '\n' ' ')
is "readers saw a list, no node, or no module, nothing else" "$read" "0 3 4 "

# a node that waits for an answer that can't come
for i in 1 2 3; do
	ctl $i set --interval 2000 || note "set failed on $i"
done
cut_cable 1
events_start 1
ctl 1 down --wait 700 >"$tmp/null" 2>&1 &
stopping=$!
check "a node waits in its stop" \
	wait_until 10 grep -q '"role":"leaving"' "$tmp/monitor"
check "unloaded while a node waits in its stop" unload
wait $stopping
is "unloaded while a node waits in its stop: the stop succeeds" $? 0
heal 1
load

# starts and stops without end
pids=()
in_background "up.1" ctl 1 up eth0 --interval 20 &
pids+=($!)
in_background "down.1" ctl 1 down --wait 20 &
pids+=($!)
in_background "up.2" ctl 2 up eth0 --interval 20 &
pids+=($!)
started()
{
	grep -qx 0 "$tmp/up.1" && grep -qx 0 "$tmp/down.1" &&
		grep -qx 0 "$tmp/up.2"
}
check "nodes start and stop all the time" wait_until 20 started
wrong=
for try in 1 2 3; do
	pause 0.0$((try * 17 % 10))
	unload || wrong+="$try: $why "
	load || wrong+="$try: $why "
done
is "unloaded while nodes start and stop, 3 times" "$wrong" ""
touch "$tmp/stop"
wait "${pids[@]}"
read=$(cat "$tmp"/up.[12] "$tmp/down.1" | sort -nu | tr '\n' ' ')
# 1: it is just being taken down
check "starts and stops were done, not needed, or without a module" \
	eval 'why=$read; [[ $read == "0 "?("1 ")"3 4 " ]]'
check "unloading at last: nothing is left" eval 'unload && nothing_left 1 2 3'
load
finish
