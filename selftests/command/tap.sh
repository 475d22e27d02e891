# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts here share: calls of the command, and TAP.
#   PFSNL   the command (default: the sanitizer build)

# shellcheck disable=SC2034 # used by those that read this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${PFSNL:=$root/.build/pfsnl-san/pfsnl}"
# A fault must not look like a refusal, which has the exit code 1.
export ASAN_OPTIONS=exitcode=99:${ASAN_OPTIONS-}
export UBSAN_OPTIONS=exitcode=99:print_stacktrace=1:${UBSAN_OPTIONS-}
# Neither language, terminal nor habits of who runs this change a text.
export LC_ALL=C TERM=xterm
unset NO_COLOR POSIXLY_CORRECT

tap_count=0
tap_failed=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

if [[ ! -x $PFSNL ]]; then
	echo "# $PFSNL is missing: make -C tools/pfsnl SANITIZE=1" >&2
	exit 1
fi

# tap_ok DESCRIPTION, tap_not_ok DESCRIPTION, tap_skip DESCRIPTION REASON
tap_ok()
{
	echo "ok $((++tap_count)) $1"
}

tap_not_ok()
{
	echo "not ok $((++tap_count)) $1"
	tap_failed=$((tap_failed + 1))
}

tap_skip()
{
	echo "ok $((++tap_count)) $1 # SKIP $2"
}

# tap_is DESCRIPTION GOT WANTED: the same text
tap_is()
{
	if [[ $2 == "$3" ]]; then
		tap_ok "$1"
	else
		tap_not_ok "$1"
		diff <(echo "$3") <(echo "$2") | sed 's/^/#   /'
	fi
}

# Prints the plan; the exit status tells whether all went well.
tap_done()
{
	echo "1..$tap_count"
	[[ $tap_failed == 0 ]]
}

# Calls the command; leaves $code, $out and $err.
call()
{
	"$PFSNL" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	code=$?
	out=$(<"$tmp/out")
	err=$(<"$tmp/err")
}

# gives DESCRIPTION CODE OUT ERR WORD...: calling it with these words gives
# the exit code and the two texts, which are patterns of the shell.
gives()
{
	local description=$1 wanted=$2 wanted_out=$3 wanted_err=$4

	shift 4
	call "$@"
	# shellcheck disable=SC2053 # patterns they are
	if [[ $code == "$wanted" && $out == $wanted_out &&
	      $err == $wanted_err ]]; then
		tap_ok "$description"
		return
	fi
	tap_not_ok "$description"
	{
		echo "pfsnl $* -> $code, wanted $wanted"
		echo "stdout: $out"
		echo "wanted: $wanted_out"
		echo "stderr: $err"
		echo "wanted: $wanted_err"
	} | sed 's/^/#   /'
}

# Whether asking for the module would find or load one.
module_is_here()
{
	[[ -d /sys/module/pfsnl ]] ||
		modprobe --dry-run --quiet pfsnl 2>/dev/null
}
