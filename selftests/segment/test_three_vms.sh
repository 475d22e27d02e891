#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Three machines on one segment, each with its own kernel and module: they form a
# cluster, one loses its power, one is stopped as it stands, the bridge between
# them is cut. What the watch on each is told of that is compared line by line.
#
#	test_three_vms.sh [-k KERNEL] [-v] [--full]
#
# Runs on the host; KERNEL is as of tools/vm/run, by default 6.12. -v shows how
# the machines are while they are waited for, --full does all but the booting
# four times. Prints TAP. Exit status: 0 passed, 1 failed, 4 such machines can't
# be run here.
set -u
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
kernel=6.12
verbose=
rounds=1
while getopts k:v-: option; do
	case $option$OPTARG in
	k*)	kernel=$OPTARG ;;
	v)	verbose=1 ;;
	-full)	rounds=4 ;;
	*)	sed -n '4,14s/^#\( \|$\)//p' "$0" >&2; exit 2 ;;
	esac
done
# generous: software emulation on a loaded machine
limit=90

count=0
failed=0
echo "TAP version 13"

note()
{
	local line

	while IFS= read -r line; do
		echo "#   $line"
	done <<<"$1"
}

# check NAME COMMAND...: what the command left in $why tells more if it fails
check()
{
	local name=$1

	shift
	why=
	if "$@"; then
		echo "ok $((++count)) $name"
	else
		echo "not ok $((++count)) $name"
		note "${why:-$* failed}"
		failed=1
		return 1
	fi
}

give_up()
{
	echo "1..0 # SKIP $1"
	exit 4
}

seg()
{
	local verb=$1

	shift
	"$root/tools/vm/segment" "$verb" "$dir" "$@"
}

dir=$(mktemp -d "${TMPDIR:-/tmp}/pfsnl-segment.XXXXXX")
started=
clean_up()
{
	[ -z "$started" ] || seg stop >/dev/null 2>&1
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

wait_until()
{
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		[ -z "$verbose" ] || note "$why"
		read -rt 0.2 <> <(:) || :
	done
}

# list_of I: what its node says: "1* 2 3", the leader with a star
list_of()
{
	seg exec "$1" -t 30 -- "$PFSNL" peers --json 2>/dev/null |
		/usr/bin/python3 -c '
import json, sys
try:
	peers = json.load(sys.stdin)["peers"]
	print(*(p["address"].split(".")[3] + "*" * p["leader"] for p in peers))
except ValueError:
	print("none")'
}

# watch_lines WHAT I [FROM]: what the watch of its last boot was told. lines: beyond
# line FROM, a line for each update, "- failed 2 3"; count: how many lines there
# are; fold: all folded into an empty set, "1 2 3"
watch_lines()
{
	local boots=("$dir/guest$2"/boot*/)

	/usr/bin/python3 - "$dir/guest$2/boot${#boots[@]}/command.txt" "$1" \
		"${3-0}" <<'EOF2'
import json, sys
have, lines, path, what, begin = set(), [], *sys.argv[1:]
for line in open(path):
	# what comes before is of insmod and up
	if not line.startswith('{'):
		continue
	try:
		update = json.loads(line)
	except ValueError:
		continue	# its end is still to be written
	order = [int(a.split('.')[3]) for a in update['addresses']]
	nodes = set(order)
	if what == 'fold' and update['op'] == 'add' and nodes & have:
		sys.exit(print('broken: added again:', line))
	if what == 'fold' and update['op'] == 'remove' and nodes - have:
		sys.exit(print('broken: removed, but absent:', line))
	have ^= nodes
	why = dict.fromkeys(filter(None, update.get('why', [])))
	lines.append(' '.join(['+' if update['op'] == 'add' else '-', *why, *map(str, order)]))
if what == 'fold':
	print(*sorted(have))
elif what == 'count':
	print(len(lines))
else:
	print(*lines[int(begin):], sep='; ')
EOF2
}

# watch_mark: updates are told from here on
watch_mark()
{
	local i

	for i in 1 2 3; do
		watch_from[i]=$(watch_lines count $i)
	done
}

# told I LINES: the watch of I was told just these updates since the mark,
# separated by "; ". "FAIL A B" stands for "- failed A B", or for one each, since
# who loses two nodes may notice it in two steps
told()
{
	local i=$1 wanted=$2 got a b

	got=$(watch_lines lines "$i" "${watch_from[$i]}")
	why="the watch on $i was told: ${got:-nothing}"$'\n'
	why+="not:                   ${wanted:-nothing}"
	if [[ $wanted == "FAIL "* ]]; then
		read -r _ a b <<<"${wanted%%;*}"
		wanted=${wanted#"FAIL $a $b"}
		case $got in
		"- failed $a; - failed $b"*|"- failed $b; - failed $a"*)
			wanted="${got:0:22}$wanted" ;;
		*)
			wanted="- failed $a $b$wanted" ;;
		esac
	fi
	[ "$got" = "$wanted" ]
}

