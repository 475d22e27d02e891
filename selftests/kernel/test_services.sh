#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# Services in the kernel: another module registers one on each node, whose state is a
# list of entries, and looks whether it is told what it may be told at each time. The
# lists are the same after joins, partitions and whatever ends a round in its middle.
# It comes with the module for tests of tests (kmod/ledger.c).
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"
. "$here/ledger.sh"

hurry
# what book() sets
abort=0 activate=0

# is_at I PHASE: as the kernel says to operators
is_at()
{
	local json

	json=$(ctl "$1" sync --json)
	why="node $1: $json"
	[[ $json == *'"id":20,'*"\"phase\":\"$2\""* ]]
}

# waits_for I J: node I tells that node J is waited for, and nobody else
waits_for()
{
	local json

	json=$(ctl "$1" sync --json)
	why="node $1: $json"
	[[ $json == *"\"waits\":1,"*"\"waits_for\":[\"$(node_addr "$2")\"]"* ]]
}

has_service()
{
	why=$(ctl "$1" sync --json)
	[[ $why == *'"id":20,'* ]]
}

nodes_make 4
ledger_open 1 2 3 4
insmod "$ledger_ko"
check "without a node there is no service" refuses "etwork is down" 1 register
node_up 1
wait_until 20 agree 1 "1*"

# --- one, two, three ---
check "a module registers a service" order 1 register
check "it is activated" wait_until 10 same 1 0
check "not twice" refuses already 1 register
order 1 fill 10 first
check "its operations are applied" wait_until 10 same 1 10
node_up 2
node_up 3
wait_until 20 agree "1 2 3" "1* 2 3"
order 2 register
check "on another node it gets what the first has" wait_until 10 same "1 2" 10
check "and is told one piece after the other" told 2 data 10
order 3 register
check "and so does a third" wait_until 10 same "1 2 3" 10
for i in 1 2 3; do
	order $i fill 200 "of $i" &
	jobs_started+=($!)
done
check "what all say at once is applied by all in the same order" \
	wait_until 20 same "1 2 3" 610
check "who transmits was told by what they have" \
	eval 'book 1; [ "$data" -ge 10 ] && book 3 && [ "$said" -ge 600 ]'

# --- apart and together ---
segment 1 3
wait_until 30 agree "1 2" "1* 2"
wait_until 30 agree 3 "3*"
check "one falls out: the others go on" wait_until 30 same "1 2" 610
check "and it goes on alone" wait_until 30 same 3 610
order 1 fill 5 "of many"
order 3 fill 2 "of one"
check "the many change their list" wait_until 10 same "1 2" 615
check "the one changes its own" wait_until 10 same 3 612
heal 3
wait_until 40 one_list "1 2 3"
check "together again all have the same list" wait_until 20 same "1 2 3" 615
check "nobody was told what it must not be told" never_wrong 1 2 3

# --- aborted in the middle ---
book 1
was=$abort
for i in 1 2 3; do
	order $i slow 2
done
node_up 4
wait_until 20 one_list "1 2 3 4"
order 4 register
check "a node transmits slowly" wait_until 10 told 4 data 2
check "and is at that" eval 'is_at 4 barrier || is_at 4 process'
node_down 3
check "a ring comes while it transmits: all abort" \
	eval 'wait_until 10 told 1 abort $((was + 1)) &&
	      wait_until 10 told 4 abort 1'
check "what came of the aborted round is in no list" \
	eval 'book 4; why="node 4 has $entries"; [ "$entries" = 0 ] || same 4 615'
for i in 1 2 4; do
	order $i slow 0
done
check "the next round is the whole of it" wait_until 20 same "1 2 4" 615

order 2 stuck 1
node_up 3
wait_until 20 one_list "1 2 3 4"
check "a service of the node that was taken down was told that" told 3 over 1
order 3 unregister
check "and is unregistered afterwards" order 3 register
check "who is done waits for who is stuck" \
	eval 'wait_until 10 is_at 1 barrier && wait_until 10 waits_for 1 2'
words=$(ctl 1 sync)
check "people are told who is waited for" \
	eval 'why=$words; [[ $words == *"ledger"*"barrier"*"waits for 10.73.0.2"* ]]'
book 1
was=$abort
node_down 4
check "a ring comes while nodes wait in the barrier: they abort" \
	wait_until 10 told 1 abort $((was + 1))
