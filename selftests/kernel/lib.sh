# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests here share: TAP, waiting, and nodes, which are network
# namespaces on one segment. Source it first; it makes sure that the module is
# loaded, and cleans up at the end, however that comes about. A test looks so:
#
#	. "$(dirname "$0")/lib.sh"
#	nodes_make 3
#	node_up 1; node_up 2; node_up 3
#	check "three nodes form one cluster" wait_until 20 agree "1 2 3" "1* 2 3"
#	finish
#
# Nodes are called by their number I: namespace "$(node_ns I)", address
# 10.73.0.I/24 on eth0. Lists are written as numbers too, rising, the leader
# with a star: "1* 2 3".
#
# Environment:
#   PFSNL         the command; default: the one built in the tree
#   PFSNL_KO      the module for this kernel, loaded if it isn't; likewise
#   PFSNL_SUBSET  1: leave out what "full_only" asks for
#   PFSNL_VERBOSE 1: print each command about nodes

set -u
export LC_ALL=C
shopt -s extglob

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${PFSNL_BUILD:-$root/.build}

# ---- TAP ------------------------------------------------------------------

tap_count=0
tap_failed=0
tap_done=

# pass NAME, fail NAME [DETAIL...], skip NAME WHY: one line of the result
pass()
{
	echo "ok $((++tap_count)) $1"
}

fail()
{
	echo "not ok $((++tap_count)) $1"
	tap_failed=$((tap_failed + 1))
	shift
	[ $# -eq 0 ] || note "$*"
	# the first failures are worth a look around
	[ "$tap_failed" -gt 3 ] || nodes_explain
}

skip()
{
	echo "ok $((++tap_count)) $1 # SKIP $2"
}

# note TEXT: a comment, of any number of lines
note()
{
	local line

	while IFS= read -r line; do
		echo "#   $line"
	done <<<"$1"
}

# check NAME COMMAND...: passes if the command succeeds; what it left in $why
# tells more if not
check()
{
	local name=$1

	shift
	why=
	if "$@"; then
		pass "$name"
	else
		fail "$name" "${why:-$* failed}"
		return 1
	fi
}

# is NAME GOT WANTED: passes if the texts are the same
is()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got:    $2"$'\n'"wanted: $3"
		return 1
	fi
}

# skip_all WHY: ends the test, of which nothing can be run
skip_all()
{
	tap_done=1
	echo "1..0 # SKIP $1"
	exit 4
}

# finish: the last line of every test
finish()
{
	tap_done=1
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
	exit
}

# full_only: whether to run what the subset leaves out
full_only()
{
	[ "${PFSNL_SUBSET-}" != 1 ]
}

# ---- waiting --------------------------------------------------------------

# nobody ever writes to it, so reading it is a pause without a process
exec {pause_fd}<> <(:)

# pause SECONDS: inside of loops that wait for something
pause()
{
	read -rt "$1" -u "$pause_fd" || :
}

# now_ms: sets now, in ms
now_ms()
{
	now=${EPOCHREALTIME/[.,]/}
	now=$((now / 1000))
}

# wait_until SECONDS COMMAND...: until the command succeeds, at most so long
wait_until()
{
	local limit=$1 end

	shift
	now_ms
	end=$((now + limit * 1000))
	until "$@"; do
		now_ms
		[ "$now" -lt "$end" ] || return 1
		pause 0.03
	done
}

# holds MS COMMAND...: the command succeeds all the time
holds()
{
	local limit=$1 end

	shift
	now_ms
	end=$((now + limit))
	while [ "$now" -lt "$end" ]; do
		"$@" || return 1
		pause 0.03
		now_ms
	done
}

# ---- module and command ---------------------------------------------------

default_module()
{
	case $(uname -r) in
	*-pfsnl)	echo "$build/kmod-uml/kmod/pfsnl.ko" ;;
	6.1.*)		echo "$build/kmod-6.1/kmod/pfsnl.ko" ;;
	*)		echo "$build/kmod-$(uname -r | cut -d. -f1,2)/kmod/pfsnl.ko" ;;
	esac
}

