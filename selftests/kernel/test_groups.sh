#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# Groups of processes: who joins hears who is there, all members hear the same in
# the same order, also what is long; who dies, closes its socket, does not read or
# falls silent is gone, and the node goes on. Namespaces go and the module is
# unloaded with members in groups.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"

hurry
nodes_make 3

# process NAME I [OPTION...]: a process in node I that joins when told to
process()
{
	local name=$1 i=$2

	shift 2
	helper_start "$name" "$i" "$build/selftests/kernel/member" "$@"
	wait_until 10 said "$name" ready
}

# said NAME REGEX: some line it printed, as a whole, matches
said()
{
	why="$1 said: $(tail -n 5 "$tmp/$1.out")"$'\n'"and never: $2"
	grep -qxE -- "$2" "$tmp/$1.out"
}

# said_times NAME REGEX COUNT
said_times()
{
	local n

	n=$(grep -cxE -- "$2" "$tmp/$1.out")
	why="$1 said $n times, not $3: $2"$'\n'"last: $(tail -n 3 "$tmp/$1.out")"
	[ "$n" = "$3" ]
}

# number_of NAME: of the membership that it got last
number_of()
{
	sed -n 's/^joined //p' "$tmp/$1.out" | tail -n 1
}

# join NAME GROUP [WINDOW [KEEPALIVE]]: and wait for the first event
join()
{
	local name=$1 n

	n=$(grep -c '^joined ' "$tmp/$name.out")
	shift
	tell "$name" join "$@"
	wait_until 10 said_times "$name" 'joined .*' $((n + 1)) &&
		wait_until 10 said "$name" \
			"change $(number_of "$name") whole.*"
}

# gone NAME NODE NUMBER WHY: NAME was told that this one is gone
gone()
{
	said "$1" "change .*: .*-$2/$3:$4( .*)?"
}

# end NAME: it has done its work
end()
{
	helper_stop "$1"
}

# slay NAME: it is killed
slay()
{
	kill -KILL "${helper_pid[$1]}"
	wait "${helper_pid[$1]}" 2>/dev/null
}

# same_row NAME NAME: the messages that both heard are the same in the same order
same_row()
{
	local one two

	# without the number of the hearer, and what only the sender is told
	one=$(sed -nE 's/^message [0-9]+ //; T; s/ own [0-9]+//; p' "$tmp/$1.out")
	two=$(sed -nE 's/^message [0-9]+ //; T; s/ own [0-9]+//; p' "$tmp/$2.out")
	why=$(diff <(echo "$one") <(echo "$two") | head -n 10)
	[ -n "$one" ] && [ "$one" = "$two" ]
}

node_up 1
wait_until 20 agree 1 "1*"
node_up 2
check "two nodes are one cluster" wait_until 20 agree "1 2" "1* 2"

# ---- joining --------------------------------------------------------------

process a 1
check "a process joins" join a red
a=$(number_of a)
check "its first event names itself alone" \
	said a "change $a whole 1: \\+1/$a:joined"
check "the answer comes before the first event" \
	eval 'grep -m1 -E "^(joined|change)" "$tmp/a.out" | grep -q joined'
process b 2
check "a process on the other node joins" join b red
b=$(number_of b)
check "its first event names both" \
	said b "change $b whole 2: =1/$a:none \\+2/$b:joined"
check "the first one hears of it" \
	wait_until 10 said a "change $a 2: \\+2/$b:joined"
tell a groups
check "groups are listed" wait_until 10 said a "group red 2 1"
tell b members red
check "members are listed" wait_until 10 said b "members end"
check "members are listed: both" \
	eval 'said b "member 1/$a" && said b "member 2/$b self"'

# ---- refusals -------------------------------------------------------------

tell a join red
check "the same group twice is refused" \
	wait_until 10 said a "refused 17 .*member of the group already"
tell a piece 1 0 1 999999
check "a message of no member is refused" \
	wait_until 10 said a "refused 107 .*no membership of this number"
