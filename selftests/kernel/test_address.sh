#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# Addresses are what nodes are known by. A node comes back under another one, and
# is another node; two nodes have the same, and nothing goes to and fro for that.
# shellcheck disable=SC2034 # variables are for lib.sh
. "$(dirname "$0")/lib.sh"

interval=50 dead=10

# readdress I FROM TO: of the node's interface
readdress()
{
	ip -n "$(node_ns "$1")" -batch - <<-END
		addr del $net.$2/24 dev eth0
		addr add $net.$3/24 brd + dev eth0
	END
}

nodes_make 4
watch_start 1 2 3 4
node_up 1
wait_until 20 agree 1 "1*"
node_up 2
node_up 3
check "three nodes are one cluster" wait_until 20 agree "1 2 3" "1* 2 3"

# --- another address ---
watch_mark
readdress 3 3 33
check "a node's address is changed while it is up: the others miss it" \
	wait_until 20 agree "1 2" "1* 2"
node_down 3
node_up 3
check "a node with another address is another node" \
	wait_until 20 agree "1 2 3" "1* 2 33"
check "a node with another address: the others saw one go and one come" \
	changes_are "1 2" "-3 +33"
node_down 3
readdress 3 33 3
node_up 3
check "it has its first address again" wait_until 20 agree "1 2 3" "1* 2 3"

# --- the leader's ---
watch_mark
readdress 1 1 11
check "the leader's address is changed: the next one leads" \
	wait_until 20 agree "2 3" "2* 3"
node_down 1
node_up 1
check "the leader with another address is one of the others" \
	wait_until 20 agree "1 2 3" "2* 3 11"
check "the leader with another address: the others saw one go and one come" \
	changes_are "2 3" "-1 +11"
node_down 1
readdress 1 11 1
node_up 1
check "three nodes are one cluster again" wait_until 20 agree "1 2 3" "1 2* 3"

# --- the same address twice ---
readdress 4 4 3
watch_mark
for i in 1 2 3; do
	stats_mark $i
done
node_up 4
check "two nodes of one address: the leader reports it" \
	wait_until 20 stat_over 2 beacon_duplicate 0
check "two nodes of one address: each of them reports it" \
	wait_until 20 eval 'stat_over 3 beacon_duplicate 0 &&
		stat_over 4 beacon_duplicate 0'
check "two nodes of one address: the kernel log has it from each" eval \
	'[ "$(dmesg | grep -c "$(node_addr 3) hears two nodes of address $(node_addr 3)")" -ge 2 ]'
# which of the two is in may change once, and then no more
check "two nodes of one address: there is one ring" \
	wait_until 20 agree "1 2" "1 2* 3"
lists 1
ring=${rings[1]}
check "two nodes of one address: the ring stays the same" holds 3000 eval '
	lists 1 2; why="${rings[1]} ${rings[2]}"
	[ "${rings[1]} ${rings[2]}" = "$ring $ring" ]'
note "$(counted 2)"
check "two nodes of one address: the others saw one go and come at most" eval '
	why=$(changes 1)
	[[ $why = "" || $why = "-3 +3" ]] && changes_are 2 "$why"'
# The others may go on sending to the one that ended, until they ask for the
# address again; a node that starts tells it.
node_down 4
ip -n "$(node_ns 4)" addr del "$net.3/24" dev eth0
node_down 3
node_up 3
check "one of the two ends, the other one starts anew: it is in" \
	wait_until 20 agree "1 2 3" "1 2* 3"
check "every watch folds to the list" wait_until 10 folds 1 2 3
finish
