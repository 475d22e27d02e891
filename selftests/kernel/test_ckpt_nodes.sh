#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# 66 nodes have the same checkpoints open: of one checkpoint all of them are listed, in
# a list of all 64 of them, and how often the others have it open. Such a list does not
# fit into one buffer. It takes minutes, so it is for --full.
if [ "${PFSNL_FULL-}" != 1 ]; then
	echo "TAP version 13"
	echo "1..0 # SKIP takes long: only with --full"
	exit 4
fi
. "$(dirname "$0")/lib.sh"
. "$here/ckpt.sh"

nodes=66
lots=20
# what so many nodes on one processor need
interval=500
dead=20

nodes_make $nodes
for ((i = 1; i <= nodes; i++)); do
	node_up $i || fail "node $i starts"
done
mapfile -t all < <(seq $nodes)
check "$nodes nodes are one cluster" wait_until 120 one_list "${all[*]}"
for ((i = 1; i <= nodes; i++)); do
	keeper k$i $i
done

for ((j = 1; j <= lots; j++)); do
	tell k1 open "c$j" crw 10 10 1 8 100000000
done
check "a node creates $lots checkpoints" wait_until 60 said_times k1 "open ok created.*" $lots
for ((i = 2; i <= nodes; i++)); do
	for ((j = 1; j <= lots; j++)); do
		tell k$i open "c$j" r
	done
	# not all of them as often
	[ $((i % 2)) = 1 ] || tell k$i open c1 r
done
all_open()
{
	local i

	for ((i = 2; i <= nodes; i++)); do
		said_times k$i "open ok.*" $((i % 2 ? lots : lots + 1)) || return
	done
}
patience=60
check "all nodes open all of them" wait_until 200 all_open

# named ANSWER: sets count and sum, of the nodes that it names
named()
{
	local word

	count=0 sum=0
	for word in ${1##* nodes }; do
		count=$((count + 1))
		sum=$((sum + ${word##*:}))
	done
}

ask k$nodes get c1
named "$reply"
is "of one checkpoint all nodes are listed" "$count" $nodes
is "each as often as it has it open" "$sum" $((nodes + nodes / 2))
is "that is how often it is open" "$(grep -o 'refs [0-9]*' <<<"$reply")" "refs $sum"

ask k$nodes list
mapfile -t list < <(grep '^ckpt ' "$tmp/k$nodes.out" | tail -n $lots)
is "a list has all $lots checkpoints" "$(printf '%s\n' "${list[@]}" | cut -d' ' -f2 | sort -u | wc -l)" $lots
counts=()
for line in "${list[@]}"; do
	named "$line"
	counts+=("$count")
done
is "and of each of them 64 nodes" "$(printf '%s\n' "${counts[@]}" | sort -u)" 64

# the same as the command has it: nodes listed, and how often others have it open
words()
{
	ctl $nodes ckpt "$@" --json | /usr/bin/python3 -c '
import json, sys
o = json.load(sys.stdin)
o = next(c for c in o.get("checkpoints", [o]) if c["checkpoint"] == "c2")
print(len(o["nodes"]), o["open"], o["open_elsewhere"])'
}
is "ckpt stat names all nodes" "$(words stat c2)" "$nodes $nodes 0"
is "ckpt ls has the other nodes in a sum" "$(words ls)" "64 $nodes $((nodes - 64))"
finish
