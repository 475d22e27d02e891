#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
# Wrong command lines: each has a text that says what is right, and code 2.
cd "$(dirname "$0")" || exit 1
. ./tap.sh

try=$'\n       try \'pfsnl'

# --- subcommands ---
gives "no subcommand: the list of them, on stderr" 2 "" "Usage: pfsnl *
  up  *
  monitor  *
  group join  *
  recv  *"
gives "unknown subcommand: the nearest" 2 "" \
	"pfsnl: unknown subcommand 'statsu'; did you mean 'status' or 'stats'[?]*" statsu
gives "unknown subcommand: two that are as near" 2 "" \
	"pfsnl: unknown subcommand 'stat'; did you mean 'status' or 'stats'[?]*" stat
gives "unknown subcommand: swapped letters" 2 "" \
	"*did you mean 'watch'[?]$try --help'" wacth
gives "unknown subcommand: one letter off" 2 "" \
	"pfsnl: unknown subcommand 'rings'; did you mean 'ring'[?]*" rings
gives "unknown subcommand: other case" 2 "" "*did you mean 'up'[?]*" UP
gives "unknown subcommand: help is one" 2 "" "*did you mean 'help'[?]*" hepl
gives "unknown subcommand: nothing near, no guess" 2 "" \
	"pfsnl: unknown subcommand 'frobnicate'$try --help'" frobnicate
gives "unknown subcommand: empty word" 2 "" \
	"pfsnl: unknown subcommand ''*" ""
gives "unknown subcommand: very long word" 2 "" \
	"pfsnl: unknown subcommand 'aaaa*" "$(printf 'a%.0s' {1..5000})"

gives "group alone: what it has, on stderr" 2 "" "Usage: pfsnl group SUBCOMMAND *
  group list  *
  group members  *
  group join  *" group
gives "group: unknown second word: the nearest" 2 "" \
	"pfsnl: unknown subcommand 'group lsit'; did you mean 'group list'[?]$try group --help'" \
	group lsit
gives "group: unknown second word: nothing near" 2 "" \
	"pfsnl: unknown subcommand 'group frobnicate'
       there is list, members, join$try group --help'" \
	group frobnicate
gives "group: mistyped itself" 2 "" "*did you mean 'group'[?]*" gruop list
gives "group: empty second word" 2 "" "pfsnl: unknown subcommand 'group '*" \
	group ""
gives "group: option between the two, wrong" 2 "" \
	"*'--jsno'; did you mean '--json'[?]*" group --jsno list

gives "ckpt alone: what it has, on stderr" 2 "" "Usage: pfsnl ckpt SUBCOMMAND *
  ckpt ls  *
  ckpt write  *
  ckpt limit  *" ckpt
gives "ckpt: unknown second word: the nearest" 2 "" \
	"pfsnl: unknown subcommand 'ckpt raed'; did you mean 'ckpt read'[?]$try ckpt --help'" \
	ckpt raed
while IFS='|' read -r said meant; do
	# shellcheck disable=SC2086 # words they are
	gives "what others call so: $said" 2 "" \
		"pfsnl: unknown subcommand '$said'; did you mean ${meant}[?]*" $said
done <<'END'
ckpt list|'ckpt ls'
ckpt status|'ckpt stat'
ckpt show|'ckpt stat'
ckpt get|'ckpt read'
ckpt put|'ckpt write'
ckpt delete|'ckpt rm'
group ls|'group list'
group show|'group members'
create|'group join' or 'ckpt create'
read|'ckpt read'
join|'group join'
ls|'group list' or 'ckpt ls'
checkpoint|'ckpt'
start|'up'
show|'status' or 'group members'
END
gives "ckpt help is its help" 0 "Usage: pfsnl ckpt SUBCOMMAND *" "" ckpt help
gives "ckpt help of a second word" 0 "Usage: pfsnl ckpt ls *" "" ckpt help ls
gives "ckpt: mistyped itself" 2 "" "*did you mean 'ckpt'[?]*" ckp ls

# --- options ---
gives "unknown option: the nearest" 2 "" \
	"pfsnl: unknown option '--prioritiy'; did you mean '--priority'[?]$try up --help'" \
	up --prioritiy 3
gives "unknown option: with a value behind '='" 2 "" \
	"pfsnl: unknown option '--prioritiy'; did you mean '--priority'[?]*" \
	up --prioritiy=3
gives "unknown option: global, of a subcommand" 2 "" \
	"*'--netsn'; did you mean '--netns'[?]*" status --netsn x
