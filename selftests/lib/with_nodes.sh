#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Usage: with_nodes.sh COUNT COMMAND [ARG...]
# Makes COUNT network namespaces on one segment, each with an interface eth0
# of the subnet 10.77.0.0/24, runs the command with their names in PFSNL_NODES
# and removes them again. The exit status is that of the command; 4 if the
# namespaces can't be made.
set -u

count=${1:?"how many nodes?"}
shift
base=pfsnl$$
segment=$base-segment

cleanup() {
	local i

	for ((i = 1; i <= count; i++)); do
		ip netns del "$base-$i" 2>/dev/null
	done
	ip netns del "$segment" 2>/dev/null
}
trap cleanup EXIT
trap 'exit 130' INT TERM

set_up() {
	local i names=()

	ip netns add "$segment" || return
	{
		echo "link add br0 type bridge"
		echo "link set br0 up"
	} | ip -n "$segment" -batch - || return
	for ((i = 1; i <= count; i++)); do
		names+=("$base-$i")
		ip netns add "$base-$i" || return
		# shellcheck disable=SC2016 # that shell expands it
		ip netns exec "$base-$i" sh -c '
			for f in all default; do
				f=/proc/sys/net/ipv6/conf/$f/disable_ipv6
				[ ! -e $f ] || echo 1 >$f
			done' || return
		{
			echo "link add p$i type veth peer name eth0 netns $base-$i"
			echo "link set p$i master br0 up"
		} | ip -n "$segment" -batch - || return
		{
			echo "link set lo up"
			echo "addr add 10.77.0.$i/24 brd + dev eth0"
			echo "link set eth0 up"
		} | ip -n "$base-$i" -batch - || return
	done
	export PFSNL_NODES="${names[*]}"
}

if ! set_up; then
	echo "# can't make network namespaces: be root" >&2
	exit 4
fi
"$@"
