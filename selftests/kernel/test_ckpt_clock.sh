#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: 6.1
#
# The clock by which checkpoints expire is set forward and back by an hour, of all nodes
# at once, since they are in one kernel: what is due goes once and at once, nothing comes
# back, and what is not due stays. (Nodes whose clocks differ: test_ckptclock.c of the
# core.) The clock is right again in the end.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"
. "$here/ckpt.sh"

hurry
# what the clock is ahead of the time since boot, by which nothing can be wrong
read -r up _ </proc/uptime
right=$(($(date +%s) - ${up%.*}))

# clock SECONDS: the clock is so much ahead, or behind
clock()
{
	read -r up _ </proc/uptime
	date -s "@$((right + ${up%.*} + $1))" >"$tmp/null"
}
trap 'clock 0; clean_up' EXIT

minutes=60000

nodes_make 3
node_up 1
wait_until 20 agree 1 "1*"
node_up 2
node_up 3
check "three nodes are one cluster" wait_until 20 agree "1 2 3" "1* 2 3"
for i in 1 2 3; do
	keeper k$i $i
done
check "all have the same" all_same k1 k2 k3
opens k1 g crw 10000000 5000000 10 8 100000000
g=$handle
ask k1 create "$g" half 10 $((30 * minutes))
ask k1 create "$g" two 10 $((120 * minutes))
ask k1 create "$g" never 10
opens k2 idle crw 10 10 1 8 $((30 * minutes))
ask k2 close "$handle"
tell k2 listen
lists 1 2 3
# shellcheck disable=SC2034 # used in a check
ring=${rings[1]}

# idle_is_gone NAME: there is no checkpoint of that name
idle_is_gone()
{
	asks "$1" "refused 2 *" get idle
}

# ---- forward -----------------------------------------------------------------

clock 3600
for i in 1 2 3; do
	check "an hour forward: what is due is gone at node $i" eval \
		"wait_until 20 listed_are k$i 'never two' sections g && wait_until 20 idle_is_gone k$i"
done
check "an hour forward: all have the same" all_same k1 k2 k3
check "an hour forward: a section went once" \
	said_times k2 'event section-expired g section half .*' 1
check "an hour forward: a checkpoint went once" said_times k2 'event expired idle .*' 1
before=$(stat 1 messages)
check "an hour forward: nothing more is said" holds 500 stat_is 1 messages "$before"

# ---- back --------------------------------------------------------------------

clock 0
check "an hour back: nothing comes back" eval \
	'holds 300 listed_are k3 "never two" sections g && idle_is_gone k3'
check "an hour back: nothing is said" stat_is 1 messages "$before"
ask k1 create "$g" soon 10 700
check "an hour back: what is to expire soon does" \
	wait_until 20 listed_are k3 "never two" sections g
opens k2 idle crw 10 10 1 8 5000
ask k2 close "$handle"
check "an hour back: who nobody has open stays for its retention" \
	asks k3 "ckpt idle *" get idle
check "an hour back: and then goes" wait_until 40 idle_is_gone k3

# what waits for its time when the clock goes back
ask k1 create "$g" wait 10 $((30 * minutes))
opens k2 idle crw 10 10 1 8 $((30 * minutes))
ask k2 close "$handle"
clock -3600
before=$(stat 1 messages)
check "what waits while the clock goes back waits longer" eval \
	'holds 500 listed_are k3 "never two wait" sections g && asks k1 "ckpt idle *" get idle'
check "and nothing is said of it meanwhile" stat_is 1 messages "$before"
opens k3 g rw
ask k3 write "$handle" never 0 20
check "what is changed meanwhile is changed" \
	asks k1 "read 0 20 20 *" read "$g" never
clock 0
check "when the clock is right again it waits as before" eval \
	'holds 300 listed_are k3 "never two wait" sections g && asks k1 "ckpt idle *" get idle'
clock 3600
check "and goes when it is due" eval \
	'wait_until 20 listed_are k3 "never two" sections g && wait_until 20 idle_is_gone k1'
clock 0

# ---- while others write --------------------------------------------------------

ask k1 create "$g" long 0
from=$(wc -l <"$tmp/k1.out")
tell k1 fill "$g" long 1000000
for i in 1 2 3 4; do
	clock 3600
	pause 0.1
	clock -3600
	pause 0.1
done
clock 0
check "each write is done while the clock jumps" wait_until 60 answered k1 fill "$from"
check "and all have it" eval \
	'why=$reply; [ "$reply" = "fill ok" ] && same_data k1 k3 "$g" "$handle" long'
check "what was not due by any of that is there" \
	listed_are k2 "long never two" sections g
check "the ring is the one it was" eval \
	'lists 1 2 3; why="${rings[3]}, was $ring"; [ "${rings[3]}" = "$ring" ]'
check "all have the same at last" all_same k1 k2 k3
for k in k1 k2 k3; do
	helper_stop $k
done
check "unloading at last: nothing is left" eval 'unload && nothing_left 1 2 3'
load
finish
