#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# subset: uml
#
# Everybody may read, changing needs CAP_NET_ADMIN where the network namespace
# belongs; in a user namespace of its own anybody may have nodes, up to a limit
# and without a real-time thread.
. "$(dirname "$0")/lib.sh"
. "$here/lifetime.sh"

user=65534
parameters=/sys/module/pfsnl/parameters

# The tree may be closed to others, and so is $tmp: what they need is here.
shared=$(mktemp -d "${TMPDIR:-/tmp}/pfsnl-shared.XXXXXX")
trap '(s=$?; restore; rm -rf "$shared"; exit $s); clean_up' EXIT
chmod 755 "$shared"
install -m 755 "$PFSNL" "$shared/pfsnl"
lib=$(ldd "$PFSNL" | awk '/libpfsnl/ { print $3 }')
[ -z "$lib" ] || install -m 755 "$lib" "$shared/"

# parameters that a test changes
declare -A parameter_was=()
parameter()
{
	[ "${parameter_was[$1]-}" ] || parameter_was[$1]=$(<"$parameters/$1")
	echo "$2" >"$parameters/$1"
}

restore()
{
	local name

	for name in "${!parameter_was[@]}"; do
		echo "${parameter_was[$name]}" >"$parameters/$name"
	done
}

# as_user I COMMAND...: in node I, as somebody without any capability
as_user()
{
	local i=$1

	shift
	in_node "$i" setpriv --reuid $user --regid $user --clear-groups \
		--inh-caps=-all env LD_LIBRARY_PATH="$shared" "$@"
}

# says_and_ends CODE PATTERN COMMAND...
says_and_ends()
{
	local code=$1 pattern=$2 words status

	shift 2
	words=$("$@" 2>&1)
	status=$?
	why="exit code $status: $words"
	# shellcheck disable=SC2053 # a pattern it is
	[ $status = "$code" ] && [[ $words == $pattern ]]
}

# quietly COMMAND...: its words are for when it fails
quietly()
{
	why=$("$@" 2>&1)
}

nodes_make 3
node_up 1
wait_until 20 agree 1 "1*"
node_up 2
check "two nodes are one cluster" wait_until 20 agree "1 2" "1* 2"

if ! why=$(as_user 1 "$shared/pfsnl" --version 2>&1); then
	skip_all "nobody can't run a command here: $why"
fi

# ---- reading --------------------------------------------------------------

for sub in status peers stats; do
	# what changes by itself from one moment to the next
	words=$(as_user 1 "$shared/pfsnl" $sub --json 2>&1)
	code=$?
	mine=$(ctl 1 $sub --json)
	blur='s/"(uptime_ms|age_ms|heard_ms|[a-z_]*[rt]x[a-z_0-9]*|beacon_[a-z_]*)":[0-9]*/"\1":N/g'
	is "an unprivileged user reads $sub: exit code" $code 0
	is "an unprivileged user reads $sub: just as root does" \
		"$(sed -E "$blur" <<<"$words")" "$(sed -E "$blur" <<<"$mine")"
done
as_user 1 "$shared/pfsnl" watch --json --count 1 --timeout 60 \
	>"$tmp/watch.user" 2>&1 &
watcher=$!
as_user 1 "$shared/pfsnl" monitor --json --count 1 --timeout 60 \
	>"$tmp/monitor.user" 2>&1 &
monitor=$!
check "an unprivileged user's watch is told the list" \
	wait_until 30 grep -q '"reason":"initial","nodes":2' "$tmp/watch.user"
# a monitor has no initial event to wait for, so let more than one come
priority=100
changing()
{
	ctl 1 set --priority $((priority++ % 256))
	! kill -0 $monitor 2>/dev/null
}
check "an unprivileged user's monitor is told events" wait_until 30 changing
wait $monitor
is "an unprivileged user's monitor: exit code" $? 0
node_up 3
wait $watcher
is "an unprivileged user's watch is told of a change: exit code" $? 0
check "an unprivileged user's watch is told of a change" \
	grep -q '"op":"add","addresses":\["10.73.0.3"\]' "$tmp/watch.user"

