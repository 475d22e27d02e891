# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Sourced by demo, shell and bench: what has to be there before a guest can
# boot, with the progress of it on standard error. They are in the top folder
# and have set $me, the name in messages.

# No temporary files are made here, so that an interrupt leaves nothing behind;
# what a step says is kept in .build/, where it is overwritten the next time.
ticker=
me=${me:?}

if [ -t 2 ]; then progress_tty=1; else progress_tty=; fi
# shellcheck disable=SC2034 # used by who sources us
if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
	color=always
else
	color=never
fi

fail()
{
	echo "$me: $*" >&2
	exit 1
}

stop_ticker()
{
	[ -n "$ticker" ] || return 0
	kill "$ticker" 2>/dev/null
	wait "$ticker" 2>/dev/null
	ticker=
}

# What runs in the foreground gets the interrupt as well and ends by itself, but
# may say so with an exit status only, which bash takes for no reason to end.
trap stop_ticker EXIT
trap 'echo >&2; exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# step TEXT COMMAND...: run it, with its time passing on a terminal; what it
# says is shown only if it fails. Its standard output is left in $said.
step()
{
	local text=$1 log=.build/$me.log out=.build/$me.out begin=$SECONDS
	local status=0
	shift
	mkdir -p .build
	if [ -n "$progress_tty" ]; then
		# reading what nobody writes is a sleep without a process
		while :; do
			printf '\r  %-58s %4d s ' "$text" $((SECONDS - begin)) >&2
			read -rt 1 <> <(:)
		done &
		ticker=$!
	else
		printf '  %-58s ' "$text" >&2
	fi
	"$@" > "$out" 2> "$log" < /dev/null || status=$?
	stop_ticker
	[ -z "$progress_tty" ] || printf '\r  %-58s ' "$text" >&2
	if [ $status != 0 ]; then
		printf 'failed\n\n' >&2
		cat "$out" "$log" | tail -n 40 >&2
		fail "this failed: $*"
	fi
	printf '%4d s\n' $((SECONDS - begin)) >&2
	# shellcheck disable=SC2034 # for the caller
	said=$(tail -n 1 "$out")
}

# options USAGE-FUNCTION ARGUMENT...: sets $kernel
options()
{
	local usage=$1
	shift
	kernel=6.12
	while [ $# -gt 0 ]; do
		case $1 in
		-k|--kernel)
			[ $# -gt 1 ] || fail "$1 takes the name of a kernel (try --help)"
			kernel=$2
			shift
			;;
		--kernel=*) kernel=${1#*=} ;;
		-h|--help) "$usage"; exit 0 ;;
		*) fail "unknown option '$1' (try --help)" ;;
		esac
		shift
	done
}

# prepare TEXT FOLDER FILE: packages, the module for $kernel, the library and a
# program, which make builds in the folder. $stage has copies of pfsnl.ko and the
# program, so that a build meanwhile doesn't disturb a running guest.
prepare()
{
	local module

	echo "Preparing (only the first time takes long):" >&2
	tools/setup build vm >&2 || fail "without these packages it does not go on"
	if [ "$kernel" = uml ]; then
		if ! tools/vm/build-uml --print-dir > /dev/null 2>&1; then
			echo "  The debug kernel is built first, and kept: about 10 minutes." >&2
		fi
		step "the debug kernel" tools/vm/build-uml
	fi
	step "the module for kernel $kernel" tools/build-module "$kernel"
	module=$said
	step "the library" make -C libpfsnl
	step "$1" make -C "$2"
	stage=$PWD/.build/run-$me
	mkdir -p "$stage"
	cp "$module" "$stage/" && cp "$3" "$stage/" || exit
	echo "  booting kernel $kernel in a virtual machine" >&2
}