gives "unknown option: global, before the subcommand" 2 "" \
	"*'--jsno'; did you mean '--json'[?]$try --help'" --jsno status
gives "unknown option: nothing near, no guess" 2 "" \
	"pfsnl: unknown option '--frobnicate'$try up --help'" up --frobnicate
gives "unknown option: after the operand" 2 "" \
	"*did you mean '--cluster'[?]*" up eth0 --clutser x
gives "unknown letter" 2 "" "pfsnl: unknown option '-x'$try up --help'" up -x
gives "option of another subcommand" 2 "" \
	"pfsnl: 'pfsnl peers' has no option '--all'; 'pfsnl stats' has*" \
	peers --all
gives "option of a subcommand before it" 2 "" \
	"pfsnl: '--port' belongs after the subcommand: pfsnl up --port*" \
	--port 3 up
gives "option of watch, given to monitor" 2 "" \
	"pfsnl: 'pfsnl monitor' has no option '--rings'; 'pfsnl watch' has*" \
	monitor --rings
gives "set of what is settled at the start" 2 "" \
	"pfsnl: --port can't be changed while the node runs*'pfsnl down' first*" \
	set --port 4
gives "set of nothing" 2 "" "pfsnl: set what[?] *--priority*" set
gives "missing value" 2 "" "pfsnl: option '--dead' needs a value: --dead N*" \
	up --dead
gives "missing value of a truth" 2 "" \
	"pfsnl: option '--preempt' needs a value: --preempt yes|no*" up --preempt
gives "missing value of a letter" 2 "" \
	"pfsnl: option '-c' needs a value: --cluster NAME*" up -c
gives "value where there is none" 2 "" \
	"pfsnl: option '--json' takes no value*" status --json=yes
gives "two ways to send beacons" 2 "" \
	"pfsnl: --broadcast and --multicast exclude each other*" \
	up --broadcast --multicast 239.1.1.1
gives "two ways to send beacons, with set" 2 "" \
	"pfsnl: --multicast and --peers exclude each other*" \
	set --peers 10.0.0.1 --multicast 239.1.1.1

# --- operands ---
gives "operand where there is none" 2 "" \
	"pfsnl: 'pfsnl status' takes no operand, but there is 'eth0'*" status eth0
for c in "group members" "group join" send recv; do
	# shellcheck disable=SC2086 # words they are
	gives "$c: no group said" 2 "" \
		"pfsnl: which GROUP[?] Say: pfsnl $c GROUP$try $c --help'" $c
done
gives "two groups" 2 "" \
	"pfsnl: 'pfsnl send' takes one GROUP, but there is 'b' after 'a'*" \
	send a b
gives "what to say as an operand" 2 "" \
	"pfsnl: 'pfsnl send' takes one GROUP, but there is 'hello' after 'a'
       what to say is read from the standard input: echo 'hello' | pfsnl send a" \
	send a hello
gives "an option without its dashes" 2 "" \
	"pfsnl: 'pfsnl sync' takes no operand, but there is 'watch'
       did you mean '--watch'[?]" sync watch
gives "operand of group list" 2 "" \
	"pfsnl: 'pfsnl group list' takes no operand, but there is 'a'
       'pfsnl group members a' tells of it" group list a
gives "operand of ckpt ls" 2 "" \
	"pfsnl: 'pfsnl ckpt ls' takes no operand, but there is 'news'
       'pfsnl ckpt stat news' tells of it" ckpt ls news
gives "option of another subcommand, with two words" 2 "" \
	"pfsnl: 'pfsnl group list' has no option '--safe'; 'pfsnl send' has*" \
	group list --safe
gives "send: no such file" 1 "" \
	"pfsnl: can't read $tmp/none: No such file or directory" \
	send a --file "$tmp/none"
for c in "ckpt stat" "ckpt create"; do
	# shellcheck disable=SC2086 # words they are
	gives "$c: no name said" 2 "" \
		"pfsnl: which NAME[?] Say: pfsnl $c NAME$try $c --help'" $c
done
gives "ckpt write: no section said" 2 "" \
	"pfsnl: which SECTION[?] Say: pfsnl ckpt write NAME SECTION \[FILE\]$try ckpt write --help'" \
	ckpt write news
gives "ckpt write: too many words" 2 "" \
	"pfsnl: 'pfsnl ckpt write' takes 3 operands, but there is 'd' after 'c'*" \
	ckpt write a b c d
