#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# What a node stands on is taken away while it runs: link, address, interface,
# port; and several processes start and stop it at once.
#
# shellcheck disable=SC2034 # variables are used by eval
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"

nodes_make 3

# leader_first: all are started anew, and node 1 leads
leader_first()
{
	all_down
	wait_until 20 threads_are 0
	node_up 1 && wait_until 20 agree 1 "1*" && node_up 2 && node_up 3 &&
		wait_until 20 agree "1 2 3" "1* 2 3"
}

# one_list I...: each has just these, whoever leads
one_list()
{
	local list

	list=$(peers "$1")
	why="node $1 has: $list"
	[ "${list/\*/}" = "$*" ] && agree "$*" "$list"
}

# quietly COMMAND...: its words are for when it fails
quietly()
{
	why=$("$@" 2>&1)
}

watch_start 1 2 3

# lost_and_found WHAT I TAKE GIVE: node I is without something for a while
lost_and_found()
{
	local what=$1 i=$2 others=(1 2 3)

	unset "others[$((i - 1))]"
	check "$what: one cluster before" leader_first
	eval "$3"
	check "$what: the others go on without it" \
		wait_until 20 one_list "${others[@]}"
	check "$what: its requests are answered" [ "$(status "$i" role)" ]
	eval "$4"
	check "$what, and back: they are one cluster again" \
		wait_until 30 one_list 1 2 3
	check "$what, and back: every watch folds to the list" \
		wait_until 10 folds 1 2 3
}

for i in 3 1; do
	who=client
	[ $i = 3 ] || who=leader
	lost_and_found "the link of the $who goes down" $i \
		"ip -n $(node_ns $i) link set eth0 down" \
		"ip -n $(node_ns $i) link set eth0 up"
	lost_and_found "the address of the $who is removed" $i \
		"ip -n $(node_ns $i) addr del $(node_addr $i)/24 dev eth0" \
		"ip -n $(node_ns $i) addr add $(node_addr $i)/24 brd + dev eth0"
done

# quick: before anybody misses a beacon
leader_first
watch_mark
for i in 1 2 3; do
	ip -n "$(node_ns $i)" -batch - <<-END
		link set eth0 down
		link set eth0 up
	END
done
check "links flap quickly: one cluster in the end" wait_until 30 one_list 1 2 3
check "links flap quickly: every watch folds to the list" \
	wait_until 10 folds 1 2 3

for i in 3 1; do
	who=client
	others=(1 2)
	[ $i = 3 ] || { who=leader; others=(2 3); }
	leader_first
	on_segment "link del p$i"
	check "the interface of the $who is deleted: the others go on without it" \
		wait_until 20 one_list "${others[@]}"
	check "the interface of the $who is deleted: its requests are answered" \
		quietly ctl $i stats
	check "the interface of the $who is deleted: it stops" node_down $i
	check "the interface of the $who is deleted: its sockets are gone" \
		sockets_are $i 0
	unset "node_made[$i]"
	watch_stop $i
	ip netns del "$(node_ns $i)"
	nodes_make 3
	watch_start $i
	node_up $i
	check "the $who returns with a new interface" \
		wait_until 20 one_list 1 2 3
done

all_down
check "all are down: no thread is left" wait_until 20 threads_are 0

# refused WHAT CODE PATTERN COMMAND...: with this exit code and text
refused()
{
	local what=$1 code=$2 pattern=$3 words status

	shift 3
	words=$("$@" 2>&1)
	status=$?
	is "$what: exit code $code" $status "$code"
	# shellcheck disable=SC2053 # a pattern it is
	[[ $words == $pattern ]]
	is "$what: the text says so" "$?: $words" "0: $words"
}

# port_taken TYPE ADDRESS: somebody has port 7319 of node 1
port_taken()
{
	helper_start taken 1 /usr/bin/python3 -uc "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_$1)
s.bind(('$2', 7319))
if '$1' == 'STREAM':
	s.listen(1)
print('bound')
sys.stdin.read()"
	wait_until 30 says taken bound
}

