#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# Checkpoints when nodes part and meet: what one side did all have afterwards, what both
# did is decided and told, who comes late gets everything, and what another such
# service got wrong.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"
. "$here/ckpt.sh"

hurry
nodes_make 5
node_up 1
wait_until 20 agree 1 "1*"
for i in 2 3 4; do
	node_up $i
done
check "four nodes are one cluster" wait_until 20 agree "1 2 3 4" "1* 2 3 4"
for i in 1 2 3 4; do
	keeper k$i $i
done
check "all have the same" all_same k1 k2 k3 k4

# part: 1 and 2 here, 3 and 4 there
part()
{
	segment 1 3 4
	wait_until 30 one_list "1 2" && wait_until 30 one_list "3 4" &&
		all_same k1 k2 && all_same k3 k4
}

meet()
{
	heal 3 4
	wait_until 60 one_list "1 2 3 4" && all_same k1 k2 k3 k4
}

# ---- two sides --------------------------------------------------------------

declare -A held=()
for c in a b c d e f; do
	opens k1 $c crw 100000 100000 10 8 100000000
	held[$c]=$handle
	ask k1 create "$handle" one 1000
done
opens k4 a rw
k4a=$handle
opens k3 b rw
k3b=$handle
opens k3 c rw
k3c=$handle
opens k3 d rw
k3d=$handle
opens k3 f rw
k3f=$handle
for i in 1 2 3 4; do
	tell k$i listen
done
check "all know who has what open" ckpt_is k2 a "ckpt a * refs 2 *nodes 1:1 4:1"
check "the nodes part" part
check "handles of the other side are gone" ckpt_is k2 a "ckpt a * refs 1 *nodes 1:1"
check "and those of this side are not" ckpt_is k3 a "ckpt a * refs 1 *nodes 4:1"
# disjoint
ask k1 write "${held[a]}" one 0 10
ask k3 write "$k3b" one 0 20
opens k2 here crw 10 10 1 8 100000000
opens k4 there crw 10 10 1 8 100000000
# the same checkpoint
ask k1 write "${held[c]}" one 0 30
ask k3 write "$k3c" one 0 40
ask k3 write "$k3c" one 0 41
# the same name
opens k1 both crw 10 10 1 8 100000000
opens k3 both crw 10 10 1 8 100000000
ask k3 create "$handle" x 1
# unlinked here, changed there; and unlinked here, not changed there
ask k1 unlink d
ask k1 close "${held[d]}"
ask k3 write "$k3d" one 0 50
# the same, but it is still open here
ask k1 unlink f
ask k3 write "$k3f" one 0 50
ask k1 unlink e
ask k1 close "${held[e]}"
check "the nodes meet" meet
check "what this side wrote all have" asks k4 "read 0 10 1000 *" read "$k4a" one 0 10
left=$reply
check "what this side wrote all have, the same" \
	asks k1 "$left" read "${held[a]}" one 0 10
check "what the other side wrote all have" same_data k1 k3 "${held[b]}" "$k3b" one
check "what this side created all have" ckpt_is k3 here "ckpt here * refs 1 *nodes 2:1"
check "what the other side created all have" ckpt_is k1 there "ckpt there * refs 1 *nodes 4:1"
check "handles are what processes have open" ckpt_is k2 a "ckpt a * refs 2 *nodes 1:1 4:1"
listing k2 list
check "what lost is kept under another name, and there are no twins" eval \
	'why=$(xargs -n1 <<<"$listed" | sort | xargs); [[ $why == "a b both both@conflict-"*" c c@conflict-"*" d f here there" ]]'
check "who was changed more often goes on" same_data k1 k3 "${held[c]}" "$k3c" one
check "what one side changed stays, though the other unlinked it" \
	ckpt_is k1 d "ckpt d sections 1 *"
check "also if it was still open there" ckpt_is k1 f "ckpt f sections 1 * refs 2 *"
check "what one side unlinked and the other did not change is gone" \
	asks k4 "refused 2 *" get e
for i in 1 2 3 4; do
	check "node $i is told of each conflict" eval \
		"said k$i 'conflict content c loser c@conflict-.*' &&
		 said k$i 'conflict name both loser both@conflict-.*' &&
		 said k$i 'conflict unlinked-open f [0-9]+' &&
		 said k$i 'conflict unlinked d [0-9]+'"
	check "node $i counts them" stat_is $i ckpt_conflict 4
done
check "and that they were activated again" said k1 "event activated [0-9]+"

# ---- who comes late ---------------------------------------------------------

# how much a node heard since this was asked of it last
declare -A heard_at=()
heard_since()
{
	local now

	now=$(in_node "$1" cat /sys/class/net/eth0/statistics/rx_bytes)
	heard=$((now - ${heard_at[$1]-0}))
	heard_at[$1]=$now
}

