# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # what lib.sh defines
#
# Watches on nodes, recorded by processes of their own, and what they were told.
# Part of lib.sh.

# lines of a watch that came before the mark
declare -A watch_from=()

# watch_start I...: records what a watch on each of them is told, from now on
watch_start()
{
	local i

	for i; do
		: >"$tmp/watch.$i"
		"$PFSNL" -N "$base-$i" watch --json >"$tmp/watch.$i" \
			2>"$tmp/watch.$i.err" </dev/null &
		watch_pid[$i]=$!
		watch_from[$i]=0
	done
	for i; do
		wait_until 20 [ -s "$tmp/watch.$i" ] ||
			note "no watch on $i: $(<"$tmp/watch.$i.err")"
	done
}

# watch_stop [I...]: these, or all
watch_stop()
{
	local i

	[ $# -gt 0 ] || set -- "${!watch_pid[@]}"
	for i; do
		[ "${watch_pid[$i]-}" ] || continue
		kill "${watch_pid[$i]}" 2>/dev/null
		wait "${watch_pid[$i]}" 2>/dev/null
		unset "watch_pid[$i]"
	done
}

# watch_mark: changes are told from here on
watch_mark()
{
	local i

	for i in "${!watch_pid[@]}"; do
		mapfile -t watch_lines <"$tmp/watch.$i"
		watch_from[$i]=${#watch_lines[@]}
	done
}

# read_watches WHAT I...: sets watched[I]; see watch.awk
declare -A watched=()
read_watches()
{
	local i all args=("net=$net" "what=$1")

	shift
	for i; do
		args+=("from=${watch_from[$i]}" "$tmp/watch.$i")
	done
	mapfile -t all < <(awk -f "$here/watch.awk" "${args[@]}")
	for i; do
		watched[$i]=${all[0]-}
		all=("${all[@]:1}")
	done
}

# changes I: what the watch of node I was told since the mark: "-1 +7"
changes()
{
	read_watches changes "$1"
	echo "${watched[$1]}"
}

# changes_are "I..." CHANGES: the watch of each was told just that
changes_are()
{
	local i

	# shellcheck disable=SC2086 # they are words
	read_watches changes $1
	for i in $1; do
		why="the watch on node $i was told: ${watched[$i]:-nothing}"
		why+=$'\n'"not:                        ${2:-nothing}"
		[ "${watched[$i]}" = "$2" ] || return
	done
}

# fold I: all that its watch was told, folded into an empty set: "1 2 3", or
# "broken: ..." if an update contradicts those before
fold()
{
	read_watches fold "$1"
	echo "${watched[$1]}"
}

# folded "I..." LIST: so do the watches of these (LIST without star)
folded()
{
	local i

	# shellcheck disable=SC2086 # they are words
	read_watches fold $1
	for i in $1; do
		why="the watch on node $i folds to: ${watched[$i]}"$'\n'
		why+="not:                        $2"
		[ "${watched[$i]}" = "$2" ] || return
	done
}

# folds I...: the watch of each folds to just what its node says its list is
folds()
{
	local i want

	lists "$@"
	read_watches fold "$@"
	for i; do
		want=${lists[$i]//\*/}
		[ "$want" != down ] || want=
		why="the watch on node $i folds to: ${watched[$i]}"$'\n'
		why+="its list is:                $want"
		[ "${watched[$i]}" = "$want" ] || return
	done
}

# removal I WHO: when the watch on node I was told last that WHO is gone, in ms
removal()
{
	local line

	line=$(grep "\"op\":\"remove\".*\"$net.$2\"" "$tmp/watch.$1" |
		tail -n 1)
	[ "$line" ] || return
	line=${line##*\"time\":\"}
	date -d "${line%%\"*}" +%s%3N
}

