#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
# The completion of bash: what it offers, called as bash calls it.
cd "$(dirname "$0")" || exit 1
. ./tap.sh
. ../../tools/pfsnl/completion/pfsnl

# offers DESCRIPTION WANTED WORD...: with these words on the line (the last one
# is being typed) it offers these, in any order.
offers()
{
	local description=$1 wanted=$2

	shift 2
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_pfsnl
	tap_is "$description" "$(printf '%s\n' "${COMPREPLY[@]}" | sort -u)" \
		"$(tr ' ' '\n' <<<"$wanted" | sort -u)"
}

offers "subcommands" "up down set status ring peers watch stats monitor group send recv sync help" \
	pfsnl ""
offers "subcommands that begin so" "set status stats send sync" pfsnl s
offers "second words of group" "list members join" pfsnl group ""
offers "second words that begin so" "members" pfsnl --json group m
offers "second words after help" "join" pfsnl help group j
offers "subcommands after options" "watch" pfsnl --json -N a wat
offers "subcommands after --netns=" "watch" pfsnl --netns = a wat
offers "subcommands after help" "peers" pfsnl help pe
offers "options before the subcommand" \
	"--json --netns --color --help --version" pfsnl --
offers "words of --level0" "auto off on" pfsnl up --level0 ""
offers "words of --level0=" "off on" pfsnl set --level0 = o
offers "words of --preempt" "yes no" pfsnl set --preempt ""
offers "words of --preempt=, begun" "no" pfsnl up --preempt = n
offers "words of --color=" "auto always never" pfsnl status --color =
offers "words of --color=, begun" "auto always" pfsnl status --color = a
offers "--color takes its word only with '='" "up" pfsnl --color u
offers "nothing for a number" "" pfsnl up --port ""
offers "nothing for votes" "" pfsnl up --votes ""
offers "nothing for expected votes" "" pfsnl set --expected-votes ""
offers "nothing for down --wait" "" pfsnl down --wait ""
touch "$tmp/one.conf"
offers "files for --config" "$tmp/one.conf" pfsnl up --config "$tmp/on"
for c in up down set status ring peers watch stats monitor "group list" \
	"group members" "group join" send recv sync; do
	read -ra words <<<"$c"
	wanted=$("$PFSNL" "${words[@]}" --help | sed -n '/^Options/,/^Examples/p' |
		grep -o '^ \{2,6\}\(-[a-zA-Z], \)\?--[a-z0-9-]*' |
		grep -o -- '--.*' | sort -u | tr '\n' ' ')
	offers "options of $c: those of its help" "${wanted% }" pfsnl "${words[@]}" --
done

# Interfaces, addresses and names of namespaces, where we may make some.
ns=pfsnl-test-$$
if ip netns add "$ns" 2>/dev/null; then
	trap 'ip netns del "$ns"; rm -rf "$tmp"' EXIT
	ip -n "$ns" link add a7 type veth peer b7
	ip -n "$ns" address add 10.1.0.1/24 dev a7
	ip -n "$ns" link set lo up
	offers "namespaces" "$ns" pfsnl -N pfsnl-test-$$
	offers "namespaces after --netns=" "$ns" pfsnl --netns = pfsnl-test-$$
	offers "places of up" "a7 10.1.0.1" pfsnl -N "$ns" up ""
	offers "places of up, netns behind it" "a7" pfsnl up --netns "$ns" a
	offers "places of up --wait" "a7" pfsnl --netns = "$ns" up --wait a
	offers "interfaces" "a7" pfsnl -N "$ns" up --device ""
	offers "addresses" "10.1.0.1" pfsnl -N "$ns" up --address ""
else
	tap_skip "namespaces, places" "no right to make a namespace"
fi
offers "nothing where no operand is taken" "" pfsnl status ""
tap_done
