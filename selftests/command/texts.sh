#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
# Help texts, exit codes without a module, and that the manual knows all.
cd "$(dirname "$0")" || exit 1
. ./tap.sh

commands=(up down set status ring peers watch stats monitor "group list"
	"group members" "group join" send recv sync "ckpt ls" "ckpt stat"
	"ckpt create" "ckpt read" "ckpt write" "ckpt rm" "ckpt watch"
	"ckpt dump" "ckpt load" "ckpt limit")

# --- help ---
gives "--help names every subcommand, examples and exit codes" 0 \
	"Usage: pfsnl *up *down *set *status *ring *peers *watch *stats *monitor *group list *group members *group join *send *recv *sync *ckpt ls *ckpt limit *Examples:*Exit codes: 0 *124 *" \
	"" --help
call --help
overall=$out
call -h
tap_is "-h is --help" "$out" "$overall"
call help
tap_is "help is --help" "$out" "$overall"
for c in "${commands[@]}"; do
	read -ra words <<<"$c"
	example="  pfsnl $c"
	[[ $c == send ]] && example="  echo hello | pfsnl send news"
	[[ $c == "ckpt write" ]] && example="  echo hello | pfsnl ckpt write news"
	gives "$c --help: usage, examples" 0 \
		"Usage: pfsnl $c \[OPTION\]...*Options of all subcommands:*--netns NAME*Examples:
$example*" "" "${words[@]}" --help
	help=$out
	call help "${words[@]}"
	tap_is "help $c is the same" "$out" "$help"
	tap_is "$c --help fits 80 columns" \
		"$(awk 'length > 79' <<<"$help")" ""
done
tap_is "--help fits 80 columns" "$(awk 'length > 79' <<<"$overall")" ""
gives "--version" 0 "pfsnl [0-9]*.[0-9]*" "" --version
gives "--version after a subcommand" 0 "pfsnl [0-9]*.[0-9]*" "" status -V

# --- the manual and the config file know what the help knows ---
man=$root/tools/pfsnl/pfsnl.8
conf=$root/tools/systemd/pfsnl.conf
conf_man=$root/tools/systemd/pfsnl.conf.5
options_of()
{
	# shellcheck disable=SC2086 # words they are
	"$PFSNL" $1 --help | sed -n '/^Options/,/^Examples/p' |
		grep -o '^ \{2,6\}\(-[a-zA-Z], \)\?--[a-z0-9-]*' |
		grep -o -- '--.*' | sort -u
}
missing=$(for c in "${commands[@]}"; do options_of "$c"; done | sort -u |
	while read -r o; do
		grep -q -- "^\.\(It Fl\|Fl\|.*Fl\).* ${o#-}\b" "$man" || echo "$o"
	done)
tap_is "pfsnl.8 has every option" "$missing" ""
keys=$(options_of up | sed 's/^--//' |
	grep -vxE 'config|json|netns|color|help|version')
missing=$(for k in $keys; do
		grep -q "^\.\(It \)\?Cm .*\b$k\b" "$conf_man" || echo "$k"
	done)
tap_is "pfsnl.conf.5 has every key" "$missing" ""
missing=$(for k in $keys; do
		grep -q "^#$k = " "$conf" || echo "$k"
	done)
tap_is "the example config file has every key" "$missing" ""
missing=$(grep -o '^[[:space:]]PFSNL_A_STATS_[A-Z0-9_]*' \
		"$root/kmod/include/uapi/linux/pfsnl.h" |
	sed 's/.*STATS_//' | tr 'A-Z_' 'a-z-' | grep -vx pad |
	while read -r s; do
		grep -q "{ \"$s\", " "$root/tools/pfsnl/cmd_stats.c" || echo "$s"
	done)
