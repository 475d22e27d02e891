#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# Eight nodes, a process on each, all of them talk: the leader is lost in the middle
# of it, the segment falls in two in the middle of it and comes together again, a
# process is killed while a thousand messages wait for it. Who stays together hears
# the same in the same order; of one's own each message comes back, or nobody knows.
. "$(dirname "$0")/lib.sh"

# not to be taken for dead because the machine is busy
# shellcheck disable=SC2034 # for lib.sh
dead=50
nodes_make 8
everybody="1 2 3 4 5 6 7 8"
left="2 3 4"
right="5 6 7 8"
many=60
declare -A sent=()

# heard I: the messages that it heard, as everybody hears them
heard()
{
	sed -nE 's/^message [0-9]+ //; T; s/ own [0-9]+//; p' "$tmp/p$1.out"
}

# counts I REGEX: how many of its lines match
counts()
{
	grep -cE -- "$2" "$tmp/p$1.out"
}

# members I COUNT: by the last change it knows of so many
members()
{
	local last

	last=$(grep '^change ' "$tmp/p$1.out" | tail -n 1)
	why="process $1: ${last:-no change}"$'\n'"not $2 members"
	[[ $last =~ ^change\ [0-9]+(\ whole)?\ $2: ]]
}

all_have()
{
	local i

	for i in $1; do
		members "$i" "$2" || return
	done
}

# talk I COUNT LENGTH [safe]
talk()
{
	tell "p$1" send "$3" "$2" "${4-}"
	sent[$1]=$((${sent[$1]-0} + $2))
}

# everybody says COUNT messages, those with an odd number safe ones
all_talk()
{
	local i

	for i in $1; do
		if ((i % 2)); then
			talk "$i" "$2" $((100 * i)) safe
		else
			talk "$i" "$2" $((1000 * i))
		fi
	done
}

under_way()
{
	why="process 3 heard $(heard 3 | wc -l) messages, not $1"
	[ "$(heard 3 | wc -l)" -ge "$1" ]
}

# each of its own has come back or nobody knows of it, once
accounted()
{
	local i

	for i in $1; do
		why="process $i: $(counts "$i" ' own [0-9]+') of its own came back, "
		why+="$(counts "$i" '^unknown ') unknown, of ${sent[$i]}"
		[ $(($(counts "$i" ' own [0-9]+') +
			$(counts "$i" '^unknown '))) = "${sent[$i]}" ] || return
	done
}

same_for()
{
	local i first=${1%% *}

	for i in $1; do
		why="processes $first and $i heard:"$'\n'
		why+=$(diff <(heard "$first") <(heard "$i") | head -n 6)
		cmp -s <(heard "$first") <(heard "$i") || return
	done
}

# the last COUNT messages
same_end()
{
	local i

	for i in $1; do
		why="processes 1 and $i heard at last:"$'\n'
		why+=$(diff <(heard 1 | tail -n "$2") <(heard "$i" | tail -n "$2") |
			head -n 6)
		cmp -s <(heard 1 | tail -n "$2") <(heard "$i" | tail -n "$2") ||
			return
	done
}

# by the place of a message in the row, and who said it
no_duplicates()
{
	local i

	for i in $1; do
		why="process $i heard twice: $(heard "$i" | sort | uniq -d | head -n 3)"
		[ -z "$(heard "$i" | sort | uniq -d)" ] || return
	done
}

for i in $everybody; do
	node_up "$i"
	[ "$i" != 1 ] || wait_until 20 agree 1 "1*"
done
check "eight nodes are one cluster" wait_until 20 agree "$everybody" "1* 2 3 4 5 6 7 8"
for i in $everybody; do
	helper_start "p$i" "$i" "$build/selftests/kernel/member"
	tell "p$i" join all
done
check "a process on each is a member" wait_until 30 all_have "$everybody" 8

all_talk "$everybody" $many
check "all talk" wait_until 30 under_way 60
cut_cable 1
check "the leader is lost meanwhile: the others hear that" \
	wait_until 30 all_have "$left $right" 7
check "the leader is lost meanwhile: what they sent comes back or nobody knows" \
	wait_until 60 accounted "$left $right"
check "the leader is lost meanwhile: the others heard the same" \
	wait_until 20 same_for "$left $right"
note "unknown: $(for i in $left $right; do counts "$i" '^unknown '; done | xargs)"
check "the lost one is alone" wait_until 30 members 1 1
check "it knows what became of its own, or that nobody does" \
	wait_until 60 accounted 1
heal 1
check "it comes back: all hear of all" wait_until 30 all_have "$everybody" 8

all_talk "$everybody" $many
before=$(heard 3 | wc -l)
check "all talk again" wait_until 30 under_way $((before + 60))
# shellcheck disable=SC2086 # they are words
segment 1 $right
check "the segment falls in two: each half hears that" \
	eval 'wait_until 30 all_have "1 $left" 4 && wait_until 30 all_have "$right" 4'
check "the segment falls in two: what was sent comes back or nobody knows" \
	wait_until 60 accounted "$everybody"
check "the segment falls in two: one half heard the same" \
	wait_until 20 same_for "$left"
check "the segment falls in two: the other half heard the same" \
	wait_until 20 same_for "$right"
all_talk "$everybody" 20
check "each half talks on" wait_until 30 accounted "$everybody"
# shellcheck disable=SC2086
heal $right
check "they come together: all hear of all" wait_until 30 all_have "$everybody" 8
all_talk "$everybody" 20
check "they talk to each other: nothing is lost" wait_until 60 accounted "$everybody"
check "they talk to each other: all hear the same" wait_until 20 same_end "$everybody" 160
check "one half heard the same all the time" same_for "$left"
check "the other half heard the same all the time" same_for "$right"
check "nobody heard anything twice" no_duplicates "$everybody"
check "nothing broken was heard" eval '! grep -hE "broken|out of turn" "$tmp"/p?.out'

helper_start p9 2 "$build/selftests/kernel/member"
tell p9 join all
check "a ninth comes" wait_until 20 all_have "$everybody" 9
number=$(sed -n 's/^joined //p' "$tmp/p9.out")
tell p9 deaf
for i in $everybody; do
	talk "$i" 140 10
done
check "a thousand messages wait for it" wait_until 60 accounted "$everybody"
kill -KILL "${helper_pid[p9]}"
wait "${helper_pid[p9]}" 2>/dev/null
died()
{
	local i

	for i in $everybody; do
		why="process $i did not hear that 2/$number died"
		grep -qE "^change .* -2/$number:died" "$tmp/p$i.out" || return
	done
}
check "it is killed: all hear that it died" wait_until 20 died
check "the nodes are one cluster" wait_until 20 one_list "$everybody"
for i in $everybody; do
	helper_stop "p$i"
done
finish
