#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Allocations for services fail, one after the other: of whoever registers one, and of
# the node thread while states are transmitted and operations applied. Each has an
# outcome: it is refused, or done later; the lists stay the same.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"
. "$here/inject.sh"
. "$here/ledger.sh"

inject_possible
hurry
nodes_make 2
ledger_open 1 2
insmod "$ledger_ko"
node_up 1
wait_until 20 agree 1 "1*"
node_up 2
check "two nodes are one cluster" wait_until 20 agree "1 2" "1* 2"
order 1 register
order 1 fill 40 before
check "one has a service with a list" wait_until 10 same 1 40
inject_begin

# order_failing NTH I COMMAND...: sets left to what remains of NTH, 0 if it was reached
order_failing()
{
	local nth=$1 i=$2

	shift 2
	words=$(in_node "$i" bash -c "echo $nth >/proc/self/fail-nth
		echo '$*' >/proc/net/pfsnl_ledger
		echo \"left \$(</proc/self/fail-nth)\"
		echo 0 >/proc/self/fail-nth" 2>&1)
	left=${words##*left }
	words=${words%left *}
}

hits=0 wrong_list=
for ((nth = 1; nth < 40; nth++)); do
	order_failing $nth 2 register
	[ "$left" = 0 ] || break
	hits=$((hits + 1))
	if [[ $words == *"annot allocate"* ]]; then
		continue
	elif [ "$words" ]; then
		wrong_list+="$nth: $words; "
	else
		order 2 unregister || wrong_list+="$nth: $why; "
	fi
done
note "registering: $hits failed"
check "each allocation of whoever registers fails: nothing else does" \
	eval 'why=$wrong_list; [ $hits -gt 0 ] && [ $nth -lt 40 ] && [ -z "$why" ]'
order 2 register
check "then it has the list" wait_until 20 same "1 2" 40

step=3
[ "${PFSNL_FULL-}" != 1 ] || step=1
# sweep TEXT I COMMAND...: the node thread of node I fails while the command is carried
# out; sets hits
sweep()
{
	local text=$1 i=$2

	shift 2
	node_thread "$i"
	hits=0 bad=
	for ((nth = 1; nth <= 30; nth += step)); do
		echo $nth >"/proc/$tid/fail-nth"
		"$@" || bad+="$nth: $why; "
		[ "$(<"/proc/$tid/fail-nth")" != 0 ] || hits=$((hits + 1))
		echo 0 >"/proc/$tid/fail-nth"
	done
	note "$text: $hits failed"
	check "$text: each allocation of the node thread fails, the lists are the same" \
		eval 'why=$bad; [ $hits -gt 0 ] && [ -z "$bad" ]'
}

total=40
adds()
{
	order 1 add "more" && order 2 add "and more" && total=$((total + 2)) &&
		wait_until 20 same "1 2" $total
}
sweep "operations of its own and of another" 1 adds

joins()
{
	order 2 unregister
	# that itself may have failed for want of memory, and is tried again
	wait_until 10 order 2 register && wait_until 20 same "1 2" $total
}
sweep "transmitting" 1 joins
sweep "being transmitted to" 2 joins
check "nobody was told what it must not be told" never_wrong 1 2
check "unloading finds nothing to end" eval 'rmmod pfsnl_ledger && unload'
load
finish
