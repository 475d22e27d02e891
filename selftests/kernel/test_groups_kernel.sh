#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# A member of a group in the kernel: another module joins, is told what happens, and
# says again what others say. It comes with the module for tests of tests.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"

echo_ko=${PFSNL_KO%/kmod/pfsnl.ko}-breakable/kmod/pfsnl_echo.ko
[ -r "$echo_ko" ] || skip_all "$echo_ko is missing: tools/build-module --breakable"

hurry
nodes_make 2
node_up 1
wait_until 20 agree 1 "1*"
node_up 2
check "two nodes are one cluster" wait_until 20 agree "1 2" "1* 2"

# heard REGEX: some line that a process in node 1 printed matches
heard()
{
	why="never: $1"$'\n'"last: $(tail -n 5 "$tmp/a.out")"
	grep -qxE -- "$1" "$tmp/a.out"
}

# logged TEXT [COUNT]: the member in the kernel said so
logged()
{
	local n

	n=$(dmesg | grep -c "pfsnl_echo: $1")
	why="logged $n times: $1"$'\n'"$(dmesg | tail -n 4)"
	[ "$n" -ge "${2-1}" ]
}

helper_start a 1 "$build/selftests/kernel/member"
tell a join echo
check "a process is a member" wait_until 10 heard "change .* whole 1: .*"
check "a module joins on the other node" in_node 2 insmod "$echo_ko"
check "the process hears of it, without a process" \
	wait_until 10 heard "change [0-9]+ 2: \\+2/[0-9]+:joined"
check "the module is told of both" logged "change of 2, whole, 2 members"
for size in 1 3000 1000000; do
	tell a send $size
	check "it says again $size bytes" \
		wait_until 20 heard "message [0-9]+ 2/[0-9]+ [0-9]+ $size ok"
	check "and hears itself: $size bytes" \
		wait_until 10 logged "$size bytes from 10.73.0.2, own"
done
words=$(rmmod pfsnl 2>&1)
check "what it uses can't be unloaded" eval 'why=$words; [[ $words == *"in use"* ]]'
check "it is unloaded" rmmod pfsnl_echo
check "the process hears that it left" \
	wait_until 10 heard "change [0-9]+ 1: -2/[0-9]+:left"

check "it joins again" in_node 2 insmod "$echo_ko"
node_down 2
check "its node is taken down: it is told" wait_until 10 logged "over 12"
check "its node is taken down: it is unloaded" rmmod pfsnl_echo
words=$(in_node 2 insmod "$echo_ko" 2>&1)
check "without a node it can't join" \
	eval 'why=$words; [[ $words == *"etwork is down"* ]]'

node_up 2
wait_until 20 agree "1 2" "1* 2"
in_node 2 insmod "$echo_ko"
wait_until 10 logged "change of 2, whole, 2 members" 3
for n in 1 2 3 4 5; do
	tell a send 100 200
	pause 0.0$n
	check "unloaded while others speak, $n" rmmod pfsnl_echo
	in_node 2 insmod "$echo_ko" || break
done
rmmod pfsnl_echo
helper_stop a
check "unloading at last: nothing is left" eval 'unload && nothing_left 1 2'
load
finish