: "${PFSNL:=$build/pfsnl/pfsnl}"
: "${PFSNL_KO:=$(default_module)}"
export PFSNL PFSNL_KO

need_module()
{
	[ "$(id -u)" = 0 ] || skip_all "must be run as root, in a guest"
	[ -x "$PFSNL" ] || skip_all "$PFSNL is missing: make -C tools/pfsnl"
	[ -d /sys/module/pfsnl ] && return
	[ -r "$PFSNL_KO" ] || skip_all "$PFSNL_KO is missing: tools/build-module"
	insmod "$PFSNL_KO" || skip_all "the module can't be loaded"
}

# ---- nodes ----------------------------------------------------------------

tmp=$(mktemp -d "${TMPDIR:-/tmp}/pfsnl.XXXXXX")
base=pf$$
segment_ns=$base-x
net=10.73.0
declare -A node_made=()
declare -A watch_pid=()
jobs_started=()

# The settings of node_up. Not as short as they could be: a guest on a loaded
# machine stands still for tenths of a second, and most tests are about order,
# not about time.
interval=100
dead=10

node_ns()
{
	echo "$base-$1"
}

node_addr()
{
	echo "$net.$1"
}

verbose()
{
	[ "${PFSNL_VERBOSE-}" != 1 ] || echo "# $*"
}

# on_segment IP-COMMAND...: lines for ip(8) where all cables end
on_segment()
{
	printf '%s\n' "$@" | ip -n "$segment_ns" -batch -
}

ipv6_default=/proc/sys/net/ipv6/conf/default/disable_ipv6
inherit=/proc/sys/net/core/devconf_inherit_init_net

segment_make()
{
	# no duplicate address detection and multicast that nobody tests
	if [ -w $ipv6_default ] && [ -w $inherit ]; then
		ipv6_was="$(<$ipv6_default) $(<$inherit)"
		echo 1 >$ipv6_default
		echo 1 >$inherit
	fi
	ip netns add "$segment_ns" &&
		on_segment "link add br0 type bridge mcast_snooping 0" \
			"link add br1 type bridge mcast_snooping 0" \
			"link set br0 up" "link set br1 up" && filter_hold
}

# The first nft rule of a kind and the last change the code that packets run
# through. QEMU's emulation of several CPUs can't do that to code that runs (see
# testing.rst), so one rule of the kind is always there.
filter_hold()
{
	command -v nft >/dev/null || return 0
	echo "table inet hold { chain input {" \
		"type filter hook input priority 0; policy accept; }; }" |
		ip netns exec "$segment_ns" nft -f -
}

