#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# A cluster forms: nodes that start find each other, one leads, all have the
# same list, and every watch folds to it.
. "$(dirname "$0")/lib.sh"

# Beacons of the first tenth of a second decide who leads, so the best node must
# start before half of that is over for another.
at_once=50
nodes=16

nodes_make $nodes
everyone=$(seq -s ' ' $nodes)
# shellcheck disable=SC2086 # they are words
watch_start $everyone

# start_at_once BEST I[:PRIORITY]...: again until it was quick enough
start_at_once()
{
	local try best=$1

	shift
	for try in 1 2 3; do
		[ "$try" = 1 ] || stop_together "${@%:*}"
		nodes_together "$@" || return
		[ "${late[$best]}" -gt $at_once ] || return 0
		note "$best was ${late[$best]} ms late, try $try"
	done
	return 1
}

# forms WHAT LIST I[:PRIORITY]...: nodes started at once get this list. Who leads
# it is only certain if they really started at once.
forms()
{
	local what=$1 list=$2 quick=1 best=${2%%\**}

	shift 2
	best=${best##* }
	start_at_once "$best" "$@" || quick=
	check "$what form one cluster" wait_until 30 one_list "${list/\*/}"
	if [ "$quick" ]; then
		check "$what: the best of them leads" agree "${list/\*/}" "$list"
	else
		skip "$what: the best of them leads" \
			"it started ${late[$best]} ms after the first"
	fi
}

# shellcheck disable=SC2086 # lists are words
{
node_up 1
check "one node leads a cluster of itself" wait_until 20 agree 1 "1*"
check "one node: its watch folds to its list" wait_until 10 folds 1
node_down 1
check "a node that is down has no list" agree 1 down
check "one node down: its watch folds to nobody" wait_until 10 folded 1 ""

if full_only; then
	forms "2 nodes started together" \
		"1* 2" 2 1
	check "2 nodes: every watch folds to the list" wait_until 10 folds 1 2
	stop_together 1 2
fi

forms "3 nodes started together" \
	"1* 2 3" 3 2 1
check "3 nodes: each says the same of all" same_lists 1 2 3
check "3 nodes: every watch folds to the list" wait_until 10 folds 1 2 3
stop_together 1 2 3

forms "$nodes nodes started together" \
	"1* ${everyone#1 }" $(seq $nodes -1 1)
check "$nodes nodes: each says the same of all" same_lists $everyone
check "$nodes nodes: all are in one ring" wait_until 10 same_ring $everyone
check "$nodes nodes: every watch folds to the list" wait_until 10 folds $everyone
lists $everyone
is "$nodes nodes: one is in the role of the leader, all others are clients" \
	"$(printf '%s\n' "${roles[@]}" | sort | uniq -c | tr -s ' \n' ' ')" \
	" $((nodes - 1)) client 1 leader "
stop_together $everyone
check "$nodes nodes stopped at once: every watch folds to nobody" \
	wait_until 20 folded "$everyone" ""

forms "nodes of unequal priority" "1 2* 3" 1:50 2:60 3:50
check "priority: what each says of all is the same" same_lists 1 2 3
stop_together 1 2 3

forms "others and the lowest address with priority 0" "1 2* 3" 1:0 3 2
stop_together 1 2 3
node_up 1 --priority 0
node_up 2 --priority 0
check "nodes of priority 0 alone: each has itself and no leader" \
	wait_until 20 eval 'agree 1 1 && agree 2 2'
check "nodes of priority 0 alone: it stays so" \
	holds 2000 eval 'agree 1 1 && agree 2 2 && role_is 1 listening'
node_up 3 --priority 1
check "the first that may lead takes those of priority 0 in" \
	wait_until 20 agree "1 2 3" "1 2 3*"
check "priority 0: every watch folds to the list" wait_until 10 folds 1 2 3
stop_together 1 2 3

node_up 2
wait_until 20 agree 2 "2*"
node_up 3
wait_until 20 agree "2 3" "2* 3"
watch_mark
node_up 1 --priority 255
check "a better latecomer is taken in" wait_until 20 agree "1 2 3" "1 2* 3"
check "a better latecomer does not take over" \
	holds 1000 agree "1 2 3" "1 2* 3"
check "a better latecomer: the others see one add" changes_are "2 3" "+1"
stop_together 1 2 3

if full_only; then
	node_up 1 --cluster red
	node_up 2 --cluster blue
	node_up 3 --cluster red
	node_up 4 --cluster blue
	check "two clusters on one segment form each by itself" \
		wait_until 20 eval 'agree "1 3" "1* 3" && agree "2 4" "2* 4"'
	check "two clusters: they don't mix" \
		holds 1000 eval 'agree "1 3" "1* 3" && agree "2 4" "2* 4"'
	check "two clusters: beacons of the other are counted as foreign" \
		stat_over 1 beacon_foreign 0
	stop_together 1 2 3 4

	for i in 1 2 3; do
		filter $i "meta pkttype broadcast udp dport 7319 drop"
	done
	for i in 3 2 1; do
		node_up $i --multicast 239.73.19.1
	done
	check "nodes that beacon to a multicast group form a cluster" \
		wait_until 20 one_list "1 2 3"
	check "multicast: every watch folds to the list" \
		wait_until 10 folds 1 2 3
	stop_together 1 2 3

	for i in 3 2 1; do
		node_up $i --peers "$(node_addr 1),$(node_addr 2),$(node_addr 3)"
	done
	check "nodes that beacon to a list of addresses form a cluster" \
		wait_until 20 one_list "1 2 3"
	check "list of addresses: every watch folds to the list" \
		wait_until 10 folds 1 2 3
	stop_together 1 2 3

	node_up 1 --peers "$(node_addr 2),$(node_addr 3)"
	node_up 2 --peers "$(node_addr 1)"
	node_up 3 --peers "$(node_addr 1)"
	check "nodes that name only the leader find each other by it" \
		wait_until 20 one_list "1 2 3"
	stop_together 1 2 3
	for i in 1 2 3; do
		filter $i
	done

	node_up 1 --port 7400 --tether-port 7401
	node_up 2 --port 7400 --tether-port 7500
	node_up 3 --port 7400
	check "nodes on another UDP port and TCP ports of their own" \
		wait_until 20 one_list "1 2 3"
	stop_together 1 2 3
fi

for i in 1 2 3; do
	ctl $i up eth0 >"$tmp/null" || note "up failed on $i"
done
check "with all settings at their defaults a cluster forms" \
	wait_until 20 one_list "1 2 3"
is "the default is a beacon every 200 ms, dead after 5 missed" \
	"$(status 1 interval_ms) $(status 1 dead)" "200 5"
check "default settings: every watch folds to the list" \
	wait_until 10 folds 1 2 3
}
finish