# ---- changing -------------------------------------------------------------

wait_until 20 agree "1 2 3" "1* 2 3"
before="$(status 1 incarnation) $(status 1 interval_ms) $(peers 1)"
refusal="*not permitted*CAP_NET_ADMIN*"
check "an unprivileged user may not change settings: exit code 5 and a text" \
	says_and_ends 5 "$refusal" as_user 1 "$shared/pfsnl" set --interval 500
check "an unprivileged user may not stop a node: exit code 5 and a text" \
	says_and_ends 5 "$refusal" as_user 1 "$shared/pfsnl" down
check "an unprivileged user may not start a node that runs" \
	says_and_ends 5 "$refusal" as_user 1 "$shared/pfsnl" up eth0
is "what was refused changed nothing" \
	"$(status 1 incarnation) $(status 1 interval_ms) $(peers 1)" "$before"
node_down 3
check "an unprivileged user may not start a node: exit code 5 and a text" \
	says_and_ends 5 "$refusal" as_user 3 "$shared/pfsnl" up eth0
is "what was refused did not start" "$(peers 3)" down

# With the capability and without being root it is allowed.
check "CAP_NET_ADMIN is all that is needed: start" quietly in_node 3 \
	setpriv --reuid $user --regid $user --clear-groups \
	--inh-caps=-all,+net_admin --ambient-caps=-all,+net_admin \
	env LD_LIBRARY_PATH="$shared" "$shared/pfsnl" up eth0 --interval 20
check "CAP_NET_ADMIN is all that is needed: stop" quietly in_node 3 \
	setpriv --reuid $user --regid $user --clear-groups \
	--inh-caps=-all,+net_admin --ambient-caps=-all,+net_admin \
	env LD_LIBRARY_PATH="$shared" "$shared/pfsnl" down

# ---- real time ------------------------------------------------------------

# policy_of NETNS-NUMBER LETTER: scheduling policy of a thread; 1 is SCHED_FIFO
policy_of()
{
	local comm words

	# a process that ends meanwhile is an error to it, whatever it found
	comm=$(grep -slx "pfsnl-$2$1" /proc/[0-9]*/comm)
	[ -n "$comm" ] || {
		echo "no thread pfsnl-$2$1"
		return
	}
	# field 41 of all, of which the second may have blanks and ends with )
	read -ra words <<<"$(sed 's/.*) //' "${comm%comm}stat")"
	echo "${words[38]}"
}

# policies I: of beacon and node thread of node I
policies()
{
	local inum

	# the shell's own "stat" is that of lib.sh
	inum=$(command stat -L -c %i "/run/netns/$(node_ns "$1")")
	echo "$(policy_of "$inum" b) $(policy_of "$inum" n)"
}

is "root's node: SCHED_FIFO for the beacon thread, not for the node thread" \
	"$(policies 1)" "1 0"
parameter fifo N
node_up 3
is "with fifo=N: none for a node started from now on" "$(policies 3)" "0 0"
is "with fifo=N: it stays for one that was there before" "$(policies 1)" "1 0"
parameter fifo Y
node_down 3
node_up 3
is "with fifo=Y again: SCHED_FIFO" "$(policies 3)" "1 0"
node_down 3

# ---- user namespaces ------------------------------------------------------

# A user namespace is made by an unprivileged process and a node started in a
# network namespace that it owns. It lives until its fifo is closed, and says
# the exit code and the number of the network namespace first.
#
# settle.sh DIRECTORY NUMBER
cat >"$shared/settle.sh" <<'EOF2'
ip link set lo up
ip link add eth0 type dummy && ip addr add 10.9.0.1/24 brd + dev eth0 &&
	ip link set eth0 up || { echo "no network" >"$1/said.$2"; exit 1; }
