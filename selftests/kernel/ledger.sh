# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154,SC2034 # variables of lib.sh, and for the caller
# shellcheck shell=bash
#
# The service that keeps a list (kmod/ledger.c), after lib.sh: telling it what to do,
# and reading what it has.

ledger_ko=${PFSNL_KO%/kmod/pfsnl.ko}-breakable/kmod/pfsnl_ledger.ko
[ -r "$ledger_ko" ] || skip_all "$ledger_ko is missing: tools/build-module --breakable"

# ledger_open I...: a process in the node, through which its file can be reached without
# starting others each time
declare -A ledger=()
ledger_open()
{
	local i

	for i; do
		helper_start "ledger$i" "$i" cat
		tell "ledger$i" there
		wait_until 10 says "ledger$i" there || return
		ledger[$i]=/proc/${helper_pid[ledger$i]}/net/pfsnl_ledger
	done
}

# ledger_close I...: it keeps the namespace
ledger_close()
{
	local i

	for i; do
		helper_stop "ledger$i"
		unset "ledger[$i]"
	done
}

# order I COMMAND...: to the service of node I
order()
{
	local i=$1 words

	shift
	words=$( { echo "$*" >"${ledger[$i]}"; } 2>&1)
	why="node $i, $*: $words"
	[ ! "$words" ]
}

# refuses WORDS I COMMAND...: the service of node I refuses it with these words
refuses()
{
	local wanted=$1

	shift
	! order "$@" && [[ $why == *"$wanted"* ]]
}

# book I: sets phase, entries, digest and the counts init, data, abort ... of node I
book()
{
	local line word

	while read -r line; do
		case $line in
		phase*)		phase=${line#* } ;;
		state*)		read -r _ entries digest <<<"$line" ;;
		told*)		for word in ${line#* }; do
					printf -v "${word%=*}" %s "${word#*=}"
				done ;;
		wrong*)		wrong=${line#* } ;;
		refused*)	refused=${line#* } ;;
		short*)		short=${line#* } ;;
		esac
	done <"${ledger[$1]}"
}

# same "I..." ENTRIES: these are active, and have the same list of so many
same()
{
	local i first=

	for i in $1; do
		book "$i"
		[ "$first" ] || first=$digest
		why="node $i is $phase with $entries entries, digest $digest"
		why+=$'\n'"not active with $2, digest $first"
		[[ $phase == active && $entries == "$2" && $digest == "$first" ]] ||
			return
	done
}

# told I NAME COUNT: node I was told that so often at least
told()
{
	book "$1"
	why="node $1 was told $2 ${!2} times, not $3; it is $phase"
	[ "${!2}" -ge "$3" ]
}

# never_wrong I...: they were told nothing that they must not be told
never_wrong()
{
	local i

	for i; do
		book "$i"
		why="node $i: $wrong times"$'\n'"$(dmesg | grep pfsnl_ledger)"
		[ "$wrong" = 0 ] || return
	done
}