# taken TYPE WORD OPTION: by a socket of another process, then by nobody
taken()
{
	local what="$2 port taken"

	port_taken "$1" "$4"
	refused "$what" 1 "*$2 port in use*" ctl 1 up eth0
	check "$what: no thread is left" threads_are 0
	check "$what: no socket but that one is left" sockets_are 1 1
	check "$what: another one is free" node_up 1 "$3" 7320
	node_down 1
	helper_stop taken
}

taken DGRAM UDP --port 0.0.0.0
taken STREAM TCP --tether-port "$(node_addr 1)"
check "a port is free again: the node starts" node_up 1
check "a port is free again: it leads" wait_until 20 agree 1 "1*"
node_down 1
refused "no such interface" 1 "*no interface*nosuch0*" ctl 1 up nosuch0
refused "an address that it has not" 1 "*address*" ctl 1 up 10.73.0.77
check "refused for its interface or address: nothing is left" nothing_left 1

# ---- several at once ------------------------------------------------------

node_up 2
wait_until 20 agree 2 "2*"

# race NAME TIMES COMMAND...: its exit codes are in $tmp/race.NAME, its words
# in $tmp/words.NAME
race()
{
	local name=$1 times=$2 i

	shift 2
	for ((i = 0; i < times; i++)); do
		"$@" 2>&1 >"$tmp/null" | sed "s/^/$name: /" >>"$tmp/words.$name"
		echo "${PIPESTATUS[0]}"
	done >"$tmp/race.$name"
}

race up1 15 ctl 1 up eth0 --interval 20 &
pids=($!)
race up2 15 ctl 1 up eth0 --interval 20 &
pids+=($!)
race down1 15 ctl 1 down --wait 20 &
pids+=($!)
race down2 15 ctl 1 down --wait 20 &
pids+=($!)
race read 15 ctl 1 peers &
pids+=($!)
wait "${pids[@]}"
# 1 is the exit code of one that comes while another one stops the node
words=$(grep -h . "$tmp"/words.* | grep -v "being taken down" |
	grep -vE "already up|up already|'pfsnl set' changes|no instance" |
	sort | uniq -c)
codes=$(sort -nu "$tmp"/race.* | tr '\n' ' ')
check "start and stop from four processes: done, or not needed, nothing else" \
	eval 'why="$codes $words"; [ -z "$words" ] && [[ $codes == "0 "*"4 " ]]'
check "start and stop from four processes: both were done" \
	eval 'grep -q 0 "$tmp/race.up1" && grep -q 0 "$tmp/race.down1"'
ctl 1 up eth0 --interval 20 >"$tmp/null" 2>&1
check "start and stop from four processes: the node joins then" \
	wait_until 20 agree "1 2" "1 2*"

# a stop that waits for an answer, which can't come before the cable is mended
all_down
node_up 1
wait_until 20 agree 1 "1*"
node_up 2
wait_until 20 agree "1 2" "1* 2"
events_start 1
# long enough not to be missed meanwhile
ctl 1 set --interval 10000
ctl 2 set --interval 10000
cut_cable 2
ctl 1 down --wait 10000 >"$tmp/null" 2>&1 &
stopping=$!
check "a stop waits for its answer: the node says that it leaves" \
	wait_until 10 grep -q '"role":"leaving"' "$tmp/monitor"
refused "a stop that comes while one waits" 1 "*being taken down already*" \
	ctl 1 down
refused "a start that comes while one waits" 1 "*being taken down*" \
	ctl 1 up eth0
for sub in peers stats status; do
	check "who reads ($sub) while a stop waits is not kept waiting" \
		quietly ctl 1 $sub
done
check "all the while the stop goes on waiting" kill -0 $stopping
heal 2
wait $stopping
is "the answer comes: the stop is over" $? 0
is "the answer comes: the node is down" "$(peers 1)" down
node_up 1
ctl 1 set --interval 10000
cut_cable 2
ctl 2 down --wait 2000 >"$tmp/null" 2>&1 &
stopping=$!
node_delete 2
wait $stopping
node_down 1
check "a namespace is deleted while a stop waits: nothing is left" \
	wait_until 20 nothing_left 1
check "unloading finds nothing to end" unload
load
finish
