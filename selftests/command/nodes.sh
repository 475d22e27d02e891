# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Three nodes, a, b and c, each in a network namespace on one segment, and what tests
# of the command ask of them and of what runs there. To be read after tap.sh; needs root.
# shellcheck disable=SC2034 # used by those that read this
# shellcheck disable=SC2154 # tap.sh sets it

base=cmd$$
jobs_started=()

clean_up()
{
	local i

	for i in "${jobs_started[@]}"; do
		kill "$i" 2>/dev/null
	done
	for i in a b c x; do
		ip netns del "$base$i" 2>/dev/null
	done
	rm -rf "$tmp"
}
trap clean_up EXIT

make_nodes()
{
	local i=0 n

	ip netns add "${base}x" && ip -n "${base}x" link add br0 type bridge &&
	ip -n "${base}x" link set br0 up || return
	for n in a b c; do
		i=$((i + 1))
		ip netns add "$base$n" &&
		ip -n "${base}x" link add "p$n" type veth peer name eth0 \
			netns "$base$n" &&
		ip -n "${base}x" link set "p$n" master br0 up &&
		ip -n "$base$n" link set lo up &&
		ip -n "$base$n" address add "10.0.0.$i/24" brd + dev eth0 &&
		ip -n "$base$n" link set eth0 up || return
	done
}

# within SECONDS COMMAND...: waits until the command succeeds
within()
{
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[[ $SECONDS -lt $end ]] || return 1
		sleep 0.02
	done
}

# on NODE SUBCOMMAND...: calls it there; as "gives" and "call" take words
on()
{
	local node=$base$1

	shift
	"$PFSNL" -N "$node" "$@"
}

# A member of a JSON object that a file has, as a Python expression of "o".
json()
{
	/usr/bin/python3 -c "import json, sys
o = json.load(open(sys.argv[1]))
print(($2))" "$1"
}

# node_says NODE WORDS EXPRESSION WANTED
node_says()
{
	# shellcheck disable=SC2086 # words they are
	on "$1" $2 --json >"$tmp/says" 2>/dev/null
	[[ $(json "$tmp/says" "$3" 2>/dev/null) == "$4" ]]
}

# says DESCRIPTION FILE EXPRESSION WANTED
says()
{
	tap_is "$1" "$(json "$2" "$3" 2>&1)" "$4"
}

# starts FILE NODE WORDS...: in the background, ready when it printed a line
# or, for monitor, when the kernel knows of it. Leaves $job.
starts()
{
	local file=$1

	shift
	# A shell without job control has its background jobs ignore SIGINT.
	env --default-signal=INT "$PFSNL" -N "$base$1" "${@:2}" >"$file" \
		2>"$file.err" </dev/null &
	job=$!
	jobs_started+=("$job")
}

has_lines()
{
	[[ -e $1 && $(wc -l <"$1") -ge $2 ]]
}

# listens NODE PID: the process has a netlink socket that joined groups
listens()
{
	local inode

	for inode in $(find "/proc/$2/fd" -lname 'socket:*' -printf '%l\n' \
			2>/dev/null | tr -dc '0-9\n'); do
		ip netns exec "$base$1" cat /proc/net/netlink |
			awk -v i="$inode" '$2 == 16 && $10 == i &&
				$4 != "00000000" { f = 1 } END { exit !f }' &&
			return 0
	done
	return 1
}

ended()
{
	! kill -0 "$1" 2>/dev/null
}

# ends DESCRIPTION PID CODE: the job ends in time, with this code
ends()
{
	if within 20 ended "$2"; then
		wait "$2"
		tap_is "$1" "$?" "$3"
	else
		tap_not_ok "$1: still runs after 20 s"
		kill -9 "$2"
	fi
}

# nobody SUBCOMMAND...: on node a, by somebody who may do nothing
nobody()
{
	ip netns exec "${base}a" setpriv --reuid 65534 --regid 65534 \
		--clear-groups --bounding-set=-all --inh-caps=-all \
		"$PFSNL" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	code=$?
	out=$(<"$tmp/out")
	err=$(<"$tmp/err")
}

# where "gives" and "call" are to call it
A="-N ${base}a" B="-N ${base}b" C="-N ${base}c"
