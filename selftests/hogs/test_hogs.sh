#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2154 # variables are shared with lib.sh
#
# Eight nodes on a machine whose processors are taken by four programs each that
# never end: no live node is taken for dead. If one is, a processor itself must
# have stood still just then, for as long as it takes to be dead; a probe of its own
# finds that out (stall.c).
#
#	test_hogs.sh [SECONDS]	how long, 60 by default, each of three times
#
# The second and the third time are no tests; their figures show what the real-time
# beacon thread is good for, and what shorter times do. In a guest, as root.
. "$(dirname "$0")/../kernel/lib.sh"
. "$here/weather.sh"

seconds=${1-60}
eight="1 2 3 4 5 6 7 8"
fifo=/sys/module/pfsnl/parameters/fifo
stall=$build/selftests/hogs/stall
[ -x "$stall" ] || skip_all "$stall is missing: make -C selftests/hogs"
[ -x "$build/selftests/kernel/lists" ] ||
	skip_all "programs are missing: make -C selftests/kernel"

# hogs_start, hogs_stop: four on each processor
hogs=()
hogs_start()
{
	local cpu i

	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		for i in 1 2 3 4; do
			taskset -c "$cpu" sh -c 'while :; do :; done' &
			hogs+=($!)
			jobs_started+=($!)
		done
	done
}

hogs_stop()
{
	kill "${hogs[@]}"
	wait "${hogs[@]}" 2>"$tmp/null"
	hogs=()
}

# judge: reads what the probe and the trace have; sets removals; alone to how many of
# them have no processor beside them that stood still for dead, and once to how many
# no single stall of dead; longest, the longest stall in ms; share, how many percent of
# the time a processor stood still. Beside is what ended at most twice dead before the
# removal. What follows from a removal (its tether is closed, another leader's too)
# counts with it.
judge()
{
	read -r removals alone once longest share < <(awk -v cpus="$(nproc)" \
		-v dead="$((interval * dead))e-3" -v seconds="$seconds" '
		BEGIN { n = 0 }
		# whether one stall, or all of one processor together, took so long
		function beside(t, together,    i, cpu, sum) {
			for (i = 0; i < n; i++)
				if (to[i] > t - 2 * dead && from[i] < t) {
					cpu = together ? on[i] : i
					sum[cpu] += to[i] - from[i]
					if (sum[cpu] >= dead)
						return 1
				}
			return 0
		}
		$1 == "stall" {
			on[n] = $2
			from[n] = $3
			to[n++] = $4
			still += $4 - $3
			if (!first || $3 < first)
				first = $3
			if ($4 - first > seconds)
				seconds = $4 - first
		}
		$1 == "cpu" && $4 > longest { longest = $4 }
		/note=(drop|leader-lost) / {
			match($0, / [0-9]+[.][0-9]+: /)
			t = substr($0, RSTART + 1, RLENGTH - 3) + 0
			follows = removals++ && t - last < 2 * dead
			last = t
			explained = beside(t, 1) || (follows && explained)
			by_one = beside(t, 0) || (follows && by_one)
			alone += !explained
			once += !by_one
		}
		END {
			printf "%d %d %d %.1f %d\n", removals, alone, once, longest,
				100 * still / cpus / seconds
		}' "$tmp/stall.out" "$tmp/trace")
}

# beacon threads with this policy, TS or FF
threads_are()
{
	local got

	got=$(ps -eo cls,comm | awk '$2 ~ /^pfsnl-b/ { print $1 }' | sort | uniq -c)
	why="beacon threads: ${got:-none}, not 8 $1"
	# shellcheck disable=SC2086 # they are words
	[ "$(echo $got)" = "8 $1" ]
}

# under_hogs NAME INTERVAL DEAD FIFO POLICY
under_hogs()
{
	local name=$1

	interval=$2 dead=$3
	echo "$4" >$fifo
	# shellcheck disable=SC2086 # they are words
	nodes_together $eight
	check "$name: eight nodes are one cluster" wait_until 60 one_list "$eight"
	check "$name: beacon threads are of class $5" threads_are "$5"
	helper_start stall x "$stall" 5
	hogs_start
	trace_mark
	wait_until "$seconds" false
	grep -E 'note=(drop|leader-lost) ' $tracing/trace >"$tmp/trace"
	# they have inherited its input
	hogs_stop
	helper_end stall
	judge
	note "$name: $removals removals in $seconds s"
	note "  $alone without a processor that stood still for $((interval * dead)) ms beside, $once without a single such stall"
	note "  the processors stood still $share % of the time, $longest ms the longest"
	note "$(grep -o 'note=.*' "$tmp/trace" | sed 's/addr=[^ ]* //; s/ number.*//' | sort | uniq -c)"
	check "$name: one cluster when it is over" wait_until 60 one_list "$eight"
	all_down
}

# helper_end NAME: its input ends; it says something more then, which is waited for
helper_end()
{
	local fd=${helper_fd[$1]}

	exec {fd}>&-
	wait "${helper_pid[$1]}"
	rm -f "$tmp/$1.in"
	unset "helper_fd[$1]" "helper_pid[$1]"
}

nodes_make 8
trace_start
echo mono >$tracing/trace_clock
under_hogs "20 ms x 5" 20 5 Y FF
what="20 ms x 5: if a node is taken for dead, a processor stood still"
if [ "$share" -lt 40 ]; then
	is "$what" "$alone" 0
else
	skip "$what" "this machine gave its guest too little time: $share % missing"
fi
under_hogs "20 ms x 5 without real time" 20 5 N TS
under_hogs "10 ms x 3" 10 3 Y FF
echo Y >$fifo
echo local >$tracing/trace_clock
trace_stop
finish
