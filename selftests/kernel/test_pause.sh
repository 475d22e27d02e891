#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# The machine stands still for longer than it takes to be missed: each CPU is
# taken by something of the highest real-time priority. Whoever finds that the
# time is long past has not listened, and takes nobody for dead.
. "$(dirname "$0")/lib.sh"

# short enough for the share of a second that real-time tasks may have
interval=20
dead=20
still=$((interval * dead + 400))

# what takes a CPU for $1 ms
hog='begin=${EPOCHREALTIME/[.,]/}
	until (( ${EPOCHREALTIME/[.,]/} >= begin + $1 * 1000 )); do :; done'
# it begins when all $2 are ready to
together='ready=()
	: >"$3/ready.$4"
	until ready=("$3"/ready.*) && [ ${#ready[@]} = "$2" ]; do
		read -rt 0.01
	done
	exec chrt -f 99 bash -c "$hog" - "$1"'
export hog

# stand_still MS: all CPUs at once, and nothing else runs meanwhile
stand_still()
{
	local cpu cpus pids=()

	cpus=$(nproc)
	rm -f "$tmp"/ready.*
	for ((cpu = 0; cpu < cpus; cpu++)); do
		taskset -c "$cpu" bash -c "$together" - "$1" "$cpus" "$tmp" \
			"$cpu" <&"$pause_fd" &
		pids+=($!)
	done
	wait "${pids[@]}"
}

paused_at_least()
{
	local i got

	for i in $2; do
		got=$(stat "$i" pauses)
		why="node $i counted $got pauses, not $1"
		[ "${got:-0}" -ge "$1" ] || return
	done
}

# A machine that is busy itself may not give all CPUs at once to those who take
# them, so until all nodes have seen it.
all_stood_still()
{
	stand_still "$still"
	paused_at_least "$1" "$2"
}

before=()
nodes_make 4
watch_start 1 2 3
for i in 1 2 3; do
	node_up "$i"
done
# nothing waits for this one, not its own beacons either: its clock must tell it
segment 1 4
node_up 4 --peers "$net.99"
check "three nodes are one cluster" wait_until 20 agree "1 2 3" "1* 2 3"
check "a fourth is alone" wait_until 20 agree 4 "4*"

watch_mark
for round in 1 2 3; do
	check "the machine stood still, round $round: all nodes know" \
		wait_until 30 all_stood_still "$round" "1 2 3 4"
done
check "the machine stood still: the cluster is what it was" \
	wait_until 20 agree "1 2 3" "1* 2 3"
check "the machine stood still: no watch saw a change" \
	holds 400 changes_are "1 2 3" ""

# --- only the beacon threads ---
# They get no time, all else does. Each node asks the others then, whose answers
# must not make it ask again.
beacon_threads()
{
	ps -eo pid,comm | awk '$2 ~ /^pfsnl-b/ { print $1 }'
}

not_too_often()
{
	local i got most sum=0

	now_ms
	# a pause is a gap of interval + dead / 2; the end of each gap counts too
	most=$((4 + 2 * (now - began) / (interval * (dead + 2) / 2)))
	for i in 1 2 3; do
		got=$(($(stat "$i" pauses) - ${before[$i]}))
		why="node $i counted $got pauses in $((now - began)) ms, not up to $most"
		sum=$((sum + got))
		[ $got -le $most ] || return
	done
	why="no node counted a pause"
	[ "$sum" -gt 0 ]
}

for pid in $(beacon_threads); do
	chrt --idle -p 0 "$pid"
done
for i in 1 2 3; do
	before[i]=$(stat $i pauses)
done
now_ms
began=$now
for ((i = 0; i < 4 * $(nproc); i++)); do
	background taskset -c $((i / 4)) bash -c 'while :; do :; done'
done
holds 2000 :
check "only the beacon threads stand still: each node notices, but not too often" \
	not_too_often
kill "${jobs_started[@]}"
for pid in $(beacon_threads); do
	chrt --fifo -p 1 "$pid"
done
check "all run again: one cluster" wait_until 20 agree "1 2 3" "1* 2 3"

# --- the time of day ---
# It is set back before anything here that waits by it looks at it again.
watch_mark
stats_mark 2
for by in 86400 -86400; do
	date -s "@$((EPOCHSECONDS + by))" >"$tmp/null"
	pause 0.5
	date -s "@$((EPOCHSECONDS - by))" >"$tmp/null"
done
check "the time of day was set a day on and a day back: no watch saw a change" \
	holds 400 changes_are "1 2 3" ""
check "the time of day was set: nothing is counted" counted_is 2 ""
check "every watch folds to the list" wait_until 10 folds 1 2 3
finish
