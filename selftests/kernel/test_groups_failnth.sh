#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Allocations for groups fail, one after the other: of a process that joins and that
# sends, and of the node thread that tells. Each has an outcome: it is refused, or
# the membership ends, or it is done later; and all works afterwards.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"
. "$here/inject.sh"

inject_possible
hurry
nodes_make 2
node_up 1
wait_until 20 agree 1 "1*"
node_up 2
check "two nodes are one cluster" wait_until 20 agree "1 2" "1* 2"

inject_begin

# said NAME REGEX
said()
{
	why="$1 said: $(tail -n 5 "$tmp/$1.out")"$'\n'"and never: $2"
	grep -qxE -- "$2" "$tmp/$1.out"
}

# order NAME WORDS...: and wait until it is done; sets lines to what it printed
order()
{
	local name=$1 from

	shift
	from=$(wc -l <"$tmp/$name.out")
	tell "$name" "$@"
	obeyed()
	{
		lines=$(tail -n "+$((from + 1))" "$tmp/$name.out")
		grep -qx "done $1" <<<"$lines"
	}
	wait_until 20 obeyed "$1"
}

number_of()
{
	sed -n 's/^joined //p' "$tmp/$1.out" | tail -n 1
}

# joins NAME: becomes a member if it is none
joins()
{
	order "$1" join red && grep -qE '^(joined|refused 17) ' <<<"$lines" &&
		wait_until 20 said "$1" "change $(number_of "$1") whole.*"
}

helper_start a 1 "$build/selftests/kernel/member"
helper_start b 2 "$build/selftests/kernel/member"
joins a
joins b
helper_start c 1 "$build/selftests/kernel/member"

# one in a process: each is refused, or no matter
hits=0 wrong=
for ((nth = 1; nth < 60; nth++)); do
	order c nth $nth && order c join red || break
	[[ $lines != *"not reached"* ]] || break
	hits=$((hits + 1))
	# a change says "joined", too
	if grep -q '^joined ' <<<"$lines"; then
		order c leave
		wait_until 20 said c "over $(number_of c) left" ||
			wrong+="$nth: never over; "
	elif [[ $lines != *"refused 12 "* ]]; then
		wrong+="$nth: $lines; "
	fi
done
note "a process that joins: $hits failed"
check "each allocation of a process that joins fails: nothing else does" \
	eval 'why=$wrong; [ $hits -gt 3 ] && [ $nth -lt 60 ] && [ -z "$wrong" ]'
check "then it joins" joins c
hits=0 wrong=
for ((nth = 1; nth < 60; nth++)); do
	order c nth $nth && order c send 3000 || break
	[[ $lines != *"not reached"* ]] || break
	hits=$((hits + 1))
	[[ $lines == *"refused 12 "* || $lines == *"sent, 0 left"* ]] ||
		wrong+="$nth: $lines; "
done
note "a process that sends: $hits failed"
check "each allocation of a process that sends fails: nothing else does" \
	eval 'why=$wrong; [ $hits -gt 0 ] && [ $nth -lt 60 ] && [ -z "$wrong" ]'
order c send 3001
check "then it sends" wait_until 20 said b "message [0-9]+ 1/[0-9]+ [0-9]+ 3001 ok"

# one in the node thread, while a message of b is told to two members
node_thread 1
settled()
{
	joins a && joins b && joins c && order b send "$1" &&
		wait_until 3 said a "message [0-9]+ 2/[0-9]+ [0-9]+ $1 ok" &&
		wait_until 3 said c "message [0-9]+ 2/[0-9]+ [0-9]+ $1 ok"
}
# all of them take minutes
step=3
[ "${PFSNL_FULL-}" != 1 ] || step=1
hits=0 wrong=
for ((nth = 1; nth <= 20; nth += step)); do
	echo $nth >"/proc/$tid/fail-nth"
	order b send 2000 3
	# what is sent now comes after it was reached, or it is not reached
	wait_until 30 settled $((4000 + nth)) || wrong+="$nth: $why; "
	[ "$(<"/proc/$tid/fail-nth")" != 0 ] || hits=$((hits + 1))
	echo 0 >"/proc/$tid/fail-nth"
done
note "a node thread that tells: $hits failed"
check "each allocation of a node thread fails: members hear again what is said" \
	eval 'why=$wrong; [ $hits -gt $((15 / step)) ] && [ -z "$wrong" ]'
check "some member was told that there was no memory to tell it" \
	grep -qE "over [0-9]+ no-memory" "$tmp/a.out" "$tmp/c.out"
check "nothing broken was told" eval '! grep -hE "broken|out of turn" "$tmp"/[abc].out'
check "the nodes are one cluster" wait_until 20 agree "1 2" "1* 2"
for name in a b c; do
	helper_stop $name
done
check "unloading finds nothing to end" unload
load
finish