tap_is "stats has words for every counter" "$missing" ""
for page in "$man" "$conf_man"; do
	name=$(basename "$page")
	if command -v mandoc >/dev/null; then
		# What other packages and sections have isn't known here.
		tap_is "mandoc finds nothing in $name" \
			"$(mandoc -T lint "$page" 2>/dev/null |
				grep -v 'referenced manual not found')" ""
	else
		tap_skip "mandoc finds nothing in $name" "no mandoc"
	fi
	if command -v man >/dev/null; then
		tap_is "man finds nothing in $name" \
			"$(man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)" ""
	else
		tap_skip "man finds nothing in $name" "no man"
	fi
done

# --- output that can't be written ---
"$PFSNL" --help >/dev/full 2>"$tmp/err"
tap_is "full disk: exit code" "$?" 1
tap_is "full disk: text" "$(<"$tmp/err")" \
	"pfsnl: can't write the output: No space left on device"
"$PFSNL" --help 2>"$tmp/err" >&-
tap_is "closed output: exit code" "$?" 1
tap_is "closed output: text" "$(<"$tmp/err")" \
	"pfsnl: can't write the output: Bad file descriptor"
mkfifo "$tmp/pipe"
# Opened for both, so that neither waits; then the reader goes.
# shellcheck disable=SC2094
exec 3<>"$tmp/pipe" 4>"$tmp/pipe"
exec 3<&-
"$PFSNL" --help >&4 2>"$tmp/err"
tap_is "reader that went away: exit code" "$?" 0
tap_is "reader that went away: no text" "$(<"$tmp/err")" ""
exec 4>&-

# --- places ---
gives "no such namespace" 1 "" "pfsnl: *nope*" -N pfsnl-test-nope status
gives "namespace file that is none" 1 "" "pfsnl: *" -N /dev/null status
gives "no such interface" 1 "" "pfsnl: there is no interface 'nope73'; *" \
	up nope73
gives "no such interface, --device" 1 "" \
	"pfsnl: there is no interface 'nope73'; *" up --device nope73
gives "interface name that is too long" 1 "" \
	"pfsnl: there is no interface 'averyverylongname'; *" up averyverylongname
gives "mistyped interface" 1 "" \
	"pfsnl: there is no interface 'loo'; did you mean 'lo'[?]" up loo
if unshare -n true 2>/dev/null; then
	err=$(unshare -n "$PFSNL" up 2>&1)
	tap_is "no interface with an address" "$?: ${err%%$'\n'*}" \
		"1: pfsnl: no interface that is up has an IPv4 address"
	# shellcheck disable=SC2016 # $0 and $? are those of the inner shell
	err=$(unshare -n sh -c '
		ip link add b7 type veth peer a7
		ip link set a7 up
		ip link set b7 up
		ip address add 10.1.0.1/24 dev a7
		ip address add 10.2.0.1/24 dev b7
		"$0" up 2>&1; echo "$?"' "$PFSNL")
	tap_is "several interfaces with an address: which?" "$err" \
"pfsnl: which interface? Say one of these:
       pfsnl up a7              (10.1.0.1)
       pfsnl up b7              (10.2.0.1)
2"
else
	tap_skip "no interface with an address" "no right to unshare"
	tap_skip "several interfaces with an address: which?" \
		"no right to unshare"
fi

# --- without a module ---
if module_is_here; then
	tap_skip "module not loaded" "it is, or would load"
else
	for c in "${commands[@]}"; do
		read -ra words <<<"$c"
		case $c in
		"group members" | "group join" | send | recv) words+=(news) ;;
		esac
		case $c in
		"ckpt stat" | "ckpt create" | "ckpt read" | "ckpt rm" | \
		"ckpt dump") words+=(news) ;;
		"ckpt write") words+=(news today) ;;
		esac
		[[ $c == up ]] && words+=(lo)
		[[ $c == set ]] && words+=(--priority 3)
		gives "$c: module not loaded: code 3, and what to do" 3 "" \
			"pfsnl: *module pfsnl is not loaded *modprobe pfsnl*" \
			"${words[@]}"
		gives "$c --json: the same" 3 "" \
			"pfsnl: *module pfsnl is not loaded *modprobe pfsnl*" \
			"${words[@]}" --json
	done
	gives "up --wait: the same" 3 "" "pfsnl: *not loaded*" up lo --wait=100
fi

tap_done
