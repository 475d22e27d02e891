# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # shared with lib.sh and the test
#
# A segment on which packets get lost, late, twice, or in another order, and
# what the nodes noted about it in the kernel's trace. Source it after lib.sh.

tracing=/sys/kernel/tracing

# weather [NETEM...]: what becomes of each packet on its way to each node, as in
# netem(8); without words nothing does
weather()
{
	local i

	verbose "weather $*"
	for i in "${!node_made[@]}"; do
		if [ $# -gt 0 ]; then
			echo "qdisc replace dev p$i root netem limit 4000 $*"
		else
			echo "qdisc del dev p$i root"
		fi
	done | tc -n "$segment_ns" -batch - || skip_all "netem can't be had"
}

# trace_start: what happens from now on is noted. This and its end change code
# of the module: call them while all nodes are down (see testing.rst)
trace_start()
{
	[ -d $tracing/events ] || mount -t tracefs tracefs $tracing ||
		skip_all "there is no tracefs"
	echo 8192 >$tracing/buffer_size_kb
	# or the switch of tasks is changed too, to note their names
	echo 0 >$tracing/options/record-cmd
	trace_mark
	echo 1 >$tracing/events/pfsnl/enable
}

# trace_stop: and no longer; while all nodes are down
trace_stop()
{
	echo 0 >$tracing/events/pfsnl/enable
	trace_mark
}

# trace_mark: what was noted so far doesn't count any more
trace_mark()
{
	: >$tracing/trace
	now_ms
	trace_marked=$now
}

# noted NODE NOTE [ABOUT [REASON]]: sets noted to how often NODE noted that since
# the mark; patterns of grep -E, nodes by their numbers
noted()
{
	local text="node=${net}[.]($1) note=($2) addr="

	[ $# -lt 3 ] || text+="${net}[.]($3) "
	[ $# -lt 4 ] || text+="reason=($4) "
	noted=$(grep -cE "$text" $tracing/trace)
}

# noted_over COUNT NODE NOTE...: it is more often than that
noted_over()
{
	noted "${@:2}"
	why="noted $noted times: ${*:2}, not more than $1"
	[ "$noted" -gt "$1" ]
}

# trace_sum: sets, since the mark, elapsed to the ms, drops to the nodes dropped,
# lost to the leaders lost, silent to how many of both were for silence, dials to
# the dials, rings to the most rings that one node installed
trace_sum()
{
	now_ms
	elapsed=$((now - trace_marked))
	read -r drops lost silent dials rings < <(awk '
		/note=drop / { drops++ }
		/note=leader-lost / { lost++ }
		/note=(drop|leader-lost) .*reason=beacons ceased/ { silent++ }
		/note=dial / { dials++ }
		/note=install / {
			match($0, /netns=[0-9]+/)
			n = ++of[substr($0, RSTART, RLENGTH)]
			if (n > rings)
				rings = n
		}
		END { print drops + 0, lost + 0, silent + 0, dials + 0, rings + 0 }
		' $tracing/trace)
}

# trace_rings: what made nodes install rings, as they noted it since the mark
trace_rings()
{
	grep -oE '[0-9]+[.][0-9]+: pfsnl_note: .*' $tracing/trace |
		grep -E 'note=(install|drop|leader-lost|lead|step-down|claim-[a-z]+|tether-[a-z]+|not-member) ' |
		sed -E "s/pfsnl_note: netns=[0-9]+ //; s/$net[.]//g; s/number=//"
}

# predict LOSS CLIENTS: sets predicted to how many live nodes should have been
# taken for silent in the time elapsed, where LOSS percent of all packets are
# lost: the formula is in Documentation/simulator.rst
predict()
{
	predicted=$(awk -v p="$1" -v clients="$2" -v dead="$dead" \
		-v ms="$elapsed" -v interval="$interval" 'BEGIN {
			p /= 100
			rate = (1 - p) * p ^ (dead - 1) * (p + (1 - p) / 2) * \
				(1 - (1 - p) ^ 2)
			printf "%.2f", rate * 2 * clients * ms / interval
		}')
}
