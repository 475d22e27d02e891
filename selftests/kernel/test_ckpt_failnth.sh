#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Allocations for checkpoints fail, one after the other: of a process that asks, and of
# the node thread that applies. A request is refused, or done; what was taken is done;
# all nodes have the same afterwards.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"
. "$here/ckpt.sh"
. "$here/inject.sh"

inject_possible
hurry
nodes_make 2
node_up 1
wait_until 20 agree 1 "1*"
node_up 2
check "two nodes are one cluster" wait_until 20 agree "1 2" "1* 2"

inject_begin

keeper k1 1
keeper k2 2
all_same k1 k2
check "a checkpoint is open" opens k1 red crw 1000000 1000000 100 32 100000000
red=$handle
ask k1 create "$red" s 100000
opens k2 red rw

# fails NAME VERB WORDS...: each allocation of the request fails once
fails()
{
	local name=$1 verb=$2 nth hits=0 wrong=

	shift
	for ((nth = 1; nth < 60; nth++)); do
		ask "$name" nth $nth && ask "$name" "$@" || {
			wrong+="$nth: no answer; "
			break
		}
		! tail -n 6 "$tmp/$name.out" | grep -q "^not reached" || break
		hits=$((hits + 1))
		# it may be done, if it can do without
		[[ $reply == "refused 12 "* || $reply == "refused 105 "* ||
		   $reply != "refused "* ]] || wrong+="$nth: $reply; "
	done
	note "$verb: $hits failed"
	why=$wrong
	[ "$hits" -gt "${least-0}" ] && [ $nth -lt 60 ] && [ -z "$wrong" ]
}

helper_stop k2
keeper k2 2
least=4
check "each allocation of a socket's first request fails: it is refused" \
	fails k2 open red rw
least=1
check "each of an open" fails k2 open red rw
k2red=$(handle_of k2)
check "each of a creation" fails k2 create "$k2red" "*" 10000
check "each of a write" fails k2 write "$k2red" s 0 30000 50000 10
check "each of an overwrite" fails k2 overwrite "$k2red" s 100000
check "each of an expiration" fails k2 expiration "$k2red" s never
check "each of a retention" fails k2 retention "$k2red" 100000000
check "each of a limit" fails k2 limit 268435456
check "each of an unlink" fails k2 unlink none
check "each of reading" fails k2 whole "$k2red" s
check "each of looking at a checkpoint" fails k2 get red
least=0
check "each of looking at a section" fails k2 section red s
# which may need none
least=-1
check "each of listing" fails k2 list
least=0
check "each of listing sections" fails k2 sections red by
check "each of looking at all" fails k2 state
least=1
check "each of a close" fails k2 close "$k2red"
check "and then it is closed" asks k2 "refused 9 *" close "$k2red"
check "all have the same" all_same k1 k2
opened=$(grep -c '^open ok' "$tmp/k2.out")
check "who was refused has nothing open" \
	ckpt_is k1 red "ckpt red * refs $opened *nodes 1:1 2:$((opened - 1))"

# of the node thread; all of them take minutes
step=3
[ "${PFSNL_FULL-}" != 1 ] || step=1
for node in 1 2; do
	node_thread $node
	hits=0 wrong=
	for ((nth = 1; nth <= 24; nth += step)); do
		echo $nth >"/proc/$tid/fail-nth"
		asks k1 "create ok *" create "$red" "n$node.$nth" 1000 || wrong+="$nth: $why; "
		asks k1 "open ok created" open "c$node.$nth" crw 10 10 1 8 1 ||
			wrong+="$nth: $why; "
		ask k1 close "$(handle_of k1)"
		[ "$(<"/proc/$tid/fail-nth")" != 0 ] || hits=$((hits + 1))
		echo 0 >"/proc/$tid/fail-nth"
		all_same k1 k2 || wrong+="$nth: $why; "
	done
	note "the node thread of node $node: $hits failed"
	check "each allocation of the node thread of node $node fails: all is done" \
		eval 'why=$wrong; [ $hits -gt $((12 / step)) ] && [ -z "$wrong" ]'
done
check "the nodes are one cluster" wait_until 20 agree "1 2" "1* 2"
helper_stop k1
helper_stop k2
check "unloading finds nothing to end" unload
load
finish
