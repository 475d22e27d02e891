# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # what lib.sh defines
#
# Level-0 peers for tests, in node 20; see level0.py. To be sourced after lib.sh.

# level0_make: the machine of the peers, which has the addresses 101 to 199
level0_make()
{
	node_make 20 && printf "addr add $net.%d/24 dev eth0\n" $(seq 101 199) |
		ip -n "$(node_ns 20)" -batch -
}

# level0 NAME FIRST[-LAST] [OPTION...]: peers that will be told what to do
level0()
{
	local name=$1 self=$2

	shift 2
	helper_start "$name" 20 "$here/level0.py" --to "$net.255" \
		--self "$self" "$@"
	wait_until 30 says "$name" ready
}

# A crowd: many peers, who come and go all together, so that there is much to
# tell the others. crowd_start N: they are 101 and up
crowd_start()
{
	crowd=$1
	level0 crowd 101-$((100 + crowd))
}

crowd_is()
{
	tell crowd tethered && says crowd "tethered $1 of *"
}

# crowd_passes I COUNTER: it comes and goes until node I, which leads, has
# counted that; sets rounds and value
crowd_passes()
{
	value=0
	for ((rounds = 1; rounds <= 40; rounds++)); do
		tell crowd speak all
		wait_until 60 crowd_is "$crowd" || return
		tell crowd silence all
		tell crowd reset all
		wait_until 30 crowd_is_gone "$1" || return
		# who was unheard for a second is dialled at once when it is back
		pause 1.1
		value=$(stat "$1" "$2")
		[ "$value" = 0 ] || return 0
	done
	return 1
}

crowd_is_gone()
{
	[[ $(fold "$1") != *" 101"* ]]
}
