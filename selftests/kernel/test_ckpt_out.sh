#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# A node that may not collect as much as there is of checkpoints can't take part: the
# others go on, it says so, and comes back when there is less. What it had open is lost
# then if the others closed it, which is told.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"
. "$here/ckpt.sh"

most=/sys/module/pfsnl/parameters/ckpt_most_mib
was=$(<$most)
trap '(s=$?; echo "$was" >$most 2>/dev/null; exit $s); clean_up' EXIT

nodes_make 4
node_up 1
wait_until 20 agree 1 "1*"
node_up 2
echo 1 >$most
node_up 3
echo "$was" >$most
check "three nodes are one cluster" wait_until 20 agree "1 2 3" "1* 2 3"
for i in 1 2 3; do
	keeper k$i $i
done
check "all have the same" all_same k1 k2 k3
opens k3 open crw 10 10 1 8 100000000
# shellcheck disable=SC2034 # in what check() runs
kept=$handle
opens k1 big crw 4000000 4000000 1 8 100000000
big=$handle
ask k1 create "$big" all 0
patience=60
check "2 MiB are written while it takes part" asks k1 "fill ok" fill "$big" all 2000000
unset patience
check "all have them" all_same k1 k2 k3
tell k3 listen
wait_until 10 said k3 "done listen"

node_up 4
keeper k4 4
check "another node comes" wait_until 30 one_list "1 2 3 4"
check "the others have the same, and can go on" all_same k1 k2 k4
is_out()
{
	asks k3 "state used *error [1-9]*" state
}
check "the one that may not collect it is out" wait_until 30 is_out
check "listeners are told, and why" wait_until 10 said k3 "event out error [1-9][0-9]* [0-9]+"
check "it is counted" stat_over 3 ckpt_out 0
check "what it has can be read" asks k3 "section all 2000000 *" section big all
check "the others write" asks k1 "overwrite ok" overwrite "$big" all 1000
check "when there is less it comes back by itself" wait_until 70 same k1 k2 k3 k4
note "it had been out $(stat 3 ckpt_out) times; handles lost: $(stat 3 ckpt_lost)"
check "a handle is open, or lost and told" eval '
	if [ "$(stat 3 ckpt_lost)" = 0 ]; then
		asks k3 "create ok *" create "$kept" s 1
	else
		said k3 "lost $kept 116" && asks k3 "refused 116 *" create "$kept" s 1 &&
			asks k3 "close failed 116 *" close "$kept" &&
			asks k3 "refused 9 *" close "$kept"
	fi'
check "who has what open is the same everywhere" eval \
	'ask k1 get open; one=$reply; ckpt_is k4 open "$one"'
check "all have the same after that" all_same k1 k2 k3 k4
for k in k1 k2 k3 k4; do
	helper_stop $k
done
check "unloading at last: nothing is left" eval 'unload && nothing_left 1 2 3 4'
load
finish
