#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# Checkpoints used by another module: it is told of each outcome, what it wrote others
# have, and what it has open is closed with it. It comes with the module for tests of
# tests.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"
. "$here/ckpt.sh"

keep_ko=${PFSNL_KO%/kmod/pfsnl.ko}-breakable/kmod/pfsnl_keep.ko
[ -r "$keep_ko" ] || skip_all "$keep_ko is missing: tools/build-module --breakable"

hurry
nodes_make 2
node_up 1
wait_until 20 agree 1 "1*"
node_up 2
check "two nodes are one cluster" wait_until 20 agree "1 2" "1* 2"
keeper k1 1
keeper k2 2
all_same k1 k2

# logged TEXT: the module said so
logged()
{
	why="never logged: $1"$'\n'"$(dmesg | grep pfsnl_keep: | tail -n 40)"
	dmesg | grep -q "pfsnl_keep: $1\$"
}

check "a module uses checkpoints" in_node 2 insmod "$keep_ko"
while read -r text; do
	check "it is told: $text" logged "$text"
done <<'END'
open none -2
open 0
create 0
create again -17
create none 0
write 0
write nothing -22
overwrite 0
expiration 0
get 50000
whole 150000
differs 0
delete 0
get deleted -2
open again 0
write what is read -13
close 0
close again -9
unlink none -2
status 0
sections 1
bytes 150000
END
check "others have what it wrote" ckpt_is k1 kept \
	"ckpt kept sections 1 bytes 150000 refs 1 *nodes 2:1"
words=$(rmmod pfsnl 2>&1)
check "what it uses can't be unloaded" eval 'why=$words; [[ $words == *"in use"* ]]'
check "it is unloaded" rmmod pfsnl_keep
check "what it had open is closed" wait_until 20 asks k1 "refused 2 *" get kept
check "all have the same" all_same k1 k2

check "it uses them again" in_node 2 insmod "$keep_ko"
node_down 2
check "its node is taken down: it is unloaded" rmmod pfsnl_keep
check "without a node it can't begin" eval '! in_node 2 insmod "$keep_ko" 2>"$tmp/words"'
check "and is told why" grep -q "etwork is down" "$tmp/words"
helper_stop k1
helper_stop k2
check "unloading at last: nothing is left" eval 'unload && nothing_left 1 2'
load
finish
