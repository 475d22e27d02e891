#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The network of the benchmark, in a guest.
#
#	segment.sh make COUNT	bridge, and namespaces n1, n2, ... with a cable each
#	segment.sh add NUMBER	that namespace again, after it was deleted
#
# n5 has eth0 with 10.0.0.5; the other end of the cable is the bridge port c5.
set -eu

wire()
{
	local i

	for i; do
		echo "netns add n$i"
		# as a machine that comes back keeps its hardware address
		printf 'link add c%d type veth peer name eth0 address 02:00:00:00:00:%02x netns n%d\n' \
			"$i" "$i" "$i"
		echo "link set c$i master br0 up"
	done | ip -batch -
	for i; do
		ip -n "n$i" -batch - <<-EOT
			link set lo up
			address add 10.0.0.$i/24 brd + dev eth0
			link set eth0 up
		EOT
	done
}

case ${1-} in
make)
	# the table of neighbours is one for all namespaces
	echo 16384 > /proc/sys/net/ipv4/neigh/default/gc_thresh3
	ip link add br0 type bridge
	ip link set br0 up
	mapfile -t all < <(seq "$2")
	wire "${all[@]}"
	;;
add)
	# the old cable goes with the old namespace, a moment later
	for ((tries = 0; tries < 500; tries++)); do
		[ -e "/sys/class/net/c$2" ] || break
		sleep 0.02
	done
	wire "$2"
	;;
*)
	echo "usage: segment.sh make COUNT | add NUMBER" >&2
	exit 2
	;;
esac
