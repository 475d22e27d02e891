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

offers "subcommands" "up down set status ring peers watch stats monitor group send recv sync ckpt help" \
	pfsnl ""
offers "subcommands that begin so" "set status stats send sync" pfsnl s
offers "second words of group" "list members join" pfsnl group ""
offers "second words that begin so" "members" pfsnl --json group m
offers "second words of ckpt" \
	"ls stat create read write rm watch dump load limit" pfsnl ckpt ""
offers "second words of ckpt that begin so" "read rm" pfsnl -N a ckpt r
offers "nothing for the name of a new checkpoint" "" pfsnl ckpt create ""
offers "nothing for a limit" "" pfsnl ckpt limit ""
offers "words of --retention" "never" pfsnl ckpt create --retention ""
offers "words of --expires=" "never" pfsnl ckpt write --expires = n
offers "nothing for a size" "" pfsnl ckpt create --size ""
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
offers "files for ckpt load" "$tmp/one.conf" pfsnl ckpt load "$tmp/on"
offers "files for the third word of ckpt write" "$tmp/one.conf" \
	pfsnl ckpt write --offset 5 a b "$tmp/on"
offers "files for the second word of ckpt dump" "$tmp/one.conf" \
	pfsnl ckpt dump a "$tmp/on"

# Names come from what the command prints; here it prints this.
cat >"$tmp/pfsnl" <<'EOF'
#!/bin/bash
case "$*" in
"-N x ckpt ls") cat <<'END' ;;
CHECKPOINT    SECTIONS         SIZE  OPEN  MODIFIED
news                 1      2 bytes     0  2026-11-27 20:11:55.000
two words 7         12      1.5 MiB     3  2026-11-27 20:11:55.000  conflict
2 checkpoints, 1 KiB of 64 MiB used
END
"ckpt read news") cat <<'END' ;;
SECTION         SIZE  MODIFIED                 EXPIRES
to day       2 bytes  2026-11-27 20:11:55.000  never
0x00         1.5 MiB  2026-11-27 20:11:55.000  2026-11-27 20:11:55.000
END
esac
EOF
chmod +x "$tmp/pfsnl"
# offers_lines DESCRIPTION WANTED WORD...: as "offers", with one to a line
offers_lines()
{
	local description=$1 wanted=$2

	shift 2
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_pfsnl
	tap_is "$description" "$(printf '%s\n' "${COMPREPLY[@]}" | sort)" \
		"$wanted"
}
offers_lines "checkpoints" $'news\ntwo words 7' "$tmp/pfsnl" -N x ckpt stat ""
offers_lines "checkpoints that begin so" "news" "$tmp/pfsnl" -N x ckpt rm n
offers_lines "sections" $'0x00\nto day' "$tmp/pfsnl" ckpt read news ""
offers_lines "sections, behind options" "0x00" \
	"$tmp/pfsnl" ckpt write --offset 5 --create news 0
for c in up down set status ring peers watch stats monitor "group list" \
	"group members" "group join" send recv sync "ckpt ls" "ckpt stat" \
	"ckpt create" "ckpt read" "ckpt write" "ckpt rm" "ckpt watch" \
	"ckpt dump" "ckpt load" "ckpt limit"; do
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