check "and wait again" wait_until 10 waits_for 1 2
order 2 stuck 0
check "the stuck one goes on: all have the same list" \
	wait_until 10 same "1 2 3" 615
order 4 unregister

# --- not enough memory ---
order 2 short 50
order 1 fill 100 "when it was short"
check "who has no memory for what is said gets it later" \
	wait_until 20 same "1 2 3" 715
order 2 short 50
node_up 4
wait_until 20 one_list "1 2 3 4"
order 4 short 50
order 4 register
check "who has no memory for what is transmitted gets it later" \
	wait_until 20 same "1 2 3 4" 715
check "it had none indeed" eval 'book 4; why="short $short"; [ "$short" = 0 ]'

# --- from inside ---
order 1 inside
node_down 4
wait_until 10 same "1 2 3" 715
check "from inside an operation nothing may be called that waits" \
	eval 'book 1; why="refused $refused"; [ "$refused" = -35 ]'
order 4 unregister

# --- who is stuck is dropped ---
for i in 1 2 3; do
	ctl $i set --sync-deadline 3s
done
lists 1
leader=${lists[1]%%\**}
leader=${leader##* }
stuck=$((leader % 3 + 1))
order $stuck stuck 1
node_up 4
wait_until 20 one_list "1 2 3 4"
book 4
was=$activate
order 4 register
check "who says nothing within sync-deadline is dropped, and the others go on" \
	wait_until 40 told 4 activate $((was + 1))
check "which is counted" stat_over "$leader" sync_slow 0
order $stuck stuck 0
check "it comes back and has the same list" \
	wait_until 40 same "1 2 3 4" 715
was=$(stat "$leader" step_downs)
order "$leader" stuck 1
order 4 unregister
check "a leader that says nothing within it hands over" \
	wait_until 20 stat_over "$leader" step_downs "$was"
order "$leader" stuck 0
for i in 1 2 3; do
	ctl $i set --sync-deadline 0
done
order 4 register
check "and has the same list again" wait_until 40 same "1 2 3 4" 715

# --- unregistering in the middle ---
order 2 stuck 1
node_down 4
order 4 unregister
check "a round has begun" wait_until 20 waits_for 1 2
book 2
was=$abort
check "a service is unregistered in its middle" order 2 unregister
check "it is told abort, and then nothing" eval '
	book 2; why="$phase, aborted $abort times, was $was"
	[[ $phase == over && $abort -gt $was ]]'
check "the others go on without it" wait_until 20 same "1 3" 715
order 2 stuck 0
order 2 register
check "registered again it has the list" wait_until 20 same "1 2 3" 715

# --- the namespace goes ---
node_up 4
wait_until 20 one_list "1 2 3 4"
order 4 register
wait_until 20 same "1 2 3 4" 715
order 4 stuck 1
order 3 unregister
check "nodes wait" wait_until 20 waits_for 1 4
ledger_close 4
node_delete 4
check "a namespace goes in the middle of a round: the others go on" \
	wait_until 20 same "1 2" 715
order 3 register
check "nobody was told what it must not be told up to here" never_wrong 1 2 3

# --- unloading ---
wait_until 20 same "1 2 3" 715
words=$(rmmod pfsnl 2>&1)
check "what services use can't be unloaded" \
	eval 'why=$words; [[ $words == *"in use"* ]]'
order 2 stuck 1
order 3 unregister
wait_until 20 waits_for 1 2
check "the module of services is unloaded in the middle of a round" \
	rmmod pfsnl_ledger
check "and then there is none" eval '! has_service 1 && ! has_service 2'
check "it found nothing wrong" eval '
	why=$(dmesg | grep "pfsnl_ledger: ")
	[ ! "$why" ]'

insmod "$ledger_ko" pin=1
order 1 register
words=$(rmmod pfsnl_ledger 2>&1)
check "an owner can't be unloaded while its service is registered" \
	eval 'why=$words; [[ $words == *"in use"* ]]'
order 1 unregister
check "and can be afterwards" rmmod pfsnl_ledger
insmod "$ledger_ko" id=15
check "an id of those that are pfsnl's own is refused" refuses nvalid 1 register
rmmod pfsnl_ledger
insmod "$ledger_ko" id=65535
check "the highest id is not" eval 'order 1 register && wait_until 10 same 1 0'
node_down 1
check "the node is taken down: its service is told" told 1 over 1
check "which can be unloaded" rmmod pfsnl_ledger
check "unloading at last: nothing is left" eval 'unload && nothing_left 1 2 3'
load
finish