gives "ckpt write: no such file" 1 "" \
	"pfsnl: can't read $tmp/none: No such file or directory
       without FILE, the standard input is what is written" \
	ckpt write a b "$tmp/none"
gives "ckpt write: what can't be both" 2 "" \
	"pfsnl: --overwrite and --offset exclude each other*" \
	ckpt write a b --overwrite --offset 3
gives "ckpt dump: of what" 2 "" \
	"pfsnl: which NAME[?] Say: pfsnl ckpt dump NAME, or pfsnl ckpt dump --all*" \
	ckpt dump
gives "ckpt dump: all, and one" 2 "" \
	"pfsnl: --all is all of them, but there are 'a' and 'b'*" \
	ckpt dump --all a b
gives "ckpt load: no such file" 1 "" \
	"pfsnl: can't read $tmp/none: No such file or directory" \
	ckpt load "$tmp/none"
for id in 0x0 0xzz 0x0g "0x$(printf '00%.0s' {1..256})" \
	"$(printf 'x%.0s' {1..256})"; do
	gives "ckpt read: an id that is none: ${id:0:10}" 2 "" "pfsnl: *" \
		ckpt read a "$id"
done
gives "ckpt limit: no size" 2 "" \
	"pfsnl: bad value 'much' for the limit: bytes, such as 64M or 1G" \
	ckpt limit much
gives "two operands" 2 "" \
	"pfsnl: 'pfsnl up' takes one DEV|ADDRESS, but there is 'eth1' after 'eth0'*" \
	up eth0 eth1
gives "value of --wait as a word of its own" 2 "" \
	"pfsnl: '500' is no interface; did you mean '--wait=500'[?]" \
	up eth0 --wait 500
gives "the same with a unit" 2 "" "*did you mean '--wait=5s'[?]" \
	up --wait 5s eth0
gives "operand and --device" 2 "" \
	"pfsnl: 'eth0' and --device say the same; give one of them" \
	up eth0 --device eth0
gives "operand and --address" 2 "" \
	"pfsnl: '10.0.0.1' and --address say the same; give one of them" \
	up 10.0.0.1 --address 10.0.0.1

# --- values: what is allowed, and that it is ---
# A right line without a module has another code than 2.
accepts()
{
	call "$@"
	if [[ $code == 2 || $code == 99 ]]; then
		tap_not_ok "accepted: $*"
		echo "#   code $code: $err"
	else
		tap_ok "accepted: $*"
	fi
}

refuses()
{
	local allowed=$1

	shift
	gives "refused: $*" 2 "" "pfsnl: bad value '${*: -1}' for $2: $allowed" "$@"
}

if module_is_here; then
	tap_skip "values" "with a module they would do something"
