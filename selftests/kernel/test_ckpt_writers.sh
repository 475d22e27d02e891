#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Eight nodes, on each a process that changes checkpoints as fast as it is let
# (writer.c), while rings change all the time: leaders and clients die, are stopped and
# started, nodes part and meet. Afterwards all stores are the same, to the byte;
# references are those of the processes that live; what was acknowledged is there, or in
# the copy that a conflict left (written.c). It takes two minutes, so only with --full.
# shellcheck disable=SC2034 # variables are for lib.sh
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"
. "$here/ckpt.sh"

[ "${PFSNL_FULL-}" = 1 ] || skip_all "takes long: only with --full"
hurry
# s for which rings change, and what each writer must get done meanwhile
lasting=60
least=50
nodes=(1 2 3 4 5 6 7 8)
eight=${nodes[*]}

# written VERB WORDS...: what it says in why
written()
{
	why=$("$build/selftests/kernel/written" "$@" 2>&1)
}

namespaces=()
notes=()
for i in "${nodes[@]}"; do
	namespaces+=("$(node_ns "$i")")
	notes+=("$tmp/notes-$i")
done

# writer I: it gets what processor time is left by the nodes, which are all in one kernel;
# with as much as they have, rings would take as long as all writers let them
writer()
{
	helper_start "w$1" "$1" nice -n 19 "$build/selftests/kernel/writer" \
		"$tmp/notes-$1" "$1"
	wait_until 20 said "w$1" ready
}

# did I WORD: how often the writer has done that, in n
did()
{
	n=$(grep -c "^done $2$" "$tmp/w$1.out")
}

# everybody WORD: is told, and has done it
everybody()
{
	local i n was=()

	for i in "${nodes[@]}"; do
		did "$i" "$1"
		was[i]=$n
		tell "w$i" "$1"
	done
	for i in "${nodes[@]}"; do
		wait_until 60 said_times "w$i" "done $1" $((was[i] + 1)) || return
	done
}

# open_is_open: what writers have open, of which each knows now what it lost with a ring
open_is_open()
{
	everybody calm && written refs "${namespaces[0]}" "${notes[@]}"
}

# all are one ring, and can change checkpoints; asking takes time that writers have then
whole()
{
	pause 0.1
	one_list "$eight" && written active "${namespaces[@]}"
}

leader_now()
{
	lists "$1"
	leader=${lists[$1]%%\**}
	leader=${leader##* }
}

# someone I: sets other to a node that is not I
someone()
{
	other=$((1 + ($1 + RANDOM % 7) % 8))
}

# ---- what happens to them -----------------------------------------------------

# rest_of I...: sets rest to the others
rest_of()
{
	local i

	rest=" $eight "
	for i; do
		rest=${rest/" $i "/ }
	done
	rest=${rest# }
	rest=${rest% }
}

# dies I: without a word, with its process; it comes back as a new one
dies()
{
	cut_cable "$1"
	slay "w$1"
	node_delete "$1"
	rest_of "$1"
	wait_until 20 one_list "$rest"
	node_make "$1" && node_up "$1" && wait_until 60 whole
	writer "$1" && tell "w$1" go
}

a_leader_dies()
{
	leader_now 1
	dies "$leader"
}

a_client_dies()
{
	leader_now 1
	someone "$leader"
	dies "$other"
}

# stops I: with a goodbye, and its process stays
stops()
{
	local n

	did "$1" fell
	tell "w$1" hold
	node_down "$1"
	tell "w$1" fell
	wait_until 20 said_times "w$1" "done fell" $((n + 1))
	node_up "$1"
	tell "w$1" go
	wait_until 60 whole
}

a_leader_stops()
{
	leader_now 1
	stops "$leader"
}

a_client_stops()
{
	leader_now 1
	someone "$leader"
	stops "$other"
}

# part I...: these from the others, long enough for both to go on
part()
{
	rest_of "$@"
	segment 1 "$@"
	wait_until 20 one_list "$*" && wait_until 20 one_list "$rest" &&
		wait_until 20 written active "${namespaces[@]}"
	pause 0.5
	heal "$@"
	wait_until 60 whole
}

some_part()
{
	part 2 5 7
}

halves_part()
{
	part 1 2 3 4
}

# a leader is alone with one other
a_leader_parts()
{
	leader_now 1
	someone "$leader"
	# shellcheck disable=SC2046 # they are words
	part $(printf '%s\n' "$leader" "$other" | sort -n)
}

# rings come faster than rounds end
nodes_come_and_go()
{
	local i

	for i in 1 2 3 4; do
		segment 1 $((RANDOM % 4 + 1)) $((RANDOM % 4 + 5))
		pause 0.$((RANDOM % 7 + 1))
		# shellcheck disable=SC2086 # they are words
		heal $eight
		pause 0.$((RANDOM % 4 + 1))
	done
	wait_until 60 whole
}

# ---- all that, again and again --------------------------------------------------

nodes_make 8
# shellcheck disable=SC2086 # they are words
nodes_together $eight
check "eight nodes are one cluster, with checkpoints" wait_until 60 whole
for i in "${nodes[@]}"; do
	check "there is a writer on node $i" writer "$i"
done
for i in "${nodes[@]}"; do
	tell "w$i" go
done
now_ms
begun=$now
events=0
ended=
until [ "$ended" ]; do
	for event in some_part a_leader_dies a_client_stops nodes_come_and_go \
		halves_part a_leader_stops a_client_dies a_leader_parts; do
		verbose "$event"
		$event || note "$event: not in time: $why"
		events=$((events + 1))
		now_ms
		if [ $((now - begun)) -ge $((lasting * 1000)) ]; then
			ended=1
			break
		fi
	done
done
note "$events events in $((now - begun)) ms"
check "all are one ring again" wait_until 60 whole
check "each outcome is known" everybody calm
check "all have the same" wait_until 60 written same "${namespaces[@]}"
note "$why"
check "what writers have open is what is open" wait_until 60 open_is_open
note "$why"

# an end by itself, and one that nobody expected
for i in "${nodes[@]}"; do
	if [ $((i % 2)) = 0 ]; then
		slay "w$i"
	else
		helper_stop "w$i"
	fi
done
check "nothing is open when the writers have ended" \
	wait_until 20 written refs "${namespaces[0]}"
check "what was acknowledged is there" written own "${namespaces[0]}" "${notes[@]}"
note "$why"
slowest=$(sed -n 's/.* acked \([0-9]*\) of .*/\1/p' <<<"$why" | sort -n | head -n 1)
check "each writer got on" eval '
	why="the slowest got $slowest done, not $least"; [ "$slowest" -ge $least ]'
check "all have the same at last" wait_until 20 written same "${namespaces[@]}"
for i in "${nodes[@]}"; do
	ctl "$i" ckpt dump --all "$tmp/dump" && mv "$tmp/dump" "$tmp/dump-$i"
	[ "$i" = 1 ] || check "nodes 1 and $i have the same, to the byte" \
		cmp "$tmp/dump-1" "$tmp/dump-$i"
done
all_down
check "unloading at last: nothing is left" eval 'unload && nothing_left $eight'
load
finish
