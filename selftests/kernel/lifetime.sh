# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # variables of lib.sh, and of a trap
# shellcheck shell=bash
#
# What tests of lifetimes share, after lib.sh: loading and unloading, and what
# must not be left behind.

# the port of beacons and tethers as the kernel prints it in /proc/net
port_hex=1C97

# threads_are COUNT: so many threads of the module are there, in all namespaces
threads_are()
{
	local comm name names=()

	for comm in /proc/[0-9]*/comm; do
		{ read -r name <"$comm"; } 2>/dev/null || continue
		[[ $name != pfsnl-[nb]* ]] || names+=("$name")
	done
	why="threads: ${names[*]-none}, wanted $1"
	[ ${#names[@]} = "$1" ]
}

# sockets_are I COUNT: node I has so many UDP and TCP sockets at our port
sockets_are()
{
	local lines

	# shellcheck disable=SC2016 # for awk
	lines=$(in_node "$1" awk -v port=":$port_hex" \
		'$2 ~ port "$" { print FILENAME, $2, $3, $4 }' \
		/proc/net/udp /proc/net/tcp)
	why="sockets of node $1, wanted $2: $lines"
	[ "$(grep -c . <<<"$lines")" = "$2" ]
}

# nothing_left I...: of the module, in these nodes and at all
nothing_left()
{
	local i

	threads_are 0 || return
	for i; do
		sockets_are "$i" 0 || return
	done
}

# hurry: most of the time that unloading takes is waiting for grace periods
expedited=/sys/kernel/rcu_expedited
was_expedited=
hurry()
{
	[ -w $expedited ] || return 0
	was_expedited=$(<$expedited)
	trap '(s=$?; echo "$was_expedited" >$expedited; exit $s); clean_up' EXIT
	echo 1 >$expedited
}

load()
{
	why=$(insmod "$PFSNL_KO" "$@" 2>&1)
}

# tethers_paired: the module that was unloaded last destroyed all it created;
# sets created
tethers_paired()
{
	local log

	log=$(dmesg | tail -n 60)
	why="the log does not say how many: $log"
	[[ $log == *"tethers created: "* ]] || return
	log=${log##*tethers created: }
	created=${log%%,*}
	log=${log#*destroyed: }
	why="$created tethers were created, ${log%%[!0-9]*} destroyed"
	[ "$created" = "${log%%[!0-9]*}" ]
}

# A dump that is under way holds the module for a moment.
try_unload()
{
	# shellcheck disable=SC2034 # check() shows it
	why=$(rmmod pfsnl 2>&1)
}

# unload: and what must be true then
unload()
{
	wait_until 20 try_unload && tethers_paired && threads_are 0
}

# events_start I: what happens to the node is recorded in $tmp/monitor from now
# on; it must be up
events_start()
{
	local priority=200

	: >"$tmp/monitor"
	# itself, not a shell that runs it, so that it is what is killed at the end
	background "$PFSNL" -N "$base-$1" monitor --json >"$tmp/monitor"
	changed()
	{
		ctl "$1" set --priority $((priority = 401 - priority))
		[ -s "$tmp/monitor" ]
	}
	wait_until 20 changed "$1"
}