tell a piece 100 50 50
check "a piece that follows nothing is refused" \
	wait_until 10 said a "refused 22 .*pieces of a message follow.*"
tell a piece 10 0 20
check "a piece beyond the end is refused" \
	wait_until 10 said a "refused 22 .*beyond the end.*"
tell a piece 100000000 0 20
check "a message too long is refused" \
	wait_until 10 said a "refused 90 .*longer than a message may be.*"
tell a join blue 100
check "a window too small is refused" \
	wait_until 10 said a "refused 22 .*65536 bytes at least"
tell a join blue 999999999
check "a window larger than the receive buffer is refused" \
	wait_until 10 said a "refused 22 .*larger than the socket's receive buffer"
tell a join ""
check "a group without a name is refused" \
	wait_until 10 said a "refused (22|34) .*"
tell a taken 99999999
check "more taken than was sent is refused" \
	wait_until 10 said a "refused 34 .*more than this socket was sent"
# what a user needs to run it is open to others
shared=$(mktemp -d "${TMPDIR:-/tmp}/pfsnl-shared.XXXXXX")
chmod 755 "$shared"
install -m 755 "$build/selftests/kernel/member" "$shared/"
in_node 1 setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
	"$shared/member" <<<"join red" >"$tmp/nobody.out" 2>&1
check "an unprivileged user is refused" said nobody "refused 1 .*"
rm -r "$shared"

# ---- messages -------------------------------------------------------------

tell a send 1
check "a byte is heard by the other" \
	wait_until 10 said b "message $b 1/$a [0-9]+ 1 ok"
check "a byte is heard by its sender, with its number" \
	wait_until 10 said a "message $a 1/$a [0-9]+ 1 ok own [0-9]+"
tell b send 0
check "nothing is a message, too" \
	wait_until 10 said a "message $a 2/$b [0-9]+ 0 ok"
tell b send 32768 1 safe
check "32 KiB, safe" wait_until 10 said a "message $a 2/$b [0-9]+ 32768 ok safe"
tell b send 1048576
check "1 MiB arrives whole" \
	wait_until 20 said a "message $a 2/$b [0-9]+ 1048576 ok"
tell b send 2000000
check "2 MB, which is more than may be under way otherwise" \
	wait_until 20 said a "message $a 2/$b [0-9]+ 2000000 ok"
tell a piece 70000 0 30000
tell a send 5
check "a message that was not finished does not come, the next does" \
	wait_until 10 said b "message $b 1/$a [0-9]+ 5 ok"
tell a send 100 300
tell b send 100 300
check "both send at once: one hears all" \
	wait_until 30 said_times a "message $a ./[0-9]+ [0-9]+ 100 ok.*" 600
check "both send at once: the other hears all" \
	wait_until 30 said_times b "message $b ./[0-9]+ [0-9]+ 100 ok.*" 600
check "both hear the same in the same order" same_row a b
tell a hurl 20000
check "who sends without end is told to try again" \
	wait_until 20 said a "hurled [0-9]+"
check "who was told to try again is told of room" wait_until 20 said a "room $a"
tell a send 200000 20
check "who waits for room gets all through" \
	wait_until 60 said_times b "message $b 1/$a [0-9]+ 200000 ok" 20
check "no message was broken" \
	eval '! grep -hE "broken|out of turn" "$tmp"/[ab].out'

# ---- several members of a node ---------------------------------------------

process c 1
join c red
c=$(number_of c)
tell c piece 1 0 1 "$a"
check "a message of somebody else's membership is refused" \
	wait_until 10 said c "refused 107 .*no membership of this number"
tell b send 3000 5
check "two members of a node hear the same" \
	wait_until 10 said_times c "message $c 2/$b [0-9]+ 3000 ok" 5
join a green
green=$(number_of a)
check "a socket has memberships of two groups" \
	said a "change $green whole 1: \\+1/$green:joined"
