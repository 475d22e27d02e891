#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: 6.12
#
# The ends of things while requests about checkpoints are under way: of a socket, a
# process, an instance, a namespace, the module. Each request is answered, or there is
# nobody to answer, and nothing is left.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"
. "$here/ckpt.sh"

hurry
nodes_make 2
node_up 1
wait_until 20 agree 1 "1*"
node_up 2
check "two nodes are one cluster" wait_until 20 agree "1 2" "1* 2"
keeper k1 1
keeper k2 2
all_same k1 k2

# outcomes NAME COUNT: so many writes came to something; who is not done saying them when
# the instance goes is refused the others
outcomes()
{
	local n

	n=$(grep -cE '^(write (ok|failed [0-9]+ .+)|refused 100 .+)$' "$tmp/$1.out")
	why="$1 was told of $n writes, not $2: $(tail -n 3 "$tmp/$1.out")"
	[ "$n" = "$2" ]
}

# ready NAME: has a checkpoint open to write to
ready()
{
	opens "$1" life crw 10000000 1000000 10 8 100000000 || return
	ask "$1" create "$handle" s 1
}

check "a checkpoint is open" ready k2
tell k2 pour 100 "$handle" s 30000
node_down 2
check "the instance is taken down: 100 requests are answered" \
	wait_until 20 outcomes k2 100
check "then there is nobody to ask" asks k2 "refused 100 *no instance*" write "$handle" s 0 1
node_up 2
wait_until 20 agree "1 2" "1* 2"
all_same k1 k2
check "a handle of another life is none" asks k2 "refused 9 *" write "$handle" s 0 1
check "and is not counted" ckpt_is k1 life "ckpt life * refs 0 *"

helper_stop k2
keeper k2 2
check "a checkpoint is open again" ready k2
segment 1 2
tell k2 pour 100 "$handle" s 30000
heal 2
check "the cable breaks meanwhile: 100 requests are answered" \
	wait_until 60 outcomes k2 100
check "the nodes are one cluster again" wait_until 60 one_list "1 2"
check "and have the same" all_same k1 k2

helper_stop k2
keeper k2 2
ready k2
segment 1 2
tell k2 pour 100 "$handle" s 30000
node_down 2 --wait 0
check "taken down while it is cut off: 100 requests are answered" \
	wait_until 20 outcomes k2 100
heal 2
helper_stop k2

for n in 1 2 3 4 5; do
	[ "${node_made[2]-}" ] || nodes_make 2
	node_up 2
	keeper k2 2
	wait_until 30 one_list "1 2"
	ready k2
	tell k2 pour 100 "$handle" s 30000
	pause 0.0$n
	slay k2
	node_delete 2
done
check "five times a namespace goes with requests under way" wait_until 60 one_list 1
check "nothing of them is open" ckpt_is k1 life "ckpt life * refs 0 *"

opens k1 life rw
tell k1 pour 100 "$handle" s 30000
check "the module is unloaded with requests under way" unload
check "they are answered" wait_until 20 outcomes k1 100
check "nothing is left" nothing_left 1
helper_stop k1
load
finish
