#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# Deleting a network namespace ends the node in it, its threads and sockets, and
# the others hear of it.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"

nodes_make 5
watch_start 1 2 3 4 5
for i in 1 2 3 4 5; do
	node_up $i
	[ $i != 1 ] || wait_until 20 agree 1 "1*"
done
check "five nodes are one cluster" wait_until 20 agree "1 2 3 4 5" "1* 2 3 4 5"
check "each has two threads" threads_are 10
wait_until 10 folds 1 2 3 4 5

watch_mark
node_delete 5
check "a client's namespace is deleted: the others have a list without it" \
	wait_until 20 agree "1 2 3 4" "1* 2 3 4"
check "a client's namespace is deleted: every other watch sees one remove" \
	wait_until 10 changes_are "1 2 3 4" "-5"
check "a client's namespace is deleted: its threads are gone" \
	wait_until 20 threads_are 8
is "a client's namespace is deleted: the leader knows that it left" \
	"$(stat 1 drop_left) $(stat 1 drop_silent)" "1 0"

watch_mark
node_delete 1
check "the leader's namespace is deleted: the next one leads the others" \
	wait_until 20 agree "2 3 4" "2* 3 4"
check "the leader's namespace is deleted: every other watch sees one remove" \
	wait_until 10 changes_are "2 3 4" "-1"
check "the leader's namespace is deleted: its threads are gone" \
	wait_until 20 threads_are 6

# a process in it, here a watch, keeps a namespace
watch_mark
ip netns del "$(node_ns 4)"
check "a deleted namespace with a watch in it stays, and so does its node" \
	holds 1000 agree "2 3" "2* 3 4"
watch_stop 4
unset 'node_made[4]'
check "it goes when the watch ends" wait_until 20 agree "2 3" "2* 3"
check "it goes when the watch ends: the others see one remove" \
	wait_until 10 changes_are "2 3" "-4"
check "it goes when the watch ends: so do the threads" \
	wait_until 20 threads_are 4

nodes_make 5
for i in 1 4 5; do
	node_up $i
done
check "new nodes of the same addresses join" \
	wait_until 20 agree "1 2 3 4 5" "1 2* 3 4 5"
watch_stop
for i in 1 2 3 4 5; do
	echo "netns del $(node_ns $i)"
done | ip -batch -
node_made=()
check "all namespaces are deleted at once: no thread is left" \
	wait_until 20 threads_are 0

# at every stage of its life, from just started to member of a ring
nodes_make 1
node_up 1
wait_until 20 agree 1 "1*"
for ms in 000 010 030 060 100 150; do
	nodes_make 3
	node_up 2
	pause 0.$ms
	node_up 3
	node_delete 2 3
done
check "namespaces are deleted at any moment after a start: the leader is alone" \
	wait_until 20 agree 1 "1*"
check "namespaces are deleted at any moment after a start: no thread is left" \
	wait_until 20 threads_are 2

# the last process of a namespace without a name
nodes_make 1
# shellcheck disable=SC2016 # that shell expands it
unshare -n bash -c '
	ip link add eth0 type dummy && ip addr add 10.9.0.1/24 brd + dev eth0 &&
	ip link set eth0 up && "$PFSNL" up eth0 --wait >&2 && echo up && read -r' \
	>"$tmp/unshared" 2>&1 <&"$pause_fd" &
jobs_started+=($!)
check "a namespace without a name has a node" \
	wait_until 20 grep -q '^up' "$tmp/unshared"
check "a namespace without a name has a node: its threads" threads_are 4
kill $!
check "its last process ends: the node does too" wait_until 20 threads_are 2

node_down 1
check "unloading finds nothing to end" unload
note "tethers created and destroyed: $created"
load
finish