words=$(LD_LIBRARY_PATH=${0%/*} "${0%/*}/pfsnl" up eth0 --interval 1000 2>&1)
echo "$? $(stat -L -c %i /proc/self/ns/net) $words" >"$1/said.new.$2"
mv "$1/said.new.$2" "$1/said.$2"
read -r _ <"$1/stay"
EOF2
chmod 755 "$shared/settle.sh"
mkdir "$shared/said"
mkfifo -m 666 "$shared/said/stay"
chmod 777 "$shared/said"
exec {stay}<>"$shared/said/stay"

settlers=()
declare -A settler_of=()
# settle NUMBER [UID]: in the background
settle()
{
	setpriv --reuid "${2:-$user}" --regid "${2:-$user}" --clear-groups \
		--inh-caps=-all unshare -Urn bash "$shared/settle.sh" \
		"$shared/said" "$1" >"$shared/said/err.$1" 2>&1 {stay}<&- &
	settlers+=($!)
	settler_of[$1]=$!
}

# said NUMBER: sets code, inum, words
said()
{
	said_or_gone()
	{
		[ -e "$shared/said/said.$1" ] ||
			! kill -0 "${settler_of[$1]}" 2>/dev/null
	}
	wait_until 30 said_or_gone "$1"
	[ -e "$shared/said/said.$1" ] ||
		{ code="nothing said: $(<"$shared/said/err.$1")"; return 1; }
	read -r code inum words <"$shared/said/said.$1"
}

# unsettle: they all end
unsettle()
{
	kill "${settlers[@]}" 2>/dev/null
	wait "${settlers[@]}" 2>/dev/null
	settlers=()
	rm -f "$shared"/said/said.* "$shared"/said/err.*
}

settle probe
if ! said probe || [ "$code" = no ]; then
	why="an unprivileged user can't make user namespaces here: $code"
	for what in "starts a node" "gets no real-time thread" \
		"is stopped at a limit"; do
		skip "a user in a user namespace of its own $what" "$why"
	done
	unsettle
	finish
fi
is "a user in a user namespace of its own starts a node" "$code" 0
is "a user in a user namespace of its own gets no real-time thread" \
	"$(policy_of "$inum" b) $(policy_of "$inum" n)" "0 0"
unsettle
check "when the namespace goes the node goes" wait_until 20 threads_are 4

parameter fifo_users Y
settle rt
said rt
is "with fifo_users=Y: SCHED_FIFO also there" \
	"$code $(policy_of "$inum" b) $(policy_of "$inum" n)" "0 1 0"
unsettle
parameter fifo_users N

# without end, each in a user namespace of its own
limit=$(<$parameters/max_per_user)
is "the limit for a user is 16 unless told otherwise" "$limit" 16
limit=5
parameter max_per_user $limit
wait_until 20 threads_are 4
for ((n = 1; n <= limit + 3; n++)); do
	settle "$n"
done
granted=0
texts=
for ((n = 1; n <= limit + 3; n++)); do
	said "$n"
	case $code in
	0)	granted=$((granted + 1)) ;;
	1)	texts+="$words"$'\n' ;;
	*)	note "$n: $code" ;;
	esac
done
is "a user who starts nodes without end has $limit" $granted "$limit"
is "a user who starts nodes without end is told why the others are refused" \
	"$(sort -u <<<"$texts" | grep -c .) $(grep -c 'max_per_user' <<<"$texts")" \
	"1 3"
check "what was refused has no threads" \
	wait_until 20 threads_are $((4 + 2 * limit))
check "root may have more all the same" node_up 3
node_down 3
settle another 65533
said another
is "another user may have nodes all the same" "$code" 0
unsettle
check "when the namespaces go the nodes go" wait_until 20 threads_are 4
settle again
said again
is "when the namespaces go their places are free again" "$code" 0
unsettle
wait_until 20 threads_are 4

parameter max_per_user 0
settle none
said none
is "with max_per_user=0 nobody has a node in a user namespace" "$code" 1
unsettle
check "with max_per_user=0 root may all the same" node_up 3
finish
