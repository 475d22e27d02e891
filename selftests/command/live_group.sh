# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Part of live.sh, which has three nodes that run: groups of processes. One member is
# left, $json_joiner, whose membership ends with its node.
# shellcheck disable=SC2086 # $A, $B and $C are two words each

gives "group list of none" 0 "no group has a member" "" $A group list
gives "group list --json of none" 0 '{"groups":\[\]}' "" $A group list --json
gives "group members of a group that isn't there" 0 \
	"nobody is in the group news" "" $A group members news
starts "$tmp/group.a" a group join news
joiner=$job
within 10 has_lines "$tmp/group.a" 1
tap_is "group join: the group begins" "$?" 0
starts "$tmp/group.b" b group join news --json
json_joiner=$job
within 10 has_lines "$tmp/group.b" 1 && within 10 has_lines "$tmp/group.a" 2
tap_is "group join: the next one is told, and tells" "$?" 0
starts "$tmp/recv.c" c recv news
receiver=$job
within 10 has_lines "$tmp/group.a" 3
gives "group list" 0 "GROUP *MEMBERS *HERE
news *3 *1" "" $B group list
gives "group members" 0 "MEMBER *PID
10.0.0.1#[1-9]*
10.0.0.2#[1-9]* here
10.0.0.3#[1-9]*$receiver" "" $B group members news
on b group members news --json >"$tmp/members.json"
says "group members --json" "$tmp/members.json" \
	'o["group"], [(m["address"], m["here"]) for m in o["members"]], sorted(o["members"][0])' \
	"('news', [('10.0.0.1', False), ('10.0.0.2', True), ('10.0.0.3', False)], ['address', 'here', 'incarnation', 'number', 'pid'])"
printf 'hello\nyou\n\nlast' | on a send news >"$tmp/sent" 2>&1
tap_is "send: lines, and the exit code" "$? $(<"$tmp/sent")" "0 "
within 10 has_lines "$tmp/recv.c" 4
tap_is "recv: each line" "$(<"$tmp/recv.c")" $'hello\nyou\n\nlast'
echo kept | on c send --safe news --json >"$tmp/sent"
says "send --safe --json: what became of it" "$tmp/sent" \
	'o["id"], o["delivered"], o["safe"], o["bytes"], sorted(o)' \
	"(1, True, True, 4, ['bytes', 'delivered', 'id', 'place', 'safe'])"
# Larger than what the kernel takes at once, and not of lines.
head -c 1500000 /dev/urandom >"$tmp/big"
on b recv --count 1 --raw big >"$tmp/big.b" &
big=$!
jobs_started+=("$big")
within 10 node_says b "group members big" 'len(o["members"])' 1
gives "send --file: 1.5 MB" 0 "" "" $A send --file "$tmp/big" big
ends "recv --count 1 --raw ends" "$big" 0
cmp "$tmp/big" "$tmp/big.b"
tap_is "recv --raw: the same bytes" "$?" 0
head -c 3000000 /dev/zero >"$tmp/huge"
gives "send: more than the cluster takes" 1 "" "pfsnl: sending to a group: *" \
	$A send --file "$tmp/huge" big
seq 1 500 >"$tmp/many"
on c send news <"$tmp/many"
on b send news <"$tmp/many"
within 20 has_lines "$tmp/recv.c" 1005
tap_is "recv: a thousand, in the order in which they were sent" \
	"$(tail -n 1000 "$tmp/recv.c" | cksum)" \
	"$(cat "$tmp/many" "$tmp/many" | cksum)"
gives "recv --timeout with a count not reached: code 124" 124 "" "" \
	$B recv --count 1 --timeout 0.3 news
gives "recv --timeout alone: code 0" 0 "" "" $B recv --timeout 0.3 news
mkfifo "$tmp/slowly"
on c send news --timeout 0.3 <>"$tmp/slowly" >"$tmp/sent" 2>&1
tap_is "send --timeout: code 124" "$? $(<"$tmp/sent")" "124 "
kill -9 "$receiver"
wait "$receiver" 2>/dev/null
within 10 grep -q ' - 10\.0\.0\.3#[0-9]* *died  *pid '"$receiver"', 2 members, ring' \
	"$tmp/group.a"
tap_is "a process that is killed: $(grep died "$tmp/group.a")" "$?" 0
kill -INT "$joiner"
ends "group join ends with SIGINT, code 0" "$joiner" 0
[[ $(tail -n 1 "$tmp/group.a") == *". the membership is over  left" ]]
tap_is "group join: leaves, and tells so" "$?" 0
nobody group list
tap_is "not anybody may list groups: code 5" "$code" 5
nobody recv news
tap_is "not anybody may join: code 5, and what to do" "$code ${err#*needs }" \
	"5 CAP_NET_ADMIN in this network namespace: be root or use sudo)"
