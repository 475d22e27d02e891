# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What an interactive bash in the guest of 'make shell' reads: makes the nodes,
# defines the commands to play with, greets. $PFSNL_KO and $STAGE are set; the
# current folder is the top of the source. All of the guest's files are its own.

first_nodes=5

# node2 -> 2; says what is wrong with other words
_node_number()
{
	if [[ ${1-} =~ ^node([1-9][0-9]{0,2})$ && ${BASH_REMATCH[1]} -le 250 ]]; then
		echo "${BASH_REMATCH[1]}"
		return 0
	fi
	echo "${FUNCNAME[1]}: the name of a node is wanted, such as node2${1:+, not $1}" >&2
	return 1
}

_node_there()
{
	[ -e "/run/netns/$1" ] && return 0
	echo "${FUNCNAME[1]}: there is no $1 (there are: $(_nodes))" >&2
	return 1
}

_nodes()
{
	local path names=()

	for path in /run/netns/node*; do
		[ -e "$path" ] && names+=("${path##*/}")
	done
	printf '%s\n' "${names[@]}" | sort -V | tr '\n' ' '
}

# _wire NUMBER...: namespaces, each with a cable to the switch. A node that comes
# back has the hardware address that it had, as a machine would.
_wire()
{
	local i

	for i; do
		echo "netns add node$i"
		printf 'link add cable%d type veth peer name eth0 address 02:00:00:00:00:%02x netns node%d\n' \
			"$i" "$i" "$i"
		echo "link set cable$i master switch up"
	done | ip -batch - || return
	for i; do
		ip -n "node$i" -batch - <<-EOT || return
			link set lo up
			address add 10.0.0.$i/24 brd + dev eth0
			link set eth0 up
		EOT
	done
}

# One of the first free number unless it is named.
add-node()
{
	local i=1

	if [ -n "${1-}" ]; then
		i=$(_node_number "$1") || return
	else
		while [ -e "/run/netns/node$i" ]; do i=$((i + 1)); done
	fi
	if [ -e "/run/netns/node$i" ]; then
		echo "add-node: node$i is there already; if it is down: pfsnl -N node$i up" >&2
		return 1
	fi
	_wire "$i" && pfsnl -N "node$i" up eth0
}

# As a crash of its kernel: no goodbye, and its connections are reset.
kill-node()
{
	_node_number "${1-}" > /dev/null && _node_there "$1" && ip netns del "$1"
}

unplug()
{
	local i

	i=$(_node_number "${1-}") && _node_there "$1" && ip link set "cable$i" down
}

plug()
{
	local i

	i=$(_node_number "${1-}") && _node_there "$1" && ip link set "cable$i" up
}