else
	while read -r command option min max unit; do
		what="a whole number"
		[[ $unit == ms ]] && what=milliseconds
		allowed="$what from $min to $max"
		accepts "$command" "$option" "$min"
		accepts "$command" "$option" "$max"
		[[ $min -gt 0 ]] &&
			refuses "$allowed" "$command" "$option" $((min - 1))
		for bad in $((max + 1)) -1 "" x 1x 0x10 " 50" +50 \
			   99999999999999999999; do
			refuses "$allowed" "$command" "$option" "$bad"
		done
	done <<-EOF
	up --port 1 65535 -
	up --tether-port 1 65535 -
	up --max-nodes 1 4096 -
	up --retain 64 262144 -
	set --drain 0 600000 ms
	set --sync-deadline 0 3600000 ms
	set --priority 0 255 -
	set --votes 0 255 -
	set --expected-votes 0 65535 -
	set --dead 3 100 -
	set --interval 10 10000 ms
	set --level0-dead 100 600000 ms
	down --wait 0 10000 ms
	EOF
	for c in "group join" "group members" send recv; do
		# shellcheck disable=SC2086 # words they are
		accepts $c news
	done
	refuses "a whole number from 1 to 4294967295" recv --count 0
	gives "refused: a name of 64 bytes" 1 "" "*1 to 63 bytes*" \
		recv "$(printf 'x%.0s' {1..64})"
	gives "refused: an empty name" 1 "" "*1 to 63 bytes*" send ""
	gives "refused: a name of two lines" 1 "" "*no control characters*" \
		group members $'a\nb'
	for size in 0 1 65536 64k 64K 16M 1G 2T 16MiB 1gib 1152921504606846975; do
		accepts ckpt create a --size "$size"
	done
	# What the other words of the line are doesn't matter.
	ckpt_refuses()
	{
		gives "refused: $2 '$3'" 2 "" "pfsnl: bad value '$3' for $2: $1" \
			ckpt create a "$2" "$3"
	}
	for bad in "" M 1.5M -1 1X 1MB 16777216T 99999999999999999999 "1 M"; do
		ckpt_refuses "bytes, such as 4096, 64K, 16M or 1G" --size "$bad"
	done
	for span in 0 10 10s 500ms 5m 2h 7d never; do
		accepts ckpt create a --retention "$span"
		accepts ckpt write a b --expires "$span"
	done
	for bad in "" s 5x 1.5s Never -1 9999999999999d; do
		ckpt_refuses "a span of time, such as 10s, 5m, 2h or 7d, or never" \
			--retention "$bad"
	done
	accepts ckpt create a --max-sections 4294967295 --max-id 0
	ckpt_refuses "a whole number from 1 to 4294967295" --max-sections 0
	ckpt_refuses "a whole number from 0 to 255" --max-id 256
	for id in 0x "" 0x00FFab text "$(printf 'x%.0s' {1..255})"; do
		accepts ckpt read a "$id"
	done
	accepts set --interval 50ms
	accepts set --interval 0.05s
	accepts set --interval 10s
	accepts set --interval=200
	accepts set -i 200
	accepts set --prio 5
	refuses "milliseconds*" set --interval 0.0505s
	refuses "milliseconds*" set --interval 50.5ms
	refuses "milliseconds*" set --interval 50.5
	refuses "milliseconds*" set --interval 1.s
	refuses "milliseconds*" set --interval 1.0000s
	refuses "milliseconds*" set --interval 50sec
	for word in yes no true FALSE On off; do
		accepts set --preempt $word
	done
	for bad in "" maybe 1 yess; do
		refuses "yes or no" set --preempt "$bad"
	done
	for word in auto off on; do
		accepts set --level0 $word
	done
	refuses "auto, off or on" set --level0 yes
	refuses "auto, off or on; did you mean 'auto'[?]" set --level0 atuo
	accepts set --multicast 224.0.0.1
	accepts set --multicast 239.255.255.255
	for bad in 223.255.255.255 240.0.0.0 ff02::1 nonsense ""; do
		refuses "a multicast group from 224.0.0.0 to 239.255.255.255" \
			set --multicast "$bad"
	done
	accepts up --cluster "$(printf 'x%.0s' {1..31})"
	for bad in "" "$(printf 'x%.0s' {1..32})"; do
		refuses "a name of 1 to 31 bytes" up --cluster "$bad"
	done
	refuses "a name of 1 to 15 bytes" up --device sixteenletterslo
	refuses "an IPv4 address such as 10.0.0.1" up --address 10.0.0
	refuses "an IPv4 address such as 10.0.0.1; pfsnl has no IPv6" \
		up --address fe80::1
	refuses "seconds, such as 10 or 0.5, from 0.001 to 4294967" watch --timeout 0
	refuses "seconds, such as 10 or 0.5, from 0.001 to 4294967" watch --timeout abc
	gives "refused: status --color=sometimes" 2 "" \
		"pfsnl: bad value 'sometimes' for --color: auto, always or never" \
		status --color=sometimes

	accepts set --peers 10.0.0.1
	accepts set --peers "10.0.0.1,10.0.0.2, 10.0.0.3 10.0.0.4"
	accepts set --peers "$(printf '10.0.0.%d,' {1..64})"
	gives "refused: 65 peers" 2 "" "pfsnl: --peers has more than 64 addresses" \
		set --peers "$(printf '10.0.0.%d,' {1..65})"
	gives "refused: a peer twice" 2 "" "pfsnl: --peers has 10.0.0.1 twice" \
		set --peers 10.0.0.1,10.0.0.2,10.0.0.1
	gives "refused: no peer" 2 "" "pfsnl: --peers needs at least one address*" \
		set --peers ","
	gives "refused: a bad peer, named alone" 2 "" \
		"pfsnl: bad address '10.0.0.300' in --peers: an IPv4 address*" \
		set --peers 10.0.0.1,10.0.0.300,10.0.0.3
	gives "refused: a peer by IPv6" 2 "" \
		"pfsnl: bad address '::1' in --peers:*pfsnl has no IPv6" \
		set --peers ::1
	gives "refused: a very long peer" 2 "" "pfsnl: bad address '1111*" \
		set --peers "$(printf '1%.0s' {1..5000})"
fi

tap_done
