#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Three machines on one segment, each with its own kernel and module: they form
# a cluster, lose their leader when its power goes off, heal when it is back.
#
#	test_three_vms.sh [-k KERNEL] [-v]
#
# Runs on the host; KERNEL is as of tools/vm/run, by default 6.12. -v shows how
# the machines are while they are waited for. Prints TAP. Exit status: 0 passed,
# 1 failed, 4 such machines can't be run here.
set -u
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
kernel=6.12
verbose=
while getopts k:v option; do
	case $option in
	k)	kernel=$OPTARG ;;
	v)	verbose=1 ;;
	*)	sed -n '5,12s/^#\( \|$\)//p' "$0" >&2; exit 2 ;;
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

# watch_of I: what the watch of its last boot was told, folded: "1 2 3"
watch_of()
{
	local boots=("$dir/guest$1"/boot*/)

	/usr/bin/python3 - "$dir/guest$1/boot${#boots[@]}/command.txt" <<'EOF2'
import json, sys
have = set()
for line in open(sys.argv[1]):
	# what comes before is of insmod and up
	if not line.startswith('{'):
		continue
	try:
		update = json.loads(line)
	except ValueError:
		continue	# its end is still to be written
	nodes = {int(a.split('.')[3]) for a in update['addresses']}
	if update['op'] == 'add' and nodes & have:
		sys.exit(print('broken: added again:', line))
	if update['op'] == 'remove' and nodes - have:
		sys.exit(print('broken: removed, but absent:', line))
	have ^= nodes
print(*sorted(have))
EOF2
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
		got=$(watch_of "$i")
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

first=$leader
others=()
for i in 1 2 3; do
	[ $i = "$first" ] || others+=("$i")
done
seg kill "$first"
ok_within "the leader's power goes off: the others go on without it" \
	"${others[@]}"
check "the leader's power goes off: another one leads" \
	[ "$leader" != "$first" ]
second=$leader

seg boot "$first" >"$dir/boot" 2>&1 || note "$(tail -n 5 "$dir/boot")"
ok_within "the old leader boots again: three machines are one cluster" 1 2 3
check "the old leader boots again: it does not take over" \
	[ "$leader" = "$second" ]

# a cable, not the power: the machine goes on alone
for cut in 1 2 3; do
	[ $cut = "$leader" ] || break
done
others=()
for i in 1 2 3; do
	[ $i = $cut ] || others+=("$i")
done
seg cut $cut
ok_within "a client's cable is cut: the others go on without it" "${others[@]}"
check "a client's cable is cut: it is alone with itself" \
	wait_until $limit eval 'why=$(list_of $cut); [[ "${why/\*/}" = $cut ]]'
seg heal $cut
ok_within "the cable is mended: three machines are one cluster" 1 2 3

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