opens k1 big crw 20000000 20000000 100 8 100000000
big=$handle
ask k1 create "$big" long 0
patience=120
check "3 MiB are written" asks k1 "fill ok" fill "$big" long 3000000
unset patience
ask k1 create "$big" count 4
tell k1 hurl 400 "$big" count 4
heard_since 2
node_up 5
keeper k5 5
check "a node joins while others write" wait_until 60 one_list "1 2 3 4 5"
check "all have the same afterwards" all_same k1 k2 k3 k4 k5
check "each write was done, or is known not to be" eval \
	'wait_until 30 said k1 "hurled 400" ||
	 wait_until 30 eval "! tail -n 2 $tmp/k1.out | grep -q \"^write\""'
opens k5 big rw
heard_since 2
note "one that has it heard $heard bytes meanwhile"
check "who has it is not given it again" \
	eval 'why="$heard bytes"; [ $heard -lt 1000000 ]'
check "a section above 1 MiB is synchronized" same_data k1 k5 "$big" "$handle" long

segment 1 5
wait_until 30 one_list "5"
wait_until 30 one_list "1 2 3 4"
ask k1 write "$big" count 0 100
heard_since 5
heal 5
wait_until 60 one_list "1 2 3 4 5"
check "a node was away while 100 bytes were written" all_same k1 k5
heard_since 5
note "coming back cost $heard bytes, of 3 MB that there are"
check "coming back costs what changed, not what there is" \
	eval 'why="$heard bytes"; [ $heard -lt 500000 ]'

# ---- what another service got wrong -----------------------------------------

check "one-letter names, and names that begin alike" eval '
	for n in g ga gab gabc; do opens k2 $n crw 10 10 1 8 100000000 || break; done'
opens k2 wide crw 0x200000000 0x200000000 10 8 100000000
ask k2 create "$handle" s 5
check "what 32 bits don't hold is not cut: written above 4 GiB, it is too much" \
	asks k2 "write failed 12 *" write "$handle" s 0x100000001 1
check "and is written nowhere else" asks k2 "read 0 5 5 *" read "$handle" s
opens k4 timed crw 1000 1000 10 8 4000
ask k4 create "$handle" brief 1 6000
ask k4 close "$handle"
opens k4 orphan crw 10 10 1 8 100000000
ask k4 unlink orphan
number=$(ask k4 list; sed -n 's/^ckpt orphan .*  \([0-9a-f]*\) nodes 4:1$/\1/p' "$tmp/k4.out" | tail -n 1)
check "a list says which nodes have one open" [ "$number" ]
check "an unlinked checkpoint is there as long as it is open" \
	asks k1 "ckpt orphan *unlinked*" number "$number"
helper_stop k4
node_delete 4
check "the node of its last opener dies" wait_until 60 one_list "1 2 3 5"
check "then it is freed everywhere" wait_until 30 asks k1 "refused 2 *" number "$number"
for n in g ga gab gabc; do
	check "$n is still there" ckpt_is k5 $n "ckpt $n *"
done
check "expiry and retention go on after a ring, without who set them" \
	wait_until 30 asks k5 "refused 2 *" get timed
before=$(stat 2 messages)
for n in 1 2 3 4 5; do
	ask k2 section big long
	ask k2 list
done
check "reading is said to nobody" stat_is 2 messages "$before"
# rings come faster than rounds end
opens k2 steady crw 200000 200000 10 8 100000000
ask k2 create "$handle" s 100000
for n in 1 2 3 4; do
	segment 1 3
	pause 0.$((n * 3))
	heal 3
	pause 0.$((n * 2))
done
check "rings that come before rounds end: one cluster" wait_until 60 one_list "1 2 3 5"
check "rings that come before rounds end: nothing is lost" all_same k1 k2 k3 k5
check "all that was there is there" ckpt_is k3 steady "ckpt steady sections 1 bytes 100000 refs 1 *"
opens k3 steady r
check "and is what it was" same_data k2 k3 "$(handle_of k2)" "$handle" s

# a process ends while its node is alone
opens k3 mortal crw 10 10 1 8 100000000
segment 1 3
wait_until 30 one_list 3
wait_until 30 one_list "1 2 5"
slay k3
heal 3
check "a process that died while its node was away has nothing open" eval \
	'wait_until 60 one_list "1 2 3 5" && wait_until 30 ckpt_is k1 mortal "ckpt mortal * refs 0 *"'

for k in k1 k2 k5; do
	helper_stop $k
done
check "unloading at last: nothing is left" eval 'unload && nothing_left 1 2 3 5'
load
finish
