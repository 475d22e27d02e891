# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # variables of lib.sh
# shellcheck shell=bash
#
# What tests of checkpoints share, after lib.sh: processes that have checkpoints open
# (keeper.c), in nodes.

# keeper NAME I [OPTION...]: a process in node I
keeper()
{
	local name=$1 i=$2

	shift 2
	helper_start "$name" "$i" "$build/selftests/kernel/keeper" "$@"
	wait_until 10 said "$name" ready
}

# said NAME REGEX: some line it printed, as a whole, matches
said()
{
	why="$1 said: $(tail -n 5 "$tmp/$1.out")"$'\n'"and never: $2"
	grep -qxE -- "$2" "$tmp/$1.out"
}

# said_times NAME REGEX COUNT
said_times()
{
	local n

	n=$(grep -cxE -- "$2" "$tmp/$1.out")
	why="$1 said $n times, not $3: $2"$'\n'"last: $(tail -n 3 "$tmp/$1.out")"
	[ "$n" = "$3" ]
}

# answered NAME VERB FROM: sets reply to what came of what it was told after so many
# lines
answered()
{
	local line lines want done=

	case $2 in
	open|close|unlink|retention|limit|create|delete|write|overwrite|expiration)
		want="$2 @(ok|failed)*" ;;
	get|number) want="ckpt *" ;;
	section|state|read|whole|hurl|fill|sweep) want="${2%ep}* *" ;;
	*)		want="done $2" ;;
	esac
	mapfile -t lines < <(tail -n "+$(($3 + 1))" "$tmp/$1.out")
	reply=
	for line in "${lines[@]}"; do
		# shellcheck disable=SC2053 # a pattern it is
		if [[ $line == "refused "* || $line == $want ]]; then
			reply=$line
		fi
		[ "$line" != "done $2" ] || done=1
	done
	[ "$done" ] && [ "$reply" ]
}

# ask NAME VERB WORDS...: and wait for what comes of it, in reply
ask()
{
	local name=$1

	shift
	from=$(wc -l <"$tmp/$name.out")
	tell "$name" "$@" && wait_until "${patience-40}" answered "$name" "$1" "$from"
}

# asks NAME PATTERN VERB WORDS...: and it is that
asks()
{
	local name=$1 pattern=$2

	shift 2
	ask "$name" "$@" || {
		why="$name: no answer to $*: $(tail -n 3 "$tmp/$name.out")"
		return 1
	}
	why="$name: $*: $reply"$'\n'"wanted: $pattern"
	# shellcheck disable=SC2053 # a pattern it is
	[[ $reply == $pattern ]]
}

# listing NAME sections|list WORDS...: sets listed to the ids or names, in their order
listing()
{
	asks "$1" "done $2" "${@:2}" || return
	listed=$(tail -n "+$((from + 1))" "$tmp/$1.out" |
		sed -nE 's/^(section|ckpt) ([^ ]*) .*/\2/p' | xargs)
}

# listed_are NAME NAMES sections|list WORDS...: these it has
listed_are()
{
	listing "$1" "${@:3}" || return
	why="$1: $listed"$'\n'"not: $2"
	[ "$listed" = "$2" ]
}

# handle_of NAME: that it got last
handle_of()
{
	sed -n 's/^handle //p' "$tmp/$1.out" | tail -n 1
}

# opens NAME WORDS...: opens it, made if need be; handle is set
opens()
{
	asks "$1" "open ok*" open "${@:2}" || return
	# shellcheck disable=SC2034 # for the caller
	handle=$(handle_of "$1")
}

# same NAME...: all that these nodes have of checkpoints is the same, and usable
same()
{
	local name first=

	for name; do
		ask "$name" state || return
		why="$name: $reply"$'\n'"others: $first"
		[[ $reply == "state active "* ]] || return
		# these are each node's own
		reply=${reply/waiting +([0-9])/}
		reply=${reply/most +([0-9])/}
		[ "$first" ] || first=$reply
		[ "$reply" = "$first" ] || return
	done
}

# all_same NAME...: soon
all_same()
{
	wait_until 30 same "$@"
}

# same_data NAME NAME HANDLE HANDLE ID: both read the same from a section
same_data()
{
	local one

	ask "$1" whole "$3" "$5" || return
	one=$reply
	ask "$2" whole "$4" "$5" || return
	# shellcheck disable=SC2034 # check() shows it
	why="$1: $one"$'\n'"$2: $reply"
	[[ $one == whole* && $one == "$reply" ]]
}

# ckpt_is NAME CHECKPOINT PATTERN: as it is printed
ckpt_is()
{
	asks "$1" "$3" get "$2"
}

# slay NAME: it is killed
slay()
{
	kill -KILL "${helper_pid[$1]}"
	wait "${helper_pid[$1]}" 2>/dev/null
	rm -f "$tmp/$1.in"
}