tell a leave
check "it leaves one" wait_until 10 said a "over $green left"
check "the other goes on" \
	wait_until 10 said_times a "message $a 2/$b [0-9]+ 3000 ok" 5

# ---- going ----------------------------------------------------------------

slay c
check "a process is killed: the other node hears that it died" \
	wait_until 10 gone b 1 "$c" died
check "a process is killed: its own node does, too" \
	wait_until 10 gone a 1 "$c" died
end c
process c 1
join c red
c=$(number_of c)
tell c close
check "a socket is closed: others hear that" wait_until 10 gone b 1 "$c" closed
end c
process c 1
join c red
c=$(number_of c)
tell c send 10 20
tell c leave
check "a member leaves: it is told that it is over" \
	wait_until 10 said c "over $c left"
check "a member leaves: others hear that" wait_until 10 gone b 1 "$c" left
check "a member leaves: what it sent before was heard" \
	said_times b "message $b 1/$c [0-9]+ 10 ok" 20
check "a member leaves: and by itself before the end" \
	said_times c "message $c 1/$c [0-9]+ 10 ok own [0-9]+" 20
tell c join red
check "it may come again" wait_until 10 said_times c "joined .*" 2
end c

process d 1
join d red 65536
d=$(number_of d)
tell d deaf
wait_until 10 said d "done deaf"
backlog=/sys/module/pfsnl/parameters/group_backlog_kib
was=$(<$backlog)
echo 2048 >$backlog
tell b send 30000 100
check "who does not read loses its membership" wait_until 20 gone b 1 "$d" slow
check "who does not read: that is counted" stat_is 1 group_slow 1
tell d hear
check "who does not read is told so when it does" \
	wait_until 10 said d "over $d slow"
check "the others of that node heard all" \
	wait_until 20 said_times a "message $a 2/$b [0-9]+ 30000 ok" 100
check "the node is where it was" agree "1 2" "1* 2"
echo "$was" >$backlog
check "who was too slow may join again" join d red
d=$(number_of d)
# it dies with events waiting
tell d deaf
wait_until 10 said_times d "done deaf" 2
tell b send 30000 40
wait_until 20 said b "message $b 2/$b [0-9]+ 30000 ok own [0-9]+"
wait_until 20 said_times a "message $a 2/$b [0-9]+ 30000 ok" 140
slay d
check "it is killed with events waiting" wait_until 10 gone b 1 "$d" died
end d

# of two that don't read, the one for whom more waits, when it is too much together
process d 1
join d red 65536
d=$(number_of d)
tell d deaf
wait_until 10 said d "done deaf"
backlogs=/sys/module/pfsnl/parameters/group_backlogs_kib
was=$(<$backlogs)
echo 1500 >$backlogs
tell b send 30000 20
wait_until 20 said_times a "message $a 2/$b [0-9]+ 30000 ok" 160
process e 1
join e red 65536
e=$(number_of e)
tell e deaf
wait_until 10 said e "done deaf"
tell b send 30000 20
check "too much waits for two together: the one with more is gone" \
	wait_until 20 gone b 1 "$d" slow
wait_until 20 said_times a "message $a 2/$b [0-9]+ 30000 ok" 180
echo "$was" >$backlogs
check "too much waits for two together: that is counted" stat_is 1 group_slow 2
tell e hear
check "too much waits for two together: the other hears all" \
	wait_until 20 said_times e "message $e 2/$b [0-9]+ 30000 ok" 20
tell d hear
check "too much waits for two together: the first is told so" \
	wait_until 10 said d "over $d slow"
end d
tell e leave
wait_until 10 gone b 1 "$e" left
end e

# against all that the window promises
process d 1
join d red 65536
d=$(number_of d)
tell d deaf
tell d shrink 2048
wait_until 10 said d "done shrink"
tell b send 3000 20
check "an overrun: who was sent more than its buffer holds is gone" \
	wait_until 20 gone b 1 "$d" slow