# all_told [I LINES]...: several of them
all_told()
{
	while [ $# -gt 0 ]; do
		told "$1" "$2" || return
		shift 2
	done
}

told_and_no_more()
{
	wait_until $limit all_told "$@" && holds 3 all_told "$@"
}

# told_just NAME [I LINES]...: and for some time nothing else
told_just()
{
	local name=$1

	shift
	check "$name" told_and_no_more "$@"
}

# holds SECONDS COMMAND...: the command succeeds all the time
holds()
{
	local end=$((SECONDS + $1))

	shift
	while [ $SECONDS -lt $end ]; do
		"$@" || return
		read -rt 0.3 <> <(:) || :
	done
}

# agree I...: these nodes have a list of just these, one leader, and watches
# that fold to it; sets list and leader
agree()
{
	local i got

	list=$(list_of "$1")
	for i; do
		got=$(list_of "$i")
		why="node $i has: $got, node $1: $list"
		[ "$got" = "$list" ] || return
		got=$(watch_lines fold "$i")
		why="node $i: its watch folds to: $got, wanted: $*"
		[ "$got" = "$*" ] || return
	done
	why="they have: $list, wanted: $*"
	[ "${list//\*/}" = "$*" ] || return
	leader=${list%%\**}
	leader=${leader##* }
	why="they have $list: no leader"
	[[ $list == *\** ]]
}

# ok_within NAME I...: they agree, and how long it took
ok_within()
{
	local name=$1 begin=$EPOCHREALTIME

	shift
	check "$name" wait_until $limit agree "$@" || return
	note "$(/usr/bin/python3 -c "print('%.1f' % ($EPOCHREALTIME - $begin))") s: $list"
}

watch_from=()
module=$("$root/tools/build-module" "$kernel" 2>"$dir/build") ||
	{ note "$(tail -n 5 "$dir/build")"; give_up "the module can't be built for $kernel"; }
PFSNL=${PFSNL:-$root/.build/pfsnl/pfsnl}
[ -x "$PFSNL" ] || give_up "$PFSNL is missing: make -C tools/pfsnl"

# after each of its boots a machine becomes a node, and its list is watched
begin=$EPOCHREALTIME
seg start -n 3 -k "$kernel" --owner $$ -- \
	"insmod $module && $PFSNL up eth0 && exec $PFSNL watch --json" \
	>"$dir/start" 2>&1 || {
	note "$(tail -n 5 "$dir/start")"
	give_up "three machines can't be run here"
}
started=1
note "$(/usr/bin/python3 -c "print('%.1f' % ($EPOCHREALTIME - $begin))") s to boot three machines with $kernel"

ok_within "three machines form one cluster, every watch folds to its list" \
	1 2 3 || { echo "Bail out! nothing else makes sense then"; exit 1; }
loaded=$(seg exec all -t 60 -- "grep -c ^pfsnl /proc/modules")
check "each has loaded the module" [ "$(grep -c '\] 1$' <<<"$loaded")" = 3 ]

# the others of three: sets others
others_than()
{
	local i

	others=()
	for i in 1 2 3; do
		[ $i = "$1" ] || others+=("$i")
	done
}

# a client, for what happens to one; sets client
some_client()
{
	for client in 3 2; do
		[ $client = "$leader" ] || return
	done
}

# --- the power of the leader goes off ---
first=$leader
others_than "$first"
watch_mark
seg kill "$first"
told_just "the leader's power goes off: the others see it fail, and nothing else" \
	"${others[0]}" "- failed $first" "${others[1]}" "- failed $first"
ok_within "the leader's power goes off: the others are one cluster" "${others[@]}"
check "the leader's power goes off: its successor leads" \
	[ "$leader" = "${others[0]}" ]
second=$leader

watch_mark
seg boot "$first" >"$dir/boot" 2>&1 || note "$(tail -n 5 "$dir/boot")"
told_just "the old leader boots again: the others see it join, and nothing else" \
	"${others[0]}" "+ joined $first" "${others[1]}" "+ joined $first"
ok_within "the old leader boots again: three machines are one cluster" 1 2 3
check "the old leader boots again: it does not take over" \
	[ "$leader" = "$second" ]

# What a leader that stood still finds first is a race. If its tethers were closed it
# is alone until it joins; if the leader of the others claims it, it hands over a
# list that it keeps all the time.
leader_seen()
{
	all_told "${others[0]}" "- failed $1; + $2 $1" \
		"${others[1]}" "- failed $1; + $2 $1"
}

leader_back()
{
	leader_seen "$1" merged && told "$1" "" && return
	leader_seen "$1" joined || return
	told "$1" "" || told "$1" "FAIL ${others[*]}; + merged ${others[*]}"
}

leader_back_and_no_more()
{
	wait_until $limit leader_back "$1" && holds 3 leader_back "$1"
}

# stopped I WHAT: a machine stands still for longer than it takes to be missed, and
# then goes on
stopped()
{
	local i=$1 name="the $2 is stopped as it stands"

	others_than "$i"
	watch_mark
	seg pause "$i"
	told_just "$name: the others see it fail, and nothing else" \
		"${others[0]}" "- failed $i" "${others[1]}" "- failed $i"
	seg resume "$i"
	name+=", and goes on"
	if [ "$2" = leader ]; then
		check "$name: all see just that they are together again" \
			leader_back_and_no_more "$i"
	else
		told_just "$name: the others see it come, and nothing else" \
			"${others[0]}" "- failed $i; + joined $i" \
			"${others[1]}" "- failed $i; + joined $i"
		check "$name: it sees nothing" told "$i" ""
	fi
	ok_within "$name: three machines are one cluster" 1 2 3
	[ "$2" != leader ] ||
		check "$name: it does not take over" [ "$leader" = "${others[0]}" ]
}

# apart NAME I HOW HOW: the bridge is cut between I and the others, and mended; how
# the others see I come back, and how I sees the others
apart()
{
	local name=$1 i=$2

	others_than "$i"
	watch_mark
	seg net -- ip link set "tap$i" nomaster
	told_just "$name: each side sees the other fail" \
		"${others[0]}" "- failed $i" "${others[1]}" "- failed $i" \
		"$i" "FAIL ${others[*]}"
	seg net -- ip link set "tap$i" master br0
	told_just "$name, and mended: each side sees the other come" \
		"${others[0]}" "- failed $i; + $3 $i" \
		"${others[1]}" "- failed $i; + $3 $i" \
		"$i" "FAIL ${others[*]}; + $4 ${others[*]}"
	ok_within "$name, and mended: three machines are one cluster" 1 2 3
}

for ((round = 1; round <= rounds; round++)); do
	some_client
	stopped "$client" client
	stopped "$leader" leader
	some_client
	# alone it has no list that could be merged
	apart "the bridge is cut beside a client" "$client" joined merged
	apart "the bridge is cut beside the leader" "$leader" joined merged
done

# down and out; a watch that just reads the list holds the module for a moment
unload="timeout 20 bash -c 'until rmmod pfsnl; do sleep 0.1; done'"
seg exec all -t 60 -- "$PFSNL down && $unload && dmesg | tail -n 40" \
	>"$dir/down" 2>&1
status=$?
check "each stops its node and unloads the module" [ $status = 0 ]
[ $status = 0 ] || note "$(<"$dir/down")"
unpaired=$(sed -n 's/.*tethers created: \([0-9]*\), destroyed: \([0-9]*\).*/\1 \2/p' \
	"$dir/down" | awk '{ n++; bad += $1 != $2 } END { print n, bad + 0 }')
check "each destroyed as many tethers as it created" [ "$unpaired" = "3 0" ]
seg stop >"$dir/stop" 2>&1
status=$?
started=
[ $status = 0 ] || note "$(<"$dir/stop")"
check "no kernel has a fault report" [ $status = 0 ]

echo "1..$count"
exit $failed