# nodes_make N: namespaces 1 to N, as far as they aren't there yet
nodes_make()
{
	local i new=()

	for ((i = 1; i <= $1; i++)); do
		[ "${node_made[$i]-}" ] || new+=("$i")
	done
	[ ${#new[@]} -eq 0 ] || node_make "${new[@]}" ||
		skip_all "can't make network namespaces"
}

# node_make I...: these
node_make()
{
	local i mac add=() links=()

	verbose "node_make $*"
	for i; do
		node_made[$i]=1
		# the same in a second life, as with a machine, or the others
		# would send to the first until they notice
		printf -v mac '02:00:0a:49:00:%02x' "$i"
		add+=("netns add $base-$i")
		links+=("link add p$i type veth peer name eth0 address $mac netns $base-$i"
			"link set p$i master br0 up")
	done
	printf '%s\n' "${add[@]}" | ip -batch - && on_segment "${links[@]}" ||
		return
	for i; do
		ip -n "$base-$i" -batch - <<-END || return
			link set lo up
			addr add $net.$i/24 brd + dev eth0
			link set eth0 up
		END
	done
}

# node_delete I...: the namespaces, with whatever runs in them
node_delete()
{
	local i

	verbose "node_delete $*"
	for i; do
		# a socket of it would keep the namespace
		watch_stop "$i"
		ip netns del "$base-$i"
		unset "node_made[$i]"
	done
}

# in_node I COMMAND...
in_node()
{
	local i=$1

	shift
	ip netns exec "$base-$i" "$@"
}

# ctl I SUBCOMMAND...: the command pfsnl there
ctl()
{
	local i=$1

	shift
	"$PFSNL" -N "$base-$i" "$@"
}

# node_up I [OPTION...]: starts it, with short times unless the options or
# interval= and dead= say otherwise. Its words are shown only if it fails.
node_up()
{
	local i=$1 words

	shift
	verbose "node_up $i $*"
	[[ " $*" == *" --interval"* ]] || set -- --interval "$interval" "$@"
	[[ " $*" == *" --dead"* ]] || set -- --dead "$dead" "$@"
	words=$(ctl "$i" up eth0 "$@" 2>&1) || {
		note "up $i: $words"
		return 1
	}
}

# node_down I [OPTION...]
node_down()
{
	local i=$1 words

	shift
	verbose "node_down $i $*"
	words=$(ctl "$i" down "$@" 2>&1) || {
		note "down $i: $words"
		return 1
	}
}

# all_down: every node that is up
all_down()
{
	local i up=()

	lists "${!node_made[@]}"
	for i in "${!node_made[@]}"; do
		[ "${roles[$i]}" = down ] || up+=("$i")
	done
	[ ${#up[@]} -eq 0 ] || stop_together "${up[@]}"
}

# nodes_together I[:PRIORITY]...: starts them at once, as far as the processors
# can; sets late[I] to how many ms after the first of them it was
declare -A late=()
nodes_together()
{
	local i times

	verbose "nodes_together $*"
	times=$("$build/selftests/kernel/together" -i "$interval" -d "$dead" \
		"${@/#/$base-}") || return
	for i; do
		# shellcheck disable=SC2034 # for the caller
		late[${i%:*}]=${times%% *}
		times=${times#* }
	done
}

# stop_together I...: likewise, without waiting for answers to the goodbye
stop_together()
{
	"$build/selftests/kernel/together" -s "${@/#/$base-}" >"$tmp/null"
}

# member JSON KEY: sets REPLY to the value, bare, of the first such member
member()
{
	REPLY=${1#*"\"$2\":"}
	if [ "$REPLY" = "$1" ]; then
		REPLY=
		return 1
	fi
	REPLY=${REPLY%%[,\}]*}
	REPLY=${REPLY//\"/}
}

# status I KEY: of "pfsnl status --json", such as role or generation
status()
{
	member "$(ctl "$1" status --json 2>/dev/null)" "$2"
	echo "$REPLY"
}

# stat I NAME: a counter, with underscores
stat()
{
	member "$(ctl "$1" stats --json 2>/dev/null)" "$2"
	echo "$REPLY"
}

# stat_is I NAME VALUE
stat_is()
{
	local got

	got=$(stat "$1" "$2")
	why="$2 of node $1 is $got, not $3"
	[ "$got" = "$3" ]
}

# stat_over I NAME VALUE: it is larger
stat_over()
{
	local got

	got=$(stat "$1" "$2")
	why="$2 of node $1 is $got, not above $3"
	[ "${got:-0}" -gt "$3" ]
}

# stats_mark I, counted I [IGNORE...]: what was counted since the mark, as
# "name=more ...". Not shown is what always moves in a quiet cluster, what depends
# on who is faster (a client may hear the next leader before it misses its own) or
# on the machine, and names that match one of the patterns IGNORE.
declare -A stats_marked=()
stats_mark()
{
	stats_marked[$1]=$(ctl "$1" stats --json)
}

counted()
{
	local i=$1 pair name value out=() pattern words

	shift
	words=$(ctl "$i" stats --json)
	words=${words//[\{\}\"]/}
	for pair in ${words//,/ }; do
		name=${pair%%:*}
		value=${pair#*:}
		member "${stats_marked[$i]}" "$name"
		for pattern in beacon_rx beacon_tx beacon_tx_late beacon_own \
			frame_rx frame_tx foreign_tx foreign_rx pauses messages \
			transitional fetches sync_activate sync_abort sync_foreign \
			sync_retry sync_short "$@"; do
			# shellcheck disable=SC2053 # a pattern it is
			[[ $name != $pattern ]] || continue 2
		done
		[ "$value" = "$REPLY" ] || out+=("$name=$((value - REPLY))")
	done
	echo "${out[*]}"
}

# counted_is I WANTED [IGNORE...]
counted_is()
{
	local i=$1 wanted=$2 got

	shift 2
	got=$(counted "$i" "$@")
	why="node $i counted: $got"$'\n'"not:            $wanted"
	[ "$got" = "$wanted" ]
}

# lists I...: asks them all at once; sets roles[I], rings[I] and lists[I], the
# list as "1* 2 3"; all are "down" when no instance runs
declare -A roles=() rings=() lists=()
lists()
{
	local i line all

	mapfile -t all < <("$build/selftests/kernel/lists" "${@/#/$base-}" 2>&1)
	for i; do
		line=${all[0]}
		all=("${all[@]:1}")
		line=${line//" $net."/ }
		roles[$i]=${line%% *}
		line=${line#* }
		rings[$i]=${line%% *}
		lists[$i]=${line#* }
	done
}

# peers I: its list, as "1* 2 3"; "down" when no instance runs
peers()
{
	lists "$1"
	echo "${lists[$1]}"
}

# agree "I..." LIST: each of these nodes has exactly this list
agree()
{
	local i

	# shellcheck disable=SC2086 # they are words
	lists $1
	for i in $1; do
		why="node $i has: ${lists[$i]}"$'\n'"not:      $2"
		[ "${lists[$i]}" = "$2" ] || return
	done
}

# one_list "I..." [LIST]: each of these has the same list, with a leader; it is
# LIST, given without star, or just these nodes
one_list()
{
	local i first=${1%% *}

	# shellcheck disable=SC2086 # they are words
	lists $1
	why="node $first has: ${lists[$first]}"
	[[ ${lists[$first]} == *\** &&
	   ${lists[$first]/\*/} == "${2-$1}" ]] || return
	for i in $1; do
		why="node $i has: ${lists[$i]}"$'\n'"not:      ${lists[$first]}"
		[ "${lists[$i]}" = "${lists[$first]}" ] || return
	done
}

# role_is I ROLE
role_is()
{
	lists "$1"
	why="node $1 is ${roles[$1]}, not $2"
	[ "${roles[$1]}" = "$2" ]
}

# same_lists I...: all that the nodes say of their peers is the same, but for
# what each knows from its own point of view
same_lists()
{
	local i json first=

	for i; do
		json=$(ctl "$i" peers --json | sed -E \
			's/"(self|age_ms|heard_ms|generation)":[a-z0-9]*,?//g')
		[ "$first" ] || first=$json
		why="node $i: $json"$'\n'"others: $first"
		[ "$json" = "$first" ] || return
	done
}

# same_ring I...: they are all in the same ring
same_ring()
{
	local i

	lists "$@"
	for i; do
		why="node $i: ${rings[$i]}"$'\n'"node $1: ${rings[$1]}"
		[ "${rings[$i]}" = "${rings[$1]}" ] || return
	done
}

# nodes_explain: how every node is, as comments
nodes_explain()
{
	local i

	lists "${!node_made[@]}"
	for i in "${!node_made[@]}"; do
		[ "${roles[$i]}" = down ] ||
			echo "#   node $i: ${roles[$i]}, list: ${lists[$i]}"
	done
	dmesg 2>/dev/null | tail -n 8 | sed 's/^/#   log: /'
}

# ---- the segment ----------------------------------------------------------

# segment 0|1 I...: their cables go to this switch; there are two, not joined
segment()
{
	local to=$1 i lines=()

	verbose "segment $*"
	shift
	for i; do
		lines+=("link set p$i master br$to")
	done
	on_segment "${lines[@]}"
}

# cut I...: silently, somewhere in the middle: nobody sees a link go down
cut_cable()
{
	local i lines=()

	verbose "cut_cable $*"
	for i; do
		lines+=("link set p$i nomaster")
	done
	on_segment "${lines[@]}"
}

# heal I...: all is as at first
heal()
{
	segment 0 "$@"
}

# filter I RULE...: nft rules for what comes in to the node, such as
# "udp dport 7319 drop"; filter I: none
filter()
{
	local i=$1

	verbose "filter $*"
	shift
	{
		echo "table inet test"
		echo "delete table inet test"
		if [ $# -gt 0 ]; then
			echo "table inet test { chain input {"
			echo "type filter hook input priority 0; policy accept;"
			printf '%s\n' "$@"
			echo "}; }"
		fi
	} | in_node "$i" nft -f -
}

# ---- other processes ------------------------------------------------------

# helper_start NAME I COMMAND...: runs it in node I, its input and output tied
# to this shell: "tell NAME WORDS..." writes a line, what it prints is added to
# the file $tmp/NAME.out
declare -A helper_fd=() helper_pid=()
helper_start()
{
	local name=$1 i=$2 fd

	shift 2
	mkfifo "$tmp/$name.in"
	: >"$tmp/$name.out"
	ip netns exec "$base-$i" "$@" <"$tmp/$name.in" >>"$tmp/$name.out" 2>&1 &
	helper_pid[$name]=$!
	exec {fd}>"$tmp/$name.in"
	helper_fd[$name]=$fd
}

tell()
{
	local name=$1

	shift
	if ! kill -0 "${helper_pid[$name]}" 2>/dev/null; then
		note "$name has ended: $(tail -n 5 "$tmp/$name.out")"
		return 1
	fi
	echo "$*" >&"${helper_fd[$name]}"
}

# says NAME PATTERN: the last line it printed matches the pattern of the shell
says()
{
	local lines

	mapfile -t lines <"$tmp/$1.out"
	why="$1 says: ${lines[*]: -1}"$'\n'"not: $2"
	# shellcheck disable=SC2053 # a pattern it is
	[[ ${#lines[@]} -gt 0 && ${lines[-1]} == $2 ]]
}

# helper_stop NAME: its input ends, and then it must too
helper_stop()
{
	local name=$1 fd=${helper_fd[$1]}

	exec {fd}>&-
	kill "${helper_pid[$name]}" 2>/dev/null
	wait "${helper_pid[$name]}" 2>/dev/null
	rm -f "$tmp/$name.in"
	unset "helper_fd[$name]" "helper_pid[$name]"
}

# background COMMAND...: killed at the end
background()
{
	"$@" &
	jobs_started+=($!)
}

clean_up()
{
	local i status=$?

	for i in "${watch_pid[@]}" "${helper_pid[@]}" "${jobs_started[@]}"; do
		kill "$i" 2>/dev/null
	done
	wait "${watch_pid[@]}" "${helper_pid[@]}" 2>/dev/null
	for i in "${!node_made[@]}"; do
		echo "netns del $base-$i"
	done | ip -force -batch - 2>/dev/null
	ip netns del "$segment_ns" 2>/dev/null
	if [ "${ipv6_was-}" ]; then
		echo "${ipv6_was% *}" >$ipv6_default
		echo "${ipv6_was#* }" >$inherit
	fi
	rm -rf "$tmp"
	[ "$tap_done" ] || echo "Bail out! the test ended with status $status" \
		"before its last line"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

. "$here/watch.sh"

echo "TAP version 13"
need_module
segment_make || skip_all "can't make network namespaces"
