#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# MembershipClient as it was described in 1998, through seedapi, and watchfold:
# both are driven by their commands. Run by with_nodes.sh with 3 nodes or more.
set -u

here=$(dirname "$(realpath "$0")")
bin=${O:-$here/../../.build/selftests/lib}
read -ra nodes <<<"${PFSNL_NODES:?run me by with_nodes.sh}"
limit=30
number=0
failed=0

ok() { # STATUS TEXT
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=1
	fi
}

# Waits for a line of the program and leaves it in $line; what doesn't match
# the pattern is noted and passed over.
expect() { # PATTERN
	while read -r -t $limit line <&"${prog[0]}"; do
		# shellcheck disable=SC2053 # it is a pattern
		[[ $line == $1 ]] && return 0
		echo "# passed over: $line"
	done
	echo "# waited in vain for: $1"
	return 1
}

say() {
	echo "$*" >&"${prog[1]}"
}

echo "TAP version 13"
echo "1..20"

coproc prog { ip netns exec "${nodes[0]}" "$bin/seedapi"; }
expect 'WATCH 1 add 0'
ok $? "the first watch gets an empty list while no instance runs"
expect 'WATCH 2 add 0'
ok $? "the second one, too"
say peers
expect 'PEERS failed ENETDOWN'
ok $? "GetPeers says that no instance runs"
say add 1
expect 'ADD 1 EEXIST'
ok $? "a watch can't be added twice"

"$bin/node" up "${nodes[@]:0:3}"
have=0
while [ $have -lt 3 ] && expect 'WATCH 1 add *'; do
	read -r _ _ _ count _ <<<"$line"
	have=$((have + count))
done
[ $have = 3 ]
ok $? "the watch is told of three nodes"
say peers
expect 'PEERS 3 10.77.0.1 10.77.0.2 10.77.0.3'
ok $? "GetPeers gives the three"
"$bin/node" down "${nodes[2]}"
expect 'WATCH 1 remove 1 10.77.0.3'
ok $? "the first watch is told who left"
expect 'WATCH 2 remove 1 10.77.0.3'
ok $? "the second one, too"
say remove 1
expect 'REMOVE 1 ok'
ok $? "a watch is removed"
say remove 1
expect 'REMOVE 1 ENOENT'
ok $? "it can't be removed twice"
"$bin/node" up "${nodes[2]}"
expect 'WATCH * add 1 10.77.0.3'
[[ $line == 'WATCH 2 '* ]]
ok $? "only the other one is told from then on"
say add 1
expect 'WATCH 1 add 3 *'
ok $? "a watch added late gets the list"
# shellcheck disable=SC2154 # coproc sets it
expect_pid=$prog_PID
say quit
wait "$expect_pid"
ok $? "it ends well while watches are there"
"$bin/node" down "${nodes[@]:0:3}"

coproc prog { "$bin/watchfold" "${nodes[1]}"; }
expect 'UPDATE initial add 0 0'
ok $? "watchfold: an initial update"
"$bin/node" up "${nodes[@]:0:3}"
say await 3
expect 'THERE 3'
ok $? "watchfold: three nodes"
say check
expect 'EQUAL 3'
ok $? "watchfold: the fold is the list"
"$bin/node" down "${nodes[0]}"
say await 2
expect 'THERE 2'
ok $? "watchfold: two are left when the leader went"
say check
expect 'EQUAL 2'
ok $? "watchfold: the fold is still the list"
"$bin/node" down "${nodes[1]}" "${nodes[2]}"
say await 0
expect 'THERE 0'
ok $? "watchfold: nobody when the own instance stopped"
# shellcheck disable=SC2154 # coproc sets it
expect_pid=$prog_PID
say quit
wait "$expect_pid"
ok $? "watchfold: found nothing wrong"

exit $failed