on()
{
	_node_number "${1-}" > /dev/null && _node_there "$1" || return
	if [ $# = 1 ]; then
		echo "on: a command is wanted: on $1 COMMAND..." >&2
		return 1
	fi
	ip netns exec "$@"
}

each()
{
	local node

	if [ $# = 0 ]; then
		echo "each: a command is wanted, such as: each pfsnl peers" >&2
		return 1
	fi
	for node in $(_nodes); do
		echo "--- $node"
		ip netns exec "$node" "$@"
	done
}

# All nodes at a glance: what each of them believes.
nodes()
{
	local node text cable

	printf '%-8s %-12s %-6s %-10s %6s  %-12s %5s\n' NODE ADDRESS CABLE ROLE RING LEADER NODES
	for node in $(_nodes); do
		text=$(pfsnl -N "$node" status --json 2>/dev/null)
		cable=in
		[[ $(< "/sys/class/net/cable${node#node}/flags") =~ [13579bdf]$ ]] || cable=out
		printf '%-8s %-12s %-6s %-10s %6s  %-12s %5s\n' "$node" "10.0.0.${node#node}" "$cable" \
			"$(_value role "$text")" "$(_value seq "$text")" \
			"$(_value leader "$text")" "$(_value peers "$text")"
	done
}

# _value KEY JSON: first value of that key, - for none
_value()
{
	if [[ $2 =~ \"$1\":\"?([^\",}]*) && ${BASH_REMATCH[1]} != null ]]; then
		echo "${BASH_REMATCH[1]}"
	else
		echo -
	fi
}

_followers=()

# Shows, while you type on, what the watches of all (or the named) nodes say.
follow()
{
	local node all

	unfollow
	read -ra all <<< "$(_nodes)"
	[ $# -gt 0 ] || set -- "${all[@]}"
	echo "following the watches of $*; 'unfollow' ends it"
	for node; do
		_node_number "$node" > /dev/null && _node_there "$node" || return
		# a process group of its own, of which the shell says nothing
		{
			pfsnl -N "$node" watch --color=always | while IFS= read -r line; do
				# whom there is at first is known
				[[ $line = *"  = "* ]] ||
					printf '\r\033[K%s  %s\n' "$node" "$line"
			done &
		} 2>/dev/null
		_followers+=("$(jobs -p %+)")
		disown
	done
}

unfollow()
{
	local group

	for group in "${_followers[@]}"; do
		kill -- "-$group" 2>/dev/null
	done
	_followers=()
}

playground()
{
	cat <<-EOT

	  A cluster of $first_nodes nodes runs here: node1 (10.0.0.1) to node$first_nodes (10.0.0.$first_nodes).
	  Each is a network namespace with a cable to one switch. You are root in a
	  virtual machine: it may write anywhere, and forgets all of it when you leave.

	  look    nodes                    all nodes at a glance
	          pfsnl -N node1 peers     who is there, as node1 knows it
	          pfsnl -N node3 status    role, ring and settings
	          pfsnl -N node3 watch     each change as it happens; Ctrl-C ends it
	          follow                   the watches of all nodes, while you type on
	          unfollow                 enough of that

	  break   unplug node1             pull its cable out: the others hear nothing
	          plug node1               and in again
	          kill-node node2          it crashes, its connections are reset
	          add-node                 one more; 'add-node node2' brings that back
	          pfsnl -N node4 down      it leaves in good order
	          pfsnl -N node4 up        and comes back

	  keep    echo hi | pfsnl -N node1 ckpt write notes a --create
	          pfsnl -N node3 ckpt read notes a         all nodes have it

	  tune    each pfsnl set --interval 50 --dead 4    notice silence 5 times faster
	          on node5 ping 10.0.0.1                   a command on one node

	  read    man pfsnl, man libpfsnl, pfsnl --help;   'playground' is this text

	EOT
}

# As 'make install' would, but for the guest alone.
_install()
{
	local page man=/usr/local/share/man

	mkdir -p $man/man{3,5,8}
	for page in tools/pfsnl/*.8 tools/systemd/*.5 libpfsnl/man/*.3; do
		[ -e "$page" ] && ln -sf "$PWD/$page" "$man/man${page##*.}/${page##*/}"
	done
	ln -sf "$STAGE/pfsnl" /usr/local/bin/pfsnl
	type -P ping > /dev/null || ln -sf /bin/busybox /usr/local/bin/ping
	if ! type -P man > /dev/null; then
		if type -P mandoc > /dev/null; then
			man() { mandoc "$man"/man?/"$1".? | "${PAGER:-more}"; }
		else
			man() { echo "there is no 'man' here: apt-get install man-db" >&2; return 127; }
		fi
	fi
}

_complete_helpers()
{
	# shellcheck disable=SC1091 # not on every machine
	[ ! -e /usr/share/bash-completion/bash_completion ] || . /usr/share/bash-completion/bash_completion
	# shellcheck source=../pfsnl/completion/pfsnl
	. tools/pfsnl/completion/pfsnl
	_complete_node() { mapfile -t COMPREPLY < <(compgen -W "$(_nodes)" -- "$2"); }
	complete -F _complete_node unplug plug kill-node on follow
}

_begin()
{
	local i end all

	mapfile -t all < <(seq $first_nodes)
	insmod "$PFSNL_KO" || return
	_install
	ip link add switch type bridge && ip link set switch up && _wire "${all[@]}" || return
	# all at once, and without messages about jobs
	(
		for i in "${all[@]}"; do
			pfsnl -N "node$i" up eth0 > /dev/null &
		done
		wait
	)
	end=$((SECONDS + 60))
	for i in "${all[@]}"; do
		until [ "$(_value peers "$(pfsnl -N "node$i" status --json)")" = $first_nodes ]; do
			if [ $SECONDS -ge $end ]; then
				echo "the nodes did not find each other within a minute:" >&2
				break 2
			fi
		done
	done
	_complete_helpers
	playground
	nodes
	echo
}

unset HISTFILE
PS1='playground# '
_begin