check "an overrun: the others of that node hear all" \
	wait_until 20 said_times a "message $a 2/$b [0-9]+ 3000 ok" 25
check "an overrun: that is counted" stat_is 1 group_slow 3
tell d hear
check "an overrun: it is told so by netlink" wait_until 10 said d overrun
# what came before the overrun has made room when it has been read
over_when_asked()
{
	tell d alive
	said d "over $d slow"
}
check "an overrun: with its next request it is told that its membership is over" \
	wait_until 10 over_when_asked
end d

process e 2
join e red 65536 300
e=$(number_of e)
check "who gives no sign of life within its keepalive is gone" \
	wait_until 10 gone a 2 "$e" silent
check "it is told so" wait_until 10 said e "over $e silent"
check "that is counted" stat_is 2 group_silent 1
end e

# ---- nodes ----------------------------------------------------------------

node_up 3
wait_until 20 agree "1 2 3" "1* 2 3"
process g 3
check "a process on a third node joins" join g red
g=$(number_of g)
check "all hear of it" eval \
	'wait_until 10 said a "change $a 3: \\+3/$g:joined" &&
	 wait_until 10 said b "change $b 3: \\+3/$g:joined"'
cut_cable 3
check "its node fails: it is gone with it" wait_until 20 gone a 3 "$g" node-failed
check "alone it is told of the others" \
	wait_until 20 said g "change $g 1: -1/$a:node-.* -2/$b:node-.*"
heal 3
check "they come together again: both sides hear who comes" eval \
	'wait_until 30 said a "change $a 3: \\+3/$g:node-.*" &&
	 wait_until 30 said g "change $g 3: \\+1/$a:node-.* \\+2/$b:node-.*"'
tell g send 7
check "and then what the others say" wait_until 20 said a "message $a 3/$g .* 7 ok"
tell g close
wait_until 10 gone a 3 "$g" closed
tell g close
end g

process h 2
join h red
h=$(number_of h)
node_down 2
check "a node is taken down: its members are told" eval \
	'wait_until 10 said b "over $b (down|node-.*)" &&
	 wait_until 10 said h "over $h (down|node-.*)"'
check "a node is taken down: others hear that" wait_until 20 gone a 2 "$h" node-left
tell b send 1
check "a node is taken down: sending says so" \
	wait_until 10 said b "refused 100 .*no instance is up.*"
end h
end b

# a socket keeps its namespace; with the process both go
process i 3
join i red
i=$(number_of i)
ip netns del "$(node_ns 3)"
unset 'node_made[3]'
end i
check "a namespace is deleted and its last member ends: both are gone" \
	wait_until 20 agree 1 "1*"
check "a namespace is deleted: the member is gone" \
	eval 'wait_until 10 gone a 3 "$i" "(closed|died)"'

# ---- unloading ------------------------------------------------------------

nodes_make 3
node_up 2
node_up 3
wait_until 20 one_list "1 2 3"
process j 2 -b 32768
tell j join red 65536
wait_until 10 said j "joined .*"
process k 3
join k red
tell j deaf
wait_until 10 said j "done deaf"
tell a send 30000 20
wait_until 20 said_times a "message $a 1/$a [0-9]+ 30000 ok own .*" 20
check "unloaded with members and with events waiting" unload
check "unloaded: members are told" eval \
	'wait_until 10 said a "over $a down" &&
	 wait_until 10 said k "over $(number_of k) down"'
tell a send 1
wait_until 10 eval '[ $(grep -c "^refused" "$tmp/a.out") -gt 10 ]'
for name in a j k; do
	end $name
done
load
check "loaded again: a group is new" eval \
	'node_up 1 && wait_until 20 agree 1 "1*" && process l 1 && join l red'
check "unloading at last: nothing is left" eval 'unload && nothing_left 1 2 3'
end l
load
finish
